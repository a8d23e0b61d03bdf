/* A mapped file.  See mapfile.h. */
#include "text/mapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

int vs_mapfile_open(vs_mapfile *m, const char *path) {
  struct stat st;
  int rc = -1;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  m->data = NULL;
  m->size = 0;
  if (fd < 0) return vs_fail_file(path, "%s", strerror(errno));
  if (fstat(fd, &st) != 0) {
    vs_fail_file(path, "%s", strerror(errno));
    goto done;
  }
  if (!S_ISREG(st.st_mode)) {
    vs_fail_file(path, "not a regular file");
    goto done;
  }
  if (st.st_size > 0) {
    void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
      vs_fail_file(path, "%s", strerror(errno));
      goto done;
    }
    m->data = data;
    m->size = (size_t)st.st_size;
  }
  rc = 0;
done:
  close(fd);
  return rc;
}

void vs_mapfile_close(vs_mapfile *m) {
  if (m->data) munmap((void *)(uintptr_t)m->data, m->size);
  m->data = NULL;
  m->size = 0;
}
