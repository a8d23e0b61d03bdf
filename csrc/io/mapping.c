/* Mapped files.  See mapping.h. */
#include "io/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/mem.h"

void vs_mapping_unref(vs_mapping *m) {
  if (!m || __atomic_sub_fetch(&m->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
  if (m->base) munmap(m->base, m->size);
  free(m);
}

vs_mapping *vs_mapping_open(const char *path, size_t least, const char *what) {
  vs_mapping *m = NULL;
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    vs_fail_file(path, "%s", strerror(errno));
    return NULL;
  }
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    vs_fail_file(path, "not a file");
    goto done;
  }
  if ((uintmax_t)st.st_size < least) {
    vs_fail_file(path, "truncated: %lld bytes, %s has at least %zu", (long long)st.st_size, what,
                 least);
    goto done;
  }
  if (!(m = vs_new0(sizeof *m))) goto done;
  m->refs = 1;
  if (st.st_size == 0) goto done; /* which the system does not map */
  void *base =
      mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
  if (base == MAP_FAILED) {
    vs_fail_file(path, "cannot be mapped: %s", strerror(errno));
    free(m);
    m = NULL;
    goto done;
  }
  m->size = (size_t)st.st_size;
  m->base = base;
done:
  close(fd);
  return m;
}

static void release_mapped(vs_storage *s) { vs_mapping_unref(s->owner); }

vs_tensor *vs_mapping_tensor(vs_mapping *m, unsigned char *p, vs_dtype dtype, int ndim,
                             const int64_t *shape) {
  if ((uintptr_t)p % vs_dtype_size(dtype) == 0) {
    __atomic_add_fetch(&m->refs, 1, __ATOMIC_RELAXED);
    return vs_tensor_wrap(dtype, ndim, shape, p, release_mapped, m);
  }
  vs_tensor *t = vs_tensor_new(dtype, ndim, shape);
  if (t) memcpy(vs_data(t), p, (size_t)t->numel * vs_dtype_size(dtype));
  return t;
}

/* The integer of `width` bytes at p; of eight unsigned bytes, their bits. */
static int64_t integer_at(const unsigned char *p, int width, bool is_unsigned) {
  uint64_t v = 0;
  memcpy(&v, p, (size_t)width); /* little-endian, as this machine */
  if (!is_unsigned && width < 8 && v >> (8 * width - 1)) v |= ~(uint64_t)0 << 8 * width;
  return (int64_t)v;
}

vs_tensor *vs_mapping_elements(vs_mapping *m, unsigned char *p, vs_element e, int ndim,
                               const int64_t *shape, const char *path) {
  if (vs_element_size(e) == vs_dtype_size(e.dtype) && !e.is_unsigned)
    return vs_mapping_tensor(m, p, e.dtype, ndim, shape);
  vs_tensor *t = vs_tensor_new(VS_INT64, ndim, shape);
  for (int64_t i = 0; t && i < t->numel; i++) {
    int64_t v = vs_ints(t)[i] = integer_at(p + i * e.width, e.width, e.is_unsigned);
    if (e.width < 8 || v >= 0) continue;
    vs_fail_file(path, "element %lld is %llu, more than int64 holds", (long long)i + 1,
                 (unsigned long long)v);
    vs_unref(t);
    t = NULL;
  }
  return t;
}
