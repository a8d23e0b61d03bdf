/* scaled_dot_product_attention: softmax(q k' * scale + bias) v for each batch and head, without
 * ever holding the scores of more than a block of rows (Dao et al., FlashAttention, 2022, for the
 * idea of computing them again in backward).
 *
 * B is the product of the leading dimensions; heads lie side by side in the last dimension, so that
 * nothing is transposed or copied between a projection and its heads.  An item is one head of one
 * batch; threads take items.  For each row l of an item
 *   s = scale * q[l] k' + bias[l], -inf where masked;  lse[l] = log sum exp s;  p = exp(s - lse[l])
 *   y[l] = p v
 * and backward, with p made again from lse:
 *   dv = p' dy;  dp = dy v';  ds = p (dp - dy[l] . y[l]);  dq = scale * ds k;  dk = scale * ds' q
 * Where everything is masked the row is zeros, and so are its gradients.  Dropout multiplies p by
 * m, 0 or 1 / (1 - dropout_p), drawn by (item, row, column): y = (p m) v.  Of q, k, v and y in
 * bfloat16 a thread has one head of k and v and a block of q and y in full. */
#include <math.h>
#include <string.h>

#include "kernel/random.h"
#include "kernel/softmax.h"
#include "op/bf16.h"
#include "op/dims.h"
#include "op/gemm.h"
#include "op/op.h"

enum { Q, K, V, MASK, BIAS };                    /* in */
enum { DROPOUT, CAUSAL, SCALE, HEADS };          /* attr */
enum { ITEMS, ROWS, COLUMNS, DQK, DV_, HEADS_ }; /* n: B * heads, L, S, widths of a head */
enum { BLOCK = 64 };                             /* rows at a time */
enum { GRAIN = 1 << 15 };                        /* products that are worth a piece */
enum { PIECES = 16 };                            /* sums of the bias' gradient, at most */

/* ---- shapes ---- */

static bool same_lead(const vs_tensor *a, const vs_tensor *b) {
  if (a->ndim != b->ndim) return false;
  for (int d = 0; d < a->ndim - 2; d++)
    if (a->shape[d] != b->shape[d]) return false;
  return true;
}

static int check_shapes(const vs_ctx *c, int64_t heads) {
  const vs_tensor *q = c->in[Q], *k = c->in[K], *v = c->in[V];
  if (q->ndim < 2 || !same_lead(q, k) || !same_lead(q, v))
    return vs_fail("q %s, k %s and v %s: expected [...,L,E], [...,S,E] and [...,S,V] with the same "
                   "leading sizes",
                   vs_shape_str(q), vs_shape_str(k), vs_shape_str(v));
  int last = q->ndim - 1;
  if (q->shape[last] != k->shape[last] || k->shape[last - 1] != v->shape[last - 1])
    return vs_fail("q %s, k %s and v %s: expected q and k of one last size, k and v of one length",
                   vs_shape_str(q), vs_shape_str(k), vs_shape_str(v));
  if (heads < 1 || q->shape[last] % heads || v->shape[last] % heads)
    return vs_fail("num_heads is %lld, expected a divisor of the last sizes %lld and %lld",
                   (long long)heads, (long long)q->shape[last], (long long)v->shape[last]);
  if (q->shape[last] == 0)
    return vs_fail("q is %s, expected a last size of at least 1", vs_shape_str(q));
  double p = c->attr[DROPOUT].f;
  if (!(p >= 0 && p < 1)) return vs_fail("dropout_p is %g, expected 0 <= p < 1", p);
  return 0;
}

/* The shape that masks and biases broadcast to: [...,L,S], where heads are given
 * [...,heads,L,S]. */
static int score_shape(const vs_ctx *c, int64_t *shape) {
  const vs_tensor *q = c->in[Q];
  int n = 0;
  if (q->ndim + 1 > VS_MAX_DIM) return vs_fail("q %s has too many dimensions", vs_shape_str(q));
  for (int d = 0; d < q->ndim - 2; d++) shape[n++] = q->shape[d];
  if (c->attr[HEADS].kind != VS_V_NONE) shape[n++] = c->n[HEADS_];
  shape[n++] = c->n[ROWS];
  shape[n++] = c->n[COLUMNS];
  return n;
}

/* Items that are worth a thread, by what one of them multiplies (cut before it overflows). */
static int64_t grain(const vs_ctx *c) {
  int64_t row = VS_MIN(c->n[COLUMNS] * (c->n[DQK] + c->n[DV_]), GRAIN);
  return GRAIN / VS_MAX(1, row * VS_MIN(c->n[ROWS], GRAIN)) + 1;
}

static int64_t block_rows(const vs_ctx *c) { return VS_MIN(c->n[ROWS], BLOCK); }
static int64_t block_size(const vs_ctx *c) { return block_rows(c) * c->n[COLUMNS]; }

/* What is made full of tensor t, `rows` of that width. */
static int64_t full_size(const vs_tensor *t, int64_t rows, int64_t width) {
  return vs_is_real(t) ? 0 : rows * width;
}
static int64_t full_sizes(const vs_ctx *c, const vs_tensor *y) {
  return full_size(c->in[Q], block_rows(c), c->n[DQK]) +
         full_size(c->in[K], c->n[COLUMNS], c->n[DQK]) +
         full_size(c->in[V], c->n[COLUMNS], c->n[DV_]) + full_size(y, block_rows(c), c->n[DV_]);
}

static int64_t forward_room(const vs_ctx *c) { return block_size(c) + full_sizes(c, c->out[0]); }

/* Products forward and backward: scores, and what they are multiplied with. */
enum { PRODUCTS = 3 };
static void sizes_of(const vs_ctx *c, vs_gemm_size *s) {
  int64_t m = block_rows(c), n = c->n[COLUMNS], width = VS_MAX(c->n[DQK], c->n[DV_]);
  s[0] = (vs_gemm_size){m, n, width};
  s[1] = (vs_gemm_size){m, width, n};
  s[2] = (vs_gemm_size){n, width, m};
}

/* Bytes of room for the products of all threads, in front of the rest of the scratch. */
static size_t panels_bytes(const vs_ctx *c) {
  vs_gemm_size sizes[PRODUCTS];
  sizes_of(c, sizes);
  return vs_gemm_bytes_any(vs_slots(c->n[ITEMS], grain(c)), PRODUCTS, sizes, false);
}

/* Whether BLAS can read the rows of t as they lie. */
static bool readable(const vs_tensor *t) {
  int64_t row = t->stride[t->ndim - 2], size = t->shape[t->ndim - 1];
  return (t->stride[t->ndim - 1] == 1 || size == 1) && (row >= size || t->shape[t->ndim - 2] == 1);
}

static int attention_shape(vs_ctx *c) {
  const vs_tensor *q = c->in[Q], *v = c->in[V];
  int64_t heads = c->attr[HEADS].kind == VS_V_NONE ? 1 : c->attr[HEADS].i;
  int64_t shape[VS_MAX_DIM], batch = 1;
  vs_tensor view;
  if (check_shapes(c, heads) < 0) return -1;
  for (int d = 0; d < q->ndim - 2; d++) batch *= q->shape[d];
  int last = q->ndim - 1;
  c->n[ITEMS] = batch * heads;
  c->n[HEADS_] = heads;
  c->n[ROWS] = q->shape[last - 1];
  c->n[COLUMNS] = v->shape[last - 1];
  c->n[DQK] = q->shape[last] / heads;
  c->n[DV_] = v->shape[last] / heads;
  int n = score_shape(c, shape);
  if (n < 0) return -1;
  for (int i = MASK; i <= BIAS; i++)
    if (c->in[i] && vs_broadcast_onto(&view, c->in[i], n, shape) < 0)
      return vs_fail_prefix(vs_in_name(c, i));
  if (c->in[BIAS] && vs_recast(c, BIAS, VS_REAL) < 0) return -1;
  for (int i = Q; i <= V; i++)
    if (!readable(c->in[i]) && vs_set_in(c, i, vs_clone(c->in[i])) < 0) return -1;
  q = c->in[Q], v = c->in[V];
  if (c->training && !(c->saved[0] = vs_tensor_new(VS_REAL, vs_dims(c->n[ITEMS], c->n[ROWS], 2))))
    return -1;
  memcpy(shape, q->shape, sizeof q->shape);
  shape[last] = v->shape[last];
  if (vs_out(c, 0, vs_product_dtype(), q->ndim, shape) < 0) return -1;
  size_t slots = (size_t)vs_slots(c->n[ITEMS], grain(c));
  c->work_bytes = panels_bytes(c) + slots * (size_t)forward_room(c) * sizeof(vs_real) + 1;
  return 0;
}

/* ---- one head of one batch ---- */

/* A tensor [...,rows,heads*width] whose rows BLAS can read, borrowed; t NULL: not wanted. */
typedef struct side {
  const vs_tensor *t;
  int64_t ld, width;
} side;

static side side_of(const vs_tensor *t, int64_t width) {
  return (side){t, VS_MAX(t->stride[t->ndim - 2], t->shape[t->ndim - 1]), width};
}

/* Where row `row` of an item lies, in elements from the first. */
static int64_t row_at(const side *s, int64_t item, int64_t heads, int64_t row) {
  int64_t at = item % heads * s->width + row * s->ld, index = item / heads;
  for (int d = s->t->ndim - 3; d >= 0; d--) {
    at += index % s->t->shape[d] * s->t->stride[d];
    index /= s->t->shape[d];
  }
  return at;
}

static vs_real *head_of(const side *s, int64_t item, int64_t heads) {
  return vs_reals(s->t) + row_at(s, item, heads, 0);
}

/* Rows of a side as numbers, ld apart. */
typedef struct block {
  vs_real *at;
  int64_t ld;
} block;

/* n rows of an item from `first` on: as they lie, or made full in *room, which moves on.  For a
 * result there is nothing to read yet. */
static block rows_of(const side *s, int64_t item, int64_t heads, int64_t first, int64_t n,
                     bool result, vs_real **room) {
  int64_t at = row_at(s, item, heads, first);
  if (vs_is_real(s->t)) return (block){vs_reals(s->t) + at, s->ld};
  block r = {*room, s->width};
  const uint16_t *from = (const uint16_t *)vs_data(s->t) + at;
  for (int64_t i = 0; !result && i < n; i++)
    vs_k_elementwise()->lengthen(s->width, r.at + i * r.ld, from + i * s->ld);
  *room += n * s->width;
  return r;
}

/* The result that was made in r. */
static void put_rows(const side *s, int64_t item, int64_t heads, int64_t first, int64_t n,
                     block r) {
  if (vs_is_real(s->t)) return;
  uint16_t *to = (uint16_t *)vs_data(s->t) + row_at(s, item, heads, first);
  for (int64_t i = 0; i < n; i++)
    vs_k_elementwise()->shorten(s->width, to + i * s->ld, r.at + i * r.ld);
}

typedef struct attention {
  vs_ctx *c;
  side q, k, v, y, dy, dq, dk, dv;
  vs_tensor mask, bias, dbias_view; /* onto the scores, where there are any */
  vs_lse *lse;
  vs_real *dbias, *scratch, *sums; /* sums: of dbias, one a piece, where items share elements */
  int64_t pieces;                  /* of the items, in backward */
  vs_real scale;
  vs_gemm_room panels; /* for each thread's products */
} attention;

/* Offset of (item, row, column 0) in a view of the scores. */
static int64_t score_at(const vs_tensor *view, int64_t item, int64_t row) {
  int64_t at = row * view->stride[view->ndim - 2];
  for (int d = view->ndim - 3; d >= 0; d--) {
    at += item % view->shape[d] * view->stride[d];
    item /= view->shape[d];
  }
  return at;
}

/* s[i,:] = scale * q[i] k' + bias, -inf where masked; m rows of q, the item's from `first` on. */
static void scores(const attention *a, const vs_gemm_room *panels, int64_t item, int64_t first,
                   int64_t m, block q, block k, vs_real *s) {
  const vs_ctx *c = a->c;
  int64_t n = c->n[COLUMNS];
  vs_gemm(panels, false, true, m, n, c->n[DQK], a->scale, q.at, q.ld, k.at, k.ld, 0, s, n);
  for (int64_t i = 0; i < m; i++, s += n) {
    if (c->in[BIAS]) {
      int64_t step = a->bias.stride[a->bias.ndim - 1];
      const vs_real *b = vs_reals(c->in[BIAS]) + score_at(&a->bias, item, first + i);
      for (int64_t j = 0; j < n; j++) s[j] += b[j * step];
    }
    if (c->in[MASK]) {
      int64_t step = a->mask.stride[a->mask.ndim - 1];
      const uint8_t *b = vs_bytes(c->in[MASK]) + score_at(&a->mask, item, first + i);
      for (int64_t j = 0; j < n; j++) s[j] = b[j * step] ? s[j] : -INFINITY;
    }
    for (int64_t j = c->attr[CAUSAL].i ? first + i + 1 : n; j < n; j++) s[j] = -INFINITY;
  }
}

/* The m rows s[i,:] *= their masks, where there is dropout. */
static void drop(const attention *a, int64_t item, int64_t first, int64_t m, vs_real *s) {
  const vs_ctx *c = a->c;
  int64_t n = c->n[COLUMNS], from = (item * c->n[ROWS] + first) * n;
  vs_real p = (vs_real)c->attr[DROPOUT].f;
  if (p > 0) vs_k_random()->dropout(c->rng, (uint64_t)from, m * n, p, 1 / (1 - p), s, s, NULL);
}

static void forward_range(void *arg, int64_t from, int64_t to, int slot) {
  const attention *a = arg;
  const vs_ctx *c = a->c;
  int64_t heads = c->n[HEADS_], rows = c->n[ROWS], n = c->n[COLUMNS];
  vs_real *s = a->scratch + (int64_t)slot * forward_room(c);
  vs_gemm_room panels = vs_gemm_share(&a->panels, slot);
  for (int64_t item = from; item < to && !vs_interrupted(); item++) {
    vs_real *room = s + block_size(c);
    block k = rows_of(&a->k, item, heads, 0, n, false, &room);
    block v = rows_of(&a->v, item, heads, 0, n, false, &room);
    for (int64_t first = 0; first < rows && !vs_interrupted(); first += BLOCK) {
      int64_t m = VS_MIN(rows - first, BLOCK);
      vs_real *rest = room;
      block q = rows_of(&a->q, item, heads, first, m, false, &rest);
      block y = rows_of(&a->y, item, heads, first, m, true, &rest);
      scores(a, &panels, item, first, m, q, k, s);
      for (int64_t i = 0; i < m; i++) {
        vs_lse lse = vs_k_softmax()->softmax(n, s + i * n, s + i * n);
        if (a->lse) a->lse[item * rows + first + i] = lse;
      }
      drop(a, item, first, m, s);
      vs_gemm(&panels, false, false, m, c->n[DV_], n, 1, s, n, v.at, v.ld, 0, y.at, y.ld);
      put_rows(&a->y, item, heads, first, m, y);
    }
  }
}

/* The tensors of forward, views of mask and bias; memory: room for products, then scratch. */
static void open_all(attention *a, vs_ctx *c, char *memory) {
  int64_t shape[VS_MAX_DIM];
  int n = score_shape(c, shape);
  *a = (attention){.c = c, .lse = c->saved[0] ? vs_data(c->saved[0]) : NULL};
  a->scale =
      (vs_real)(c->attr[SCALE].kind == VS_V_NONE ? 1 / sqrt((double)c->n[DQK]) : c->attr[SCALE].f);
  if (c->in[MASK]) vs_broadcast_onto(&a->mask, c->in[MASK], n, shape);
  if (c->in[BIAS]) vs_broadcast_onto(&a->bias, c->in[BIAS], n, shape);
  a->q = side_of(c->in[Q], c->n[DQK]);
  a->k = side_of(c->in[K], c->n[DQK]);
  a->v = side_of(c->in[V], c->n[DV_]);
  a->y = side_of(c->out[0], c->n[DV_]);
  vs_gemm_size sizes[PRODUCTS];
  sizes_of(c, sizes);
  vs_gemm_open_any(&a->panels, memory, vs_slots(c->n[ITEMS], grain(c)), PRODUCTS, sizes, false);
  a->scratch = (vs_real *)(void *)(memory + panels_bytes(c));
}

static void attention_forward(vs_ctx *c) {
  attention a;
  open_all(&a, c, c->work);
  vs_parallel(c->n[ITEMS], grain(c), forward_range, &a);
}

/* ---- backward ---- */

/* What one thread needs: three blocks of scores; and where the gradient of the bias goes. */
typedef struct room {
  vs_real *p, *pm, *ds, *dbias, *full;
  vs_gemm_room panels;
} room;

/* Whether two items read the same element of the bias. */
static bool shared_bias(const vs_ctx *c) {
  int64_t shape[VS_MAX_DIM];
  vs_tensor t;
  vs_broadcast_onto(&t, c->in[BIAS], score_shape(c, shape), shape);
  for (int d = 0; d < t.ndim - 2; d++)
    if (t.shape[d] > 1 && t.stride[d] == 0) return true;
  return false;
}

static int64_t own_bias(const vs_ctx *c) {
  return vs_needs(c, BIAS) && shared_bias(c) ? c->in[BIAS]->numel : 0;
}

static int64_t room_size(const vs_ctx *c) { return 3 * block_size(c) + full_sizes(c, c->out[0]); }

/* Pieces of the items, each with a sum of its own for the bias where that is shared. */
static int64_t pieces_of(const vs_ctx *c) {
  return vs_pieces(c->n[ITEMS], grain(c), own_bias(c) > 0 ? PIECES : INT64_MAX);
}

static room room_of(const attention *a, int slot) {
  int64_t size = block_size(a->c);
  vs_real *at = a->scratch + slot * room_size(a->c);
  room r = {.p = at, .pm = at + size, .ds = at + 2 * size, .dbias = a->dbias};
  r.full = at + 3 * size;
  r.panels = vs_gemm_share(&a->panels, slot);
  return r;
}

/* ds = p * (dp - dy . y), for a block of rows; p is made again, pm = p with dropout. */
static void score_gradients(const attention *a, const room *r, int64_t item, int64_t first,
                            int64_t m, block q, block k, block v, block y) {
  const vs_ctx *c = a->c;
  int64_t heads = c->n[HEADS_], n = c->n[COLUMNS], width = c->n[DV_];
  const vs_real *dy = head_of(&a->dy, item, heads) + first * a->dy.ld;
  scores(a, &r->panels, item, first, m, q, k, r->p);
  for (int64_t i = 0; i < m; i++) {
    vs_real *p = r->p + i * n;
    vs_k_softmax()->exp_scale(n, p, a->lse[item * c->n[ROWS] + first + i], 1, p);
  }
  vs_gemm(&r->panels, false, true, m, n, width, 1, dy, a->dy.ld, v.at, v.ld, 0, r->ds, n);
  memcpy(r->pm, r->p, (size_t)(m * n) * sizeof(vs_real));
  drop(a, item, first, m, r->pm);
  drop(a, item, first, m, r->ds);
  for (int64_t i = 0; i < m; i++) {
    vs_real *ds = r->ds + i * n, *p = r->p + i * n;
    vs_real d = vs_k_softmax()->dot(width, dy + i * a->dy.ld, y.at + i * y.ld);
    for (int64_t j = 0; j < n; j++) ds[j] = p[j] * (ds[j] - d);
  }
}

static void add_bias_gradient(const attention *a, const room *r, int64_t item, int64_t first,
                              int64_t m) {
  int64_t n = a->c->n[COLUMNS], step = a->dbias_view.stride[a->dbias_view.ndim - 1];
  for (int64_t i = 0; i < m; i++) {
    vs_real *to = r->dbias + score_at(&a->dbias_view, item, first + i), *ds = r->ds + i * n;
    for (int64_t j = 0; j < n; j++) to[j * step] += ds[j];
  }
}

static void backward_range(const attention *a, int64_t from, int64_t to, room r) {
  const vs_ctx *c = a->c;
  int64_t heads = c->n[HEADS_], rows = c->n[ROWS], n = c->n[COLUMNS];
  int64_t e = c->n[DQK], width = c->n[DV_];
  for (int64_t item = from; item < to && !vs_interrupted(); item++) {
    vs_real *full = r.full;
    block k = rows_of(&a->k, item, heads, 0, n, false, &full);
    block v = rows_of(&a->v, item, heads, 0, n, false, &full);
    for (int64_t first = 0; first < rows && !vs_interrupted(); first += BLOCK) {
      int64_t m = VS_MIN(rows - first, BLOCK);
      vs_real again = first > 0, *rest = full; /* again: the sums over rows go on */
      block q = rows_of(&a->q, item, heads, first, m, false, &rest);
      block y = rows_of(&a->y, item, heads, first, m, false, &rest);
      score_gradients(a, &r, item, first, m, q, k, v, y);
      if (a->dv.t)
        vs_gemm(&r.panels, true, false, n, width, m, 1, r.pm, n,
                head_of(&a->dy, item, heads) + first * a->dy.ld, a->dy.ld, again,
                head_of(&a->dv, item, heads), a->dv.ld);
      if (a->dk.t)
        vs_gemm(&r.panels, true, false, n, e, m, a->scale, r.ds, n, q.at, q.ld, again,
                head_of(&a->dk, item, heads), a->dk.ld);
      if (a->dq.t)
        vs_gemm(&r.panels, false, false, m, e, n, a->scale, r.ds, n, k.at, k.ld, 0,
                head_of(&a->dq, item, heads) + first * a->dq.ld, a->dq.ld);
      if (r.dbias) add_bias_gradient(a, &r, item, first, m);
    }
  }
}

static void backward_pieces(void *arg, int64_t first, int64_t last, int slot) {
  const attention *a = arg;
  int64_t items = a->c->n[ITEMS], own = own_bias(a->c);
  room r = room_of(a, slot);
  for (int64_t i = first; i < last; i++) {
    if (own > 0) {
      r.dbias = a->sums + i * own;
      memset(r.dbias, 0, (size_t)own * sizeof(vs_real));
    }
    backward_range(a, vs_piece_at(items, a->pieces, i), vs_piece_at(items, a->pieces, i + 1), r);
  }
}

/* din of everything that wants one. */
static int make_gradients(vs_ctx *c) {
  for (int i = Q; i <= BIAS; i++) {
    if (i == MASK || !vs_needs(c, i)) continue;
    c->din[i] = vs_tensor_zeros(VS_REAL, c->in[i]->ndim, c->in[i]->shape);
    if (c->din[i] == NULL) return -1;
  }
  return 0;
}

static void open_gradients(attention *a) {
  vs_ctx *c = a->c;
  side *d[] = {&a->dq, &a->dk, &a->dv};
  int64_t shape[VS_MAX_DIM];
  for (int i = Q; i <= V; i++)
    if (c->din[i]) *d[i] = side_of(c->din[i], i == V ? c->n[DV_] : c->n[DQK]);
  if (!c->din[BIAS]) return;
  vs_broadcast_onto(&a->dbias_view, c->din[BIAS], score_shape(c, shape), shape);
  a->dbias = vs_reals(c->din[BIAS]);
}

/* dbias: the sums of all pieces, in order. */
static void join_bias_gradients(const attention *a) {
  int64_t size = own_bias(a->c);
  for (int64_t p = 0; p < a->pieces; p++)
    for (int64_t i = 0; i < size; i++) a->dbias[i] += a->sums[p * size + i];
}

static int attention_backward(vs_ctx *c) {
  attention a;
  size_t slots = (size_t)vs_slots(c->n[ITEMS], grain(c)); /* threads may be others than before */
  int64_t pieces = pieces_of(c), numbers = (int64_t)slots * room_size(c);
  bool fits = readable(c->dout[0]);
  vs_tensor *dy = fits ? vs_ref(c->dout[0]) : vs_clone(c->dout[0]);
  size_t bytes = panels_bytes(c) + (size_t)(numbers + pieces * own_bias(c)) * sizeof(vs_real);
  char *memory = dy == NULL || make_gradients(c) < 0 ? NULL : vs_mem_alloc(bytes);
  if (memory != NULL) {
    open_all(&a, c, memory);
    a.dy = side_of(dy, c->n[DV_]);
    open_gradients(&a);
    a.pieces = pieces, a.sums = a.scratch + numbers;
    vs_parallel(a.pieces, 1, backward_pieces, &a);
    join_bias_gradients(&a);
  }
  vs_unref(dy);
  vs_mem_free(memory);
  return memory != NULL ? 0 : -1;
}

const vs_opdef vs_op_scaled_dot_product_attention = {
    .name = "scaled_dot_product_attention",
    .args = "q:tensor, k:tensor, v:tensor, mask:mask?, bias:tensor?, dropout_p:num=0, "
            "is_causal:bool=false, scale:num?, num_heads:int?",
    .outputs = 1,
    .flags = VS_STRIDED | VS_OWN_GRADS | VS_RANDOM | VS_BF16,
    .keep = VS_KEEP_IN(Q) | VS_KEEP_IN(K) | VS_KEEP_IN(V) | VS_KEEP_IN(MASK) | VS_KEEP_IN(BIAS) |
            VS_KEEP_OUT(0),
    .shape = attention_shape,
    .forward = attention_forward,
    .backward = attention_backward,
    .doc =
        "softmax(q k' * scale + bias) v. q [...,L,E], k [...,S,E], v [...,S,V] -> [...,L,V]; with "
        "num_heads the last dimensions are cut into that many heads side by side. mask (true: "
        "takes part) and bias broadcast to [...,L,S], with num_heads to [...,heads,L,S]; "
        "is_causal: row l sees columns up to l. A row that sees nothing is zeros. scale is "
        "1/sqrt(E of a head) unless given. The scores are never held as a whole, in backward "
        "neither. Vaswani et al., 2017; Dao et al., 2022.",
};
