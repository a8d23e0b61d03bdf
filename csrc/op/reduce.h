/* The gradient of broadcasting: sums over the dimensions that were stretched. */
#ifndef VS_OP_REDUCE_H
#define VS_OP_REDUCE_H

#include "core/tensor.h"

/* dst (contiguous, its shape broadcasts to src's) = src summed over what dst lacks or has as 1. */
void vs_sum_to(vs_tensor *dst, vs_tensor *src);

#endif
