/* Adagrad, as PyTorch computes it. */
#include "kernel/optim.h"
#include "optim/optim.h"

enum { LR, LR_DECAY, DECAY, INITIAL, EPS };

static int adagrad_check(const vs_value *h) {
  if (vs_optim_not_negative("lr", h[LR].f)) return -1;
  if (vs_optim_not_negative("lr_decay", h[LR_DECAY].f)) return -1;
  if (vs_optim_not_negative("weight_decay", h[DECAY].f)) return -1;
  if (vs_optim_not_negative("initial_accumulator_value", h[INITIAL].f)) return -1;
  if (vs_optim_not_negative("eps", h[EPS].f)) return -1;
  return 0;
}

static void adagrad_step(const vs_value *h, int64_t t, int64_t n, vs_real *p, const vs_real *g,
                         vs_real *const *state) {
  double lr = h[LR].f / (1 + (double)(t - 1) * h[LR_DECAY].f);
  vs_k_optim()->adagrad(n, (vs_real)lr, (vs_real)h[DECAY].f, (vs_real)h[EPS].f, p, g, state[0]);
}

static double adagrad_initial(const vs_value *h) { return h[INITIAL].f; }

const vs_optimdef vs_optim_Adagrad = {
    .name = "Adagrad",
    .args = "lr:num=0.01, lr_decay:num=0, weight_decay:num=0, initial_accumulator_value:num=0, "
            "eps:num=1e-10",
    .state = "sum",
    .step = adagrad_step,
    .check = adagrad_check,
    .initial = adagrad_initial,
    .doc = "Steps over the root of the sum of all squared gradients so far: s += g^2; p -= lr / (1 "
           "+ (t - 1) lr_decay) * g / (sqrt(s) + eps). Duchi et al. 2011.",
};
