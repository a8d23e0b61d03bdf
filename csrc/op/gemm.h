/* Matrix products of ops, at the precision that vs.set_matmul_precision chose.
 *
 * highest: values as they are; by kernel/gemm.h where that is faster than OpenBLAS (AVX-512),
 * elsewhere by OpenBLAS.  high: the same.  medium: values rounded to bfloat16.  Sums are float32
 * everywhere.  Products that are too small to win by packing are made of whole values at every
 * precision, by sizes that are the same on every machine: by OpenBLAS, at AVX-512 those of few rows
 * and those of matrices that stay in the cache here.  Without an instruction for bfloat16 the
 * numbers are the same, up to the order of sums, but slower.  Results do not depend on the number
 * of threads, except where OpenBLAS's do.
 *
 * autocast: medium, and what products of two activations or of one and a weight make is handed on
 * as bfloat16 (vs_product_dtype): their operands then come as that, and what the graph keeps of
 * them takes half the memory.  A matrix may be stored as bfloat16 at any precision.
 *
 * In the double build the precision is kept and changes nothing. */
#ifndef VS_OP_GEMM_H
#define VS_OP_GEMM_H

#include "core/tensor.h"

typedef enum vs_precision { VS_HIGHEST, VS_HIGH, VS_MEDIUM } vs_precision;

/* How products are made: one for the process.  Ops that run go on as they began; their gradients
 * have the same precision and, being of the compute type, no autocast. */
typedef struct vs_products {
  vs_precision precision;
  bool autocast;
} vs_products;
vs_products vs_products_now(void);
void vs_products_set(vs_products p);
/* That of products now: medium under autocast, whatever is set. */
vs_precision vs_matmul_precision(void);
/* What an op made of products puts out. */
vs_dtype vs_product_dtype(void);

/* A matrix of vs_real, or of bfloat16; rows `ld` elements apart.  turned: stored the other way
 * round. */
typedef struct vs_matrix {
  void *at;
  int64_t ld;
  bool turned, bf16;
} vs_matrix;
static inline vs_matrix vs_matrix_of(const vs_tensor *t, int64_t ld, bool turned) {
  return (vs_matrix){vs_data(t), ld, turned, t->dtype == VS_BFLOAT16};
}

typedef enum vs_gemm_way { VS_GEMM_BLAS, VS_GEMM_WHOLE, VS_GEMM_ROUNDED } vs_gemm_way;

/* Room for packed panels, in memory of the caller's: products allocate nothing and never fail. */
typedef struct vs_gemm_room {
  vs_gemm_way way;
  char *panels; /* NULL: products are too small, or OpenBLAS's */
  size_t each;  /* bytes of a thread */
  size_t share; /* of one vs_gemm_share */
  char *right;  /* what vs_gemm_hold packed, or NULL */
} vs_gemm_room;

/* Bytes of room for products of up to m, n, k: one after the other on all threads (shares = 1), or
 * by that many threads of a vs_parallel at once; bf16: some of them are of bfloat16.  A multiple of
 * 64; 0 where they need none. */
size_t vs_gemm_bytes(int shares, int64_t m, int64_t n, int64_t k, bool bf16);
/* The same for products of up to one of several sizes. */
typedef struct vs_gemm_size {
  int64_t m, n, k;
} vs_gemm_size;
size_t vs_gemm_bytes_any(int shares, int count, const vs_gemm_size *sizes, bool bf16);
/* That room, in so much memory (NULL for 0). */
void vs_gemm_open(vs_gemm_room *room, void *memory, int shares, int64_t m, int64_t n, int64_t k,
                  bool bf16);
void vs_gemm_open_any(vs_gemm_room *room, void *memory, int shares, int count,
                      const vs_gemm_size *sizes, bool bf16);
/* The share of slot `slot` of that vs_parallel. */
vs_gemm_room vs_gemm_share(const vs_gemm_room *room, int slot);
/* Bytes that vs_gemm_hold takes in a room for m, n, k with one share; a multiple of 64, or 0. */
size_t vs_gemm_held_bytes(int64_t m, int64_t n, int64_t k);
/* From now on all products of the room have this right side, which is packed once, into so much
 * memory, and may not change. */
void vs_gemm_hold(vs_gemm_room *room, void *memory, bool tb, int64_t n, int64_t k, const vs_real *b,
                  int64_t ldb);

/* C[m,n] = alpha * op(A)[m,k] * op(B)[k,n] + beta * C, all row-major with leading dimensions.
 * ta, tb: take A, B transposed (A is then stored [k,m], B [n,k]).  Runs on all threads, or on the
 * calling one inside vs_parallel. */
void vs_gemm(const vs_gemm_room *room, bool ta, bool tb, int64_t m, int64_t n, int64_t k,
             vs_real alpha, const vs_real *a, int64_t lda, const vs_real *b, int64_t ldb,
             vs_real beta, vs_real *c, int64_t ldc);

/* The same of matrices stored in either way.  beta and a C of bfloat16 do not go together. */
void vs_gemm_of(const vs_gemm_room *room, int64_t m, int64_t n, int64_t k, vs_real alpha,
                vs_matrix a, vs_matrix b, vs_real beta, vs_matrix c);

/* One product C = op(A) op(B) + bias, in memory for one share.  bias: [n], for every row, or
 * NULL. */
void vs_gemm_once_of(void *memory, int64_t m, int64_t n, int64_t k, vs_matrix a, vs_matrix b,
                     const vs_real *bias, vs_matrix c);
void vs_gemm_once(void *memory, bool ta, bool tb, int64_t m, int64_t n, int64_t k, const vs_real *a,
                  int64_t lda, const vs_real *b, int64_t ldb, const vs_real *bias, vs_real *c,
                  int64_t ldc);

/* Test aid: `plain` leaves the instruction for bfloat16 alone, `own` packs however small a product
 * is and whatever the level, `tiles` does with AVX-512 BF16 what AMX would. */
void vs_gemm_force(bool plain, bool own, bool tiles);

#endif
