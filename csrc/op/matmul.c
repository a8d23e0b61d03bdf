/* Matrix products: matmul with PyTorch's rules for vectors and batches, and linear.
 *
 * Transposed views go to BLAS as they are; other layouts are copied first. */
#include "op/dims.h"
#include "op/gemm.h"
#include "op/reduce.h"

/* ---- one batched product over strided matrices ---- */

/* Tensors below are structs on the stack that borrow the storage of inputs and outputs. */

/* t, which is contiguous, in another shape of as many elements. */
static vs_tensor reshaped(const vs_tensor *t, int ndim, const int64_t *shape) {
  vs_tensor v = *t;
  int64_t step = 1;
  v.ndim = ndim;
  for (int d = ndim - 1; d >= 0; d--) {
    v.shape[d] = shape[d];
    v.stride[d] = step;
    step *= VS_MAX(shape[d], 1);
  }
  return v;
}

/* With the last two dimensions swapped. */
static vs_tensor turned(const vs_tensor *t) {
  vs_tensor v = *t;
  int a = t->ndim - 2, b = t->ndim - 1;
  v.shape[a] = t->shape[b], v.shape[b] = t->shape[a];
  v.stride[a] = t->stride[b], v.stride[b] = t->stride[a];
  return v;
}

/* A batch of matrices: strides of rows, columns and batch dimensions, in elements. */
typedef struct mats {
  const vs_tensor *t; /* [..., rows, cols] */
  int64_t ld;
  bool trans; /* stored the other way round */
} mats;

/* Whether products can read t as it lies. */
static bool open_mats(mats *m, const vs_tensor *t) {
  int64_t rows = t->shape[t->ndim - 2], cols = t->shape[t->ndim - 1];
  int64_t rs = t->stride[t->ndim - 2], cs = t->stride[t->ndim - 1];
  if ((cs == 1 || cols == 1) && (rs >= VS_MAX(cols, 1) || rows == 1)) {
    *m = (mats){t, rows == 1 ? VS_MAX(cols, 1) : rs, false};
    return true;
  }
  *m = (mats){t, cols == 1 ? VS_MAX(rows, 1) : cs, true};
  return (rs == 1 || rows == 1) && (cs >= VS_MAX(rows, 1) || cols == 1);
}

typedef struct batch {
  mats a, b;
  const vs_tensor *c; /* contiguous [..., M, N] */
  int64_t m, n, k, count, grain;
  bool bf16;
  vs_gemm_room room;
} batch;

static vs_matrix matrix(const mats *m, const vs_tensor *c, int64_t index) {
  const vs_tensor *t = m->t;
  int64_t at = 0;
  for (int d = c->ndim - 3, e = t->ndim - 3; d >= 0; d--, e--) {
    int64_t i = index % c->shape[d];
    index /= c->shape[d];
    if (e >= 0 && t->shape[e] != 1) at += i * t->stride[e];
  }
  vs_matrix first = vs_matrix_of(t, m->ld, m->trans);
  first.at = (char *)first.at + at * (int64_t)vs_dtype_size(t->dtype);
  return first;
}

static void multiply_range(void *arg, int64_t first, int64_t last, int slot) {
  const batch *w = arg;
  vs_gemm_room room = vs_gemm_share(&w->room, slot);
  mats c = {.t = w->c, .ld = w->n};
  for (int64_t i = first; i < last && !vs_interrupted(); i++)
    vs_gemm_of(&room, w->m, w->n, w->k, 1, matrix(&w->a, w->c, i), matrix(&w->b, w->c, i), 0,
               matrix(&c, w->c, i));
}

/* c = a b for every matrix of the batch; a, b, which products can read, broadcast to c's batch
 * dimensions. */
static batch batch_of(const vs_tensor *a, const vs_tensor *b, const vs_tensor *c) {
  batch w = {.c = c,
             .m = a->shape[a->ndim - 2],
             .n = b->shape[b->ndim - 1],
             .k = b->shape[b->ndim - 2],
             .count = 1,
             .bf16 = !vs_is_real(a) || !vs_is_real(b) || !vs_is_real(c)};
  open_mats(&w.a, a);
  open_mats(&w.b, b);
  for (int d = 0; d < c->ndim - 2; d++) w.count *= c->shape[d];
  w.grain = VS_MAX(1, (1 << 16) / VS_MAX(1, w.m * w.n * w.k));
  if (w.count < vs_num_threads() || w.m * w.n * w.k > 1 << 22) w.grain = VS_MAX(w.count, 1);
  return w;
}

static size_t batch_bytes(const batch *w) {
  return vs_gemm_bytes(vs_slots(w->count, w->grain), w->m, w->n, w->k, w->bf16);
}

static void run_batch(batch *w, void *memory) {
  vs_gemm_open(&w->room, memory, vs_slots(w->count, w->grain), w->m, w->n, w->k, w->bf16);
  vs_parallel(w->count, w->grain, multiply_range, w); /* one range: threads inside each product */
}

/* The same for backward, with memory of its own. */
static int multiply(const vs_tensor *a, const vs_tensor *b, const vs_tensor *c) {
  batch w = batch_of(a, b, c);
  size_t bytes = batch_bytes(&w);
  void *memory = bytes > 0 ? vs_mem_alloc(bytes) : NULL;
  if (bytes > 0 && memory == NULL) return -1;
  run_batch(&w, memory);
  vs_mem_free(memory);
  return 0;
}

/* ---- matmul ---- */

/* x as [..., M, K]: a vector gets a row in front. */
static vs_tensor as_left(const vs_tensor *x) {
  vs_tensor v = *x;
  if (x->ndim > 1) return v;
  v.ndim = 2;
  v.shape[0] = 1, v.shape[1] = x->shape[0];
  v.stride[0] = x->shape[0], v.stride[1] = x->stride[0];
  return v;
}

/* y as [..., K, N]: a vector gets a column behind. */
static vs_tensor as_right(const vs_tensor *y) {
  vs_tensor v = *y;
  if (y->ndim > 1) return v;
  v.ndim = 2;
  v.shape[1] = 1, v.stride[1] = 1;
  return v;
}

/* The full shape [..., M, N] of the product into shape; returns its ndim. */
static int product_shape(const vs_tensor *x, const vs_tensor *y, int64_t *shape) {
  int64_t m = x->ndim > 1 ? x->shape[x->ndim - 2] : 1, n = y->ndim > 1 ? y->shape[y->ndim - 1] : 1;
  vs_tensor bx = {.ndim = VS_MAX(x->ndim - 2, 0)}, by = {.ndim = VS_MAX(y->ndim - 2, 0)};
  for (int d = 0; d < bx.ndim; d++) bx.shape[d] = x->shape[d];
  for (int d = 0; d < by.ndim; d++) by.shape[d] = y->shape[d];
  int nb = vs_broadcast(&bx, &by, shape);
  if (nb < 0)
    return vs_fail("batch sizes of x %s and y %s do not broadcast", vs_shape_str(x),
                   vs_shape_str(y));
  shape[nb] = m;
  shape[nb + 1] = n;
  return nb + 2;
}

/* [B,T,K] x [K,N] is one product of [B*T,K] x [K,N]. */
static vs_tensor fold(const vs_tensor *t) {
  int64_t last = t->shape[t->ndim - 1];
  return reshaped(t, 2, (int64_t[]){t->numel / last, last});
}

static bool foldable(const vs_tensor *x, const vs_tensor *y) {
  return x->ndim > 2 && y->ndim == 2 && vs_is_contiguous(x) && x->numel > 0;
}

/* Both inputs and z, the product or its gradient, as batches of matrices. */
typedef struct operands {
  vs_tensor a, b, z;
} operands;

static operands operands_of(const vs_ctx *c, const vs_tensor *z) {
  const vs_tensor *x = c->in[0], *y = c->in[1];
  int64_t full[VS_MAX_DIM + 2];
  operands o = {.b = as_right(y)};
  if (foldable(x, y)) {
    o.a = fold(x);
    o.z = reshaped(z, 2, (int64_t[]){o.a.shape[0], y->shape[1]});
  } else {
    o.a = as_left(x);
    bool vectors = x->ndim == 1 || y->ndim == 1; /* z lacks their row or column */
    o.z = vectors ? reshaped(z, product_shape(x, y, full), full) : *z;
  }
  return o;
}

/* Input i is copied where products cannot read it as it lies. */
static int make_readable(vs_ctx *c, int i) {
  const vs_tensor *t = c->in[i];
  mats m;
  vs_tensor vector;
  if (t->ndim == 1) {
    vector = i == 0 ? as_left(t) : as_right(t);
    t = &vector;
  }
  return open_mats(&m, t) ? 0 : vs_set_in(c, i, vs_clone(c->in[i]));
}

static int matmul_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0], *y = c->in[1];
  int64_t full[VS_MAX_DIM + 2], shape[VS_MAX_DIM];
  if (x->ndim == 0 || y->ndim == 0)
    return vs_fail("x %s and y %s: both need at least one dimension", vs_shape_str(x),
                   vs_shape_str(y));
  int64_t k = x->shape[x->ndim - 1], k2 = y->ndim == 1 ? y->shape[0] : y->shape[y->ndim - 2];
  if (k != k2)
    return vs_fail("x %s and y %s: inner sizes %lld and %lld differ", vs_shape_str(x),
                   vs_shape_str(y), (long long)k, (long long)k2);
  int nf = product_shape(x, y, full), n = 0;
  if (nf < 0) return -1;
  for (int d = 0; d < nf; d++) /* the helper row or column goes again */
    if (!(d == nf - 2 && x->ndim == 1) && !(d == nf - 1 && y->ndim == 1)) shape[n++] = full[d];
  if (make_readable(c, 0) < 0 || make_readable(c, 1) < 0) return -1;
  if (vs_out(c, 0, vs_product_dtype(), n, shape) < 0) return -1;
  operands o = operands_of(c, c->out[0]);
  batch w = batch_of(&o.a, &o.b, &o.z);
  c->work_bytes = batch_bytes(&w);
  return 0;
}

static void matmul_forward(vs_ctx *c) {
  operands o = operands_of(c, c->out[0]);
  batch w = batch_of(&o.a, &o.b, &o.z);
  run_batch(&w, c->work);
}

/* din[i] = a b, summed over batch dimensions that in[i] does not have. */
static int product_grad(vs_ctx *c, int i, const vs_tensor *a, const vs_tensor *b) {
  int64_t shape[VS_MAX_DIM + 2], plain[VS_MAX_DIM + 2];
  int n = product_shape(a, b, shape), m = c->in[i]->ndim == 1 ? 2 : c->in[i]->ndim;
  for (int d = 0; d < m; d++)
    plain[d] = c->in[i]->ndim == 1 ? shape[n - 2 + d] : c->in[i]->shape[d];
  vs_tensor target = reshaped(c->din[i], m, plain);
  if (vs_numel(n, shape) == target.numel) {
    vs_tensor all = reshaped(c->din[i], n, shape);
    return multiply(a, b, &all);
  }
  vs_tensor *full = vs_tensor_new(VS_REAL, n, shape);
  int err = full == NULL ? -1 : multiply(a, b, full);
  if (err == 0) vs_sum_to(&target, full);
  vs_unref(full);
  return err;
}

/* z = x y:  dx = dz y^T,  dy = x^T dz */
static int matmul_backward(vs_ctx *c) {
  vs_tensor *dz = vs_contiguous(c->dout[0]);
  if (dz == NULL) return -1;
  operands o = operands_of(c, dz);
  int err = 0;
  if (c->need[0]) {
    vs_tensor bt = turned(&o.b);
    if (foldable(c->in[0], c->in[1])) {
      vs_tensor dx = fold(c->din[0]);
      err = multiply(&o.z, &bt, &dx);
    } else {
      err = product_grad(c, 0, &o.z, &bt);
    }
  }
  if (err == 0 && c->need[1]) {
    vs_tensor at = turned(&o.a);
    err = product_grad(c, 1, &at, &o.z);
  }
  vs_unref(dz);
  return err;
}

const vs_opdef vs_op_matmul = {.name = "matmul",
                               .args = "x:tensor, y:tensor",
                               .outputs = 1,
                               .flags = VS_STRIDED | VS_BF16,
                               .keep = VS_KEEP_IN(0) | VS_KEEP_IN(1),
                               .shape = matmul_shape,
                               .forward = matmul_forward,
                               .backward = matmul_backward,
                               .doc = "Matrix product. [M,K] x [K,N] -> [M,N]; batches [...,M,K] x "
                                      "[...,K,N] broadcast; a vector on "
                                      "the left counts as a row, on the right as a column."};

/* ---- linear ---- */

/* n: rows, inputs, outputs */
static int linear_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0], *w = c->in[1], *b = c->in[2];
  int64_t shape[VS_MAX_DIM];
  if (vs_want_ndim(c, 1, 2) < 0) return -1;
  if (x->ndim == 0 || x->shape[x->ndim - 1] != w->shape[1])
    return vs_fail("x %s does not fit w %s: the last size of x should be %lld", vs_shape_str(x),
                   vs_shape_str(w), (long long)w->shape[1]);
  if (b != NULL && (b->ndim != 1 || b->shape[0] != w->shape[0]))
    return vs_fail("b %s does not fit w %s: expected [%lld]", vs_shape_str(b), vs_shape_str(w),
                   (long long)w->shape[0]);
  for (int d = 0; d < x->ndim; d++) shape[d] = x->shape[d];
  shape[x->ndim - 1] = w->shape[0];
  c->n[1] = w->shape[1];
  c->n[2] = w->shape[0];
  c->n[0] = 1;
  for (int d = 0; d < x->ndim - 1; d++) c->n[0] *= x->shape[d];
  if (b != NULL && vs_recast(c, 2, VS_REAL) < 0) return -1;
  if (vs_out(c, 0, vs_product_dtype(), x->ndim, shape) < 0) return -1;
  bool bf16 = !vs_is_real(x) || !vs_is_real(w) || !vs_is_real(c->out[0]);
  c->work_bytes = vs_gemm_bytes(1, c->n[0], c->n[2], c->n[1], bf16);
  return 0;
}

/* y = x w^T + b */
static void linear_forward(vs_ctx *c) {
  int64_t n = c->n[0], in = c->n[1], out = c->n[2], ldx = VS_MAX(in, 1);
  vs_gemm_once_of(c->work, n, out, in, vs_matrix_of(c->in[0], ldx, false),
                  vs_matrix_of(c->in[1], ldx, true), c->in[2] ? vs_reals(c->in[2]) : NULL,
                  vs_matrix_of(c->out[0], VS_MAX(out, 1), false));
}

/* dx = dy w,  dw = dy^T x,  db = sum of dy over rows */
static int linear_backward(vs_ctx *c) {
  int64_t n = c->n[0], in = c->n[1], out = c->n[2], ldi = VS_MAX(in, 1), ldo = VS_MAX(out, 1);
  vs_tensor *dy = c->dout[0], *x = c->in[0], *w = c->in[1];
  size_t of_x = c->need[0] ? vs_gemm_bytes(1, n, in, out, !vs_is_real(w)) : 0;
  size_t of_w = c->need[1] ? vs_gemm_bytes(1, out, in, n, !vs_is_real(x)) : 0;
  size_t bytes = VS_MAX(of_x, of_w);
  void *memory = bytes > 0 ? vs_mem_alloc(bytes) : NULL;
  if (bytes > 0 && memory == NULL) return -1;
  if (c->need[0])
    vs_gemm_once_of(memory, n, in, out, vs_matrix_of(dy, ldo, false), vs_matrix_of(w, ldi, false),
                    NULL, vs_matrix_of(c->din[0], ldi, false));
  if (c->need[1])
    vs_gemm_once_of(memory, out, in, n, vs_matrix_of(dy, ldo, true), vs_matrix_of(x, ldi, false),
                    NULL, vs_matrix_of(c->din[1], ldi, false));
  if (c->need[2]) vs_sum_to(c->din[2], dy);
  vs_mem_free(memory);
  return 0;
}

const vs_opdef vs_op_linear = {.name = "linear",
                               .args = "x:tensor, w:tensor, b:tensor?",
                               .outputs = 1,
                               .flags = VS_BF16,
                               .keep = VS_KEEP_IN(0) | VS_KEEP_IN(1),
                               .shape = linear_shape,
                               .forward = linear_forward,
                               .backward = linear_backward,
                               .doc = "x w^T + b. x [...,I], w [O,I], b [O] -> [...,O]."};
