/* Rows along a dimension that is not the last: VS_TILE neighbouring ones at a time are transposed
 * through scratch memory, so that a function of contiguous rows serves for both. */
#ifndef VS_OP_TILES_H
#define VS_OP_TILES_H

#include "op/op.h"

enum { VS_TILE = 16 };

/* Tiles over `inner` neighbouring rows. */
static inline int64_t vs_tiles_of(int64_t inner) { return (inner + VS_TILE - 1) / VS_TILE; }

/* `width` columns of n values, `step` apart, as rows of the tile; and back. */
static inline void vs_load_tile(const vs_real *from, int64_t n, int64_t step, int64_t width,
                                vs_real *tile) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < width; j++) tile[j * n + i] = from[i * step + j];
}

static inline void vs_store_tile(const vs_real *tile, int64_t n, int64_t step, int64_t width,
                                 vs_real *to) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < width; j++) to[i * step + j] = tile[j * n + i];
}

#endif
