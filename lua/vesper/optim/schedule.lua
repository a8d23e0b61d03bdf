-- vs.optim.lr_scheduler: learning-rate schedules with PyTorch's names and numbers.
--
--   sched = lr_scheduler.StepLR(opt, {step_size = 30, gamma = 0.1})
--   for epoch = 1, n do ... opt:step() ... sched:step() end
--
-- last_epoch is the number of steps so far.  All schedules but ReduceLROnPlateau are functions of
-- last_epoch and the group's initial rate: they set the rate without reading the current one, so a
-- rate set by hand lasts until the next step.  The kinds are in schedule_kinds.lua.
local core = require "vesper.core"
local kinds = require "vesper.optim.schedule_kinds"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local lr_scheduler = {}
local Scheduler = {}
Scheduler.__index = Scheduler
Scheduler.__name = "Scheduler"

-- optimizer -> the initial rate of each group.
local first_rates = setmetatable({}, {__mode = "k"})

local function first_rate(optimizer, g, group)
  local rates = first_rates[optimizer] or {}
  first_rates[optimizer] = rates
  rates[g] = rates[g] or group.lr
  return rates[g]
end

local function fail(self, ...) check.fail(self.name, ...) end

-- A list with one entry per group must have one for every group.
local function check_argument(self, arg, value)
  check.kind(self.name, arg[1], value, arg[2])
  local groups = #self.optimizer.param_groups
  if arg[2]:find " or list" and type(value) == "table" and #value ~= groups then
    fail(self, "%s has %d entries, expected %d, one per group", arg[1], #value, groups)
  end
end

local function copied(v) return type(v) == "table" and table.move(v, 1, #v, 1, {}) or v end

-- Stores the arguments in self: given by position, the rest by name in a last table.
local function read_arguments(self, kind, ...)
  local given, n = {...}, select("#", ...)
  local named = given[n]
  if type(named) == "table" and named[1] == nil then
    given[n] = nil
  else
    named = {}
  end
  if n > #kind.args + 1 or given[#kind.args + 1] ~= nil then
    fail(self, "too many arguments, expected at most %d after the optimizer", #kind.args)
  end
  local known = {}
  for _, arg in ipairs(kind.args) do known[arg[1]] = true end
  local wrong = options.unknown(named, nil, known)
  if wrong then fail(self, "%s", wrong) end
  for i, arg in ipairs(kind.args) do
    local value = given[i]
    if value == nil then value = named[arg[1]] end
    if value == nil then value = arg[3] end
    if value ~= nil then
      check_argument(self, arg, value)
    elseif not arg.optional then
      fail(self, "%s is missing", arg[1])
    end
    self[arg[1]] = copied(value)
  end
end

-- Sets every group's rate to its value at this step.
function Scheduler:_go_to(epoch)
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
    fail(self, "optimizer is %s, expected an optimizer", text.kind(optimizer))
  end
  read_arguments(self, kind, ...)
  if kind.check then kind.check(self) end
  for g, group in ipairs(optimizer.param_groups) do
    self.base_lrs[g] = first_rate(optimizer, g, group)
  end
  if kind.start then kind.start(self) else self:_go_to(0) end
  return self
end

--- Takes one step.  ReduceLROnPlateau takes the value that it monitors.
function Scheduler:step(value)
  local kind = kinds[self.name]
  if kind.advance then return kind.advance(self, value) end
  self:_go_to(self.last_epoch + 1)
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

--- {name, last_epoch, base_lrs, ...} of numbers, strings and lists of them, for checkpoints.  The
-- current rates are in the optimizer's state; functions of LambdaLR are not included.
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
  if type(dict) ~= "table" then
    fail(self, "load_state_dict: state is %s, expected a table", text.value(dict))
  elseif dict.name ~= self.name then
    fail(self, "load_state_dict: the state is of %s, expected %s", tostring(dict.name), self.name)
  elseif math.type(dict.last_epoch) ~= "integer" or type(dict.base_lrs) ~= "table" then
    fail(self, "load_state_dict: the state has no last_epoch or base_lrs")
  end
  for _, arg in ipairs(kinds[self.name].args) do
    local value, kept = dict[arg[1]], arg[1] ~= "lr_lambda" and arg[1] ~= "schedulers"
    if kept and not arg.optional and (value == nil or not check.is(value, arg[2])) then
      fail(self, "load_state_dict: the state has no %s", arg[1])
    end
  end
  local inner = dict.schedulers or {}
  if #inner ~= #(self.schedulers or {}) then
    fail(self, "load_state_dict: the state has %d schedules, expected %d", #inner,
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

--- Restores a state_dict with its arguments.  The rates are in the optimizer's state.
function Scheduler:load_state_dict(dict)
  check_state(self, dict)
  restore(self, dict)
end

function Scheduler:__tostring()
  local rates = self:get_last_lr()
  for i, rate in ipairs(rates) do rates[i] = text.format("%s", rate) end
  return ("%s at step %d: lr %s"):format(self.name, self.last_epoch, table.concat(rates, ", "))
end

lr_scheduler.Scheduler = Scheduler
for name in pairs(kinds) do
  lr_scheduler[name] = function(optimizer, ...) return new(name, optimizer, ...) end
end

return lr_scheduler
