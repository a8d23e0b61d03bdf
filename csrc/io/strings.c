/* A list of strings in two blocks of memory.  See strings.h. */
#include "io/strings.h"

#include "core/grow.h"

int vs_strings_add(vs_strings *s, const char *text, size_t n) {
  size_t used = s->n ? (size_t)s->at[s->n] : 0;
  if (n > SIZE_MAX / 4) return vs_fail_memory(n);
  if (vs_grow(&s->at, &s->slots, (size_t)s->n + 2) || vs_grow(&s->bytes, &s->room, used + n + 1))
    return -1;
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
