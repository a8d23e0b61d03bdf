/* Batches of a data set, one pass (epoch) after the other, made ahead by worker threads.
 *
 * Which samples a batch holds depends on (seed, epoch, batch size, shuffle, part) alone, never on
 * how many workers there are; with chunks also on how the file is divided into chunks.  Workers
 * touch no Lua state; they stop when the pass is freed.  A pass belongs to one thread; several
 * passes over one data set may run at once. */
#ifndef VS_LOADER_H
#define VS_LOADER_H

#include "data/augment.h"
#include "data/dataset.h"

enum { VS_MAX_WORKERS = 64, VS_AHEAD = 2 /* batches a worker may be ahead */ };

typedef struct vs_loaderopt {
  int64_t batch_size;
  bool shuffle, drop_last;
  uint64_t seed;
  int workers; /* 0: batches are made when they are asked for */
  /* Which part of the samples this is, of `ranks` (0 or 1: all).  Of each batch of ranks *
   * batch_size samples the part number `rank`, from 0: parts of a batch are equally long, so that
   * the last batch of an epoch leaves out what does not divide.  blocks: of all samples in order,
   * cut into parts that differ by one at most. */
  int64_t rank, ranks;
  bool blocks;
  int64_t chunks; /* shuffles within that many chunks of the file at a time; 0: the whole set */
  vs_augment augment;
  bool some_fields; /* only these are read */
  vs_fieldnames fields;
} vs_loaderopt;

typedef struct vs_pass vs_pass;

/* Batches of one epoch over n samples, in this part. */
int64_t vs_loader_batches(int64_t n, const vs_loaderopt *o);
/* Whether the data set can be read that way; chunks that are shuffled together stay in memory. */
int vs_loader_check(const vs_dataset *d, const vs_loaderopt *o);
/* Starts at batch `first` (from 0).  epoch counts from 1.  Retains the data set. */
vs_pass *vs_pass_new(vs_dataset *d, const vs_loaderopt *o, int64_t epoch, int64_t first);
/* 1: *out holds the next batch, owned by the pass until the next call (its tensors may be taken
 * out); 0: the end; -1: this batch could not be made.  After VS_ENOMEM it may be called again. */
int vs_pass_next(vs_pass *p, vs_batch **out);
/* Stops and joins the workers.  NULL is fine.  A pass that is freed while it makes a batch, by Lua
 * that a data set runs, is freed after that: vs_pass_next then fails, and the pass is gone. */
void vs_pass_free(vs_pass *p);

#endif
