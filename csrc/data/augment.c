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
static void shift(picture *s, int64_t crop, bool mirror) {
  int64_t dy = crop > 0 ? draw_int(s, -crop, crop) : 0,
          dx = crop > 0 ? draw_int(s, -crop, crop) : 0;
  if (dy == 0 && dx == 0 && !mirror) return;
  memcpy(s->scratch, s->p, (size_t)(s->c * s->h * s->w));
  for (int64_t c = 0; c < s->c; c++)
    for (int64_t y = 0; y < s->h; y++) {
      int64_t from = VS_MAX(VS_MIN(y + dy, s->h - 1), 0);
      const uint8_t *in = s->scratch + (c * s->h + from) * s->w;
      uint8_t *out = s->p + (c * s->h + y) * s->w;
      for (int64_t x = 0; x < s->w; x++) {
        int64_t at = (mirror ? s->w - 1 - x : x) + dx;
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

/* ---- a batch ---- */

static vs_tensor *images_of(const vs_batch *b) {
  for (int i = 0; i < b->nfield; i++) {
    vs_tensor *t = b->field[i].t;
    if (strcmp(b->field[i].name, "image") != 0) continue;
    if (t->dtype == VS_UINT8 && t->ndim == 4) return t;
    return vs_fail_null("image is %s %s, and only uint8 [B,C,H,W] can be shifted, mirrored, "
                        "jittered or erased",
                        vs_dtype_name(t->dtype), vs_shape_str(t));
  }
  return vs_fail_null("the data set has no image to shift, mirror, jitter or erase");
}

int vs_augment_batch(const vs_augment *a, uint64_t seed, int64_t epoch, const int64_t *index,
                     vs_batch *b) {
  vs_tensor *t = images_of(b);
  if (t == NULL) return -1;
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
    if (a->crop > 0 || mirror) shift(&s, a->crop, mirror);
    if (a->jitter > 0) jitter(&s, a->jitter);
    if (gap) erase(&s);
  }
  free(s.scratch);
  return 0;
}
