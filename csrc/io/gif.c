/* GIF: the first picture of a file.  See imagepriv.h.
 *
 * Pixels that it does not draw are transparent where it has a transparent colour, else they have
 * the background colour.  Colours that a table lacks are black; without any table indices are
 * greys. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/imagepriv.h"

enum { CODES = 4096, NO_CODE = CODES };

typedef struct gif {
  int64_t width, height;           /* of the screen, grown to hold the picture */
  int64_t left, top, across, down; /* the picture on it */
  bool interlaced;
  int transparent;                  /* the colour of that index is; -1: none */
  uint8_t color[256][3], screen[3]; /* of the picture; of what it does not draw */
  int first_bits;                   /* of a code, less one */
  size_t data;                      /* the first block of codes */
} gif;

/* --- structure --- */

/* The position behind a chain of sub-blocks, or 0. */
static size_t skip_blocks(const vs_imagefile *f, size_t at) {
  while (at < f->n && f->p[at] != 0) at += 1 + (size_t)f->p[at];
  return at < f->n ? at + 1 : 0;
}

/* The table of colours at *at that flags announce, if any; steps over it. */
static bool read_table(const vs_imagefile *f, size_t *at, uint8_t flags, gif *g) {
  size_t bytes = flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
  if (bytes > 0 && bytes <= f->n - *at) {
    memset(g->color, 0, sizeof g->color);
    memcpy(g->color, f->p + *at, bytes);
  }
  *at += VS_MIN(bytes, f->n - *at);
  return bytes > 0;
}

/* Extensions until the picture; -1 when the file ends. */
static int read_extensions(const vs_imagefile *f, size_t *at, gif *g) {
  const uint8_t *p = f->p;
  while (*at + 1 < f->n && p[*at] == 0x21) {
    if (p[*at + 1] == 0xF9 && *at + 7 < f->n && p[*at + 2] >= 4)
      g->transparent = p[*at + 3] & 1 ? p[*at + 6] : -1;
    *at = skip_blocks(f, *at + 2);
    if (*at == 0) return -1;
  }
  return 0;
}

static int read_structure(const vs_imagefile *f, gif *g) {
  static const char missing[] = VS_IMAGE_TRUNCATED("the first frame does not end");
  const uint8_t *p = f->p;
  *g = (gif){.transparent = -1};
  if (f->n < 13) return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("half a header"));
  size_t at = 13;
  for (int i = 0; i < 256; i++) memset(g->color[i], i, 3);
  if (read_table(f, &at, p[10], g)) memcpy(g->screen, g->color[p[11]], 3);
  if (read_extensions(f, &at, g)) return vs_fail_file(f->name, missing);
  if (f->n - at < 10) return vs_fail_file(f->name, missing);
  if (p[at] == 0x3B) return vs_fail_file(f->name, "broken image (a GIF without a picture)");
  if (p[at] != 0x2C) return vs_fail_file(f->name, "broken image (unknown block %02x)", p[at]);
  const uint8_t *d = p + at + 1;
  g->left = vs_le16(d);
  g->top = vs_le16(d + 2);
  g->across = vs_le16(d + 4);
  g->down = vs_le16(d + 6);
  g->width = VS_MAX((int64_t)vs_le16(p + 6), g->left + g->across);
  g->height = VS_MAX((int64_t)vs_le16(p + 8), g->top + g->down);
  g->interlaced = d[8] & 0x40;
  at += 10;
  read_table(f, &at, d[8], g);
  if (!(p[10] & 0x80)) memcpy(g->screen, g->color[0], 3);
  if (at >= f->n) return vs_fail_file(f->name, missing);
  g->first_bits = p[at];
  g->data = at + 1;
  size_t end = skip_blocks(f, g->data);
  if (end == 0 || end >= f->n)
    return vs_fail_file(f->name, missing); /* more, or a trailer, follows */
  if (g->first_bits < 1 || g->first_bits > 11)
    return vs_fail_file(f->name, "broken image (codes of %d bits)", g->first_bits);
  return 0;
}

static int gif_info(const vs_imagefile *f, vs_imageinfo *out) {
  gif g;
  if (read_structure(f, &g)) return -1;
  out->width = (int)g.width;
  out->height = (int)g.height;
  out->channels = g.transparent >= 0 ? 4 : 3;
  return 0;
}

/* --- codes (LZW) --- */

/* Code c stands for the string of code prefix[c], and last[c] behind it: length[c] bytes. */
typedef struct table {
  uint16_t prefix[CODES];
  uint16_t length[CODES];
  uint8_t last[CODES], first[CODES];
} table;

typedef struct reader {
  const vs_imagefile *f;
  size_t at;     /* the next byte */
  size_t left;   /* bytes left of its block */
  uint32_t held; /* bits that were read and not taken, the next one lowest */
  int nheld;
} reader;

/* The next code, or -1 at the end of the blocks, which read_structure has seen. */
static int next_code(reader *r, int bits) {
  while (r->nheld < bits) {
    if (r->left == 0 && (r->left = r->f->p[r->at]) != 0) r->at++;
    if (r->left == 0) return -1;
    r->held |= (uint32_t)r->f->p[r->at++] << r->nheld;
    r->nheld += 8;
    r->left--;
  }
  int code = (int)(r->held & ((1u << bits) - 1));
  r->held >>= bits;
  r->nheld -= bits;
  return code;
}

/* The string of a code to out, at most room bytes of it; how many. */
static int64_t put_string(const table *t, int code, uint8_t *out, int64_t room) {
  int64_t n = t->length[code];
  for (int64_t i = n - 1; i >= 0; i--, code = t->prefix[code]) {
    if (i < room) out[i] = t->last[code];
  }
  return VS_MIN(n, room);
}

/* n indices; what ends before that is truncated. */
static int read_indices(const vs_imagefile *f, const gif *g, table *t, uint8_t *out, int64_t n) {
  int clear = 1 << g->first_bits, bits = g->first_bits + 1, next = clear + 2, old = NO_CODE;
  reader r = {.f = f, .at = g->data};
  for (int i = 0; i < clear; i++) {
    t->length[i] = 1;
    t->first[i] = t->last[i] = (uint8_t)i;
  }
  for (int64_t done = 0; done < n;) {
    int code = next_code(&r, bits);
    if (code < 0 || code == clear + 1)
      return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("the data ends before the last row"));
    if (code == clear) {
      bits = g->first_bits + 1;
      next = clear + 2;
      old = NO_CODE;
      continue;
    }
    if (code > next || (code == next && (old == NO_CODE || next == CODES)) ||
        (old == NO_CODE && code >= clear))
      return vs_fail_file(f->name, "broken image (bad LZW code)");
    if (old != NO_CODE && next < CODES) {
      t->prefix[next] = (uint16_t)old;
      t->length[next] = (uint16_t)(t->length[old] + 1);
      t->first[next] = t->first[old];
      t->last[next] = t->first[code == next ? old : code];
      next++;
      if (next == 1 << bits && bits < 12) bits++;
    }
    done += put_string(t, code, out + done, n - done);
    old = code;
  }
  return 0;
}

/* --- pixels --- */

/* The y of the i-th row of the data. */
static int64_t row_of(const gif *g, int64_t i) {
  static const int8_t first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
  if (!g->interlaced) return i;
  for (int k = 0; k < 3; k++) {
    int64_t rows = g->down > first[k] ? VS_PIECES(g->down - first[k], step[k]) : 0;
    if (i < rows) return first[k] + i * step[k];
    i -= rows;
  }
  return first[3] + i * step[3];
}

static void fill_screen(const gif *g, uint8_t *row, const vs_canvas *c) {
  const bool clear = g->transparent >= 0;
  for (int64_t x = 0; x < g->width; x++) {
    memcpy(row + 4 * x, clear ? g->color[g->transparent] : g->screen, 3);
    row[4 * x + 3] = clear ? 0 : 255;
  }
  for (int64_t y = 0; y < g->height; y++) vs_canvas_row(c, 0, 1, y, row, 4, g->width);
}

static void put_rows(const gif *g, const uint8_t *index, uint8_t *row, const vs_canvas *c) {
  for (int64_t i = 0; i < g->down; i++, index += g->across) {
    for (int64_t x = 0; x < g->across; x++) {
      memcpy(row + 4 * x, g->color[index[x]], 3);
      row[4 * x + 3] = index[x] == g->transparent ? 0 : 255;
    }
    vs_canvas_row(c, g->left, 1, g->top + row_of(g, i), row, 4, g->across);
  }
}

static int gif_read(const vs_imagefile *f, const vs_imageinfo *info, const vs_canvas *c) {
  (void)info;
  gif g;
  if (read_structure(f, &g)) return -1;
  int64_t n = g.across * g.down;
  uint8_t *row = vs_new((size_t)g.width * 4), *index = row ? vs_new((size_t)n + 1) : NULL;
  table *t = index ? vs_new(sizeof *t) : NULL;
  int rc = t ? read_indices(f, &g, t, index, n) : -1;
  if (rc == 0) {
    if (g.across < g.width || g.down < g.height) fill_screen(&g, row, c);
    put_rows(&g, index, row, c);
  }
  free(t);
  free(index);
  free(row);
  return rc;
}

const vs_imagedef vs_image_gif = {"GIF8", 4, gif_info, gif_read};
