/* Walks several tensors of one shape together, element by element, whatever their strides.
 *
 * Dimensions that can be merged are merged, the rest become an outer counter; fn sees inner runs.
 * Runs on all threads when the work is large and `parallel` is set.  Does not check shapes. */
#ifndef VS_LOOP_H
#define VS_LOOP_H

#include "core/tensor.h"

enum { VS_LOOP_MAX = 6 };

/* n elements; p[i] the first of tensor i, s[i] the step between its elements, in elements. */
typedef void (*vs_loopfn)(int64_t n, void *const *p, const int64_t *s, void *arg);
void vs_loop(int nt, vs_tensor *const *t, vs_loopfn fn, void *arg, bool parallel);

#endif
