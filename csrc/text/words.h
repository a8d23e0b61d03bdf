/* The word tokenizer: lower-cased runs of word characters, one at a time.
 *
 * Word characters are [a-z0-9'] and, beyond ASCII, letters, marks and decimal digits; everything
 * else separates.  So "Mom's Café!" gives mom's, café.  Scripts written without spaces give one
 * word a run.  Does not normalise: a letter with a separate accent differs from the composed
 * letter. */
#ifndef VS_WORDS_H
#define VS_WORDS_H

#include "core/base.h"

typedef struct vs_words {
  const char *s; /* borrowed */
  size_t n, at;
  bool replace; /* invalid UTF-8 separates words instead of being an error */
  char *word;   /* the word just read, owned, not zero-terminated */
  size_t len, room;
} vs_words;

/* Starts with a text; w is zeroed or was used before. */
void vs_words_start(vs_words *w, const char *s, size_t n, bool replace);
/* 1: a word is in w->word; 0: the text is at its end; -1: an error. */
int vs_words_next(vs_words *w);
void vs_words_free(vs_words *w);

#endif
