/* A convolution whose result has few places, as in the last layers of a network that looks at one
 * picture: reading the weights is all the work.  They are read where they lie, once, as the left
 * side of a matrix product; the right side is written out, [from*taps, batch*out] (im2col), which
 * is small here. */
#include "core/mem.h"
#include "core/thread.h"
#include "op/conv_ways.h"
#include "op/gemm.h"

enum { FEW = 64 }; /* places */

static int64_t places(const vs_conv *k) { return k->batch * k->out[0] * k->out[1]; }

bool vs_conv_few_possible(const vs_conv *k) {
  return k->groups == 1 && places(k) > 0 && k->from > 0 && k->to > 0;
}

bool vs_conv_few_pays(const vs_conv *k) { return places(k) <= FEW; }

typedef struct job {
  const vs_conv *k;
  const vs_real *x, *bias, *product;
  vs_real *columns, *y;
} job;

/* Row (c, i, j) of columns: what that tap reads for every place. */
static void write_columns(void *arg, int64_t first, int64_t last, int slot) {
  const job *w = arg;
  const vs_conv *k = w->k;
  int64_t taps = k->kernel[0] * k->kernel[1], plane = k->in[0] * k->in[1];
  vs_real *to = w->columns + first * taps * places(k);
  (void)slot;
  for (int64_t r = first * taps; r < last * taps; r++)
    for (int64_t b = 0; b < k->batch; b++) {
      const vs_real *from = w->x + (b * k->from + r / taps) * plane;
      int64_t i = r % taps / k->kernel[1] * k->dilation[0] - k->padding[0];
      int64_t j = r % k->kernel[1] * k->dilation[1] - k->padding[1];
      for (int64_t y = 0; y < k->out[0]; y++, i += k->stride[0]) {
        bool real = i >= 0 && i < k->in[0];
        for (int64_t x = 0, at = j; x < k->out[1]; x++, at += k->stride[1])
          *to++ = real && at >= 0 && at < k->in[1] ? from[i * k->in[1] + at] : 0;
      }
    }
}

/* From [to, batch, out] to [batch, to, out], with the bias. */
static void place(void *arg, int64_t first, int64_t last, int slot) {
  const job *w = arg;
  const vs_conv *k = w->k;
  int64_t plane = k->out[0] * k->out[1];
  (void)slot;
  for (int64_t o = first; o < last; o++)
    for (int64_t b = 0; b < k->batch; b++) {
      const vs_real *from = w->product + (o * k->batch + b) * plane;
      vs_real *to = w->y + (b * k->to + o) * plane;
      for (int64_t i = 0; i < plane; i++) to[i] = from[i] + (w->bias ? w->bias[o] : 0);
    }
}

int vs_conv_few(const vs_conv *k, const vs_real *x, const vs_real *w, const vs_real *bias,
                vs_real *y, vs_scratch *s) {
  int64_t n = places(k), depth = k->from * k->kernel[0] * k->kernel[1];
  size_t panels = vs_gemm_bytes(1, k->to, n, depth, false);
  char *memory = vs_scratch_take(s, panels + (size_t)((depth + k->to) * n) * sizeof(vs_real));
  if (memory == NULL) return 0;
  vs_real *work = (vs_real *)(void *)(memory + panels);
  job j = {.k = k, .x = x, .bias = bias, .columns = work, .product = work + depth * n, .y = y};
  vs_parallel(k->from, 1024 / n + 1, write_columns, &j);
  vs_gemm_once(memory, false, false, k->to, n, depth, w, depth, work, n, NULL, work + depth * n, n);
  vs_parallel(k->to, 4096 / n + 1, place, &j);
  return 0;
}
