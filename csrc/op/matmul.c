/* Matrix products: matmul with PyTorch's rules for vectors and batches, and linear.
 *
 * Transposed views go to BLAS as they are; other layouts are copied first. */
#include "op/dims.h"
#include "op/gemm.h"
#include "op/op.h"
#include "op/reduce.h"

/* ---- one batched product over strided matrices ---- */

/* A batch of matrices: strides of rows, columns and batch dimensions, in elements. */
typedef struct mats {
  vs_tensor *t; /* owned, [..., rows, cols] */
  int64_t ld;
  bool trans; /* stored the other way round */
} mats;

static int open_mats(mats *m, vs_tensor *t) {
  int64_t rows = t->shape[t->ndim - 2], cols = t->shape[t->ndim - 1];
  int64_t rs = t->stride[t->ndim - 2], cs = t->stride[t->ndim - 1];
  m->t = NULL;
  if ((cs == 1 || cols == 1) && (rs >= VS_MAX(cols, 1) || rows == 1)) {
    *m = (mats){vs_ref(t), rows == 1 ? VS_MAX(cols, 1) : rs, false};
  } else if ((rs == 1 || rows == 1) && (cs >= VS_MAX(rows, 1) || cols == 1)) {
    *m = (mats){vs_ref(t), cols == 1 ? VS_MAX(rows, 1) : cs, true};
  } else {
    *m = (mats){vs_clone(t), VS_MAX(cols, 1), false};
  }
  return m->t == NULL ? -1 : 0;
}

typedef struct batch {
  mats a, b;
  vs_tensor *c; /* contiguous [..., M, N] */
  int64_t m, n, k;
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

static void multiply_range(void *arg, int64_t first, int64_t last, int part) {
  const batch *w = arg;
  vs_gemm_room room = vs_gemm_share(&w->room, part);
  mats c = {.t = w->c, .ld = w->n};
  for (int64_t i = first; i < last; i++)
    vs_gemm_of(&room, w->m, w->n, w->k, 1, matrix(&w->a, w->c, i), matrix(&w->b, w->c, i), 0,
               matrix(&c, w->c, i));
}

/* c = a b for every matrix of the batch; a, b broadcast to c's batch dimensions. */
static int multiply(vs_tensor *a, vs_tensor *b, vs_tensor *c) {
  batch w = {
      .c = c, .m = a->shape[a->ndim - 2], .n = b->shape[b->ndim - 1], .k = b->shape[b->ndim - 2]};
  int64_t count = 1, grain = VS_MAX(1, (1 << 16) / VS_MAX(1, w.m * w.n * w.k));
  int err = -1;
  for (int d = 0; d < c->ndim - 2; d++) count *= c->shape[d];
  if (open_mats(&w.a, a) < 0 || open_mats(&w.b, b) < 0) goto done;
  if (count < vs_num_threads() || w.m * w.n * w.k > 1 << 22) grain = VS_MAX(count, 1);
  bool bf16 = !vs_is_real(a) || !vs_is_real(b) || !vs_is_real(c);
  if (vs_gemm_open(&w.room, vs_parts(count, grain), w.m, w.n, w.k, bf16) < 0) goto done;
  vs_parallel(count, grain, multiply_range, &w); /* one range: threads inside each product */
  err = 0;
done:
  vs_gemm_close(&w.room);
  vs_unref(w.a.t);
  vs_unref(w.b.t);
  return err;
}

/* ---- matmul ---- */

/* x as [..., M, K]: a vector gets a row in front. */
static vs_tensor *as_left(vs_tensor *x) {
  return x->ndim == 1 ? vs_view(x, 2, (int64_t[]){1, x->shape[0]},
                                (int64_t[]){x->shape[0], x->stride[0]}, x->offset)
                      : vs_alias(x);
}

/* y as [..., K, N]: a vector gets a column behind. */
static vs_tensor *as_right(vs_tensor *y) {
  return y->ndim == 1
             ? vs_view(y, 2, (int64_t[]){y->shape[0], 1}, (int64_t[]){y->stride[0], 1}, y->offset)
             : vs_alias(y);
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
  return vs_out(c, 0, vs_product_dtype(), n, shape);
}

/* [B,T,K] x [K,N] is one product of [B*T,K] x [K,N]. */
static vs_tensor *fold(vs_tensor *t) {
  return vs_try_reshape(t, 2, (int64_t[]){t->numel / t->shape[t->ndim - 1], t->shape[t->ndim - 1]});
}

static bool foldable(const vs_tensor *x, const vs_tensor *y) {
  return x->ndim > 2 && y->ndim == 2 && vs_is_contiguous(x) && x->numel > 0;
}

static int matmul_forward(vs_ctx *c) {
  vs_tensor *x = c->in[0], *y = c->in[1], *a = NULL, *b = NULL, *o = NULL;
  int64_t full[VS_MAX_DIM + 2];
  int err = -1;
  if (foldable(x, y)) {
    a = fold(x);
    o = vs_try_reshape(c->out[0], 2, (int64_t[]){x->numel / x->shape[x->ndim - 1], y->shape[1]});
  } else {
    a = as_left(x);
    o = vs_try_reshape(c->out[0], product_shape(x, y, full), full);
  }
  b = as_right(y);
  if (a != NULL && b != NULL && o != NULL) err = multiply(a, b, o);
  vs_unref(a);
  vs_unref(b);
  vs_unref(o);
  return err;
}

/* din[i] = a b, summed over batch dimensions that in[i] does not have. */
static int product_grad(vs_ctx *c, int i, vs_tensor *a, vs_tensor *b) {
  int64_t shape[VS_MAX_DIM + 2], plain[VS_MAX_DIM + 2];
  int n = product_shape(a, b, shape), m = c->in[i]->ndim == 1 ? 2 : c->in[i]->ndim;
  vs_tensor *target = NULL, *full = NULL;
  int err = -1;
  for (int d = 0; d < m; d++)
    plain[d] = c->in[i]->ndim == 1 ? shape[n - 2 + d] : c->in[i]->shape[d];
  target = vs_try_reshape(c->din[i], m, plain);
  full = target == NULL                        ? NULL
         : vs_numel(n, shape) == target->numel ? vs_try_reshape(target, n, shape)
                                               : vs_tensor_new(VS_REAL, n, shape);
  if (full != NULL) err = multiply(a, b, full);
  if (err == 0 && full->storage != target->storage) err = vs_sum_to(target, full);
  vs_unref(full);
  vs_unref(target);
  return err;
}

/* z = x y:  dx = dz y^T,  dy = x^T dz */
static int matmul_backward(vs_ctx *c) {
  vs_tensor *x = c->in[0], *y = c->in[1], *a = NULL, *b = NULL, *g = NULL, *t = NULL, *go = NULL;
  int64_t full[VS_MAX_DIM + 2];
  int err = -1;
  go = vs_contiguous(c->dout[0]);
  if (go == NULL) return -1;
  if (foldable(x, y)) {
    a = fold(x);
    g = vs_try_reshape(go, 2, (int64_t[]){x->numel / x->shape[x->ndim - 1], y->shape[1]});
  } else {
    a = as_left(x);
    g = vs_try_reshape(go, product_shape(x, y, full), full);
  }
  b = as_right(y);
  if (a == NULL || b == NULL || g == NULL) goto done;
  if (c->need[0]) {
    if ((t = vs_transpose(b, b->ndim - 2, b->ndim - 1)) == NULL) goto done;
    if (foldable(x, y)) {
      vs_tensor *dx = fold(c->din[0]);
      err = dx == NULL ? -1 : multiply(g, t, dx);
      vs_unref(dx);
    } else {
      err = product_grad(c, 0, g, t);
    }
    vs_unref(t);
    t = NULL;
    if (err < 0) goto done;
  }
  err = 0;
  if (c->need[1]) {
    t = vs_transpose(a, a->ndim - 2, a->ndim - 1);
    err = t == NULL ? -1 : product_grad(c, 1, t, g);
  }
done:
  vs_unref(t);
  vs_unref(a);
  vs_unref(b);
  vs_unref(g);
  vs_unref(go);
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
  return vs_out(c, 0, vs_product_dtype(), x->ndim, shape);
}

/* y = x w^T + b */
static int linear_forward(vs_ctx *c) {
  int64_t n = c->n[0], in = c->n[1], out = c->n[2], ldx = VS_MAX(in, 1);
  return vs_gemm_once_of(n, out, in, vs_matrix_of(c->in[0], ldx, false),
                         vs_matrix_of(c->in[1], ldx, true), c->in[2] ? vs_reals(c->in[2]) : NULL,
                         vs_matrix_of(c->out[0], VS_MAX(out, 1), false));
}

/* dx = dy w,  dw = dy^T x,  db = sum of dy over rows */
static int linear_backward(vs_ctx *c) {
  int64_t n = c->n[0], in = VS_MAX(c->n[1], 1), out = VS_MAX(c->n[2], 1);
  vs_tensor *dy = c->dout[0];
  if (c->need[0] && vs_gemm_once_of(n, c->n[1], c->n[2], vs_matrix_of(dy, out, false),
                                    vs_matrix_of(c->in[1], in, false), NULL,
                                    vs_matrix_of(c->din[0], in, false)) < 0)
    return -1;
  if (c->need[1] && vs_gemm_once_of(c->n[2], c->n[1], n, vs_matrix_of(dy, out, true),
                                    vs_matrix_of(c->in[0], in, false), NULL,
                                    vs_matrix_of(c->din[1], in, false)) < 0)
    return -1;
  return c->need[2] ? vs_sum_to(c->din[2], dy) : 0;
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
