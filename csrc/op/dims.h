/* What families of ops share about dimensions: a tensor around one of them, dimensions merged for
 * walks, the check of indices, inputs of another dtype. */
#ifndef VS_DIMS_H
#define VS_DIMS_H

#include "op/op.h"

/* The three sizes into n; a tensor without dimensions is [1,1,1]. */
static inline void vs_along(const vs_tensor *x, int dim, int64_t n[3]) {
  n[0] = n[1] = n[2] = 1;
  for (int d = 0; d < x->ndim; d++) n[d < dim ? 0 : d == dim ? 1 : 2] *= x->shape[d];
}

/* Appends a dimension to n merged ones, or widens the last where both are one in memory. */
static inline void vs_add_dim(int *n, int64_t *size, int64_t *stride, int64_t s, int64_t st) {
  if (s == 1) return;
  if (*n > 0 && stride[*n - 1] == s * st) {
    size[*n - 1] *= s;
    stride[*n - 1] = st;
    return;
  }
  size[*n] = s;
  stride[(*n)++] = st;
}

/* Offset of the k-th index over n dimensions. */
static inline int64_t vs_offset_of(int64_t k, int n, const int64_t *size, const int64_t *stride) {
  int64_t at = 0;
  for (int d = n - 1; d >= 0; d--) {
    at += k % size[d] * stride[d];
    k /= size[d];
  }
  return at;
}

/* -1 with a message unless every value of index (contiguous) is in 1..size of that dimension. */
int vs_check_index(const vs_tensor *index, const vs_tensor *x, int dim);

/* What an index (values from `base` on) names in x [outer, along, inner]: line i of n at each outer
 * position is line index[i] of x; or with `each`, index [outer, n, inner] names the line of an
 * element each.  The other side is [outer, n, inner]. */
typedef struct vs_lines {
  const int64_t *index;
  int64_t base, outer, along, n, inner;
  bool each;
} vs_lines;
/* Of an op whose input 1 is the index; its n: outer, along, inner, n. */
static inline vs_lines vs_lines_of(const vs_ctx *c, bool each) {
  return (vs_lines){vs_ints(c->in[1]), 1, c->n[0], c->n[1], c->n[3], c->n[2], each};
}
/* to = x at the index; elements of `size` bytes. */
void vs_take_lines(const vs_lines *l, const void *x, void *to, size_t size);
/* x at the index += scale * src, in order. */
void vs_add_lines(const vs_lines *l, vs_real *x, const vs_real *src, vs_real scale);
/* The same with integers, wrapping around. */
void vs_add_whole_lines(const vs_lines *l, int64_t *x, const int64_t *src);

/* -1 with a message unless index, one element for each of a result, has x's shape but for dim. */
static inline int vs_want_alike(const vs_tensor *index, const vs_tensor *x, int dim) {
  bool fits = x->ndim == index->ndim && x->ndim > 0;
  for (int d = 0; d < x->ndim && fits; d++) fits = d == dim || x->shape[d] == index->shape[d];
  if (fits) return 0;
  return vs_fail("index is %s, expected the shape of x %s except for dimension %d",
                 vs_shape_str(index), vs_shape_str(x), dim + 1);
}

/* Input i as another dtype, in place of what was given. */
static inline int vs_recast(vs_ctx *c, int i, vs_dtype dtype) {
  if (c->in[i]->dtype == dtype) return 0;
  return vs_set_in(c, i, vs_cast(c->in[i], dtype));
}

/* Whether t was given as float64 where the compute type is narrower. */
static inline bool vs_is_wide(const vs_tensor *t) {
  return t != NULL && t->dtype == VS_FLOAT64 && VS_REAL != VS_FLOAT64;
}

/* -1 with a message where input i was given as float64 and the op computes in less. */
static inline int vs_refuse_wide(const vs_ctx *c, int i) {
  if (!vs_is_wide(c->given[i])) return 0;
  return vs_fail("%s is a float64 tensor %s, expected %s: call :float()", vs_in_name(c, i),
                 vs_shape_str(c->given[i]), vs_dtype_name(VS_REAL));
}

/* Fills t with a number of either kind. */
static inline void vs_fill_number(vs_tensor *t, const vs_value *v) {
  if (v->kind == VS_V_INT)
    vs_fill_int(t, v->i);
  else
    vs_fill(t, v->f);
}

/* Input i as something that can be added up: integers and masks as int64, the rest as numbers of
 * the compute type. */
static inline int vs_as_number(vs_ctx *c, int i) {
  if (vs_refuse_wide(c, i)) return -1;
  return vs_recast(c, i, vs_is_integer(c->in[i]) ? VS_INT64 : VS_REAL);
}

#endif
