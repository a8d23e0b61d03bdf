/* UTF-8, and the few properties of characters that the tokenizers ask for.
 *
 * unicode.c alone uses libutf8proc.  Characters are code points in int32_t.  Nothing here
 * normalises on its own; vs_unicode_nfd does when asked. */
#ifndef VS_UNICODE_H
#define VS_UNICODE_H

#include "core/base.h"

/* Reads the character at s[*at] (*at < n) and moves *at past it.  A byte that does not belong to
 * valid UTF-8 gives U+FFFD when `replace` is set, else -1 with "invalid UTF-8 at byte 5" (from
 * 1). */
int32_t vs_utf8_next(const char *s, size_t n, size_t *at, bool replace);
/* Writes c as UTF-8 (at most 4 bytes); returns the number of bytes. */
int vs_utf8_put(int32_t c, char *out);

/* One character for one.  U+0130, whose lower case is two (i and a dot above), gives i. */
int32_t vs_unicode_lower(int32_t c);
bool vs_unicode_is_word(int32_t c);    /* a letter, mark or decimal digit: L*, M*, Nd */
bool vs_unicode_is_space(int32_t c);   /* White_Space */
bool vs_unicode_is_punct(int32_t c);   /* P*, and every ASCII symbol */
bool vs_unicode_is_control(int32_t c); /* Cc, Cf, Co, Cs; not tab, line feed, carriage return */
bool vs_unicode_is_accent(int32_t c);  /* Mn */
bool vs_unicode_is_cjk(int32_t c);     /* the ideograph blocks that BERT puts spaces around */

/* Canonical decomposition of n characters into a malloc'd array of *count; NULL on failure. */
int32_t *vs_unicode_nfd(const int32_t *c, size_t n, size_t *count);

#endif
