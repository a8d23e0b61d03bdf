/* HDF5 files: the only user of libhdf5.
 *
 * One lock guards the library, so every function here may be called from any thread.  No number
 * read from a file is used to allocate before it was compared with the file's size: a data set's
 * shape must fit its storage (times VS_H5_MAX_RATIO where it is compressed).  External storage,
 * virtual data sets and links out of the file are refused; links inside it are followed.  Errors
 * are of kind VS_EFILE and name file and data set.  Does not know the layout of vesper's data sets:
 * that is csrc/data. */
#ifndef VS_H5_H
#define VS_H5_H

#include "core/base.h"
#include "io/strings.h"

enum {
  VS_H5_MAX_NAME = 96,        /* bytes of a path inside a file, with its end */
  VS_H5_MAX_RATIO = 1100,     /* deflate cannot do better than about 1032 : 1 */
  VS_H5_MAX_STRING = 1 << 16, /* bytes of one string */
  VS_H5_MAX_KEPT = 1 << 30    /* bytes of chunks kept in memory for one data set */
};

typedef struct vs_h5 vs_h5;         /* a file */
typedef struct vs_h5data vs_h5data; /* a data set in it */

/* --- files --- */
vs_h5 *vs_h5_open(const char *path);
/* Many files: what vs_h5_open checks before it opens one, with one child process for many files.
 * A file that was checked is opened without a child. */
int vs_h5_check(const vs_strings *paths);
vs_h5 *vs_h5_open_checked(const char *path);
/* A new file; fails where one exists. */
vs_h5 *vs_h5_create(const char *path);
/* Everything written reaches the disk. */
int vs_h5_flush(vs_h5 *h);
/* 0, or -1 when the file could not be written whole.  NULL is fine. */
int vs_h5_close(vs_h5 *h);
const char *vs_h5_path(const vs_h5 *h);
/* Whether there is a group or data set of that name ("train/caption"): 1, 0, or -1 with an error
 * for a link that leads nowhere or out of the file. */
int vs_h5_has(vs_h5 *h, const char *name);
/* Names of the groups at the root, in alphabetical order, without links that vs_h5_has refuses. */
int vs_h5_groups(vs_h5 *h, vs_strings *out);

/* --- attributes of a group; "/" is the root --- */
typedef struct vs_h5attr {
  char name[64];
  enum { VS_H5_INT, VS_H5_NUM, VS_H5_TEXT } kind;
  int64_t i; /* of a text: its bytes, which may be zero bytes too */
  double f;
  char *text; /* owned, a zero byte follows */
} vs_h5attr;
/* Every scalar integer, number or string attribute; others are skipped.  An integer beyond int64 is
 * an error.  Free with vs_h5_attrs_free. */
int vs_h5_attrs(vs_h5 *h, const char *group, vs_h5attr **out, int *n);
void vs_h5_attrs_free(vs_h5attr *a, int n);
int vs_h5_set_int(vs_h5 *h, const char *group, const char *name, int64_t value);
int vs_h5_set_text(vs_h5 *h, const char *group, const char *name, const char *value);

/* --- reading --- */
typedef enum vs_h5kind { VS_H5_INTS, VS_H5_REALS, VS_H5_STRINGS, VS_H5_OTHER } vs_h5kind;
typedef struct vs_h5info {
  vs_h5kind kind;
  int size; /* bytes of an element in the file */
  bool is_signed;
  bool is_bool;  /* integers 0 and 1 that are named FALSE and TRUE, as h5py stores numpy's bool */
  bool varying;  /* strings of varying length */
  bool partial;  /* written in part: the rest reads as the fill value */
  bool scalar;   /* one element without dimensions, here one row: ndim is 1, dims[0] 1 */
  bool filtered; /* its chunks are compressed, or changed in another way */
  int ndim;
  int64_t dims[VS_MAX_DIM];
  int64_t row;   /* elements of one row: the product of dims[1..] */
  int64_t chunk; /* rows of a chunk, 0 when the data set is not chunked */
  double band;   /* bytes in memory of the chunks that hold the same rows; 0 without chunks */
} vs_h5info;

/* Opens a data set of a file that was opened for reading.  One that is written in part is an error,
 * or with `partial` is opened too; then vs_h5_rows_fit before memory for rows is allocated. */
vs_h5data *vs_h5_data(vs_h5 *h, const char *name);
vs_h5data *vs_h5_data_partial(vs_h5 *h, const char *name);
/* -1 if n rows have more bytes than the file can hold for them and a few MB of fill values. */
int vs_h5_rows_fit(const vs_h5data *d, int64_t n);
void vs_h5_data_close(vs_h5data *d);
const vs_h5info *vs_h5_info(const vs_h5data *d);
const char *vs_h5_name(const vs_h5data *d);
/* Fails with "file: data set: text". */
int vs_h5_bad(const vs_h5data *d, const char *fmt, ...) VS_PRINTF(2, 3);

/* From now on at least that many chunks (of `chunk` rows each) stay in memory once read, so that
 * reading their rows in any order decompresses each chunk once.  No effect without compressed
 * chunks. -1 when that is more than VS_H5_MAX_KEPT bytes (VS_EUSER). */
int vs_h5_keep(vs_h5data *d, int64_t chunks);

/* Rows [first, first+n) as VS_UINT8, VS_BOOL, VS_INT32, VS_INT64, VS_FLOAT32 or VS_FLOAT64.  An
 * integer that the dtype cannot hold is an error. */
int vs_h5_read(vs_h5data *d, vs_dtype dtype, int64_t first, int64_t n, void *out);
/* Reads row r[i].row to place r[i].to of out, whose rows have the data set's shape.  r is sorted by
 * row; repeats are allowed, and runs of adjacent rows are read in one call. */
typedef struct vs_h5place {
  int64_t row, to;
} vs_h5place;
int vs_h5_gather(vs_h5data *d, vs_dtype dtype, const vs_h5place *r, int64_t n, void *out);
/* A whole data set of integers, one or two dimensions, malloc'ed; free() it. */
int64_t *vs_h5_read_ints(vs_h5data *d);
/* Strings of a list, shape [N] or [N,1,...]: all of them, or [first, first+n).  Those of fixed
 * length may contain zero bytes; only what fills them up is dropped. */
int vs_h5_read_strings(vs_h5data *d, vs_strings *out);
int vs_h5_read_some_strings(vs_h5data *d, int64_t first, int64_t n, vs_strings *out);

/* --- writing: data sets that grow --- */
/* Copies a group or data set of that name, with all in it, where there is one. */
int vs_h5_copy(vs_h5 *from, const char *name, vs_h5 *to);
int vs_h5_group(vs_h5 *h, const char *name);
/* A data set [0, dims[1], ...] (dims[0] is not looked at) in chunks of that many rows; gzip: 0 to
 * 9, with shuffle.  dtype: as for vs_h5_read, or VS_FLOAT16; VS_FLOAT64 is stored as VS_FLOAT32. */
vs_h5data *vs_h5_new(vs_h5 *h, const char *name, vs_dtype dtype, int ndim, const int64_t *dims,
                     int64_t chunk, int gzip);
/* Strings are stored with a fixed length, compressed; the length grows when a longer string is
 * added. (The library crashes on files whose heap of varying-length strings is damaged.) */
vs_h5data *vs_h5_new_strings(vs_h5 *h, const char *name);
int vs_h5_append(vs_h5data *d, vs_dtype dtype, int64_t n, const void *rows);
int vs_h5_append_strings(vs_h5data *d, const vs_strings *s);

#endif
