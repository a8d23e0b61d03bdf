/* Adam and AdamW, as PyTorch computes them. */
#include <math.h>

#include "kernel/optim.h"
#include "optim/optim.h"

enum { LR, BETAS, EPS, DECAY, AMSGRAD };

static int adam_check(const vs_value *h) {
  double b1 = h[BETAS].numpair[0], b2 = h[BETAS].numpair[1];
  if (vs_optim_not_negative("lr", h[LR].f)) return -1;
  if (!(b1 >= 0 && b1 < 1) || !(b2 >= 0 && b2 < 1))
    return vs_fail("betas are %g and %g, expected 0 or more and less than 1", b1, b2);
  if (vs_optim_not_negative("eps", h[EPS].f)) return -1;
  if (vs_optim_not_negative("weight_decay", h[DECAY].f)) return -1;
  return 0;
}

static unsigned adam_states(const vs_value *h) { return h[AMSGRAD].i ? 7 : 3; }

static void update(const vs_value *h, int64_t t, int64_t n, vs_real *p, const vs_real *g,
                   vs_real *const *state, double decay, double shrink) {
  double b1 = h[BETAS].numpair[0], b2 = h[BETAS].numpair[1];
  vs_adam a = {.beta1 = (vs_real)b1, .beta2 = (vs_real)b2};
  a.one_beta1 = (vs_real)(1 - b1);
  a.one_beta2 = (vs_real)(1 - b2);
  a.step = (vs_real)(h[LR].f / (1 - pow(b1, (double)t)));
  a.correct2 = (vs_real)(1 / sqrt(1 - pow(b2, (double)t)));
  a.eps = (vs_real)h[EPS].f;
  a.decay = (vs_real)decay;
  a.shrink = (vs_real)shrink;
  vs_k_optim()->adam(n, &a, p, g, state[0], state[1], h[AMSGRAD].i ? state[2] : NULL);
}

static void adam_step(const vs_value *h, int64_t t, int64_t n, vs_real *p, const vs_real *g,
                      vs_real *const *state) {
  update(h, t, n, p, g, state, h[DECAY].f, 1);
}

const vs_optimdef vs_optim_Adam = {
    .name = "Adam",
    .args = "lr:num=0.001, betas:numpair=0.9/0.999, eps:num=1e-8, weight_decay:num=0, "
            "amsgrad:bool=false",
    .state = "exp_avg, exp_avg_sq, max_exp_avg_sq",
    .step = adam_step,
    .check = adam_check,
    .states = adam_states,
    .doc = "Adam (Kingma & Ba 2015): steps scaled by running means of the gradient and its "
           "square; weight_decay is added to the gradient. amsgrad: Reddi et al. 2018.",
};

static void adamw_step(const vs_value *h, int64_t t, int64_t n, vs_real *p, const vs_real *g,
                       vs_real *const *state) {
  update(h, t, n, p, g, state, 0, 1 - h[LR].f * h[DECAY].f);
}

const vs_optimdef vs_optim_AdamW = {
    .name = "AdamW",
    .args = "lr:num=0.001, betas:numpair=0.9/0.999, eps:num=1e-8, weight_decay:num=0.01, "
            "amsgrad:bool=false",
    .state = "exp_avg, exp_avg_sq, max_exp_avg_sq",
    .step = adamw_step,
    .check = adam_check,
    .states = adam_states,
    .doc = "Adam with decoupled weight decay (Loshchilov & Hutter 2019): the parameter itself "
           "shrinks by lr * weight_decay.",
};
