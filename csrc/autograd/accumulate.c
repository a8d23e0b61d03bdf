/* Sums of gradients.  See accumulate.h. */
#include "autograd/accumulate.h"

#include "core/loop.h"
#include "core/profile.h"
#include "core/rows.h"
#include "kernel/elementwise.h"

static bool is_sole_owner(const vs_tensor *t) {
  return t->refs == 1 && t->storage->refs == 1 && vs_is_contiguous(t);
}

static void add_run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  (void)arg;
  vs_k_elementwise()->binary[VS_BIN_ADD](n, p[0], s[0], p[1], s[1], p[2], s[2]);
}

/* grad has rows: only they are added, and dst, where it has some, has the rows of both. */
static int add_rows(vs_tensor *dst, const vs_tensor *grad) {
  const vs_tensor *had = vs_rows(dst);
  vs_runs runs = vs_runs_of(grad);
  vs_tensor *both = had ? vs_rows_union(had, vs_rows(grad)) : NULL;
  if (had && !both) return -1;
  for (int64_t i = 0, n; i < runs.count; i += n) {
    int64_t at = vs_run(&runs, i, runs.count, &n);
    vs_real *to = vs_reals(dst) + at;
    vs_k_elementwise()->binary[VS_BIN_ADD](n, to, 1, to, 1, vs_reals(grad) + at, 1);
  }
  dst->storage->version++;
  if (both) vs_rows_set(dst, both);
  return 0;
}

static int add_into(vs_tensor *dst, vs_tensor *grad) {
  vs_tensor *t[3] = {dst, dst, grad};
  if (vs_rows(grad) && vs_is_contiguous(dst)) return add_rows(dst, grad);
  vs_loop(3, t, add_run, NULL, true);
  dst->storage->version++;
  return 0;
}

static int add_to(vs_tensor **slot, vs_tensor *grad) {
  if (is_sole_owner(*slot)) return add_into(*slot, grad);
  vs_tensor *sum = vs_tensor_new(VS_REAL, grad->ndim, grad->shape);
  if (sum == NULL) return -1;
  vs_tensor *t[3] = {sum, *slot, grad};
  vs_loop(3, t, add_run, NULL, true);
  vs_unref(*slot);
  *slot = sum;
  return 0;
}

/* ---- with what a profile counts: both tensors, each once ---- */

static const char what[] = "sum of gradients";

int vs_accumulate_into(vs_tensor *dst, vs_tensor *grad) {
  vs_span span;
  bool counted = vs_span_begin(&span);
  int err = add_into(dst, grad);
  if (counted) vs_span_end(&span, what, VS_IN_BACKWARD, 2 * vs_touched(grad));
  return err;
}

int vs_accumulate(vs_tensor **slot, vs_tensor *grad) {
  vs_span span;
  bool counted = vs_span_begin(&span);
  int err = add_to(slot, grad);
  if (counted) vs_span_end(&span, what, VS_IN_BACKWARD, 2 * vs_touched(grad));
  return err;
}

vs_tensor *vs_own_copy(vs_tensor *grad) {
  vs_span span;
  if (is_sole_owner(grad)) return vs_ref(grad);
  bool counted = vs_span_begin(&span);
  vs_tensor *copy = vs_clone(grad);
  if (counted) vs_span_end(&span, what, VS_IN_BACKWARD, 2 * vs_touched(grad));
  return copy;
}
