/* Antialiased resizing, in two passes of weighted sums: along the width, then along the height.
 *
 * Invariant: output pixel i of n covers the input around (i + 0.5) * size / n; its weights are the
 * filter sampled at the input pixels' centres, stretched by the reduction, and add up to 1.  Bytes
 * are rounded after each pass.  See image.h for shapes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/image.h"

/* --- weights --- */

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

static double triangle(double x) { return fabs(x) < 1 ? 1 - fabs(x) : 0; }

/* Keys' cubic with a = -1/2 (IEEE Trans. ASSP 29, 1981). */
static double cubic(double x) {
  x = fabs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

static double sinc(double x) {
  x *= 3.14159265358979323846;
  return x == 0 ? 1 : sin(x) / x;
}

static double lanczos3(double x) { return fabs(x) < 3 ? sinc(x) * sinc(x / 3) : 0; }

static const struct {
  double (*value)(double);
  double support;
} filters[] = {[VS_BOX] = {box, 0.5},
               [VS_BILINEAR] = {triangle, 1},
               [VS_BICUBIC] = {cubic, 2},
               [VS_LANCZOS] = {lanczos3, 3}};

/* Output i sums input[first[i] + k] * weight[i * room + k], k < count[i]; fixed: the same weights
 * in units of 1 / 2^FIXED_BITS, with which sums of bytes are exact. */
typedef struct taps {
  int64_t n, room;
  int64_t *first, *count;
  vs_real *weight;
  int32_t *fixed;
} taps;

enum { FIXED_BITS = 22 }; /* a byte, two bits for weights below 0 and above 1, and these: 32 */

static void taps_free(taps *t) {
  free(t->first);
  free(t->count);
  free(t->weight);
  free(t->fixed);
}

static void set_taps(taps *t, int64_t i, double center, double support, double stretch,
                     int64_t size, double (*value)(double)) {
  int64_t first = VS_MAX((int64_t)(center - support + 0.5), 0);
  int64_t last = VS_MIN((int64_t)(center + support + 0.5), size);
  double sum = 0;
  for (int64_t k = first; k < last; k++) sum += value(((double)k - center + 0.5) / stretch);
  for (int64_t k = first; k < last; k++) {
    double w = value(((double)k - center + 0.5) / stretch) / sum;
    t->weight[i * t->room + k - first] = (vs_real)w;
    t->fixed[i * t->room + k - first] = (int32_t)lround(w * (1 << FIXED_BITS));
  }
  t->first[i] = first;
  t->count[i] = last - first;
}

static int taps_make(taps *t, int64_t size, int64_t n, vs_filter filter) {
  double scale = (double)size / (double)n, stretch = VS_MAX(scale, 1.0);
  double support = filters[filter].support * stretch;
  *t = (taps){.n = n, .room = (int64_t)ceil(support) * 2 + 1};
  t->first = vs_new((size_t)n * sizeof *t->first);
  t->count = vs_new((size_t)n * sizeof *t->count);
  t->weight = vs_new((size_t)(n * t->room) * sizeof *t->weight);
  t->fixed = vs_new((size_t)(n * t->room) * sizeof *t->fixed);
  if (!t->first || !t->count || !t->weight || !t->fixed) return -1;
  for (int64_t i = 0; i < n; i++) {
    set_taps(t, i, ((double)i + 0.5) * scale, support, stretch, size, filters[filter].value);
  }
  return 0;
}

/* --- passes over bytes --- */

/* The whole-number sums give the same bytes on every instruction set. */
#if defined(__x86_64__)
#define FAST __attribute__((target_clones("avx2", "default")))
#else
#define FAST
#endif

static inline uint8_t to_byte(int32_t sum) {
  int32_t v = sum >> FIXED_BITS;
  return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

enum { LANES = 16, HALF = 1 << (FIXED_BITS - 1) };

/* rows of w -> rows of x->n.  Sixteen rows at a time; turned [w,LANES] is scratch with the rows as
 * columns. */
FAST static void bytes_width(const uint8_t *in, uint8_t *out, int64_t rows, int64_t w,
                             const taps *x, int32_t *turned) {
  for (int64_t row = 0; row < rows; row += LANES, in += LANES * w, out += LANES * x->n) {
    int lanes = (int)VS_MIN((int64_t)LANES, rows - row);
    for (int64_t i = 0; i < w; i++) {
      for (int r = 0; r < LANES; r++) turned[i * LANES + r] = in[VS_MIN(r, lanes - 1) * w + i];
    }
    for (int64_t i = 0; i < x->n; i++) {
      const int32_t *column = turned + x->first[i] * LANES, *weight = x->fixed + i * x->room;
      int32_t sum[LANES];
      for (int r = 0; r < LANES; r++) sum[r] = HALF;
      for (int64_t k = 0; k < x->count[i]; k++) {
        for (int r = 0; r < LANES; r++) sum[r] += weight[k] * column[k * LANES + r];
      }
      for (int r = 0; r < lanes; r++) out[r * x->n + i] = to_byte(sum[r]);
    }
  }
}

/* planes of [h,w] -> planes of [y->n,w].  sum [w] is scratch. */
FAST static void bytes_height(const uint8_t *in, uint8_t *out, int64_t planes, int64_t h, int64_t w,
                              const taps *y, int32_t *sum) {
  for (int64_t j = 0; j < planes * y->n; j++, out += w) {
    int64_t i = j % y->n;
    const uint8_t *row = in + (j / y->n * h + y->first[i]) * w;
    for (int64_t c = 0; c < w; c++) sum[c] = HALF;
    for (int64_t k = 0; k < y->count[i]; k++, row += w) {
      int32_t weight = y->fixed[i * y->room + k];
      for (int64_t c = 0; c < w; c++) sum[c] += weight * row[c];
    }
    for (int64_t c = 0; c < w; c++) out[c] = to_byte(sum[c]);
  }
}

/* --- passes over numbers --- */

static void reals_width(const vs_real *in, vs_real *out, int64_t rows, int64_t w, const taps *x) {
  for (int64_t row = 0; row < rows; row++, in += w, out += x->n) {
    for (int64_t i = 0; i < x->n; i++) {
      const vs_real *from = in + x->first[i], *weight = x->weight + i * x->room;
      vs_real sum = 0;
      for (int64_t k = 0; k < x->count[i]; k++) sum += weight[k] * from[k];
      out[i] = sum;
    }
  }
}

static void reals_height(const vs_real *in, vs_real *out, int64_t planes, int64_t h, int64_t w,
                         const taps *y) {
  for (int64_t j = 0; j < planes * y->n; j++, out += w) {
    int64_t i = j % y->n;
    const vs_real *row = in + (j / y->n * h + y->first[i]) * w;
    memset(out, 0, (size_t)w * sizeof *out);
    for (int64_t k = 0; k < y->count[i]; k++, row += w) {
      vs_real weight = y->weight[i * y->room + k];
      for (int64_t c = 0; c < w; c++) out[c] += weight * row[c];
    }
  }
}

/* --- nearest --- */

static void nearest(const char *in, char *out, size_t size, int64_t planes, int64_t h, int64_t w,
                    int64_t height, int64_t width) {
  double step_y = (double)h / (double)height, step_x = (double)w / (double)width, y = 0, x;
  for (int64_t j = 0; j < planes * height; j++, y += step_y) {
    if (j % height == 0)
      y = step_y / 2; /* sums, not products: Pillow rounds this way at the edges */
    const char *row = in + (size_t)((j / height * h + VS_MIN((int64_t)y, h - 1)) * w) * size;
    x = step_x / 2;
    for (int64_t i = 0; i < width; i++, x += step_x, out += size) {
      memcpy(out, row + (size_t)VS_MIN((int64_t)x, w - 1) * size, size);
    }
  }
}

/* --- whole --- */

static int check_sizes(const vs_tensor *t, int64_t height, int64_t width) {
  if (t->ndim < 2 || t->numel == 0) {
    return vs_fail("image.resize: a picture is [...,H,W] with pixels, got %s", vs_shape_str(t));
  }
  if (t->dtype != VS_UINT8 && t->dtype != VS_REAL) {
    return vs_fail("image.resize: a picture is uint8 or %s, got %s", vs_dtype_name(VS_REAL),
                   vs_dtype_name(t->dtype));
  }
  if (height < 1 || width < 1 || height > VS_IMAGE_MAX_SIDE || width > VS_IMAGE_MAX_SIDE ||
      t->shape[t->ndim - 2] > VS_IMAGE_MAX_SIDE || t->shape[t->ndim - 1] > VS_IMAGE_MAX_SIDE) {
    return vs_fail("image.resize: sides are 1 to %d; asked for [%lld,%lld] of %s",
                   VS_IMAGE_MAX_SIDE, (long long)height, (long long)width, vs_shape_str(t));
  }
  return 0;
}

static vs_tensor *new_sized(const vs_tensor *t, int64_t height, int64_t width) {
  int64_t shape[VS_MAX_DIM];
  memcpy(shape, t->shape, sizeof shape);
  shape[t->ndim - 2] = height;
  shape[t->ndim - 1] = width;
  return vs_tensor_new(t->dtype, t->ndim, shape);
}

/* in: contiguous [...,h,w].  A pass that changes nothing is left out. */
static vs_tensor *resize_width(vs_tensor *in, int64_t width, vs_filter filter) {
  int64_t w = in->shape[in->ndim - 1], rows = in->numel / w;
  if (w == width) return vs_ref(in);
  taps x = {0};
  vs_tensor *out = new_sized(in, in->shape[in->ndim - 2], width);
  int32_t *turned = vs_new0((size_t)w * LANES * sizeof *turned);
  if (!out || !turned || taps_make(&x, w, width, filter) != 0) {
    vs_unref(out);
    out = NULL;
  } else if (in->dtype == VS_UINT8) {
    bytes_width(vs_bytes(in), vs_bytes(out), rows, w, &x, turned);
  } else {
    reals_width(vs_reals(in), vs_reals(out), rows, w, &x);
  }
  free(turned);
  taps_free(&x);
  return out;
}

static vs_tensor *resize_height(vs_tensor *in, int64_t height, vs_filter filter) {
  int64_t h = in->shape[in->ndim - 2], w = in->shape[in->ndim - 1], planes = in->numel / (h * w);
  if (h == height) return vs_ref(in);
  taps y = {0};
  vs_tensor *out = new_sized(in, height, w);
  int32_t *sum = vs_new((size_t)w * sizeof *sum);
  if (!out || !sum || taps_make(&y, h, height, filter) != 0) {
    vs_unref(out);
    out = NULL;
  } else if (in->dtype == VS_UINT8) {
    bytes_height(vs_bytes(in), vs_bytes(out), planes, h, w, &y, sum);
  } else {
    reals_height(vs_reals(in), vs_reals(out), planes, h, w, &y);
  }
  free(sum);
  taps_free(&y);
  return out;
}

vs_tensor *vs_image_resize(vs_tensor *t, int64_t height, int64_t width, vs_filter filter) {
  vs_tensor *wide = NULL, *out = NULL;
  if (check_sizes(t, height, width) != 0) return NULL;
  vs_tensor *in = vs_contiguous(t);
  if (!in) return NULL;
  int64_t h = t->shape[t->ndim - 2], w = t->shape[t->ndim - 1];
  if (h == height && w == width) {
    out = in == t ? vs_clone(in) : vs_ref(in); /* never the caller's own tensor */
  } else if (filter == VS_NEAREST) {
    out = new_sized(in, height, width);
    if (out) {
      nearest(vs_data(in), vs_data(out), vs_dtype_size(in->dtype), in->numel / (h * w), h, w,
              height, width);
    }
  } else {
    wide = resize_width(in, width, filter);
    out = wide ? resize_height(wide, height, filter) : NULL;
  }
  vs_unref(wide);
  vs_unref(in);
  return out;
}
