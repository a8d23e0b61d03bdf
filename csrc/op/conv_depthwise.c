/* Depthwise convolution: one kernel a channel.
 *
 * Plane by plane, from a copy with its borders of zeros in which a row is split by column modulo
 * the stride, so that neighbouring outputs read neighbours.  Forward and the gradient of x are one
 * routine over the axes of conv_axis.h; the gradient of w keeps a vector of sums a tap while it
 * goes over the planes of a channel. */
#include <string.h>

#include "kernel/conv.h"
#include "op/conv_axis.h"

enum { BUFFER_BYTES = 320 * 1024 }; /* of the padded rows of a plane */

typedef struct depthwise {
  axis y, x;
  int64_t batch, groups, area;
  const vs_real *src, *w, *bias, *dy;
  vs_real *dst;
  int64_t ntap;                     /* taps that the axes reach, of the kernel's area */
  int64_t *tap, *wtap;              /* where each lies in the buffer, and in the kernel */
  int64_t rows, row, phase, nphase; /* outputs' rows at one go; of the buffer: distances */
  int64_t buffer, out, weights;     /* elements of a slot's three */
  char *slots;
  size_t slot_bytes;
} depthwise;

static int64_t round_up(int64_t n) { return (n + 63) / 64 * 64; } /* elements, or bytes */

static vs_real *scratch_of(const depthwise *k, int slot) {
  return (vs_real *)(void *)(k->slots + (size_t)slot * k->slot_bytes);
}

/* The source of n output rows from `top` on.  What lies outside it is zero in the buffer already,
 * and a phase ends in `cols` zeros. */
static void load_phases(const depthwise *k, const vs_real *src, int64_t top, int64_t n,
                        vs_real *out) {
  const axis *ay = &k->y, *ax = &k->x;
  int64_t s = k->nphase, most = k->phase - vs_k_conv()->cols, above = top * ay->src_step + low(ay);
  int64_t first = VS_MAX(above, 0), rows = VS_MIN(above + span(ay, n), ay->src) - first;
  out += (first - above) * k->row;
  for (int64_t f = 0; f < s; f++) {
    int64_t left = low(ax) + f; /* the column of the phase's element 0; element q: s*q further */
    int64_t q = left < 0 ? (-left + s - 1) / s : 0, from = left + q * s;
    int64_t cells = from < ax->src ? VS_MIN((ax->src - 1 - from) / s + 1, most - q) : 0;
    const vs_real *x = src + first * ax->src + from;
    vs_real *to = out + f * k->phase + q;
    if (cells <= 0) continue;
    if (s == 1)
      vs_k_conv()->copy(rows, cells, x, ax->src, to, k->row);
    else
      for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cells; j++) to[i * k->row + j] = x[i * ax->src + j * s];
  }
}

/* Before a band is loaded: borders stay as they are where a plane is one band. */
static void clear(const depthwise *k, bool fresh, vs_real *buffer) {
  if (fresh || k->rows < k->y.grid) memset(buffer, 0, (size_t)k->buffer * sizeof *buffer);
}

/* Fills in sizes and takes the memory: tables, then for each slot the buffer, `out` elements and
 * `weights` of them.  -1 when a size cannot be counted; k->tap is NULL while counting. */
static int prepare(depthwise *k, int64_t slots, bool scatters, bool sums, vs_scratch *memory) {
  const axis *y = &k->y, *x = &k->x;
  int64_t s = k->nphase = x->grid > 1 ? x->src_step : 1, cols = vs_k_conv()->cols;
  k->ntap = y->taps * x->taps;
  k->phase = (span(x, x->grid) - 1) / s + 1 + cols;
  k->row = vs_numel(2, (int64_t[]){k->phase, s});
  if (k->row < 0) return -1;
  int64_t fit = BUFFER_BYTES / (int64_t)sizeof(vs_real) / k->row - reach(y);
  k->rows = VS_MAX(VS_MIN(fit / y->src_step, y->grid), 1);
  k->buffer = vs_numel(2, (int64_t[]){span(y, k->rows), k->row});
  k->out = scatters ? k->rows * x->grid : 0;
  k->weights = sums ? vs_numel(2, (int64_t[]){k->ntap, cols}) : k->ntap;
  if (k->buffer < 0 || k->weights < 0) return -1;
  k->buffer = round_up(k->buffer), k->out = round_up(k->out), k->weights = round_up(k->weights);
  k->slot_bytes = (size_t)(k->buffer + k->out + k->weights) * sizeof(vs_real);
  size_t table = (size_t)round_up(k->ntap) * sizeof(int64_t);
  char *work = vs_scratch_take(memory, 2 * table + (size_t)slots * k->slot_bytes);
  if (work == NULL) return 0;
  k->tap = (int64_t *)(void *)work;
  k->wtap = (int64_t *)(void *)(work + table);
  k->slots = work + 2 * table;
  for (int64_t i = 0; i < y->taps; i++)
    for (int64_t j = 0; j < x->taps; j++) {
      int64_t down = y->at0 + i * y->at_step - low(y), across = x->at0 + j * x->at_step - low(x);
      k->tap[i * x->taps + j] = down * k->row + across % s * k->phase + across / s;
    }
  return 0;
}

static void planes(void *arg, int64_t first, int64_t last, int slot) {
  const depthwise *k = arg;
  const axis *y = &k->y, *x = &k->x;
  vs_real *buffer = scratch_of(k, slot), *out = buffer + k->buffer, *w = out + k->out;
  bool straight = y->dst_step == 1 && x->dst_step == 1;
  for (int64_t u = first; u < last && !vs_interrupted(); u++) {
    int64_t c = u % k->groups;
    for (int64_t t = 0; t < k->ntap; t++) w[t] = k->w[c * k->area + k->wtap[t]];
    for (int64_t top = 0; top < y->grid; top += k->rows) {
      int64_t n = VS_MIN(k->rows, y->grid - top);
      vs_real *dst =
          k->dst + (u * y->dst + y->dst_first + top * y->dst_step) * x->dst + x->dst_first;
      clear(k, u == first, buffer);
      load_phases(k, k->src + u * y->src * x->src, top, n, buffer);
      vs_k_conv()->taps(n, x->grid, k->ntap, k->tap, w, k->bias ? k->bias[c] : 0, buffer,
                        y->src_step * k->row, straight ? dst : out, straight ? x->dst : x->grid);
      for (int64_t i = 0; i < n && !straight; i++)
        for (int64_t j = 0; j < x->grid; j++)
          dst[i * y->dst_step * x->dst + j * x->dst_step] = out[i * x->grid + j];
    }
  }
}

static int64_t grain_of(const depthwise *k, int64_t times) {
  return VS_MAX(1, 16384 / VS_MAX(k->y.grid * k->x.grid * k->area * times, 1));
}

/* dst = taps of src, times w, + bias: over the grid of the axes. */
static int run_planes(depthwise k, const vs_conv *c, vs_scratch *s) {
  int64_t all = k.batch * k.groups, grain = grain_of(&k, 1);
  if (all == 0 || k.y.grid * k.x.grid == 0) return 0;
  bool scatters = k.y.dst_step != 1 || k.x.dst_step != 1;
  if (prepare(&k, vs_slots(all, grain), scatters, false, s) < 0) return -1;
  if (k.tap == NULL) return 0;
  for (int64_t i = 0; i < k.y.taps; i++)
    for (int64_t j = 0; j < k.x.taps; j++)
      k.wtap[i * k.x.taps + j] =
          (k.y.tap0 + i * k.y.tap_step) * c->kernel[1] + k.x.tap0 + j * k.x.tap_step;
  vs_parallel(all, grain, planes, &k);
  return 0;
}

static depthwise of(const vs_conv *c) {
  return (depthwise){.batch = c->batch, .groups = c->groups, .area = c->kernel[0] * c->kernel[1]};
}

int vs_depthwise_forward(const vs_conv *c, const vs_real *x, const vs_real *w, const vs_real *bias,
                         vs_real *y, vs_scratch *s) {
  depthwise k = of(c);
  k.src = x, k.w = w, k.bias = bias, k.dst = y;
  forward_axes(c, &k.y, &k.x);
  return run_planes(k, c, s);
}

/* One pass for each residue of the input position modulo the stride. */
int vs_depthwise_input(const vs_conv *c, const vs_real *dy, const vs_real *w, vs_real *dx,
                       vs_scratch *s) {
  depthwise k = of(c);
  k.src = dy, k.w = w, k.dst = dx;
  for (int64_t i = 0; i < VS_MIN(c->stride[0], c->in[0]); i++)
    for (int64_t j = 0; j < VS_MIN(c->stride[1], c->in[1]); j++) {
      input_axes(c, i, j, &k.y, &k.x);
      if (run_planes(k, c, s) < 0) return -1;
    }
  return 0;
}

/* dw[c, t] = sum over b and o of dy[o] * x[o*stride + at(t)] */
static void weights(void *arg, int64_t first, int64_t last, int slot) {
  const depthwise *k = arg;
  const axis *y = &k->y, *x = &k->x;
  int64_t cols = vs_k_conv()->cols, plane = y->grid * x->grid;
  vs_real *buffer = scratch_of(k, slot), *sums = buffer + k->buffer;
  for (int64_t c = first; c < last && !vs_interrupted(); c++) {
    memset(sums, 0, (size_t)k->weights * sizeof *sums);
    for (int64_t b = 0; b < k->batch; b++) {
      int64_t u = b * k->groups + c;
      for (int64_t top = 0; top < y->grid; top += k->rows) {
        int64_t n = VS_MIN(k->rows, y->grid - top);
        clear(k, c == first && b == 0, buffer);
        load_phases(k, k->src + u * y->src * x->src, top, n, buffer);
        vs_k_conv()->tap_sums(n, x->grid, k->ntap, k->tap, buffer, y->src_step * k->row,
                              k->dy + u * plane + top * x->grid, x->grid, sums);
      }
    }
    for (int64_t t = 0; t < k->ntap; t++)
      k->dst[c * k->area + t] = vs_k_conv()->sum(cols, sums + t * cols);
  }
}

int vs_depthwise_weight(const vs_conv *c, const vs_real *x, const vs_real *dy, vs_real *dw,
                        vs_scratch *s) {
  depthwise k = of(c);
  k.src = x, k.dy = dy, k.dst = dw;
  forward_axes(c, &k.y, &k.x);
  if (k.batch == 0 || k.y.grid * k.x.grid == 0) {
    memset(dw, 0, (size_t)(k.groups * k.area) * sizeof *dw);
    return 0;
  }
  int64_t grain = grain_of(&k, k.batch);
  if (prepare(&k, vs_slots(k.groups, grain), false, true, s) < 0) return -1;
  if (k.tap != NULL) vs_parallel(k.groups, grain, weights, &k);
  return 0;
}
