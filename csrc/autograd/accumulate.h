/* Sums of gradients: in place where nobody else can see it, in fresh memory otherwise.
 *
 * What fails has changed nothing. */
#ifndef VS_ACCUMULATE_H
#define VS_ACCUMULATE_H

#include "core/tensor.h"

/* *slot += grad.  *slot may become another tensor. */
int vs_accumulate(vs_tensor **slot, vs_tensor *grad);
/* dst += grad, written into dst's own memory. */
int vs_accumulate_into(vs_tensor *dst, vs_tensor *grad);
/* A contiguous tensor with grad's values that nothing else shares: grad itself (retained) if so. */
vs_tensor *vs_own_copy(vs_tensor *grad);

#endif
