/* Decoding of pictures: which format it is, the limits, and how pixels reach a tensor.  See
 * image.h; the formats are in jpeg.c, png.c, bmp.c and gif.c. */
#include "io/image.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "io/imagepriv.h"

/* --- formats --- */

static const vs_imagedef *const formats[] = {&vs_image_jpeg, &vs_image_png, &vs_image_bmp,
                                             &vs_image_gif};

/* What else people have under the name of a picture: the bytes at a position of it. */
static const struct {
  const char *name;
  int at, n;
  const char *bytes;
} others[] = {{"a WebP picture", 8, 4, "WEBP"},
              {"an AVIF picture", 4, 7, "ftypavi"},
              {"a HEIF picture (HEIC)", 4, 7, "ftyphei"},
              {"a HEIF picture (HEIC)", 4, 7, "ftyphev"},
              {"a HEIF picture (HEIC or AVIF)", 4, 8, "ftypmif1"},
              {"a HEIF picture (HEIC or AVIF)", 4, 8, "ftypmsf1"},
              {"a TIFF picture", 0, 4, "II*\0"},
              {"a TIFF picture", 0, 4, "MM\0*"},
              {"a BigTIFF picture", 0, 4, "II+\0"},
              {"a BigTIFF picture", 0, 4, "MM\0+"},
              {"a JPEG 2000 picture", 4, 4, "jP  "},
              {"a JPEG 2000 picture", 0, 4, "\xFF\x4F\xFF\x51"},
              {"a JPEG XL picture", 4, 4, "JXL "},
              {"a JPEG XL picture", 0, 2, "\xFF\x0A"},
              {"a JPEG XR picture", 0, 3, "II\xBC"},
              {"a MNG animation", 0, 4, "\x8AMNG"},
              {"a JNG picture", 0, 4, "\x8BJNG"},
              {"a Photoshop file (PSD)", 0, 4, "8BPS"},
              {"a Radiance HDR picture", 0, 10, "#?RADIANCE"},
              {"a Radiance HDR picture", 0, 6, "#?RGBE"},
              {"an OpenEXR picture", 0, 4, "\x76\x2F\x31\x01"},
              {"a Windows icon", 0, 4, "\0\0\1\0"},
              {"a Windows cursor", 0, 4, "\0\0\2\0"},
              {"a DDS texture", 0, 4, "DDS "},
              {"a QOI picture", 0, 4, "qoif"},
              {"a PCX picture", 0, 3, "\n\5\1"},
              {"a farbfeld picture", 0, 8, "farbfeld"},
              {"an SVG drawing", 0, 4, "<svg"},
              {"an XML file, maybe an SVG drawing", 0, 5, "<?xml"},
              {"an HTML page", 0, 9, "<!DOCTYPE"},
              {"an HTML page", 0, 9, "<!doctype"},
              {"an HTML page", 0, 5, "<html"},
              {"a PDF file", 0, 5, "%PDF-"},
              {"a file of gzip", 0, 2, "\x1F\x8B"},
              {"a zip archive", 0, 4, "PK\3\4"}};

static int refuse(const vs_imagefile *f) {
  const char *kind = NULL;
  for (int i = 0; i < VS_COUNT(others) && !kind; i++) {
    size_t at = (size_t)others[i].at, n = (size_t)others[i].n;
    if (at + n <= f->n && memcmp(f->p + at, others[i].bytes, n) == 0) kind = others[i].name;
  }
  if (!kind && f->n >= 3 && f->p[0] == 'P' && f->p[1] >= '1' && f->p[1] <= '7' &&
      strchr("\n\r\t #", f->p[2])) {
    kind = "a PBM, PGM, PPM or PAM picture";
  }
  if (!kind) return vs_fail_file(f->name, "not an image (JPEG, PNG, BMP and GIF are supported)");
  return vs_fail_file(f->name, "%s; only JPEG, PNG, BMP and GIF are supported", kind);
}

static const vs_imagedef *find_format(const vs_imagefile *f) {
  for (int i = 0; i < VS_COUNT(formats); i++) {
    const vs_imagedef *d = formats[i];
    if (f->n >= d->nstart && memcmp(f->p, d->start, d->nstart) == 0) return d;
  }
  return NULL;
}

/* --- EXIF --- */

int vs_exif_orientation(const uint8_t *p, size_t n) {
  if (n < 14) return 1;
  bool big = memcmp(p, "MM\0*", 4) == 0;
  if (!big && memcmp(p, "II*\0", 4) != 0) return 1;
  uint32_t (*get16)(const uint8_t *) = big ? vs_be16 : vs_le16;
  uint32_t (*get32)(const uint8_t *) = big ? vs_be32 : vs_le32;
  size_t at = get32(p + 4);
  if (at < 8 || at > n - 2) return 1;
  size_t entries = get16(p + at), most = (n - at - 2) / 12;
  const uint8_t *e = p + at + 2;
  for (size_t i = 0; i < VS_MIN(entries, most); i++, e += 12) {
    if (get16(e) != 0x0112) continue;
    uint32_t value = get16(e + 2) == 3 && get32(e + 4) == 1 ? get16(e + 8) : 1;
    return value >= 1 && value <= 8 ? (int)value : 1;
  }
  return 1;
}

/* --- pixels --- */

/* Out of [0, 65025]: the value rounded. */
static inline uint8_t over(int value, int alpha, int background) {
  return (uint8_t)((value * alpha + background * (255 - alpha) + 127) / 255);
}

/* The luma weights of ITU-R BT.601, in 1/65536. */
static inline uint8_t luma(unsigned r, unsigned g, unsigned b) {
  return (uint8_t)((r * 19595u + g * 38470u + b * 7471u + 32768u) >> 16);
}

/* One loop for all: what is constant where it is called falls away. */
static inline __attribute__((always_inline)) void put_row(const vs_canvas *c, uint8_t *out,
                                                          int64_t inc, const uint8_t *in, int have,
                                                          int channels, int64_t n) {
  const int64_t plane = c->plane;
  const uint8_t *behind = c->background;
  const bool color = have > 2, alpha = have % 2 == 0;
  for (int64_t i = 0; i < n; i++, in += have, out += inc) {
    uint8_t r = in[0], g = color ? in[1] : r, b = color ? in[2] : r;
    uint8_t a = alpha ? in[have - 1] : 255;
    if (alpha && channels != 4) {
      r = over(r, a, behind[0]);
      g = over(g, a, behind[1]);
      b = over(b, a, behind[2]);
    }
    if (channels == 1) {
      out[0] = color || alpha ? luma(r, g, b) : r;
      continue;
    }
    out[0] = r;
    out[plane] = g;
    out[2 * plane] = b;
    if (channels == 4) out[3 * plane] = a;
  }
}

static inline __attribute__((always_inline)) void put_stored(const vs_canvas *c, uint8_t *out,
                                                             int64_t inc, const uint8_t *in,
                                                             int have, int64_t n) {
  switch (c->channels) {
    case 1: put_row(c, out, inc, in, have, 1, n); break;
    case 3: put_row(c, out, inc, in, have, 3, n); break;
    default: put_row(c, out, inc, in, have, 4, n);
  }
}

void vs_canvas_row(const vs_canvas *c, int64_t x, int64_t step, int64_t y, const uint8_t *in,
                   int have, int64_t n) {
  uint8_t *out = c->out + c->origin + x * c->dx + y * c->dy;
  int64_t inc = step * c->dx;
  switch (have) {
    case 1: put_stored(c, out, inc, in, 1, n); break;
    case 2: put_stored(c, out, inc, in, 2, n); break;
    case 3:
      if (inc == 1)
        put_stored(c, out, 1, in, 3, n);
      else
        put_stored(c, out, inc, in, 3, n);
      break;
    default: put_stored(c, out, inc, in, 4, n);
  }
}

/* The canvas on a tensor of an image's size.  EXIF's orientations: 2 mirrored left to right, 3
 * turned by 180 degrees, 4 mirrored top to bottom, 5 to 8 the same of the transposed picture. */
static vs_canvas canvas_on(vs_tensor *t, const vs_imageinfo *info, const vs_imageopt *o) {
  int64_t h = t->shape[1], w = t->shape[2];
  int turn = o->exif ? info->orientation : 1;
  vs_canvas c = {.out = vs_bytes(t), .plane = h * w, .channels = o->channels};
  c.background = o->background;
  bool swapped = turn >= 5;
  /* whether x, or y, of the result counts from the other end */
  bool left = turn == 2 || turn == 3 || turn == 6 || turn == 7;
  bool up = turn == 3 || turn == 4 || turn == 7 || turn == 8;
  int64_t along_x = left ? -1 : 1, along_y = up ? -w : w;
  c.origin = (left ? w - 1 : 0) + (up ? (h - 1) * w : 0);
  c.dx = swapped ? along_y : along_x;
  c.dy = swapped ? along_x : along_y;
  return c;
}

/* --- limits --- */

static _Atomic int64_t max_pixels = VS_IMAGE_MAX_PIXELS;

int64_t vs_image_max_pixels(void) { return max_pixels; }

void vs_image_set_max_pixels(int64_t n) { max_pixels = n; }

static int check_size(const char *name, const vs_imageinfo *i) {
  int64_t w = i->width, h = i->height, most = max_pixels;
  if (w < 1 || h < 1)
    return vs_fail_file(name, "broken image (%lld x %lld pixels)", (long long)w, (long long)h);
  if (w > VS_IMAGE_MAX_SIDE || h > VS_IMAGE_MAX_SIDE)
    return vs_fail_file(name, "an image of %lld x %lld pixels; the limit is %d a side",
                        (long long)w, (long long)h, VS_IMAGE_MAX_SIDE);
  if (w * h > most)
    return vs_fail_file(name,
                        "an image of %lld x %lld pixels; the limit is %lld pixels "
                        "(image.set_max_pixels)",
                        (long long)w, (long long)h, (long long)most);
  return 0;
}

/* --- whole --- */

static const vs_imagedef *examine(const vs_imagefile *f, vs_imageinfo *info) {
  *info = (vs_imageinfo){.orientation = 1};
  if (f->n == 0) {
    vs_fail_file(f->name, "truncated image (empty file)");
    return NULL;
  }
  if (f->n > VS_IMAGE_MAX_FILE) {
    vs_fail_file(f->name, "image files of more than 512 MiB are not read");
    return NULL;
  }
  const vs_imagedef *d = find_format(f);
  if (!d) {
    refuse(f);
    return NULL;
  }
  return d->info(f, info) || check_size(f->name, info) ? NULL : d;
}

int vs_image_info(const void *bytes, size_t n, const char *name, vs_imageinfo *out) {
  return examine(&(vs_imagefile){bytes, n, name}, out) ? 0 : -1;
}

vs_tensor *vs_image_decode(const void *bytes, size_t n, const char *name, const vs_imageopt *o) {
  vs_imagefile f = {bytes, n, name};
  vs_imageinfo info;
  const vs_imagedef *d = examine(&f, &info);
  if (!d) return NULL;
  bool swapped = o->exif && info.orientation >= 5;
  int64_t h = swapped ? info.width : info.height, w = swapped ? info.height : info.width;
  vs_tensor *t = vs_tensor_new(VS_UINT8, 3, (int64_t[]){o->channels, h, w});
  if (!t) return NULL;
  vs_canvas c = canvas_on(t, &info, o);
  if (d->read(&f, &info, &c) == 0) return t;
  vs_unref(t);
  return NULL;
}

vs_tensor *vs_image_load(const char *path, const vs_imageopt *o) {
  size_t n;
  char *bytes = vs_file_read(path, VS_IMAGE_MAX_FILE, &n);
  if (!bytes) return NULL;
  vs_tensor *t = vs_image_decode(bytes, n, path, o);
  free(bytes);
  return t;
}
