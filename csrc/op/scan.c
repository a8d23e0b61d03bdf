/* cumsum and cumprod, which keep every step: in double, and in int64 for integers.
 *
 * Lines of `along` values are run along, VS_LINES or VS_LINES_BESIDE neighbouring ones at a time.
 * Few long lines are cut into pieces, by their sizes alone: first each piece gets its total, then
 * the total of those before it to start from. */
#include "kernel/reduce.h"
#include "op/dims.h"

enum { LINES = VS_LINES, COLUMNS = VS_LINES_BESIDE, MIN_PIECE = 4096, GRAIN = 1 << 15 };

typedef struct running {
  const void *x;
  void *y;
  int64_t along, inner, blocks; /* blocks: of neighbouring lines at one outer position */
  int64_t step;                 /* from value to value: inner, or its opposite */
  const vs_fold *fold;
  vs_dtype dtype;
  vs_scanfn scan;
  int64_t pieces;
  vs_acc *total; /* of each piece */
} running;

static void run(const running *j, int64_t lines, int64_t at, int64_t apart, int64_t n,
                vs_acc *acc) {
  size_t size = vs_dtype_size(j->dtype);
  j->scan(lines, apart, n, j->step, (const char *)j->x + at * (int64_t)size,
          (char *)j->y + at * (int64_t)size, acc);
}

/* Blocks of lines. */
static void run_blocks(void *arg, int64_t first, int64_t last, int slot) {
  const running *j = arg;
  vs_acc acc[COLUMNS];
  (void)slot;
  for (int64_t b = first, lines; b < last && !vs_interrupted(); b += j->inner == 1 ? lines : 1) {
    int64_t column = b % j->blocks * COLUMNS, apart = j->inner == 1 ? j->along : 1;
    int64_t at = b / j->blocks * j->along * j->inner + column;
    lines = j->inner == 1 ? VS_MIN(LINES, last - b) : VS_MIN(COLUMNS, j->inner - column);
    if (j->step < 0) at += (j->along - 1) * j->inner;
    for (int64_t i = 0; i < lines; i++) acc[i] = j->fold->start;
    run(j, lines, at, apart, j->along, acc);
  }
}

/* Where piece p of a line starts, in the order that it is run along. */
static int64_t piece_at(const running *j, int64_t p) { return j->along / j->pieces * p; }

static void total_pieces(void *arg, int64_t first, int64_t last, int slot) {
  const running *j = arg;
  (void)slot;
  for (int64_t p = first; p < last; p++) {
    int64_t n = piece_at(j, 1), at = piece_at(j, p);
    if (j->step < 0) at = j->along - at - n;
    j->total[p] = j->fold->start;
    j->fold->runs(1, 0, n, (const char *)j->x + at * (int64_t)vs_dtype_size(j->dtype), 1, NULL,
                  j->total + p);
  }
}

/* Pieces side by side are lines too; the last one may be longer. */
static void run_pieces(void *arg, int64_t first, int64_t last, int slot) {
  const running *j = arg;
  (void)slot;
  for (int64_t p = first, lines; p < last; p += lines) {
    int64_t n = piece_at(j, 1), at = p * n, apart = n;
    lines = VS_MIN(LINES, last - p);
    if (j->step < 0) at = j->along - 1 - at, apart = -n;
    run(j, lines, at, apart, n, j->total + p);
    if (p + lines == j->pieces)
      run(j, 1, at + lines * apart, 0, j->along - j->pieces * n, j->total + p + lines - 1);
  }
}

static void run_line(running j, int64_t line) {
  enum { MOST = 64 };
  vs_acc total[MOST], before = j.fold->start;
  size_t at = (size_t)(line * j.along) * vs_dtype_size(j.dtype);
  j.x = (const char *)j.x + at;
  j.y = (char *)j.y + at;
  j.total = total;
  j.pieces = VS_MIN(MOST, j.along / MIN_PIECE);
  vs_parallel(j.pieces, 1, total_pieces, &j);
  for (int64_t p = 0; p < j.pieces; p++) {
    vs_acc all = j.fold->merge(before, total[p]);
    total[p] = before;
    before = all;
  }
  vs_parallel(j.pieces, LINES, run_pieces, &j);
}

static int running_shape(vs_ctx *c) {
  if (vs_as_number(c, 0)) return -1;
  vs_along(c->in[0], (int)c->attr[0].i, c->n);
  return vs_out_like(c, 0, c->in[0]);
}

static void run_along(const vs_ctx *c, vs_tensor *x, vs_tensor *y, int fold, bool reverse) {
  bool real = vs_is_real(x);
  running j = {.x = vs_data(x),
               .y = vs_data(y),
               .along = c->n[1],
               .inner = c->n[2],
               .blocks = (c->n[2] + COLUMNS - 1) / COLUMNS,
               .step = reverse ? -c->n[2] : c->n[2],
               .fold = (real ? vs_k_reduce()->real : vs_k_reduce()->whole) + fold,
               .dtype = x->dtype,
               .scan = vs_k_reduce()->scan[fold == VS_FOLD_PROD][!real]};
  if (j.inner == 1 && c->n[0] < LINES && j.along >= LINES * MIN_PIECE)
    for (int64_t o = 0; o < c->n[0]; o++) run_line(j, o);
  else
    vs_parallel(c->n[0] * j.blocks, GRAIN / (VS_MIN(j.inner, COLUMNS) * VS_MAX(j.along, 1) + 1) + 1,
                run_blocks, &j);
}

static void cumsum_forward(vs_ctx *c) { run_along(c, c->in[0], c->out[0], VS_FOLD_SUM, false); }

/* dx[k] = dy[k] + dy[k+1] + ... */
static int cumsum_backward(vs_ctx *c) {
  run_along(c, c->dout[0], c->din[0], VS_FOLD_SUM, true);
  return 0;
}

const vs_opdef vs_op_cumsum = {
    .name = "cumsum",
    .args = "x:any, dim:dim",
    .outputs = 1,
    .shape = running_shape,
    .forward = cumsum_forward,
    .backward = cumsum_backward,
    .doc = "Sums of the first 1, 2, ... elements along dim, of x's shape. Integers and masks give "
           "int64.",
};

typedef struct products {
  const vs_real *x, *dy;
  vs_real *y;
  int64_t along, inner;
} products;

static int64_t line_start(const products *j, int64_t line) {
  return line / j->inner * j->along * j->inner + line % j->inner;
}

/* dx[k] = x[0] * ... * x[k-1] * s[k],  s[k] = dy[k] + x[k+1] * s[k+1]: no division, so that zeros
 * are nothing special. */
static void multiply_lines_back(void *arg, int64_t first, int64_t last, int slot) {
  const products *j = arg;
  (void)slot;
  for (int64_t line = first; line < last; line++) {
    int64_t start = line_start(j, line);
    double s = 0, before = 1;
    for (int64_t k = j->along - 1; k >= 0; k--) {
      int64_t at = start + k * j->inner;
      double after = k + 1 < j->along ? (double)j->x[at + j->inner] * s : 0;
      s = (double)j->dy[at] + after;
      j->y[at] = (vs_real)s;
    }
    for (int64_t k = 0; k < j->along; k++) {
      int64_t at = start + k * j->inner;
      j->y[at] = (vs_real)((double)j->y[at] * before);
      before *= (double)j->x[at];
    }
  }
}

static void cumprod_forward(vs_ctx *c) { run_along(c, c->in[0], c->out[0], VS_FOLD_PROD, false); }

static int cumprod_backward(vs_ctx *c) {
  products j = {.x = vs_reals(c->in[0]),
                .dy = vs_reals(c->dout[0]),
                .y = vs_reals(c->din[0]),
                .along = c->n[1],
                .inner = c->n[2]};
  vs_parallel(c->n[0] * j.inner, GRAIN / VS_MAX(j.along, 1) + 1, multiply_lines_back, &j);
  return 0;
}

const vs_opdef vs_op_cumprod = {
    .name = "cumprod",
    .args = "x:any, dim:dim",
    .outputs = 1,
    .keep = VS_KEEP_IN(0),
    .shape = running_shape,
    .forward = cumprod_forward,
    .backward = cumprod_backward,
    .doc =
        "Products of the first 1, 2, ... elements along dim, of x's shape. Integers and masks give "
        "int64.",
};
