/* Reductions over any dimensions of a strided tensor, by the folds of kernel/reduce.h.
 *
 * Groups that lie side by side are folded row by row, others run by run.  Few large groups are cut
 * into pieces, by their sizes alone, whose results are merged in order: the bits are the same
 * whatever the number of threads. */
#ifndef VS_OP_FOLD_H
#define VS_OP_FOLD_H

#include "kernel/reduce.h"
#include "op/op.h"

/* The elements that one result is made of are a group. */
typedef struct vs_groups {
  int nk, nr; /* kept, reduced dimensions, merged where they can be */
  int64_t ksize[VS_MAX_DIM], kstride[VS_MAX_DIM], rsize[VS_MAX_DIM], rstride[VS_MAX_DIM];
  int64_t kept, reduced; /* how many groups, elements of each */
  bool beside;           /* neighbouring groups are visited row by row */
} vs_groups;

/* Bit d of mask: dimension d of x is reduced. */
vs_groups vs_groups_of(const vs_tensor *x, unsigned mask);
/* Whether neither groups nor their elements lie side by side: a contiguous copy is read faster. */
bool vs_groups_scattered(const vs_groups *g);
/* How many of groups k..last are visited together: VS_COLUMNS at most. */
int64_t vs_groups_some(const vs_groups *g, int64_t k, int64_t last);
/* Of n groups, `apart` from each other, the first at `at`: `rows`
 * elements each, `step` apart. */
typedef struct vs_stretch {
  int64_t n, apart, at, rows, step;
} vs_stretch;
typedef void (*vs_stretchfn)(void *arg, const vs_stretch *s);
/* Calls fn for elements first..last of `some` groups from k on. */
void vs_groups_walk(const vs_groups *g, int64_t k, int64_t some, int64_t first, int64_t last,
                    vs_stretchfn fn, void *arg);
/* fn(arg, first, last, slot) over all groups. */
void vs_groups_run(const vs_groups *g, vs_rangefn fn, void *arg);

typedef struct vs_folding vs_folding;
struct vs_folding {
  vs_groups g;
  const void *x;
  vs_dtype dtype; /* of x: vs_real, int64, bool, uint8; float64 */
  int fold;
  bool twice; /* `fold` is VS_FOLD_SUM, and VS_FOLD_SQUARES around the means follows */
  /* Takes the results of groups k, k + 1, ..., n of them. */
  void (*done)(const vs_folding *f, int64_t k, int64_t n, const vs_acc *acc);
  void *out;
  double number; /* for `done`, and the next too */
  bool flag;
};
/* Input 0 of an op, over the dimensions in its n[0] (op/reduce.h), to output 0 as they are. */
vs_folding vs_folding_of(const vs_ctx *c, int fold);
void vs_fold_all(const vs_folding *f);
/* The sums of `some` groups from k on over how many elements they have. */
void vs_fold_means(const vs_groups *g, const vs_real *x, int64_t k, int64_t some, double *mean);

/* For `done`: writes vs_real, acc times number. */
void vs_fold_scaled(const vs_folding *f, int64_t k, int64_t n, const vs_acc *acc);
/* The same as they are: vs_real, or int64 or float64 where x is. */
void vs_fold_plain(const vs_folding *f, int64_t k, int64_t n, const vs_acc *acc);

#endif
