/* What image.c and the readers of formats (jpeg.c, png.c, bmp.c, gif.c) share.
 *
 * A reader's info walks the file's structure to the end of the picture and tells its size; it
 * allocates nothing that grows with the picture.  image.c then checks the size and makes the
 * tensor.  read gives every pixel to the canvas, or fails; it takes no more memory than a few rows,
 * or what image.h states.  Both read nothing beyond the n bytes, and both fail by vs_fail_file with
 * the file's name. */
#ifndef VS_IMAGEPRIV_H
#define VS_IMAGEPRIV_H

#include "io/image.h"

#define VS_IMAGE_TRUNCATED(what) "truncated image (" what ")"

typedef struct vs_imagefile {
  const uint8_t *p;
  size_t n;
  const char *name; /* for messages */
} vs_imagefile;

/* Where rows go: pixel (x, y) of the stored picture is byte out[origin + x * dx + y * dy] of each
 * plane. */
typedef struct vs_canvas {
  uint8_t *out;
  int64_t plane, origin, dx, dy; /* plane: bytes of one */
  int channels;
  const uint8_t *background; /* three bytes, behind what is transparent; not used with 4 channels */
} vs_canvas;

/* The n pixels (x, y), (x + step, y), ... of a row.  in: `have` bytes a pixel: 1 grey, 2 grey and
 * alpha, 3 RGB, 4 RGBA. */
void vs_canvas_row(const vs_canvas *c, int64_t x, int64_t step, int64_t y, const uint8_t *in,
                   int have, int64_t n);

typedef struct vs_imagedef {
  const char *start; /* what such a file begins with */
  size_t nstart;
  int (*info)(const vs_imagefile *f, vs_imageinfo *out);
  int (*read)(const vs_imagefile *f, const vs_imageinfo *info, const vs_canvas *c);
} vs_imagedef;

extern const vs_imagedef vs_image_jpeg, vs_image_png, vs_image_bmp, vs_image_gif;

/* The orientation, 1 to 8, that an EXIF block states (a TIFF file's bytes, p[0..n)); 1 when it does
 * not. */
int vs_exif_orientation(const uint8_t *p, size_t n);

static inline uint32_t vs_be16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static inline uint32_t vs_be32(const uint8_t *p) { return vs_be16(p) << 16 | vs_be16(p + 2); }
static inline uint32_t vs_le16(const uint8_t *p) { return (uint32_t)p[1] << 8 | p[0]; }
static inline uint32_t vs_le32(const uint8_t *p) { return vs_le16(p + 2) << 16 | vs_le16(p); }

#endif
