/* What the normalisations share: statistics that they save for backward, checks of weight and
 * bias. */
#ifndef VS_OP_NORM_H
#define VS_OP_NORM_H

#include "op/op.h"

enum { VS_SAVED_MEAN, VS_SAVED_RSTD }; /* 1/std */

/* For shape functions: where backward will want them, n values of each. */
static inline int vs_save_statistics(vs_ctx *c, int64_t n) {
  for (int i = VS_SAVED_MEAN; c->training && i <= VS_SAVED_RSTD; i++)
    if ((c->saved[i] = vs_tensor_new(VS_REAL, 1, &n)) == NULL) return -1;
  return 0;
}

/* One of them, or NULL where it is not saved. */
static inline vs_real *vs_statistic(const vs_ctx *c, int which) {
  return c->saved[which] != NULL ? vs_reals(c->saved[which]) : NULL;
}

/* -1 with a message unless input i is absent or [n], n being the channels of input 0. */
static inline int vs_want_channels(const vs_ctx *c, int i, int64_t n) {
  const vs_tensor *t = c->in[i];
  if (t == NULL || (t->ndim == 1 && t->shape[0] == n)) return 0;
  return vs_fail("%s is %s, expected [%lld] for x %s", vs_in_name(c, i), vs_shape_str(t),
                 (long long)n, vs_shape_str(c->in[0]));
}

#endif
