/* The layer registry; making, calling and freeing a layer.  See layer.h. */
#include "nn/layer.h"

#include "op/fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const vs_layerdef *const vs_layers[] = {
#define VS_LAYER(name) &vs_layer_##name,
#include "nn/layers.def"
#undef VS_LAYER
};
const int vs_nlayers = VS_COUNT(vs_layers);

/* ---- life ---- */

vs_layer *vs_layer_new(const vs_layerdef *def, const vs_value *args, int nargs) {
  const vs_argspec *spec = vs_layer_spec(def);
  vs_layer *l = spec == NULL ? NULL : vs_new0(sizeof *l);
  if (l == NULL) return NULL;
  vs_rngstate before = vs_rng_state();
  l->def = def;
  l->training = true;
  for (int i = 0; i < spec->n; i++) l->attr[i] = i < nargs ? args[i] : VS_NONE;
  if (vs_args_check(spec, l->attr) < 0 || def->init(l) < 0) {
    vs_fail_prefix(def->name);
    vs_layer_free(l);
    vs_rng_restore(before); /* a second try draws the same numbers */
    return NULL;
  }
  return l;
}

void vs_layer_free(vs_layer *l) {
  if (l == NULL) return;
  for (int i = 0; i < l->nslot; i++) vs_unref(l->slot[i].t);
  free(l);
}

int vs_layer_forward(vs_layer *l, const vs_value *in, int nin, vs_tensor **out) {
  const vs_argspec *spec = vs_layer_inputs(l->def);
  vs_value v[VS_MAX_ARGS];
  if (spec == NULL) return -1;
  for (int i = 0; i < spec->n; i++) v[i] = i < nin ? in[i] : VS_NONE;
  if (vs_args_check(spec, v) < 0) return vs_fail_prefix(l->def->name);
  vs_rngstate before = vs_rng_state();
  if (l->def->forward(l, v, out) == 0) return 0;
  vs_rng_restore(before);
  return -1;
}

vs_tensor *vs_layer_get(vs_layer *l, const char *name) {
  for (int i = 0; i < l->nslot; i++)
    if (strcmp(l->slot[i].name, name) == 0) return l->slot[i].t;
  return NULL;
}

/* ---- slots ---- */

static int add_slot(vs_layer *l, const char *name, vs_tensor *t, bool is_param) {
  if (l->nslot == VS_MAX_SLOTS) {
    vs_unref(t);
    return vs_fail("more than %d parameters and buffers", VS_MAX_SLOTS);
  }
  vs_slot *s = &l->slot[l->nslot++];
  snprintf(s->name, sizeof s->name, "%s", name);
  s->t = t;
  s->is_param = is_param;
  return 0;
}

int vs_layer_param(vs_layer *l, const char *name, int ndim, const int64_t *shape) {
  vs_tensor *t = vs_tensor_zeros(VS_REAL, ndim, shape);
  if (t == NULL) return -1;
  t->requires_grad = true;
  return add_slot(l, name, t, true);
}

int vs_layer_buffer(vs_layer *l, const char *name, vs_tensor *owned) {
  return owned == NULL ? -1 : add_slot(l, name, owned, false);
}

int vs_layer_absent(vs_layer *l, const char *name) { return add_slot(l, name, NULL, true); }

int vs_layer_no_slots(vs_layer *l) {
  (void)l;
  return 0;
}

int vs_layer_dims_init(vs_layer *l) {
  const vs_argspec *spec = vs_layer_spec(l->def);
  for (int i = 0; i < spec->n; i++)
    if (l->attr[i].i == 0) return vs_fail("%s is 0: dimensions count from 1", spec->arg[i].name);
  return 0;
}

/* ---- initialisers ---- */

int vs_init_uniform(vs_tensor *t, double low, double high) {
  if (t == NULL) return -1;
  vs_fill_uniform(vs_rng_take(), t->numel, vs_reals(t), low, high);
  return 0;
}

int vs_init_normal(vs_tensor *t, double mean, double std) {
  if (t == NULL) return -1;
  vs_fill_normal(vs_rng_take(), t->numel, vs_reals(t), mean, std);
  return 0;
}
