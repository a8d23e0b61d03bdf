/* The op descriptor, the registry, and how an op is called.
 *
 * An op is one vs_opdef at the end of its family's file and one line in ops.def.  A call goes:
 *   1. arguments are checked and split into tensors and attributes;
 *   2. shape checks sizes and values, may refuse, and allocates: outputs, what backward will read
 * of the op's own (saved), copies of inputs;
 *   3. where some input wants a gradient, a graph node is made that keeps what .keep names;
 *   4. scratch is allocated (work_bytes), and room for an output that op.c will round;
 *   5. an op with VS_RANDOM takes its random stream;
 *   6. forward computes; the output is rounded; the node becomes the maker of the outputs.
 * Steps 1 to 4 may fail and leave no trace; 5 and 6 cannot fail.  So a call that ran out of memory
 * can be made again: random numbers, running statistics and what is written in place are as if it
 * had been made once.  Nothing may be allocated in forward, nor a value refused.
 *
 * A request to stop (core/interrupt.h) ends forward and backward early: what they compute is then
 * undefined and dropped, and the call fails.  Loops that may take long poll vs_interrupted().
 * Values computed in one vs_parallel must therefore not be used as positions in a later one.  An op
 * in place or with a buffer is not stopped.
 *
 * In forward every input is contiguous unless the op has VS_STRIDED, VS_VIEW or VS_INPLACE, and an
 * argument of kind tensor is of the compute type unless the op has VS_BF16.  Where bfloat16 was
 * given and the op got a full copy, the graph keeps the bfloat16, and backward gets a full copy
 * again.  Gradients are always vs_real, whatever the input's dtype.
 *
 * In backward c->dout[i] is contiguous unless the op has VS_STRIDED, NULL when nothing flowed into
 * that output; c->din[i] is allocated, contiguous and uninitialised for each input that wants a
 * gradient, NULL for others: backward must write all of it.  With VS_OWN_GRADS din starts NULL and
 * backward sets it to a reference it owns (an alias of dout, say).  backward may allocate and fail;
 * it changes nothing but din and its scratch, so it can be run again. */
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
  VS_RANDOM = 4,     /* draws random numbers in forward, from c->rng */
  VS_KINK = 8,       /* has points without a derivative */
  VS_VIEW = 16,      /* shape sets c->out[0] to a view of input 0; there is no forward */
  VS_STRIDED = 32,   /* takes inputs of any strides, and dout too */
  VS_OWN_GRADS = 64, /* backward makes din itself */
  VS_HIDDEN = 128,   /* no method or function of its own in Lua */
  VS_LOOKUP = 256,   /* for a profile: of input 0 it reads at most as much as it puts out */
  VS_BF16 = 512,     /* takes bfloat16 as it is, where its arguments say `tensor` */
  VS_ROUNDS = 1024,  /* op.c rounds output 0 to bfloat16 where input 0 was given as that: the op
                        computes it in full and its backward does not read it */
  VS_ROUNDS_PRODUCT = 2048, /* the same where vs_product_dtype() is bfloat16, unless output 0 is
                               bfloat16 already */
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
  void (*forward)(vs_ctx *c); /* required unless VS_VIEW; cannot fail */
  int (*backward)(vs_ctx *c); /* required unless VS_NOGRAD, VS_INPLACE */
  const char *doc;
} vs_opdef;

struct vs_ctx {
  const vs_opdef *op;
  int nin, nout;
  vs_tensor **in;      /* by position among the tensor arguments; a list is spread */
  vs_tensor **given;   /* what the caller passed there, borrowed; in[i] is owned where it differs */
  const uint8_t *need; /* per input: it wants a gradient */
  vs_tensor *out[VS_MAX_OUT];
  vs_value attr[VS_MAX_ARGS]; /* by position among the other arguments */
  bool training;              /* some input wants a gradient: shape makes what backward needs */
  vs_rng rng;                 /* set before forward, kept to backward */
  size_t work_bytes;          /* set by shape: scratch for forward */
  void *work;
  size_t back_bytes; /* set by shape: scratch for backward, in work again; not by threads, whose
                        number may change in between */
  int64_t n[8];      /* the op's own sizes, kept from shape to backward */
  vs_tensor *saved[VS_MAX_SAVED]; /* the op's own, made in shape, owned by the context */
  vs_tensor **din;
  vs_tensor *dout[VS_MAX_OUT];
};

/* --- for shape functions: -1 is an error --- */
/* Makes output i, of that dtype and shape. */
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

/* --- scratch --- */
/* Memory that a function needs for as long as it runs.  Such a function is called twice with the
 * same arguments.  While `at` is NULL it only counts, in `bytes`, what it takes: it may fail, and
 * returns as soon as it is given nothing.  With so much memory it computes and cannot fail.  What
 * it does without taking anything it does both times. */
typedef struct vs_scratch {
  char *at;
  size_t bytes;
} vs_scratch;
/* So many bytes, from the beginning: the next taker gets the same.  NULL while counting. */
static inline void *vs_scratch_take(vs_scratch *s, size_t bytes) {
  if (s->at == NULL) s->bytes = VS_MAX(VS_MAX(s->bytes, bytes), 1);
  return s->at;
}
typedef int (*vs_scratchfn)(vs_ctx *c, vs_scratch *s);
/* In shape: work_bytes is what fn takes. */
int vs_count_scratch(vs_ctx *c, vs_scratchfn fn);
/* In forward: fn with that. */
static inline void vs_use_scratch(vs_ctx *c, vs_scratchfn fn) {
  fn(c, &(vs_scratch){c->work, c->work_bytes});
}
/* In backward: fn with memory of its own. */
int vs_with_scratch(vs_ctx *c, vs_scratchfn fn);

/* --- calling --- */
/* Runs the op on nargs values; those that are missing are absent or defaults.  Fills
 * out[0..outputs) with owned tensors.  The message of an error starts with the op's name.  A call
 * that failed has changed nothing. */
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
