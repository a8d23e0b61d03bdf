/* The order of a row of any dtype. */
#ifndef VS_OP_SORT_H
#define VS_OP_SORT_H

#include "op/op.h"

/* Bytes of scratch for a row of n elements. */
size_t vs_sort_bytes(int64_t n);
/* Positions from 0 of the n elements of x from `base` on, `step` apart, in order; equal ones keep
 * theirs, NaN counts as largest.  They lie in `room`. */
const int64_t *vs_sort_row(const vs_tensor *x, int64_t base, int64_t n, int64_t step,
                           bool descending, void *room);
/* The first n of these elements, to element `at` of `to` and on, `step` apart too. */
void vs_sort_take(const vs_tensor *x, int64_t base, int64_t step, const int64_t *order, int64_t n,
                  vs_tensor *to, int64_t at);

#endif
