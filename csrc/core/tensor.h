/* Tensors: a shape, strides and an offset over reference-counted storage.
 *
 * Ownership: *_new, ops and vs_ref return a reference the caller owns; vs_unref drops it; *_data
 * and fields borrow.  A view shares storage with its source.  dims and indices in C count from 0.
 * Strides are in elements and may be 0 (broadcast) but not negative.  A 0-dim tensor has one
 * element. Autograd fields belong to csrc/autograd; nothing below it touches them but vs_unref. */
#ifndef VS_TENSOR_H
#define VS_TENSOR_H

#include "core/base.h"

typedef struct vs_node vs_node;

typedef struct vs_storage {
  int refs;
  uint32_t version; /* counts writes in place: saved tensors compare it */
  size_t bytes;
  void *data;
  void (*release)(
      struct vs_storage *s); /* NULL: a block of vs_mem_alloc, this struct in its room */
  void *owner;               /* for release: a mapped file, say */
} vs_storage;

/* The fields that freeing reads come first and fill one cache line: by then the tensor is usually
 * out of the cache. */
typedef struct vs_tensor {
  int refs;
  vs_dtype dtype;
  int ndim;
  bool requires_grad; /* leaf: .grad is to be computed; else: has a node */
  bool in_storage;    /* this struct lies in the block of its storage, in front of the data */
  int64_t numel;
  vs_storage *storage; /* NULL: shape only (a saved tensor whose values backward does not need) */
  vs_node *node;       /* what computed it, owned; NULL for leaves */
  vs_node *watch;      /* of a leaf: what holds its hooks, owned */
  struct vs_tensor *grad; /* leaf gradient, owned */
  struct vs_tensor *rows; /* see rows.h, owned */
  uint32_t rows_version;
  int out_index;  /* which output of node this is */
  int64_t offset; /* elements */
  int64_t shape[VS_MAX_DIM], stride[VS_MAX_DIM];
} vs_tensor;

/* --- dtypes --- */
extern const uint8_t vs_dtype_sizes[VS_NDTYPE];
static inline size_t vs_dtype_size(vs_dtype d) { return vs_dtype_sizes[d]; }
const char *vs_dtype_name(vs_dtype d);
/* -1 if unknown.  "float32" names the compute type in both builds; "float" too. */
int vs_dtype_parse(const char *name);
static inline bool vs_is_real(const vs_tensor *t) { return t->dtype == VS_REAL; }
/* What gradients flow through: the compute type, and bfloat16, its short form between ops. */
static inline bool vs_is_derivable(const vs_tensor *t) {
  return t->dtype == VS_REAL || t->dtype == VS_BFLOAT16;
}
static inline bool vs_is_integer(const vs_tensor *t) { return t->dtype >= VS_INT64; } /* bool too */

/* --- life --- */
vs_tensor *vs_tensor_new(vs_dtype dtype, int ndim, const int64_t *shape); /* uninitialised */
vs_tensor *vs_tensor_zeros(vs_dtype dtype, int ndim, const int64_t *shape);
vs_tensor *vs_tensor_full(vs_dtype dtype, int ndim, const int64_t *shape, double value);
vs_tensor *vs_tensor_scalar(double value); /* 0-dim, VS_REAL */
/* Over memory that release() frees when the last reference goes; takes it over even on failure. */
vs_tensor *vs_tensor_wrap(vs_dtype dtype, int ndim, const int64_t *shape, void *data,
                          void (*release)(vs_storage *), void *owner);
vs_tensor *vs_ref(vs_tensor *t); /* NULL is fine */
void vs_unref_(vs_tensor *t);
static inline void vs_unref(vs_tensor *t) { /* NULL is fine */
  if (t != NULL) vs_unref_(t);
}
/* Number of elements, or -1 with vs_fail when it overflows or a size is negative. */
int64_t vs_numel(int ndim, const int64_t *shape);

/* --- views (share storage, no autograd; see op/view.c for the differentiable ones) --- */
vs_tensor *vs_view(vs_tensor *t, int ndim, const int64_t *shape, const int64_t *stride,
                   int64_t offset);
vs_tensor *vs_alias(vs_tensor *t);            /* same view, detached from autograd */
vs_tensor *vs_shape_only(const vs_tensor *t); /* same shape and dtype, no storage */
vs_tensor *vs_expand_to(vs_tensor *t, int ndim,
                        const int64_t *shape); /* broadcast view or NULL + error */
/* The same as a struct of the caller's, which borrows t's storage: for walks, never for
 * vs_unref. */
int vs_broadcast_onto(vs_tensor *view, const vs_tensor *t, int ndim, const int64_t *shape);
/* A view with that shape if strides allow it (no copy); NULL without error when they do not. */
vs_tensor *vs_try_reshape(vs_tensor *t, int ndim, const int64_t *shape);
vs_tensor *vs_select(vs_tensor *t, int dim, int64_t index);
vs_tensor *vs_slice(vs_tensor *t, int dim, int64_t first, int64_t n, int64_t step);
vs_tensor *vs_transpose(vs_tensor *t, int a, int b);

/* --- data --- */
bool vs_is_contiguous(const vs_tensor *t);
static inline void *vs_data(const vs_tensor *t) { /* first element */
  return (char *)t->storage->data + t->offset * (int64_t)vs_dtype_size(t->dtype);
}
static inline vs_real *vs_reals(const vs_tensor *t) { return (vs_real *)vs_data(t); }
static inline int64_t *vs_ints(const vs_tensor *t) { return (int64_t *)vs_data(t); }
static inline uint8_t *vs_bytes(const vs_tensor *t) { return (uint8_t *)vs_data(t); }
/* A contiguous tensor with the same values: t itself (retained) or a copy. */
vs_tensor *vs_contiguous(vs_tensor *t);
vs_tensor *vs_clone(vs_tensor *t);
vs_tensor *vs_cast(vs_tensor *t, vs_dtype dtype); /* t itself (retained) when it has that dtype */
/* dst = src, any strides, any two dtypes, src broadcast to dst's shape. */
int vs_copy(vs_tensor *dst, vs_tensor *src);
/* Whether writing dst may change elements of src (of dst's shape) that are yet to be read. */
bool vs_overlaps(const vs_tensor *dst, const vs_tensor *src);
int vs_fill(vs_tensor *t, double value);
void vs_fill_int(vs_tensor *t, int64_t value); /* every digit, where t is int64 */
/* One element, converted.  Position in elements from vs_data, strides not applied. */
double vs_get_double(const vs_tensor *t, int64_t at);
int64_t vs_get_int(const vs_tensor *t, int64_t at);
void vs_set_double(vs_tensor *t, int64_t at, double v);
/* Conversions of the storage types. */
float vs_half_to_float(uint16_t h);
uint16_t vs_float_to_half(float f);
static inline float vs_bf16_to_float(uint16_t h) {
  union {
    uint32_t u;
    float f;
  } c = {(uint32_t)h << 16};
  return c.f;
}
/* To the nearest, ties to even. */
static inline uint16_t vs_float_to_bf16(float f) {
  union {
    uint32_t u;
    float f;
  } c = {.f = f};
  uint32_t near = (c.u + 0x7fff + (c.u >> 16 & 1)) >> 16;
  return (uint16_t)(f != f ? 0x7fc0 : near);
}

/* --- shapes --- */
bool vs_same_shape(const vs_tensor *a, const vs_tensor *b);
/* Broadcast shape of both into shape (returns ndim), or -1 with an error that names both shapes. */
int vs_broadcast(const vs_tensor *a, const vs_tensor *b, int64_t *shape);
/* "[2,3]"; the text lives until eight more calls on this thread. */
const char *vs_shape_str(const vs_tensor *t);
const char *vs_dims_str(int ndim, const int64_t *shape);

#endif
