/* Random changes of images.  See augment.h. */
#include "data/augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/random.h"

/* One sample: planar bytes, and its own numbers, drawn in a fixed order. */
typedef struct picture {
  uint8_t *p, *scratch; /* [c,h,w] each */
  int64_t c, h, w;
  vs_rng rng;
  uint64_t at;
} picture;

enum { DRAWS = 16 }; /* random numbers reserved for a sample */

static double draw(picture *s) { return vs_rng_uniform(s->rng, s->at++); }

static int64_t draw_int(picture *s, int64_t low, int64_t high) { /* both ends included */
  int64_t v = low + (int64_t)(draw(s) * (double)(high - low + 1));
  return VS_MIN(v, high);
}

bool vs_augment_any(const vs_augment *a) {
  return a->crop > 0 || a->flip > 0 || a->jitter > 0 || a->erase > 0;
}

int vs_augment_check(const vs_augment *a) {
  if (a->crop < 0 || a->crop > 1 << 14)
    return vs_fail("crop is %lld, expected 0 to 16384 pixels", (long long)a->crop);
  if (!(a->flip >= 0 && a->flip <= 1)) return vs_fail("flip is %g, expected 0 to 1", a->flip);
  if (!(a->jitter >= 0 && a->jitter <= 1))
    return vs_fail("jitter is %g, expected 0 to 1", a->jitter);
  if (!(a->erase >= 0 && a->erase <= 1)) return vs_fail("erase is %g, expected 0 to 1", a->erase);
  return 0;
}

/* ---- one change each ---- */

/* out[y][x] = in[y + dy][x + dx], mirrored when asked for, the border repeated outside. */
typedef struct movement {
  int64_t dy, dx;
  bool mirror;
} movement;

static movement draw_movement(picture *s, int64_t crop, bool mirror) {
  movement m = {.mirror = mirror};
  if (crop > 0) {
    m.dy = draw_int(s, -crop, crop);
    m.dx = draw_int(s, -crop, crop);
  }
  return m;
}

static void move_image(picture *s, movement m) {
  if (m.dy == 0 && m.dx == 0 && !m.mirror) return;
  memcpy(s->scratch, s->p, (size_t)(s->c * s->h * s->w));
  for (int64_t c = 0; c < s->c; c++)
    for (int64_t y = 0; y < s->h; y++) {
      int64_t from = VS_MAX(VS_MIN(y + m.dy, s->h - 1), 0);
      const uint8_t *in = s->scratch + (c * s->h + from) * s->w;
      uint8_t *out = s->p + (c * s->h + y) * s->w;
      for (int64_t x = 0; x < s->w; x++) {
        int64_t at = (m.mirror ? s->w - 1 - x : x) + m.dx;
        out[x] = in[VS_MAX(VS_MIN(at, s->w - 1), 0)];
      }
    }
}

static float luma(const uint8_t *p, int64_t plane) {
  return 0.299f * (float)p[0] + 0.587f * (float)p[plane] + 0.114f * (float)p[2 * plane];
}

static uint8_t to_byte(float v) { return (uint8_t)(v <= 0 ? 0 : v >= 255 ? 255 : v + 0.5f); }

/* Each value becomes brightness * (grey + saturation * (value - grey)), then its distance from the
 * picture's mean grey is multiplied by `contrast`.  Pictures that are not RGB have no
 * saturation. */
static void jitter(picture *s, double amount) {
  int64_t plane = s->h * s->w;
  float factor[3];
  double mean = 0;
  for (int i = 0; i < 3; i++) factor[i] = (float)(1 + amount * (2 * draw(s) - 1));
  for (int64_t i = 0; i < plane; i++) mean += s->c == 3 ? luma(s->p + i, plane) : s->p[i];
  float grey_mean = (float)(mean / (double)VS_MAX(plane, 1)) * factor[0];
  for (int64_t i = 0; i < plane; i++) {
    float grey = s->c == 3 ? luma(s->p + i, plane) : 0;
    for (int64_t c = 0; c < s->c; c++) {
      uint8_t *p = s->p + c * plane + i;
      float v = s->c == 3 ? grey + factor[2] * ((float)*p - grey) : (float)*p;
      *p = to_byte(grey_mean + factor[1] * (factor[0] * v - grey_mean));
    }
  }
}

static void erase(picture *s) {
  double area = (0.02 + 0.31 * draw(s)) * (double)(s->h * s->w);
  double ratio = exp((2 * draw(s) - 1) * log(3.3));
  int64_t h = (int64_t)(sqrt(area * ratio) + 0.5), w = (int64_t)(sqrt(area / ratio) + 0.5);
  h = VS_MIN(h, s->h);
  w = VS_MIN(w, s->w);
  int64_t y = draw_int(s, 0, s->h - h), x = draw_int(s, 0, s->w - w);
  for (int64_t c = 0; c < s->c; c++)
    for (int64_t i = 0; i < h; i++) memset(s->p + (c * s->h + y + i) * s->w + x, 0, (size_t)w);
}

/* ---- boxes and landmarks ---- */

/* Where a point of the picture goes, in fractions: pixel p covers p/w to (p+1)/w, so that the
 * mirrored picture begins where this one ends. */
static double move_x(const picture *s, movement m, double x) {
  double shift = (double)m.dx / (double)s->w;
  return m.mirror ? 1 - x + shift : x - shift;
}

static double move_y(const picture *s, movement m, double y) {
  return y - (double)m.dy / (double)s->h;
}

static vs_real cut(double v) { return (vs_real)VS_MAX(VS_MIN(v, 1), 0); }

static void move_boxes(const picture *s, movement m, vs_real *box, int64_t n) {
  for (; n > 0; n--, box += 4) {
    double x1 = move_x(s, m, box[m.mirror ? 2 : 0]), x2 = move_x(s, m, box[m.mirror ? 0 : 2]);
    double y1 = move_y(s, m, box[1]), y2 = move_y(s, m, box[3]);
    box[0] = cut(x1);
    box[1] = cut(y1);
    box[2] = cut(x2);
    box[3] = cut(y2);
  }
}

static void move_landmarks(const picture *s, movement m, vs_real *point, int64_t n) {
  for (; n > 0; n--, point += 3) {
    if (point[2] == VS_ABSENT) continue;
    double x = move_x(s, m, point[0]), y = move_y(s, m, point[1]);
    if (x < 0 || x > 1 || y < 0 || y > 1) point[2] = VS_OUTSIDE;
    point[0] = cut(x);
    point[1] = cut(y);
  }
}

/* Left becomes right: `point` is the first of a sample's n. */
static void exchange_pairs(const vs_dataset *d, vs_real *point, int64_t n) {
  for (int64_t i = 0; i < d->npair; i++) {
    int64_t a = d->pair[2 * i], b = d->pair[2 * i + 1];
    if (a >= n || b >= n) continue;
    for (int k = 0; k < 3; k++) {
      vs_real left = point[3 * a + k];
      point[3 * a + k] = point[3 * b + k];
      point[3 * b + k] = left;
    }
  }
}

/* ---- a batch ---- */

/* What moves with the images of a batch; each may be NULL. */
typedef struct places {
  const vs_dataset *set;
  vs_tensor *boxes, *landmark;
  const vs_tensor *count; /* boxes of a sample */
} places;

/* The field as vs_real [B,any,width]; *out is NULL where the batch does not have it. */
static int find_places(const vs_batch *b, const char *name, int64_t width, vs_tensor **out) {
  vs_tensor *t = *out = vs_batch_get(b, name);
  if (!t || (t->dtype == VS_REAL && t->ndim == 3 && t->shape[2] == width)) return 0;
  return vs_fail("%s is %s %s, and only %s [B,N,%lld] moves with crop and flip", name,
                 vs_dtype_name(t->dtype), vs_shape_str(t), vs_dtype_name(VS_REAL),
                 (long long)width);
}

static int find_all_places(const vs_batch *b, const vs_dataset *d, places *out) {
  *out = (places){.set = d};
  if (find_places(b, "boxes", 4, &out->boxes) || find_places(b, "landmark", 3, &out->landmark))
    return -1;
  const vs_tensor *count = vs_batch_get(b, "region_count");
  if (count && count->dtype == VS_INT64 && count->ndim == 1) out->count = count;
  return 0;
}

static void move_places(const picture *s, movement m, const places *p, int64_t i) {
  if (p->boxes) {
    int64_t n = p->boxes->shape[1], have = p->count ? vs_ints(p->count)[i] : n;
    move_boxes(s, m, vs_reals(p->boxes) + i * n * 4, VS_MAX(VS_MIN(have, n), 0));
  }
  if (p->landmark) {
    int64_t n = p->landmark->shape[1];
    vs_real *first = vs_reals(p->landmark) + i * n * 3;
    move_landmarks(s, m, first, n);
    if (m.mirror) exchange_pairs(p->set, first, n);
  }
}

static vs_tensor *images_of(const vs_batch *b) {
  vs_tensor *t = vs_batch_get(b, "image");
  if (!t) return vs_fail_null("the data set has no image to shift, mirror, jitter or erase");
  if (t->dtype == VS_UINT8 && t->ndim == 4) return t;
  return vs_fail_null("image is %s %s, and only uint8 [B,C,H,W] can be shifted, mirrored, "
                      "jittered or erased",
                      vs_dtype_name(t->dtype), vs_shape_str(t));
}

int vs_augment_batch(const vs_augment *a, const vs_dataset *d, uint64_t seed, int64_t epoch,
                     const int64_t *index, vs_batch *b) {
  places moved = {0};
  vs_tensor *t = images_of(b);
  if (t == NULL) return -1;
  if ((a->crop > 0 || a->flip > 0) && find_all_places(b, d, &moved)) return -1;
  int64_t size = t->shape[1] * t->shape[2] * t->shape[3];
  picture s = {.c = t->shape[1], .h = t->shape[2], .w = t->shape[3]};
  if (size == 0) return 0;
  s.scratch = vs_new((size_t)size);
  if (s.scratch == NULL) return -1;
  /* the order of an epoch uses stream `epoch`; this stream is another one */
  s.rng = (vs_rng){seed, (uint64_t)epoch | (uint64_t)1 << 63};
  for (int64_t i = 0; i < t->shape[0]; i++) {
    s.p = vs_bytes(t) + i * size;
    s.at = (uint64_t)index[i] * DRAWS;
    bool mirror = draw(&s) < a->flip, gap = draw(&s) < a->erase;
    movement m = draw_movement(&s, a->crop, mirror);
    move_image(&s, m);
    if (m.dy != 0 || m.dx != 0 || m.mirror) move_places(&s, m, &moved, i);
    if (a->jitter > 0) jitter(&s, a->jitter);
    if (gap) erase(&s);
  }
  free(s.scratch);
  return 0;
}
