-- Learning-rate schedules against PyTorch step by step (values of spec/golden/optim.py), their
-- states, and what they refuse.
local vs = require "vesper"
local golden = require "spec.support.golden"
local fails = require "spec.support.fails"

local optim, lr_scheduler = vs.optim, vs.optim.lr_scheduler
local values = golden.load "optim"

-- Two groups; the first begins at 0.4, the second at 0.05.
local function optimizer(kind, settings)
  local function leaf() return vs.ones(2, {requires_grad = true}) end
  local all = {lr = 0.05}
  for key, value in pairs(settings or {}) do all[key] = value end
  return optim[kind or "SGD"]({{params = {leaf()}, lr = 0.4}, {params = {leaf()}}}, all)
end

-- Each: what makes the schedule; the optimizer's kind and settings.
local cases = {
  step = {function(o) return lr_scheduler.StepLR(o, 7, {gamma = 0.3}) end},
  multi = {function(o)
    return lr_scheduler.MultiStepLR(o, {milestones = {30, 5, 11, 11}, gamma = 0.5})
  end},
  exponential = {function(o) return lr_scheduler.ExponentialLR(o, 0.9) end},
  lambda = {function(o) return lr_scheduler.LambdaLR(o, function(e) return 1 / (1 + e) end) end},
  ["lambda.two"] = {function(o)
    return lr_scheduler.LambdaLR(o, {lr_lambda = {function(e) return 0.9 ^ e end,
      function(e) return 1 + e end}})
  end},
  linear = {function(o) return lr_scheduler.LinearLR(o) end},
  ["linear.down"] = {function(o)
    return lr_scheduler.LinearLR(o, {start_factor = 1, end_factor = 0.1, total_iters = 20})
  end},
  polynomial = {function(o) return lr_scheduler.PolynomialLR(o, 25, 2) end},
  cosine = {function(o) return lr_scheduler.CosineAnnealingLR(o, {T_max = 40}) end},
  ["cosine.again"] = {function(o) return lr_scheduler.CosineAnnealingLR(o, 13, 0.01) end},
  plateau = {function(o) return lr_scheduler.ReduceLROnPlateau(o, {patience = 3}) end},
  ["plateau.max"] = {function(o)
    return lr_scheduler.ReduceLROnPlateau(o, {mode = "max", factor = 0.5, patience = 1,
      cooldown = 2, threshold = 0.05, threshold_mode = "abs", min_lr = {0.1, 0.02}})
  end},
  ["plateau.max.rel"] = {function(o)
    return lr_scheduler.ReduceLROnPlateau(o, "max", 0.7,
      {patience = 0, threshold = 0.1, min_lr = 0.03, eps = 0.02})
  end},
  ["plateau.abs"] = {function(o)
    return lr_scheduler.ReduceLROnPlateau(o, "min",
      {patience = 2, cooldown = 1, threshold = 0.1, threshold_mode = "abs"})
  end},
  cycle = {function(o) return lr_scheduler.OneCycleLR(o, {max_lr = 1.5, total_steps = 40}) end,
    "SGD", {momentum = 0.9}},
  ["cycle.linear"] = {function(o)
    return lr_scheduler.OneCycleLR(o, {max_lr = {1, 0.2}, epochs = 5, steps_per_epoch = 8,
      pct_start = 0.4, anneal_strategy = "linear", base_momentum = 0.7, max_momentum = 0.9,
      div_factor = 10, final_div_factor = 100})
  end, "SGD", {momentum = 0.9}},
  ["cycle.three"] = {function(o)
    return lr_scheduler.OneCycleLR(o, 0.5, 43, {three_phase = true})
  end, "Adam"},
  ["cycle.bare"] = {function(o)
    return lr_scheduler.OneCycleLR(o, 0.5, 40, {cycle_momentum = false})
  end, "Adagrad"},
  warm = {function(o)
    return lr_scheduler.SequentialLR(o, {
      schedulers = {lr_scheduler.LinearLR(o, {start_factor = 0.1, total_iters = 6}),
        lr_scheduler.CosineAnnealingLR(o, 34)},
      milestones = {6}})
  end},
  three = {function(o)
    return lr_scheduler.SequentialLR(o, {
      schedulers = {lr_scheduler.LinearLR(o, {start_factor = 0.5, total_iters = 4}),
        lr_scheduler.StepLR(o, 3, 0.5), lr_scheduler.ExponentialLR(o, {gamma = 0.8})},
      milestones = {4, 20}})
  end},
}

local function momentum_of(group) return group.betas and group.betas[1] or group.momentum or 0 end

local function near(what, got, want)
  local off = math.abs(got - want)
  assert(off <= 1e-12 * math.max(math.abs(want), 1e-3),
    ("%s is %.17g, PyTorch has %.17g"):format(what, got, want))
end

-- What a plateau schedule is shown in a step from 0; nil for others.
local function watched(case, step)
  local list = values[case .. "/watched"]
  return list and list[step + 1]:item()
end

describe("schedules as PyTorch's", function()
  for case, how in pairs(cases) do
    it(case, function()
      local opt = optimizer(how[2], how[3])
      local sched = how[1](opt)
      local rates, momenta = values[case .. "/lr"]:tolist(), values[case .. "/momentum"]:tolist()
      for step = 1, #rates do
        for g, group in ipairs(opt.param_groups) do
          local what = ("%s, group %d after step %d"):format(case, g, step - 1)
          near(what .. ": lr", group.lr, rates[step][g])
          near(what .. ": momentum", momentum_of(group), momenta[step][g])
          assert.equal(group.lr, sched:get_last_lr()[g])
        end
        if step < #rates then sched:step(watched(case, step - 1)) end
      end
      assert.equal(#rates - 1, sched.last_epoch)
    end)
  end

  it("every golden case is used, every schedule has one", function()
    for name in pairs(values) do
      local case = name:match "^(.*)/lr$"
      assert(not case or cases[case], "nothing compares " .. tostring(case))
    end
    local seen = {}
    for _, how in pairs(cases) do seen[how[1](optimizer(how[2], how[3])).name] = true end
    for name in pairs(lr_scheduler) do
      assert(name == "Scheduler" or seen[name], "no case makes " .. name)
    end
  end)
end)

describe("the state of a schedule", function()
  for case, how in pairs(cases) do
    it("goes on as if it had not stopped: " .. case, function()
      local opt = optimizer(how[2], how[3])
      local sched = how[1](opt)
      for step = 0, 9 do sched:step(watched(case, step)) end
      local kept = vs.io.json_decode(vs.io.json_encode(sched:state_dict()))
      local opt2 = optimizer(how[2], how[3])
      local sched2 = how[1](opt2)
      opt2:load_state_dict(opt:state_dict())
      sched2:load_state_dict(kept)
      for step = 10, 38 do
        sched:step(watched(case, step))
        sched2:step(watched(case, step))
        assert.same(sched:get_last_lr(), sched2:get_last_lr())
        assert.equal(momentum_of(opt), momentum_of(opt2))
      end
      assert.same(sched:state_dict(), sched2:state_dict())
    end)
  end

  it("brings its arguments along", function()
    local opt = optimizer()
    local a, b = lr_scheduler.StepLR(opt, 5, 0.5), lr_scheduler.StepLR(opt, 9)
    a:step()
    b:load_state_dict(a:state_dict())
    assert.same({5, 0.5, 1}, {b.step_size, b.gamma, b.last_epoch})
  end)

  it("is refused when it is another's, or broken", function()
    local opt = optimizer()
    local a, b = lr_scheduler.StepLR(opt, 5), lr_scheduler.ExponentialLR(opt, 0.9)
    fails("StepLR: load_state_dict: the state is of ExponentialLR, expected StepLR",
      a.load_state_dict, a, b:state_dict())
    fails("the state is of nil, expected StepLR", a.load_state_dict, a, {})
    fails("dict is 1, expected a table", a.load_state_dict, a, 1)
    fails("no last_epoch", a.load_state_dict, a, {name = "StepLR"})
    fails("the state has no step_size", a.load_state_dict, a,
      {name = "StepLR", last_epoch = 1, base_lrs = {1}, gamma = 1})
    local s = lr_scheduler.SequentialLR(opt, {schedulers = {a, b}, milestones = {3}})
    local state = s:state_dict()
    state.schedulers[2] = nil
    fails("the state has 1 schedules, expected 2", s.load_state_dict, s, state)
  end)
end)

describe("schedules", function()
  it("begin from the first rate, whatever a schedule before did", function()
    local opt = optimizer()
    lr_scheduler.LinearLR(opt, {start_factor = 0.1})
    assert.equal(0.4, lr_scheduler.StepLR(opt, 5):get_last_lr()[1])
  end)

  it("take groups that came later", function()
    local opt = optimizer()
    local sched = lr_scheduler.StepLR(opt, 2, 0.5)
    opt:add_param_group {params = {vs.ones(1, {requires_grad = true})}, lr = 1}
    sched:step()
    sched:step()
    assert.same({0.2, 0.025, 0.5}, sched:get_last_lr())
  end)

  it("refuse what makes no sense", function()
    local opt = optimizer()
    local L = lr_scheduler
    fails("StepLR: optimizer is a number, expected an optimizer", L.StepLR, 1, 5)
    fails("StepLR: step_size is missing", L.StepLR, opt)
    fails("StepLR: step_size is 0, expected an integer >= 1", L.StepLR, opt, 0)
    fails("StepLR: unknown option 'stepsize', expected one of gamma, step_size", L.StepLR, opt,
      {step_size = 1, stepsize = 2})
    fails("StepLR: too many arguments", L.StepLR, opt, 1, 2, 3)
    fails("StepLR: gamma is 'x', expected a number", L.StepLR, opt, 1, "x")
    fails("MultiStepLR: milestones is a table, expected a list of integers >= 0", L.MultiStepLR,
      opt, {milestones = {1.5}})
    fails("LinearLR: start_factor is 0", L.LinearLR, opt, {start_factor = 0})
    fails("LinearLR: end_factor is 2", L.LinearLR, opt, {end_factor = 2})
    fails("CosineAnnealingLR: T_max is 0", L.CosineAnnealingLR, opt, 0)
    fails("OneCycleLR: total_steps is nil, expected a number", L.OneCycleLR, opt, 1)
    fails("OneCycleLR: pct_start is 2", L.OneCycleLR, opt, 1, 10, {pct_start = 2})
    fails("OneCycleLR: max_lr has 3 entries, expected 2, one per group", L.OneCycleLR, opt,
      {max_lr = {1, 2, 3}, total_steps = 10})
    fails("anneal_strategy is 'exp'", L.OneCycleLR, opt, 1, 10, {anneal_strategy = "exp"})
    fails("OneCycleLR: cycle_momentum is true, expected false, since Adagrad has no momentum",
      L.OneCycleLR, optimizer "Adagrad", 1, 10)
    local cycle = L.OneCycleLR(opt, 1, 3)
    for _ = 1, 3 do cycle:step() end
    assert.same({1 / 25 / 1e4, 1 / 25 / 1e4}, cycle:get_last_lr())
    fails("OneCycleLR: step 4, expected at most total_steps = 3", cycle.step, cycle)
    fails("ReduceLROnPlateau: factor is 1", L.ReduceLROnPlateau, opt, {factor = 1})
    fails("mode is 'least'", L.ReduceLROnPlateau, opt, "least")
    local plateau = L.ReduceLROnPlateau(opt)
    fails("ReduceLROnPlateau: step: value is nil, expected a number", plateau.step, plateau)
    plateau:step(vs.tensor(0.5))
    assert.equal(0.5, plateau.best)
  end)

  it("refuse sequences that do not fit", function()
    local opt, L = optimizer(), lr_scheduler
    local a, b = L.StepLR(opt, 5), L.StepLR(opt, 5)
    fails("milestones has 2 entries, expected 1 for 2 schedules", L.SequentialLR, opt,
      {schedulers = {a, b}, milestones = {1, 2}})
    fails("milestones[2] is 1, expected more than milestones[1] = 2", L.SequentialLR, opt,
      {schedulers = {a, b, a}, milestones = {2, 1}})
    fails("entry 2 is not a schedule of this optimizer", L.SequentialLR, opt,
      {schedulers = {a, L.StepLR(optimizer(), 1)}, milestones = {1}})
    fails("entry 1 is a ReduceLROnPlateau", L.SequentialLR, opt,
      {schedulers = {L.ReduceLROnPlateau(opt), a}, milestones = {1}})
  end)
end)
