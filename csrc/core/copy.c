/* Copying, filling and converting values between tensors of any strides and dtypes.  See
 * tensor.h. */
#include <string.h>

#include "core/error.h"
#include "core/hooks.h"
#include "core/loop.h"
#include "core/thread.h"

/* ---- one inner run per pair of dtypes ---- */

/* The element of `from` as a C expression of the destination. */
#define RUN(name, D, S, expr)                                                \
  static void name(int64_t n, void *const *p, const int64_t *s, void *arg) { \
    D *d = p[0];                                                             \
    const S *x = p[1];                                                       \
    int64_t sd = s[0], sx = s[1];                                            \
    (void)arg;                                                               \
    if (sd == 1 && sx == 1)                                                  \
      for (int64_t i = 0; i < n; i++) {                                      \
        S v = x[i];                                                          \
        d[i] = (D)(expr);                                                    \
      }                                                                      \
    else if (sd == 1 && sx == 0) {                                           \
      S v = x[0];                                                            \
      D one = (D)(expr);                                                     \
      for (int64_t i = 0; i < n; i++) d[i] = one;                            \
    } else                                                                   \
      for (int64_t i = 0; i < n; i++) {                                      \
        S v = x[i * sx];                                                     \
        d[i * sd] = (D)(expr);                                               \
      }                                                                      \
  }

/* v between low and high, NaN as the least. */
#define LIMITED(v, low, high) (!((v) > (low)) ? (low) : (v) < (high) ? (int64_t)(v) : (high))
#define INT64_OF(v) (!((v) > -0x1p63F) ? INT64_MIN : (v) < 0x1p63F ? (int64_t)(v) : INT64_MAX)

RUN(same8, uint8_t, uint8_t, v)
RUN(same16, uint16_t, uint16_t, v)
RUN(same32, uint32_t, uint32_t, v)
RUN(same64, uint64_t, uint64_t, v)
RUN(f32_f64, float, double, v)
RUN(f64_f32, double, float, v)
RUN(f32_u8, float, uint8_t, v)
RUN(f64_u8, double, uint8_t, v)
RUN(f32_i64, float, int64_t, v)
RUN(f64_i64, double, int64_t, v)
RUN(f32_i32, float, int32_t, v)
RUN(f64_i32, double, int32_t, v)
RUN(i64_u8, int64_t, uint8_t, v)
RUN(i64_i32, int64_t, int32_t, v)
RUN(i64_f32, int64_t, float, INT64_OF(v))
RUN(i64_f64, int64_t, double, INT64_OF(v))
RUN(i32_i64, int32_t, int64_t, LIMITED(v, INT32_MIN, INT32_MAX))
RUN(i32_f32, int32_t, float, LIMITED((double)v, INT32_MIN, INT32_MAX))
RUN(i32_f64, int32_t, double, LIMITED(v, INT32_MIN, INT32_MAX))
RUN(u8_i64, uint8_t, int64_t, LIMITED(v, 0, 255))
RUN(u8_f32, uint8_t, float, LIMITED(v, 0, 255))
RUN(u8_f64, uint8_t, double, LIMITED(v, 0, 255))
RUN(bool_u8, uint8_t, uint8_t, v != 0)
RUN(bool_i64, uint8_t, int64_t, v != 0)
RUN(bool_f32, uint8_t, float, v != 0)
RUN(bool_f64, uint8_t, double, v != 0)
RUN(f32_f16, float, uint16_t, vs_half_to_float(v))
RUN(f32_bf16, float, uint16_t, vs_bf16_to_float(v))
RUN(f16_f32, uint16_t, float, vs_float_to_half(v))
RUN(bf16_f32, uint16_t, float, vs_float_to_bf16(v))

/* Any pair, slowly: through double, but int64 to int32 and back exact. */
static void any_pair(int64_t n, void *const *p, const int64_t *s, void *arg) {
  vs_tensor *const *t = arg; /* dtypes only */
  vs_storage ds = {.data = p[0]}, ss = {.data = p[1]};
  vs_tensor d = {.dtype = t[0]->dtype, .storage = &ds}, x = {.dtype = t[1]->dtype, .storage = &ss};
  for (int64_t i = 0; i < n; i++) vs_set_double(&d, i * s[0], vs_get_double(&x, i * s[1]));
}

static vs_loopfn run_for(vs_dtype d, vs_dtype s) {
  static const struct {
    vs_dtype d, s;
    vs_loopfn fn;
  } pairs[] = {{VS_FLOAT32, VS_FLOAT64, f32_f64},   {VS_FLOAT64, VS_FLOAT32, f64_f32},
               {VS_FLOAT32, VS_UINT8, f32_u8},      {VS_FLOAT64, VS_UINT8, f64_u8},
               {VS_FLOAT32, VS_BOOL, f32_u8},       {VS_FLOAT64, VS_BOOL, f64_u8},
               {VS_FLOAT32, VS_INT64, f32_i64},     {VS_FLOAT64, VS_INT64, f64_i64},
               {VS_FLOAT32, VS_INT32, f32_i32},     {VS_FLOAT64, VS_INT32, f64_i32},
               {VS_INT64, VS_UINT8, i64_u8},        {VS_INT64, VS_BOOL, i64_u8},
               {VS_INT64, VS_INT32, i64_i32},       {VS_INT64, VS_FLOAT32, i64_f32},
               {VS_INT64, VS_FLOAT64, i64_f64},     {VS_INT32, VS_INT64, i32_i64},
               {VS_INT32, VS_FLOAT32, i32_f32},     {VS_INT32, VS_FLOAT64, i32_f64},
               {VS_UINT8, VS_INT64, u8_i64},        {VS_UINT8, VS_FLOAT32, u8_f32},
               {VS_UINT8, VS_FLOAT64, u8_f64},      {VS_UINT8, VS_BOOL, same8},
               {VS_BOOL, VS_UINT8, bool_u8},        {VS_BOOL, VS_INT64, bool_i64},
               {VS_BOOL, VS_FLOAT32, bool_f32},     {VS_BOOL, VS_FLOAT64, bool_f64},
               {VS_FLOAT32, VS_FLOAT16, f32_f16},   {VS_FLOAT16, VS_FLOAT32, f16_f32},
               {VS_FLOAT32, VS_BFLOAT16, f32_bf16}, {VS_BFLOAT16, VS_FLOAT32, bf16_f32}};
  if (d == s) {
    size_t size = vs_dtype_size(d);
    return size == 1 ? same8 : size == 2 ? same16 : size == 4 ? same32 : same64;
  }
  for (int i = 0; i < VS_COUNT(pairs); i++)
    if (pairs[i].d == d && pairs[i].s == s) return pairs[i].fn;
  return any_pair;
}

vs_castfn (*vs_cast_hook)(vs_dtype to, vs_dtype from);

/* A walk from one dtype to another. */
typedef struct cast {
  vs_tensor **pair;
  vs_loopfn any;
  vs_castfn dense; /* NULL: none */
} cast;

static void cast_run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  const cast *c = arg;
  if (c->dense && s[0] == 1 && s[1] == 1)
    c->dense(n, p[0], p[1]);
  else
    c->any(n, p, s, c->pair);
}

bool vs_overlaps(const vs_tensor *d, const vs_tensor *s) {
  if (d->storage != s->storage) return false;
  if (d->offset != s->offset || d->dtype != s->dtype) return true;
  for (int i = 0; i < d->ndim; i++)
    if (d->stride[i] != s->stride[i] && d->shape[i] != 1) return true;
  return false;
}

typedef struct bytes {
  char *to;
  const char *from;
} bytes;

static void copy_bytes(void *arg, int64_t first, int64_t last, int slot) {
  const bytes *b = arg;
  (void)slot;
  memcpy(b->to + first, b->from + first, (size_t)(last - first));
}

enum { BYTES = 1 << 20 }; /* of a thread, at least */

/* Contiguous tensors of one dtype, which may overlap. */
static void copy_whole(vs_tensor *dst, vs_tensor *src) {
  int64_t n = dst->numel * (int64_t)vs_dtype_size(dst->dtype);
  bytes b = {vs_data(dst), vs_data(src)};
  if (n < 2 * BYTES || vs_overlaps(dst, src))
    memmove(b.to, b.from, (size_t)n);
  else
    vs_parallel(n, BYTES, copy_bytes, &b);
}

int vs_copy(vs_tensor *dst, vs_tensor *src) {
  vs_tensor from, *pair[2] = {dst, &from}, *apart = NULL;
  if (vs_broadcast_onto(&from, src, dst->ndim, dst->shape) < 0) return -1;
  if (dst->dtype == src->dtype && vs_is_contiguous(dst) && vs_is_contiguous(&from)) {
    copy_whole(dst, &from);
    return 0;
  }
  if (vs_overlaps(dst, &from)) {
    if ((apart = vs_clone(&from)) == NULL) return -1;
    pair[1] = apart;
  }
  cast c = {pair, run_for(dst->dtype, src->dtype), NULL};
  if (dst->dtype != src->dtype && vs_cast_hook) c.dense = vs_cast_hook(dst->dtype, src->dtype);
  vs_loop(2, pair, cast_run, &c, true);
  vs_unref(apart);
  return 0;
}

static void clear_bytes(void *arg, int64_t first, int64_t last, int slot) {
  (void)slot;
  memset((char *)arg + first, 0, (size_t)(last - first));
}

/* `one` has t's dtype and one element. */
static void fill_with(vs_tensor *t, vs_tensor *one) {
  vs_tensor *pair[2] = {t, one};
  for (int d = 0; d < t->ndim; d++) one->shape[d] = t->shape[d]; /* strides stay 0: a broadcast */
  one->ndim = t->ndim;
  vs_loop(2, pair, run_for(t->dtype, t->dtype), pair, true);
}

int vs_fill(vs_tensor *t, double value) {
  int64_t word[1] = {0};
  vs_storage s = {.refs = 2, .data = word};
  vs_tensor one = {.refs = 1, .dtype = t->dtype, .numel = 1, .storage = &s};
  if (value == 0 && vs_is_contiguous(t)) {
    vs_parallel(t->numel * (int64_t)vs_dtype_size(t->dtype), BYTES, clear_bytes, vs_data(t));
    return 0;
  }
  vs_set_double(&one, 0, value);
  fill_with(t, &one);
  return 0;
}

void vs_fill_int(vs_tensor *t, int64_t value) {
  vs_storage s = {.refs = 2, .data = &value};
  vs_tensor one = {.refs = 1, .dtype = t->dtype, .numel = 1, .storage = &s};
  if (t->dtype == VS_INT64)
    fill_with(t, &one);
  else
    vs_fill(t, (double)value);
}

vs_tensor *vs_tensor_full(vs_dtype dtype, int ndim, const int64_t *shape, double value) {
  vs_tensor *t = vs_tensor_new(dtype, ndim, shape);
  if (t != NULL) vs_fill(t, value);
  return t;
}

vs_tensor *vs_clone(vs_tensor *t) {
  vs_tensor *c = vs_tensor_new(t->dtype, t->ndim, t->shape);
  if (c != NULL) vs_copy(c, t);
  return c;
}

vs_tensor *vs_contiguous(vs_tensor *t) { return vs_is_contiguous(t) ? vs_ref(t) : vs_clone(t); }

vs_tensor *vs_cast(vs_tensor *t, vs_dtype dtype) {
  if (t->dtype == dtype) return vs_ref(t);
  vs_tensor *c = vs_tensor_new(dtype, t->ndim, t->shape);
  if (c != NULL && vs_copy(c, t) < 0) {
    vs_unref(c);
    return NULL;
  }
  return c;
}
