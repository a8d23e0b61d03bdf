/* Reads the directory of a zip archive.  See zip.h. */
#include "io/zip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/crc.h"

enum {
  LOCAL = 0x04034b50, /* signatures */
  CENTRAL = 0x02014b50,
  END = 0x06054b50,
  END64 = 0x06064b50,
  LOCATOR64 = 0x07064b50,
  LOCAL_BYTES = 30, /* sizes of the records without their names */
  CENTRAL_BYTES = 46,
  END_BYTES = 22,
  END64_BYTES = 56,
  LOCATOR64_BYTES = 20,
  COMMENT = 65535 /* longest comment after the end record */
};

static uint64_t get(const unsigned char *p, int n) {
  uint64_t v = 0;
  for (int i = 0; i < n; i++) v |= (uint64_t)p[i] << 8 * i;
  return v;
}

/* Whether n bytes from `at` on end before `end`. */
static bool inside(uint64_t at, uint64_t n, uint64_t end) { return at <= end && n <= end - at; }

/* --- the end record: where the directory is --- */

typedef struct directory {
  uint64_t first, size, n;
} directory;

static int read_end64(const vs_zip *z, uint64_t end, directory *d) {
  const unsigned char *b = z->base;
  if (end < LOCATOR64_BYTES || get(b + end - LOCATOR64_BYTES, 4) != LOCATOR64)
    return vs_fail_file(z->path, "zip: the locator of the 64-bit directory is missing");
  uint64_t at = get(b + end - LOCATOR64_BYTES + 8, 8);
  if (!inside(at, END64_BYTES, end - LOCATOR64_BYTES) || get(b + at, 4) != END64)
    return vs_fail_file(z->path, "zip: no 64-bit directory at byte %" PRIu64, at);
  *d = (directory){.n = get(b + at + 32, 8), .size = get(b + at + 40, 8)};
  d->first = get(b + at + 48, 8);
  return inside(d->first, d->size, at)
             ? 0
             : vs_fail_file(z->path, "zip: the directory is not inside the file");
}

static int read_end(const vs_zip *z, directory *d) {
  const unsigned char *b = z->base;
  if (z->size < END_BYTES) return vs_fail_file(z->path, "zip: truncated");
  uint64_t last = z->size - END_BYTES, least = last > COMMENT ? last - COMMENT : 0, at = last;
  while (get(b + at, 4) != END || at + END_BYTES + get(b + at + 20, 2) != z->size) {
    if (at-- == least) return vs_fail_file(z->path, "zip: no directory at its end (truncated?)");
  }
  *d = (directory){.n = get(b + at + 10, 2), .size = get(b + at + 12, 4)};
  d->first = get(b + at + 16, 4);
  if (get(b + at + 4, 4) != 0) return vs_fail_file(z->path, "zip: split over several files");
  if (d->n == 0xffff || d->size == 0xffffffff || d->first == 0xffffffff)
    return read_end64(z, at, d);
  return inside(d->first, d->size, at)
             ? 0
             : vs_fail_file(z->path, "zip: the directory is not inside the file");
}

/* --- the directory --- */

/* Replaces the sizes that did not fit into 32 bits by those of the extra field 1. */
static int read_extra(const unsigned char *p, uint64_t n, vs_zipentry *e, uint64_t *packed) {
  uint64_t *wide[] = {&e->size, packed, &e->header};
  while (n >= 4) {
    uint64_t id = get(p, 2), size = get(p + 2, 2), at = 4;
    if (size > n - 4) return -1;
    for (int i = 0; id == 1 && i < 3; i++) {
      if (*wide[i] != 0xffffffff) continue;
      if (at + 8 > 4 + size) return -1;
      *wide[i] = get(p + at, 8);
      at += 8;
    }
    p += 4 + size;
    n -= 4 + size;
  }
  return 0;
}

/* The record of the directory at *at, which moves past it.  `end`: of the directory. */
static int read_entry(const vs_zip *z, uint64_t *at, const directory *d, vs_zipentry *e) {
  const unsigned char *p = z->base + *at;
  uint64_t end = d->first + d->size;
  if (!inside(*at, CENTRAL_BYTES, end) || get(p, 4) != CENTRAL) goto broken;
  uint64_t nname = get(p + 28, 2), nextra = get(p + 30, 2), ncomment = get(p + 32, 2);
  uint64_t packed = get(p + 20, 4);
  if (!inside(*at + CENTRAL_BYTES, nname + nextra + ncomment, end)) goto broken;
  *e = (vs_zipentry){.name = (const char *)p + CENTRAL_BYTES,
                     .nname = nname,
                     .header = get(p + 42, 4),
                     .size = get(p + 24, 4),
                     .crc = (uint32_t)get(p + 16, 4),
                     .method = (int)get(p + 10, 2),
                     .flags = (int)get(p + 8, 2)};
  if (read_extra(p + CENTRAL_BYTES + nname, nextra, e, &packed)) goto broken;
  if (e->method == 0 && packed != e->size) goto broken;
  p = z->base + e->header;
  if (!inside(e->header, LOCAL_BYTES, d->first) || get(p, 4) != LOCAL || get(p + 26, 2) != nname)
    goto broken;
  e->first = e->header + LOCAL_BYTES + nname + get(p + 28, 2);
  if (!inside(e->first, packed, d->first) || memcmp(p + LOCAL_BYTES, e->name, nname)) goto broken;
  e->size = packed;
  *at += CENTRAL_BYTES + nname + nextra + ncomment;
  return 0;
broken:
  return vs_fail_file(z->path, "zip: the directory's entry at byte %" PRIu64 " is broken", *at);
}

static int by_place(const void *a, const void *b) {
  const vs_zipentry *x = a, *y = b;
  return (x->header > y->header) - (x->header < y->header);
}

static int compare(const char *a, size_t na, const char *b, size_t nb) {
  int c = memcmp(a, b, VS_MIN(na, nb));
  return c ? c : (na > nb) - (na < nb);
}

static int by_name(const void *a, const void *b) {
  const vs_zipentry *x = a, *y = b;
  return compare(x->name, x->nname, y->name, y->nname);
}

static int check_apart(const vs_zip *z) {
  for (int64_t i = 0; i + 1 < z->n; i++) {
    const vs_zipentry *e = &z->entry[i];
    if (e->first + e->size > e[1].header)
      return vs_fail_file(z->path, "zip: entries '%.*s' and '%.*s' overlap",
                          (int)VS_MIN(e->nname, 100), e->name, (int)VS_MIN(e[1].nname, 100),
                          e[1].name);
  }
  return 0;
}

int vs_zip_open(vs_zip *z, const unsigned char *base, size_t size, const char *path) {
  directory d = {0};
  *z = (vs_zip){.path = path, .base = base, .size = size};
  if (read_end(z, &d)) return -1;
  if (d.n > d.size / CENTRAL_BYTES)
    return vs_fail_file(path, "zip: %" PRIu64 " entries do not fit into the directory", d.n);
  z->entry = vs_new0((size_t)(d.n + 1) * sizeof *z->entry);
  if (!z->entry) return -1;
  uint64_t at = d.first;
  for (; z->n < (int64_t)d.n; z->n++) {
    if (read_entry(z, &at, &d, &z->entry[z->n])) return -1;
  }
  qsort(z->entry, (size_t)z->n, sizeof *z->entry, by_place);
  if (check_apart(z)) return -1;
  qsort(z->entry, (size_t)z->n, sizeof *z->entry, by_name);
  for (int64_t i = 0; i + 1 < z->n; i++) {
    if (by_name(&z->entry[i], &z->entry[i + 1]) == 0)
      return vs_fail_file(path, "zip: duplicate entry '%.*s'", (int)VS_MIN(z->entry[i].nname, 100),
                          z->entry[i].name);
  }
  return 0;
}

void vs_zip_free(vs_zip *z) {
  free(z->entry);
  z->entry = NULL;
}

const vs_zipentry *vs_zip_find(const vs_zip *z, const char *name, size_t n) {
  int64_t low = 0, high = z->n;
  while (low < high) {
    int64_t mid = low + (high - low) / 2;
    int c = compare(z->entry[mid].name, z->entry[mid].nname, name, n);
    if (c == 0) return &z->entry[mid];
    if (c < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return NULL;
}

/* --- contents --- */

int vs_zip_check(const vs_zip *z, const vs_zipentry *e) {
  int n = (int)VS_MIN(e->nname, 100);
  if (e->flags & 1) return vs_fail_file(z->path, "zip: '%.*s' is encrypted", n, e->name);
  if (e->method != 0)
    return vs_fail_file(z->path,
                        "zip: '%.*s' is compressed (method %d); only uncompressed ones, "
                        "as PyTorch writes them, are read",
                        n, e->name, e->method);
  if (vs_crc32(z->base + e->first, e->size) != e->crc)
    return vs_fail_file(z->path, "zip: the checksum of '%.*s' is wrong (damaged?)", n, e->name);
  return 0;
}
