/* Optimizers in general: groups of parameters, their state, and the step that hands every element
 * to the update of one vs_optimdef.
 *
 * A step cuts the elements of a whole group into one range per thread, so that work is balanced for
 * many small parameters and for one large one.  State tensors are made at the first step that needs
 * them.  Of a gradient that is zero but for some rows (core/rows.h) only these are visited: the
 * other rows of the parameter and of its state stay as they are.  An optimizer holds references to
 * its parameters, not to their gradients. */
#include "optim/optim.h"

#include <stdlib.h>
#include <string.h>

#include "core/profile.h"
#include "core/rows.h"

const vs_optimdef *const vs_optims[] = {
#define VS_OPTIM(name) &vs_optim_##name,
#include "optim/optims.def"
#undef VS_OPTIM
};
const int vs_noptims = VS_COUNT(vs_optims);

typedef struct entry {
  vs_tensor *param; /* owned */
  vs_tensor *state[VS_MAX_STATE];
  int64_t steps;
} entry;

typedef struct group {
  int n;
  entry *entry;
  vs_value hyper[VS_MAX_ARGS];
} group;

struct vs_optim {
  const vs_optimdef *def;
  int ngroups;
  group *groups;
};

static void group_clear(group *g) {
  for (int i = 0; i < g->n; i++) {
    vs_unref(g->entry[i].param);
    for (int k = 0; k < VS_MAX_STATE; k++) vs_unref(g->entry[i].state[k]);
  }
  free(g->entry);
}

vs_optim *vs_optim_new(const vs_optimdef *def) {
  vs_optim *o = vs_new0(sizeof *o);
  if (o) o->def = def;
  return o;
}

void vs_optim_free(vs_optim *o) {
  if (!o) return;
  for (int i = 0; i < o->ngroups; i++) group_clear(&o->groups[i]);
  free(o->groups);
  free(o);
}

static int check_param(const vs_optim *o, const vs_tensor *p, int number) {
  if (p->dtype != VS_REAL)
    return vs_fail("parameter %d is %s %s, expected %s", number, vs_dtype_name(p->dtype),
                   vs_shape_str(p), vs_dtype_name(VS_REAL));
  if (p->node || !p->requires_grad)
    return vs_fail("parameter %d %s is not a leaf that requires a gradient", number,
                   vs_shape_str(p));
  if (!vs_is_contiguous(p))
    return vs_fail("parameter %d %s is not contiguous", number, vs_shape_str(p));
  for (int g = 0; g < o->ngroups; g++)
    for (int i = 0; i < o->groups[g].n; i++)
      if (o->groups[g].entry[i].param == p)
        return vs_fail("parameter %d %s is already in group %d", number, vs_shape_str(p), g + 1);
  return 0;
}

static int fill_hyper(const vs_optimdef *def, const vs_value *h, int nh, vs_value *out) {
  const vs_argspec *spec = vs_optim_spec(def);
  if (!spec) return -1;
  if (nh > spec->n) return vs_fail("%d values, expected at most %d", nh, spec->n);
  for (int i = 0; i < spec->n; i++) out[i] = i < nh ? h[i] : VS_NONE;
  if (vs_args_check(spec, out)) return -1;
  return def->check ? def->check(out) : 0;
}

int vs_optim_add_group(vs_optim *o, vs_tensor *const *params, int n, const vs_value *h, int nh) {
  group g = {0}, *more;
  if (n < 1) {
    vs_fail("a group needs at least one parameter");
    goto fail;
  }
  if (fill_hyper(o->def, h, nh, g.hyper)) goto fail;
  for (int i = 0; i < n; i++) {
    if (check_param(o, params[i], i + 1)) goto fail;
    for (int j = 0; j < i; j++)
      if (params[j] == params[i]) {
        vs_fail("parameters %d and %d are the same", j + 1, i + 1);
        goto fail;
      }
  }
  if (!(g.entry = vs_new0((size_t)n * sizeof *g.entry))) goto fail;
  if (!(more = vs_new((size_t)(o->ngroups + 1) * sizeof *more))) goto fail;
  if (o->ngroups) memcpy(more, o->groups, (size_t)o->ngroups * sizeof *more);
  for (int i = 0; i < n; i++) g.entry[i].param = vs_ref(params[i]);
  g.n = n;
  free(o->groups);
  o->groups = more;
  o->groups[o->ngroups] = g;
  return o->ngroups++;
fail:
  free(g.entry);
  vs_fail_prefix(o->def->name);
  return -1;
}

int vs_optim_not_negative(const char *name, double value) {
  return value >= 0 ? 0 : vs_fail("%s is %g, expected 0 or more", name, value);
}

static unsigned states_of(const vs_optimdef *def, const vs_value *h) {
  int n = def->state[0] != '\0';
  if (def->states) return def->states(h);
  for (const char *s = def->state; *s; s++) n += *s == ',';
  return (1u << n) - 1;
}

/* --- step --- */

typedef struct job {
  int64_t start; /* in the group's elements, counting parameters with a gradient */
  int64_t t;
  vs_runs runs;
  vs_real *p;
  const vs_real *g;
  vs_real *state[VS_MAX_STATE];
} job;

typedef struct work {
  const vs_optimdef *def;
  const vs_value *hyper;
  const job *jobs;
  int n;
} work;

static void step_range(void *arg, int64_t first, int64_t last, int slot) {
  const work *w = arg;
  (void)slot;
  for (int i = 0; i < w->n; i++) {
    const job *j = &w->jobs[i];
    int64_t from = VS_MAX(first - j->start, 0), to = VS_MIN(last - j->start, j->runs.count);
    for (int64_t n; from < to; from += n) {
      int64_t at = vs_run(&j->runs, from, to, &n);
      vs_real *state[VS_MAX_STATE];
      for (int k = 0; k < VS_MAX_STATE; k++) state[k] = j->state[k] ? j->state[k] + at : NULL;
      w->def->step(w->hyper, j->t, n, j->p + at, j->g + at, state);
    }
  }
}

/* Makes what is missing before anything is changed: dense gradients and state tensors. */
static int prepare(const vs_optim *o, group *g) {
  unsigned wanted = states_of(o->def, g->hyper);
  double start = o->def->initial ? o->def->initial(g->hyper) : 0;
  if (o->def->check && o->def->check(g->hyper)) return -1;
  for (int i = 0; i < g->n; i++) {
    entry *e = &g->entry[i];
    vs_tensor *grad = e->param->grad, *dense;
    if (!grad) continue;
    if (grad->dtype != VS_REAL || !vs_same_shape(grad, e->param))
      return vs_fail("the gradient of parameter %d is %s %s, expected %s", i + 1,
                     vs_dtype_name(grad->dtype), vs_shape_str(grad), vs_shape_str(e->param));
    if (!vs_is_contiguous(grad)) {
      if (!(dense = vs_clone(grad))) return -1;
      vs_unref(grad);
      e->param->grad = dense;
    }
    for (int k = 0; k < VS_MAX_STATE; k++)
      if ((wanted >> k & 1) && !e->state[k] &&
          !(e->state[k] = vs_tensor_full(VS_REAL, e->param->ndim, e->param->shape, start)))
        return -1;
  }
  return 0;
}

static void step_group(const vs_optim *o, group *g, job *jobs) {
  work w = {.def = o->def, .hyper = g->hyper, .jobs = jobs};
  int64_t total = 0;
  for (int i = 0; i < g->n; i++) {
    entry *e = &g->entry[i];
    if (!e->param->grad) continue;
    job *j = &jobs[w.n++];
    *j = (job){.start = total,
               .t = ++e->steps,
               .runs = vs_runs_of(e->param->grad),
               .p = vs_reals(e->param),
               .g = vs_reals(e->param->grad)};
    for (int k = 0; k < VS_MAX_STATE; k++) j->state[k] = e->state[k] ? vs_reals(e->state[k]) : NULL;
    e->param->storage->version++;
    total += j->runs.count;
  }
  vs_parallel(total, 1 << 14, step_range, &w);
}

static int step_all(vs_optim *o) {
  int most = 0, rc = -1;
  job *jobs = NULL;
  for (int i = 0; i < o->ngroups; i++) {
    if (prepare(o, &o->groups[i])) goto done;
    most = VS_MAX(most, o->groups[i].n);
  }
  if (!(jobs = vs_new((size_t)VS_MAX(1, most) * sizeof *jobs))) goto done;
  for (int i = 0; i < o->ngroups; i++) step_group(o, &o->groups[i], jobs);
  rc = 0;
done:
  free(jobs);
  if (rc) vs_fail_prefix(o->def->name);
  return rc;
}

/* Bytes that a step touched: parameters, gradients, state. */
static uint64_t bytes_of(const vs_optim *o) {
  uint64_t bytes = 0;
  for (int g = 0; g < o->ngroups; g++)
    for (int i = 0; i < o->groups[g].n; i++) {
      const entry *e = &o->groups[g].entry[i];
      uint64_t tensors = 2;
      for (int k = 0; k < VS_MAX_STATE; k++) tensors += e->state[k] != NULL;
      bytes += tensors * vs_touched(e->param->grad);
    }
  return bytes;
}

int vs_optim_step(vs_optim *o) {
  vs_span span;
  bool counted = vs_span_begin(&span);
  int rc = step_all(o);
  if (counted) vs_span_end(&span, o->def->name, VS_IN_OTHER, bytes_of(o));
  return rc;
}

void vs_optim_zero_grad(vs_optim *o) {
  for (int g = 0; g < o->ngroups; g++)
    for (int i = 0; i < o->groups[g].n; i++) {
      vs_tensor *p = o->groups[g].entry[i].param;
      vs_unref(p->grad);
      p->grad = NULL;
    }
}

/* --- what is inside --- */

const vs_optimdef *vs_optim_def(const vs_optim *o) { return o->def; }
int vs_optim_ngroups(const vs_optim *o) { return o->ngroups; }
int vs_optim_nparams(const vs_optim *o, int g) { return o->groups[g].n; }
vs_tensor *vs_optim_param(const vs_optim *o, int g, int i) { return o->groups[g].entry[i].param; }
vs_value *vs_optim_hyper(vs_optim *o, int g) { return o->groups[g].hyper; }

vs_tensor *vs_optim_state(const vs_optim *o, int g, int i, int which) {
  return o->groups[g].entry[i].state[which];
}

int vs_optim_set_state(vs_optim *o, int g, int i, int which, vs_tensor *src) {
  entry *e = &o->groups[g].entry[i];
  vs_tensor *fresh = NULL;
  if (src && !vs_same_shape(src, e->param))
    return vs_fail("%s: state %d of parameter %d is %s, expected %s", o->def->name, which + 1,
                   i + 1, vs_shape_str(src), vs_shape_str(e->param));
  if (src && !(fresh = vs_tensor_new(VS_REAL, src->ndim, src->shape))) return -1;
  if (src && vs_copy(fresh, src)) {
    vs_unref(fresh);
    return -1;
  }
  vs_unref(e->state[which]);
  e->state[which] = fresh;
  return 0;
}

int64_t vs_optim_steps(const vs_optim *o, int g, int i) { return o->groups[g].entry[i].steps; }
void vs_optim_set_steps(vs_optim *o, int g, int i, int64_t t) { o->groups[g].entry[i].steps = t; }
