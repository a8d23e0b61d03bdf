/* Reductions over any dimensions.  See fold.h. */
#include "op/fold.h"

#include "op/dims.h"

enum {
  GRAIN = 1 << 15,  /* elements of a thread, and of a piece */
  BATCH = 4096,     /* elements of runs that are visited together */
  MIN_BESIDE = 8,   /* groups side by side that rows are worth while for */
  SLOTS = 4096,     /* results of pieces */
  MAX_PIECES = 64,  /* of one group */
  FEW_RUNS = 16,    /* groups that are cut into pieces, where they are runs */
  FEW_COLUMNS = 512 /* and where they lie side by side */
};

/* The order of reduced dimensions is free: those with the smallest steps come last. */
vs_groups vs_groups_of(const vs_tensor *x, unsigned mask) {
  vs_groups g = {.kept = 1, .reduced = 1};
  int order[VS_MAX_DIM], n = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (!(mask >> d & 1)) {
      g.kept *= x->shape[d];
      vs_add_dim(&g.nk, g.ksize, g.kstride, x->shape[d], x->stride[d]);
      continue;
    }
    int at = n++;
    for (; at > 0 && x->stride[order[at - 1]] < x->stride[d]; at--) order[at] = order[at - 1];
    order[at] = d;
    g.reduced *= x->shape[d];
  }
  for (int i = 0; i < n; i++)
    vs_add_dim(&g.nr, g.rsize, g.rstride, x->shape[order[i]], x->stride[order[i]]);
  if (g.nr == 0) g.rsize[g.nr++] = 1;
  g.beside = g.nk > 0 && g.kstride[g.nk - 1] == 1 && g.ksize[g.nk - 1] >= MIN_BESIDE &&
             g.rstride[g.nr - 1] != 1;
  return g;
}

bool vs_groups_scattered(const vs_groups *g) { return !g->beside && g->rstride[g->nr - 1] > 1; }

int64_t vs_groups_some(const vs_groups *g, int64_t k, int64_t last) {
  int64_t most = g->beside ? VS_COLUMNS : BATCH / VS_MAX(g->reduced, 1);
  int64_t row = g->nk > 0 ? g->ksize[g->nk - 1] - k % g->ksize[g->nk - 1] : 1;
  return VS_MAX(VS_MIN(VS_MIN(most, VS_COLUMNS), VS_MIN(row, last - k)), 1);
}

void vs_groups_walk(const vs_groups *g, int64_t k, int64_t some, int64_t first, int64_t last,
                    vs_stretchfn fn, void *arg) {
  int64_t run = g->rsize[g->nr - 1], at = vs_offset_of(k, g->nk, g->ksize, g->kstride);
  vs_stretch s = {
      .n = some, .apart = g->nk > 0 ? g->kstride[g->nk - 1] : 0, .step = g->rstride[g->nr - 1]};
  for (int64_t r = first; r < last; r += s.rows) {
    s.at = at + vs_offset_of(r, g->nr, g->rsize, g->rstride);
    s.rows = VS_MIN(run - r % run, last - r);
    fn(arg, &s);
  }
}

void vs_groups_run(const vs_groups *g, vs_rangefn fn, void *arg) {
  vs_parallel(g->kept, GRAIN / VS_MAX(g->reduced, 1) + 1, fn, arg);
}

/* ---- folding ---- */

static const vs_fold *fold_of(vs_dtype dtype, int fold) {
  const vs_kernels_reduce *k = vs_k_reduce();
  return dtype == VS_REAL      ? &k->real[fold]
         : dtype == VS_INT64   ? &k->whole[fold]
         : dtype == VS_FLOAT64 ? &k->wide[fold]
                               : &k->byte[fold];
}

typedef struct state {
  const vs_fold *fold;
  const char *x;
  size_t size;
  const double *centre; /* NULL, or of each group */
  vs_acc *acc;
} state;

static void fold_stretch(void *arg, const vs_stretch *s) {
  const state *t = arg;
  const char *x = t->x + s->at * (int64_t)t->size;
  if (s->apart == 1 && s->n > 1)
    t->fold->rows(s->n, s->rows, x, s->step, t->centre, t->acc);
  else
    t->fold->runs(s->n, s->apart, s->rows, x, s->step, t->centre, t->acc);
}

/* Elements first..last of `some` groups from k on. */
static void fold_some(const vs_folding *f, int fold, int64_t k, int64_t some, int64_t first,
                      int64_t last, const double *centre, vs_acc *acc) {
  state s = {fold_of(f->dtype, fold), f->x, vs_dtype_size(f->dtype), centre, acc};
  for (int64_t j = 0; j < some; j++) acc[j] = s.fold->start;
  vs_groups_walk(&f->g, k, some, first, last, fold_stretch, &s);
}

static void to_means(const vs_groups *g, int64_t n, const vs_acc *acc, double *mean) {
  for (int64_t j = 0; j < n; j++) mean[j] = acc[j].real / (double)g->reduced;
}

void vs_fold_means(const vs_groups *g, const vs_real *x, int64_t k, int64_t some, double *mean) {
  vs_folding f = {.g = *g, .x = x, .dtype = VS_REAL};
  vs_acc acc[VS_COLUMNS];
  fold_some(&f, VS_FOLD_SUM, k, some, 0, g->reduced, NULL, acc);
  to_means(g, some, acc, mean);
}

static void whole_groups(void *arg, int64_t first, int64_t last, int slot) {
  const vs_folding *f = arg;
  vs_acc acc[VS_COLUMNS];
  double mean[VS_COLUMNS];
  (void)slot;
  for (int64_t k = first, n; k < last; k += n) {
    n = vs_groups_some(&f->g, k, last);
    fold_some(f, f->fold, k, n, 0, f->g.reduced, NULL, acc);
    if (f->twice) {
      to_means(&f->g, n, acc, mean);
      fold_some(f, VS_FOLD_SQUARES, k, n, 0, f->g.reduced, mean, acc);
    }
    f->done(f, k, n, acc);
  }
}

/* Elements of all groups, a piece at a time. */
typedef struct pieces {
  const vs_folding *f;
  int fold;
  const double *centre;
  vs_acc *acc; /* SLOTS */
  int64_t count;
} pieces;

static void fold_pieces(void *arg, int64_t first, int64_t last, int slot) {
  pieces *p = arg;
  const vs_groups *g = &p->f->g;
  (void)slot;
  for (int64_t i = first; i < last; i++) {
    int64_t from = g->reduced * i / p->count, to = g->reduced * (i + 1) / p->count;
    for (int64_t k = 0, n; k < g->kept; k += n) {
      n = vs_groups_some(g, k, g->kept);
      fold_some(p->f, p->fold, k, n, from, to, p->centre ? p->centre + k : NULL,
                p->acc + i * g->kept + k);
    }
  }
}

/* The results are the first `kept` of p->acc. */
static void fold_cut(pieces *p) {
  const vs_groups *g = &p->f->g;
  vs_acc (*merge)(vs_acc, vs_acc) = fold_of(p->f->dtype, p->fold)->merge;
  vs_parallel(p->count, GRAIN / (g->reduced / p->count * g->kept + 1) + 1, fold_pieces, p);
  for (int64_t i = 1; i < p->count; i++)
    for (int64_t k = 0; k < g->kept; k++) p->acc[k] = merge(p->acc[k], p->acc[i * g->kept + k]);
}

static int64_t piece_count(const vs_groups *g) {
  if (g->kept == 0 || g->kept > (g->beside ? FEW_COLUMNS : FEW_RUNS)) return 1;
  int64_t most = VS_MIN(MAX_PIECES, SLOTS / g->kept);
  return VS_MIN(VS_MIN(most, g->reduced), g->kept * g->reduced / GRAIN);
}

static void fold_by_pieces(const vs_folding *f, int64_t count) {
  vs_acc acc[SLOTS];
  double mean[FEW_COLUMNS];
  pieces p = {f, f->fold, NULL, acc, count};
  fold_cut(&p);
  if (f->twice) {
    to_means(&f->g, f->g.kept, acc, mean);
    p.fold = VS_FOLD_SQUARES;
    p.centre = mean;
    fold_cut(&p);
  }
  f->done(f, 0, f->g.kept, acc);
}

vs_folding vs_folding_of(const vs_ctx *c, int fold) {
  return (vs_folding){.g = vs_groups_of(c->in[0], (unsigned)c->n[0]),
                      .x = vs_data(c->in[0]),
                      .dtype = c->in[0]->dtype,
                      .fold = fold,
                      .done = vs_fold_plain,
                      .out = vs_data(c->out[0])};
}

void vs_fold_all(const vs_folding *f) {
  int64_t count = piece_count(&f->g);
  if (count > 1)
    fold_by_pieces(f, count);
  else
    vs_groups_run(&f->g, whole_groups, (void *)(uintptr_t)f);
}

void vs_fold_scaled(const vs_folding *f, int64_t k, int64_t n, const vs_acc *acc) {
  for (int64_t j = 0; j < n; j++) ((vs_real *)f->out)[k + j] = (vs_real)(acc[j].real * f->number);
}

void vs_fold_plain(const vs_folding *f, int64_t k, int64_t n, const vs_acc *acc) {
  if (f->dtype == VS_REAL)
    for (int64_t j = 0; j < n; j++) ((vs_real *)f->out)[k + j] = (vs_real)acc[j].real;
  else
    for (int64_t j = 0; j < n; j++) ((vs_acc *)f->out)[k + j] = acc[j];
}
