/* Whole files and growing buffers.  See file.h. */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/grow.h"
#include "core/mem.h"

char *vs_file_read(const char *path, size_t limit, size_t *n) {
  char *data = NULL;
  struct stat st;
  FILE *f = fopen(path, "rb");
  if (!f) {
    vs_fail_file(path, "%s", strerror(errno));
    return NULL;
  }
  if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
    vs_fail_file(path, "not a file");
    goto done;
  }
  if ((uintmax_t)st.st_size > limit) {
    vs_fail_file(path, "%.1f MB, the limit is %.1f MB", (double)st.st_size / 1e6,
                 (double)limit / 1e6);
    goto done;
  }
  size_t size = (size_t)st.st_size;
  data = vs_new(size + 1);
  if (!data) goto done;
  if (fread(data, 1, size, f) != size) {
    vs_fail_file(path, "reading failed: %s",
                 ferror(f) ? strerror(errno) : "the file became shorter");
    free(data);
    data = NULL;
    goto done;
  }
  data[size] = 0;
  *n = size;
done:
  fclose(f);
  return data;
}

size_t vs_text_mark(const void *text, size_t n) {
  return n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* --- writing --- */

int vs_outfile_open(vs_outfile *o, const char *path) {
  static int serial;
  memset(o, 0, sizeof *o);
  size_t n = strlen(path), room = n + 48;
  o->path = vs_new(n + 1);
  o->temp = vs_new(room);
  if (!o->path || !o->temp) goto fail;
  memcpy(o->path, path, n + 1);
  /* a unique name: process id, and a counter for the threads of the process */
  int k = __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
  snprintf(o->temp, room, "%s.tmp-%ld-%d", path, (long)getpid(), k);
  int fd = open(o->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) {
    vs_fail_file(path, "cannot write: %s", strerror(errno));
    goto fail;
  }
  o->f = fdopen(fd, "wb");
  if (!o->f) {
    vs_fail_file(path, "cannot write: %s", strerror(errno));
    close(fd);
    unlink(o->temp);
    goto fail;
  }
  return 0;
fail:
  free(o->path);
  free(o->temp);
  memset(o, 0, sizeof *o);
  return -1;
}

int vs_outfile_write(vs_outfile *o, const void *data, size_t n) {
  if (n == 0 || fwrite(data, 1, n, o->f) == n) return 0;
  return vs_fail_file(o->path, "writing failed: %s", strerror(errno));
}

/* Makes the rename itself durable.  Best effort: some file systems do not support it. */
static void sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  size_t n = slash ? (size_t)(slash - path) + 1 : 2;
  char *folder = malloc(n + 1);
  if (!folder) return;
  memcpy(folder, slash ? path : "./", n);
  folder[n] = 0;
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    (void)fsync(fd);
    close(fd);
  }
  free(folder);
}

int vs_outfile_commit(vs_outfile *o) {
  int rc = 0;
  if (fflush(o->f) != 0 || fsync(fileno(o->f)) != 0) {
    rc = vs_fail_file(o->path, "writing failed: %s", strerror(errno));
  }
  if (fclose(o->f) != 0 && rc == 0)
    rc = vs_fail_file(o->path, "writing failed: %s", strerror(errno));
  o->f = NULL;
  if (rc == 0 && rename(o->temp, o->path) != 0) {
    rc = vs_fail_file(o->path, "cannot write: %s", strerror(errno));
  }
  if (rc == 0) {
    sync_folder(o->path);
    free(o->temp);
    o->temp = NULL;
  }
  vs_outfile_abandon(o);
  return rc;
}

void vs_outfile_abandon(vs_outfile *o) {
  if (o->f) fclose(o->f);
  if (o->temp) unlink(o->temp);
  free(o->temp);
  free(o->path);
  memset(o, 0, sizeof *o);
}

int vs_file_write(const char *path, const void *data, size_t n) {
  vs_outfile o;
  if (vs_outfile_open(&o, path) != 0) return -1;
  if (vs_outfile_write(&o, data, n) != 0) {
    vs_outfile_abandon(&o);
    return -1;
  }
  return vs_outfile_commit(&o);
}

/* --- buffers --- */

void vs_buffer_put(vs_buffer *b, const void *data, size_t n) {
  if (b->failed || n == 0) return;
  b->failed = n > SIZE_MAX / 4 ? vs_fail_memory(n) : vs_grow(&b->data, &b->room, b->n + n);
  if (b->failed) return;
  memcpy(b->data + b->n, data, n);
  b->n += n;
}

void vs_buffer_puts(vs_buffer *b, const char *text) { vs_buffer_put(b, text, strlen(text)); }
