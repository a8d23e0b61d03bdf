/* The header of a safetensors file: what names, dtypes, shapes and places the tensors have.
 *
 * Read in one pass without a tree: a file may have a million names. */
#ifndef VS_SAFEHEADER_H
#define VS_SAFEHEADER_H

#include "core/strmap.h"
#include "io/json.h"
#include "io/mapping.h"

/* One tensor: its bytes are there and fit dtype and shape. */
typedef struct vs_safeentry {
  uint32_t name; /* in names */
  int ndim;
  vs_element element;
  uint64_t first, last; /* bytes from the start of the data */
  int64_t shape[VS_MAX_DIM];
} vs_safeentry;

typedef struct vs_safeheader {
  vs_strmap names;     /* without zero bytes; of entries and, if there are any, __metadata__ */
  vs_safeentry *entry; /* in the order of their data, which they tile from 0 to `room` */
  int64_t n;
  size_t capacity;
  vs_json *meta; /* the object __metadata__ or NULL */
} vs_safeheader;

/* Reads n bytes of text, the header of the file `path` with `room` bytes of data.  Duplicate names
 * are refused.  0 or -1; free with vs_safeheader_free either way. */
int vs_safeheader_read(vs_safeheader *h, const char *text, size_t n, uint64_t room,
                       const char *path);
void vs_safeheader_free(vs_safeheader *h);
/* As the header spells it: "F32". */
const char *vs_safe_dtype(vs_dtype d);

#endif
