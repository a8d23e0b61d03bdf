/* Rows that lie in several HDF5 files, one file after the other, as if they lay in one.
 *
 * A pool holds the files, a column the rows of a data set that some of the files have.  When there
 * are many files, the one that was used longest ago is closed before another one is opened; it is
 * opened again when rows of it are read, and has to be the file that it was.  Pool and columns are
 * built by one thread; columns may then be read from any. */
#ifndef VS_H5POOL_H
#define VS_H5POOL_H

#include "io/h5.h"

enum { VS_H5_SLOTS = 8, VS_H5_OPEN = 128 /* files of a pool that stay open */ };

typedef struct vs_h5pool vs_h5pool;

/* A pool of so many files. */
vs_h5pool *vs_h5pool_new(int64_t n);
void vs_h5pool_free(vs_h5pool *p); /* NULL is fine */
/* Opens the next file, which was checked (vs_h5_check) unless it is the only one; -1 or its
 * number.  The handle stays valid until another file is opened. */
int64_t vs_h5pool_open(vs_h5pool *p, const char *path);
vs_h5 *vs_h5pool_file(const vs_h5pool *p, int64_t file);
const char *vs_h5pool_path(const vs_h5pool *p, int64_t file);

typedef struct vs_h5part {
  int64_t file, first, rows; /* rows of this file are first..first+rows of the column */
  int64_t chunk, keep;       /* rows of a chunk, 0: none; chunks that are kept in memory */
  double band;               /* bytes in memory of one of them, 0 where none are kept */
} vs_h5part;

typedef struct vs_h5column {
  vs_h5pool *pool; /* borrowed; NULL: there is no such column */
  int slot;        /* its place in the files, different for each column of a pool */
  char name[VS_H5_MAX_NAME];
  vs_h5info info; /* of the first part, but the rows of all */
  int64_t n;
  size_t room;
  vs_h5part *part; /* [n] */
} vs_h5column;

/* Appends the rows of a data set of that file, which the pool takes over, on error too.  The caller
 * has compared kind and shape. */
int vs_h5column_add(vs_h5pool *p, vs_h5column *c, int slot, int64_t file, vs_h5data *d);
void vs_h5column_free(vs_h5column *c);

/* The part of a row. */
const vs_h5part *vs_h5column_part(const vs_h5column *c, int64_t row);
/* As vs_h5_read, of rows of one part; as vs_h5_gather, of rows in any order. */
int vs_h5column_read(const vs_h5column *c, vs_dtype dtype, int64_t first, int64_t n, void *out);
int vs_h5column_gather(const vs_h5column *c, vs_dtype dtype, const int64_t *row, int64_t n,
                       void *out);
/* As vs_h5_keep, for that many chunks of the column taken at random: a file keeps those of them
 * that are likely to be its own. */
int vs_h5column_keep(vs_h5column *c, int64_t chunks);

#endif
