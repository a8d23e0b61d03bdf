-- The kinds of optim.lr_scheduler, each one entry of the returned table: its arguments, their
-- checks, and the rate at a step.  The class is in schedule.lua.
--
-- args: {name, kind of check.kind, default} in the order of positions; an argument without default
-- is required unless it is optional.
-- rate(self, epoch, first, g): the rate of group g, whose initial rate is `first`.
-- check(self): raises an error for invalid arguments.  start, advance: used instead of rate.
-- also(self, epoch, group, g): sets other settings.  fields: further fields of the state.
local core = require "vesper.core"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local function fail(self, ...) check.fail(self.name, ...) end

-- One number for all groups, or a list with one for each.
local function of_group(value, g) return type(value) == "table" and value[g] or value end

local kinds = {}

kinds.LambdaLR = {
  args = {{"lr_lambda", "function or list"}},
  rate = function(self, epoch, first, g)
    local factor = of_group(self.lr_lambda, g)(epoch)
    check.kind(self.name, "the result of lr_lambda", factor, "number")
    return first * factor
  end,
}

kinds.StepLR = {
  args = {{"step_size", "count"}, {"gamma", "number", 0.1}},
  rate = function(self, epoch, first) return first * self.gamma ^ (epoch // self.step_size) end,
}

kinds.MultiStepLR = {
  args = {{"milestones", "list of steps"}, {"gamma", "number", 0.1}},
  check = function(self) table.sort(self.milestones) end,
  rate = function(self, epoch, first)
    local passed = 0
    for _, at in ipairs(self.milestones) do
      if at <= epoch then passed = passed + 1 end
    end
    return first * self.gamma ^ passed
  end,
}

kinds.ExponentialLR = {
  args = {{"gamma", "number"}},
  rate = function(self, epoch, first) return first * self.gamma ^ epoch end,
}

kinds.LinearLR = {
  args = {{"start_factor", "number", 1 / 3}, {"end_factor", "number", 1},
    {"total_iters", "count", 5}},
  check = function(self)
    if not (self.start_factor > 0 and self.start_factor <= 1) then
      fail(self, "start_factor is %g, expected a number in (0, 1]", self.start_factor)
    elseif not (self.end_factor >= 0 and self.end_factor <= 1) then
      fail(self, "end_factor is %g, expected a number in [0, 1]", self.end_factor)
    end
  end,
  rate = function(self, epoch, first)
    local part = math.min(epoch, self.total_iters) / self.total_iters
    return first * (self.start_factor + (self.end_factor - self.start_factor) * part)
  end,
}

kinds.PolynomialLR = {
  args = {{"total_iters", "count", 5}, {"power", "number", 1}},
  rate = function(self, epoch, first)
    return first * (1 - math.min(epoch, self.total_iters) / self.total_iters) ^ self.power
  end,
}

-- Interpolate from a (part = 0) to b (part = 1).
local function along_cosine(a, b, part) return b + (a - b) / 2 * (1 + math.cos(math.pi * part)) end
local function along_line(a, b, part) -- exact at both ends
  return part < 0.5 and a + (b - a) * part or b - (b - a) * (1 - part)
end

kinds.CosineAnnealingLR = {
  args = {{"T_max", "count"}, {"eta_min", "number", 0}},
  rate = function(self, epoch, first)
    return along_cosine(first, self.eta_min, epoch / self.T_max)
  end,
}

-- ---- one cycle ----------------------------------------------------------------------------------

-- {last step, rate from, rate to, momentum from, momentum to} of each phase.
local function phases(self, g)
  local most = of_group(self.max_lr, g)
  local first, turn = most / self.div_factor, self.pct_start * self.total_steps - 1
  local last, last_step = first / self.final_div_factor, self.total_steps - 1
  local low, high = of_group(self.base_momentum, g), of_group(self.max_momentum, g)
  if self.three_phase then
    return {{turn, first, most, high, low}, {2 * turn, most, first, low, high},
      {last_step, first, last, high, high}}
  end
  return {{turn, first, most, high, low}, {last_step, most, last, low, high}}
end

-- Rate and momentum of group g at a step.  A loop that steps after each batch makes one step more
-- than total_steps - 1; it keeps the last values (PyTorch would extrapolate below 0).
local function on_cycle(self, step, g)
  local list, begin = phases(self, g), 0
  local along = self.anneal_strategy == "cos" and along_cosine or along_line
  for i, phase in ipairs(list) do
    local finish = phase[1]
    if step <= finish or i == #list then
      local part = finish > begin and math.min((step - begin) / (finish - begin), 1) or 1
      return along(phase[2], phase[3], part), along(phase[4], phase[5], part)
    end
    begin = finish
  end
end

kinds.OneCycleLR = {
  args = {{"max_lr", "number or list"}, {"total_steps", "count", optional = true},
    {"epochs", "count", optional = true}, {"steps_per_epoch", "count", optional = true},
    {"pct_start", "number", 0.3}, {"anneal_strategy", "string", "cos"},
    {"cycle_momentum", "boolean", true}, {"base_momentum", "number or list", 0.85},
    {"max_momentum", "number or list", 0.95}, {"div_factor", "number", 25},
    {"final_div_factor", "number", 1e4}, {"three_phase", "boolean", false}},
  check = function(self)
    if not self.total_steps then
      if not (self.epochs and self.steps_per_epoch) then
        fail(self, "total_steps is nil, expected a number, or epochs and steps_per_epoch")
      end
      self.total_steps = self.epochs * self.steps_per_epoch
    end
    if not (self.pct_start >= 0 and self.pct_start <= 1) then
      fail(self, "pct_start is %g, expected a number in [0, 1]", self.pct_start)
    elseif self.anneal_strategy ~= "cos" and self.anneal_strategy ~= "linear" then
      fail(self, "anneal_strategy is '%s', expected cos or linear", self.anneal_strategy)
    elseif not (self.div_factor > 0 and self.final_div_factor > 0) then
      fail(self, "div_factor and final_div_factor are %g and %g, expected numbers > 0",
        self.div_factor, self.final_div_factor)
    end
    local group = self.optimizer.param_groups[1]
    if self.cycle_momentum and group.momentum == nil and group.betas == nil then
      fail(self, "cycle_momentum is true, expected false, since %s has no momentum",
        self.optimizer.name)
    end
  end,
  rate = function(self, epoch, _, g)
    if epoch > self.total_steps then
      fail(self, "step %d, expected at most total_steps = %d", epoch, self.total_steps)
    end
    return (on_cycle(self, epoch, g))
  end,
  also = function(self, epoch, group, g)
    if not self.cycle_momentum then return end
    local _, momentum = on_cycle(self, epoch, g)
    if group.betas then
      group.betas = {momentum, group.betas[2]}
    else
      group.momentum = momentum
    end
  end,
}

-- ---- plateau ------------------------------------------------------------------------------------

local function better(self, value)
  local best, t, min = self.best, self.threshold, self.mode == "min"
  if not best then return value == value end
  local margin = self.threshold_mode == "rel" and best * t or t
  if min then return value < best - margin end
  return value > best + margin
end

local function lower_rates(self)
  for g, group in ipairs(self.optimizer.param_groups) do
    local rate = math.max(group.lr * self.factor, of_group(self.min_lr, g))
    if group.lr - rate > self.eps then group.lr = rate end
  end
end

kinds.ReduceLROnPlateau = {
  args = {{"mode", "string", "min"}, {"factor", "number", 0.1}, {"patience", "whole", 10},
    {"threshold", "number", 1e-4}, {"threshold_mode", "string", "rel"}, {"cooldown", "whole", 0},
    {"min_lr", "number or list", 0}, {"eps", "number", 1e-8}},
  fields = {"best", "num_bad_epochs", "cooldown_counter"},
  check = function(self)
    if self.mode ~= "min" and self.mode ~= "max" then
      fail(self, "mode is '%s', expected min or max", self.mode)
    elseif self.threshold_mode ~= "rel" and self.threshold_mode ~= "abs" then
      fail(self, "threshold_mode is '%s', expected rel or abs", self.threshold_mode)
    elseif self.factor >= 1 or self.factor ~= self.factor then
      fail(self, "factor is %g, expected a number < 1", self.factor)
    end
  end,
  start = function(self) self.num_bad_epochs, self.cooldown_counter = 0, 0 end,
  advance = function(self, value)
    if core.is_tensor(value) then value = value:item() end
    if type(value) ~= "number" then
      fail(self, "step: value is %s, expected a number", text.value(value))
    end
    self.last_epoch = self.last_epoch + 1
    if better(self, value) then
      self.best, self.num_bad_epochs = value, 0
    else
      self.num_bad_epochs = self.num_bad_epochs + 1
    end
    if self.cooldown_counter > 0 then
      self.cooldown_counter = self.cooldown_counter - 1
      self.num_bad_epochs = 0
    end
    if self.num_bad_epochs > self.patience then
      lower_rates(self)
      self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
    end
  end,
}

-- ---- sequences ----------------------------------------------------------------------------------

kinds.SequentialLR = {
  args = {{"schedulers", "list"}, {"milestones", "list of steps"}},
  check = function(self)
    if #self.schedulers ~= #self.milestones + 1 then
      fail(self, "milestones has %d entries, expected %d for %d schedules", #self.milestones,
        #self.schedulers - 1, #self.schedulers)
    end
    for i, s in ipairs(self.schedulers) do
      if getmetatable(s) ~= getmetatable(self) or s.optimizer ~= self.optimizer then
        fail(self, "schedulers: entry %d is not a schedule of this optimizer", i)
      elseif s.name == "ReduceLROnPlateau" then
        fail(self, "schedulers: entry %d is a ReduceLROnPlateau, which needs a value at each step",
          i)
      elseif self.milestones[i - 1] and self.milestones[i] and
          self.milestones[i] <= self.milestones[i - 1] then
        fail(self, "milestones[%d] is %d, expected more than milestones[%d] = %d", i,
          self.milestones[i], i - 1, self.milestones[i - 1])
      end
    end
  end,
  start = function(self) self.schedulers[1]:_go_to(0) end,
  advance = function(self)
    self.last_epoch = self.last_epoch + 1
    local i, begin = 1, 0
    for k, at in ipairs(self.milestones) do
      if at <= self.last_epoch then i, begin = k + 1, at end
    end
    self.schedulers[i]:_go_to(self.last_epoch - begin)
  end,
}

return kinds
