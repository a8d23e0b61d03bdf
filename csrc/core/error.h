/* The error of the current thread: one message and a kind.
 *
 * Contract: a function that fails calls vs_fail once and returns -1 or NULL; its callers clean up
 * and pass that on.  Nothing here exits, jumps or prints.  Only csrc/bind turns the message into a
 * Lua error, after C has cleaned up. */
#ifndef VS_ERROR_H
#define VS_ERROR_H

#include "core/base.h"

typedef enum vs_errkind {
  VS_EUSER,       /* a programming mistake: wrong shape, type, range */
  VS_EFILE,       /* a missing, broken or unwritable file: Lua gets nil and the message */
  VS_ENOMEM,      /* memory ran out: bind collects garbage and tries once more */
  VS_EINTERRUPTED /* the user asked to stop it (core/interrupt.h): raised as an error */
} vs_errkind;

/* Sets the message.  Always returns -1, so that `return vs_fail(...)` reads well. */
int vs_fail(const char *fmt, ...) VS_PRINTF(1, 2);
/* The same for a file: the message becomes "path: ...". */
int vs_fail_file(const char *path, const char *fmt, ...) VS_PRINTF(2, 3);
/* Out of memory while asking for that many bytes. */
int vs_fail_memory(size_t bytes);
/* Puts "prefix: " before the message that is set. */
int vs_fail_prefix(const char *prefix);
/* Whether the message begins with a name, as "matmul: ": a function, a class, a setting. */
bool vs_error_named(void);

#define vs_fail_null(...) (vs_fail(__VA_ARGS__), NULL)

const char *vs_error(void);
vs_errkind vs_error_kind(void);

#endif
