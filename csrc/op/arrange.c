/* Elements in other places: pad, flip, roll, tile, repeat_interleave; and tril, triu.
 *
 * The first five are one thing: for each dimension a table says which position of x an output
 * position takes, or none.  Dimensions behind the last one that changes go together, and so do
 * positions of that one that are neighbours on both sides. */
#include <string.h>

#include "op/dims.h"

/* n positions of the output from `to` on, of the last dimension that changes, take those of x from
 * `from` on. */
typedef struct stretch {
  int64_t to, n, from;
} stretch;

/* Inputs and sizes of a map.  out's dimensions up to `dims` have tables, one behind the other;
 * those before the last of them make `rows`, each of which is put together from the stretches;
 * inner elements behind it go together. */
typedef struct map {
  int dims;
  int64_t rows, inner, xsize[VS_MAX_DIM], size[VS_MAX_DIM]; /* sizes of x, of the output */
  int64_t *table[VS_MAX_DIM];
  int64_t nstretch, xrow, yrow; /* elements of a row in x and in the output */
  stretch *stretch;
} map;

/* Where output position i of dimension d comes from, or -1. */
typedef int64_t (*source_fn)(const vs_ctx *c, int d, int64_t i, int64_t size);

/* Room for the tables of an output with these sizes: scratch for both directions. */
static int mapped_shape(vs_ctx *c, int ndim, const int64_t *shape) {
  size_t total = 0, largest = 1;
  if (vs_out(c, 0, c->in[0]->dtype, ndim, shape)) return -1;
  if (c->out[0]->numel == 0) return 0; /* nothing will be looked up */
  for (int d = 0; d < ndim; d++) {
    total += (size_t)shape[d];
    largest = VS_MAX(largest, (size_t)shape[d]);
  }
  c->work_bytes = c->back_bytes = total * sizeof(int64_t) + largest * sizeof(stretch);
  return 0;
}

static void find_stretches(map *m) {
  int last = m->dims - 1;
  int64_t n = last < 0 ? 1 : m->size[last];
  m->xrow = m->inner * (last < 0 ? 1 : m->xsize[last]);
  m->yrow = m->inner * n;
  for (int64_t i = 0; i < n; i++) {
    int64_t from = last < 0 ? 0 : m->table[last][i];
    stretch *s = m->nstretch > 0 ? &m->stretch[m->nstretch - 1] : NULL;
    if (from < 0) continue;
    if (s && s->to + s->n == i && s->from + s->n == from)
      s->n++;
    else
      m->stretch[m->nstretch++] = (stretch){.to = i, .n = 1, .from = from};
  }
}

/* x's sizes are those of in[0] with ones in front when the output has more dimensions. */
static map make_map(const vs_ctx *c, source_fn source) {
  const vs_tensor *x = c->in[0], *y = c->out[0];
  int64_t *room = c->work;
  map m = {.inner = 1};
  for (int d = 0; d < y->ndim; d++) {
    int from = d - (y->ndim - x->ndim);
    bool same = true;
    m.size[d] = y->shape[d];
    m.xsize[d] = from < 0 ? 1 : x->shape[from];
    m.table[d] = room;
    room += y->shape[d];
    for (int64_t i = 0; i < m.size[d]; i++) {
      m.table[d][i] = source(c, d, i, m.xsize[d]);
      same = same && m.table[d][i] == i;
    }
    if (!same || m.size[d] != m.xsize[d]) m.dims = d + 1;
  }
  for (int d = m.dims; d < y->ndim; d++) m.inner *= m.size[d];
  m.stretch = (stretch *)(void *)room;
  find_stretches(&m);
  m.rows = y->numel / m.yrow;
  return m;
}

/* Row of x that output row r takes; -1 where there is none. */
static int64_t source_of(const map *m, int64_t r) {
  int64_t at = 0, step = 1;
  bool none = false;
  for (int d = m->dims - 2; d >= 0; d--) {
    int64_t from = m->table[d][r % m->size[d]];
    r /= m->size[d];
    none = none || from < 0;
    at += from * step;
    step *= m->xsize[d];
  }
  return none ? -1 : at;
}

typedef struct copying {
  map m;
  size_t item; /* bytes */
  const char *x;
  char *y;
} copying;

static void copy_rows(void *arg, int64_t first, int64_t last, int slot) {
  const copying *j = arg;
  const map *m = &j->m;
  (void)slot;
  for (int64_t r = first; r < last; r++) {
    int64_t from = source_of(m, r);
    for (int64_t k = 0; from >= 0 && k < m->nstretch; k++) {
      const stretch *s = &m->stretch[k];
      memcpy(j->y + (size_t)(r * m->yrow + s->to * m->inner) * j->item,
             j->x + (size_t)(from * m->xrow + s->from * m->inner) * j->item,
             (size_t)(s->n * m->inner) * j->item);
    }
  }
}

static void map_forward(vs_ctx *c, source_fn source) {
  if (c->out[0]->numel == 0) return;
  copying j = {.m = make_map(c, source), .x = vs_data(c->in[0]), .y = vs_data(c->out[0])};
  j.item = vs_dtype_size(c->in[0]->dtype);
  vs_parallel(j.m.rows, (1 << 14) / j.m.yrow + 1, copy_rows, &j);
}

/* dx = sum of dy over the places that were copied from it, in row order */
static int map_backward(vs_ctx *c, source_fn source) {
  const vs_real *dy = vs_reals(c->dout[0]);
  vs_fill(c->din[0], 0);
  if (c->out[0]->numel == 0) return 0;
  map m = make_map(c, source);
  for (int64_t r = 0; r < m.rows; r++, dy += m.yrow) {
    int64_t from = source_of(&m, r);
    for (int64_t k = 0; from >= 0 && k < m.nstretch; k++) {
      const stretch *s = &m.stretch[k];
      vs_real *dx = vs_reals(c->din[0]) + from * m.xrow + s->from * m.inner;
      for (int64_t i = 0; i < s->n * m.inner; i++) dx[i] += dy[s->to * m.inner + i];
    }
  }
  return 0;
}

#define MAP(name)                                                          \
  static void name##_forward(vs_ctx *c) { map_forward(c, name##_source); } \
  static int name##_backward(vs_ctx *c) { return map_backward(c, name##_source); }

/* ---- pad: attr pad, mode, value; n[d]: how much in front of dimension d ---- */

enum { PAD, MODE, VALUE };
enum { CONSTANT, REFLECT, REPLICATE };

/* The sizes before and after a dimension; pad names the last dimension first. */
static int pad_one(vs_ctx *c, int d, int64_t *size) {
  const vs_tensor *x = c->in[0];
  const vs_value *pad = &c->attr[PAD];
  int at = 2 * (x->ndim - 1 - d);
  int64_t before = at < pad->n ? pad->ints[at] : 0, after = at < pad->n ? pad->ints[at + 1] : 0;
  int64_t limit = c->attr[MODE].i == REFLECT ? x->shape[d] - 1 : INT64_MAX / 4;
  *size = x->shape[d];
  c->n[d] = before;
  if (before == 0 && after == 0) return 0;
  bool fits = before <= limit && after <= limit && before >= -*size && after >= -*size;
  if (c->attr[MODE].i == REPLICATE && x->shape[d] == 0) fits = false;
  if (!fits || before + after < -*size)
    return vs_fail("%lld before and %lld after are out of range for dimension %d of x %s",
                   (long long)before, (long long)after, d + 1, vs_shape_str(x));
  *size += before + after;
  return 0;
}

static int pad_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int64_t shape[VS_MAX_DIM] = {0};
  int n = c->attr[PAD].n;
  if (n % 2 != 0 || n > 2 * x->ndim)
    return vs_fail("pad has %d numbers, expected two for each of the last dimensions of x %s", n,
                   vs_shape_str(x));
  for (int d = 0; d < x->ndim; d++)
    if (pad_one(c, d, &shape[d])) return -1;
  return mapped_shape(c, x->ndim, shape);
}

static int64_t pad_source(const vs_ctx *c, int d, int64_t i, int64_t size) {
  int64_t from = i - c->n[d];
  if (from >= 0 && from < size) return from;
  if (c->attr[MODE].i == CONSTANT) return -1;
  if (c->attr[MODE].i == REPLICATE) return from < 0 ? 0 : size - 1;
  return from < 0 ? -from : 2 * (size - 1) - from;
}

static void pad_forward(vs_ctx *c) {
  if (c->attr[MODE].i == CONSTANT) vs_fill_number(c->out[0], &c->attr[VALUE]);
  map_forward(c, pad_source);
}
static int pad_backward(vs_ctx *c) { return map_backward(c, pad_source); }

const vs_opdef vs_op_pad = {
    .name = "pad",
    .args = "x:any, pad:ints, mode:constant|reflect|replicate=constant, value:number=0",
    .outputs = 1,
    .shape = pad_shape,
    .forward = pad_forward,
    .backward = pad_backward,
    .doc = "x with elements added around it. pad is {before, after} of the last dimension, then of "
           "the one before it, ...: at most four; negative numbers cut away. reflect mirrors x "
           "without repeating its edge (less than a size), replicate repeats the edge.",
};

/* ---- flip and roll ---- */

static int64_t bit(const vs_value *dims, int d) {
  for (int i = 0; i < dims->n; i++)
    if (dims->ints[i] == d) return 1;
  return 0;
}

static int flip_shape(vs_ctx *c) {
  for (int d = 0; d < c->in[0]->ndim; d++)
    c->n[d] = c->attr[0].kind == VS_V_NONE || bit(&c->attr[0], d);
  return mapped_shape(c, c->in[0]->ndim, c->in[0]->shape);
}

static int64_t flip_source(const vs_ctx *c, int d, int64_t i, int64_t size) {
  return c->n[d] ? size - 1 - i : i;
}
MAP(flip)

const vs_opdef vs_op_flip = {
    .name = "flip",
    .args = "x:any, dims:dims?",
    .outputs = 1,
    .shape = flip_shape,
    .forward = flip_forward,
    .backward = flip_backward,
    .doc = "A copy with the order along the dimensions reversed; along all when none is given.",
};

/* attr: shifts, dims.  n[d]: shift of dimension d, 0 <= shift < size */
static int roll_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  const vs_value *shifts = &c->attr[0], *dims = &c->attr[1];
  if (shifts->n != dims->n)
    return vs_fail("%d shifts for %d dimensions of x %s", shifts->n, dims->n, vs_shape_str(x));
  memset(c->n, 0, sizeof c->n);
  for (int i = 0; i < dims->n && x->numel > 0 && x->ndim > 0; i++) {
    int64_t size = x->shape[dims->ints[i]], shift = shifts->ints[i] % size;
    c->n[dims->ints[i]] = shift < 0 ? shift + size : shift;
  }
  return mapped_shape(c, x->ndim, x->shape);
}

static int64_t roll_source(const vs_ctx *c, int d, int64_t i, int64_t size) {
  return i < c->n[d] ? i - c->n[d] + size : i - c->n[d];
}
MAP(roll)

const vs_opdef vs_op_roll = {
    .name = "roll",
    .args = "x:any, shifts:ints, dims:dims",
    .outputs = 1,
    .shape = roll_shape,
    .forward = roll_forward,
    .backward = roll_backward,
    .doc =
        "A copy shifted along each of dims by its number; what leaves at the end comes in at the "
        "start.",
};

/* ---- tile and repeat_interleave ---- */

static int tile_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  const vs_value *v = &c->attr[0];
  int64_t shape[VS_MAX_DIM] = {0};
  int ndim = VS_MAX(x->ndim, v->n);
  for (int d = 0; d < ndim; d++) {
    int from = d - (ndim - x->ndim), at = d - (ndim - v->n);
    int64_t times = at < 0 ? 1 : v->ints[at];
    if (times < 0) return vs_fail("cannot repeat dimension %d %lld times", d + 1, (long long)times);
    if (__builtin_mul_overflow(from < 0 ? 1 : x->shape[from], times, &shape[d]))
      return vs_fail("%s times x %s is too large", vs_dims_str(v->n, v->ints), vs_shape_str(x));
  }
  return mapped_shape(c, ndim, shape);
}

static int64_t tile_source(const vs_ctx *c, int d, int64_t i, int64_t size) {
  (void)c, (void)d;
  return i % size;
}
MAP(tile)

const vs_opdef vs_op_tile = {
    .name = "tile",
    .args = "x:any, times:ints",
    .outputs = 1,
    .shape = tile_shape,
    .forward = tile_forward,
    .backward = tile_backward,
    .doc = "x repeated as a whole, so many times along each of the last dimensions: x:tile(2, 3). "
           "More numbers than dimensions add dimensions in front. expand does it without a copy "
           "where a size is 1.",
};

/* attr: times, dim */
static int interleave_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int dim = (int)c->attr[1].i;
  int64_t shape[VS_MAX_DIM] = {0};
  if (x->ndim == 0) return vs_fail("x has no dimensions");
  if (c->attr[0].i < 0)
    return vs_fail("times is %lld, expected 0 or more", (long long)c->attr[0].i);
  memcpy(shape, x->shape, sizeof shape);
  if (__builtin_mul_overflow(shape[dim], c->attr[0].i, &shape[dim]))
    return vs_fail("%lld times x %s is too large", (long long)c->attr[0].i, vs_shape_str(x));
  return mapped_shape(c, x->ndim, shape);
}

static int64_t interleave_source(const vs_ctx *c, int d, int64_t i, int64_t size) {
  (void)size;
  return d == (int)c->attr[1].i ? i / c->attr[0].i : i;
}
MAP(interleave)

const vs_opdef vs_op_repeat_interleave = {
    .name = "repeat_interleave",
    .args = "x:any, times:int, dim:dim=1",
    .outputs = 1,
    .shape = interleave_shape,
    .forward = interleave_forward,
    .backward = interleave_backward,
    .doc = "Each position along dim so many times in a row: 1, 2 twice is 1, 1, 2, 2.",
};

/* ---- tril and triu: of the matrices in the last two dimensions ---- */

static int triangle_shape(vs_ctx *c) {
  if (c->in[0]->ndim < 2)
    return vs_fail("x is %s, expected at least 2 dimensions", vs_shape_str(c->in[0]));
  return vs_out_like(c, 0, c->in[0]);
}

/* to = from where column - row is at most (lower) or at least (upper) the diagonal, else 0 */
static void triangle(const vs_ctx *c, vs_tensor *to, const vs_tensor *from, bool lower) {
  int64_t rows = from->shape[from->ndim - 2], columns = from->shape[from->ndim - 1];
  int64_t diagonal = VS_MAX(VS_MIN(c->attr[0].i, columns), -rows);
  size_t size = vs_dtype_size(from->dtype);
  const char *x = vs_data(from);
  char *y = vs_data(to);
  memset(y, 0, (size_t)to->numel * size); /* 0 in every dtype */
  for (int64_t r = 0; columns > 0 && r < from->numel / columns; r++) {
    int64_t edge = r % rows + diagonal + (lower ? 1 : 0); /* first column that differs */
    edge = VS_MAX(VS_MIN(edge, columns), 0);
    size_t at = (size_t)(r * columns + (lower ? 0 : edge)) * size;
    memcpy(y + at, x + at, (size_t)(lower ? edge : columns - edge) * size);
  }
}

static void tril_forward(vs_ctx *c) { triangle(c, c->out[0], c->in[0], true); }
static int tril_backward(vs_ctx *c) {
  triangle(c, c->din[0], c->dout[0], true);
  return 0;
}
static void triu_forward(vs_ctx *c) { triangle(c, c->out[0], c->in[0], false); }
static int triu_backward(vs_ctx *c) {
  triangle(c, c->din[0], c->dout[0], false);
  return 0;
}

const vs_opdef vs_op_tril = {
    .name = "tril",
    .args = "x:any, diagonal:int=0",
    .outputs = 1,
    .shape = triangle_shape,
    .forward = tril_forward,
    .backward = tril_backward,
    .doc = "The lower triangle of each matrix [..., M, N], the rest 0. diagonal = 1 keeps one more "
           "diagonal above the main one, -1 one less.",
};

const vs_opdef vs_op_triu = {
    .name = "triu",
    .args = "x:any, diagonal:int=0",
    .outputs = 1,
    .shape = triangle_shape,
    .forward = triu_forward,
    .backward = triu_backward,
    .doc = "The upper triangle of each matrix [..., M, N], the rest 0. diagonal = 1 leaves out the "
           "main diagonal, -1 keeps one more below it.",
};
