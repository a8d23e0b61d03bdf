/* Ranking losses over a square matrix of similarities with the matching pairs on its diagonal.
 *
 * A violation that is NaN counts as the worst: the loss is NaN then. */
#include <string.h>

#include "op/loss.h"

enum { SCORES, SAME };
enum { ALL, HARDEST };

/* scores [B,B], same [B,B] */
static int hinge_shape(vs_ctx *c) {
  const vs_tensor *s = c->in[SCORES], *same = c->in[SAME];
  if (s->ndim != 2 || s->shape[0] != s->shape[1])
    return vs_fail("scores is %s, expected a square matrix [B,B]", vs_shape_str(s));
  if (same && !vs_same_shape(same, s))
    return vs_fail("same is %s but scores is %s: expected the same shape", vs_shape_str(same),
                   vs_shape_str(s));
  c->work_bytes = c->back_bytes = 2 * (size_t)s->shape[0] * (sizeof(vs_real) + sizeof(int64_t));
  return vs_out(c, 0, VS_REAL, 0, NULL);
}

typedef struct pass {
  int64_t b, i;
  vs_real margin, own; /* own: the score of row i's match */
  const vs_real *row, *diag;
  const uint8_t *same; /* row i's, or NULL */
} pass;

static void fill_diag(int64_t b, const vs_real *s, vs_real *diag) {
  for (int64_t j = 0; j < b; j++) diag[j] = s[j * b + j];
}

static pass row_of(const vs_ctx *c, int64_t i, const vs_real *diag) {
  pass p = {.b = c->in[SCORES]->shape[0],
            .i = i,
            .margin = (vs_real)c->attr[0].f,
            .own = diag[i],
            .diag = diag};
  p.row = vs_reals(c->in[SCORES]) + i * p.b;
  p.same = c->in[SAME] ? vs_bytes(c->in[SAME]) + i * p.b : NULL;
  return p;
}

static inline bool negative(const pass *p, int64_t j) {
  return j != p->i && !(p->same && p->same[j]);
}
/* How much the pair (i, j) violates the margin against the match of its row, of its column. */
static inline vs_real by_row(const pass *p, int64_t j) { return p->margin + p->row[j] - p->own; }
static inline vs_real by_column(const pass *p, int64_t j) {
  return p->margin + p->row[j] - p->diag[j];
}

/* Whether violation v takes the place of `most`; NaN does, and keeps it. */
static inline bool worse(vs_real v, vs_real most) { return v > most || v != v; }

static double scale_of(const vs_ctx *c) {
  int64_t b = c->in[SCORES]->shape[0];
  return c->attr[2].i == 0 && b > 0 ? 1 / (double)b : 1;
}

static double sum_all(const vs_ctx *c, const vs_real *diag) {
  int64_t b = c->in[SCORES]->shape[0];
  double total = 0;
  for (int64_t i = 0; i < b; i++) {
    pass p = row_of(c, i, diag);
    vs_real s = 0;
    for (int64_t j = 0; j < b; j++) {
      vs_real r = by_row(&p, j), k = by_column(&p, j), both = VS_HINGE(r) + VS_HINGE(k);
      s += negative(&p, j) ? both : 0;
    }
    total += (double)s;
  }
  return total;
}

/* The sum of the worst violation of every row and of every column (kept in top); where they are,
 * -1 where there is none, goes to row_at and col_at unless those are NULL. */
static double sum_hardest(const vs_ctx *c, const vs_real *diag, vs_real *top, int64_t *row_at,
                          int64_t *col_at) {
  int64_t b = c->in[SCORES]->shape[0];
  double total = 0;
  memset(top, 0, (size_t)b * sizeof *top);
  for (int64_t i = 0; row_at && i < b; i++) row_at[i] = col_at[i] = -1;
  for (int64_t i = 0; i < b; i++) {
    pass p = row_of(c, i, diag);
    vs_real most = 0;
    for (int64_t j = 0; j < b; j++) {
      if (!negative(&p, j)) continue;
      vs_real r = by_row(&p, j), k = by_column(&p, j);
      if (worse(r, most)) {
        most = r;
        if (row_at) row_at[i] = j;
      }
      if (worse(k, top[j])) {
        top[j] = k;
        if (col_at) col_at[j] = i;
      }
    }
    total += (double)most;
  }
  for (int64_t j = 0; j < b; j++) total += (double)top[j];
  return total;
}

static void hinge_forward(vs_ctx *c) {
  int64_t b = c->in[SCORES]->shape[0];
  vs_real *diag = c->work, *top = diag + b;
  fill_diag(b, vs_reals(c->in[SCORES]), diag);
  double total = c->attr[1].i == ALL ? sum_all(c, diag) : sum_hardest(c, diag, top, NULL, NULL);
  vs_reals(c->out[0])[0] = (vs_real)(total * scale_of(c));
}

/* Every violating pair pulls its score down and the two matches up. */
static void back_all(const vs_ctx *c, const vs_real *diag, vs_real g, vs_real *cols, vs_real *ds) {
  int64_t b = c->in[SCORES]->shape[0];
  memset(cols, 0, (size_t)b * sizeof *cols);
  for (int64_t i = 0; i < b; i++) {
    pass p = row_of(c, i, diag);
    vs_real rows = 0;
    for (int64_t j = 0; j < b; j++) {
      bool neg = negative(&p, j);
      vs_real r = neg && !(by_row(&p, j) <= 0) ? g : 0;
      vs_real k = neg && !(by_column(&p, j) <= 0) ? g : 0;
      ds[i * b + j] = r + k;
      cols[j] += k;
      rows += r;
    }
    ds[i * b + i] = -rows;
  }
  for (int64_t j = 0; j < b; j++) ds[j * b + j] -= cols[j];
}

static void back_hardest(const vs_ctx *c, const vs_real *diag, vs_real g, vs_real *top, int64_t *at,
                         vs_real *ds) {
  int64_t b = c->in[SCORES]->shape[0];
  int64_t *row_at = at, *col_at = at + b;
  sum_hardest(c, diag, top, row_at, col_at);
  memset(ds, 0, (size_t)(b * b) * sizeof *ds);
  for (int64_t i = 0; i < b; i++) {
    if (row_at[i] >= 0) ds[i * b + row_at[i]] += g, ds[i * b + i] -= g;
    if (col_at[i] >= 0) ds[col_at[i] * b + i] += g, ds[i * b + i] -= g;
  }
}

static int hinge_backward(vs_ctx *c) {
  int64_t b = c->in[SCORES]->shape[0];
  int64_t *at = c->work;
  vs_real *diag = (vs_real *)(at + 2 * b), *top = diag + b, *ds = vs_reals(c->din[SCORES]);
  vs_real g = (vs_real)(scale_of(c) * (double)vs_reals(c->dout[0])[0]);
  fill_diag(b, vs_reals(c->in[SCORES]), diag);
  if (c->attr[1].i == ALL)
    back_all(c, diag, g, top, ds);
  else
    back_hardest(c, diag, g, top, at, ds);
  return 0;
}

const vs_opdef vs_op_hinge_ranking = {
    .name = "hinge_ranking",
    .args = "scores:tensor, margin:num=0.2, negatives:sum|hardest=sum, reduction:mean|sum=mean, "
            "same:mask?",
    .outputs = 1,
    .flags = VS_KINK,
    .keep = VS_KEEP_IN(SCORES) | VS_KEEP_IN(SAME),
    .shape = hinge_shape,
    .forward = hinge_forward,
    .backward = hinge_backward,
    .doc = "Hinge ranking of a similarity matrix, scores [B,B] with the matches on the diagonal: "
           "max(0, margin + s_ij - s_ii) over each row and max(0, margin + s_ij - s_jj) over each "
           "column, summed over all negatives (Kiros et al. 2014) or the hardest one alone "
           "(Faghri et al. 2018, VSE++). same [B,B] marks pairs that are no negatives, such as "
           "pairs with one label. mean divides by B.",
};
