/* Numbers to text and back as in the C locale, whatever os.setlocale chose: a decimal point, never
 * a comma.  Everything that is parsed or written to files uses these; the locale of other threads
 * and of the script does not change. */
#ifndef VS_NUMBER_H
#define VS_NUMBER_H

#include <stdarg.h>

#include "core/base.h"

double vs_strtod(const char *s, char **end);
/* snprintf and vsnprintf. */
int vs_snprintf(char *out, size_t size, const char *fmt, ...) VS_PRINTF(3, 4);
int vs_vsnprintf(char *out, size_t size, const char *fmt, va_list ap);
/* Gives this thread the C locale until vs_locale_leave gets the result. */
void *vs_locale_enter(void);
void vs_locale_leave(void *old);

#endif
