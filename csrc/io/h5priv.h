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

/* Outside the lock.  An existing file of that many bytes; with an own descriptor, what another
 * process reads does not move this one's place. */
vs_h5 *h5_open_file(const char *path, int64_t bytes, bool own_descriptor);
/* Outside the lock.  Whether reading the file breaks the library: see h5probe.c. */
int h5_probe(const char *path, int64_t bytes);
/* What the library calls when one of its functions fails; nothing (NULL) at first. */
void h5_watch(H5E_auto2_t f);

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
