/* The reader descriptor, and a data set: a number of samples that can be fetched in batches.
 *
 * A reader is one vs_readerdef at the end of its file and one line in readers.def; its name is the
 * function in vesper.data.  A data set does not change once open, so that fetch may be called from
 * several threads at once; fetch therefore never touches Lua and never calls vs_parallel (each
 * caller is a worker of its own).  Samples and images count from 0 here; the values inside index
 * tensors count from 1.
 *
 * A view shares everything with its source except the mode of the captions, their seed and the
 * number of samples; it keeps the source alive. */
#ifndef VS_DATASET_H
#define VS_DATASET_H

#include "core/args.h"
#include "core/error.h"
#include "core/mem.h"
#include "io/h5.h"

enum { VS_MAX_FIELDS = 16, VS_MAX_FIELD_NAME = 32, VS_MAX_PAIRS = 256, VS_MAX_LANDMARK = 99999 };
enum {
  VS_READ_NAMED = 1, /* the reader takes a table of named tensors */
  VS_READ_LUA = 2    /* fetch runs Lua: never in a worker thread */
};
/* Attributes of the files that a writer of shards makes: of each its number, from 1; of the last
 * one how many there are. */
#define VS_ATTR_SHARD "shard"
#define VS_ATTR_SHARDS "shards"
/* What a sample is: each caption, or each image with one caption.  VS_CAPTIONS_NONE: the reader
 * does not know captions. */
enum { VS_CAPTIONS_NONE = -1, VS_CAPTIONS_ALL, VS_CAPTIONS_FIRST, VS_CAPTIONS_RANDOM };

typedef struct vs_field {
  char name[VS_MAX_FIELD_NAME];
  vs_tensor *t;
} vs_field;

/* Names of the fields that are read. */
typedef struct vs_fieldnames {
  int n;
  char name[VS_MAX_FIELDS + 1][VS_MAX_FIELD_NAME]; /* every field and text */
} vs_fieldnames;

/* The result of fetch: tensors whose first size is n, and n texts where has_text. */
typedef struct vs_batch {
  int64_t n;
  const vs_fieldnames *wanted; /* NULL: every field; valid during fetch */
  int nfield;
  vs_field field[VS_MAX_FIELDS]; /* owned */
  bool has_text;
  vs_strings text;
} vs_batch;

typedef struct vs_dataset vs_dataset;

typedef struct vs_readerdef {
  const char *name; /* "open" */
  const char *args; /* of the constructor; "" with VS_READ_NAMED */
  unsigned flags;
  /* Fills d; what it made so far is freed by close when it fails. */
  int (*open)(vs_dataset *d, const vs_value *v, const vs_field *field, int nfield);
  /* Samples index[0..n) as they are in that epoch, appended to an empty batch; n = 0 gives the
   * fields with their dtypes and shapes.  Fields that are not wanted (vs_batch_wants) need not be
   * made; what is made of them is dropped. */
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
  vs_dataset *source;        /* of a view, which borrows all that is owned below; else NULL */
  int64_t n, images;         /* samples; images they come from */
  int64_t ncaption;          /* captions of all images; -1: the set has none */
  int captions;              /* what a sample is */
  uint64_t seed;             /* of the captions drawn at random */
  char *name, *split, *path; /* owned; may be NULL; path: as it is printed */
  vs_strings files;          /* paths of all files */
  vs_strings classes, tags, vocab;
  vs_tensor *vectors; /* float [V,D] or NULL */
  int64_t *pair;      /* [npair][2] landmarks that are left and right of each other, from 0 */
  int64_t npair;
  vs_h5attr *attr; /* of the file */
  int nattr;
  void *state; /* the reader's own */
};

/* v: values of def->args; defaults are filled in.  NULL on error. */
vs_dataset *vs_dataset_open(const vs_readerdef *def, vs_value *v, const vs_field *field,
                            int nfield);
/* A view; captions is not VS_CAPTIONS_NONE.  NULL on error. */
vs_dataset *vs_dataset_view(vs_dataset *d, int captions, uint64_t seed);
vs_dataset *vs_dataset_ref(vs_dataset *d);
void vs_dataset_unref(vs_dataset *d); /* NULL is fine; any thread */
/* Frees what the set owns besides the reader's state: for readers that make one to take its parts.
 */
void vs_dataset_empty(vs_dataset *d);
/* Fetches into *b, emptied first; leaves it empty on error.  Checks index: n samples from 0.
 * wanted: the fields to read, NULL for all of them. */
int vs_dataset_fetch(const vs_dataset *d, int64_t epoch, const int64_t *index, int64_t n,
                     const vs_fieldnames *wanted, vs_batch *b);
/* How many samples the images make in the set's mode of captions. */
static inline int64_t vs_dataset_samples(const vs_dataset *d) {
  return d->captions == VS_CAPTIONS_ALL && d->ncaption >= 0 ? d->ncaption : d->images;
}
/* The names of all fields of the set's batches, and text.  *b is used for it. */
int vs_dataset_fields(const vs_dataset *d, vs_batch *b, vs_fieldnames *out);

/* "all", "first" or "random". */
const char *vs_captions_name(int captions);
/* Whether fetch is to make that field.  index and image_index always are; lengths come with tokens,
 * region_count with regions and boxes. */
bool vs_batch_wants(const vs_batch *b, const char *name);
bool vs_fieldnames_has(const vs_fieldnames *names, const char *name);
/* The tensor of that field, borrowed, or NULL. */
vs_tensor *vs_batch_get(const vs_batch *b, const char *name);

/* A new tensor of the batch, borrowed; NULL on error. */
vs_tensor *vs_batch_add(vs_batch *b, const char *name, vs_dtype dtype, int ndim,
                        const int64_t *shape);
/* Adds a tensor, which the batch owns from now on, freed on error too.  NULL passes an error on. */
int vs_batch_give(vs_batch *b, const char *name, vs_tensor *t);
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
