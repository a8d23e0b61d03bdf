/* The order of a row of any dtype. */
#ifndef VS_OP_SORT_H
#define VS_OP_SORT_H

#include "op/op.h"

typedef struct vs_sort_item {
  int64_t key, at; /* at: position in the row, from 0 */
} vs_sort_item;

/* The n elements of x from `base` on, `step` apart, in order; equal ones keep theirs, NaN counts as
 * largest.  room: 2n items, in which the result lies. */
const vs_sort_item *vs_sort_row(const vs_tensor *x, int64_t base, int64_t n, int64_t step,
                                bool descending, vs_sort_item *room);

#endif
