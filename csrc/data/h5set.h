/* One split of a data set in vesper's HDF5 files: what h5open.c finds in a file, h5join.c makes of
 * all files, and the reader (h5set.c) gives.  Nothing here changes once the set is open. */
#ifndef VS_H5SET_H
#define VS_H5SET_H

#include "data/dataset.h"
#include "io/h5pool.h"

/* What is read batch by batch. */
enum {
  SET_IMAGE,
  SET_BYTES,
  SET_FEATURE,
  SET_BOX,
  SET_LANDMARK,
  SET_VECTOR,
  SET_TAGS,
  SET_COLUMNS
};

/* What is in memory; a pointer is NULL where the split does not have it. */
typedef struct h5rows {
  int64_t nimage, height, width;
  int64_t *byte_at;               /* [N+1]: where an image's bytes lie */
  int64_t *label, *thing, *count; /* [N] */
  bool has_id, has_text;
  vs_strings id, text;
  int64_t ncaption, ntoken;
  int64_t *offset, *of_image; /* [M+1], [M]: a caption's tokens and image */
  int32_t *token;
} h5rows;

/* A file that is being opened. */
typedef struct h5file {
  vs_h5 *file;                  /* borrowed */
  vs_strings splits;            /* names of all splits */
  bool absent;                  /* the split is none of them; nothing of the following is there */
  vs_h5data *data[SET_COLUMNS]; /* owned */
  h5rows rows;
} h5file;

typedef struct h5set {
  bool exif; /* turn encoded images as their EXIF orientation says */
  vs_h5pool *pool;
  vs_h5column column[SET_COLUMNS];
  h5rows rows;
  int64_t *first, *caption; /* [N+1], [M]: captions of image i are caption[first[i]..first[i+1]) */
} h5set;

static inline bool vs_h5set_has(const h5set *s, int column) {
  return s->column[column].pool != NULL;
}

/* Reads and checks everything that is small of one file, into d and its state, an h5file whose
 * `file` is open.  What it made before it failed is freed by vs_h5file_close and
 * vs_dataset_empty. */
int vs_h5file_open(vs_dataset *d);
void vs_h5file_close(h5file *f);
void vs_h5rows_free(h5rows *r);

/* Opens the split d->split of the files that these paths and patterns name, into d and its state,
 * an empty h5set. */
int vs_h5set_open(vs_dataset *d, const char *const *name, int n);

#endif
