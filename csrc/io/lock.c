/* Locks between processes.  See lock.h. */
#include "io/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/mem.h"

/* Whether the locked file is still the one at the path: a holder may have removed it between open
 * and flock. */
static bool is_current(const vs_lock *l) {
  struct stat ours, there;
  return fstat(l->fd, &ours) == 0 && lstat(l->path, &there) == 0 && ours.st_ino == there.st_ino &&
         ours.st_dev == there.st_dev;
}

/* 1 locked, 0 try again, -1 failed. */
static int try_lock(vs_lock *l, const char *path) {
  l->fd = open(l->path, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (l->fd < 0) return vs_fail_file(l->path, "cannot make: %s", strerror(errno));
  if (flock(l->fd, LOCK_EX | LOCK_NB)) {
    if (errno == EWOULDBLOCK) return vs_fail_file(path, "is being written by another process");
    return vs_fail_file(l->path, "cannot lock: %s", strerror(errno));
  }
  if (is_current(l)) return 1;
  close(l->fd);
  l->fd = -1;
  return 0;
}

vs_lock *vs_lock_take(const char *path) {
  size_t n = strlen(path) + sizeof VS_LOCK_ENDING;
  vs_lock *l = vs_new(sizeof *l);
  int got = -1;
  if (!l) return NULL;
  *l = (vs_lock){.path = vs_new(n), .fd = -1};
  if (l->path) {
    snprintf(l->path, n, "%s" VS_LOCK_ENDING, path);
    while ((got = try_lock(l, path)) == 0) continue;
  }
  if (got == 1) return l;
  if (l->fd >= 0) close(l->fd);
  free(l->path);
  free(l);
  return NULL;
}

void vs_lock_release(vs_lock *l) {
  if (!l) return;
  (void)unlink(l->path); /* before the lock is released: nobody else holds it yet */
  close(l->fd);
  free(l->path);
  free(l);
}

int64_t vs_plain_size(const char *path) {
  struct stat st;
  if (lstat(path, &st)) return vs_fail_file(path, "%s", strerror(errno));
  if (!S_ISREG(st.st_mode)) return vs_fail_file(path, "is not a plain file");
  return st.st_size;
}
