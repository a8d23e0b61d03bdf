/* Painting.  See draw.h. */
#include "io/draw.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wchar-subscripts"
#pragma GCC diagnostic ignored "-Wmissing-braces"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#include <stb_easy_font.h>
#pragma GCC diagnostic pop

/* --- the canvas --- */

typedef struct canvas {
  int64_t planes, h, w;
  uint8_t *p;
} canvas;

static canvas canvas_of(const vs_tensor *t) {
  return (canvas){.planes = t->ndim == 3 ? t->shape[0] : 1,
                  .h = t->shape[t->ndim - 2],
                  .w = t->shape[t->ndim - 1],
                  .p = vs_bytes(t)};
}

int vs_draw_check(const vs_tensor *t, const char *what) {
  bool good = t->dtype == VS_UINT8 && (t->ndim == 2 || t->ndim == 3);
  if (good && t->ndim == 3) good = t->shape[0] == 1 || t->shape[0] == 3;
  if (!good) {
    return vs_fail("%s: a picture is uint8 [3,H,W], [1,H,W] or [H,W], got %s %s", what,
                   vs_dtype_name(t->dtype), vs_shape_str(t));
  }
  return vs_is_contiguous(t)
             ? 0
             : vs_fail("%s: the picture is a view with gaps; clone() it first", what);
}

static uint8_t shade(const canvas *v, int64_t plane, vs_color c) {
  if (v->planes == 3) return c.rgb[plane];
  return (uint8_t)((c.rgb[0] * 19595u + c.rgb[1] * 38470u + c.rgb[2] * 7471u + 32768u) >> 16);
}

static int64_t clamp(int64_t v, int64_t last) { return v < 0 ? 0 : v > last ? last : v; }

void vs_draw_box(vs_tensor *t, int64_t x, int64_t y, int64_t w, int64_t h, vs_color c) {
  canvas v = canvas_of(t);
  int64_t x0 = clamp(x, v.w), x1 = clamp(x + w, v.w), y0 = clamp(y, v.h), y1 = clamp(y + h, v.h);
  if (x1 <= x0) return;
  for (int64_t plane = 0; plane < v.planes; plane++) {
    for (int64_t i = y0; i < y1; i++) {
      memset(v.p + (plane * v.h + i) * v.w + x0, shade(&v, plane, c), (size_t)(x1 - x0));
    }
  }
}

void vs_draw_frame(vs_tensor *t, int64_t x, int64_t y, int64_t w, int64_t h, int64_t thick,
                   vs_color c) {
  thick = VS_MIN(thick, VS_MIN(w, h));
  vs_draw_box(t, x, y, w, thick, c);
  vs_draw_box(t, x, y + h - thick, w, thick, c);
  vs_draw_box(t, x, y, thick, h, c);
  vs_draw_box(t, x + w - thick, y, thick, h, c);
}

int vs_draw_picture(vs_tensor *t, const vs_tensor *src, int64_t x, int64_t y) {
  canvas v = canvas_of(t), s = canvas_of(src);
  if (s.planes > v.planes) {
    return vs_fail("image.paste: a picture %s cannot be pasted into a grey one %s",
                   vs_shape_str(src), vs_shape_str(t));
  }
  int64_t x0 = clamp(x, v.w), x1 = clamp(x + s.w, v.w), y0 = clamp(y, v.h),
          y1 = clamp(y + s.h, v.h);
  if (x1 <= x0) return 0;
  for (int64_t plane = 0; plane < v.planes; plane++) {
    const uint8_t *from = s.p + (s.planes == 1 ? 0 : plane * s.h * s.w);
    for (int64_t i = y0; i < y1; i++) {
      memmove(v.p + (plane * v.h + i) * v.w + x0, from + (i - y) * s.w + (x0 - x),
              (size_t)(x1 - x0));
    }
  }
  return 0;
}

/* --- text --- */

/* Printable ASCII and line ends, 0-terminated: the characters of the font. */
static char *plain_text(const char *text, size_t n) {
  if (n > VS_TEXT_MAX)
    return vs_fail_null("image.draw_text: the text has more than %d bytes", VS_TEXT_MAX);
  char *out = vs_new(n + 1);
  if (!out) return NULL;
  size_t k = 0;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)text[i];
    if ((c & 0xC0) == 0x80) continue; /* inside a UTF-8 character */
    out[k++] = (char)(c == '\n' || (c >= 32 && c < 127) ? c : c == '\t' ? ' ' : '?');
  }
  out[k] = 0;
  return out;
}

int vs_text_size(const char *text, size_t n, int64_t scale, int64_t *w, int64_t *h) {
  char *plain = plain_text(text, n);
  if (!plain) return -1;
  *w = stb_easy_font_width(plain) * scale;
  *h = VS_TEXT_LINE * scale;
  for (const char *p = plain; *p; p++) *h += *p == '\n' ? VS_TEXT_LINE * scale : 0;
  free(plain);
  return 0;
}

/* One line at a time, so that the scratch of corners stays small. */
static void draw_line(vs_tensor *t, int64_t x, int64_t y, char *line, int64_t scale, vs_color c) {
  struct {
    float x, y, z;
    uint8_t color[4];
  } corner[4 * 32]; /* a character has fewer boxes */
  for (; *line; line++) {
    char one[2] = {*line, 0};
    int boxes = stb_easy_font_print(0, 0, one, NULL, corner, sizeof corner);
    for (int i = 0; i < boxes; i++) {
      int64_t left = (int64_t)corner[4 * i].x, top = (int64_t)corner[4 * i].y;
      int64_t right = (int64_t)corner[4 * i + 2].x, bottom = (int64_t)corner[4 * i + 2].y;
      vs_draw_box(t, x + left * scale, y + top * scale, (right - left) * scale,
                  (bottom - top) * scale, c);
    }
    x += stb_easy_font_width(one) * scale;
  }
}

int vs_draw_text(vs_tensor *t, int64_t x, int64_t y, const char *text, size_t n, int64_t scale,
                 vs_color c) {
  char *plain = plain_text(text, n);
  if (!plain) return -1;
  for (char *line = plain; line; y += VS_TEXT_LINE * scale) {
    char *end = strchr(line, '\n');
    if (end) *end = 0;
    draw_line(t, x, y, line, scale, c);
    line = end ? end + 1 : NULL;
  }
  free(plain);
  return 0;
}
