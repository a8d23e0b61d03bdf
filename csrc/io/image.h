/* Pictures: decoding, encoding and antialiased resizing; draw.h paints on pictures.
 *
 * A picture is a uint8 tensor [C,H,W] (C = 1 grey, 3 RGB, 4 RGBA), planes one after the other.
 * Formats read: JPEG (libjpeg, or stb_image where it is missing), PNG, BMP, GIF (its first frame).
 * Before anything is allocated the size is checked against the limits, and the file's structure is
 * walked to the end of the picture.  Values are Pillow's: samples of 16 bits give their high byte,
 * colours that a palette lacks are black, CMYK is inverted as Adobe's, pixels that a GIF does not
 * draw have its background colour, or are transparent when it has a transparent one.  Decoding
 * takes, beside the file and the tensor, a few rows; a byte a pixel for GIF; for a JPEG in several
 * scans two bytes a sample.  All of it runs on the calling thread and touches no shared state but
 * the limit, so that loader workers may call it.
 *
 * Why not stb_image for all.  Its holes in PNG, BMP and GIF (palette entries that nobody wrote,
 * streams that inflate without end, long codes) cannot be closed from outside without decoding
 * twice, and libspng would leave the same work where it is missing.  Milliseconds for a picture of
 * 640 x 480, on one core, here, by stb_image, and by Pillow 13: JPEG 1.1, 2.2, 1.2; progressive
 * JPEG 2.5, 3.7, 2.8; PNG 6.0, 9.0, 8.8; PNG with alpha 8.5, 12.6, 11.8.  libspng takes 9.5
 * and 12.1 for the last two.  With stb_image a progressive CMYK JPEG takes five times the memory of
 * its tensor, with libjpeg less than four times. */
#ifndef VS_IMAGE_H
#define VS_IMAGE_H

#include "core/tensor.h"
#include "io/file.h"

enum { VS_IMAGE_MAX_SIDE = 1 << 14, VS_IMAGE_MAX_PIXELS = 1 << 26 /* the default */ };
#define VS_IMAGE_MAX_FILE ((size_t)1 << 29)

typedef struct vs_imageopt {
  int channels;          /* 1, 3 or 4 */
  uint8_t background[3]; /* the color behind transparent pixels, unless channels = 4 */
  bool exif;             /* turn and mirror the picture as its EXIF orientation says */
} vs_imageopt;
#define VS_IMAGE_DEFAULT ((vs_imageopt){.channels = 3, .background = {255, 255, 255}})

typedef struct vs_imageinfo {
  int width, height; /* as stored */
  int channels;      /* as stored: 2 and 4 have transparency; 3 for palettes and CMYK */
  int orientation;   /* EXIF's, 1 to 8; from 5 on width and height are exchanged when it is applied;
                        1 when the file states none */
} vs_imageinfo;

/* --- reading; name is used in messages --- */
int vs_image_info(const void *bytes, size_t n, const char *name, vs_imageinfo *out);
vs_tensor *vs_image_decode(const void *bytes, size_t n, const char *name, const vs_imageopt *o);
vs_tensor *vs_image_load(const char *path, const vs_imageopt *o);

/* "libjpeg" or "stb_image" */
extern const char *const vs_image_jpeg_decoder;

/* The limit on the pixels of one picture, of all threads; 1 to VS_IMAGE_MAX_SIDE squared. */
int64_t vs_image_max_pixels(void);
void vs_image_set_max_pixels(int64_t n);

/* --- writing --- */
typedef enum vs_imageformat { VS_PNG, VS_JPEG } vs_imageformat;
/* "png", "x/y.JPG" -> the format by its ending, or -1 with an error. */
int vs_image_format(const char *name);
/* t: [H,W] or [1|3|4,H,W], uint8 or numbers in 0..1 (clamped), any strides, at most
 * VS_IMAGE_MAX_PIXELS.  JPEG drops alpha.  quality: 1..100, of JPEG. */
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
