/* A list of strings in two blocks of memory.  See strings.h. */
#include "io/strings.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

/* Room for one more string and `bytes` in all. */
static int grow(vs_strings *s, size_t bytes) {
  if (s->n + 2 > s->slots) {
    int64_t slots = s->slots ? s->slots * 2 : 16;
    int64_t *at = realloc(s->at, (size_t)slots * sizeof *at);
    if (!at) return vs_fail_memory((size_t)slots * sizeof *at);
    s->at = at;
    s->slots = slots;
  }
  if (bytes > s->room) {
    size_t room = VS_MAX(bytes, s->room * 2);
    room = VS_MAX(room, 256);
    char *p = realloc(s->bytes, room);
    if (!p) return vs_fail_memory(room);
    s->bytes = p;
    s->room = room;
  }
  return 0;
}

int vs_strings_add(vs_strings *s, const char *text, size_t n) {
  size_t used = s->n ? (size_t)s->at[s->n] : 0;
  if (n > SIZE_MAX / 4 || grow(s, used + n + 1)) return vs_fail_memory(n);
  if (s->n == 0) s->at[0] = 0;
  if (n) memcpy(s->bytes + used, text, n);
  s->bytes[used + n] = 0;
  s->n++;
  s->at[s->n] = (int64_t)(used + n + 1);
  return 0;
}

void vs_strings_clear(vs_strings *s) { s->n = 0; }

void vs_strings_free(vs_strings *s) {
  free(s->at);
  free(s->bytes);
  *s = (vs_strings){0};
}

int64_t vs_strings_find(const vs_strings *s, const char *text) {
  size_t n = strlen(text);
  for (int64_t i = 0; i < s->n; i++) {
    if (vs_strings_len(s, i) == n && !memcmp(vs_strings_get(s, i), text, n)) return i;
  }
  return -1;
}
