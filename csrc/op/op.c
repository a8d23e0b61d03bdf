/* The op registry and the one way an op is called.  See op.h. */
#include "op/op.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "autograd/autograd.h"
#include "core/interrupt.h"
#include "core/profile.h"
#include "op/gemm.h"

/* ---- registry ---- */

const vs_opdef *const vs_ops[] = {
#define VS_OP(name) &vs_op_##name,
#include "op/ops.def"
#undef VS_OP
};
const int vs_nops = VS_COUNT(vs_ops);

/* ---- what a profile counts ---- */

/* Bytes of n tensors, those aside that lie in the storage of one of m others. */
static uint64_t touched(vs_tensor *const *t, int n, vs_tensor *const *other, int m) {
  uint64_t bytes = 0;
  for (int i = 0; i < n; i++) {
    bool shared = false;
    for (int j = 0; t[i] != NULL && j < m && !shared; j++)
      shared = other[j] != NULL && other[j]->storage == t[i]->storage;
    if (!shared) bytes += vs_touched(t[i]);
  }
  return bytes;
}

/* Results that are views of what was given cost nothing; what is written in place counts once. */
static uint64_t forward_touched(const vs_ctx *c) {
  uint64_t out = touched(c->out, c->nout, c->in, c->nin), first = 0;
  if (out == 0 && !(c->op->flags & VS_INPLACE)) return 0;
  if (c->op->flags & VS_LOOKUP) {
    first = vs_touched(c->in[0]);
    first -= VS_MIN(first, out);
  }
  return touched(c->in, c->nin, NULL, 0) - first + out;
}

static uint64_t backward_touched(const vs_ctx *c) {
  uint64_t out = touched(c->din, c->nin, c->dout, c->nout);
  if (out == 0) return 0;
  return touched(c->dout, c->nout, NULL, 0) + touched(c->in, c->nin, NULL, 0) +
         touched(c->out, c->nout, NULL, 0) + touched(c->saved, VS_MAX_SAVED, NULL, 0) + out;
}

/* ---- the node of an op ---- */

enum { FEW = 8 };

/* A context with room for few inputs in place, many on the heap.  That of a node owns the tensors
 * of c.in, and c.given is NULL. */
typedef struct call {
  vs_ctx c;
  vs_tensor *in[FEW], *din[FEW];
  uint8_t need[FEW];
  uint32_t *version; /* of what is kept of inputs and outputs, nin + nout */
  uint32_t few_versions[FEW + VS_MAX_OUT];
  int nattr;
  vs_precision precision; /* of backward's products, by forward's */
  uint32_t shortened;     /* inputs that a node keeps as bfloat16, but backward gets in full */
  bool whole;             /* forward writes more than its outputs: it is never stopped */
  void *many;             /* heap for in, din, need, version when nin > FEW */
} call;

static int make_room(call *k, int nin) {
  vs_ctx *c = &k->c;
  c->nin = nin;
  c->given = NULL;
  c->in = k->in;
  c->din = k->din;
  c->need = k->need;
  k->version = k->few_versions;
  k->many = NULL;
  if (nin <= FEW) return 0;
  size_t pointers = 2 * (size_t)nin * sizeof(vs_tensor *);
  size_t versions = ((size_t)nin + VS_MAX_OUT) * sizeof(uint32_t);
  k->many = vs_new0(pointers + versions + (size_t)nin);
  if (k->many == NULL) return -1;
  c->in = k->many;
  c->din = c->in + nin;
  k->version = (uint32_t *)(void *)(c->din + nin);
  c->need = (uint8_t *)(k->version + nin + VS_MAX_OUT);
  return 0;
}

static void release_call(void *self) {
  call *k = self;
  vs_ctx *c = &k->c;
  for (int i = 0; i < c->nin; i++) {
    if (c->given == NULL || c->in[i] != c->given[i]) vs_unref(c->in[i]);
    c->in[i] = NULL;
  }
  for (int i = 0; i < c->nout; i++) {
    vs_unref(c->out[i]);
    c->out[i] = NULL;
  }
  for (int i = 0; i < VS_MAX_SAVED; i++) {
    vs_unref(c->saved[i]);
    c->saved[i] = NULL;
  }
}

static void free_call(void *self) {
  call *k = self;
  release_call(k);
  free(k->many);
  vs_mem_free(k);
}

static int check_versions(const call *k) {
  const vs_ctx *c = &k->c;
  for (int i = 0; i < c->nin + c->nout; i++) {
    const vs_tensor *t = i < c->nin ? c->in[i] : c->out[i - c->nin];
    if (t == NULL || t->storage == NULL || t->storage->version == k->version[i]) continue;
    return vs_fail(
        "%s: its %s %s was changed in place after it was used, and backward needs the old "
        "values",
        c->op->name, i < c->nin ? vs_in_name(c, i) : "result", vs_shape_str(t));
  }
  return 0;
}

enum { MAY_KEEP = 16 }; /* inputs that .keep can name */

/* Inputs that were kept as bfloat16 become what forward had; `kept` gets what there was. */
static int lengthen(call *k, vs_tensor **kept) {
  int err = 0;
  for (int i = 0; k->shortened >> i; i++) {
    if (!(k->shortened >> i & 1)) continue;
    kept[i] = k->c.in[i];
    k->c.in[i] = err == 0 ? vs_cast(kept[i], VS_REAL) : NULL;
    err = k->c.in[i] ? 0 : -1;
  }
  return err;
}

static void shorten(call *k, vs_tensor **kept) {
  for (int i = 0; k->shortened >> i; i++) {
    if (!(k->shortened >> i & 1)) continue;
    vs_unref(k->c.in[i]);
    k->c.in[i] = kept[i];
  }
}

/* bytes: NULL, or gets what a profile counts. */
static int run_backward(call *k, vs_tensor *const *dout, vs_tensor **din, uint64_t *bytes) {
  vs_ctx *c = &k->c;
  vs_tensor *kept[MAY_KEEP];
  int err = -1;
  memset(c->dout, 0, sizeof c->dout);
  c->work = NULL;
  if (check_versions(k) < 0) return -1;
  if (lengthen(k, kept) < 0) goto done;
  for (int i = 0; i < c->nout; i++) {
    if (dout[i] == NULL) continue;
    c->dout[i] = c->op->flags & VS_STRIDED ? vs_ref(dout[i]) : vs_contiguous(dout[i]);
    if (c->dout[i] == NULL) goto done;
  }
  c->din = din;
  for (int i = 0; i < c->nin && !(c->op->flags & VS_OWN_GRADS); i++) {
    if (!c->need[i]) continue;
    din[i] = vs_tensor_new(VS_REAL, c->in[i]->ndim, c->in[i]->shape);
    if (din[i] == NULL) goto done;
  }
  if (c->back_bytes > 0 && (c->work = vs_mem_alloc(c->back_bytes)) == NULL) goto done;
  vs_products now = vs_products_now();
  vs_products_set((vs_products){k->precision, false});
  bool stoppable = vs_set_stoppable(true);
  err = c->op->backward(c);
  vs_set_stoppable(stoppable);
  vs_products_set(now);
  if (err == 0 && vs_interrupt_pending()) err = vs_fail_interrupted();
done:
  if (err != 0) vs_fail_prefix(c->op->name);
  if (err == 0 && bytes != NULL) *bytes = backward_touched(c);
  shorten(k, kept);
  vs_mem_free(c->work);
  c->work = NULL;
  for (int i = 0; i < c->nout; i++) vs_unref(c->dout[i]);
  return err;
}

static int backward_call(void *self, vs_tensor *const *dout, vs_tensor **din) {
  vs_span span;
  call *k = self;
  uint64_t bytes = 0;
  if (!vs_span_begin(&span)) return run_backward(k, dout, din, NULL);
  int err = run_backward(k, dout, din, &bytes);
  vs_span_end(&span, k->c.op->name, VS_IN_BACKWARD, bytes);
  return err;
}

static const vs_nodeclass op_node = {"op", backward_call, release_call, free_call};

/* Keeps for backward what .keep names, the shapes of the rest. */
static vs_tensor *keep(vs_tensor *t, bool values) {
  if (t == NULL) return NULL;
  return values ? vs_alias(t) : vs_shape_only(t);
}

/* Whether the op got input i in full and bfloat16 was given: that is enough to keep. */
static bool was_short(const vs_ctx *c, int i) {
  const vs_tensor *given = c->given[i], *in = c->in[i];
  return given != in && given != NULL && in != NULL && given->dtype == VS_BFLOAT16 &&
         in->dtype == VS_REAL && vs_same_shape(given, in);
}

/* A node that keeps what backward will read, made before forward runs, after which nothing may
 * fail. */
static vs_node *reserve(const call *k) {
  const vs_ctx *c = &k->c;
  call *h = vs_mem_alloc(sizeof *h);
  vs_node *node = NULL;
  bool ok = true;
  if (h == NULL) return NULL;
  h->c.op = c->op;
  h->c.nout = c->nout;
  h->c.training = true;
  h->precision = vs_matmul_precision();
  h->shortened = 0;
  memset(h->in, 0, sizeof h->in);
  memset(h->c.out, 0, sizeof h->c.out);
  memset(h->c.saved, 0, sizeof h->c.saved);
  if (make_room(h, c->nin) < 0) {
    vs_mem_free(h);
    return NULL;
  }
  memcpy((uint8_t *)h->c.need, c->need, (size_t)c->nin);
  for (int i = 0; i < c->nin && ok; i++) {
    bool values = i < MAY_KEEP && (c->op->keep & VS_KEEP_IN(i)), bf16 = values && was_short(c, i);
    h->c.in[i] = keep(bf16 ? c->given[i] : c->in[i], values);
    if (bf16) h->shortened |= 1u << i;
    ok = h->c.in[i] != NULL || c->in[i] == NULL;
  }
  for (int i = 0; i < c->nout && ok; i++) {
    h->c.out[i] = keep(c->out[i], c->op->keep & VS_KEEP_OUT(i));
    ok = h->c.out[i] != NULL;
  }
  if (ok) node = vs_node_new(&op_node, h, c->given, c->nin, c->nout);
  if (node == NULL) free_call(h);
  return node;
}

/* After forward: hands the context over to the node, and the outputs to the graph. */
static void record(call *k, vs_node *node) {
  call *h = node->self;
  vs_ctx *c = &k->c, *to = &h->c;
  memcpy(to->attr, c->attr, (size_t)k->nattr * sizeof *c->attr);
  memcpy(to->n, c->n, sizeof c->n);
  memcpy(to->saved, c->saved, sizeof c->saved);
  memset(c->saved, 0, sizeof c->saved);
  to->rng = c->rng;
  to->back_bytes = c->back_bytes;
  for (int i = 0; i < c->nin; i++)
    if (to->in[i] != NULL && to->in[i]->storage != NULL)
      h->version[i] = to->in[i]->storage->version;
  for (int i = 0; i < c->nout; i++) {
    if (to->out[i]->storage != NULL) h->version[c->nin + i] = to->out[i]->storage->version;
    if (vs_is_derivable(c->out[i])) vs_node_output(node, c->out[i], i);
  }
}

/* ---- calling ---- */

static int count_inputs(const vs_argspec *spec, const vs_value *v) {
  int n = spec->ntensor;
  for (int i = 0; spec->lists && i < spec->n; i++)
    if (spec->arg[i].kind == VS_A_TENSORS) n += v[i].n - 1;
  return n;
}

/* t itself, borrowed, or a copy that is contiguous and, unless the op takes bfloat16, in full. */
static vs_tensor *prepare(const vs_opdef *op, const vs_arg *a, vs_tensor *t) {
  bool buffer = a->kind == VS_A_BUFFER;
  if (a->kind == VS_A_TENSOR && t->dtype != VS_REAL && !(op->flags & VS_BF16))
    return vs_cast(t, VS_REAL);
  if (!buffer && op->flags & (VS_STRIDED | VS_VIEW | VS_INPLACE)) return t;
  if (vs_is_contiguous(t)) return t;
  return buffer ? vs_fail_null("%s is a buffer and has to be contiguous", a->name)
                : vs_contiguous(t);
}

/* A number as a tensor.  Beside integers a whole one is int64, so that ids + 1 stays exact; another
 * one is float64 there and beside float64. */
static vs_tensor *number(const vs_argspec *spec, const vs_value *v, const vs_value *x) {
  double f = x->kind == VS_V_INT ? (double)x->i : x->f;
  bool whole = x->kind == VS_V_INT || (f == floor(f) && fabs(f) < 9e18);
  for (int i = 0; i < spec->n; i++) {
    if (v[i].kind != VS_V_TENSOR) continue;
    bool integer = vs_is_integer(v[i].t);
    if (!integer && v[i].t->dtype != VS_FLOAT64) continue;
    vs_tensor *t = vs_tensor_new(integer && whole ? VS_INT64 : VS_FLOAT64, 0, NULL);
    if (t != NULL && integer && whole)
      *vs_ints(t) = x->kind == VS_V_INT ? x->i : (int64_t)f;
    else if (t != NULL)
      vs_set_double(t, 0, f);
    return t;
  }
  return vs_tensor_scalar(f);
}

/* One more input: what was given and what the op gets, or NULL.  -1 when the op gets nothing. */
static int put(vs_ctx *c, const vs_arg *a, vs_tensor *given, vs_tensor *in) {
  uint8_t *need = (uint8_t *)c->need + c->nin;
  *need = given != NULL && given->requires_grad && vs_is_derivable(given) && a->kind != VS_A_BUFFER;
  c->given[c->nin] = given;
  c->in[c->nin++] = in;
  return in == NULL ? -1 : 0;
}

/* Tensors into c->given and c->in, c->nin being how many are there, the rest into c->attr. */
static int split(call *k, const vs_argspec *spec, const vs_value *v) {
  vs_ctx *c = &k->c;
  int na = 0, err = 0;
  c->nin = 0;
  for (int i = 0; i < spec->n && err == 0; i++) {
    const vs_arg *a = &spec->arg[i];
    if (!vs_arg_is_tensor(a)) {
      c->attr[na++] = v[i];
    } else if (a->kind == VS_A_TENSORS) {
      for (int j = 0; j < v[i].n && err == 0; j++)
        err = put(c, a, v[i].list[j], prepare(c->op, a, v[i].list[j]));
    } else if (v[i].kind == VS_V_TENSOR) {
      err = put(c, a, v[i].t, prepare(c->op, a, v[i].t));
    } else if (v[i].kind != VS_V_NONE) {
      err = put(c, a, NULL, number(spec, v, &v[i]));
    } else {
      put(c, a, NULL, NULL);
    }
  }
  k->nattr = na;
  return err;
}

static int check_inplace(const vs_ctx *c) {
  const vs_tensor *t = c->in[0];
  for (int d = 0; d < t->ndim; d++)
    if (t->stride[d] == 0 && t->shape[d] > 1)
      return vs_fail("cannot write into the broadcast view %s: clone() it first", vs_shape_str(t));
  if (!vs_grad_enabled()) return 0;
  for (int i = 0; i < c->nin; i++)
    if (c->need[i])
      return vs_fail(
          "in-place change, but %s %s requires a gradient: wrap it in no_grad or use the op that "
          "returns a new tensor",
          vs_in_name(c, i), vs_shape_str(c->in[i]));
  return 0;
}

/* Whether output 0 is to be rounded to bfloat16 after forward. */
static bool rounds(const vs_ctx *c) {
  bool product = c->op->flags & VS_ROUNDS_PRODUCT && vs_product_dtype() == VS_BFLOAT16;
  bool like = c->op->flags & VS_ROUNDS && c->given[0] && c->given[0]->dtype == VS_BFLOAT16;
  return (product || like) && vs_is_real(c->out[0]);
}

/* Runs forward.  -1: it was stopped. */
static int forward(call *k) {
  bool old = vs_set_stoppable(!k->whole);
  k->c.op->forward(&k->c);
  vs_set_stoppable(old);
  return !k->whole && vs_interrupt_pending() ? vs_fail_interrupted() : 0;
}

/* First what may fail and leaves no trace, then what cannot fail, but can be stopped: see op.h. */
static int execute(call *k) {
  vs_ctx *c = &k->c;
  const vs_opdef *op = c->op;
  vs_tensor *rounded = NULL;
  vs_node *node = NULL;
  if (op->flags & VS_INPLACE) {
    if (check_inplace(c) < 0) return -1;
    c->out[0] = vs_ref(c->in[0]);
  }
  if (op->shape(c) < 0) return -1;
  if (c->training && (node = reserve(k)) == NULL) return -1;
  if (c->work_bytes > 0 && (c->work = vs_mem_alloc(c->work_bytes)) == NULL) goto refused;
  if (op->flags & (VS_ROUNDS | VS_ROUNDS_PRODUCT) && rounds(c) &&
      !(rounded = vs_tensor_new(VS_BFLOAT16, c->out[0]->ndim, c->out[0]->shape)))
    goto refused;
  if (op->flags & VS_RANDOM) c->rng = vs_rng_take();
  if (!(op->flags & VS_VIEW) && forward(k) < 0) goto refused;
  if (op->flags & VS_INPLACE) c->in[0]->storage->version++;
  if (rounded != NULL) {
    vs_copy(rounded, c->out[0]);
    vs_unref(c->out[0]);
    c->out[0] = rounded;
  }
  if (node != NULL) record(k, node);
  vs_node_unref(node);
  return 0;
refused:
  vs_unref(rounded);
  vs_node_unref(node);
  return -1;
}

/* bytes: NULL, or gets what a profile counts. */
static int run_forward(const vs_opdef *op, const vs_value *args, int nargs, vs_tensor **out,
                       uint64_t *bytes) {
  const vs_argspec *spec = vs_op_spec(op);
  vs_value v[VS_MAX_ARGS];
  vs_tensor *few[FEW];
  call k;
  vs_ctx *c = &k.c;
  int err = -1;
  if (spec == NULL) return -1;
  for (int i = 0; i < spec->n; i++) {
    if (i < nargs)
      v[i] = args[i];
    else
      v[i].kind = VS_V_NONE;
  }
  if (vs_args_check(spec, v) < 0) return vs_fail_prefix(op->name);
  c->op = op;
  c->nout = op->outputs;
  c->work = NULL;
  c->work_bytes = c->back_bytes = 0;
  memset(c->out, 0, sizeof c->out);
  memset(c->saved, 0, sizeof c->saved);
  k.whole = op->flags & VS_INPLACE || spec->buffers;
  if (make_room(&k, count_inputs(spec, v)) < 0) return -1;
  c->given = few;
  if (c->nin > FEW && (c->given = vs_new((size_t)c->nin * sizeof *few)) == NULL) {
    c->nin = 0;
    goto done;
  }
  if (split(&k, spec, v) < 0) goto done;
  c->training = false;
  if (!(op->flags & (VS_NOGRAD | VS_INPLACE)) && vs_grad_enabled())
    for (int i = 0; i < c->nin; i++) c->training = c->training || c->need[i];
  if (execute(&k) < 0) goto done;
  if (bytes != NULL) *bytes = forward_touched(c);
  for (int i = 0; i < c->nout; i++) {
    out[i] = c->out[i];
    c->out[i] = NULL;
  }
  err = 0;
done:
  if (err != 0) vs_fail_prefix(op->name);
  vs_mem_free(c->work);
  release_call(&k);
  if (c->given != few) free(c->given);
  free(k.many);
  return err;
}

int vs_call(const vs_opdef *op, const vs_value *args, int nargs, vs_tensor **out) {
  vs_span span;
  uint64_t bytes = 0;
  if (!vs_span_begin(&span)) return run_forward(op, args, nargs, out, NULL);
  int err = run_forward(op, args, nargs, out, &bytes);
  vs_span_end(&span, op->name, VS_IN_FORWARD, bytes);
  return err;
}

vs_tensor *vs_call1_(const vs_opdef *op, const vs_value *args, int nargs) {
  vs_tensor *out[VS_MAX_OUT];
  if (vs_call(op, args, nargs, out) < 0) return NULL;
  for (int i = 1; i < op->outputs; i++) vs_unref(out[i]);
  return out[0];
}

/* ---- for shape functions ---- */

int vs_out(vs_ctx *c, int i, vs_dtype dtype, int ndim, const int64_t *shape) {
  c->out[i] = vs_tensor_new(dtype, ndim, shape);
  return c->out[i] == NULL ? -1 : 0;
}

int vs_out_like(vs_ctx *c, int i, const vs_tensor *t) {
  return vs_out(c, i, t->dtype, t->ndim, t->shape);
}

int vs_set_in(vs_ctx *c, int i, vs_tensor *t) {
  if (t == NULL) return -1;
  if (c->in[i] != c->given[i]) vs_unref(c->in[i]);
  if (t == c->given[i]) vs_unref(t); /* borrowed */
  c->in[i] = t;
  return 0;
}

int vs_count_scratch(vs_ctx *c, vs_scratchfn fn) {
  vs_scratch s = {0};
  int err = fn(c, &s);
  c->work_bytes = s.bytes;
  return err;
}

int vs_with_scratch(vs_ctx *c, vs_scratchfn fn) {
  vs_scratch s = {0};
  if (fn(c, &s) < 0) return -1;
  if (s.bytes == 0) return 0; /* it has not stopped at counting */
  if ((s.at = vs_mem_alloc(s.bytes)) == NULL) return -1;
  int err = fn(c, &s);
  vs_mem_free(s.at);
  return err;
}

const char *vs_in_name(const vs_ctx *c, int i) {
  const vs_argspec *spec = vs_op_spec(c->op);
  int at = 0;
  for (int j = 0; spec != NULL && j < spec->n; j++) {
    if (!vs_arg_is_tensor(&spec->arg[j])) continue;
    at += spec->arg[j].kind == VS_A_TENSORS ? c->nin - spec->ntensor + 1 : 1;
    if (i < at) return spec->arg[j].name;
  }
  return "?";
}

int vs_want_ndim(const vs_ctx *c, int i, int ndim) {
  if (c->in[i]->ndim == ndim) return 0;
  return vs_fail("%s is %s, expected %d dimensions", vs_in_name(c, i), vs_shape_str(c->in[i]),
                 ndim);
}

bool vs_needs(const vs_ctx *c, int i) { return c->training && c->need[i]; }
