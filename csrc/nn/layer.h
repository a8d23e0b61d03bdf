/* The layer descriptor, and a layer: parameters and buffers plus a forward made of ops.
 *
 * A layer is one vs_layerdef at the end of its file in csrc/nn and one line in layers.def.
 * Parameter names and default initialisation are PyTorch's.  No layer has a backward of its own. */
#ifndef VS_LAYER_H
#define VS_LAYER_H

#include "op/op.h"

enum { VS_MAX_SLOTS = 64 };

typedef struct vs_slot {
  char name[32];
  vs_tensor *t;  /* owned; NULL when the layer was made without it (no bias) */
  bool is_param; /* else a buffer */
} vs_slot;

typedef struct vs_layer vs_layer;

typedef struct vs_layerdef {
  const char *name;   /* "Conv2d" */
  const char *args;   /* of the constructor */
  const char *inputs; /* of a call, same language: "x:tensor, lengths:index?" */
  int outputs;
  int (*init)(vs_layer *l); /* makes the slots from attr */
  int (*forward)(vs_layer *l, const vs_value *in,
                 vs_tensor **out); /* in: checked, defaults filled */
  const char *doc;
} vs_layerdef;

struct vs_layer {
  const vs_layerdef *def;
  bool training;              /* starts true */
  bool hooked;                /* calls go through hooks; bind's */
  vs_value attr[VS_MAX_ARGS]; /* constructor arguments by position, defaults filled */
  int nslot;
  vs_slot slot[VS_MAX_SLOTS];
};

/* Both leave no trace when they fail, so that a call that ran out of memory can be made again: the
 * random generator is put back to where it was, and a forward writes to buffers only by an op that
 * does so, after which nothing fails.
 * args: as vs_call.  NULL on error. */
vs_layer *vs_layer_new(const vs_layerdef *def, const vs_value *args, int nargs);
void vs_layer_free(vs_layer *l);
int vs_layer_forward(vs_layer *l, const vs_value *in, int nin, vs_tensor **out);
/* The tensor in the slot of that name, borrowed; NULL when absent. */
vs_tensor *vs_layer_get(vs_layer *l, const char *name);

/* --- for init functions: each makes a slot --- */
int vs_layer_param(vs_layer *l, const char *name, int ndim,
                   const int64_t *shape); /* requires grad */
int vs_layer_buffer(vs_layer *l, const char *name,
                    vs_tensor *owned);              /* takes it; NULL is an error */
int vs_layer_absent(vs_layer *l, const char *name); /* a slot without a tensor */
int vs_layer_no_slots(vs_layer *l);                 /* the init of a layer without any */
/* The init of a layer without slots whose arguments are dimensions: -1 with a message for a 0. */
int vs_layer_dims_init(vs_layer *l);
/* --- for forward functions --- */
/* A constructor has no tensor to check a dimension against, so its spec says int, from 1: as an op
 * called from C takes it. */
static inline vs_value vs_layer_dim(int64_t d) { return VS_I(d > 0 ? d - 1 : d); }
/* Output 0 is t, which it takes over.  NULL: -1. */
static inline int vs_layer_give(vs_tensor **out, vs_tensor *t) {
  *out = t;
  return t != NULL ? 0 : -1;
}
/* --- initialisers, on the tensor of a slot --- */
int vs_init_uniform(vs_tensor *t, double low, double high);
int vs_init_normal(vs_tensor *t, double mean, double std);

extern const vs_layerdef *const vs_layers[];
extern const int vs_nlayers;
static inline const vs_argspec *vs_layer_spec(const vs_layerdef *def) { /* constructor */
  return vs_args_spec(def->args);
}
static inline const vs_argspec *vs_layer_inputs(const vs_layerdef *def) { /* call */
  return vs_args_spec(def->inputs);
}

#define VS_LAYER(name) extern const vs_layerdef vs_layer_##name;
#include "nn/layers.def"
#undef VS_LAYER

#endif
