/* What h5.c and h5data.c share.  libhdf5 is called between h5_lock and h5_unlock only. */
#ifndef VS_H5PRIV_H
#define VS_H5PRIV_H

#include <hdf5.h>

#include "io/h5.h"

struct vs_h5 {
  hid_t id;
  int64_t bytes; /* of the file, when it was opened for reading */
  char *path;
};

/* Takes the lock and keeps the library from printing its errors. */
void h5_lock(void);
void h5_unlock(void);
/* Inside the lock.  "path: name: what: the library's own first message"; name may be NULL. */
int h5_fail(const char *path, const char *name, const char *what);
/* Inside the lock.  Whether a hard link of that name leads to an object of that kind. */
bool h5_exists(hid_t file, const char *name, H5I_type_t kind);
/* UTF-8 strings of that many bytes, filled up with zeros. */
hid_t h5_text_type(size_t bytes);

#endif
