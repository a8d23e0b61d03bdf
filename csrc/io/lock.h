/* A lock between processes: the file PATH.lock, locked while it is held and removed afterwards.
 *
 * The system releases the lock of a process that dies; its file stays and is taken over. */
#ifndef VS_LOCK_H
#define VS_LOCK_H

#include "core/base.h"

#define VS_LOCK_ENDING ".lock"

typedef struct vs_lock {
  char *path;
  int fd;
} vs_lock;

/* NULL with an error if another process (or this one) holds it; does not wait. */
vs_lock *vs_lock_take(const char *path);
/* NULL is fine. */
void vs_lock_release(vs_lock *l);

/* The bytes of a plain file, or -1 with an error: missing, a symbolic link, a folder, a device. */
int64_t vs_plain_size(const char *path);

#endif
