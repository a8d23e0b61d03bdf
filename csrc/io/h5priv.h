/* What the files of h5.h share.  libhdf5 is called between vs_h5_lock and vs_h5_unlock only. */
#ifndef VS_H5PRIV_H
#define VS_H5PRIV_H

#include <hdf5.h>

#include "io/h5.h"

enum {
  VS_H5_MAX_ATTRS = 64,  /* of a group; further ones are skipped */
  VS_H5_TOGETHER = 64,   /* files that one child process looks at */
  VS_H5_CACHE = 32 << 20 /* bytes of chunks of a data set that are kept by default */
};

struct vs_h5 {
  hid_t id;
  int64_t bytes; /* of the file, when it was opened for reading */
  int64_t cache; /* bytes of chunks that a data set opened from now on keeps by default */
  bool in_child; /* in the child, which reads strings of varying length itself */
  char *path;
};

struct vs_h5data {
  vs_h5 *file; /* borrowed: lives longer */
  hid_t id;
  int64_t rows;  /* written so far */
  int64_t kept;  /* chunks of rows that the library's cache has room for */
  int64_t most;  /* bytes that the file can hold */
  double places; /* slots that the library numbers its chunks by */
  vs_h5info info;
  char name[VS_H5_MAX_NAME], at[VS_H5_MAX_NAME]; /* as asked for; without soft links */
};

/* Outside the lock.  An existing file of that many bytes; with an own descriptor, reads of another
 * process do not move the file position. */
vs_h5 *vs_h5_open_file(const char *path, int64_t bytes, bool own_descriptor);
/* Outside the lock: what a child process does, see h5probe.c.  All return -1 for a refused file,
 * with a message, and 1 when no child could be started.  The first one returns 0 when the library
 * can read the file: */
int vs_h5_probe(const char *path, int64_t bytes);
/* The same for files first to last-1 of a list, with their bytes. */
int vs_h5_probe_all(const vs_strings *paths, const int64_t *bytes, int64_t first, int64_t last);
/* The strings of varying length of a data set, and all attributes as vs_h5_attrs gives them: */
int vs_h5_strings_apart(const vs_h5 *h, const char *name, vs_strings *out);
int vs_h5_attrs_apart(const vs_h5 *h, const char *group, vs_h5attr **out, int *n);
/* Outside the lock.  One string, not of varying length, of a data set of one dimension. */
int vs_h5_read_string(vs_h5data *d, int64_t row, vs_strings *out);
/* What the library calls when one of its functions fails; nothing (NULL) at first. */
void vs_h5_watch(H5E_auto2_t f);

/* Takes the lock and keeps the library from printing its errors. */
void vs_h5_lock(void);
void vs_h5_unlock(void);
/* Inside the lock.  "path: name: what: the library's own first message"; name may be NULL. */
int vs_h5_fail(const char *path, const char *name, const char *what);
/* Inside the lock.  The path of hard links to what the name leads to, in out: 1.  Soft links are
 * followed; a link that leads nowhere or out of the file is an error: -1.  0: no such name. */
int vs_h5_resolve(const vs_h5 *h, const char *name, char out[VS_H5_MAX_NAME]);
/* Inside the lock.  Whether such a path leads to an object of that kind. */
bool vs_h5_is(const vs_h5 *h, const char *resolved, H5I_type_t kind);
/* Inside the lock.  UTF-8 strings of that many bytes, filled up with zeros. */
hid_t vs_h5_text_type(size_t bytes);
/* Inside the lock.  Bytes of a string in `size` bytes of fixed length, without what fills it up. */
size_t vs_h5_text_length(const char *s, size_t size, hid_t type);

/* --- data sets; inside the lock, but for vs_h5_data_new --- */

/* One without a handle of the library; NULL where there is no memory. */
vs_h5data *vs_h5_data_new(vs_h5 *h, const char *name);
/* vs_h5_fail of the data set. */
int vs_h5_data_fail(const vs_h5data *d, const char *what);
/* What the dtype is in memory; not for VS_FLOAT16, which is: */
hid_t vs_h5_native_type(vs_dtype dtype);
/* IEEE binary16, which the library does not define before 1.14.4; H5Tclose it. */
hid_t vs_h5_half_type(void);
/* Selects rows [first, first+n) of the file; *mem is the matching memory space. */
hid_t vs_h5_select_rows(vs_h5data *d, int64_t first, int64_t n, hid_t *mem);
/* Reads these rows, which are there, as elements of that type. */
int vs_h5_read_rows(vs_h5data *d, hid_t type, int64_t first, int64_t n, void *out);

#endif
