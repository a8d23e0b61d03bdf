/* What the taps of a convolution read, one dimension at a time: shared by the gathered product
 * (conv_gather.c) and depthwise convolution (conv_depthwise.c). */
#ifndef VS_OP_CONV_AXIS_H
#define VS_OP_CONV_AXIS_H

#include "op/conv_ways.h"

/* One dimension.  Position g of the grid is written at dst_first + g*dst_step; its tap i, which is
 * tap0 + i*tap_step of the kernel, reads the source at g*src_step + at0 + i*at_step. */
typedef struct axis {
  int64_t src, dst, grid, src_step, dst_first, dst_step;
  int64_t taps, tap0, tap_step, at0, at_step;
} axis;

static inline int64_t reach(const axis *a) { /* source positions from the first tap to the last */
  return (a->at_step < 0 ? -a->at_step : a->at_step) * VS_MAX(a->taps - 1, 0) + 1;
}

static inline int64_t low(const axis *a) { /* the first source position of grid position 0 */
  return a->at_step < 0 ? a->at0 + a->at_step * (a->taps - 1) : a->at0;
}

static inline int64_t span(const axis *a, int64_t n) { return (n - 1) * a->src_step + reach(a); }

static inline bool inside(const axis *a) {
  return low(a) >= 0 && low(a) + span(a, a->grid) <= a->src;
}

static inline axis forward_axis(int64_t in, int64_t out, int64_t k, int64_t stride, int64_t pad,
                                int64_t dil) {
  return (axis){.src = in,
                .dst = out,
                .grid = out,
                .src_step = stride,
                .dst_step = 1,
                .taps = k,
                .tap_step = 1,
                .at0 = -pad,
                .at_step = dil};
}

/* y[o] reads x[o*stride - pad + k*dil], so x[first + g*stride] is read by the y[o] with
 * o*stride = first + g*stride + pad - k*dil: the taps for which that divides; o falls with k. */
static inline axis input_axis(int64_t in, int64_t out, int64_t k, int64_t stride, int64_t pad,
                              int64_t dil, int64_t first) {
  axis a = {.src = out,
            .dst = in,
            .grid = first < in ? (in - 1 - first) / stride + 1 : 0,
            .src_step = 1,
            .dst_first = first,
            .dst_step = stride};
  for (int64_t t = 0; t < k; t++) {
    if ((first + pad - t * dil) % stride != 0) continue;
    if (a.taps == 0) a.tap0 = t, a.at0 = (first + pad - t * dil) / stride;
    if (a.taps == 1) a.tap_step = t - a.tap0, a.at_step = -a.tap_step * dil / stride;
    a.taps++;
  }
  return a;
}

/* Both dimensions of a forward pass; of the gradient of x where its rows and columns are i and j
 * modulo the stride. */
static inline void forward_axes(const vs_conv *k, axis *y, axis *x) {
  axis *a[2] = {y, x};
  for (int d = 0; d < 2; d++)
    *a[d] = forward_axis(k->in[d], k->out[d], k->kernel[d], k->stride[d], k->padding[d],
                         k->dilation[d]);
}

static inline void input_axes(const vs_conv *k, int64_t i, int64_t j, axis *y, axis *x) {
  axis *a[2] = {y, x};
  int64_t first[2] = {i, j};
  for (int d = 0; d < 2; d++)
    *a[d] = input_axis(k->in[d], k->out[d], k->kernel[d], k->stride[d], k->padding[d],
                       k->dilation[d], first[d]);
}

#endif
