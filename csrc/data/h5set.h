/* One split of an open file: what the reader of HDF5 files (h5set.c) finds in it and h5open.c reads
 * when it is opened.  Nothing here changes afterwards. */
#ifndef VS_H5SET_H
#define VS_H5SET_H

#include "data/dataset.h"

typedef struct h5set {
  vs_h5 *file;
  /* each may be NULL */
  vs_h5data *image, *bytes, *feature, *box, *landmark, *vector, *tags;
  int64_t nimage, height, width;
  bool exif;                      /* turn encoded images as their EXIF orientation says */
  int64_t *byte_at;               /* [N+1]: where an image's bytes lie */
  int64_t *label, *thing, *count; /* [N] */
  vs_strings id, text;
  int64_t ncaption, ntoken;
  int64_t *offset, *of_image; /* [M+1], [M]: a caption's tokens and image */
  int32_t *token;
  int64_t *first, *caption; /* [N+1], [M]: captions of image i are caption[first[i]..first[i+1]) */
} h5set;

/* Reads and checks everything that is small, of the file d->path, split d->split, into d and its
 * state, which is an empty h5set.  What it made before it failed is freed by the reader's close. */
int vs_h5set_open(vs_dataset *d);

#endif
