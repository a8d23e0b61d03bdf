/* Cells of recurrent layers: everything of one step but the matrix products, one row at a time.
 * Gates of a row lie side by side, each of h values, in PyTorch's order. */
#ifndef VS_KERNEL_RNN_H
#define VS_KERNEL_RNN_H

#include "kernel/kernel.h"

typedef struct vs_kernels_rnn {
  /* gates [4h] (i, f, g, o): in W_ih x + W_hh h, out activated; bias [4h] is added first.
   *   c = f * c_prev + i * g,  y = o * tanh(c).  c_prev NULL: zeros. */
  void (*lstm_cell)(int64_t h, const vs_real *bias, vs_real *gates, const vs_real *c_prev,
                    vs_real *c, vs_real *y);
  /* dy [h] is what flows into this step's output from outside (NULL: nothing), dh [h] what flows in
   * from the next step; dc [h]: in from the next step, out to the one before; dgates [4h]: out, the
   * gradient before activation. */
  void (*lstm_cell_back)(int64_t h, const vs_real *gates, const vs_real *c_prev, const vs_real *c,
                         const vs_real *dh, const vs_real *dy, vs_real *dc, vs_real *dgates);
  /* gates [3h] (r, z, n): in W_ih x, out activated; hidden [3h]: W_hh h_prev (NULL: zeros, as is
   * h_prev); bx, bh [3h].  hn [h]: out, hidden_n + bh_n.
   *   n = tanh(x_n + r * hn),  y = (1 - z) * n + z * h_prev. */
  void (*gru_cell)(int64_t h, const vs_real *bx, const vs_real *bh, vs_real *gates,
                   const vs_real *hidden, const vs_real *h_prev, vs_real *hn, vs_real *y);
  /* dh [h]: in from the next step, out the part that reaches h_prev directly (through z).
   * dgates [4h]: out, the gradient of n's part of W_ih x + b; of r, z, which W_ih x + b and W_hh h
   * + b share; of n's part of W_hh h + b. */
  void (*gru_cell_back)(int64_t h, const vs_real *gates, const vs_real *hn, const vs_real *h_prev,
                        const vs_real *dy, vs_real *dh, vs_real *dgates);
  /* acc[0..n) += x[0..n) */
  void (*add)(int64_t n, vs_real *acc, const vs_real *x);
} vs_kernels_rnn;

VS_KERNEL_FAMILY(rnn)

#endif
