/* lstm and gru over whole sequences of varying length.
 *
 * Rows are sorted by length, longest first, and packed time-major: step t holds the count[t] rows
 * that are longer than t, after those of step t-1.  So every matrix product runs on valid rows
 * only, the rows of step t are the first count[t] of step t-1, and padding costs nothing.  "rows"
 * below is the number of valid (row, step) pairs; a packed row's place is its row in x seen as
 * [B*T, I].
 *
 * Saved for backward: the plan (int64), activated gates [rows, G*H], cells [rows, H] (LSTM: c; GRU:
 * the hidden part of n) and states [rows, H], all packed.  With initial states the LSTM's cells and
 * the states have B rows more in front of the packed ones: h0 and c0 by rank, what step 0
 * follows. */
#include <string.h>

#include "kernel/rnn.h"
#include "op/gemm.h"
#include "op/op.h"

enum { PLAN, GATES, CELLS, STATES };                 /* saved */
enum { X, W_IH, W_HH, B_IH, B_HH, LENGTHS, H0, C0 }; /* inputs; C0: lstm alone */
enum { N_B, N_T, N_I, N_H, N_ROWS, N_FIRST };        /* c->n */

typedef struct rnn {
  int64_t b, t, in, h, gh, rows; /* gh: gates * h */
  int64_t first;                 /* rows of initial states: b or 0 */
  int64_t dg;                    /* from a row of the gates' gradients to the next */
  bool lstm, reverse;
  int64_t *order, *len;   /* [b] by rank: row of x, its length */
  int64_t *count, *start; /* [t], [t+1]: rows of a step, first packed row of it */
  int64_t *place;         /* [rows] */
  vs_real *gates, *cells, *states;
} rnn;

static int64_t plan_size(const vs_ctx *c) {
  return 2 * c->n[N_B] + 2 * c->n[N_T] + 1 + c->n[N_ROWS];
}

/* Numbers from a row of the gates' gradients to the next: not a multiple of many lines, so that
 * rows do not share the sets of a cache. */
static int64_t grads_row(int64_t h) { return 4 * h + 16; }

static rnn rnn_of(const vs_ctx *c, int gates) {
  rnn r = {.b = c->n[N_B], .t = c->n[N_T], .in = c->n[N_I], .h = c->n[N_H], .rows = c->n[N_ROWS]};
  r.first = c->n[N_FIRST];
  r.lstm = gates == 4;
  r.gh = gates * r.h;
  r.dg = grads_row(r.h);
  r.reverse = c->attr[0].i;
  r.order = vs_ints(c->saved[PLAN]);
  r.len = r.order + r.b;
  r.count = r.len + r.b;
  r.start = r.count + r.t;
  r.place = r.start + r.t + 1;
  r.gates = vs_reals(c->saved[GATES]);
  r.cells = vs_reals(c->saved[CELLS]) + (r.lstm ? r.first * r.h : 0);
  r.states = vs_reals(c->saved[STATES]) + r.first * r.h;
  return r;
}

/* Of packed states or cells, those that step t follows, the first row of them; NULL: zeros. */
static vs_real *before(const rnn *r, vs_real *packed, int64_t t) {
  if (t) return packed + r->start[t - 1] * r->h;
  return r->first ? packed - r->first * r->h : NULL;
}

static int want_shape(const vs_ctx *c, int i, int ndim, int64_t rows, int64_t cols) {
  const vs_tensor *t = c->in[i];
  if (!t) return 0;
  if (t->ndim == ndim && t->shape[0] == rows && (ndim == 1 || t->shape[1] == cols)) return 0;
  return vs_fail("%s is %s, expected %s (x is %s)", vs_in_name(c, i), vs_shape_str(t),
                 vs_dims_str(ndim, (int64_t[]){rows, cols}), vs_shape_str(c->in[X]));
}

/* Sum of the lengths, or -1 when one is outside 1..T. */
static int64_t check_lengths(const vs_ctx *c) {
  int64_t b = c->n[N_B], t = c->n[N_T], rows = 0;
  if (!c->in[LENGTHS]) return b * t;
  const int64_t *len = vs_ints(c->in[LENGTHS]);
  for (int64_t i = 0; i < b; i++) {
    if (len[i] < 1 || len[i] > t)
      return vs_fail("lengths[%lld] is %lld, outside 1..%lld (x is %s)", (long long)i + 1,
                     (long long)len[i], (long long)t, vs_shape_str(c->in[X]));
    rows += len[i];
  }
  return rows;
}

/* Bytes of scratch that products take, and of the W_hh that those of the steps hold.  Behind them
 * forward has packed x, the two biases, and for the GRU W_hh h of one step. */
typedef struct bytes {
  size_t products, held;
} bytes;

static bytes work_of(const vs_ctx *c, int gates) {
  int64_t b = c->n[N_B], h = c->n[N_H], gh = gates * h;
  size_t of_x = vs_gemm_bytes(1, c->n[N_ROWS], gh, c->n[N_I], false);
  size_t of_steps = vs_gemm_bytes(1, b, gh, h, false);
  return (bytes){VS_MAX(of_x, of_steps), vs_gemm_held_bytes(b, gh, h)};
}

/* x [B,T,I], w_ih [G*H,I], w_hh [G*H,H] */
static int rnn_shape(vs_ctx *c, int gates) {
  if (vs_want_ndim(c, X, 3) || vs_want_ndim(c, W_HH, 2)) return -1;
  int64_t b = c->in[X]->shape[0], t = c->in[X]->shape[1], in = c->in[X]->shape[2];
  int64_t h = c->in[W_HH]->shape[1], gh = gates * h;
  if (want_shape(c, W_HH, 2, gh, h) || want_shape(c, W_IH, 2, gh, in) ||
      want_shape(c, B_IH, 1, gh, 0) || want_shape(c, B_HH, 1, gh, 0) ||
      want_shape(c, LENGTHS, 1, b, 0))
    return -1;
  bool initial = false;
  for (int i = H0; i < c->nin; i++) {
    if (want_shape(c, i, 2, b, h)) return -1;
    initial = initial || c->in[i];
  }
  int64_t first = c->n[N_FIRST] = initial ? b : 0;
  c->n[N_B] = b, c->n[N_T] = t, c->n[N_I] = in, c->n[N_H] = h;
  if (vs_numel(2, (int64_t[]){b * t, 2 * gh + grads_row(h) + in}) < 0) return -1;
  int64_t rows = c->n[N_ROWS] = check_lengths(c);
  if (rows < 0) return -1;
  bytes w = work_of(c, gates);
  c->work_bytes = w.products + w.held +
                  sizeof(vs_real) * (size_t)(rows * in + 2 * gh + (gates == 3 ? b * gh : 0));
  /* gradients of the gates, packed x or shifted states, dh, dc */
  c->back_bytes =
      sizeof(vs_real) * (size_t)(rows * grads_row(h) + rows * VS_MAX(in, h) + 2 * b * h);
  if (!(c->saved[PLAN] = vs_tensor_new(VS_INT64, vs_dims(plan_size(c)))) ||
      !(c->saved[GATES] = vs_tensor_new(VS_REAL, vs_dims(rows, gh))) ||
      !(c->saved[CELLS] = vs_tensor_new(VS_REAL, vs_dims((gates == 4 ? first : 0) + rows, h))) ||
      !(c->saved[STATES] = vs_tensor_new(VS_REAL, vs_dims(first + rows, h))))
    return -1;
  if (vs_out(c, 0, VS_REAL, vs_dims(b, t, h))) return -1;
  for (int i = 1; i < c->op->outputs; i++)
    if (vs_out(c, i, VS_REAL, vs_dims(b, h))) return -1;
  return 0;
}

static void make_plan(rnn *r, const int64_t *len) {
  int64_t rank = 0, row = 0;
  memset(r->count, 0, (size_t)r->t * sizeof *r->count);
  for (int64_t i = 0; i < r->b; i++) /* count[t]: rows of length t+1, for now */
    if (r->t) r->count[(len ? len[i] : r->t) - 1]++;
  for (int64_t t = r->t - 1; t >= 0; t--) { /* start[t]: first rank of that length, for now */
    r->start[t] = rank;
    rank += r->count[t];
    r->count[t] = rank; /* rows longer than t */
  }
  for (int64_t i = 0; i < r->b; i++) {
    int64_t n = len ? len[i] : r->t, k = r->t ? r->start[n - 1]++ : i;
    r->order[k] = i;
    r->len[k] = n;
  }
  for (int64_t t = 0; t < r->t; t++) {
    r->start[t] = row;
    for (int64_t k = 0; k < r->count[t]; k++, row++)
      r->place[row] = r->order[k] * r->t + (r->reverse ? r->len[k] - 1 - t : t);
  }
  r->start[r->t] = row;
}

/* --- rows between x's layout and the packed one --- */

typedef struct move {
  const int64_t *place;
  int64_t width;
  vs_real *packed, *full;
} move;

static void gather_rows(void *arg, int64_t first, int64_t last, int slot) {
  const move *m = arg;
  (void)slot;
  for (int64_t i = first; i < last; i++)
    memcpy(m->packed + i * m->width, m->full + m->place[i] * m->width,
           (size_t)m->width * sizeof(vs_real));
}

static void scatter_rows(void *arg, int64_t first, int64_t last, int slot) {
  const move *m = arg;
  (void)slot;
  for (int64_t i = first; i < last; i++)
    memcpy(m->full + m->place[i] * m->width, m->packed + i * m->width,
           (size_t)m->width * sizeof(vs_real));
}

static int64_t grain(int64_t width, int64_t work) { return VS_MAX(1, work / VS_MAX(1, width)); }

static void gather(const rnn *r, int64_t width, vs_real *packed, vs_real *full) {
  move m = {r->place, width, packed, full};
  vs_parallel(r->rows, grain(width, 16384), gather_rows, &m);
}

/* Padded places become zero. */
static void scatter(const rnn *r, int64_t width, vs_real *packed, vs_real *full) {
  move m = {r->place, width, packed, full};
  if (r->rows < r->b * r->t) memset(full, 0, (size_t)(r->b * r->t * width) * sizeof *full);
  vs_parallel(r->rows, grain(width, 16384), scatter_rows, &m);
}

/* --- forward --- */

typedef struct step {
  const rnn *r;
  int64_t t;
  const vs_real *bias_x, *bias_h, *hidden; /* forward; LSTM: bias_x is the sum */
  const vs_real *dy;                       /* backward: [B,T,H] or NULL */
  vs_real *dh, *dc, *dg;
  const vs_gemm_room *room;
} step;

static void forward_rows(void *arg, int64_t first, int64_t last, int slot) {
  const step *s = arg;
  const rnn *r = s->r;
  const vs_kernels_rnn *k = vs_k_rnn();
  (void)slot;
  for (int64_t i = first; i < last; i++) {
    int64_t row = r->start[s->t] + i;
    vs_real *gates = r->gates + row * r->gh, *cell = r->cells + row * r->h,
            *y = r->states + row * r->h;
    const vs_real *prev = before(r, r->lstm ? r->cells : r->states, s->t);
    if (prev) prev += i * r->h;
    if (r->lstm)
      k->lstm_cell(r->h, s->bias_x, gates, prev, cell, y);
    else
      k->gru_cell(r->h, s->bias_x, s->bias_h, gates, prev ? s->hidden + i * r->gh : NULL, prev,
                  cell, y);
  }
}

/* products, held: memory for these. */
static void forward_steps(const rnn *r, const vs_real *w_hh, const vs_real *bias, vs_real *hidden,
                          void *products, void *held) {
  vs_gemm_room room;
  vs_gemm_open(&room, products, 1, r->b, r->gh, r->h, false);
  vs_gemm_hold(&room, held, true, r->gh, r->h, w_hh, r->h);
  step s = {.r = r, .bias_x = bias, .bias_h = bias + r->gh, .hidden = hidden};
  for (s.t = 0; s.t < r->t && r->count[s.t]; s.t++) {
    int64_t n = r->count[s.t];
    const vs_real *prev = before(r, r->states, s.t);
    if (prev) {
      vs_real *to = r->lstm ? r->gates + r->start[s.t] * r->gh : hidden;
      vs_gemm(&room, false, true, n, r->gh, r->h, 1, prev, r->h, w_hh, r->h, r->lstm, to, r->gh);
    }
    vs_parallel(n, grain(r->h, 2048), forward_rows, &s);
  }
}

/* The last valid state of each row, from packed values; the initial one where there is no step. */
static void last_rows(const rnn *r, vs_real *packed, vs_real *out) {
  for (int64_t k = 0; k < r->b; k++) {
    vs_real *to = out + r->order[k] * r->h;
    const vs_real *from = before(r, packed, r->len[k]);
    if (from)
      memcpy(to, from + k * r->h, (size_t)r->h * sizeof *to);
    else
      memset(to, 0, (size_t)r->h * sizeof *to);
  }
}

/* Ranks [first, last) of the rows of x [B,H]; NULL: zeros. */
static void by_rank(const rnn *r, int64_t first, int64_t last, const vs_tensor *x, vs_real *to) {
  for (int64_t k = first; k < last; k++) {
    if (x)
      memcpy(to + k * r->h, vs_reals(x) + r->order[k] * r->h, (size_t)r->h * sizeof *to);
    else
      memset(to + k * r->h, 0, (size_t)r->h * sizeof *to);
  }
}

/* The other way: all rows of x from ranked ones. */
static void by_row(const rnn *r, const vs_real *ranked, vs_tensor *x) {
  for (int64_t k = 0; k < r->b; k++)
    memcpy(vs_reals(x) + r->order[k] * r->h, ranked + k * r->h, (size_t)r->h * sizeof *ranked);
}

/* bias [2*G*H]: for the LSTM the sum in the first half; for the GRU b_ih, b_hh. */
static void fill_bias(const vs_ctx *c, const rnn *r, vs_real *bias) {
  if (r->gh == 0) return;
  memset(bias, 0, 2 * (size_t)r->gh * sizeof *bias);
  for (int i = 0; i < 2; i++)
    if (c->in[B_IH + i])
      vs_k_rnn()->add(r->gh, bias + (r->lstm ? 0 : i * r->gh), vs_reals(c->in[B_IH + i]));
}

static void rnn_forward(vs_ctx *c, int gates) {
  int64_t first = c->n[N_FIRST], h = c->n[N_H];
  rnn r = rnn_of(c, gates);
  bytes w = work_of(c, gates);
  char *products = c->work, *held = products + w.products;
  vs_real *packed = (vs_real *)(void *)(held + w.held), *bias = packed + r.rows * r.in;
  vs_real *hidden = bias + 2 * r.gh;
  make_plan(&r, c->in[LENGTHS] ? vs_ints(c->in[LENGTHS]) : NULL);
  if (first) by_rank(&r, 0, r.b, c->in[H0], before(&r, r.states, 0));
  if (first && r.lstm) by_rank(&r, 0, r.b, c->in[C0], before(&r, r.cells, 0));
  gather(&r, r.in, packed, vs_reals(c->in[X]));
  vs_gemm_once(products, false, true, r.rows, r.gh, r.in, packed, r.in, vs_reals(c->in[W_IH]), r.in,
               NULL, r.gates, r.gh);
  fill_bias(c, &r, bias);
  forward_steps(&r, vs_reals(c->in[W_HH]), bias, hidden, products, held);
  scatter(&r, h, r.states, vs_reals(c->out[0]));
  last_rows(&r, r.states, vs_reals(c->out[1]));
  if (r.lstm) last_rows(&r, r.cells, vs_reals(c->out[2]));
}

/* --- backward ---
 *
 * A row of the gates' gradients: the LSTM's i, f, g, o.  The GRU's n as x sees it, r, z, n as the
 * state before sees it: the last three go to W_hh, the middle two and the first to W_ih. */

static vs_real *of_hidden(const rnn *r, vs_real *dg) { return r->lstm ? dg : dg + r->h; }

static void backward_rows(void *arg, int64_t first, int64_t last, int slot) {
  const step *s = arg;
  const rnn *r = s->r;
  const vs_kernels_rnn *k = vs_k_rnn();
  (void)slot;
  for (int64_t i = first; i < last; i++) {
    int64_t row = r->start[s->t] + i;
    const vs_real *prev = before(r, r->lstm ? r->cells : r->states, s->t);
    if (prev) prev += i * r->h;
    const vs_real *gates = r->gates + row * r->gh, *cell = r->cells + row * r->h;
    const vs_real *dy = s->dy ? s->dy + r->place[row] * r->h : NULL;
    vs_real *dh = s->dh + i * r->h, *dg = s->dg + row * r->dg;
    if (r->lstm)
      k->lstm_cell_back(r->h, gates, prev, cell, dh, dy, s->dc + i * r->h, dg);
    else
      k->gru_cell_back(r->h, gates, cell, prev, dy, dh, dg);
  }
}

/* What flows from step t into the states before it: dh (+)= dgates_t W_hh; the GRU's dh already
 * holds its direct part. */
static void flow(const vs_ctx *c, const rnn *r, const step *s, int64_t t) {
  const vs_real *dgh = of_hidden(r, s->dg) + r->start[t] * r->dg;
  vs_gemm(s->room, false, false, r->count[t], r->h, r->gh, 1, dgh, r->dg, vs_reals(c->in[W_HH]),
          r->h, !r->lstm, s->dh, r->h);
}

/* Leaves the gradients of the initial states in dh and dc, by rank. */
static void backward_steps(const vs_ctx *c, const rnn *r, step *s) {
  int64_t next = 0; /* rows of the step after */
  s->t = 0;
  while (s->t < r->t && r->count[s->t]) s->t++;
  for (s->t--; s->t >= 0; s->t--) {
    int64_t n = r->count[s->t];
    if (next) flow(c, r, s, s->t + 1);
    /* rows that end here: their running gradient starts as that of the last state */
    by_rank(r, next, n, c->dout[1], s->dh);
    if (r->lstm) by_rank(r, next, n, c->dout[2], s->dc);
    vs_parallel(n, grain(r->h, 2048), backward_rows, s);
    next = n;
  }
  if (!c->din[H0] && !(r->lstm && c->din[C0])) return;
  if (next) flow(c, r, s, 0);
  by_rank(r, next, r->b, c->dout[1], s->dh);
  if (r->lstm) by_rank(r, next, r->b, c->dout[2], s->dc);
}

typedef struct colsum {
  int64_t rows, ld;
  const vs_real *x;
  vs_real *out;
} colsum;

static void sum_columns_range(void *arg, int64_t first, int64_t last, int slot) {
  const colsum *s = arg;
  (void)slot;
  memset(s->out + first, 0, (size_t)(last - first) * sizeof(vs_real));
  for (int64_t i = 0; i < s->rows; i++)
    vs_k_rnn()->add(last - first, s->out + first, s->x + i * s->ld + first);
}

static void sum_columns(const rnn *r, int64_t cols, const vs_real *x, vs_real *out) {
  colsum s = {r->rows, r->dg, x, out};
  vs_parallel(cols, 256, sum_columns_range, &s);
}

static void bias_grads(vs_ctx *c, const rnn *r, vs_real *dg) {
  vs_real *of_x = c->din[B_IH] ? vs_reals(c->din[B_IH]) : NULL;
  vs_real *of_h = c->din[B_HH] ? vs_reals(c->din[B_HH]) : NULL;
  int64_t shared = r->lstm ? r->gh : 2 * r->h; /* columns that are the same in both */
  if (of_h) sum_columns(r, r->gh, of_hidden(r, dg), of_h);
  if (of_x && of_h)
    memcpy(of_x, of_h, (size_t)shared * sizeof *of_x);
  else if (of_x)
    sum_columns(r, shared, of_hidden(r, dg), of_x);
  if (of_x && !r->lstm) sum_columns(r, r->h, dg, of_x + shared);
}

/* Rows of step 0 where they follow zeros. */
static int64_t before_count(const rnn *r) { return r->t && !r->first ? r->count[0] : 0; }

/* The states before those of step 1 (0 where there are initial ones) and later, packed as they are.
 * While no row ends they lie so, one step in front; else they are copied into rows. */
static const vs_real *states_before(const rnn *r, vs_real *rows) {
  int64_t t = r->first ? 0 : 1, last = r->t - 1;
  if (t <= last && r->count[last] == r->count[0]) return before(r, r->states, t);
  for (int64_t skip = r->start[t]; t <= last && r->count[t]; t++)
    memcpy(rows + (r->start[t] - skip) * r->h, before(r, r->states, t),
           (size_t)(r->count[t] * r->h) * sizeof *rows);
  return rows;
}

/* forward: gates = x W_ih^T + h_prev W_hh^T + b.  rows: memory for packed ones. */
static void weight_grads(vs_ctx *c, const rnn *r, const vs_gemm_room *room, vs_real *dg,
                         vs_real *rows) {
  int64_t n0 = before_count(r), shared = r->lstm ? r->gh : 2 * r->h;
  if (c->din[W_HH])
    vs_gemm(room, true, false, r->gh, r->h, r->rows - n0, 1, of_hidden(r, dg) + n0 * r->dg, r->dg,
            r->t ? states_before(r, rows) : rows, r->h, 0, vs_reals(c->din[W_HH]), r->h);
  if (!c->din[W_IH]) return;
  vs_real *dw = vs_reals(c->din[W_IH]);
  gather(r, r->in, rows, vs_reals(c->in[X]));
  vs_gemm(room, true, false, shared, r->in, r->rows, 1, of_hidden(r, dg), r->dg, rows, r->in, 0, dw,
          r->in);
  if (!r->lstm)
    vs_gemm(room, true, false, r->h, r->in, r->rows, 1, dg, r->dg, rows, r->in, 0,
            dw + shared * r->in, r->in);
}

static void input_grad(vs_ctx *c, const rnn *r, const vs_gemm_room *room, vs_real *dg,
                       vs_real *rows) {
  int64_t shared = r->lstm ? r->gh : 2 * r->h;
  const vs_real *w = vs_reals(c->in[W_IH]);
  if (!c->din[X]) return;
  vs_gemm(room, false, false, r->rows, r->in, shared, 1, of_hidden(r, dg), r->dg, w, r->in, 0, rows,
          r->in);
  if (!r->lstm)
    vs_gemm(room, false, false, r->rows, r->in, r->h, 1, dg, r->dg, w + shared * r->in, r->in, 1,
            rows, r->in);
  scatter(r, r->in, rows, vs_reals(c->din[X]));
}

static int rnn_backward(vs_ctx *c, int gates) {
  rnn r = rnn_of(c, gates);
  int64_t shared = r.lstm ? r.gh : 2 * r.h;
  vs_gemm_size sizes[] = {{r.b, r.h, r.gh},       {r.gh, r.h, r.rows - before_count(&r)},
                          {shared, r.in, r.rows}, {r.rows, r.in, shared},
                          {r.h, r.in, r.rows},    {r.rows, r.in, r.h}};
  int count = VS_COUNT(sizes) - (r.lstm ? 2 : 0);
  size_t of_all = vs_gemm_bytes_any(1, count, sizes, false);
  size_t of_held = vs_gemm_held_bytes(r.b, r.h, r.gh);
  char *memory = vs_mem_alloc(of_all + of_held);
  if (memory == NULL) return -1;
  vs_gemm_room room;
  vs_gemm_open_any(&room, memory, 1, count, sizes, false);
  vs_gemm_room of_steps = room;
  if (of_held)
    vs_gemm_hold(&of_steps, memory + of_all, false, r.h, r.gh, vs_reals(c->in[W_HH]), r.h);
  vs_real *dg = c->work, *rows = dg + r.rows * r.dg, *dh = rows + r.rows * VS_MAX(r.in, r.h);
  step s = {.r = &r,
            .dy = c->dout[0] ? vs_reals(c->dout[0]) : NULL,
            .dh = dh,
            .dc = dh + r.b * r.h,
            .dg = dg,
            .room = &of_steps};
  backward_steps(c, &r, &s);
  if (c->din[H0]) by_row(&r, s.dh, c->din[H0]);
  if (r.lstm && c->din[C0]) by_row(&r, s.dc, c->din[C0]);
  weight_grads(c, &r, &room, dg, rows);
  bias_grads(c, &r, dg);
  input_grad(c, &r, &room, dg, rows);
  vs_mem_free(memory);
  return 0;
}

static int lstm_shape(vs_ctx *c) { return rnn_shape(c, 4); }
static void lstm_forward(vs_ctx *c) { rnn_forward(c, 4); }
static int lstm_backward(vs_ctx *c) { return rnn_backward(c, 4); }

const vs_opdef vs_op_lstm = {
    .name = "lstm",
    .args = "x:tensor, w_ih:tensor, w_hh:tensor, b_ih:tensor?, b_hh:tensor?, lengths:index?, "
            "reverse:bool=false, h0:tensor?, c0:tensor?",
    .outputs = 3,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(W_IH) | VS_KEEP_IN(W_HH),
    .shape = lstm_shape,
    .forward = lstm_forward,
    .backward = lstm_backward,
    .doc = "One layer of LSTM in one direction. x [B,T,I], w_ih [4H,I], w_hh [4H,H], biases [4H] "
           "(gates i, f, g, o), lengths [B] of 1..T -> y [B,T,H] (zeros at padded steps), h_n "
           "[B,H], c_n [B,H]: the last valid state and cell. reverse reads each row from its last "
           "valid step to its first; h0, c0 [B,H] are the state and cell to begin with, zeros when "
           "absent. Hochreiter & Schmidhuber 1997.",
};

static int gru_shape(vs_ctx *c) { return rnn_shape(c, 3); }
static void gru_forward(vs_ctx *c) { rnn_forward(c, 3); }
static int gru_backward(vs_ctx *c) { return rnn_backward(c, 3); }

const vs_opdef vs_op_gru = {
    .name = "gru",
    .args = "x:tensor, w_ih:tensor, w_hh:tensor, b_ih:tensor?, b_hh:tensor?, lengths:index?, "
            "reverse:bool=false, h0:tensor?",
    .outputs = 2,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(W_IH) | VS_KEEP_IN(W_HH),
    .shape = gru_shape,
    .forward = gru_forward,
    .backward = gru_backward,
    .doc = "One layer of GRU in one direction. x [B,T,I], w_ih [3H,I], w_hh [3H,H], biases [3H] "
           "(gates r, z, n), lengths [B] of 1..T -> y [B,T,H] (zeros at padded steps), h_n [B,H]: "
           "the last valid state. reverse reads each row from its last valid step to its first; h0 "
           "[B,H] is the state to begin with, zeros when absent. Cho et al. 2014.",
};
