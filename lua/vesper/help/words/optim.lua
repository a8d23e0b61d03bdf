-- Texts of the reference: optimizers and learning-rate schedules.
return {
  {"optim", "Optimizers.  They take a list of parameters, or groups: {{params = a, lr = 0.1}, "
      .. "{params = b}}.",
    {"optim.clip_grad_norm_", "parameters:list, max_norm:num", "number",
      "Scales all gradients so that their total 2-norm is at most max_norm; returns the norm "
        .. "before scaling."},
    {"optim.clip_grad_value_", "parameters:list, limit:num", nil,
      "Clamps every element of the gradients to [-limit, limit]."},
    {"Optimizer:step", "", nil, "Updates every parameter that has a gradient."},
    {"Optimizer:zero_grad", "", nil, "Sets the gradients to nil."},
    {"Optimizer:add_param_group", "group:table", nil, "Adds a group: {params = list, lr = ...}."},
    {"Optimizer:state_dict", "", "table",
      "{name, groups, state, steps} of tables and tensors; see load_state_dict."},
    {"Optimizer:load_state_dict", "dict:table", nil,
      "Restores a state_dict; groups and parameters must agree in number and shape."},
    {"Optimizer:state", "group:int, i:int", "table, integer",
      "The state tensors of one parameter by name, and its step count."},
    {"Optimizer:set_state", "group:int, i:int, state:table, steps:int", nil,
      "Sets what Optimizer:state returned."},
    {"Optimizer.param_groups", nil, "list",
      "The groups, each with params and its settings, which may be assigned; opt.lr = v sets lr "
        .. "in all of them."},
    {"Optimizer.name", nil, "string", "The class: \"Adam\"."},
    {"optim.EMA", "module:value, {decay:num=0.999, warmup:bool=false, buffers:bool=false}", "EMA",
      "An exponential moving average of a module's parameters, which starts at their current "
        .. "values; buffers averages running statistics too. warmup: the decay is at most (1 + n) "
        .. "/ (10 + n) at update n, counted from 0."},
    {"EMA:update", "", nil,
      "average = decay * average + (1 - decay) * weight; call it after every optimizer step."},
    {"EMA:swap", "", nil,
      "Exchanges the module's weights and the averages; a second call exchanges them back."},
    {"EMA:apply", "fn:function, args:value...", "value",
      "Returns fn(args...), called with the averages in the module: ema:apply(train.evaluate, "
        .. "net, loader). Restores the weights, after an error too."},
    {"EMA:state_dict", "", "table",
      "{decay, warmup, buffers, updates, state = {name = tensor}}; shares memory with the "
        .. "averages."},
    {"EMA:load_state_dict", "dict:table", nil,
      "Restores a state_dict; names and shapes must be the module's."},
  },
  {"optim.lr_scheduler", "Learning-rate schedules with PyTorch's names and numbers. Arguments "
      .. "after the optimizer are given by position, or by name in a last table. A schedule sets "
      .. "the rate of every group when it is created and at each step; `first` is a group's "
      .. "initial rate, `e` the number of steps so far.",
    {"optim.lr_scheduler.StepLR", "optimizer:Optimizer, step_size:int, gamma:num=0.1",
      "Scheduler", "first * gamma ^ (e // step_size)."},
    {"optim.lr_scheduler.MultiStepLR", "optimizer:Optimizer, {milestones:list, gamma:num=0.1}",
      "Scheduler", "first * gamma ^ (the number of milestones up to e)."},
    {"optim.lr_scheduler.ExponentialLR", "optimizer:Optimizer, gamma:num", "Scheduler",
      "first * gamma ^ e."},
    {"optim.lr_scheduler.LinearLR", "optimizer:Optimizer, {start_factor:num=1/3, "
        .. "end_factor:num=1, total_iters:int=5}",
      "Scheduler", "first times a factor that changes linearly from start_factor to end_factor "
        .. "over total_iters steps: a warm-up."},
    {"optim.lr_scheduler.PolynomialLR", "optimizer:Optimizer, total_iters:int=5, power:num=1",
      "Scheduler", "first * (1 - e / total_iters) ^ power, then 0."},
    {"optim.lr_scheduler.CosineAnnealingLR", "optimizer:Optimizer, T_max:int, eta_min:num=0",
      "Scheduler", "From first to eta_min along half a cosine over T_max steps, and back over the "
        .. "next T_max. Loshchilov and Hutter, SGDR, 2017."},
    {"optim.lr_scheduler.OneCycleLR", "optimizer:Optimizer, {max_lr:value, total_steps:int?, "
        .. "epochs:int?, steps_per_epoch:int?, pct_start:num=0.3, anneal_strategy:cos|linear=cos, "
        .. "cycle_momentum:bool=true, base_momentum:value=0.85, max_momentum:value=0.95, "
        .. "div_factor:num=25, final_div_factor:num=1e4, three_phase:bool=false}",
      "Scheduler", "From max_lr / div_factor up to max_lr in the fraction pct_start of the steps, "
        .. "then down to max_lr / div_factor / final_div_factor; momentum (or the first of betas) "
        .. "changes in the opposite direction. Step it after each batch. Rates and momenta may be "
        .. "lists with one entry per group. Smith and Topin, Super-Convergence, 2018."},
    {"optim.lr_scheduler.ReduceLROnPlateau", "optimizer:Optimizer, {mode:min|max=min, "
        .. "factor:num=0.1, patience:int=10, threshold:num=1e-4, threshold_mode:rel|abs=rel, "
        .. "cooldown:int=0, min_lr:value=0, eps:num=1e-8}",
      "Scheduler", "Multiplies the rate by factor when the value given to step has not improved "
        .. "by threshold for more than patience steps; then waits cooldown steps."},
    {"optim.lr_scheduler.LambdaLR", "optimizer:Optimizer, lr_lambda:value", "Scheduler",
      "first * lr_lambda(e); a function, or a list with one function per group. The state does "
        .. "not contain functions."},
    {"optim.lr_scheduler.SequentialLR", "optimizer:Optimizer, {schedulers:list, milestones:list}",
      "Scheduler", "One schedule after the other, each counting from 0: schedulers[i + 1] starts "
        .. "at milestones[i]. For example LinearLR as warm-up, then CosineAnnealingLR."},
    {"Scheduler:step", "value:operand?", nil,
      "Call it after optimizer:step(), once per epoch or batch, whichever the schedule counts. "
        .. "ReduceLROnPlateau takes the value that it monitors."},
    {"Scheduler:get_last_lr", "", "list", "The current rates of all groups."},
    {"Scheduler:state_dict", "", "table",
      "{name, last_epoch, base_lrs, arguments...}, only numbers and strings. The current rates "
        .. "are in the optimizer's state."},
    {"Scheduler:load_state_dict", "dict:table", nil,
      "Restores a state_dict with its arguments; load the optimizer's state too."},
    {"Scheduler.last_epoch", nil, "integer", "The number of steps so far."},
    {"Scheduler.name", nil, "string", "The class: \"StepLR\"."},
  },
}
