/* A whole file, mapped: private, so that writes stay in this process, and alive as long as its last
 * reference; a tensor over it holds one.  When another process shortens the file, its pages behind
 * the new end are lost: the system ends a process that touches them, as with any mapping. */
#ifndef VS_MAPPING_H
#define VS_MAPPING_H

#include "core/tensor.h"

typedef struct vs_mapping {
  int refs;
  size_t size;
  unsigned char *base; /* NULL when the file is empty */
} vs_mapping;

/* A regular file.  `what` names the format in the error about a file of fewer than `least` bytes
 * ("a .npy file"); it may be NULL where `least` is 0.  NULL with an error.  The caller owns a
 * reference. */
vs_mapping *vs_mapping_open(const char *path, size_t least, const char *what);
void vs_mapping_unref(vs_mapping *m); /* NULL is fine */
/* A tensor over the bytes at p inside the mapping, or a copy of them where p is unaligned.  The
 * caller has checked that they are there. */
vs_tensor *vs_mapping_tensor(vs_mapping *m, unsigned char *p, vs_dtype dtype, int ndim,
                             const int64_t *shape);
/* What the numbers of a file are: of `dtype`; or integers of `width` bytes that have no dtype
 * (int8, int16, uint16, uint32, uint64), whose dtype is int64.  width is 0 or the size for the
 * former. */
typedef struct vs_element {
  vs_dtype dtype;
  int width;
  bool is_unsigned; /* of the latter */
} vs_element;

/* Bytes of an element in the file. */
static inline size_t vs_element_size(vs_element e) {
  return e.width ? (size_t)e.width : vs_dtype_size(e.dtype);
}
/* vs_mapping_tensor, or a copy as int64.  A uint64 beyond int64 is an error that names `path`. */
vs_tensor *vs_mapping_elements(vs_mapping *m, unsigned char *p, vs_element e, int ndim,
                               const int64_t *shape, const char *path);

#endif
