/* Painting on uint8 pictures [C,H,W] in place: filled boxes, frames, text, pictures on pictures.
 *
 * Positions count from 0 here, x to the right and y down; whatever falls outside is cut off.  The
 * picture is contiguous.  A grey picture takes the luma of a colour.  No antialiasing: the font is
 * made of boxes; a line of text is VS_TEXT_LINE pixels high times the scale. */
#ifndef VS_DRAW_H
#define VS_DRAW_H

#include "core/tensor.h"

enum { VS_TEXT_LINE = 12, VS_TEXT_MAX = 1 << 16 };

typedef struct vs_color {
  uint8_t rgb[3];
} vs_color;

/* Fails unless t is a contiguous uint8 [1|3,H,W] or [H,W]. */
int vs_draw_check(const vs_tensor *t, const char *what);
void vs_draw_box(vs_tensor *t, int64_t x, int64_t y, int64_t w, int64_t h, vs_color c);
/* A frame inside the box, `thick` pixels wide. */
void vs_draw_frame(vs_tensor *t, int64_t x, int64_t y, int64_t w, int64_t h, int64_t thick,
                   vs_color c);
/* Copies a picture; a grey one goes to each plane of a colour one.  -1 when src has more planes. */
int vs_draw_picture(vs_tensor *t, const vs_tensor *src, int64_t x, int64_t y);
/* n bytes of UTF-8; \n starts a line; what is not ASCII becomes '?', one a character. */
int vs_draw_text(vs_tensor *t, int64_t x, int64_t y, const char *text, size_t n, int64_t scale,
                 vs_color c);
int vs_text_size(const char *text, size_t n, int64_t scale, int64_t *w, int64_t *h);

#endif
