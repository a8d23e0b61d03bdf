/* Clipping of gradients.  Parameters without one are skipped. */
#include <math.h>
#include <stdlib.h>

#include "core/profile.h"
#include "core/rows.h"
#include "kernel/optim.h"
#include "optim/optim.h"

enum { PIECE = 1 << 16 };

typedef struct clip {
  vs_real *g;
  vs_runs runs;
  vs_real limit;
  void (*change)(int64_t n, vs_real limit, vs_real *g);
  double *partial;
} clip;

static int contiguous_gradient(vs_tensor *p) {
  vs_tensor *dense;
  if (!p->grad || vs_is_contiguous(p->grad)) return 0;
  if (!(dense = vs_clone(p->grad))) return -1;
  vs_unref(p->grad);
  p->grad = dense;
  return 0;
}

/* Sums per piece of fixed size, so that the total does not depend on the number of threads. */
static void square_pieces(void *arg, int64_t first, int64_t last, int slot) {
  const clip *c = arg;
  (void)slot;
  for (int64_t k = first; k < last; k++) {
    int64_t from = k * PIECE, to = VS_MIN(from + PIECE, c->runs.count);
    c->partial[k] = 0;
    for (int64_t n; from < to; from += n) {
      int64_t at = vs_run(&c->runs, from, to, &n);
      c->partial[k] += vs_k_optim()->sum_squares(n, c->g + at);
    }
  }
}

static void change_range(void *arg, int64_t first, int64_t last, int slot) {
  const clip *c = arg;
  (void)slot;
  for (int64_t n; first < last; first += n) {
    int64_t at = vs_run(&c->runs, first, last, &n);
    c->change(n, c->limit, c->g + at);
  }
}

/* Every gradient by change(n, limit, numbers). */
static void change_gradients(vs_tensor *const *params, int n, double limit,
                             void (*change)(int64_t, vs_real, vs_real *)) {
  for (int i = 0; i < n; i++) {
    vs_tensor *g = params[i]->grad;
    if (!g) continue;
    const vs_tensor *rows = vs_rows(g);
    clip c = {.g = vs_reals(g), .runs = vs_runs_of(g), .limit = (vs_real)limit, .change = change};
    vs_parallel(c.runs.count, PIECE, change_range, &c);
    g->storage->version++;
    vs_rows_written(g, rows);
  }
}

static int clip_norm(vs_tensor *const *params, int n, double max_norm, double *norm) {
  double total = 0;
  int64_t most = 0;
  if (!(max_norm > 0))
    return vs_fail("clip_grad_norm_: max_norm is %g, expected more than 0", max_norm);
  for (int i = 0; i < n; i++) {
    if (contiguous_gradient(params[i])) return -1;
    if (params[i]->grad) most = VS_MAX(most, params[i]->grad->numel);
  }
  double *partial = vs_new((size_t)(most / PIECE + 1) * sizeof *partial);
  if (!partial) return -1;
  for (int i = 0; i < n; i++) {
    if (!params[i]->grad) continue;
    vs_tensor *g = params[i]->grad;
    clip c = {.g = vs_reals(g), .runs = vs_runs_of(g), .partial = partial};
    int64_t pieces = VS_PIECES(c.runs.count, PIECE);
    vs_parallel(pieces, 1, square_pieces, &c);
    for (int64_t k = 0; k < pieces; k++) total += partial[k];
  }
  free(partial);
  *norm = sqrt(total);
  double factor = max_norm / (*norm + 1e-6);
  if (!(factor >= 1)) change_gradients(params, n, factor, vs_k_optim()->scale); /* NaN too */
  return 0;
}

static int clip_value(vs_tensor *const *params, int n, double value) {
  if (!(value >= 0)) return vs_fail("clip_grad_value_: the value is %g, expected 0 or more", value);
  for (int i = 0; i < n; i++)
    if (contiguous_gradient(params[i])) return -1;
  change_gradients(params, n, value, vs_k_optim()->clamp);
  return 0;
}

/* ---- with a profile's span ---- */

static uint64_t bytes_of(vs_tensor *const *params, int n) {
  uint64_t bytes = 0;
  for (int i = 0; i < n; i++) bytes += vs_touched(params[i]->grad);
  return bytes;
}

int vs_clip_grad_norm(vs_tensor *const *params, int n, double max_norm, double *norm) {
  vs_span span;
  bool counted = vs_span_begin(&span);
  int rc = clip_norm(params, n, max_norm, norm);
  if (counted) vs_span_end(&span, "clip_grad_norm_", VS_IN_OTHER, bytes_of(params, n));
  return rc;
}

int vs_clip_grad_value(vs_tensor *const *params, int n, double value) {
  vs_span span;
  bool counted = vs_span_begin(&span);
  int rc = clip_value(params, n, value);
  if (counted) vs_span_end(&span, "clip_grad_value_", VS_IN_OTHER, bytes_of(params, n));
  return rc;
}
