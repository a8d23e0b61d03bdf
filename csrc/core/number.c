/* Numbers and text without the locale.  See number.h. */
#include "core/number.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t c_locale; /* stays 0 when memory runs out: then the script's locale is used */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

void *vs_locale_enter(void) {
  pthread_once(&once, make_c_locale);
  return uselocale(c_locale);
}

void vs_locale_leave(void *old) { uselocale(old); }

double vs_strtod(const char *s, char **end) {
  pthread_once(&once, make_c_locale);
  return c_locale ? strtod_l(s, end, c_locale) : strtod(s, end);
}

int vs_vsnprintf(char *out, size_t size, const char *fmt, va_list ap) {
  void *old = vs_locale_enter();
  int n = vsnprintf(out, size, fmt, ap);
  vs_locale_leave(old);
  return n;
}

int vs_snprintf(char *out, size_t size, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vs_vsnprintf(out, size, fmt, ap);
  va_end(ap);
  return n;
}
