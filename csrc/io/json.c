/* JSON.  See json.h.  Trees are the library's own; vs_json only names them. */
#include "io/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

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

vs_json *vs_json_parse(const char *text, size_t n, const char *name) {
  json_error_t e;
  if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
    text += 3;
    n -= 3;
  }
  json_t *v = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
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
    if (k == 0) return vs_fail("json: a string is not UTF-8 (byte %zu)", at + 1);
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
  if (!isfinite(v)) return vs_fail("json: %s has no form in JSON", isnan(v) ? "nan" : "infinity");
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, v);
    if (strtod(text, NULL) == v) break;
  }
  char *comma = strchr(text, ','); /* of the user's locale */
  if (comma) *comma = '.';
  if (!strpbrk(text, ".e")) strcat(text, ".0");
  vs_buffer_puts(b, text);
  return 0;
}

void vs_json_put_int(vs_buffer *b, int64_t v) {
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, v);
  vs_buffer_puts(b, text);
}
