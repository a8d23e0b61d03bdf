/* Stochastic gradient descent with momentum, as PyTorch computes it. */
#include "kernel/optim.h"
#include "optim/optim.h"

enum { LR, MOMENTUM, DAMPENING, DECAY, NESTEROV };

static int sgd_check(const vs_value *h) {
  if (vs_optim_not_negative("lr", h[LR].f)) return -1;
  if (vs_optim_not_negative("momentum", h[MOMENTUM].f)) return -1;
  if (vs_optim_not_negative("weight_decay", h[DECAY].f)) return -1;
  if (h[NESTEROV].i && (h[MOMENTUM].f == 0 || h[DAMPENING].f != 0))
    return vs_fail("nesterov needs a momentum and no dampening");
  return 0;
}

static unsigned sgd_states(const vs_value *h) { return h[MOMENTUM].f != 0; }

static void sgd_step(const vs_value *h, int64_t t, int64_t n, vs_real *p, const vs_real *g,
                     vs_real *const *state) {
  vs_real lr = (vs_real)h[LR].f, decay = (vs_real)h[DECAY].f, momentum = (vs_real)h[MOMENTUM].f;
  if (h[MOMENTUM].f == 0) {
    vs_k_optim()->sgd(n, lr, decay, p, g);
    return;
  }
  /* the first step has no dampening */
  vs_real take = t == 1 ? 1 : (vs_real)(1 - h[DAMPENING].f);
  vs_k_optim()->sgd_momentum(n, lr, decay, momentum, take, h[NESTEROV].i ? momentum : 0, p, g,
                             state[0]);
}

const vs_optimdef vs_optim_SGD = {
    .name = "SGD",
    .args = "lr:num=0.001, momentum:num=0, dampening:num=0, weight_decay:num=0, "
            "nesterov:bool=false",
    .state = "momentum_buffer",
    .step = sgd_step,
    .check = sgd_check,
    .states = sgd_states,
    .doc = "Stochastic gradient descent: d = g + weight_decay p; b = momentum b + (1 - dampening) "
           "d; p -= lr b, or with nesterov lr (d + momentum b). Sutskever et al. 2013.",
};
