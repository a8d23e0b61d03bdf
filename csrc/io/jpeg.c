/* JPEG: Huffman-coded, sequential or progressive, 8 bits a sample, grey, YCbCr, RGB, CMYK, YCCK.
 * Decoded by libjpeg (VS_LIBJPEG), or by stb_image where the build has none.
 *
 * The file's segments are walked first.  What that refuses is the same with both decoders:
 * truncated files, which decoders pad; broken Huffman tables; kinds that are not decoded; and
 * bombs, files whose scans cost far more than their bytes. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/imagepriv.h"

#ifdef VS_LIBJPEG
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */

#include <jerror.h>
#include <jpeglib.h>
#else
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
#define STBI_ONLY_PNG /* not used, but some functions are declared whether or not they are there \
                       * \ */
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
#pragma GCC diagnostic pop
#endif

/* --- the file's segments --- */

/* A progressive JPEG has about ten scans, and up to as many as its writer likes.  Each costs a
 * visit of its blocks of 8 x 8 samples, whether or not it has bytes for them. */
enum { MAX_SCANS = 500, FREE_VISITS = 1 << 24, VISITS_PER_BLOCK = 32 };

typedef struct walk {
  int components, scans, frames, width, height;
  int id[4], across[4], down[4]; /* sampling factors */
  int64_t visits;                /* of blocks, of all scans */
  bool adobe;
  int orientation;
} walk;

/* A DHT segment: tables of a class byte, 16 counts and the symbols counted, of which a table has at
 * most 256 (stb_image relies on it without a check). */
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

/* The kind of frame that a marker begins; NULL for those that are decoded. */
static const char *undecoded(uint8_t marker) {
  switch (marker) {
    case 0xC0:
    case 0xC1:
    case 0xC2: return NULL;
    case 0xC3: return "lossless JPEG";
    case 0xC9:
    case 0xCA: return "arithmetic-coded JPEG";
    case 0xF7: return "JPEG-LS";
    default: return "hierarchical, or lossless arithmetic-coded, JPEG";
  }
}

static bool is_frame(uint8_t marker) {
  return (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) ||
         marker == 0xF7;
}

/* The frame header; p, n: the segment behind its length. */
static int read_frame(const vs_imagefile *f, walk *w, uint8_t marker, const uint8_t *p, size_t n) {
  const char *kind = undecoded(marker);
  if (kind) return vs_fail_file(f->name, "%s is not supported", kind);
  if (w->frames++ > 0) return vs_fail_file(f->name, "broken image (two frame headers)");
  if (n < 6 || n < 6 + 3 * (size_t)p[5] || p[5] == 0)
    return vs_fail_file(f->name, "broken image (bad frame header)");
  if (p[0] != 8) return vs_fail_file(f->name, "JPEG of %d bits is not supported", p[0]);
  w->height = (int)vs_be16(p + 1);
  w->width = (int)vs_be16(p + 3);
  w->components = p[5];
  if (w->components == 2 || w->components > 4)
    return vs_fail_file(f->name, "JPEG of %d components is not supported", w->components);
  if (w->height == 0)
    return vs_fail_file(f->name, "JPEG that states its height at its end is not supported");
  for (int i = 0; i < w->components; i++) {
    w->id[i] = p[6 + 3 * i];
    w->across[i] = p[7 + 3 * i] >> 4;
    w->down[i] = p[7 + 3 * i] & 15;
    if (w->across[i] < 1 || w->across[i] > 4 || w->down[i] < 1 || w->down[i] > 4)
      return vs_fail_file(f->name, "broken image (bad sampling factors)");
  }
  return 0;
}

/* The scan header: counts what the scan costs. */
static int read_scan(const vs_imagefile *f, walk *w, const uint8_t *p, size_t n) {
  if (w->frames == 0 || n < 1 || n < 1 + 2 * (size_t)p[0])
    return vs_fail_file(f->name, "broken image (bad scan header)");
  int most_across = 1, most_down = 1;
  for (int i = 0; i < w->components; i++) {
    most_across = VS_MAX(most_across, w->across[i]);
    most_down = VS_MAX(most_down, w->down[i]);
  }
  for (int k = 0; k < p[0]; k++) {
    for (int i = 0; i < w->components; i++) {
      if (w->id[i] != p[1 + 2 * k]) continue;
      int64_t across = VS_PIECES((int64_t)w->width * w->across[i], 8 * most_across);
      w->visits += across * VS_PIECES((int64_t)w->height * w->down[i], 8 * most_down);
      break;
    }
  }
  int64_t blocks = VS_PIECES((int64_t)w->width, 8) * VS_PIECES((int64_t)w->height, 8);
  if (++w->scans > MAX_SCANS || w->visits > VS_MAX((int64_t)FREE_VISITS, blocks * VISITS_PER_BLOCK))
    return vs_fail_file(f->name, "broken image (%d scans and more of %d x %d pixels)", w->scans,
                        w->width, w->height);
  return 0;
}

static int read_segment(const vs_imagefile *f, walk *w, uint8_t marker, const uint8_t *p,
                        size_t n) {
  if (is_frame(marker)) return read_frame(f, w, marker, p, n);
  if (marker == 0xDA) return read_scan(f, w, p, n);
  if (marker == 0xC4 && !huffman_ok(p, n))
    return vs_fail_file(f->name, "broken image (bad Huffman table)");
  if (marker == 0xEE && n >= 12 && memcmp(p, "Adobe", 5) == 0) w->adobe = true;
  if (marker == 0xE1 && n >= 6 && memcmp(p, "Exif\0", 6) == 0 && w->orientation == 0)
    w->orientation = vs_exif_orientation(p + 6, n - 6);
  return 0;
}

/* Segments until SOS; then entropy-coded bytes, in which FF is followed by 00 or a restart marker,
 * until the next segment; until EOI. */
static int walk_file(const vs_imagefile *f, walk *w) {
  static const char missing[] = VS_IMAGE_TRUNCATED("no end-of-image marker");
  const uint8_t *p = f->p;
  size_t n = f->n, at = 2;
  *w = (walk){0};
  while (at + 1 < n) {
    if (p[at] != 0xFF) { /* inside a scan, or stray bytes between segments */
      const uint8_t *ff = memchr(p + at, 0xFF, n - at);
      if (!ff) break;
      at = (size_t)(ff - p);
      continue;
    }
    uint8_t marker = p[at + 1];
    if (marker == 0xD9) {
      return w->scans > 0 ? 0 : vs_fail_file(f->name, "broken image (no scan)");
    }
    if (marker == 0xFF) {
      at += 1; /* a fill byte */
    } else if (marker == 0x00 || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
      at += 2; /* no length behind these */
    } else {
      size_t length = at + 4 <= n ? vs_be16(p + at + 2) : SIZE_MAX;
      if (length > n - at - 2) break;
      if (length < 2) return vs_fail_file(f->name, "broken image (a segment of no length)");
      if (read_segment(f, w, marker, p + at + 4, length - 2)) return -1;
      at += 2 + length;
    }
  }
  return vs_fail_file(f->name, missing);
}

static int jpeg_info(const vs_imagefile *f, vs_imageinfo *out) {
  walk w;
  if (walk_file(f, &w)) return -1;
  out->width = w.width;
  out->height = w.height;
  out->channels = w.components == 1 ? 1 : 3;
  out->orientation = VS_MAX(w.orientation, 1);
  /* at least a bit for each 8 x 8 pixels: the decoder pads what is missing */
  if ((int64_t)w.width * w.height / 512 > (int64_t)f->n)
    return vs_fail_file(f->name, VS_IMAGE_TRUNCATED("%zu bytes for %d x %d pixels"), f->n, w.width,
                        w.height);
  return 0;
}

/* --- decoding --- */

#ifdef VS_LIBJPEG

const char *const vs_image_jpeg_decoder = "libjpeg";

typedef struct decoding {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  jmp_buf back;
  bool no_memory;
  char why[JMSG_LENGTH_MAX];
} decoding;

static _Noreturn void stop(j_common_ptr jpeg) {
  decoding *d = jpeg->client_data;
  d->no_memory = jpeg->err->msg_code == JERR_OUT_OF_MEMORY;
  jpeg->err->format_message(jpeg, d->why);
  longjmp(d->back, 1);
}

/* Warnings: the library goes on with zeros.  Pillow takes such files; codes that no table has are
 * an error here, as other damage that changes pixels cannot be told from noise. */
static void warn(j_common_ptr jpeg, int level) {
  if (level < 0 && jpeg->err->msg_code == JWRN_HUFF_BAD_CODE) stop(jpeg);
}

static void print_nothing(j_common_ptr jpeg) { (void)jpeg; }

/* n pixels of inverted CMYK as RGB, in place. */
static void cmyk_to_rgb(uint8_t *row, int64_t n) {
  uint8_t *out = row;
  for (int64_t i = 0; i < n; i++, row += 4, out += 3) {
    for (int k = 0; k < 3; k++) out[k] = (uint8_t)((row[k] * row[3] + 127) / 255);
  }
}

/* row: room for a row of four bytes a pixel.  -1 when the library jumped. */
static int decode(decoding *d, const vs_imagefile *f, const vs_imageinfo *info, uint8_t *row,
                  const vs_canvas *c) {
  struct jpeg_decompress_struct *j = &d->jpeg;
  if (setjmp(d->back)) return -1;
  jpeg_create_decompress(j);
  jpeg_mem_src(j, f->p, (unsigned long)f->n);
  jpeg_read_header(j, TRUE);
  int have = j->num_components;
  j->out_color_space = have == 1 ? JCS_GRAYSCALE : have == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_start_decompress(j);
  if (j->output_width != (unsigned)info->width || j->output_height != (unsigned)info->height ||
      j->output_components != have || have == 2 || have > 4) {
    snprintf(d->why, sizeof d->why, "its size differs from its header");
    return -1;
  }
  while (j->output_scanline < j->output_height) {
    int64_t y = j->output_scanline;
    jpeg_read_scanlines(j, &row, 1);
    if (have == 4) cmyk_to_rgb(row, info->width);
    vs_canvas_row(c, 0, 1, y, row, have == 4 ? 3 : have, info->width);
  }
  return 0;
}

static int jpeg_read(const vs_imagefile *f, const vs_imageinfo *info, const vs_canvas *c) {
  /* at an odd address: libjpeg-turbo writes aligned rows past the caches, and they are read next */
  uint8_t *row = vs_new((size_t)info->width * 4 + 1);
  if (!row) return -1;
  decoding d = {.no_memory = false};
  d.jpeg.err = jpeg_std_error(&d.errors);
  d.jpeg.client_data = &d;
  d.errors.error_exit = stop;
  d.errors.emit_message = warn;
  d.errors.output_message = print_nothing;
  int rc = decode(&d, f, info, row + 1, c);
  jpeg_destroy_decompress(&d.jpeg);
  free(row);
  if (rc == 0) return 0;
  if (d.no_memory) return vs_fail_memory((size_t)info->width * (size_t)info->height * 6);
  return vs_fail_file(f->name, "broken image (%s)", d.why);
}

#else

const char *const vs_image_jpeg_decoder = "stb_image";

/* stb_image takes four components without an Adobe segment for YCbCr. */
static uint8_t *with_adobe(const vs_imagefile *f) {
  static const uint8_t segment[16] = {0xFF, 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100};
  uint8_t *p = vs_new(f->n + sizeof segment);
  if (!p) return NULL;
  memcpy(p, f->p, 2);
  memcpy(p + 2, segment, sizeof segment);
  memcpy(p + 2 + sizeof segment, f->p + 2, f->n - 2);
  return p;
}

static int jpeg_read(const vs_imagefile *f, const vs_imageinfo *info, const vs_canvas *c) {
  walk walked;
  if (walk_file(f, &walked)) return -1;
  int w, h, stored, have = info->channels;
  uint8_t *own = NULL;
  if (walked.components == 4 && !walked.adobe && !(own = with_adobe(f))) return -1;
  uint8_t *pixels = own ? stbi_load_from_memory(own, (int)f->n + 16, &w, &h, &stored, have)
                        : stbi_load_from_memory(f->p, (int)f->n, &w, &h, &stored, have);
  free(own);
  if (!pixels) {
    const char *why = stbi_failure_reason();
    return vs_fail_file(f->name, "broken image (%s)", why ? why : "unknown reason");
  }
  bool fits = w == info->width && h == info->height;
  for (int64_t y = 0; fits && y < h; y++) vs_canvas_row(c, 0, 1, y, pixels + y * w * have, have, w);
  stbi_image_free(pixels);
  return fits ? 0 : vs_fail_file(f->name, "broken image (its size differs from its header)");
}

#endif

const vs_imagedef vs_image_jpeg = {"\xFF\xD8\xFF", 3, jpeg_info, jpeg_read};
