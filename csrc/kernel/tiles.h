/* Tiles of Intel's AMX for kernel/gemm.c: four tiles of sums, 32 x 32, from panels of pairs of
 * bfloat16.
 *
 * VS_AMX: the instructions, by inline assembly, so that the compiler sees what memory they touch.
 * VS_TILES: what they compute, by AVX-512 BF16, to test everything around them on processors that
 * have no tiles.  A block is 16 units along k: of the left panel [32 rows][16 units], of the right
 * one [16 units][32 columns]. */
#ifndef VS_KERNEL_TILES_H
#define VS_KERNEL_TILES_H

#include <immintrin.h>
#include <string.h>

enum { TILE = 16, SIDE = 2 * TILE }; /* rows of a tile and units of its row; of four tiles */

#ifdef VS_AMX

/* 16 rows of 64 bytes each, for all eight. */
static const struct tile_config {
  uint8_t palette, start_row, reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
} tile_config __attribute__((aligned(64))) = {.palette = 1,
                                              .bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                                              .rows = {16, 16, 16, 16, 16, 16, 16, 16}};

static inline void tiles_begin(void) {
  __asm__ volatile("ldtilecfg %0" ::"m"(tile_config) : "memory");
}
static inline void tiles_end(void) { __asm__ volatile("tilerelease" ::: "memory"); }

#define TILE_LOAD(n, from, stride) \
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #n ::"r"(from), "r"((int64_t)(stride)) : "memory")
#define TILE_STORE(n, to, at) \
  __asm__ volatile("tilestored %%tmm" #n ", (%0,%1,1)" ::"r"(to), "r"((int64_t)(at)) : "memory")
#define TILE_ZERO(n) __asm__ volatile("tilezero %%tmm" #n::: "memory")
#define TILE_ADD(to, a, b) \
  __asm__ volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #to ::: "memory")

static inline void tile_sums(int64_t blocks, const float *a, const float *b,
                             float sums[SIDE][SIDE]) {
  TILE_ZERO(0);
  TILE_ZERO(1);
  TILE_ZERO(2);
  TILE_ZERO(3);
  for (int64_t i = 0; i < blocks; i++, a += SIDE * TILE, b += TILE * SIDE) {
    TILE_LOAD(4, a, TILE * sizeof *a);
    TILE_LOAD(5, a + TILE * TILE, TILE * sizeof *a);
    TILE_LOAD(6, b, SIDE * sizeof *b);
    TILE_LOAD(7, b + TILE, SIDE * sizeof *b);
    TILE_ADD(0, 4, 6);
    TILE_ADD(1, 4, 7);
    TILE_ADD(2, 5, 6);
    TILE_ADD(3, 5, 7);
  }
  TILE_STORE(0, sums[0], SIDE * sizeof *a);
  TILE_STORE(1, sums[0] + TILE, SIDE * sizeof *a);
  TILE_STORE(2, sums[TILE], SIDE * sizeof *a);
  TILE_STORE(3, sums[TILE] + TILE, SIDE * sizeof *a);
}

#else

static inline void tiles_begin(void) {}
static inline void tiles_end(void) {}

static inline void tile_sums(int64_t blocks, const float *a, const float *b,
                             float sums[SIDE][SIDE]) {
  for (int r = 0; r < SIDE; r++)
    for (int c = 0; c < SIDE; c += TILE) {
      __m512 sum = _mm512_setzero_ps();
      for (int64_t u = 0; u < blocks * TILE; u++)
        sum = _mm512_dpbf16_ps(
            sum, (__m512bh)_mm512_set1_ps(a[u / TILE * SIDE * TILE + r * TILE + u % TILE]),
            (__m512bh)_mm512_loadu_ps(b + u * SIDE + c));
      _mm512_storeu_ps(sums[r] + c, sum);
    }
}

#endif
#endif
