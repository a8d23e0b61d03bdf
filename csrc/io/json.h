/* JSON text to a tree and back.  json.c is the only user of the JSON library.
 *
 * A tree is immutable and owned by its root; what vs_json_get and the walks return borrows from it.
 * Text must be UTF-8, without a key twice in one object, nested at most VS_JSON_MAX_DEPTH deep,
 * integers within 64 bits.  vs_json_read holds the whole file, vs_jsonitems one element at a
 * time. */
#ifndef VS_JSON_H
#define VS_JSON_H

#include "io/file.h"

enum { VS_JSON_MAX_DEPTH = 1000 };
#define VS_JSON_MAX_FILE ((size_t)1 << 30)

typedef struct vs_json vs_json;
typedef enum vs_jsonkind {
  VS_JSON_NULL,
  VS_JSON_BOOL,
  VS_JSON_INT,
  VS_JSON_NUM,
  VS_JSON_STRING,
  VS_JSON_ARRAY,
  VS_JSON_OBJECT
} vs_jsonkind;

/* Errors read "name: line 3, column 7: ...". */
vs_json *vs_json_parse(const char *text, size_t n, const char *name);
vs_json *vs_json_read(const char *path);
void vs_json_free(vs_json *root); /* NULL is fine */

/* The elements of a file that is one long array, or (with a key) an object with such an array under
 * that key, read one after the other: memory holds one of them, at most VS_JSON_MAX_ITEM bytes of
 * text.  The object's other members are skipped; only their brackets are checked.  Errors read
 * "name: element 17, byte 90210: ...", a byte of the file from 1. */
#define VS_JSON_MAX_ITEM ((size_t)64 << 20)
typedef struct vs_jsonitems vs_jsonitems;
vs_jsonitems *vs_jsonitems_open(const char *path, const char *key /* may be NULL */);
/* 1 and the next element, which the caller owns; 0 at the end of a whole file; -1.  After an error
 * every later call fails too. */
int vs_jsonitems_next(vs_jsonitems *r, vs_json **out);
void vs_jsonitems_close(vs_jsonitems *r); /* NULL is fine */

vs_jsonkind vs_json_kind(const vs_json *v);
bool vs_json_bool(const vs_json *v);
int64_t vs_json_int(const vs_json *v);
double vs_json_num(const vs_json *v); /* an int too */
const char *vs_json_string(const vs_json *v, size_t *n);
/* Elements of an array or members of an object; 0 for anything else. */
size_t vs_json_count(const vs_json *v);
const vs_json *vs_json_at(const vs_json *array, size_t i);
/* The member of that name, or NULL. */
const vs_json *vs_json_get(const vs_json *object, const char *key);
/* Walk of an object's members: for (void *it = vs_json_first(o); it; it = vs_json_next(o, it)). */
void *vs_json_first(const vs_json *object);
void *vs_json_next(const vs_json *object, void *it);
const char *vs_json_key(void *it, size_t *n);
const vs_json *vs_json_value(void *it);

/* --- writing: pieces of text; the caller puts brackets and commas --- */
/* A quoted, escaped string.  -1 when it is not UTF-8. */
int vs_json_put_string(vs_buffer *b, const char *s, size_t n);
/* The shortest of 15 to 17 digits that reads back the same, always with a dot or an exponent. -1
 * for infinities and NaN, which JSON does not have. */
int vs_json_put_num(vs_buffer *b, double v);
void vs_json_put_int(vs_buffer *b, int64_t v);

#endif
