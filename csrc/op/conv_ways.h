/* A convolution as numbers, and the ways to compute its three products: the same results up to
 * rounding.  conv.c chooses between them.
 *
 * x [batch, groups*from, in], w [groups*to, from, kernel], y [batch, groups*to, out], contiguous.
 * All take scratch as vs_scratch says, and fail only where they count it. */
#ifndef VS_OP_CONV_WAYS_H
#define VS_OP_CONV_WAYS_H

#include "kernel/elementwise.h"
#include "op/op.h"

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

/* conv_gather.c: any convolution, as a product that gathers its left side. */
int vs_gather_forward(const vs_conv *k, vs_planes x, const vs_real *w, const vs_real *bias,
                      vs_planes y, vs_scratch *s);
int vs_gather_input(const vs_conv *k, const vs_real *dy, const vs_real *w, vs_real *dx,
                    vs_scratch *s);
int vs_gather_weight(const vs_conv *k, vs_planes x, const vs_real *dy, vs_real *dw, vs_scratch *s);

/* conv_winograd.c: 3x3 kernels side by side.  Whether it can make that convolution, and whether it
 * takes less time than the gathered product; weight: for dw. */
bool vs_winograd_possible(const vs_conv *k);
bool vs_winograd_pays(const vs_conv *k, bool weight);
int vs_winograd_forward(const vs_conv *k, vs_planes x, const vs_real *w, const vs_real *bias,
                        vs_planes y, vs_scratch *s);
int vs_winograd_input(const vs_conv *k, const vs_real *dy, const vs_real *w, vs_real *dx,
                      vs_scratch *s);
int vs_winograd_weight(const vs_conv *k, vs_planes x, const vs_real *dy, vs_real *dw,
                       vs_scratch *s);

/* conv_few.c: y alone, of few places. */
bool vs_conv_few_possible(const vs_conv *k);
bool vs_conv_few_pays(const vs_conv *k);
int vs_conv_few(const vs_conv *k, const vs_real *x, const vs_real *w, const vs_real *bias,
                vs_real *y, vs_scratch *s);

/* conv_depthwise.c: one kernel a channel. */
int vs_depthwise_forward(const vs_conv *k, const vs_real *x, const vs_real *w, const vs_real *bias,
                         vs_real *y, vs_scratch *s);
int vs_depthwise_input(const vs_conv *k, const vs_real *dy, const vs_real *w, vs_real *dx,
                       vs_scratch *s);
int vs_depthwise_weight(const vs_conv *k, const vs_real *x, const vs_real *dy, vs_real *dw,
                        vs_scratch *s);

#endif
