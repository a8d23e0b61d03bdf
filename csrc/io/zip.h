/* The directory of a zip archive that lies in memory, for entries that are stored, not compressed.
 *
 * Invariant of an open archive: every entry's bytes lie inside the archive, before its directory,
 * and no two entries share any.  Sizes of 64 bits (zip64) are understood.  An entry that is
 * compressed or encrypted is listed and refused when its bytes are asked for.  Writes nothing. */
#ifndef VS_ZIP_H
#define VS_ZIP_H

#include "core/base.h"

typedef struct vs_zipentry {
  const char *name; /* in the archive's bytes, not ended by 0 */
  size_t nname;
  uint64_t header, first, size; /* the entry's own header, its data: bytes from the start */
  uint32_t crc;
  int method, flags;
} vs_zipentry;

typedef struct vs_zip {
  const char *path; /* for messages; borrowed, as the bytes are */
  const unsigned char *base;
  uint64_t size;
  int64_t n;
  vs_zipentry *entry; /* sorted by name */
} vs_zip;

/* 0 or -1; free with vs_zip_free either way. */
int vs_zip_open(vs_zip *z, const unsigned char *base, size_t size, const char *path);
void vs_zip_free(vs_zip *z);
/* The entry of that name, or NULL without an error. */
const vs_zipentry *vs_zip_find(const vs_zip *z, const char *name, size_t n);
/* 0 when the entry is stored uncompressed and its checksum is right, else -1. */
int vs_zip_check(const vs_zip *z, const vs_zipentry *e);

#endif
