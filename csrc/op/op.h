/* The op descriptor, the registry, and how an op is called.
 *
 * An op is one vs_opdef at the end of its family's file and one line in ops.def.  A call goes:
 * arguments checked -> shape (sets output shapes, may refuse) -> outputs and workspace allocated ->
 * forward -> if some input wants a gradient, a graph node keeps the context for backward.
 *
 * In forward every input is contiguous unless the op has VS_STRIDED, and an argument of kind tensor
 * is of the compute type unless it has VS_BF16: what was given as bfloat16 is kept so by the graph
 * and made full again for backward.  Gradients are of the compute type, whatever they are of.  In
 * backward c->dout[i] is contiguous (or NULL when nothing flowed into that output) and c->din[i] is
 * allocated, contiguous and uninitialised for each input that wants a gradient, NULL for others:
 * backward must write all of it.  With VS_OWN_GRADS din starts NULL and backward sets it to a
 * reference it owns (an alias of dout, say). */
#ifndef VS_OP_H
#define VS_OP_H

#include "core/args.h"
#include "core/error.h"
#include "core/mem.h"
#include "core/random.h"
#include "core/tensor.h"
#include "core/thread.h"

typedef struct vs_ctx vs_ctx;

enum {
  VS_NOGRAD = 1,     /* has no gradient */
  VS_INPLACE = 2,    /* output 0 is input 0, written */
  VS_RANDOM = 4,     /* draws random numbers: c->rng is set before forward */
  VS_KINK = 8,       /* has points without a derivative */
  VS_VIEW = 16,      /* shape sets c->out[0] to a view of input 0; there is no forward */
  VS_STRIDED = 32,   /* takes inputs of any strides (and douts in backward) */
  VS_OWN_GRADS = 64, /* backward makes din itself */
  VS_HIDDEN = 128,   /* no method or function of its own in Lua */
  VS_LOOKUP = 256,   /* for a profile: of input 0 it reads at most as much as it puts out */
  VS_BF16 = 512,     /* takes bfloat16 as it is, where its arguments say `tensor` */
  /* What op.c makes bfloat16 of output 0, which the op computes in full and does not keep: where
   * input 0 is; where vs_product_dtype() says so and the op has not done it itself. */
  VS_ROUNDS = 1024,
  VS_ROUNDS_PRODUCT = 2048,
  VS_QUANTIFIER = 4096 /* without a dimension it gives Lua a boolean: a userdata is always true */
};
/* .keep: which inputs and outputs backward reads the values of (shapes are always there). */
#define VS_KEEP_IN(i) (1u << (i))
#define VS_KEEP_OUT(i) (1u << (16 + (i)))

typedef struct vs_opdef {
  const char *name, *args;
  int outputs;
  unsigned flags, keep;
  int (*shape)(vs_ctx *c);    /* required */
  int (*forward)(vs_ctx *c);  /* required unless VS_VIEW */
  int (*backward)(vs_ctx *c); /* required unless VS_NOGRAD, VS_INPLACE */
  const char *doc;
} vs_opdef;

struct vs_ctx {
  const vs_opdef *op;
  int nin, nout;
  vs_tensor **in;      /* by position among the tensor arguments; a list goes last, spread */
  vs_tensor **given;   /* what the caller passed there, borrowed; in[i] is owned where it differs */
  const uint8_t *need; /* per input: it wants a gradient */
  vs_tensor *out[VS_MAX_OUT];
  vs_value attr[VS_MAX_ARGS]; /* by position among the other arguments */
  bool training;              /* some input wants a gradient: forward may save for backward */
  vs_rng rng;
  size_t work_bytes; /* set by shape: scratch for forward */
  void *work;
  size_t back_bytes; /* set by shape or forward: scratch for backward, in work again; not by
                        threads, whose number may change in between */
  int64_t n[8];      /* the op's own sizes, kept from shape to backward */
  vs_tensor *saved[VS_MAX_SAVED]; /* the op's own, owned by the context; made in shape or forward */
  vs_tensor **din;
  vs_tensor *dout[VS_MAX_OUT];
};

/* --- for shape functions --- */
/* Output i: that dtype and shape. */
int vs_out(vs_ctx *c, int i, vs_dtype dtype, int ndim, const int64_t *shape);
int vs_out_like(vs_ctx *c, int i, const vs_tensor *t);
/* Puts t, which it takes over, in place of input i.  t NULL: -1. */
int vs_set_in(vs_ctx *c, int i, vs_tensor *t);
#define vs_dims(...) \
  VS_COUNT(((int64_t[]){__VA_ARGS__})), (int64_t[]) { __VA_ARGS__ }
/* -1 with "x is [2,3], expected 4 dimensions" unless in[i] has ndim dimensions. */
int vs_want_ndim(const vs_ctx *c, int i, int ndim);
const char *vs_in_name(const vs_ctx *c, int i);
/* Whether input i wants a gradient. */
bool vs_needs(const vs_ctx *c, int i);

/* --- calling --- */
/* Runs the op on spec->n values (fewer: the rest are defaults).  Fills out[0..outputs) with owned
 * tensors.  The message of an error starts with the op's name. */
int vs_call(const vs_opdef *op, const vs_value *args, int nargs, vs_tensor **out);
vs_tensor *vs_call1_(const vs_opdef *op, const vs_value *args, int nargs);
#define vs_call1(op, ...) \
  vs_call1_((op), (vs_value[]){__VA_ARGS__}, VS_COUNT(((vs_value[]){__VA_ARGS__})))

/* --- registry --- */
extern const vs_opdef *const vs_ops[];
extern const int vs_nops;
static inline const vs_argspec *vs_op_spec(const vs_opdef *op) { return vs_args_spec(op->args); }

#define VS_OP(name) extern const vs_opdef vs_op_##name;
#include "op/ops.def"
#undef VS_OP

#endif
