-- vs.optim.lr_scheduler: learning rates over the steps of an optimizer, by PyTorch's names and with
-- its numbers.
--
--   sched = lr_scheduler.StepLR(opt, {step_size = 30, gamma = 0.1})
--   for epoch = 1, n do ... opt:step() ... sched:step() end
--
-- A schedule counts its steps in last_epoch, from 0, the state after it was made.  All but
-- ReduceLROnPlateau are functions of (last_epoch, first rate of the group): they set the rate and
-- do not ask what it was, so a rate set by hand holds until the next step.  Each kind is one entry
-- of `kinds`; the class is one.
local core = require "vesper.core"

local lr_scheduler = {}
local Scheduler = {}
Scheduler.__index = Scheduler
Scheduler.__name = "Scheduler"

-- The rate that each group of an optimizer began with, whatever schedules did to it since.
local first_rates = setmetatable({}, {__mode = "k"})

local function first_rate(optimizer, g, group)
  local rates = first_rates[optimizer] or {}
  first_rates[optimizer] = rates
  rates[g] = rates[g] or group.lr
  return rates[g]
end

local function fail(self, format, ...) core._raise(self.name .. ": " .. format:format(...)) end

-- One number for all groups, or a list with one for each.
local function of_group(value, g) return type(value) == "table" and value[g] or value end

-- ---- kinds --------------------------------------------------------------------------------------
-- args: {name, type, default}, positions in this order; without default and not optional: required.
-- rate(self, epoch, first, g): the rate of group g, whose first rate is `first`.
-- check(self): raises where arguments make no sense.  start, advance: instead of rate.

local kinds = {}

kinds.LambdaLR = {
  args = {{"lr_lambda", "function or list"}},
  rate = function(self, epoch, first, g) return first * of_group(self.lr_lambda, g)(epoch) end,
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
      fail(self, "start_factor is %g, expected more than 0 and at most 1", self.start_factor)
    elseif not (self.end_factor >= 0 and self.end_factor <= 1) then
      fail(self, "end_factor is %g, expected 0 to 1", self.end_factor)
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

-- From a to b as part goes from 0 to 1.
local function along_cosine(a, b, part) return b + (a - b) / 2 * (1 + math.cos(math.pi * part)) end
local function along_line(a, b, part) return a + (b - a) * part end

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

-- Rate and momentum of group g at a step.  The step behind the last, which a loop makes that steps
-- once a batch, keeps what the last had (PyTorch goes on, in a line below 0).
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
        fail(self, "expected total_steps, or epochs and steps_per_epoch")
      end
      self.total_steps = self.epochs * self.steps_per_epoch
    end
    if not (self.pct_start >= 0 and self.pct_start <= 1) then
      fail(self, "pct_start is %g, expected 0 to 1", self.pct_start)
    elseif self.anneal_strategy ~= "cos" and self.anneal_strategy ~= "linear" then
      fail(self, "anneal_strategy is '%s', expected cos or linear", self.anneal_strategy)
    elseif not (self.div_factor > 0 and self.final_div_factor > 0) then
      fail(self, "div_factor and final_div_factor are %g and %g, expected more than 0",
        self.div_factor, self.final_div_factor)
    end
    local group = self.optimizer.param_groups[1]
    if self.cycle_momentum and group.momentum == nil and group.betas == nil then
      fail(self, "%s has no momentum: cycle_momentum = false", self.optimizer.name)
    end
  end,
  rate = function(self, epoch, _, g)
    if epoch > self.total_steps then
      fail(self, "step %d of %d", epoch, self.total_steps)
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
      fail(self, "factor is %g, expected less than 1", self.factor)
    end
  end,
  start = function(self) self.num_bad_epochs, self.cooldown_counter = 0, 0 end,
  advance = function(self, value)
    if core.is_tensor(value) then value = value:item() end
    if type(value) ~= "number" then
      fail(self, "step takes the value to watch, a number, got a %s", type(value))
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

-- ---- one after the other ------------------------------------------------------------------------

local set_rates

kinds.SequentialLR = {
  args = {{"schedulers", "list"}, {"milestones", "list of steps"}},
  check = function(self)
    if #self.schedulers ~= #self.milestones + 1 then
      fail(self, "%d schedules need %d milestones, got %d", #self.schedulers,
        #self.schedulers - 1, #self.milestones)
    end
    for i, s in ipairs(self.schedulers) do
      if getmetatable(s) ~= Scheduler or s.optimizer ~= self.optimizer then
        fail(self, "entry %d is no schedule of this optimizer", i)
      elseif s.name == "ReduceLROnPlateau" then
        fail(self, "entry %d is a ReduceLROnPlateau, which waits for a value", i)
      elseif self.milestones[i - 1] and self.milestones[i] and
          self.milestones[i] <= self.milestones[i - 1] then
        fail(self, "milestones have to rise")
      end
    end
  end,
  start = function(self) set_rates(self.schedulers[1], 0) end,
  advance = function(self)
    self.last_epoch = self.last_epoch + 1
    local i, begin = 1, 0
    for k, at in ipairs(self.milestones) do
      if at <= self.last_epoch then i, begin = k + 1, at end
    end
    set_rates(self.schedulers[i], self.last_epoch - begin)
  end,
}

-- ---- the class ----------------------------------------------------------------------------------

local function all(list, accept)
  if type(list) ~= "table" then return false end
  for _, v in ipairs(list) do
    if not accept(v) then return false end
  end
  return true
end

-- What an argument may be.
local accepts
accepts = {
  number = function(v) return type(v) == "number" end,
  count = function(v) return math.type(v) == "integer" and v >= 1 end,
  whole = function(v) return math.type(v) == "integer" and v >= 0 end,
  string = function(v) return type(v) == "string" end,
  boolean = function(v) return type(v) == "boolean" end,
  list = function(v) return type(v) == "table" end,
  ["list of steps"] = function(v) return all(v, accepts.whole) end,
  ["number or list"] = function(v) return type(v) == "number" or all(v, accepts.number) end,
  ["function or list"] = function(v)
    local function callable(f) return type(f) == "function" end
    return callable(v) or all(v, callable)
  end,
}
local words = {count = "whole number from 1", whole = "whole number from 0",
  ["list of steps"] = "list of whole numbers from 0", ["number or list"] = "number or list of them",
  ["function or list"] = "function or list of them"}

-- Of lists with one entry a group: as many as groups.
local function check_argument(self, arg, value)
  if not accepts[arg[2]](value) then
    fail(self, "%s is %s, expected a %s", arg[1],
      type(value) == "number" and tostring(value) or "a " .. type(value), words[arg[2]] or arg[2])
  end
  local groups = #self.optimizer.param_groups
  if arg[2]:find " or list" and type(value) == "table" and #value ~= groups then
    fail(self, "%s has %d entries, the optimizer %d groups", arg[1], #value, groups)
  end
end

local function copied(v) return type(v) == "table" and table.move(v, 1, #v, 1, {}) or v end

-- The arguments of one kind into self: by position, the rest by name in a last table.
local function read_arguments(self, kind, ...)
  local given, n = {...}, select("#", ...)
  local options = given[n]
  if type(options) == "table" and options[1] == nil then
    given[n] = nil
  else
    options = {}
  end
  if n > #kind.args + 1 or given[#kind.args + 1] ~= nil then fail(self, "too many arguments") end
  local known = {}
  for i, arg in ipairs(kind.args) do
    local value = given[i]
    if value == nil then value = options[arg[1]] end
    known[arg[1]] = true
    if value == nil then value = arg[3] end
    if value ~= nil then
      check_argument(self, arg, value)
    elseif not arg.optional then
      fail(self, "%s is missing", arg[1])
    end
    self[arg[1]] = copied(value)
  end
  for key in pairs(options) do
    if not known[key] then
      local names = {}
      for i, arg in ipairs(kind.args) do names[i] = arg[1] end
      fail(self, "no option '%s'; there are %s", tostring(key), table.concat(names, ", "))
    end
  end
end

-- Sets every group's rate to what it is at a step of that schedule.
function set_rates(self, epoch)
  local kind = kinds[self.name]
  self.last_epoch = epoch
  for g, group in ipairs(self.optimizer.param_groups) do
    self.base_lrs[g] = self.base_lrs[g] or first_rate(self.optimizer, g, group)
    group.lr = kind.rate(self, epoch, self.base_lrs[g], g)
    if kind.also then kind.also(self, epoch, group, g) end
  end
end

local function new(name, optimizer, ...)
  local kind = kinds[name]
  local self = setmetatable({name = name, optimizer = optimizer, last_epoch = 0, base_lrs = {}},
    Scheduler)
  if type(optimizer) ~= "userdata" or not core.optims[optimizer.name] then
    fail(self, "expected an optimizer, got a %s", type(optimizer))
  end
  read_arguments(self, kind, ...)
  if kind.check then kind.check(self) end
  for g, group in ipairs(optimizer.param_groups) do
    self.base_lrs[g] = first_rate(optimizer, g, group)
  end
  if kind.start then kind.start(self) else set_rates(self, 0) end
  return self
end

--- The next step.  ReduceLROnPlateau takes the value that it watches.
function Scheduler:step(value)
  local kind = kinds[self.name]
  if kind.advance then return kind.advance(self, value) end
  set_rates(self, self.last_epoch + 1)
end

--- The rates of all groups as a list.
function Scheduler:get_last_lr()
  local rates = {}
  for g, group in ipairs(self.optimizer.param_groups) do rates[g] = group.lr end
  return rates
end

local function each_field(kind, fn)
  for _, arg in ipairs(kind.args) do
    if arg[1] ~= "schedulers" and arg[1] ~= "lr_lambda" then fn(arg[1]) end
  end
  for _, key in ipairs(kind.fields or {}) do fn(key) end
end

--- Numbers, words and lists of them, as a checkpoint can keep: {name, last_epoch, base_lrs, ...}.
-- The rates themselves are in the optimizer's state; functions of LambdaLR are not kept.
function Scheduler:state_dict()
  local dict = {name = self.name, last_epoch = self.last_epoch, base_lrs = copied(self.base_lrs)}
  each_field(kinds[self.name], function(key) dict[key] = copied(self[key]) end)
  if self.schedulers then
    dict.schedulers = {}
    for i, s in ipairs(self.schedulers) do dict.schedulers[i] = s:state_dict() end
  end
  return dict
end

-- Raises unless dict is the state of a schedule of this kind.
local function check_state(self, dict)
  if type(dict) ~= "table" or dict.name ~= self.name then
    fail(self, "load_state_dict: expected the state of a %s, got %s", self.name,
      tostring(type(dict) == "table" and dict.name or type(dict)))
  elseif math.type(dict.last_epoch) ~= "integer" or type(dict.base_lrs) ~= "table" then
    fail(self, "load_state_dict: the state has no last_epoch or base_lrs")
  end
  for _, arg in ipairs(kinds[self.name].args) do
    local value, kept = dict[arg[1]], arg[1] ~= "lr_lambda" and arg[1] ~= "schedulers"
    if kept and not arg.optional and (value == nil or not accepts[arg[2]](value)) then
      fail(self, "load_state_dict: the state has no %s", arg[1])
    end
  end
  local inner = dict.schedulers or {}
  if #inner ~= #(self.schedulers or {}) then
    fail(self, "load_state_dict: the state has %d schedules, this one %d", #inner,
      #(self.schedulers or {}))
  end
  for i, s in ipairs(self.schedulers or {}) do check_state(s, inner[i]) end
end

local function restore(self, dict)
  self.last_epoch, self.base_lrs = dict.last_epoch, copied(dict.base_lrs)
  each_field(kinds[self.name], function(key) self[key] = copied(dict[key]) end)
  for g in ipairs(self.optimizer.param_groups) do
    local rates = first_rates[self.optimizer]
    rates[g] = self.base_lrs[g] or rates[g]
  end
  for i, s in ipairs(self.schedulers or {}) do restore(s, dict.schedulers[i]) end
end

--- Goes on where state_dict was called, arguments included.  Rates come with the optimizer's state.
function Scheduler:load_state_dict(dict)
  check_state(self, dict)
  restore(self, dict)
end

function Scheduler:__tostring()
  return ("%s at step %d: lr %s"):format(self.name, self.last_epoch,
    table.concat(self:get_last_lr(), ", "))
end

lr_scheduler.Scheduler = Scheduler
for name in pairs(kinds) do
  lr_scheduler[name] = function(optimizer, ...) return new(name, optimizer, ...) end
end

return lr_scheduler
