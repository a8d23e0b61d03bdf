/* Rows along a dimension that is not the last: some neighbouring ones at a time are transposed
 * through scratch memory, so that a function of contiguous rows serves for both. */
#ifndef VS_OP_TILES_H
#define VS_OP_TILES_H

#include "kernel/softmax.h"
#include "op/op.h"

/* Neighbouring rows of n values that make a tile: it fits into the first cache, and is as wide as
 * that allows, because lines of memory are read side by side. */
static inline int64_t vs_tile(int64_t n) { return n <= 128 ? 64 : n <= 256 ? 32 : 16; }

/* From row to row of a tile: whole lines, an odd number, so that the same place of all rows is not
 * the same place of the cache; and numbers of a tile. */
static inline int64_t vs_tile_row(int64_t n) { return ((n + 15) / 16 | 1) * 16; }
static inline int64_t vs_tile_size(int64_t n) { return vs_tile(n) * vs_tile_row(n); }

/* Tiles over `inner` neighbouring rows. */
static inline int64_t vs_tiles_of(int64_t inner, int64_t n) {
  return (inner + vs_tile(n) - 1) / vs_tile(n);
}

/* `width` columns of n values, `step` apart, as rows of the tile; and back. */
static inline void vs_load_tile(const vs_real *from, int64_t n, int64_t step, int64_t width,
                                vs_real *tile) {
  vs_k_softmax()->turn(n, width, from, step, tile, vs_tile_row(n));
}

static inline void vs_store_tile(const vs_real *tile, int64_t n, int64_t step, int64_t width,
                                 vs_real *to) {
  vs_k_softmax()->turn(width, n, tile, vs_tile_row(n), to, step);
}

#endif
