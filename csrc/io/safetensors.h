/* safetensors: named tensors in one file, with a string-to-string metadata table.
 *
 * Layout: u64 little-endian header length, JSON header {name: {dtype, shape, data_offsets}}, data.
 * Writing: data in order of element size (large first) then name, so that every tensor is aligned;
 * the header is padded with spaces to 8 bytes.  Reading: the file is mapped privately, so loading
 * costs no copy, writes to loaded tensors stay in this process, and the mapping lives as long as
 * the last tensor.  Tensors that another writer left unaligned are copied.  Offsets must tile the
 * data exactly.  I8, I16, U16, U32 and U64 are read as int64; values are never shifted. */
#ifndef VS_SAFETENSORS_H
#define VS_SAFETENSORS_H

#include "core/tensor.h"

#define VS_SAFETENSORS_MAX_HEADER ((uint64_t)100 << 20)

typedef struct vs_named {
  char *name;
  vs_tensor *t;
} vs_named;

typedef struct vs_pair {
  char *key, *value;
} vs_pair;

/* Names are 0-terminated UTF-8. */
typedef struct vs_tensorfile {
  int64_t n, nmeta;
  vs_named *tensor;
  vs_pair *meta;
  char *names; /* of a file that was read: where the names are; else NULL */
} vs_tensorfile;

/* Borrows everything; any dtype, any strides.  Sorts f->tensor and f->meta.  0 or -1. */
int vs_safetensors_save(const char *path, vs_tensorfile *f);
/* NULL on failure; free with vs_tensorfile_free.  mapped: the tensors are parts of the mapped file,
 * and reading them crashes once another program has shortened it; else copies. */
vs_tensorfile *vs_safetensors_load(const char *path, bool mapped);
/* Owns names, pairs and tensors; NULL is fine. */
void vs_tensorfile_free(vs_tensorfile *f);

#endif
