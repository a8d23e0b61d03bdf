/* Writes a vesper HDF5 data set, one image at a time, in bounded memory, to one file or to shards,
 * NAME-00001.h5, NAME-00002.h5, ... of the path NAME.h5.
 *
 * Everything goes to temporary names beside the path; only close, after all of it reached the disk,
 * renames it.  A writer that is freed before that removes its files.  Each shard is a data-set file
 * of its own, with the names and words of all; an image and its captions are in one shard.  The
 * first image of a split decides which fields its images have.  Labels and tokens are given from 1
 * and stored from 0. */
#ifndef VS_WRITER_H
#define VS_WRITER_H

#include "core/tensor.h"
#include "io/strings.h"

typedef struct vs_writeropt {
  const char *name, *source, *note; /* attributes; may be NULL */
  int64_t split_seed;
  const vs_strings *classes, *words; /* NULL: none; words start with padding and unknown */
  const vs_strings *captions; /* splits that have captions though the first image may have none */
  const vs_strings *tags; /* names of the tags, of which an image may have several; NULL: none */
  vs_tensor *vectors;     /* [words,D] or NULL */
  const int64_t *pair;    /* [npair][2] landmarks left and right of each other, from 1;
                           * none twice, at most VS_MAX_PAIRS, none above VS_MAX_LANDMARK */
  int64_t npair;
  int64_t height, width; /* 0: those of the first image */
  int64_t regions;       /* most regions of an image; 0: those of the first */
  int64_t max_words;     /* of a caption that is tokenized here; 0: all */
  bool half;             /* features and regions are stored as float16 */
  int compress;          /* 0: not; 1 to 9: gzip, slower and smaller */
  int64_t shard; /* a new file begins when the rows of one have that many bytes; 0: one file */
  int64_t part, parts; /* the number of this file, from 1, of so many that others write; 0: none */
  int64_t chunk; /* images (or region features) that are stored, and compressed, together; 0: 1 */
} vs_writeropt;

typedef struct vs_caption {
  const char *text;
  size_t n;
  const int64_t *token; /* ids from 1; NULL: tokenized by the vocabulary, where there is one */
  int64_t ntoken;
} vs_caption;

typedef struct vs_item {
  vs_tensor *image;  /* uint8 [3,H,W], or: */
  const void *bytes; /* a JPEG or PNG file; neither where there are features or regions */
  size_t nbytes;
  int64_t label; /* from 1; 0: none */
  int64_t thing; /* the item that it shows, from 1, the same number in all splits; 0: none */
  const int64_t
      *tag; /* ntag positions in tags, from 1; NULL: none are known, unlike none of them */
  int64_t ntag;
  const char *id; /* NULL: none */
  const vs_caption *caption;
  int64_t ncaption;
  /* [K,3], [R,D], [R,4], [D]; NULL: none.  Boxes may be given without regions */
  vs_tensor *landmark, *regions, *boxes, *feature;
} vs_item;

typedef struct vs_writer vs_writer;

vs_writer *vs_writer_new(const char *path, const vs_writeropt *o);
/* An item that does not fit is refused whole (VS_EUSER) and the writer can be used further; after a
 * failed write every later call fails. */
int vs_writer_add(vs_writer *w, const char *split, const vs_item *item);
/* Whether a write failed.  When memory ran out in vs_writer_add and this is false, nothing was
 * added, and the call may be made again. */
bool vs_writer_failed(const vs_writer *w);
/* Images added to a split so far; 0 when there is none of that name. */
int64_t vs_writer_count(const vs_writer *w, const char *split);
const char *vs_writer_path(const vs_writer *w);
/* The name of split i, counted from 0, or NULL. */
const char *vs_writer_split(const vs_writer *w, int i);
/* Paths of the files so far. */
const vs_strings *vs_writer_files(const vs_writer *w);
/* The file is whole and in its place, or -1 and it is not there; of shards, some may be in their
 * places where one could not be renamed.  Further shards of an older set are removed.  Free the
 * writer afterwards. */
int vs_writer_close(vs_writer *w);
void vs_writer_free(vs_writer *w); /* NULL is fine */

#endif
