/* The three products of a 2-D convolution, for the ops made of them: conv1d and conv2d (conv.c),
 * conv_transpose2d, which runs them the other way round (conv_transpose.c).
 *
 * x [batch, groups*from, in], w [groups*to, from, kernel], y [batch, groups*to, out], contiguous.
 * All return -1 when memory is short; nothing has been changed that matters then. */
#ifndef VS_OP_CONV_H
#define VS_OP_CONV_H

#include "kernel/elementwise.h"
#include "op/op.h"

enum { VS_CONV_LARGEST = 1 << 24 }; /* of stride, padding, dilation, kernel */

typedef struct vs_conv {
  int64_t batch, groups, from, to; /* channels of x and y in a group */
  int64_t in[2], out[2], kernel[2], stride[2], padding[2], dilation[2]; /* height, width */
} vs_conv;

/* Planes of vs_real, or of bfloat16. */
typedef struct vs_planes {
  void *at;
  bool bf16;
} vs_planes;
static inline vs_planes vs_planes_of(const vs_tensor *t) {
  return (vs_planes){vs_data(t), t->dtype == VS_BFLOAT16};
}

/* n numbers of them from element `first` on. */
static inline void vs_planes_copy(vs_planes p, int64_t first, int64_t n, vs_real *to) {
  if (p.bf16) {
    if (n > 0) vs_k_elementwise()->lengthen(n, to, (const uint16_t *)p.at + first);
    return;
  }
  const vs_real *from = (const vs_real *)p.at + first;
  for (int64_t i = 0; i < n; i++) to[i] = from[i];
}

/* Whether x and y may be bfloat16. */
bool vs_conv_takes_bf16(const vs_conv *k);
/* y = x * w + bias; bias may be NULL. */
int vs_conv_forward(const vs_conv *k, vs_planes x, const vs_real *w, const vs_real *bias,
                    vs_planes y);
/* dx from dy: all of dx is written. */
int vs_conv_input(const vs_conv *k, const vs_real *dy, const vs_real *w, vs_real *dx);
int vs_conv_weight(const vs_conv *k, vs_planes x, const vs_real *dy, vs_real *dw);
/* db[c] = sum of dy [batch,channels,plane] over batch and plane. */
void vs_conv_bias(int64_t batch, int64_t channels, int64_t plane, const vs_real *dy, vs_real *db);

/* ---- ways to the same numbers, up to rounding ---- */

/* conv_gather.c: everything. */
int vs_gather_forward(const vs_conv *k, vs_planes x, const vs_real *w, const vs_real *bias,
                      vs_planes y);
int vs_gather_input(const vs_conv *k, const vs_real *dy, const vs_real *w, vs_real *dx);
int vs_gather_weight(const vs_conv *k, vs_planes x, const vs_real *dy, vs_real *dw);

typedef enum vs_conv_way {
  VS_CONV_BEST,     /* what takes the least time */
  VS_CONV_PLAIN,    /* the gathered product */
  VS_CONV_WINOGRAD, /* conv_winograd.c: 3x3 kernels side by side */
  VS_CONV_FEW       /* conv_few.c: y alone, of few places */
} vs_conv_way;

/* Whether a way can make that convolution, and whether it takes less time than the plain
 * product. */
bool vs_winograd_possible(const vs_conv *k);
bool vs_winograd_pays(const vs_conv *k, bool weight); /* weight: for dw */
int vs_winograd_forward(const vs_conv *k, vs_planes x, const vs_real *w, const vs_real *bias,
                        vs_planes y);
int vs_winograd_input(const vs_conv *k, const vs_real *dy, const vs_real *w, vs_real *dx);
int vs_winograd_weight(const vs_conv *k, vs_planes x, const vs_real *dy, vs_real *dw);
bool vs_conv_few_possible(const vs_conv *k);
bool vs_conv_few_pays(const vs_conv *k);
int vs_conv_few(const vs_conv *k, const vs_real *x, const vs_real *w, const vs_real *bias,
                vs_real *y);
/* Test aid: from now on that way, wherever it is possible. */
void vs_conv_force(vs_conv_way way);

/* -1 with a message unless the numbers of one dimension are in range. */
int vs_conv_check(int64_t stride, int64_t padding, int64_t dilation, int64_t kernel,
                  const vs_tensor *w);

#endif
