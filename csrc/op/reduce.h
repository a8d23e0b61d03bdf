/* What reductions share; and the gradient of broadcasting, sums over the dimensions that were
 * stretched. */
#ifndef VS_OP_REDUCE_H
#define VS_OP_REDUCE_H

#include "op/op.h"

/* dst (contiguous, its shape broadcasts to src's) = src summed over what dst lacks or has as 1. */
void vs_sum_to(vs_tensor *dst, vs_tensor *src);

/* For shape functions: output 0, of that dtype, is in[0] without the dimensions that attribute
 * `dims` names (all when absent), or with 1 for them where attribute `keepdim` says so.  n[0]: bit
 * d is set where dimension d is reduced. */
int vs_reduced_out(vs_ctx *c, vs_dtype dtype, int dims, int keepdim);

#endif
