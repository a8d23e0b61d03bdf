/* .npy reading and writing.  See npy.h. */
#include "io/npy.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "io/file.h"
#include "io/mapping.h"

static const char magic[] = "\x93NUMPY";
enum { MAGIC = 6, LEAST = 10, ALIGN = 64 };

static const char *const descrs[VS_NDTYPE] = {
    [VS_FLOAT32] = "<f4", [VS_FLOAT64] = "<f8", [VS_FLOAT16] = "<f2", [VS_INT64] = "<i8",
    [VS_INT32] = "<i4",   [VS_UINT8] = "|u1",   [VS_BOOL] = "|b1"};

/* Integers that have no dtype: they are read as int64. */
static const struct {
  const char *descr;
  vs_element element;
} others[] = {{"|i1", {VS_INT64, 1, false}},
              {"<i2", {VS_INT64, 2, false}},
              {"<u2", {VS_INT64, 2, true}},
              {"<u4", {VS_INT64, 4, true}},
              {"<u8", {VS_INT64, 8, true}}};

/* --- the header's dictionary --- */

/* A place in the header: at .. end are not read yet; the text is not 0-terminated. */
typedef struct scan {
  const char *at, *begin, *end, *path;
} scan;

typedef struct header {
  bool has_descr, has_order, has_shape;
  vs_element element;
  char descr[4];
  bool fortran;
  int ndim;
  int64_t shape[VS_MAX_DIM];
} header;

static int broken(const scan *t, const char *expected) {
  return vs_fail_file(t->path, "header, byte %td: expected %s", t->at - t->begin + 1, expected);
}

static void skip_space(scan *t) {
  while (t->at < t->end && isspace((unsigned char)*t->at)) t->at++;
}

/* Whether the next visible character is c; steps over it if so. */
static bool next_is(scan *t, char c) {
  skip_space(t);
  if (t->at == t->end || *t->at != c) return false;
  t->at++;
  return true;
}

static bool next_word(scan *t, const char *word) {
  size_t n = strlen(word);
  skip_space(t);
  if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0) return false;
  t->at += n;
  return true;
}

/* A quoted string without escapes: its n bytes, NULL when there is none. */
static const char *next_string(scan *t, size_t *n) {
  skip_space(t);
  if (t->at == t->end || (*t->at != '\'' && *t->at != '"')) return NULL;
  const char *first = t->at + 1, *close = memchr(first, *t->at, (size_t)(t->end - first));
  if (!close || memchr(first, '\\', (size_t)(close - first))) return NULL;
  *n = (size_t)(close - first);
  t->at = close + 1;
  return first;
}

/* Whether the dtype s of three characters is the one called `known`: the first says how bytes are
 * ordered. */
static bool is_descr(const char *s, const char *known) {
  return known && memcmp(s + 1, known + 1, 2) == 0 && strchr(s[2] == '1' ? "<>|=" : "<=>", s[0]);
}

static int read_descr(scan *t, header *h) {
  size_t n;
  bool found = false;
  const char *s = next_string(t, &n);
  if (!s) return broken(t, "the name of a plain dtype (records are not supported)");
  for (int d = 0; n == 3 && s[0] && d < VS_NDTYPE; d++) {
    if (!is_descr(s, descrs[d])) continue;
    h->element = (vs_element){.dtype = (vs_dtype)d};
    found = true;
  }
  for (int i = 0; n == 3 && s[0] && i < VS_COUNT(others); i++) {
    if (!is_descr(s, others[i].descr)) continue;
    h->element = others[i].element;
    found = true;
  }
  if (!found)
    return vs_fail_file(t->path,
                        "dtype '%.*s' is not supported (f4 f8 f2 i1 i2 i4 i8 u1 u2 u4 u8 b1 are)",
                        (int)VS_MIN(n, 40), s);
  if (s[0] == '>' && s[2] != '1')
    return vs_fail_file(t->path, "dtype %.*s is big-endian, only little-endian is supported",
                        (int)n, s);
  memcpy(h->descr, s, 3);
  return 0;
}

static int read_order(scan *t, header *h) {
  if (next_word(t, "True"))
    h->fortran = true;
  else if (!next_word(t, "False"))
    return broken(t, "True or False");
  return 0;
}

static int read_size(scan *t, int64_t *size) {
  skip_space(t);
  if (t->at == t->end || !isdigit((unsigned char)*t->at)) return broken(t, "a size");
  for (*size = 0; t->at < t->end && isdigit((unsigned char)*t->at); t->at++)
    if (__builtin_mul_overflow(*size, 10, size) ||
        __builtin_add_overflow(*size, *t->at - '0', size))
      return vs_fail_file(t->path, "a size in its shape is too large");
  if (t->at < t->end && *t->at == 'L') t->at++; /* as Python 2 wrote it */
  return 0;
}

/* (), (3,), (3, 4) or (3, 4,) */
static int read_shape(scan *t, header *h) {
  if (!next_is(t, '(')) return broken(t, "the ( of a shape");
  for (h->ndim = 0; !next_is(t, ')'); h->ndim++) {
    if (h->ndim == VS_MAX_DIM) return vs_fail_file(t->path, "more than %d dimensions", VS_MAX_DIM);
    if (read_size(t, &h->shape[h->ndim])) return -1;
    if (next_is(t, ',')) continue;
    if (h->ndim == 0) return broken(t, "a comma after the only size");
    if (!next_is(t, ')')) return broken(t, "a comma or the ) of the shape");
    h->ndim++;
    break;
  }
  return 0;
}

static int read_member(scan *t, header *h) {
  size_t n;
  const char *key = next_string(t, &n);
  bool *seen;
  int (*read)(scan *, header *);
  if (!key) return broken(t, "a key");
  if (n == 5 && memcmp(key, "descr", 5) == 0)
    seen = &h->has_descr, read = read_descr;
  else if (n == 13 && memcmp(key, "fortran_order", 13) == 0)
    seen = &h->has_order, read = read_order;
  else if (n == 5 && memcmp(key, "shape", 5) == 0)
    seen = &h->has_shape, read = read_shape;
  else
    return vs_fail_file(t->path, "header: unknown key '%.*s'", (int)VS_MIN(n, 40), key);
  if (*seen) return vs_fail_file(t->path, "header: duplicate key '%.*s'", (int)n, key);
  *seen = true;
  return next_is(t, ':') ? read(t, h) : broken(t, "a colon");
}

static int read_dictionary(scan *t, header *h) {
  if (!next_is(t, '{')) return broken(t, "a {");
  while (!next_is(t, '}')) {
    if (read_member(t, h)) return -1;
    if (next_is(t, ',')) continue;
    if (!next_is(t, '}')) return broken(t, "a comma or the }");
    break;
  }
  skip_space(t);
  if (t->at != t->end) return broken(t, "nothing after the }");
  if (!h->has_descr || !h->has_order || !h->has_shape)
    return vs_fail_file(t->path, "header: no %s",
                        !h->has_descr   ? "descr"
                        : !h->has_order ? "fortran_order"
                                        : "shape");
  return 0;
}

/* --- reading --- */

/* The header, and in *data where the array begins; every number is checked against m->size. */
static int read_header(const vs_mapping *m, const char *path, header *h, size_t *data) {
  const unsigned char *p = m->base;
  if (memcmp(p, magic, MAGIC) != 0) return vs_fail_file(path, "not a .npy file");
  if (p[6] < 1 || p[6] > 3 || p[7] != 0)
    return vs_fail_file(path, "version %d.%d, supported are 1.0, 2.0 and 3.0", p[6], p[7]);
  int width = p[6] == 1 ? 2 : 4;
  size_t first = 8 + (size_t)width, length = 0;
  if (m->size < first) return vs_fail_file(path, "truncated in the length of its header");
  for (int i = 0; i < width; i++) length |= (size_t)p[8 + i] << 8 * i;
  if (length > m->size - first)
    return vs_fail_file(path, "truncated: the header takes %zu bytes, the file has %zu for it",
                        length, m->size - first);
  const char *begin = (const char *)p + first;
  scan t = {.at = begin, .begin = begin, .end = begin + length, .path = path};
  *data = first + length;
  return read_dictionary(&t, h);
}

static int check_size(const header *h, size_t room, const char *path) {
  int64_t n = vs_numel(h->ndim, h->shape);
  uint64_t bytes = 0;
  const char *shape = vs_dims_str(h->ndim, h->shape);
  if (n < 0 || __builtin_mul_overflow((uint64_t)n, (uint64_t)vs_element_size(h->element), &bytes))
    return vs_fail_file(path, "the shape %s is too large", shape);
  if (bytes > room)
    return vs_fail_file(path, "truncated: %s %s takes %" PRIu64 " bytes, the file has %zu",
                        h->descr, shape, bytes, room);
  if (bytes < room)
    return vs_fail_file(path, "%" PRIu64 " bytes follow the array %s %s", room - bytes, h->descr,
                        shape);
  return 0;
}

static int check_bools(const unsigned char *p, size_t n, const char *path) {
  for (size_t i = 0; i < n; i++)
    if (p[i] > 1) return vs_fail_file(path, "a bool (b1) is %d, expected 0 or 1", p[i]);
  return 0;
}

/* In Fortran order the first index runs fastest: the transpose of a C array of the reversed
 * sizes. */
static vs_tensor *turn_round(vs_tensor *t) {
  int64_t shape[VS_MAX_DIM], stride[VS_MAX_DIM];
  for (int d = 0; d < t->ndim; d++) {
    shape[d] = t->shape[t->ndim - 1 - d];
    stride[d] = t->stride[t->ndim - 1 - d];
  }
  return vs_view(t, t->ndim, shape, stride, t->offset);
}

static vs_tensor *make_tensor(vs_mapping *m, size_t data, const header *h, const char *path) {
  int64_t shape[VS_MAX_DIM];
  for (int d = 0; d < h->ndim; d++) shape[d] = h->shape[h->fortran ? h->ndim - 1 - d : d];
  vs_tensor *t = vs_mapping_elements(m, m->base + data, h->element, h->ndim, shape, path);
  if (!t || !h->fortran) return t;
  vs_tensor *turned = turn_round(t);
  vs_unref(t);
  return turned;
}

vs_tensor *vs_npy_load(const char *path, bool mapped) {
  vs_tensor *t = NULL, *dense = NULL;
  header h = {0};
  size_t data = 0;
  vs_mapping *m = vs_mapping_open(path, LEAST, "a .npy file");
  if (!m || read_header(m, path, &h, &data) || check_size(&h, m->size - data, path)) goto done;
  if (h.element.dtype == VS_BOOL && check_bools(m->base + data, m->size - data, path)) goto done;
  t = make_tensor(m, data, &h, path);
  if (!t || mapped) goto done;
  dense = vs_clone(t);
  vs_unref(t);
  t = dense;
done:
  vs_mapping_unref(m);
  return t;
}

/* --- writing --- */

/* Magic, version, length and dictionary into text, padded with spaces to a multiple of ALIGN bytes
 * of which the last is a line's end.  Returns how many. */
static size_t write_header(char *text, size_t room, const vs_tensor *t) {
  size_t n = LEAST;
  n += (size_t)snprintf(text + n, room - n, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                        descrs[t->dtype]);
  for (int d = 0; d < t->ndim; d++)
    n += (size_t)snprintf(text + n, room - n, "%s%" PRId64, d ? ", " : "", t->shape[d]);
  n += (size_t)snprintf(text + n, room - n, "%s), }", t->ndim == 1 ? "," : "");
  while ((n + 1) % ALIGN != 0) text[n++] = ' ';
  text[n++] = '\n';
  memcpy(text, magic, MAGIC);
  text[6] = 1;
  text[7] = 0;
  text[8] = (char)((n - LEAST) & 255);
  text[9] = (char)((n - LEAST) >> 8);
  return n;
}

int vs_npy_save(const char *path, vs_tensor *t) {
  char text[512]; /* 8 sizes of 20 digits at most */
  vs_outfile o = {0};
  int rc = -1;
  if (!descrs[t->dtype])
    return vs_fail("%s cannot be stored in .npy, convert it first", vs_dtype_name(t->dtype));
  vs_tensor *whole = vs_contiguous(t);
  if (!whole) return -1;
  size_t n = write_header(text, sizeof text, whole);
  if (vs_outfile_open(&o, path) || vs_outfile_write(&o, text, n)) goto done;
  if (vs_outfile_write(&o, vs_data(whole), (size_t)whole->numel * vs_dtype_size(whole->dtype)))
    goto done;
  rc = vs_outfile_commit(&o);
done:
  vs_outfile_abandon(&o);
  vs_unref(whole);
  return rc;
}
