/* BMP: 1 to 32 bits a pixel, palettes, bit fields, run lengths (RLE8, RLE4), rows from below or
 * from above, headers of 12 to 124 bytes.  See imagepriv.h.
 *
 * Entries that a palette lacks are black, pixels that run lengths skip have colour 0. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/imagepriv.h"

enum { PLAIN = 0, RLE8 = 1, RLE4 = 2, FIELDS = 3, ALPHA_FIELDS = 6 };

/* A channel of a pixel of 16 or 32 bits: value >> shift & most. */
typedef struct field {
  uint32_t most;
  int shift;
} field;

typedef struct bmp {
  int64_t width, height, header;
  int bits, packing;
  bool from_above;
  size_t pixels; /* where they begin */
  field channel[4];
  uint8_t palette[256][3];
} bmp;

/* --- header --- */

static int set_field(const vs_imagefile *f, field *c, uint32_t mask) {
  *c = (field){0, 0};
  if (mask == 0) return 0;
  c->shift = __builtin_ctz(mask);
  c->most = mask >> c->shift;
  if (c->most & (c->most + 1)) return vs_fail_file(f->name, "broken image (bit field %08x)", mask);
  return 0;
}

static int read_fields(const vs_imagefile *f, bmp *b) {
  static const uint32_t five[4] = {0x7C00, 0x03E0, 0x001F, 0},
                        eight[4] = {0xFF0000, 0xFF00, 0xFF, 0};
  bool given = b->packing != PLAIN;
  bool alpha = given && (b->header >= 56 || b->packing == ALPHA_FIELDS);
  if (given && f->n < (alpha ? 70u : 66u))
    return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("half a header"));
  for (int k = 0; k < 4; k++) {
    uint32_t mask = b->bits == 16 ? five[k] : eight[k];
    if (given) mask = k < 3 || alpha ? vs_le32(f->p + 54 + 4 * k) : 0;
    if (set_field(f, &b->channel[k], mask)) return -1;
  }
  return 0;
}

/* The palette ends where the pixels begin, if not before. */
static void read_palette(const vs_imagefile *f, bmp *b, uint32_t colors) {
  size_t entry = b->header == 12 ? 3 : 4, at = 14 + (size_t)b->header;
  size_t most = (VS_MIN(b->pixels, f->n) - at) / entry, n = (size_t)1 << b->bits;
  if (colors > 0) n = VS_MIN(n, colors);
  n = VS_MIN(n, most);
  for (size_t i = 0; i < n; i++) {
    const uint8_t *p = f->p + at + i * entry;
    for (int k = 0; k < 3; k++) b->palette[i][k] = p[2 - k];
  }
}

static int check_kind(const vs_imagefile *f, const bmp *b) {
  static const char *const names[] = {[4] = "JPEG", [5] = "PNG"};
  bool os2 = b->header == 64; /* whose compression 3 is another */
  bool fits = b->packing == PLAIN || (b->packing == RLE8 && b->bits == 8 && !b->from_above) ||
              (b->packing == RLE4 && b->bits == 4 && !b->from_above) ||
              ((b->packing == FIELDS || b->packing == ALPHA_FIELDS) && b->bits >= 16 && !os2);
  if (b->packing == 4 || b->packing == 5)
    return vs_fail_file(f->name, "BMP with a %s inside is not supported", names[b->packing]);
  switch (b->bits) {
    case 1:
    case 2:
    case 4:
    case 8:
    case 16:
    case 24:
    case 32: break;
    default: return vs_fail_file(f->name, "BMP of %d bits a pixel is not supported", b->bits);
  }
  if (fits && !(b->bits == 24 && b->packing != PLAIN)) return 0;
  return vs_fail_file(f->name, "BMP of %d bits a pixel with compression %d is not supported",
                      b->bits, b->packing);
}

static int read_header(const vs_imagefile *f, bmp *b) {
  const uint8_t *p = f->p;
  *b = (bmp){0};
  if (f->n < 26) return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("half a header"));
  b->header = vs_le32(p + 14);
  b->pixels = vs_le32(p + 10);
  uint32_t colors = 0;
  if (b->header == 12) {
    b->width = vs_le16(p + 18);
    b->height = vs_le16(p + 20);
    b->bits = (int)vs_le16(p + 24);
  } else if (b->header == 40 || b->header == 52 || b->header == 56 || b->header == 64 ||
             b->header == 108 || b->header == 124) {
    if (f->n < 14 + (size_t)b->header)
      return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("half a header"));
    b->width = (int32_t)vs_le32(p + 18);
    b->height = (int32_t)vs_le32(p + 22);
    b->from_above = b->height < 0;
    b->height = llabs(b->height);
    b->bits = (int)vs_le16(p + 28);
    b->packing = (int)VS_MIN(vs_le32(p + 30), 99u);
    colors = vs_le32(p + 46);
  } else {
    return vs_fail_file(f->name, "BMP with a header of %lld bytes is not supported",
                        (long long)b->header);
  }
  if (check_kind(f, b)) return -1;
  if (b->pixels < 14 + (size_t)b->header)
    return vs_fail_file(f->name, "broken image (the pixels begin inside the header)");
  if (b->bits <= 8 && b->header >= 40 && b->pixels == 14 + (size_t)b->header)
    b->pixels +=
        4 * (size_t)(colors ? VS_MIN(colors, 256u) : 1u << b->bits); /* as Pillow takes it */
  if (b->pixels > f->n) return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("rows are missing"));
  if (b->bits <= 8) read_palette(f, b, colors);
  return b->bits == 16 || b->bits == 32 ? read_fields(f, b) : 0;
}

static int bmp_info(const vs_imagefile *f, vs_imageinfo *out) {
  bmp b;
  if (read_header(f, &b)) return -1;
  out->width = (int)VS_MAX(b.width, 0);
  out->height = (int)VS_MIN(b.height, INT32_MAX);
  out->channels = b.channel[3].most ? 4 : 3;
  if (out->width > VS_IMAGE_MAX_SIDE || out->height > VS_IMAGE_MAX_SIDE) return 0;
  /* a pair of bytes of RLE stands for 255 pixels, or skips as many rows */
  int64_t row = VS_PIECES(b.width * b.bits, 32) * 4, have = (int64_t)(f->n - b.pixels);
  int64_t rows = row * (b.height - 1) + VS_PIECES(b.width * b.bits, 8); /* the last one unpadded */
  if ((b.packing == RLE8 || b.packing == RLE4) ? have >= 2 : rows <= have) return 0;
  return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("rows are missing"));
}

/* --- rows --- */

static void put_indices(const bmp *b, const uint8_t *index, uint8_t *wide, int64_t row,
                        const vs_canvas *c) {
  for (int64_t i = 0; i < b->width; i++) memcpy(wide + 3 * i, b->palette[index[i]], 3);
  vs_canvas_row(c, 0, 1, b->from_above ? row : b->height - 1 - row, wide, 3, b->width);
}

/* A row of pixels of 16 or 32 bits as RGB, or RGBA. */
static void split_fields(const bmp *b, const uint8_t *p, uint8_t *out, int have) {
  int64_t bytes = b->bits / 8;
  for (int64_t i = 0; i < b->width; i++, p += bytes, out += have) {
    uint32_t v = bytes == 2 ? vs_le16(p) : vs_le32(p);
    for (int k = 0; k < have; k++) {
      uint64_t most = b->channel[k].most, value = v >> b->channel[k].shift & most;
      out[k] = (uint8_t)(most ? value * 255 / most : 0);
    }
  }
}

/* wide: a row of four bytes a pixel; index: a row of one. */
static void read_rows(const vs_imagefile *f, const bmp *b, uint8_t *wide, uint8_t *index,
                      const vs_canvas *c) {
  const uint8_t *p = f->p + b->pixels;
  int64_t bytes = VS_PIECES(b->width * b->bits, 32) * 4;
  int have = b->bits > 8 && b->channel[3].most ? 4 : 3;
  for (int64_t row = 0; row < b->height; row++, p += bytes) {
    if (b->bits <= 8) {
      int most = (1 << b->bits) - 1;
      for (int64_t i = 0; i < b->width; i++) {
        int64_t bit = i * b->bits;
        index[i] = (uint8_t)(p[bit >> 3] >> (8 - b->bits - (bit & 7)) & most);
      }
      put_indices(b, index, wide, row, c);
      continue;
    }
    if (b->bits == 24) {
      for (int64_t i = 0; i < 3 * b->width; i += 3) {
        for (int k = 0; k < 3; k++) wide[i + k] = p[i + 2 - k];
      }
    } else {
      split_fields(b, p, wide, have);
    }
    vs_canvas_row(c, 0, 1, b->from_above ? row : b->height - 1 - row, wide, have, b->width);
  }
}

/* --- run lengths --- */

typedef struct runs {
  const bmp *b;
  const vs_canvas *c;
  uint8_t *wide, *index;
  int64_t x, row;
} runs;

static void end_row(runs *r) {
  if (r->row < r->b->height) put_indices(r->b, r->index, r->wide, r->row, r->c);
  memset(r->index, 0, (size_t)r->b->width);
  r->row++;
  r->x = 0;
}

/* n pixels from p: bytes of RLE8, or halves of bytes of RLE4; repeat: all from the first byte. What
 * is beyond the row's end is dropped. */
static void put_run(runs *r, const uint8_t *p, int64_t n, bool repeat) {
  int bits = r->b->bits;
  for (int64_t i = 0; i < n && r->x < r->b->width; i++) {
    uint8_t v = p[repeat ? 0 : i * bits / 8];
    if (bits == 4) v = i % 2 == 0 ? v >> 4 : v & 15;
    r->index[r->x++] = v;
  }
}

static int read_runs(const vs_imagefile *f, runs *r) {
  size_t at = r->b->pixels;
  memset(r->index, 0, (size_t)r->b->width);
  while (r->row < r->b->height) {
    if (f->n - at < 2) return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("rows are missing"));
    const uint8_t *p = f->p + at;
    at += 2;
    if (p[0] > 0) {
      put_run(r, p + 1, p[0], true);
    } else if (p[1] == 0) {
      end_row(r);
    } else if (p[1] == 1) {
      while (r->row < r->b->height) end_row(r);
    } else if (p[1] == 2) {
      if (f->n - at < 2) return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("rows are missing"));
      int64_t x = VS_MIN(r->x + p[2], r->b->width);
      for (int i = 0; i < p[3]; i++) end_row(r);
      r->x = x;
      at += 2;
    } else {
      size_t bytes = VS_PIECES((size_t)p[1] * (size_t)r->b->bits, 16) * 2;
      if (f->n - at < bytes) return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("rows are missing"));
      put_run(r, p + 2, p[1], false);
      at += bytes;
    }
  }
  return 0;
}

static int bmp_read(const vs_imagefile *f, const vs_imageinfo *info, const vs_canvas *c) {
  (void)info;
  bmp b;
  if (read_header(f, &b)) return -1;
  size_t w = (size_t)b.width;
  uint8_t *wide = vs_new(5 * w);
  if (!wide) return -1;
  int rc = 0;
  if (b.packing == RLE8 || b.packing == RLE4)
    rc = read_runs(f, &(runs){.b = &b, .c = c, .wide = wide, .index = wide + 4 * w});
  else
    read_rows(f, &b, wide, wide + 4 * w, c);
  free(wide);
  return rc;
}

const vs_imagedef vs_image_bmp = {"BM", 2, bmp_info, bmp_read};
