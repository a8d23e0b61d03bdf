/* What the files of the writer share.  See writer.h.
 *
 * A split is a set of columns, each a growing HDF5 data set with a buffer before it.  Its first
 * item decides which columns it has; every file of the writer gets the same ones. */
#ifndef VS_WRITERPRIV_H
#define VS_WRITERPRIV_H

#include <sys/types.h>

#include "core/error.h"
#include "core/mem.h"
#include "data/writer.h"
#include "io/h5.h"
#include "text/vocab.h"

enum { VS_MAX_SPLITS = 16 };

/* What a split may hold, each in a data set, in the order in which buffers are written. */
enum {
  IMAGE,
  BYTES,
  BYTE_OFFSET,
  LABEL,
  ITEM,
  TAGS,
  TOKENS,
  OFFSET,
  OF_IMAGE,
  FEATURE,
  COUNT,
  BOX,
  LANDMARK,
  VECTOR,
  NCOLUMN
};
enum { ID, TEXT, NLIST };

typedef struct column {
  bool has; /* the split has it */
  vs_dtype dtype;
  int ndim;
  int64_t dims[VS_MAX_DIM], chunk; /* of a row: dims[1..]; rows of a chunk */
  size_t row;                      /* bytes */
  vs_h5data *data;                 /* in the file that is being written */
  int64_t total;                   /* rows for that file */
  int64_t n, room;                 /* rows in the buffer */
  char *buffer;
} column;

typedef struct split {
  char name[48];
  int64_t n;                   /* images in all files */
  bool open;                   /* it is in the file that is being written, which has: */
  int64_t here, bytes, tokens; /* images, bytes of encoded ones, tokens, */
  size_t text;                 /* bytes of names and captions */
  column column[NCOLUMN];
  bool has_list[NLIST];
  vs_h5data *list[NLIST];
  vs_strings pending[NLIST];
  int64_t regions, width, landmarks; /* R, D, K */
  int64_t vector;                    /* size of a feature */
} split;

struct vs_writer {
  char *path;
  vs_strings file, temp; /* of each file: its path, and where it is written */
  vs_h5 *h;              /* the last of them */
  bool failed, closed;
  pid_t owner;          /* a copy in a forked child must not remove the files */
  vs_writeropt opt;     /* its pointers are not used after vs_writer_new */
  char *name, *source;  /* attributes */
  char *note;           /* NULL: none */
  vs_strings captions;  /* splits that have captions in any case */
  char *pairs;          /* the attribute landmark_pairs; NULL: none */
  int64_t nclass, ntag; /* names that labels and tags point to */
  int64_t paired;       /* the last landmark that is in a pair; 0: none is */
  vs_vocab *vocab;
  vs_ids ids; /* of the item being added: a row a caption */
  int nsplit;
  split split[VS_MAX_SPLITS];
};

/* --- writercheck.c --- */
int vs_writer_check_name(const char *name);
/* Whether the item fits the split, and the tokens of its captions into w->ids. */
int vs_writer_check(vs_writer *w, const split *s, const vs_item *item);

/* --- writersplit.c --- */
/* Decides the columns by the first item. */
int vs_split_make(vs_writer *w, split *s, const vs_item *item);
/* Makes the columns in the file that is being written. */
int vs_split_open(vs_writer *w, split *s);
/* All texts of the item into the buffers, or none of them. */
int vs_split_add_texts(split *s, const vs_item *item);
/* The rest of the item: fails only where a full buffer cannot be written. */
int vs_split_add(vs_writer *w, split *s, const vs_item *item);
/* Bytes of the rows for the file that is being written. */
size_t vs_split_bytes(const split *s);
int vs_split_flush(split *s);
/* Closes the columns, which may be opened in another file. */
void vs_split_close(split *s);
void vs_split_free(split *s);

#endif
