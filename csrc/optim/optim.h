/* The optimizer descriptor and the optimizer: parameter groups, per-parameter state, step.
 *
 * An optimizer is one vs_optimdef at the end of its file and one line in optims.def.  step updates
 * one parameter in place; the parameter, its gradient and the state tensors are contiguous. */
#ifndef VS_OPTIM_H
#define VS_OPTIM_H

#include "op/op.h"

enum { VS_MAX_STATE = 3 };

typedef struct vs_optimdef {
  const char *name;  /* "Adam" */
  const char *args;  /* hyperparameters: "lr:num=0.001, betas:numpair=0.9/0.999, ..." */
  const char *state; /* PyTorch's names of the state tensors: "exp_avg, exp_avg_sq"; "" if none */
  /* h: hyperparameters by position; t: this parameter's step, from 1; p, g and state of n elements.
   * A state tensor that h does not use is NULL, or left from earlier settings. */
  void (*step)(const vs_value *h, int64_t t, int64_t n, vs_real *p, const vs_real *g,
               vs_real *const *state);
  /* Whether a hyperparameter set is valid; NULL when any set is valid. */
  int (*check)(const vs_value *h);
  /* Which of the state tensors this set uses, a bit each (1 << k); NULL when all. */
  unsigned (*states)(const vs_value *h);
  /* The initial value of every number of the state; NULL: 0. */
  double (*initial)(const vs_value *h);
  const char *doc;
} vs_optimdef;

typedef struct vs_optim vs_optim;

vs_optim *vs_optim_new(const vs_optimdef *def);
void vs_optim_free(vs_optim *o);
/* Adds a group with these hyperparameters; retains the parameters.  Returns its number from 0. */
int vs_optim_add_group(vs_optim *o, vs_tensor *const *params, int n, const vs_value *h, int nh);
/* Updates every parameter that has a gradient.  Parameters without one are left alone. */
int vs_optim_step(vs_optim *o);
void vs_optim_zero_grad(vs_optim *o); /* drops the gradients */
const vs_optimdef *vs_optim_def(const vs_optim *o);
int vs_optim_ngroups(const vs_optim *o);
int vs_optim_nparams(const vs_optim *o, int group);
vs_tensor *vs_optim_param(const vs_optim *o, int group, int i); /* borrowed */
vs_value *vs_optim_hyper(vs_optim *o, int group); /* the group's values, to read or set */
/* State tensor `which` of a parameter, borrowed; NULL before its first step. */
vs_tensor *vs_optim_state(const vs_optim *o, int group, int i, int which);
/* Copies src; NULL drops the state, which is created again at the next step. */
int vs_optim_set_state(vs_optim *o, int group, int i, int which, vs_tensor *src);
int64_t vs_optim_steps(const vs_optim *o, int group, int i);
void vs_optim_set_steps(vs_optim *o, int group, int i, int64_t t);

/* For `check`: -1 with "lr is -1, expected 0 or more" when it is less, or NaN. */
int vs_optim_not_negative(const char *name, double value);

/* Total norm (2-norm over all gradients) into *norm; gradients scaled by max/(norm+1e-6) when
 * larger. */
int vs_clip_grad_norm(vs_tensor *const *params, int n, double max_norm, double *norm);
int vs_clip_grad_value(vs_tensor *const *params, int n, double clip);

extern const vs_optimdef *const vs_optims[];
extern const int vs_noptims;
static inline const vs_argspec *vs_optim_spec(const vs_optimdef *def) {
  return vs_args_spec(def->args);
}

#define VS_OPTIM(name) extern const vs_optimdef vs_optim_##name;
#include "optim/optims.def"
#undef VS_OPTIM

#endif
