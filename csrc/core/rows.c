/* Tensors that are zero but for some rows.  See rows.h. */
#include "core/rows.h"

#include <sys/mman.h>

#include "core/error.h"

static void unmap(vs_storage *s) { munmap(s->data, (size_t)(uintptr_t)s->owner); }

/* Small pages: a huge one would be cleared whole for the sake of one row. */
vs_tensor *vs_rows_zeros(int ndim, const int64_t *shape) {
  int64_t n = vs_numel(ndim, shape);
  if (n < 0) return NULL;
  size_t bytes = (size_t)VS_MAX(n, 1) * sizeof(vs_real);
  void *data =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    vs_fail_memory(bytes);
    return NULL;
  }
  madvise(data, bytes, MADV_NOHUGEPAGE);
  return vs_tensor_wrap(VS_REAL, ndim, shape, data, unmap, (void *)(uintptr_t)bytes);
}

void vs_rows_set(vs_tensor *t, vs_tensor *rows) {
  vs_unref(t->rows);
  t->rows = rows;
  t->rows_version = t->storage->version;
}

const vs_tensor *vs_rows(const vs_tensor *t) {
  bool holds = t->rows && t->rows_version == t->storage->version && vs_is_contiguous(t);
  return holds ? t->rows : NULL;
}

void vs_rows_written(vs_tensor *t, const vs_tensor *rows) {
  if (rows && rows == t->rows) t->rows_version = t->storage->version;
}

vs_tensor *vs_rows_union(const vs_tensor *a, const vs_tensor *b) {
  const int64_t *x = vs_ints(a), *y = vs_ints(b);
  int64_t most, n = 0, i = 0, k = 0;
  most = a->numel + b->numel;
  vs_tensor *all = vs_tensor_new(VS_INT64, 1, &most), *list;
  if (!all) return NULL;
  int64_t *out = vs_ints(all);
  while (i < a->numel || k < b->numel) {
    int64_t next = k == b->numel || (i < a->numel && x[i] <= y[k]) ? x[i] : y[k];
    while (i < a->numel && x[i] == next) i++;
    while (k < b->numel && y[k] == next) k++;
    out[n++] = next;
  }
  list = vs_slice(all, 0, 0, n, 1);
  vs_unref(all);
  return list;
}

vs_runs vs_runs_of(const vs_tensor *t) {
  const vs_tensor *rows = vs_rows(t);
  if (!rows) return (vs_runs){.count = t->numel};
  int64_t width = t->shape[0] ? t->numel / t->shape[0] : 0;
  return (vs_runs){.rows = vs_ints(rows), .width = width, .count = rows->numel * width};
}
