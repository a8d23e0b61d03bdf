/* A file mapped for tensors: private, so that writes stay in this process, and alive as long as the
 * last tensor over it.  The pages behind the end of a file that somebody shortens meanwhile are
 * lost: the system ends a process that touches them, as with any mapping. */
#ifndef VS_MAPPING_H
#define VS_MAPPING_H

#include "core/tensor.h"

typedef struct vs_mapping {
  int refs;
  size_t size;
  unsigned char *base;
} vs_mapping;

/* A regular file of at least `least` bytes, which `what` has ("a .npy file"); NULL with an error.
 * The caller owns a reference. */
vs_mapping *vs_mapping_open(const char *path, size_t least, const char *what);
void vs_mapping_unref(vs_mapping *m); /* NULL is fine */
/* A tensor over the bytes at p inside the mapping, or a copy of them where p is unaligned.  The
 * caller has checked that they are there. */
vs_tensor *vs_mapping_tensor(vs_mapping *m, unsigned char *p, vs_dtype dtype, int ndim,
                             const int64_t *shape);

#endif
