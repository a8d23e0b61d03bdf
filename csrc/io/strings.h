/* A list of strings in two blocks of memory: how C holds vocabularies, captions and names.
 *
 * String i is the bytes from at[i] to at[i+1], whose last one is a 0.  A zeroed struct is empty. */
#ifndef VS_STRINGS_H
#define VS_STRINGS_H

#include "core/base.h"

typedef struct vs_strings {
  int64_t n;
  int64_t *at; /* [n+1] once n > 0 */
  char *bytes;
  size_t slots, room; /* of at and of bytes */
} vs_strings;

/* Copies n bytes.  Returns 0 or -1 out of memory. */
int vs_strings_add(vs_strings *s, const char *text, size_t n);
/* Forgets the strings, keeps the memory. */
void vs_strings_clear(vs_strings *s);
void vs_strings_free(vs_strings *s);
/* Position of that string from 0, or -1: a linear search. */
int64_t vs_strings_find(const vs_strings *s, const char *text);

static inline const char *vs_strings_get(const vs_strings *s, int64_t i) {
  return s->bytes + s->at[i];
}
static inline size_t vs_strings_len(const vs_strings *s, int64_t i) {
  return (size_t)(s->at[i + 1] - s->at[i] - 1);
}

#endif
