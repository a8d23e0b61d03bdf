/* What the ops that write to places named by an index share. */
#ifndef VS_OP_SCATTER_H
#define VS_OP_SCATTER_H

#include <string.h>

#include "op/dims.h"

/* Inputs; attr[0] is dim. n: outer, x along dim, inner, index along dim. */
enum { X, INDEX, SRC };

/* For scatter and scatter_add: index is like x but for dim, src like index. */
static inline int vs_scattered_shape(vs_ctx *c, bool number) {
  const vs_tensor *x = c->in[X], *index = c->in[INDEX], *src = c->in[SRC];
  int dim = (int)c->attr[0].i;
  if (vs_want_alike(index, x, dim) < 0) return -1;
  if (!vs_same_shape(src, index) && !(number && src->ndim == 0))
    return vs_fail("src is %s, expected the shape of index %s", vs_shape_str(src),
                   vs_shape_str(index));
  if (vs_check_index(index, x, dim)) return -1;
  vs_along(x, dim, c->n);
  c->n[3] = index->shape[dim];
  return vs_out_like(c, 0, x);
}

/* The place in x of element i of index. */
static inline int64_t vs_scattered_at(const vs_ctx *c, const int64_t *index, int64_t i) {
  int64_t row = c->n[3] * c->n[2];
  return (i / row * c->n[1] + index[i] - 1) * c->n[2] + i % c->n[2];
}

/* Contiguous, of one shape and dtype. */
static inline void vs_copy_values(vs_tensor *to, vs_tensor *from) { vs_copy(to, from); }

/* -1 with a message unless x and src are both of the compute type or both int64. */
static inline int vs_want_addable(const vs_ctx *c) {
  const vs_tensor *x = c->in[X], *src = c->in[SRC];
  if ((!vs_is_real(x) && x->dtype != VS_INT64) || x->dtype != src->dtype)
    return vs_fail("x is %s and src %s, expected both %s or both int64: call :float() or :long()",
                   vs_dtype_name(x->dtype), vs_dtype_name(src->dtype), vs_dtype_name(VS_REAL));
  return 0;
}

#endif
