/* Pictures: decoding, encoding and antialiased resizing.  image.c is the only user of the decoder
 * library; draw.h paints on pictures.
 *
 * A picture is a uint8 tensor [C,H,W] (C = 1 grey, 3 RGB, 4 RGBA), planes one after the other.
 * Formats read: JPEG, PNG, BMP, GIF (its first frame).  Before anything is decoded the size is
 * checked (VS_IMAGE_MAX_SIDE, VS_IMAGE_MAX_PIXELS), and the file's structure is walked to its end,
 * since the decoder pads truncated files without an error.  Everything here runs on the calling
 * thread and touches no shared state, so that loader workers may call it. */
#ifndef VS_IMAGE_H
#define VS_IMAGE_H

#include "core/tensor.h"
#include "io/file.h"

enum { VS_IMAGE_MAX_SIDE = 1 << 14, VS_IMAGE_MAX_PIXELS = 1 << 26 };
#define VS_IMAGE_MAX_FILE ((size_t)1 << 29)

typedef struct vs_imageopt {
  int channels;          /* 1, 3 or 4 */
  uint8_t background[3]; /* the color behind transparent pixels, unless channels = 4 */
} vs_imageopt;
#define VS_IMAGE_DEFAULT ((vs_imageopt){.channels = 3, .background = {255, 255, 255}})

typedef struct vs_imageinfo {
  int width, height, channels; /* channels as stored: 2 and 4 have transparency */
} vs_imageinfo;

/* --- reading; name is used in messages --- */
int vs_image_info(const void *bytes, size_t n, const char *name, vs_imageinfo *out);
vs_tensor *vs_image_decode(const void *bytes, size_t n, const char *name, const vs_imageopt *o);
vs_tensor *vs_image_load(const char *path, const vs_imageopt *o);

/* --- writing --- */
typedef enum vs_imageformat { VS_PNG, VS_JPEG } vs_imageformat;
/* "png", "x/y.JPG" -> the format by its ending, or -1 with an error. */
int vs_image_format(const char *name);
/* t: [H,W] or [1|3|4,H,W], uint8 or numbers in 0..1 (clamped), any strides.  JPEG drops alpha.
 * quality: 1..100, of JPEG. */
int vs_image_encode(vs_tensor *t, vs_imageformat format, int quality, vs_buffer *out);
/* The format by the path's ending; replaces the file in one step. */
int vs_image_save(const char *path, vs_tensor *t, int quality);

/* --- resizing --- */
typedef enum vs_filter { VS_NEAREST, VS_BOX, VS_BILINEAR, VS_BICUBIC, VS_LANCZOS } vs_filter;
#define VS_FILTERS "nearest|box|bilinear|bicubic|lanczos"
/* [...,H,W] uint8 or the compute type -> [...,height,width] of the same dtype.  A filter's support
 * grows with the reduction, so that shrinking averages (antialiasing); bytes are rounded after each
 * of the two passes, width first, as Pillow does it. */
vs_tensor *vs_image_resize(vs_tensor *t, int64_t height, int64_t width, vs_filter filter);

#endif
