/* The header of a safetensors file.  See safeheader.h.
 *
 * Objects and numbers are read here; texts with escapes or beyond ASCII, and values that are not
 * needed, are parsed by json.c. */
#include "io/safeheader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/grow.h"

static const struct {
  const char *name;
  vs_element element;
} dtypes[] = {{"F32", {VS_FLOAT32, 0, false}}, {"F64", {VS_FLOAT64, 0, false}},
              {"F16", {VS_FLOAT16, 0, false}}, {"BF16", {VS_BFLOAT16, 0, false}},
              {"I64", {VS_INT64, 0, false}},   {"I32", {VS_INT32, 0, false}},
              {"U8", {VS_UINT8, 0, false}},    {"BOOL", {VS_BOOL, 0, false}},
              {"I8", {VS_INT64, 1, false}},    {"I16", {VS_INT64, 2, false}},
              {"U16", {VS_INT64, 2, true}},    {"U32", {VS_INT64, 4, true}},
              {"U64", {VS_INT64, 8, true}}};

const char *vs_safe_dtype(vs_dtype d) {
  int i = 0;
  while (dtypes[i].element.dtype != d) i++;
  return dtypes[i].name;
}

/* A place in the header: at .. end are not read yet. */
typedef struct scan {
  const char *at, *begin, *end, *path;
  vs_safeheader *h;
  uint64_t room;
} scan;

/* A text of the header: borrowed from it, or from `tree`, which the caller frees. */
typedef struct token {
  const char *s;
  size_t n;
  vs_json *tree;
} token;

static int broken(const scan *t, const char *what) {
  return vs_fail_file(t->path, "header, byte %td: %s", t->at - t->begin + 1, what);
}

static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

static void skip_space(scan *t) {
  while (t->at < t->end && is_space(*t->at)) t->at++;
}

/* Whether the next visible character is c; steps over it if so. */
static bool next_is(scan *t, char c) {
  skip_space(t);
  if (t->at == t->end || *t->at != c) return false;
  t->at++;
  return true;
}

/* The place after the string whose opening quote is at s; end if it is not closed.  *plain: it is
 * ASCII without escapes. */
static const char *end_of_string(const char *s, const char *end, bool *plain) {
  *plain = true;
  for (s++; s < end && *s != '"'; s++) {
    unsigned char c = (unsigned char)*s;
    if (c >= 0x80 || c < 0x20 || c == '\\') *plain = false;
    if (c == '\\' && ++s == end) return end;
  }
  return s < end ? s + 1 : end;
}

/* The text from `first` up to t->at as JSON, or NULL. */
static vs_json *parse_part(scan *t, const char *first) {
  vs_json *v = vs_json_parse(first, (size_t)(t->at - first), "JSON");
  if (v) return v;
  char what[200];
  snprintf(what, sizeof what, "%.180s", vs_error());
  t->at = first;
  broken(t, what);
  return NULL;
}

static int next_string(scan *t, token *out, const char *what) {
  bool plain;
  skip_space(t);
  *out = (token){0};
  if (t->at == t->end || *t->at != '"') return broken(t, what);
  const char *first = t->at;
  t->at = end_of_string(first, t->end, &plain);
  if (plain && t->at - first >= 2 && t->at[-1] == '"') {
    out->s = first + 1;
    out->n = (size_t)(t->at - first) - 2;
    return 0;
  }
  if (!(out->tree = parse_part(t, first))) return -1;
  out->s = vs_json_string(out->tree, &out->n);
  return 0;
}

static bool token_is(const token *k, const char *word) {
  return strlen(word) == k->n && memcmp(k->s, word, k->n) == 0;
}

/* Any value, parsed: NULL when it is none. */
static vs_json *next_value(scan *t) {
  int depth = 0;
  bool plain;
  skip_space(t);
  const char *first = t->at;
  while (t->at < t->end) {
    char c = *t->at;
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
    if (c == '"') {
      t->at = end_of_string(t->at, t->end, &plain);
      continue;
    }
    depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    t->at++;
  }
  return parse_part(t, first);
}

/* A whole number of 64 bits that is next; false, and nothing read, where there is none. */
static bool next_integer(scan *t, int64_t *out) {
  skip_space(t);
  const char *p = t->at;
  bool minus = p < t->end && *p == '-';
  if (minus) p++;
  const char *digits = p;
  for (*out = 0; p < t->end && *p >= '0' && *p <= '9'; p++)
    if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, *p - '0', out))
      return false;
  if (p == digits || (*digits == '0' && p - digits > 1)) return false;
  if (p < t->end && (*p == '.' || *p == 'e' || *p == 'E')) return false;
  if (minus) *out = -*out;
  t->at = p;
  return true;
}

/* --- the members of an entry --- */

#define fail_entry(t, name, ...) (vs_fail_file((t)->path, "tensor '%.100s': " __VA_ARGS__))

static int read_dtype(scan *t, vs_safeentry *e, const char *name) {
  token k;
  int rc = -1;
  skip_space(t);
  if (t->at == t->end || *t->at != '"') return fail_entry(t, name, "no dtype", name);
  if (next_string(t, &k, "")) return -1;
  for (int i = 0; rc && i < VS_COUNT(dtypes); i++) {
    if (!token_is(&k, dtypes[i].name)) continue;
    e->element = dtypes[i].element;
    rc = 0;
  }
  if (rc)
    fail_entry(t, name,
               "dtype %.*s is not supported (F32 F64 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL "
               "are)",
               name, (int)VS_MIN(k.n, 20), k.s);
  vs_json_free(k.tree);
  return rc;
}

static int read_shape(scan *t, vs_safeentry *e, const char *name) {
  int64_t size;
  if (!next_is(t, '[')) return fail_entry(t, name, "no shape", name);
  int n = 0;
  for (bool more = !next_is(t, ']'); more; n++) {
    if (!next_integer(t, &size) || size < 0)
      return fail_entry(t, name, "a size in its shape is not a whole number", name);
    if (n < VS_MAX_DIM) e->shape[n] = size;
    more = next_is(t, ',');
    if (!more && !next_is(t, ']')) return broken(t, "expected , or ]");
  }
  if (n > VS_MAX_DIM)
    return fail_entry(t, name, "%d dimensions, at most %d are supported", name, n, VS_MAX_DIM);
  e->ndim = n;
  return 0;
}

static int read_offsets(scan *t, vs_safeentry *e, const char *name) {
  int64_t first, last;
  if (!next_is(t, '[') || !next_integer(t, &first) || !next_is(t, ',') || !next_integer(t, &last) ||
      !next_is(t, ']'))
    return fail_entry(t, name, "data_offsets are not two whole numbers", name);
  if (first < 0 || last < first)
    return fail_entry(t, name, "data_offsets [%" PRId64 ",%" PRId64 "] run backwards", name, first,
                      last);
  if ((uint64_t)last > t->room)
    return fail_entry(t, name,
                      "its data ends at byte %" PRId64 ", the file has %" PRIu64
                      " bytes of data (truncated?)",
                      name, last, t->room);
  e->first = (uint64_t)first;
  e->last = (uint64_t)last;
  return 0;
}

static bool same_element(vs_element a, vs_element b) {
  return a.dtype == b.dtype && a.width == b.width && a.is_unsigned == b.is_unsigned;
}

static int check_size(const scan *t, const vs_safeentry *e, const char *name) {
  int64_t n = vs_numel(e->ndim, e->shape);
  uint64_t bytes, size = vs_element_size(e->element);
  if (n >= 0 && !__builtin_mul_overflow((uint64_t)n, size, &bytes) && bytes == e->last - e->first)
    return 0;
  int i = 0;
  while (!same_element(dtypes[i].element, e->element)) i++;
  return fail_entry(t, name, "%s %s does not have %" PRIu64 " bytes", name, dtypes[i].name,
                    vs_dims_str(e->ndim, e->shape), e->last - e->first);
}

/* {"dtype": ..., "shape": ..., "data_offsets": ...} in any order; other members are skipped. */
static int read_entry(scan *t, vs_safeentry *e, const char *name) {
  enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4 };
  int seen = 0;
  if (!next_is(t, '{'))
    return vs_fail_file(t->path, "header entry '%.100s' is not an object", name);
  for (bool more = !next_is(t, '}'); more;) {
    token key;
    if (next_string(t, &key, "expected a name")) return -1;
    int what = token_is(&key, "dtype")          ? DTYPE
               : token_is(&key, "shape")        ? SHAPE
               : token_is(&key, "data_offsets") ? OFFSETS
                                                : 0;
    vs_json_free(key.tree);
    if (seen & what) return fail_entry(t, name, "a duplicate member", name);
    seen |= what;
    if (!next_is(t, ':')) return broken(t, "expected :");
    vs_json *other = NULL;
    int rc = what == DTYPE             ? read_dtype(t, e, name)
             : what == SHAPE           ? read_shape(t, e, name)
             : what == OFFSETS         ? read_offsets(t, e, name)
             : (other = next_value(t)) ? 0
                                       : -1;
    vs_json_free(other);
    if (rc) return -1;
    more = next_is(t, ',');
    if (!more && !next_is(t, '}')) return broken(t, "expected , or }");
  }
  if (seen == (DTYPE | SHAPE | OFFSETS)) return check_size(t, e, name);
  return fail_entry(t, name, "no %s", name,
                    !(seen & DTYPE)   ? "dtype"
                    : !(seen & SHAPE) ? "shape"
                                      : "data_offsets");
}

/* --- the header --- */

static int read_member(scan *t) {
  token key;
  bool fresh = true;
  vs_safeheader *h = t->h;
  if (next_string(t, &key, "expected a name")) return -1;
  bool zero = memchr(key.s, 0, key.n) != NULL, meta = token_is(&key, "__metadata__");
  int64_t id = zero ? -1 : vs_strmap_add(&h->names, key.s, key.n, &fresh);
  vs_json_free(key.tree);
  if (zero) return vs_fail_file(t->path, "a name contains a zero byte");
  if (id < 0) return -1;
  const char *name = vs_strmap_get(&h->names, id, NULL);
  if (!fresh) return vs_fail_file(t->path, "duplicate name '%.100s'", name);
  if (!next_is(t, ':')) return broken(t, "expected :");
  if (meta) return (h->meta = next_value(t)) ? 0 : -1;
  if (vs_grow(&h->entry, &h->capacity, (size_t)h->n + 1)) return -1;
  vs_safeentry *e = &h->entry[h->n];
  *e = (vs_safeentry){.name = (uint32_t)id};
  if (read_entry(t, e, name)) return -1;
  h->n++;
  return 0;
}

static int by_offset(const void *a, const void *b) {
  const vs_safeentry *x = a, *y = b;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  if (x->last != y->last) return x->last < y->last ? -1 : 1;
  return x->name < y->name ? -1 : x->name > y->name;
}

/* Sorts the entries, which must follow one another from 0 to room. */
static int check_tiling(vs_safeheader *h, uint64_t room, const char *path) {
  uint64_t at = 0;
  int64_t sorted = 1;
  while (sorted < h->n && by_offset(&h->entry[sorted - 1], &h->entry[sorted]) < 0) sorted++;
  if (sorted < h->n) qsort(h->entry, (size_t)h->n, sizeof *h->entry, by_offset);
  for (int64_t i = 0; i < h->n; i++) {
    const vs_safeentry *e = &h->entry[i];
    if (e->first != at)
      return vs_fail_file(path,
                          "tensor '%.100s' starts at byte %" PRIu64
                          " of the data, the one before it ends at byte %" PRIu64,
                          vs_strmap_get(&h->names, e->name, NULL), e->first, at);
    at = e->last;
  }
  if (at == room) return 0;
  return vs_fail_file(path, "%" PRIu64 " bytes after the last tensor", room - at);
}

int vs_safeheader_read(vs_safeheader *h, const char *text, size_t n, uint64_t room,
                       const char *path) {
  size_t mark = vs_text_mark(text, n);
  scan t = {.at = text + mark, .begin = text, .end = text + n, .path = path, .h = h, .room = room};
  skip_space(&t);
  if (t.at == t.end) return broken(&t, "expected {, the header is empty");
  if (!next_is(&t, '{')) return vs_fail_file(path, "the header is not an object");
  for (bool more = !next_is(&t, '}'); more;) {
    if (read_member(&t)) return -1;
    more = next_is(&t, ',');
    if (!more && !next_is(&t, '}')) return broken(&t, "expected , or }");
  }
  skip_space(&t);
  if (t.at != t.end) return broken(&t, "text after the end");
  return check_tiling(h, room, path);
}

void vs_safeheader_free(vs_safeheader *h) {
  vs_strmap_free(&h->names);
  free(h->entry);
  vs_json_free(h->meta);
}
