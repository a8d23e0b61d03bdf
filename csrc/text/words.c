/* The word tokenizer.  See words.h. */
#include "text/words.h"

#include "core/grow.h"
#include "text/unicode.h"

void vs_words_start(vs_words *w, const char *s, size_t n, bool replace) {
  w->s = s;
  w->n = n;
  w->at = w->len = 0;
  w->replace = replace;
}

void vs_words_free(vs_words *w) {
  free(w->word);
  *w = (vs_words){0};
}

static bool is_word(int32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'';
  return vs_unicode_is_word(c);
}

int vs_words_next(vs_words *w) {
  w->len = 0;
  while (w->at < w->n) {
    int32_t c = vs_utf8_next(w->s, w->n, &w->at, w->replace);
    if (c < 0) return -1;
    c = vs_unicode_lower(c);
    if (is_word(c)) {
      if (vs_grow(&w->word, &w->room, w->len + 4) != 0) return -1;
      w->len += (size_t)vs_utf8_put(c, w->word + w->len);
    } else if (w->len > 0) {
      return 1;
    }
  }
  return w->len > 0;
}
