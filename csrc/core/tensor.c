/* Tensors: life, shapes and views.  See tensor.h.  Copies and conversions of values: copy.c. */
#include "core/tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/hooks.h"
#include "core/mem.h"

enum { SMALL = 1024 }; /* bytes of data that share a block with their tensor */

void (*vs_node_unref_hook)(vs_node *) = NULL;
bool (*vs_collect_hook)(void) = NULL;

/* ---- storage ---- */

static void storage_ref(vs_storage *s) {
  if (s != NULL) __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
}

/* Whether that was the last reference.  The holder of the only reference needs no atomic write to
 * drop it: no other thread can see it. */
static inline bool dropped(int *refs) {
  return __atomic_load_n(refs, __ATOMIC_ACQUIRE) == 1 ||
         __atomic_sub_fetch(refs, 1, __ATOMIC_ACQ_REL) == 0;
}

static void storage_unref(vs_storage *s) {
  if (s == NULL || !dropped(&s->refs)) return;
  if (s->release == NULL) {
    vs_mem_free((char *)s + VS_MEM_ROOM); /* and s with it */
    return;
  }
  s->release(s);
  free(s);
}

_Static_assert(sizeof(vs_storage) <= VS_MEM_ROOM, "the storage of a block lies in its room");
_Static_assert(sizeof(vs_tensor) % 16 == 0, "data behind a tensor is aligned for any element");
_Static_assert(offsetof(vs_tensor, rows_version) == 64, "what freeing reads is one cache line");

/* ---- life ---- */

int64_t vs_numel(int ndim, const int64_t *shape) {
  int64_t n = 1;
  bool empty = false;
  if (ndim < 0 || ndim > VS_MAX_DIM) return vs_fail("%d dimensions, at most %d", ndim, VS_MAX_DIM);
  for (int d = 0; d < ndim; d++) {
    if (shape[d] < 0) return vs_fail("negative size in %s", vs_dims_str(ndim, shape));
    /* strides are products that count 0 as 1: they must not overflow either */
    if (__builtin_mul_overflow(n, VS_MAX(shape[d], 1), &n) || n > (int64_t)1 << 48)
      return vs_fail("%s is too large", vs_dims_str(ndim, shape));
    empty = empty || shape[d] == 0;
  }
  return empty ? 0 : n;
}

/* Makes t, of n elements, one with contiguous strides and no storage. */
static void init(vs_tensor *t, vs_dtype dtype, int64_t n, int ndim, const int64_t *shape) {
  t->refs = 1;
  t->dtype = dtype;
  t->ndim = ndim;
  t->requires_grad = t->in_storage = false;
  t->out_index = 0;
  t->numel = n;
  t->offset = 0;
  t->storage = NULL;
  t->node = t->watch = NULL;
  t->grad = NULL;
  t->rows = NULL;
  int64_t step = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    t->shape[d] = shape[d];
    t->stride[d] = step;
    step *= VS_MAX(shape[d], 1);
  }
}

static vs_tensor *blank(vs_dtype dtype, int ndim, const int64_t *shape) {
  int64_t n = vs_numel(ndim, shape);
  vs_tensor *t = n < 0 ? NULL : vs_mem_alloc(sizeof *t);
  if (t != NULL) init(t, dtype, n, ndim, shape);
  return t;
}

/* The caller frees data when this fails. */
static vs_tensor *over(vs_storage *s, vs_dtype dtype, int ndim, const int64_t *shape, void *data) {
  vs_tensor *t = blank(dtype, ndim, shape);
  if (t == NULL) return NULL;
  *s = (vs_storage){.refs = 1, .bytes = (size_t)t->numel * vs_dtype_size(dtype), .data = data};
  t->storage = s;
  return t;
}

vs_tensor *vs_tensor_wrap(vs_dtype dtype, int ndim, const int64_t *shape, void *data,
                          void (*release)(vs_storage *), void *owner) {
  vs_storage *s = vs_new(sizeof *s);
  vs_tensor *t = s != NULL ? over(s, dtype, ndim, shape, data) : NULL;
  if (t == NULL) {
    vs_storage dead = {.data = data, .owner = owner};
    release(&dead);
    free(s);
    return NULL;
  }
  s->release = release;
  s->owner = owner;
  return t;
}

/* Where there is little data the tensor, its storage and the data are one block. */
static vs_tensor *new_small(vs_dtype dtype, int64_t n, int ndim, const int64_t *shape,
                            size_t bytes) {
  vs_tensor *t = vs_mem_alloc(sizeof *t + bytes);
  if (t == NULL) return NULL;
  init(t, dtype, n, ndim, shape);
  t->in_storage = true;
  t->storage = vs_mem_room(t);
  *t->storage = (vs_storage){.refs = 1, .bytes = bytes, .data = t + 1};
  return t;
}

vs_tensor *vs_tensor_new(vs_dtype dtype, int ndim, const int64_t *shape) {
  int64_t n = vs_numel(ndim, shape);
  if (n < 0) return NULL;
  size_t bytes = (size_t)n * vs_dtype_size(dtype);
  if (bytes <= SMALL) return new_small(dtype, n, ndim, shape, bytes);
  void *data = vs_mem_alloc(bytes);
  if (data == NULL) return NULL;
  vs_tensor *t = over(vs_mem_room(data), dtype, ndim, shape, data);
  if (t == NULL) vs_mem_free(data);
  return t;
}

vs_tensor *vs_tensor_zeros(vs_dtype dtype, int ndim, const int64_t *shape) {
  vs_tensor *t = vs_tensor_new(dtype, ndim, shape);
  if (t != NULL) memset(vs_data(t), 0, (size_t)t->numel * vs_dtype_size(dtype));
  return t;
}

vs_tensor *vs_tensor_scalar(double value) {
  vs_tensor *t = vs_tensor_new(VS_REAL, 0, NULL);
  if (t != NULL) *vs_reals(t) = (vs_real)value;
  return t;
}

vs_tensor *vs_ref(vs_tensor *t) {
  if (t != NULL) __atomic_add_fetch(&t->refs, 1, __ATOMIC_RELAXED);
  return t;
}

void vs_unref_(vs_tensor *t) {
  if (!dropped(&t->refs)) return;
  bool in_storage = t->in_storage;
  if (t->node != NULL) vs_node_unref_hook(t->node);
  if (t->watch != NULL) vs_node_unref_hook(t->watch);
  vs_unref(t->grad);
  vs_unref(t->rows);
  storage_unref(t->storage);
  if (!in_storage) vs_mem_free(t);
}

/* ---- views ---- */

vs_tensor *vs_shape_only(const vs_tensor *t) { return blank(t->dtype, t->ndim, t->shape); }

vs_tensor *vs_view(vs_tensor *t, int ndim, const int64_t *shape, const int64_t *stride,
                   int64_t offset) {
  vs_tensor *v = blank(t->dtype, ndim, shape);
  if (v == NULL) return NULL;
  for (int d = 0; d < ndim; d++) v->stride[d] = stride[d];
  v->offset = offset;
  v->storage = t->storage;
  storage_ref(v->storage);
  return v;
}

vs_tensor *vs_alias(vs_tensor *t) { return vs_view(t, t->ndim, t->shape, t->stride, t->offset); }

int vs_broadcast_onto(vs_tensor *view, const vs_tensor *t, int ndim, const int64_t *shape) {
  int extra = ndim - t->ndim;
  bool fits = extra >= 0;
  *view = *t;
  view->ndim = ndim;
  view->numel = 1;
  for (int d = 0; d < ndim && fits; d++) {
    int from = d - extra;
    bool stretch = from < 0 || (t->shape[from] == 1 && shape[d] != 1);
    fits = stretch || t->shape[from] == shape[d];
    view->shape[d] = shape[d];
    view->stride[d] = stretch ? 0 : t->stride[from];
    view->numel *= shape[d];
  }
  if (fits) return 0;
  return vs_fail("%s does not broadcast to %s", vs_shape_str(t), vs_dims_str(ndim, shape));
}

vs_tensor *vs_expand_to(vs_tensor *t, int ndim, const int64_t *shape) {
  vs_tensor view;
  if (vs_numel(ndim, shape) < 0 || vs_broadcast_onto(&view, t, ndim, shape) < 0) return NULL;
  return vs_view(t, ndim, shape, view.stride, t->offset);
}

vs_tensor *vs_try_reshape(vs_tensor *t, int ndim, const int64_t *shape) {
  int64_t stride[VS_MAX_DIM], step = 1;
  if (t->numel <= 1 || vs_is_contiguous(t)) {
    for (int d = ndim - 1; d >= 0; d--) {
      stride[d] = step;
      step *= VS_MAX(shape[d], 1);
    }
    return vs_view(t, ndim, shape, stride, t->offset);
  }
  /* Walk both shapes from the right: each block of old dimensions that is contiguous in itself may
   * be split in another way. */
  int d = ndim - 1;
  int64_t block = 1, made = 1, base = t->stride[t->ndim - 1];
  for (int i = t->ndim - 1; i >= 0; i--) {
    block *= t->shape[i];
    bool ends = i == 0 || (t->shape[i - 1] != 1 && t->stride[i - 1] != block * base);
    if (!ends) continue;
    while (d >= 0 && (made < block || shape[d] == 1)) {
      stride[d] = made * base;
      made *= shape[d--];
    }
    if (made != block) return NULL;
    if (i > 0) {
      block = made = 1;
      base = t->stride[i - 1];
    }
  }
  return d >= 0 ? NULL : vs_view(t, ndim, shape, stride, t->offset);
}

vs_tensor *vs_select(vs_tensor *t, int dim, int64_t index) {
  int64_t shape[VS_MAX_DIM] = {0}, stride[VS_MAX_DIM] = {0};
  int n = 0;
  for (int d = 0; d < t->ndim; d++) {
    if (d == dim) continue;
    shape[n] = t->shape[d];
    stride[n++] = t->stride[d];
  }
  return vs_view(t, n, shape, stride, t->offset + index * t->stride[dim]);
}

vs_tensor *vs_slice(vs_tensor *t, int dim, int64_t first, int64_t n, int64_t step) {
  int64_t shape[VS_MAX_DIM], stride[VS_MAX_DIM];
  memcpy(shape, t->shape, sizeof shape);
  memcpy(stride, t->stride, sizeof stride);
  shape[dim] = n;
  stride[dim] *= step;
  return vs_view(t, t->ndim, shape, stride, t->offset + first * t->stride[dim]);
}

vs_tensor *vs_transpose(vs_tensor *t, int a, int b) {
  int64_t shape[VS_MAX_DIM], stride[VS_MAX_DIM];
  memcpy(shape, t->shape, sizeof shape);
  memcpy(stride, t->stride, sizeof stride);
  shape[a] = t->shape[b];
  shape[b] = t->shape[a];
  stride[a] = t->stride[b];
  stride[b] = t->stride[a];
  return vs_view(t, t->ndim, shape, stride, t->offset);
}

/* ---- data and shapes ---- */

bool vs_is_contiguous(const vs_tensor *t) {
  int64_t step = 1;
  if (t->numel == 0) return true;
  for (int d = t->ndim - 1; d >= 0; d--) {
    if (t->shape[d] != 1 && t->stride[d] != step) return false;
    step *= t->shape[d];
  }
  return true;
}

bool vs_same_shape(const vs_tensor *a, const vs_tensor *b) {
  if (a->ndim != b->ndim) return false;
  for (int d = 0; d < a->ndim; d++)
    if (a->shape[d] != b->shape[d]) return false;
  return true;
}

int vs_broadcast(const vs_tensor *a, const vs_tensor *b, int64_t *shape) {
  int n = VS_MAX(a->ndim, b->ndim);
  for (int i = 1; i <= n; i++) {
    int64_t p = i <= a->ndim ? a->shape[a->ndim - i] : 1,
            q = i <= b->ndim ? b->shape[b->ndim - i] : 1;
    if (p != q && p != 1 && q != 1)
      return vs_fail("shapes %s and %s do not broadcast", vs_shape_str(a), vs_shape_str(b));
    shape[n - i] = p == 1 ? q : p;
  }
  return n;
}

const char *vs_dims_str(int ndim, const int64_t *shape) {
  static _Thread_local char text[8][128];
  static _Thread_local int turn;
  char *s = text[turn++ & 7];
  int n = snprintf(s, sizeof text[0], "[");
  for (int d = 0; d < ndim && n < (int)sizeof text[0] - 24; d++)
    n += snprintf(s + n, sizeof text[0] - (size_t)n, d > 0 ? ",%lld" : "%lld", (long long)shape[d]);
  snprintf(s + n, sizeof text[0] - (size_t)n, "]");
  return s;
}

const char *vs_shape_str(const vs_tensor *t) { return vs_dims_str(t->ndim, t->shape); }
