/* One matrix product from panels: how it is cut over threads and caches.  Only op/gemm.c, which
 * chooses the way of a product, uses this. */
#ifndef VS_OP_PRODUCT_H
#define VS_OP_PRODUCT_H

#include "kernel/gemm.h"
#include "op/gemm.h"

enum { VS_RECTANGLES = 64 }; /* the most */

typedef struct vs_product {
  const vs_kernels_gemm *kern;
  vs_gemm_way way;
  int64_t m, n, k;
  vs_real alpha, beta;
  vs_matrix a, b, c;
  const vs_real *bias;
  int64_t a_row, a_step, b_step, b_column; /* distances in A and B; step: along k */
  int64_t block_k;                         /* values along k in a block */
  bool left_lies, right_lies;              /* read where they lie */
  int64_t k0, k1;                          /* values along k of all chunks now */
  int64_t columns;                         /* of a chunk */
  vs_real *held;                           /* panels of all of B, or NULL */
  int tall, wide;                          /* rectangles: tall * wide */
  int64_t slices;                          /* of a chunk */
  char *own;                               /* a thread's, `each` bytes */
  size_t each;
  _Atomic int64_t begun[VS_RECTANGLES]; /* slices of each */
} vs_product;

/* Of that kernel and way, [m,k] by [k,n]; A, C and the rest are the caller's to fill in. */
vs_product vs_product_of(const vs_kernels_gemm *kern, vs_gemm_way way, int64_t m, int64_t n,
                         int64_t k, vs_matrix b);
static inline bool vs_product_bf16(const vs_product *p) {
  return p->a.bf16 || p->b.bf16 || p->c.bf16;
}

/* The element of A, or of B, at that place and that value along k. */
static inline void *vs_product_left(const vs_product *p, int64_t place, int64_t value) {
  int64_t at = place * p->a_row + value * p->a_step;
  return p->a.bf16 ? (void *)((uint16_t *)p->a.at + at) : (vs_real *)p->a.at + at;
}
static inline void *vs_product_right(const vs_product *p, int64_t place, int64_t value) {
  int64_t at = place * p->b_column + value * p->b_step;
  return p->b.bf16 ? (void *)((uint16_t *)p->b.at + at) : (vs_real *)p->b.at + at;
}

/* Numbers of a thread's own for a product of up to that size; bf16: C may be of bfloat16. */
int64_t vs_product_own_room(const vs_product *p, bool bf16);
/* Numbers for all of B; packs it to p->held, on all threads. */
int64_t vs_product_held_room(const vs_product *p);
void vs_product_hold(vs_product *p);
/* Sets tall, wide and slices: one rectangle a thread, of at least a tile, with the least to pack,
 * for each row of them packs all of B, each column all of A. */
void vs_product_cut(vs_product *p);
/* Computes C, on all threads, or on the calling one inside vs_parallel. */
void vs_product_run(vs_product *p);

#endif
