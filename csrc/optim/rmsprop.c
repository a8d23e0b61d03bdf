/* RMSprop, as PyTorch computes it. */
#include "kernel/optim.h"
#include "optim/optim.h"

enum { LR, ALPHA, EPS, DECAY, MOMENTUM, CENTERED };
enum { SQUARE, MEAN, BUFFER }; /* state */

static int rmsprop_check(const vs_value *h) {
  if (vs_optim_not_negative("lr", h[LR].f)) return -1;
  if (vs_optim_not_negative("alpha", h[ALPHA].f)) return -1;
  if (vs_optim_not_negative("eps", h[EPS].f)) return -1;
  if (vs_optim_not_negative("weight_decay", h[DECAY].f)) return -1;
  if (vs_optim_not_negative("momentum", h[MOMENTUM].f)) return -1;
  return 0;
}

static unsigned rmsprop_states(const vs_value *h) {
  return 1u << SQUARE | (h[CENTERED].i ? 1u << MEAN : 0) | (h[MOMENTUM].f > 0 ? 1u << BUFFER : 0);
}

static void rmsprop_step(const vs_value *h, int64_t t, int64_t n, vs_real *p, const vs_real *g,
                         vs_real *const *state) {
  (void)t;
  vs_rmsprop r = {.alpha = (vs_real)h[ALPHA].f,
                  .one_alpha = (vs_real)(1 - h[ALPHA].f),
                  .eps = (vs_real)h[EPS].f,
                  .lr = (vs_real)h[LR].f,
                  .decay = (vs_real)h[DECAY].f,
                  .momentum = (vs_real)h[MOMENTUM].f};
  vs_k_optim()->rmsprop(n, &r, p, g, state[SQUARE], h[CENTERED].i ? state[MEAN] : NULL,
                        h[MOMENTUM].f > 0 ? state[BUFFER] : NULL);
}

const vs_optimdef vs_optim_RMSprop = {
    .name = "RMSprop",
    .args = "lr:num=0.01, alpha:num=0.99, eps:num=1e-8, weight_decay:num=0, momentum:num=0, "
            "centered:bool=false",
    .state = "square_avg, grad_avg, momentum_buffer",
    .step = rmsprop_step,
    .check = rmsprop_check,
    .states = rmsprop_states,
    .doc = "Steps over the root of a running mean of the gradient's square: v = alpha v + (1 - "
           "alpha) g^2; p -= lr g / (sqrt(v) + eps). centered takes the square of the mean "
           "gradient off v. Tieleman and Hinton 2012; centered: Graves 2013.",
};
