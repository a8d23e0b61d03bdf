/* PNG: every colour type and depth, palettes, colour keys, interlacing.  See imagepriv.h.
 *
 * The data is inflated row by row, never beyond what the picture needs, so that a stream that goes
 * on costs nothing.  Entries that a palette lacks are black.  Checksums are compared of the chunks
 * that the pixels depend on.  An animation is its still picture. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/crc.h"
#include "io/imagepriv.h"

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGBA = 6 };

typedef struct png {
  int width, height, bits, kind;
  int values; /* samples a pixel, as stored */
  bool interlaced, has_key;
  uint32_t key[3];         /* the transparent colour, at the depth of the samples */
  uint8_t palette[256][4]; /* RGBA */
  int npalette;
  bool palette_alpha;
  int orientation;
  size_t data; /* the first IDAT chunk; 0: none yet */
} png;

/* Values a pixel as given to the canvas: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
static int channels(const png *g) {
  switch (g->kind) {
    case GREY: return g->has_key ? 2 : 1;
    case RGB: return g->has_key ? 4 : 3;
    case PALETTE: return g->palette_alpha ? 4 : 3;
    default: return g->values;
  }
}

/* --- chunks --- */

static bool depth_ok(int kind, int bits) {
  switch (kind) {
    case GREY: return bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16;
    case PALETTE: return bits == 1 || bits == 2 || bits == 4 || bits == 8;
    case RGB:
    case GREY_ALPHA:
    case RGBA: return bits == 8 || bits == 16;
    default: return false;
  }
}

static int read_header(const vs_imagefile *f, png *g, const uint8_t *p, size_t n) {
  static const int8_t values[] = {
      [GREY] = 1, [RGB] = 3, [PALETTE] = 1, [GREY_ALPHA] = 2, [RGBA] = 4};
  if (n != 13) return vs_fail_file(f->name, "broken image (IHDR of %zu bytes)", n);
  uint32_t w = vs_be32(p), h = vs_be32(p + 4);
  g->width = (int)VS_MIN(w, (uint32_t)INT32_MAX);
  g->height = (int)VS_MIN(h, (uint32_t)INT32_MAX);
  g->bits = p[8];
  g->kind = p[9];
  if (!depth_ok(g->kind, g->bits))
    return vs_fail_file(f->name, "broken image (colour type %d of %d bits)", g->kind, g->bits);
  if (p[10] || p[11] || p[12] > 1)
    return vs_fail_file(f->name, "broken image (unknown compression, filter or interlacing)");
  g->values = values[g->kind];
  g->interlaced = p[12];
  return 0;
}

static int read_palette(const vs_imagefile *f, png *g, const uint8_t *p, size_t n) {
  if (g->kind != PALETTE) return 0; /* a suggestion for screens of few colours */
  if (n == 0 || n % 3 || n > 768)
    return vs_fail_file(f->name, "broken image (a palette of %zu bytes)", n);
  g->npalette = (int)(n / 3);
  for (int i = 0; i < g->npalette; i++) memcpy(g->palette[i], p + 3 * (size_t)i, 3);
  return 0;
}

/* tRNS; one that does not fit is ignored, as libpng does. */
static void read_transparency(png *g, const uint8_t *p, size_t n) {
  if (g->kind == PALETTE && n <= 256) {
    for (size_t i = 0; i < n; i++) g->palette[i][3] = p[i];
    g->palette_alpha = n > 0;
  } else if ((g->kind == GREY || g->kind == RGB) && n == 2 * (size_t)g->values) {
    for (int k = 0; k < g->values; k++) g->key[k] = vs_be16(p + 2 * k) & ((1u << g->bits) - 1);
    g->has_key = true;
  }
}

/* One chunk: type, data of n bytes. */
static int read_chunk(const vs_imagefile *f, png *g, const uint8_t *type, size_t n) {
  const uint8_t *p = type + 4;
  if (g->bits == 0 && memcmp(type, "IHDR", 4) != 0) {
    return memcmp(type, "CgBI", 4) == 0
               ? vs_fail_file(f->name, "Apple's variant of PNG (CgBI) is not supported")
               : vs_fail_file(f->name, "broken image (no IHDR chunk)");
  }
  if (memcmp(type, "IHDR", 4) == 0) {
    if (g->bits != 0) return vs_fail_file(f->name, "broken image (two IHDR chunks)");
    return read_header(f, g, p, n);
  }
  if (memcmp(type, "IDAT", 4) == 0) {
    if (g->kind == PALETTE && g->npalette == 0)
      return vs_fail_file(f->name, "broken image (no palette)");
    if (g->data == 0) g->data = (size_t)(type - 4 - f->p);
    return 0;
  }
  if (memcmp(type, "PLTE", 4) == 0) return g->data ? 0 : read_palette(f, g, p, n);
  if (memcmp(type, "tRNS", 4) == 0 && g->data == 0) read_transparency(g, p, n);
  if (memcmp(type, "eXIf", 4) == 0) g->orientation = vs_exif_orientation(p, n);
  if (!(type[0] & 0x20) && memcmp(type, "IEND", 4) != 0)
    return vs_fail_file(f->name, "broken image (unknown critical chunk)");
  return 0;
}

/* Chunks of length, type, data, checksum until IEND. check: whether to compare checksums. */
static int read_chunks(const vs_imagefile *f, png *g, bool check) {
  *g = (png){.orientation = 1};
  for (int i = 0; i < 256; i++) g->palette[i][3] = 255;
  for (size_t at = 8; f->n - at >= 12;) {
    const uint8_t *type = f->p + at + 4;
    size_t length = vs_be32(f->p + at);
    if (length > f->n - at - 12)
      return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("a chunk runs past the end of the file"));
    bool matters = !(type[0] & 0x20) || memcmp(type, "tRNS", 4) == 0;
    if (check && matters && vs_crc32(type, length + 4) != vs_be32(type + 4 + length))
      return vs_fail_file(f->name, "broken image (wrong checksum)");
    if (read_chunk(f, g, type, length)) return -1;
    if (memcmp(type, "IEND", 4) == 0)
      return g->data ? 0 : vs_fail_file(f->name, "broken image (no IDAT chunk)");
    at += 12 + length;
  }
  return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("no IEND chunk"));
}

static int png_info(const vs_imagefile *f, vs_imageinfo *out) {
  png g;
  if (read_chunks(f, &g, true)) return -1;
  *out = (vs_imageinfo){g.width, g.height, channels(&g), g.orientation};
  /* deflate cannot do better than about 1032 : 1 */
  double least = (double)g.width * g.height / 8 * g.bits * g.values / 1100;
  if (g.width <= VS_IMAGE_MAX_SIDE && g.height <= VS_IMAGE_MAX_SIDE && least > (double)f->n)
    return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("%zu bytes for %d x %d pixels"), f->n, g.width,
                        g.height);
  return 0;
}

/* --- the data --- */

typedef struct inflating {
  const vs_imagefile *f;
  z_stream z;
  size_t next; /* the chunk behind the bytes that z has */
} inflating;

/* Gives z the bytes of the next IDAT chunk; false when there is none. */
static bool next_data(inflating *s) {
  const vs_imagefile *f = s->f;
  while (f->n - s->next >= 12) {
    const uint8_t *p = f->p + s->next;
    size_t length = vs_be32(p); /* inside the file: read_chunks went this way */
    if (memcmp(p + 4, "IEND", 4) == 0) break;
    s->next += 12 + length;
    if (memcmp(p + 4, "IDAT", 4) == 0 && length > 0) {
      s->z.next_in = (Bytef *)(uintptr_t)(p + 8); /* zlib does not write there */
      s->z.avail_in = (uInt)length;
      return true;
    }
  }
  return false;
}

/* The next n bytes of the stream. */
static int inflate_bytes(inflating *s, uint8_t *out, size_t n) {
  s->z.next_out = out;
  s->z.avail_out = (uInt)n;
  while (s->z.avail_out > 0) {
    if (s->z.avail_in == 0 && !next_data(s)) break;
    int rc = inflate(&s->z, Z_NO_FLUSH);
    if (rc == Z_STREAM_END) break;
    if (rc == Z_MEM_ERROR) return vs_fail_memory(1 << 15);
    if (rc != Z_OK && rc != Z_BUF_ERROR)
      return vs_fail_file(s->f->name, "broken image (%s)",
                          s->z.msg ? s->z.msg : "needs a dictionary");
  }
  if (s->z.avail_out == 0) return 0;
  return vs_fail_file(s->f->name, VS_IMAGE_TRUNCATED("the data ends before the last row"));
}

/* What of a, b and c is closest to a + b - c, the first of them.  Without branches. */
static inline int paeth(int a, int b, int c) {
  int pa = b - c, pb = a - c, pc = pa + pb;
  pa = pa < 0 ? -pa : pa;
  pb = pb < 0 ? -pb : pb;
  pc = pc < 0 ? -pc : pc;
  int best = pb < pa ? b : a, least = pb < pa ? pb : pa;
  return pc < least ? c : best;
}

/* Adds to the n bytes of a row what was predicted from the pixel before, the row above (up) and
 * both; size: bytes of a pixel, which divides n. */
static inline __attribute__((always_inline)) void add_sized(uint8_t *row, const uint8_t *up,
                                                            size_t n, size_t size, int filter) {
  int left[8] = {0}, corner[8] = {0}; /* the pixel before, and the one above it */
  for (size_t i = 0; i < n; i += size) {
    for (size_t k = 0; k < size; k++) {
      int b = up[i + k], v = row[i + k];
      if (filter == 1) v += left[k];
      if (filter == 3) v += (left[k] + b) / 2;
      if (filter == 4) v += paeth(left[k], b, corner[k]);
      left[k] = v & 255;
      row[i + k] = (uint8_t)v;
      corner[k] = b;
    }
  }
}

static inline __attribute__((always_inline)) void add_predicted(uint8_t *row, const uint8_t *up,
                                                                size_t n, size_t size, int filter) {
  switch (size) {
    case 1: add_sized(row, up, n, 1, filter); break;
    case 2: add_sized(row, up, n, 2, filter); break;
    case 3: add_sized(row, up, n, 3, filter); break;
    case 4: add_sized(row, up, n, 4, filter); break;
    case 6: add_sized(row, up, n, 6, filter); break;
    default: add_sized(row, up, n, 8, filter);
  }
}

static int unfilter(const vs_imagefile *f, int filter, uint8_t *row, const uint8_t *up, size_t n,
                    size_t size) {
  switch (filter) {
    case 0: return 0;
    case 1: add_predicted(row, up, n, size, 1); return 0;
    case 2:
      for (size_t i = 0; i < n; i++) row[i] = (uint8_t)(row[i] + up[i]);
      return 0;
    case 3: add_predicted(row, up, n, size, 3); return 0;
    case 4: add_predicted(row, up, n, size, 4); return 0;
    default: return vs_fail_file(f->name, "broken image (filter %d)", filter);
  }
}

/* --- pixels --- */

/* Sample i of a row, at its depth. */
static inline uint32_t sample(const png *g, const uint8_t *row, int64_t i) {
  if (g->bits == 8) return row[i];
  if (g->bits == 16) return vs_be16(row + 2 * i);
  int64_t bit = i * g->bits;
  return (uint32_t)row[bit >> 3] >> (8 - g->bits - (bit & 7)) & ((1u << g->bits) - 1);
}

static inline uint8_t to_byte(const png *g, uint32_t v) {
  if (g->bits >= 8) return (uint8_t)(v >> (g->bits - 8));
  return (uint8_t)(v * (255 / ((1u << g->bits) - 1)));
}

/* The row of a pass as bytes: of grey and RGB with alpha if there is a colour key; of palettes as
 * RGB, or RGBA. */
static void expand(const png *g, const uint8_t *row, uint8_t *out, int64_t n) {
  const int have = channels(g), values = g->values;
  if (g->kind == PALETTE) {
    for (int64_t i = 0; i < n; i++)
      memcpy(out + i * have, g->palette[sample(g, row, i)], (size_t)have);
    return;
  }
  if (!g->has_key) {
    for (int64_t i = 0; i < n * values; i++) out[i] = to_byte(g, sample(g, row, i));
    return;
  }
  for (int64_t i = 0; i < n; i++, out += have) {
    bool same = true;
    for (int k = 0; k < values; k++) {
      uint32_t v = sample(g, row, i * values + k);
      same = same && v == g->key[k];
      out[k] = to_byte(g, v);
    }
    out[values] = same ? 0 : 255;
  }
}

/* The pixels (x, y), (x + dx, y), ... of the rows y, y + dy, ... */
typedef struct pass {
  int8_t x, y, dx, dy;
} pass;

/* row, up: bytes of the longest row with its filter in front; wide: as expand makes of it. */
static int read_pass(inflating *s, const png *g, pass a, uint8_t *row, uint8_t *up, uint8_t *wide,
                     const vs_canvas *c) {
  if (g->width <= a.x || g->height <= a.y) return 0;
  int64_t n = VS_PIECES((int64_t)g->width - a.x, a.dx);
  size_t bits = (size_t)(g->bits * g->values), bytes = VS_PIECES((size_t)n * bits, 8);
  bool as_is = g->bits == 8 && g->kind != PALETTE && !g->has_key;
  memset(up, 0, bytes + 1);
  for (int64_t y = a.y; y < g->height; y += a.dy) {
    if (inflate_bytes(s, row, bytes + 1)) return -1;
    if (unfilter(s->f, row[0], row + 1, up + 1, bytes, VS_MAX(bits / 8, (size_t)1))) return -1;
    if (!as_is) expand(g, row + 1, wide, n);
    vs_canvas_row(c, a.x, a.dx, y, as_is ? row + 1 : wide, channels(g), n);
    uint8_t *swap = row;
    row = up;
    up = swap;
  }
  return 0;
}

static int read_passes(inflating *s, const png *g, uint8_t *room, size_t each, const vs_canvas *c) {
  static const pass whole = {0, 0, 1, 1},
                    adam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                               {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  const pass *a = g->interlaced ? adam7 : &whole;
  for (int i = 0; i < (g->interlaced ? 7 : 1); i++) {
    if (read_pass(s, g, a[i], room, room + each, room + 2 * each, c)) return -1;
  }
  return 0;
}

static int png_read(const vs_imagefile *f, const vs_imageinfo *info, const vs_canvas *c) {
  (void)info;
  png g;
  if (read_chunks(f, &g, false)) return -1;
  size_t each = (size_t)g.width * 8 + 1; /* a row of four samples of 16 bits */
  inflating s = {.f = f, .next = g.data};
  if (inflateInit(&s.z) != Z_OK) return vs_fail_memory(1 << 15);
  uint8_t *room = vs_new(3 * each);
  int rc = room ? read_passes(&s, &g, room, each, c) : -1;
  free(room);
  inflateEnd(&s.z);
  return rc;
}

const vs_imagedef vs_image_png = {"\x89PNG\r\n\x1A\n", 8, png_info, png_read};
