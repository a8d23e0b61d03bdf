/* The reader descriptor, and a data set: a number of samples that can be fetched in batches.
 *
 * A reader is one vs_readerdef at the end of its file and one line in readers.def; its name is the
 * function in vesper.data.  A data set does not change once open, so that fetch may be called from
 * several threads at once; fetch therefore never touches Lua and never calls vs_parallel (each
 * caller is a worker of its own).  Samples and images count from 0 here; the values inside index
 * tensors count from 1. */
#ifndef VS_DATASET_H
#define VS_DATASET_H

#include "core/args.h"
#include "core/error.h"
#include "core/mem.h"
#include "io/h5.h"

enum { VS_MAX_FIELDS = 16, VS_READ_NAMED = 1 /* the reader takes a table of named tensors */ };

typedef struct vs_field {
  char name[32];
  vs_tensor *t;
} vs_field;

/* The result of fetch: tensors whose first size is n, and n texts or none. */
typedef struct vs_batch {
  int64_t n;
  int nfield;
  vs_field field[VS_MAX_FIELDS]; /* owned */
  vs_strings text;
} vs_batch;

typedef struct vs_dataset vs_dataset;

typedef struct vs_readerdef {
  const char *name; /* "open" */
  const char *args; /* of the constructor; "" with VS_READ_NAMED */
  unsigned flags;
  /* Fills d; what it made so far is freed by close when it fails. */
  int (*open)(vs_dataset *d, const vs_value *v, const vs_field *field, int nfield);
  /* Samples index[0..n) as they are in that epoch, appended to an empty batch. */
  int (*fetch)(const vs_dataset *d, int64_t epoch, const int64_t *index, int64_t n, vs_batch *b);
  /* Adds every text of the image of a sample; *own is the position of the sample's own text among
   * them, or -1.  NULL for readers without text. */
  int (*captions)(const vs_dataset *d, int64_t sample, vs_strings *out, int64_t *own);
  /* For readers whose samples lie in chunks that are read whole, else NULL. chunk: the first image
   * that begins in the same chunk as the sample's. keep: that many chunks stay in memory once read;
   * -1 when that is too much memory. */
  int64_t (*chunk)(const vs_dataset *d, int64_t sample);
  int (*keep)(const vs_dataset *d, int64_t chunks);
  /* The name of a sample in its source; NULL when it has none. */
  const char *(*id)(const vs_dataset *d, int64_t sample);
  void (*close)(vs_dataset *d);
  const char *doc;
} vs_readerdef;

struct vs_dataset {
  const vs_readerdef *def;
  int refs;
  int64_t n, images;         /* samples; images they come from */
  char *name, *split, *path; /* owned; may be NULL */
  vs_strings classes, tags, vocab;
  vs_tensor *vectors; /* float [V,D] or NULL */
  vs_h5attr *attr;    /* of the file */
  int nattr;
  void *state; /* the reader's own */
};

/* v: values of def->args; defaults are filled in.  NULL on error. */
vs_dataset *vs_dataset_open(const vs_readerdef *def, vs_value *v, const vs_field *field,
                            int nfield);
vs_dataset *vs_dataset_ref(vs_dataset *d);
void vs_dataset_unref(vs_dataset *d); /* NULL is fine; any thread */
/* Fetches into *b, emptied first; leaves it empty on error.  Checks index: n samples from 0. */
int vs_dataset_fetch(const vs_dataset *d, int64_t epoch, const int64_t *index, int64_t n,
                     vs_batch *b);

/* A new tensor of the batch, borrowed; NULL on error. */
vs_tensor *vs_batch_add(vs_batch *b, const char *name, vs_dtype dtype, int ndim,
                        const int64_t *shape);
void vs_batch_clear(vs_batch *b);

extern const vs_readerdef *const vs_readers[];
extern const int vs_nreaders;
static inline const vs_argspec *vs_reader_spec(const vs_readerdef *def) {
  return vs_args_spec(def->args);
}

#define VS_READER(name) extern const vs_readerdef vs_reader_##name;
#include "data/readers.def"
#undef VS_READER

#endif
