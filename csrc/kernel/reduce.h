/* Folds: what reductions do with one element after the other, along a run or row by row.
 *
 * Numbers are folded in double, so that long sums stay exact to the last float bits; integers in
 * int64, wrapping around.  Lanes are merged in a fixed order. */
#ifndef VS_REDUCE_H
#define VS_REDUCE_H

#include "kernel/kernel.h"

enum { VS_COLUMNS = 512 }; /* that one call takes at most */

/* What a group of elements has been folded into. */
typedef union vs_acc {
  double real;
  int64_t whole;
  uint64_t bits; /* of whole */
} vs_acc;

typedef struct vs_fold {
  vs_acc start; /* of no elements */
  /* acc[j], j < groups <= VS_COLUMNS, folded with x[j * apart + i * stride] for i < n; c[j] is what
   * SQUARES measures distances from; c NULL: zeros */
  void (*runs)(int64_t groups, int64_t apart, int64_t n, const void *x, int64_t stride,
               const double *c, vs_acc *acc);
  /* The same with x[r * step + j] for r < rows */
  void (*rows)(int64_t groups, int64_t rows, const void *x, int64_t step, const double *c,
               vs_acc *acc);
  vs_acc (*merge)(vs_acc a, vs_acc b);
} vs_fold;

/* MOST and LEAST give NaN where there is one, and FAR and NEAR, which are those of |x|; HIT is 1
 * where something is not 0, MISS where something is. */
enum {
  VS_FOLD_SUM,
  VS_FOLD_PROD,
  VS_FOLD_MOST,
  VS_FOLD_LEAST,
  VS_FOLD_HIT,
  VS_FOLD_MISS,
  VS_FOLD_INTS, /* those that integers have */
  VS_FOLD_SQUARES = VS_FOLD_INTS,
  VS_FOLD_SIZES, /* |x| */
  VS_FOLD_COUNT, /* of what is not 0 */
  VS_FOLD_FAR,
  VS_FOLD_NEAR,
  VS_FOLDS
};

/* The extreme of each of n columns and its row, the first of equals, of x's type; NaN beats all.
 * value and index hold those of the rows before `base`, the number of the first row; base 0: they
 * hold nothing yet. */
typedef void (*vs_best_rows)(int64_t n, int64_t rows, const void *x, int64_t step, int64_t base,
                             void *value, int64_t *index);
/* Where the extreme of n >= 1 values `stride` apart is, the first of equals. */
typedef int64_t (*vs_best_of)(int64_t n, const void *x, int64_t stride);

/* y[i * apart + k * step] = acc[i] = acc[i] + x[...], or times it, for k < n and each of `lines` <=
 * VS_LINES_BESIDE lines.  Fast for VS_LINES of them, and where they are 1 apart. */
enum { VS_LINES = 8, VS_LINES_BESIDE = 64 };
typedef void (*vs_scanfn)(int64_t lines, int64_t apart, int64_t n, int64_t step, const void *x,
                          void *y, vs_acc *acc);

typedef struct vs_kernels_reduce {
  vs_fold real[VS_FOLDS], whole[VS_FOLD_INTS], wide[VS_FOLD_INTS], byte[VS_FOLD_INTS];
  /* of vs_real, int64, double; the least, the largest */
  vs_best_rows best_rows[3][2];
  vs_best_of best_of[3][2];
  vs_scanfn scan[2][2]; /* sums, products; of vs_real, int64 */
  /* dx = (x - c) * s */
  void (*slope)(int64_t n, const vs_real *x, double c, double s, vs_real *dx);
  /* x and dx: n values `apart`, each with its own c and s */
  void (*slope_rows)(int64_t n, int64_t apart, const vs_real *x, const double *c, const double *s,
                     vs_real *dx);
} vs_kernels_reduce;
VS_KERNEL_FAMILY(reduce)

#endif
