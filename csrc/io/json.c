/* JSON.  See json.h.  Trees are the library's own; vs_json only names them. */
#include "io/json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/mem.h"
#include "core/number.h"

static const json_t *tree(const vs_json *v) { return (const json_t *)v; }

/* --- reading --- */

static int depth_ok(const json_t *v, int left) {
  if (!json_is_array(v) && !json_is_object(v)) return 1;
  if (left == 0) return 0;
  if (json_is_array(v)) {
    for (size_t i = 0; i < json_array_size(v); i++) {
      if (!depth_ok(json_array_get(v, i), left - 1)) return 0;
    }
    return 1;
  }
  for (void *it = json_object_iter((json_t *)v); it; it = json_object_iter_next((json_t *)v, it)) {
    if (!depth_ok(json_object_iter_value(it), left - 1)) return 0;
  }
  return 1;
}

enum { FLAGS = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL };

vs_json *vs_json_parse(const char *text, size_t n, const char *name) {
  json_error_t e;
  size_t mark = vs_text_mark(text, n);
  text += mark;
  n -= mark;
  json_t *v = json_loadb(text, n, FLAGS, &e);
  if (!v) {
    vs_fail_file(name, "line %d, column %d: %s", e.line < 1 ? 1 : e.line, e.column, e.text);
    return NULL;
  }
  if (!depth_ok(v, VS_JSON_MAX_DEPTH)) {
    vs_fail_file(name, "nested more than %d deep", VS_JSON_MAX_DEPTH);
    json_decref(v);
    return NULL;
  }
  return (vs_json *)v;
}

vs_json *vs_json_read(const char *path) {
  size_t n;
  char *text = vs_file_read(path, VS_JSON_MAX_FILE, &n);
  if (!text) return NULL;
  vs_json *v = vs_json_parse(text, n, path);
  free(text);
  return v;
}

void vs_json_free(vs_json *root) { json_decref((json_t *)root); }

/* --- reading an array element by element ---
 *
 * An element's end is found by counting brackets outside strings; its text is then parsed as any
 * other.  So nothing is read ahead of the element, and its size is known before it is parsed. */

struct vs_jsonitems {
  FILE *f;
  char *path, *key, *text; /* key: or NULL; text: of one element, room bytes */
  size_t n, room;
  int64_t at, element;       /* bytes read; elements started */
  bool skips, failed, ended; /* skipping: what is collected is only counted */
};

vs_jsonitems *vs_jsonitems_open(const char *path, const char *key) {
  struct stat st;
  vs_jsonitems *r = vs_new0(sizeof *r);
  if (!r) return NULL;
  if (!(r->path = strdup(path)) || (key && !(r->key = strdup(key)))) {
    vs_fail_memory(strlen(path));
  } else if (!(r->f = fopen(path, "rbe"))) {
    vs_fail_file(path, "%s", strerror(errno));
  } else if (fstat(fileno(r->f), &st) || !S_ISREG(st.st_mode)) {
    vs_fail_file(path, "not a file");
  } else {
    return r;
  }
  vs_jsonitems_close(r);
  return NULL;
}

void vs_jsonitems_close(vs_jsonitems *r) {
  if (!r) return;
  if (r->f) fclose(r->f);
  free(r->text);
  free(r->key);
  free(r->path);
  free(r);
}

static int items_fail(vs_jsonitems *r, const char *what) {
  char element[40] = "";
  if (r->element > 0) snprintf(element, sizeof element, "element %lld, ", (long long)r->element);
  return vs_fail_file(r->path, "%sbyte %lld: %s", element, (long long)r->at, what);
}

/* The next byte; EOF is counted as a byte, so that an error names the place after the last one. */
static int items_byte(vs_jsonitems *r) {
  r->at++;
  return getc_unlocked(r->f);
}

static int items_token(vs_jsonitems *r) {
  int c;
  do c = items_byte(r);
  while (c == ' ' || c == '\t' || c == '\n' || c == '\r');
  return c;
}

static int items_put(vs_jsonitems *r, int c) {
  if (r->skips) {
    r->n = 1;
    return 0;
  }
  if (r->n == r->room) {
    size_t room = r->room ? 2 * r->room : 4096;
    if (room > VS_JSON_MAX_ITEM) {
      char what[64];
      snprintf(what, sizeof what, "more than %zu bytes in one element", VS_JSON_MAX_ITEM);
      return items_fail(r, what);
    }
    char *text = realloc(r->text, room);
    if (!text) return vs_fail_memory(room);
    r->text = text;
    r->room = room;
  }
  r->text[r->n++] = (char)c;
  return 0;
}

/* Collects what starts with c up to one of the two stops outside brackets and strings, which is
 * left in *after. */
static int items_collect(vs_jsonitems *r, int c, const char stop[2], int *after) {
  int depth = 0;
  bool inside = false, escaped = false; /* a string; the byte after a backslash */
  for (r->n = 0;; c = items_byte(r)) {
    if (c == EOF) return items_fail(r, ferror(r->f) ? strerror(errno) : "the file ends here");
    if (!inside && depth == 0 && r->n > 0 && (c == stop[0] || c == stop[1])) break;
    if (items_put(r, c)) return -1;
    if (inside) {
      inside = escaped || c != '"';
      escaped = !escaped && c == '\\';
    } else {
      inside = c == '"';
      depth += (c == '{' || c == '[') - (c == '}' || c == ']');
      if (depth < 0) return items_fail(r, "unmatched closing bracket");
    }
  }
  *after = c;
  return 0;
}

static int items_parse(vs_jsonitems *r, vs_json **out) {
  json_error_t e;
  int64_t first = r->at - (int64_t)r->n; /* the next byte has been read too */
  json_t *v = json_loadb(r->text, r->n, FLAGS, &e);
  if (!v) {
    r->at = first + VS_MAX(e.position - 1, 0);
    return items_fail(r, e.text);
  }
  if (!depth_ok(v, VS_JSON_MAX_DEPTH)) {
    json_decref(v);
    return items_fail(r, "nested too deep");
  }
  *out = (vs_json *)v;
  return 0;
}

/* Skips members of the object until the value of the key begins. */
static int items_find_key(vs_jsonitems *r) {
  vs_json *name;
  for (int after = ',';;) {
    if (after != ',') return vs_fail_file(r->path, "has no \"%s\"", r->key);
    int c = items_token(r);
    if (c == '}') return vs_fail_file(r->path, "has no \"%s\"", r->key);
    if (items_collect(r, c, "::", &after) || items_parse(r, &name)) return -1;
    bool found = json_is_string(tree(name)) && !strcmp(json_string_value(tree(name)), r->key) &&
                 json_string_length(tree(name)) == strlen(r->key); /* no zero byte in it */
    vs_json_free(name);
    if (found) return 0;
    r->skips = true;
    int rc = items_collect(r, items_token(r), ",}", &after);
    r->skips = false;
    if (rc) return -1;
  }
}

/* The opening bracket, after a byte order mark if there is one. */
static int items_start(vs_jsonitems *r) {
  int c = items_token(r);
  if (c == 0xEF && items_byte(r) == 0xBB && items_byte(r) == 0xBF) c = items_token(r);
  if (r->key) {
    if (c != '{') return items_fail(r, "expected {, an object");
    if (items_find_key(r)) return -1;
    c = items_token(r);
  }
  return c == '[' ? 0 : items_fail(r, "expected [, an array");
}

/* What follows the array: nothing, or the rest of the object that holds it. */
static int items_end(vs_jsonitems *r) {
  int c = items_token(r);
  r->ended = r->skips = true;
  r->element = 0;
  while (r->key && c == ',')
    if (items_collect(r, items_token(r), ",}", &c)) return -1;
  if (r->key) {
    if (c != '}') return items_fail(r, "expected }, the object's end");
    c = items_token(r);
  }
  return c == EOF ? 0 : items_fail(r, "text after the end");
}

static int items_next(vs_jsonitems *r, vs_json **out) {
  int c;
  if (r->ended) return 0;
  if (r->at == 0 && items_start(r)) return -1;
  r->element++;
  c = items_token(r);
  if (c == ']' && r->element == 1) return items_end(r);
  if (c == ',' || c == ']') return items_fail(r, "expected a value");
  if (items_collect(r, c, ",]", &c) || items_parse(r, out)) return -1;
  if (c != ']' || !items_end(r)) return 1;
  vs_json_free(*out);
  *out = NULL;
  return -1;
}

int vs_jsonitems_next(vs_jsonitems *r, vs_json **out) {
  *out = NULL;
  if (r->failed) return vs_fail_file(r->path, "an earlier read failed");
  int got = items_next(r, out);
  r->failed = got < 0;
  return got;
}

/* --- looking --- */

vs_jsonkind vs_json_kind(const vs_json *v) {
  switch (json_typeof(tree(v))) {
    case JSON_OBJECT: return VS_JSON_OBJECT;
    case JSON_ARRAY: return VS_JSON_ARRAY;
    case JSON_STRING: return VS_JSON_STRING;
    case JSON_INTEGER: return VS_JSON_INT;
    case JSON_REAL: return VS_JSON_NUM;
    case JSON_TRUE:
    case JSON_FALSE: return VS_JSON_BOOL;
    default: return VS_JSON_NULL;
  }
}

bool vs_json_bool(const vs_json *v) { return json_is_true(tree(v)); }
int64_t vs_json_int(const vs_json *v) { return json_integer_value(tree(v)); }
double vs_json_num(const vs_json *v) { return json_number_value(tree(v)); }

const char *vs_json_string(const vs_json *v, size_t *n) {
  if (n) *n = json_string_length(tree(v));
  return json_string_value(tree(v));
}

size_t vs_json_count(const vs_json *v) {
  return json_is_array(tree(v)) ? json_array_size(tree(v)) : json_object_size(tree(v));
}

const vs_json *vs_json_at(const vs_json *array, size_t i) {
  return (const vs_json *)json_array_get(tree(array), i);
}

const vs_json *vs_json_get(const vs_json *object, const char *key) {
  return (const vs_json *)json_object_get(tree(object), key);
}

void *vs_json_first(const vs_json *object) { return json_object_iter((json_t *)tree(object)); }

void *vs_json_next(const vs_json *object, void *it) {
  return json_object_iter_next((json_t *)tree(object), it);
}

const char *vs_json_key(void *it, size_t *n) {
  if (n) *n = json_object_iter_key_len(it);
  return json_object_iter_key(it);
}

const vs_json *vs_json_value(void *it) { return (const vs_json *)json_object_iter_value(it); }

/* --- writing --- */

/* Length of the UTF-8 sequence at s, or 0: no overlong forms, surrogates or U+110000. */
static size_t utf8_length(const unsigned char *s, size_t n) {
  size_t k = s[0] < 0x80   ? 1
             : s[0] < 0xC2 ? 0
             : s[0] < 0xE0 ? 2
             : s[0] < 0xF0 ? 3
             : s[0] < 0xF5 ? 4
                           : 0;
  if (k > n) return 0;
  for (size_t i = 1; i < k; i++) {
    if ((s[i] & 0xC0) != 0x80) return 0;
  }
  if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] >= 0xA0)) return 0;
  if ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] >= 0x90)) return 0;
  return k;
}

static void put_escape(vs_buffer *b, unsigned char c) {
  static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
  char text[8];
  const char *p = strchr(from, c);
  if (c != 0 && p) {
    snprintf(text, sizeof text, "\\%c", to[p - from]);
  } else {
    snprintf(text, sizeof text, "\\u%04x", c);
  }
  vs_buffer_puts(b, text);
}

int vs_json_put_string(vs_buffer *b, const char *s, size_t n) {
  const unsigned char *u = (const unsigned char *)s;
  size_t done = 0, at = 0;
  vs_buffer_puts(b, "\"");
  while (at < n) {
    size_t k = utf8_length(u + at, n - at);
    if (k == 0) return vs_fail("json_encode: a string is not UTF-8 (byte %zu)", at + 1);
    if (u[at] < 0x20 || u[at] == '"' || u[at] == '\\') {
      vs_buffer_put(b, s + done, at - done);
      put_escape(b, u[at]);
      done = at + 1;
    }
    at += k;
  }
  vs_buffer_put(b, s + done, n - done);
  vs_buffer_puts(b, "\"");
  return 0;
}

int vs_json_put_num(vs_buffer *b, double v) {
  char text[40];
  if (!isfinite(v))
    return vs_fail("json_encode: %s cannot be written as JSON", isnan(v) ? "nan" : "infinity");
  for (int digits = 15; digits <= 17; digits++) {
    vs_snprintf(text, sizeof text, "%.*g", digits, v);
    if (vs_strtod(text, NULL) == v) break;
  }
  if (!strpbrk(text, ".e")) strcat(text, ".0");
  vs_buffer_puts(b, text);
  return 0;
}

void vs_json_put_int(vs_buffer *b, int64_t v) {
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, v);
  vs_buffer_puts(b, text);
}
