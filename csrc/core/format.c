/* Tensors as text.  See format.h.
 *
 * All numbers of a tensor share one style, chosen from those that will be shown: whole numbers,
 * four decimals, or scientific.  More than 1,000 elements: three at each end of every dimension. */
#include "core/format.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"

enum { LONG = 1000, EDGE = 3 };

typedef struct text {
  char *s;
  size_t n, cap;
  bool failed;
} text;

static void put(text *b, const char *fmt, ...) VS_PRINTF(2, 3);

static void put(text *b, const char *fmt, ...) {
  char word[256];
  va_list ap;
  va_start(ap, fmt);
  int len = vsnprintf(word, sizeof word, fmt, ap);
  va_end(ap);
  if (b->n + (size_t)len + 1 > b->cap) {
    size_t cap = 2 * b->cap + 512;
    char *s = b->failed ? NULL : realloc(b->s, cap);
    if (s == NULL) {
      b->failed = true;
      return;
    }
    b->s = s;
    b->cap = cap;
  }
  memcpy(b->s + b->n, word, (size_t)len + 1);
  b->n += (size_t)len;
}

typedef struct style {
  enum { WHOLE, FIXED, SCIENTIFIC, BOOLEAN } kind;
  int width;
  bool shorten;
} style;

static void number(char *out, size_t size, const style *st, double v) {
  if (st->kind == BOOLEAN) {
    snprintf(out, size, "%s", v != 0 ? "true" : "false");
  } else if (isnan(v)) {
    snprintf(out, size, "nan");
  } else if (isinf(v)) {
    snprintf(out, size, v > 0 ? "inf" : "-inf");
  } else {
    vs_snprintf(out, size, st->kind == WHOLE ? "%.0f" : st->kind == FIXED ? "%.4f" : "%.4e", v);
  }
}

static void element(text *b, const vs_tensor *t, const style *st, int64_t at) {
  char word[64];
  if (t->dtype == VS_INT64)
    snprintf(word, sizeof word, "%lld", (long long)vs_get_int(t, at));
  else
    number(word, sizeof word, st, vs_get_double(t, at));
  put(b, "%*s", st->width, word);
}

typedef void (*visitor)(const vs_tensor *t, int64_t at, void *arg);

/* Calls visit for every element that is shown, in order. */
static void shown(const vs_tensor *t, bool shorten, int dim, int64_t at, visitor visit, void *arg) {
  if (dim == t->ndim) {
    visit(t, at, arg);
    return;
  }
  int64_t n = t->shape[dim];
  for (int64_t i = 0; i < n; i++) {
    if (shorten && n > 2 * EDGE && i == EDGE) i = n - EDGE;
    shown(t, shorten, dim + 1, at + i * t->stride[dim], visit, arg);
  }
}

typedef struct survey {
  bool whole;
  double least, most; /* magnitudes of what is finite and not 0 */
} survey;

static void look(const vs_tensor *t, int64_t at, void *arg) {
  survey *s = arg;
  double v = fabs(vs_get_double(t, at));
  if (!isfinite(v) || v == 0) return;
  s->whole = s->whole && v == floor(v);
  s->least = VS_MIN(s->least, v);
  s->most = VS_MAX(s->most, v);
}

typedef struct measure {
  const style *st;
  int width;
} measure;

static void fit(const vs_tensor *t, int64_t at, void *arg) {
  measure *m = arg;
  char word[64];
  if (t->dtype == VS_INT64)
    m->width = VS_MAX(m->width, snprintf(word, sizeof word, "%lld", (long long)vs_get_int(t, at)));
  number(word, sizeof word, m->st, vs_get_double(t, at));
  if (t->dtype != VS_INT64) m->width = VS_MAX(m->width, (int)strlen(word));
}

static style choose(const vs_tensor *t) {
  style st = {.shorten = t->numel > LONG};
  survey s = {true, HUGE_VAL, 0};
  shown(t, st.shorten, 0, 0, look, &s);
  if (t->dtype == VS_BOOL)
    st.kind = BOOLEAN;
  else if (s.whole && s.most < 1e8)
    st.kind = WHOLE;
  else
    st.kind = s.most >= 1e5 || s.most < 1e-3 || s.most > 1e7 * s.least ? SCIENTIFIC : FIXED;
  measure m = {&st, 0};
  shown(t, st.shorten, 0, 0, fit, &m);
  st.width = m.width;
  return st;
}

static void rows(text *b, const vs_tensor *t, const style *st, int dim, int64_t at) {
  if (dim == t->ndim) {
    element(b, t, st, at);
    return;
  }
  bool last = dim == t->ndim - 1;
  int64_t n = t->shape[dim], per_line = VS_MAX(1, (88 - dim) / (st->width + 2));
  put(b, "[");
  for (int64_t i = 0; i < n; i++) {
    bool gap = st->shorten && n > 2 * EDGE && i == EDGE;
    bool wrap = i > 0 && (!last || (i % per_line == 0 && !st->shorten));
    if (i > 0) put(b, wrap ? ",\n" : ", ");
    for (int k = dim + 1; k < t->ndim - 1 && wrap; k++) put(b, k == dim + 1 ? "\n" : "");
    if (wrap) put(b, "%*s", dim + 1, "");
    if (gap) {
      put(b, "..., ");
      if (!last) put(b, "\n%*s", dim + 1, "");
      i = n - EDGE;
    }
    rows(b, t, st, dim + 1, at + i * t->stride[dim]);
  }
  put(b, "]");
}

char *vs_format(const vs_tensor *t) {
  text b = {0};
  if (t->numel > 0) {
    style st = choose(t);
    rows(&b, t, &st, 0, 0);
    put(&b, t->ndim > 1 ? "\n" : "  ");
  }
  put(&b, "%s %s", vs_dtype_name(t->dtype), vs_shape_str(t));
  if (t->node != NULL)
    put(&b, ", part of a graph");
  else if (t->requires_grad)
    put(&b, ", requires_grad");
  if (b.failed) {
    free(b.s);
    vs_fail_memory(b.cap);
    return NULL;
  }
  return b.s;
}
