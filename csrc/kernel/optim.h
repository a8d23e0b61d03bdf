/* Parameter updates and gradient norms: each reads and writes every element once. */
#ifndef VS_KERNEL_OPTIM_H
#define VS_KERNEL_OPTIM_H

#include "kernel/kernel.h"

/* Constants of one Adam step, computed once in double. */
typedef struct vs_adam {
  vs_real beta1, beta2, one_beta1, one_beta2; /* one_*: 1 - beta */
  vs_real step, correct2, eps;                /* lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t) */
  vs_real decay, shrink;                      /* g += decay * p (Adam); p *= shrink (AdamW) */
} vs_adam;

/* Constants of one RMSprop step. */
typedef struct vs_rmsprop {
  vs_real alpha, one_alpha, eps, lr, decay, momentum;
} vs_rmsprop;

typedef struct vs_kernels_optim {
  /* d = g + decay * p;  p -= lr * d */
  void (*sgd)(int64_t n, vs_real lr, vs_real decay, vs_real *p, const vs_real *g);
  /* buf = keep * buf + take * d;  p -= lr * (nesterov ? d + momentum * buf : buf) */
  void (*sgd_momentum)(int64_t n, vs_real lr, vs_real decay, vs_real keep, vs_real take,
                       vs_real nesterov, vs_real *p, const vs_real *g, vs_real *buf);
  /* m, v: running means of g and g^2; most: running maximum of v (AMSGrad) or NULL. */
  void (*adam)(int64_t n, const vs_adam *a, vs_real *p, const vs_real *g, vs_real *m, vs_real *v,
               vs_real *most);
  /* square: running mean of g^2; mean: of g (centered) or NULL; buf: momentum's or NULL. */
  void (*rmsprop)(int64_t n, const vs_rmsprop *r, vs_real *p, const vs_real *g, vs_real *square,
                  vs_real *mean, vs_real *buf);
  /* d = g + decay * p;  sum += d^2;  p -= lr * d / (sqrt(sum) + eps) */
  void (*adagrad)(int64_t n, vs_real lr, vs_real decay, vs_real eps, vs_real *p, const vs_real *g,
                  vs_real *sum);
  double (*sum_squares)(int64_t n, const vs_real *x);
  void (*scale)(int64_t n, vs_real s, vs_real *x);
  void (*clamp)(int64_t n, vs_real most, vs_real *x); /* into [-most, most]; NaN stays */
} vs_kernels_optim;

VS_KERNEL_FAMILY(optim)

#endif
