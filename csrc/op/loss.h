/* What losses share: the reduction, and how the values of rows become the result.
 *
 * none gives one value an item, sum and mean one number.  Values are added in double, in an order
 * that does not depend on the number of threads. */
#ifndef VS_OP_LOSS_H
#define VS_OP_LOSS_H

#include "op/op.h"

enum { VS_LOSS_MEAN, VS_LOSS_SUM, VS_LOSS_NONE, VS_LOSS_BATCHMEAN }; /* the last: kl_div alone */

/* -1 with a message when input i wants a gradient: the loss has none for it. */
static inline int vs_no_gradient(const vs_ctx *c, int i) {
  if (c->in[i] == NULL || !vs_needs(c, i)) return 0;
  return vs_fail("%s takes no gradient: detach it", vs_in_name(c, i));
}

/* max(v, 0) of a number; NaN stays. */
#define VS_HINGE(v) ((v) <= 0 ? 0 : (v))

/* Output 0 of a loss with one value a row: [rows], or one number. */
static inline int vs_loss_out(vs_ctx *c, int64_t reduction, int64_t rows) {
  return reduction == VS_LOSS_NONE ? vs_out(c, 0, VS_REAL, vs_dims(rows))
                                   : vs_out(c, 0, VS_REAL, 0, NULL);
}

/* Rows that a thread should have at least, of n values each. */
static inline int64_t vs_loss_grain(int64_t n) { return VS_MAX(1, 8192 / VS_MAX(1, n)); }

static inline double vs_add_up(const double *v, int64_t n) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) s += v[i];
  return s;
}

/* Fills output 0 from the values of the rows; a mean is their sum over `divisor`. */
static inline void vs_loss_reduce(const vs_ctx *c, int64_t reduction, const double *loss,
                                  int64_t rows, double divisor) {
  vs_real *out = vs_reals(c->out[0]);
  for (int64_t i = 0; reduction == VS_LOSS_NONE && i < rows; i++) out[i] = (vs_real)loss[i];
  if (reduction == VS_LOSS_NONE) return;
  double total = vs_add_up(loss, rows);
  out[0] = (vs_real)(reduction == VS_LOSS_MEAN ? total / divisor : total);
}

#endif
