/* Tensors that are zero but for some of their rows: gradients of large tables.
 *
 * Such a tensor can be used as a dense one; code that knows the list of rows may skip the others.
 * The list is void once anything else has written to the memory (storage->version shows it). */
#ifndef VS_ROWS_H
#define VS_ROWS_H

#include "core/tensor.h"

/* Zeros of the compute type; only the pages that are written take memory. */
vs_tensor *vs_rows_zeros(int ndim, const int64_t *shape);
/* t [V,...] is zero outside of rows, int64, distinct and rising, counted from 0; takes rows
 * over. */
void vs_rows_set(vs_tensor *t, vs_tensor *rows);
/* That list, borrowed; NULL when nothing is known. */
const vs_tensor *vs_rows(const vs_tensor *t);
/* After a write to t only in its rows: keeps `rows`, the list from before, valid. */
void vs_rows_written(vs_tensor *t, const vs_tensor *rows);
/* Rows in a or b, as a new list. */
vs_tensor *vs_rows_union(const vs_tensor *a, const vs_tensor *b);

/* The elements to visit, in one row of numbers 0..count: all of them, or those of the rows. */
typedef struct vs_runs {
  const int64_t *rows; /* NULL: all */
  int64_t width, count;
} vs_runs;
vs_runs vs_runs_of(const vs_tensor *t);
/* The first run of adjacent elements among numbers from..to: its length in *n, and the element it
 * starts at. */
static inline int64_t vs_run(const vs_runs *r, int64_t from, int64_t to, int64_t *n) {
  if (!r->rows) {
    *n = to - from;
    return from;
  }
  *n = VS_MIN(r->width - from % r->width, to - from);
  return r->rows[from / r->width] * r->width + from % r->width;
}

#endif
