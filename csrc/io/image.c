/* Decoding and encoding of pictures.  See image.h.  Resizing is in resize.c. */
#include "io/image.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/crc.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STB_IMAGE_STATIC
#define STBIDEF static __attribute__((unused))
#define STB_IMAGE_IMPLEMENTATION
/* declared under one name, defined under the other */
#define stbi__unpremultiply_on_load_thread stbi_set_unpremultiply_on_load_thread
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS (1 << 14)
/* A JPEG may use tables that it never defines: they are zeros, not old memory. */
#define STBI_MALLOC(n) calloc(1, n)
#define STBI_REALLOC(p, n) realloc(p, n)
#define STBI_FREE(p) free(p)
#include <stb_image.h>
#define STB_IMAGE_WRITE_STATIC
#define STBIWDEF static __attribute__((unused))
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>
#pragma GCC diagnostic pop

/* --- is the file all there? ---
 *
 * Each function walks one format's structure: NULL when the end of the picture was seen, else what
 * is wrong.  They read nothing beyond n bytes and allocate nothing. */
#define TRUNCATED(what) "truncated image (" what ")"

static uint32_t be16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static uint32_t be32(const uint8_t *p) { return be16(p) << 16 | be16(p + 2); }
static uint32_t le16(const uint8_t *p) { return (uint32_t)p[1] << 8 | p[0]; }
static uint32_t le32(const uint8_t *p) { return le16(p + 2) << 16 | le16(p); }

/* A DHT segment: tables of a class byte, 16 counts and the symbols counted, of which a table has at
 * most 256 (the decoder relies on it without a check). */
static bool huffman_ok(const uint8_t *p, size_t n) {
  while (n >= 17) {
    size_t symbols = 0;
    for (int i = 1; i <= 16; i++) symbols += p[i];
    if (symbols > 256 || symbols > n - 17) return false;
    p += 17 + symbols;
    n -= 17 + symbols;
  }
  return n == 0;
}

/* Segments until SOS; then entropy-coded bytes, in which FF is followed by 00 or a restart marker,
 * until the next segment; until EOI. */
static const char *check_jpeg(const uint8_t *p, size_t n) {
  const char *missing = TRUNCATED("no end-of-image marker");
  size_t at = 2;
  while (at + 1 < n) {
    if (p[at] != 0xFF) { /* inside a scan, or stray bytes between segments */
      const uint8_t *ff = memchr(p + at, 0xFF, n - at);
      if (!ff) return missing;
      at = (size_t)(ff - p);
      continue;
    }
    uint8_t marker = p[at + 1];
    if (marker == 0xD9) return NULL;
    if (marker == 0xFF) {
      at += 1; /* a fill byte */
    } else if (marker == 0x00 || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
      at += 2; /* no length behind these */
    } else if (at + 4 > n) {
      return missing;
    } else {
      size_t length = be16(p + at + 2);
      if (length > n - at - 2) return missing;
      if (marker == 0xC4 && (length < 2 || !huffman_ok(p + at + 4, length - 2))) {
        return "broken image (bad Huffman table)";
      }
      at += 2 + length;
    }
  }
  return missing;
}

/* Chunks of length, type, data, checksum until IEND. */
static const char *check_png(const uint8_t *p, size_t n) {
  size_t at = 8;
  while (n - at >= 12) {
    size_t length = be32(p + at);
    if (length > n - at - 12) return TRUNCATED("a chunk runs past the end of the file");
    bool critical = !(p[at + 4] & 0x20);
    if (critical && vs_crc32(p + at + 4, length + 4) != be32(p + at + 8 + length)) {
      return "broken image (wrong checksum)";
    }
    if (memcmp(p + at + 4, "IEND", 4) == 0) return NULL;
    at += 12 + length;
  }
  return TRUNCATED("no IEND chunk");
}

/* The position behind a chain of GIF sub-blocks, or 0. */
static size_t skip_blocks(const uint8_t *p, size_t n, size_t at) {
  while (at < n && p[at] != 0) at += 1 + (size_t)p[at];
  return at < n ? at + 1 : 0;
}

/* Extensions, then the first picture's blocks up to their terminator. */
static const char *check_gif(const uint8_t *p, size_t n) {
  const char *missing = TRUNCATED("the first frame does not end");
  if (n < 13) return TRUNCATED("half a header");
  size_t at = 13 + (p[10] & 0x80 ? (size_t)3 << ((p[10] & 7) + 1) : 0);
  while (at + 1 < n && p[at] == 0x21) {
    at = skip_blocks(p, n, at + 2);
    if (at == 0) return missing;
  }
  if (at + 10 > n || p[at] != 0x2C) return missing;
  at += 10 + (p[at + 9] & 0x80 ? (size_t)3 << ((p[at + 9] & 7) + 1) : 0) + 1;
  at = skip_blocks(p, n, at);
  return at != 0 && at < n ? NULL : missing; /* the trailer, or another frame, follows */
}

/* Uncompressed rows, padded to four bytes, from the offset that the header names.  Files that the
 * decoder refuses anyway pass. */
static const char *check_bmp(const uint8_t *p, size_t n) {
  if (n < 26) return TRUNCATED("half a header");
  bool old = le32(p + 14) == 12;
  if (!old && n < 54) return TRUNCATED("half a header");
  int64_t w = le16(p + 18), h = le16(p + 20), bits = le16(p + (old ? 24 : 28));
  if (!old) {
    w = (int32_t)le32(p + 18);
    h = llabs((int32_t)le32(p + 22));
    if (le32(p + 30) != 0 && le32(p + 30) != 3) return NULL; /* run lengths */
  }
  if (w < 0 || w > VS_IMAGE_MAX_SIDE || h > VS_IMAGE_MAX_SIDE || bits > 32) return NULL;
  return le32(p + 10) + (w * bits + 31) / 32 * 4 * h <= (int64_t)n ? NULL
                                                                   : TRUNCATED("rows are missing");
}

typedef const char *(*checkfn)(const uint8_t *, size_t);

static checkfn find_check(const uint8_t *p, size_t n) {
  if (n >= 4 && p[0] == 0xFF && p[1] == 0xD8 && p[2] == 0xFF) return check_jpeg;
  if (n >= 8 && memcmp(p, "\x89PNG\r\n\x1A\n", 8) == 0) return check_png;
  if (n >= 6 && (memcmp(p, "GIF87a", 6) == 0 || memcmp(p, "GIF89a", 6) == 0)) return check_gif;
  if (n >= 2 && p[0] == 'B' && p[1] == 'M') return check_bmp;
  return NULL;
}

/* --- decoding --- */

/* Why the decoder refused the file. */
static const char *reason(void) {
  const char *why = stbi_failure_reason();
  return why ? why : "unknown reason";
}

/* The fewest bytes that hold so many pixels: a JPEG spends at least a bit on each 8 x 8 of them,
 * and deflate cannot do better than about 1032 : 1.  The decoder pads what is missing. */
static int64_t fewest_bytes(const uint8_t *p, size_t n, int64_t w, int64_t h) {
  static const int8_t values[8] = {1, 0, 3, 1, 2, 0, 4, 0}; /* a pixel, by PNG's colour type */
  if (p[0] == 0xFF) return w * h / 512;
  if (p[0] != 0x89 || n < 26 || memcmp(p + 12, "IHDR", 4) != 0) return 0;
  return w * h / 8 * p[24] * values[p[25] & 7] / 1100;
}

int vs_image_info(const void *bytes, size_t n, const char *name, vs_imageinfo *out) {
  if (n == 0) return vs_fail_file(name, "truncated image (empty file)");
  if (n > VS_IMAGE_MAX_FILE)
    return vs_fail_file(name, "image files of more than 512 MiB are not read");
  checkfn check = find_check(bytes, n);
  if (!check) return vs_fail_file(name, "not an image (JPEG, PNG, BMP and GIF are supported)");
  const char *wrong = check(bytes, n);
  if (wrong) return vs_fail_file(name, "%s", wrong);
  if (!stbi_info_from_memory(bytes, (int)n, &out->width, &out->height, &out->channels)) {
    return vs_fail_file(name, "broken image (%s)", reason());
  }
  int64_t w = out->width, h = out->height;
  if (w < 1 || h < 1 || w > VS_IMAGE_MAX_SIDE || h > VS_IMAGE_MAX_SIDE ||
      w * h > VS_IMAGE_MAX_PIXELS) {
    return vs_fail_file(name,
                        "an image of %d x %d pixels; the limit is %d per side and 64 megapixels",
                        out->width, out->height, VS_IMAGE_MAX_SIDE);
  }
  if (fewest_bytes(bytes, n, w, h) > (int64_t)n) {
    return vs_fail_file(name, TRUNCATED("%zu bytes for %d x %d pixels"), n, out->width,
                        out->height);
  }
  return 0;
}

static inline uint8_t over(int value, int alpha, int background) {
  return (uint8_t)((value * alpha + background * (255 - alpha) + 127) / 255);
}

/* in: n pixels of `have` values each, 3 or 4.  Alpha is applied unless the result keeps it. */
static void to_planes(const uint8_t *in, int have, int64_t n, const vs_imageopt *o, uint8_t *out) {
  bool flatten = have == 4 && o->channels != 4;
  for (int64_t i = 0; i < n; i++, in += have) {
    uint8_t v[4] = {in[0], in[1], in[2], have == 4 ? in[3] : 255};
    for (int c = 0; flatten && c < 3; c++) v[c] = over(v[c], v[3], o->background[c]);
    if (o->channels == 1) { /* the luma weights of ITU-R BT.601, in 1/65536 */
      out[i] = (uint8_t)((v[0] * 19595u + v[1] * 38470u + v[2] * 7471u + 32768u) >> 16);
    } else {
      for (int c = 0; c < o->channels; c++) out[c * n + i] = v[c];
    }
  }
}

vs_tensor *vs_image_decode(const void *bytes, size_t n, const char *name, const vs_imageopt *o) {
  vs_imageinfo info;
  if (vs_image_info(bytes, n, name, &info) != 0) return NULL;
  int w, h, stored, have = info.channels == 2 || info.channels == 4 || o->channels == 4 ? 4 : 3;
  uint8_t *pixels = stbi_load_from_memory(bytes, (int)n, &w, &h, &stored, have);
  if (!pixels) {
    vs_fail_file(name, "broken image (%s)", reason());
    return NULL;
  }
  vs_tensor *t = NULL;
  if (w != info.width || h != info.height) {
    vs_fail_file(name, "broken image (its size differs from its header)");
  } else {
    t = vs_tensor_new(VS_UINT8, 3, (int64_t[]){o->channels, h, w});
  }
  if (t) to_planes(pixels, have, (int64_t)w * h, o, vs_bytes(t));
  stbi_image_free(pixels);
  return t;
}

vs_tensor *vs_image_load(const char *path, const vs_imageopt *o) {
  size_t n;
  char *bytes = vs_file_read(path, VS_IMAGE_MAX_FILE, &n);
  if (!bytes) return NULL;
  vs_tensor *t = vs_image_decode(bytes, n, path, o);
  free(bytes);
  return t;
}

/* --- encoding --- */

int vs_image_format(const char *name) {
  const char *dot = strrchr(name, '.');
  const char *ending = dot ? dot + 1 : name;
  if (strcasecmp(ending, "png") == 0) return VS_PNG;
  if (strcasecmp(ending, "jpg") == 0 || strcasecmp(ending, "jpeg") == 0) return VS_JPEG;
  return vs_fail("image: '%s' ends in neither .png nor .jpg", name);
}

static void put_bytes(void *buffer, void *data, int n) { vs_buffer_put(buffer, data, (size_t)n); }

static uint8_t to_byte(double v) {
  v = v > 0 ? v * 255 + 0.5 : 0; /* NaN is black */
  return v < 255 ? (uint8_t)v : 255;
}

/* [C,H,W] to rows of pixels; t is contiguous. */
static uint8_t *interleave(const vs_tensor *t, int64_t channels, int64_t pixels) {
  uint8_t *out = vs_new((size_t)(channels * pixels));
  if (!out) return NULL;
  for (int64_t c = 0; c < channels; c++) {
    for (int64_t i = 0; i < pixels; i++) {
      int64_t at = c * pixels + i;
      out[i * channels + c] =
          t->dtype == VS_UINT8 ? vs_bytes(t)[at] : to_byte(vs_get_double(t, at));
    }
  }
  return out;
}

static int check_picture(const vs_tensor *t) {
  int64_t channels = t->ndim == 3 ? t->shape[0] : 1;
  if ((t->ndim != 2 && t->ndim != 3) || (channels != 1 && channels != 3 && channels != 4) ||
      t->numel == 0) {
    return vs_fail("image: a picture is [H,W] or [1|3|4,H,W], got %s", vs_shape_str(t));
  }
  if (t->dtype == VS_INT64 || t->dtype == VS_INT32 || t->dtype == VS_BOOL) {
    return vs_fail("image: a picture is uint8 or numbers in 0..1, got %s", vs_dtype_name(t->dtype));
  }
  int64_t h = t->shape[t->ndim - 2], w = t->shape[t->ndim - 1];
  if (h > VS_IMAGE_MAX_SIDE || w > VS_IMAGE_MAX_SIDE || h * w > VS_IMAGE_MAX_PIXELS) {
    return vs_fail("image: %s is too large; the limit is %d per side and 64 megapixels",
                   vs_shape_str(t), VS_IMAGE_MAX_SIDE);
  }
  return 0;
}

int vs_image_encode(vs_tensor *t, vs_imageformat format, int quality, vs_buffer *out) {
  if (check_picture(t) != 0) return -1;
  int h = (int)t->shape[t->ndim - 2], w = (int)t->shape[t->ndim - 1];
  int channels = t->ndim == 3 ? (int)t->shape[0] : 1, ok;
  vs_tensor *whole = vs_contiguous(t);
  if (!whole) return -1;
  uint8_t *pixels = interleave(whole, channels, (int64_t)h * w);
  vs_unref(whole);
  if (!pixels) return -1;
  if (format == VS_PNG) {
    ok = stbi_write_png_to_func(put_bytes, out, w, h, channels, pixels, w * channels);
  } else {
    ok = stbi_write_jpg_to_func(put_bytes, out, w, h, channels, pixels, quality);
  }
  free(pixels);
  if (out->failed) return -1;
  return ok ? 0 : vs_fail_memory((size_t)w * (size_t)h * 4);
}

int vs_image_save(const char *path, vs_tensor *t, int quality) {
  vs_buffer b = {0};
  int format = vs_image_format(path);
  if (format < 0) return -1;
  int rc = vs_image_encode(t, (vs_imageformat)format, quality, &b);
  if (rc == 0) rc = vs_file_write(path, b.data, b.n);
  free(b.data);
  return rc;
}
