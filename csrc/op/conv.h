/* The three products of a 2-D convolution, for the ops made of them: conv1d and conv2d (conv.c),
 * conv_transpose2d, which runs them the other way round (conv_transpose.c).
 *
 * All take scratch as vs_scratch says, and fail only where they count it. */
#ifndef VS_OP_CONV_H
#define VS_OP_CONV_H

#include "op/conv_ways.h"

enum { VS_CONV_LARGEST = 1 << 24 }; /* of stride, padding, dilation, kernel */

/* Whether x and y may be bfloat16. */
bool vs_conv_takes_bf16(const vs_conv *k);
/* y = x * w + bias; bias may be NULL. */
int vs_conv_forward(const vs_conv *k, vs_planes x, const vs_real *w, const vs_real *bias,
                    vs_planes y, vs_scratch *s);
/* dx from dy: all of dx is written. */
int vs_conv_input(const vs_conv *k, const vs_real *dy, const vs_real *w, vs_real *dx,
                  vs_scratch *s);
int vs_conv_weight(const vs_conv *k, vs_planes x, const vs_real *dy, vs_real *dw, vs_scratch *s);
/* db[c] = sum of dy [batch,channels,plane] over batch and plane. */
void vs_conv_bias(int64_t batch, int64_t channels, int64_t plane, const vs_real *dy, vs_real *db);

/* Test aid: from now on convolutions go that way, wherever it is possible. */
typedef enum vs_conv_way {
  VS_CONV_BEST, /* what takes the least time */
  VS_CONV_PLAIN,
  VS_CONV_WINOGRAD,
  VS_CONV_FEW
} vs_conv_way;
void vs_conv_force(vs_conv_way way);

/* -1 with a message unless the numbers of one dimension are in range. */
int vs_conv_check(int64_t stride, int64_t padding, int64_t dilation, int64_t kernel,
                  const vs_tensor *w);

#endif
