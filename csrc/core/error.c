/* The error of the current thread.  See error.h. */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/interrupt.h"
#include "core/number.h"

static _Thread_local char message[1024];
static _Thread_local vs_errkind kind;

int vs_fail(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vs_vsnprintf(message, sizeof message, fmt, ap);
  va_end(ap);
  kind = VS_EUSER;
  return -1;
}

int vs_fail_file(const char *path, const char *fmt, ...) {
  va_list ap;
  int n = snprintf(message, sizeof message, "%.400s: ", path);
  va_start(ap, fmt);
  vs_vsnprintf(message + n, sizeof message - (size_t)n, fmt, ap);
  va_end(ap);
  kind = VS_EFILE;
  return -1;
}

int vs_fail_memory(size_t bytes) {
  vs_snprintf(message, sizeof message, "out of memory: %.1f MB could not be allocated",
              (double)bytes / 1e6);
  kind = VS_ENOMEM;
  return -1;
}

int vs_fail_interrupted(void) {
  vs_fail("interrupted");
  kind = VS_EINTERRUPTED;
  return -1;
}

int vs_fail_prefix(const char *prefix) {
  char old[sizeof message];
  memcpy(old, message, sizeof old);
  int n = snprintf(message, sizeof message, "%.200s: ", prefix);
  snprintf(message + n, sizeof message - (size_t)n, "%.*s", (int)(sizeof message - 1) - n, old);
  return -1;
}

bool vs_error_named(void) {
  size_t n = strspn(message, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
  return n > 0 && message[n] == ':';
}

const char *vs_error(void) { return message; }

vs_errkind vs_error_kind(void) { return kind; }
