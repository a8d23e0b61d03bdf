/* UTF-8 and character properties by libutf8proc.  See unicode.h. */
#include "text/unicode.h"

#include <utf8proc.h>

#include "core/grow.h"

int32_t vs_utf8_next(const char *s, size_t n, size_t *at, bool replace) {
  unsigned char first = (unsigned char)s[*at];
  if (first < 0x80) {
    (*at)++;
    return first;
  }
  utf8proc_int32_t c;
  size_t left = n - *at;
  utf8proc_ssize_t bytes =
      utf8proc_iterate((const utf8proc_uint8_t *)s + *at, (utf8proc_ssize_t)VS_MIN(left, 4), &c);
  if (bytes > 0) {
    *at += (size_t)bytes;
    return c;
  }
  if (!replace) return vs_fail("invalid UTF-8 at byte %zu", *at + 1);
  (*at)++;
  return 0xFFFD;
}

int vs_utf8_put(int32_t c, char *out) {
  return (int)utf8proc_encode_char(c, (utf8proc_uint8_t *)out);
}

int32_t vs_unicode_lower(int32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return utf8proc_tolower(c);
}

bool vs_unicode_is_word(int32_t c) {
  utf8proc_category_t k = utf8proc_category(c);
  return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_ME) || k == UTF8PROC_CATEGORY_ND;
}

bool vs_unicode_is_space(int32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
  utf8proc_category_t k = utf8proc_category(c);
  return c == 0x85 || (k >= UTF8PROC_CATEGORY_ZS && k <= UTF8PROC_CATEGORY_ZP);
}

bool vs_unicode_is_punct(int32_t c) {
  if (c < 0x80) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  }
  utf8proc_category_t k = utf8proc_category(c);
  return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO;
}

bool vs_unicode_is_control(int32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  utf8proc_category_t k = utf8proc_category(c);
  return k >= UTF8PROC_CATEGORY_CC && k <= UTF8PROC_CATEGORY_CO;
}

bool vs_unicode_is_accent(int32_t c) {
  return c >= 0x300 && utf8proc_category(c) == UTF8PROC_CATEGORY_MN;
}

bool vs_unicode_is_cjk(int32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

/* Marks that follow one base character go by rising combining class, equal ones keep their
 * order. */
static void order_marks(int32_t *c, size_t n) {
  for (size_t i = 1; i < n; i++) {
    int32_t mark = c[i];
    int class = mark < 0x300 ? 0 : utf8proc_get_property(mark)->combining_class;
    size_t j = i;
    if (class == 0) continue;
    for (; j > 0 && utf8proc_get_property(c[j - 1])->combining_class > class; j--) c[j] = c[j - 1];
    c[j] = mark;
  }
}

int32_t *vs_unicode_nfd(const int32_t *c, size_t n, size_t *count) {
  int32_t *out = NULL;
  size_t room = 0, used = 0;
  if (vs_grow(&out, &room, n + 1) != 0) return NULL;
  for (size_t i = 0; i < n; i++) {
    int boundary = 0;
    if (vs_grow(&out, &room, used + 32) != 0) goto fail;
    if (c[i] < 0xC0) {
      out[used++] = c[i];
      continue;
    }
    utf8proc_ssize_t k = utf8proc_decompose_char(c[i], out + used, (utf8proc_ssize_t)(room - used),
                                                 UTF8PROC_DECOMPOSE, &boundary);
    if (k < 0 || (size_t)k > room - used)
      out[used++] = c[i]; /* no character decomposes so far */
    else
      used += (size_t)k;
  }
  order_marks(out, used);
  *count = used;
  return out;
fail:
  free(out);
  return NULL;
}
