-- Compares a checkpoint with the objects to restore, and restores them.
local core = require "vesper.core"
local state_of = require "vesper.nn.state"
local optim = require "vesper.optim"
local files = require "vesper.train.checkpoint_files"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local fit = {}

local WEIGHTS, OPTIMIZER, STATE = files.WEIGHTS, files.OPTIMIZER, files.STATE
local from_hex, loaders_of = files.from_hex, files.loaders_of
local sorted_keys = tables.sorted_keys

-- The position of a loader, which loading sets; the rest of its state must be equal.
local POSITION = {seed = true, epoch = true, batch = true, ranks = true}
local LATER = {captions = true, fields = true} -- settings that older checkpoints do not have

-- ---- comparison ---------------------------------------------------------------------------------

local Misfit = {}
Misfit.__index = Misfit

function Misfit:add(file, what) self[#self + 1] = ("  %s: %s"):format(file, what) end

local function by_kind(name, own, given)
  own, given = text.kind(own), text.kind(given)
  if own ~= given then return ("%s is %s, expected %s"):format(name, given, own) end
end

-- Compares tensors by name, shape and dtype; own: the script's, saved: the file's.
function Misfit:compare(file, own, saved)
  for _, line in ipairs(state_of.lines(state_of.compare(own, saved, by_kind))) do
    self:add(file, line:match "^%s*(.*)$")
  end
end

-- Whether an optimizer accepts these settings: true, or false and the error.
local function settings_fit(name, settings)
  local stand_in = core.zeros(1):requires_grad_()
  return pcall(optim[name], {stand_in}, settings)
end

-- A parameter has the shape and dtype of its state tensors: {["1.3"] = parameter}.
local function parameters_by_place(optimizer)
  local list = {}
  for g, group in ipairs(optimizer.param_groups) do
    for i, parameter in ipairs(group.params) do list[g .. "." .. i] = parameter end
  end
  return list
end

function Misfit:check_optimizer(optimizer, saved, tensors)
  if not saved then return self:add(STATE, "has no optimizer") end
  if saved.name ~= optimizer.name then
    return self:add(STATE, ("the optimizer is %s, expected %s"):format(
      saved.name, optimizer.name))
  end
  if #saved.groups ~= #optimizer.param_groups then
    return self:add(STATE, ("the optimizer has %d groups, expected %d"):format(
      #saved.groups, #optimizer.param_groups))
  end
  for g, settings in ipairs(saved.groups) do
    local ok, message = settings_fit(saved.name, settings)
    if not ok then
      local reason = tostring(message):gsub("^[^\n]-:%d+: ", "") -- without file and line
      self:add(STATE, ("settings of group %d: %s"):format(g, reason))
    end
  end
  local places, own = parameters_by_place(optimizer), {}
  local function compare_places(kind, these, those)
    local list = {}
    for _, at in ipairs(sorted_keys(these)) do
      if not those[at] then list[#list + 1] = at end
    end
    if #list > 0 then
      self:add(STATE, ("%s: steps of parameters %s"):format(kind, table.concat(list, ", ")))
    end
  end
  compare_places("missing", places, saved.steps)
  compare_places("unexpected", saved.steps, places)
  for _, name in ipairs(saved.state) do
    local place = type(name) == "string" and places[name:match "^%d+%.%d+"]
    if place then own[name] = place end
  end
  self:compare(OPTIMIZER, own, tensors)
end

function Misfit:check_loader(name, loader, saved)
  if not saved then return self:add(STATE, ("has no loader '%s'"):format(name)) end
  local state = loader:state()
  for _, key in ipairs(sorted_keys(state)) do
    local value = state[key]
    local unknown = LATER[key] and saved[key] == nil
    if not POSITION[key] and not unknown and saved[key] ~= value then
      self:add(STATE, text.format("%s of loader '%s' is %s, expected %s", key, name, saved[key],
        value))
    end
  end
  local ranks, own = saved.ranks or 1, state.ranks or 1
  if saved.batch > 0 and saved.batch < #loader and ranks ~= own then
    self:add(STATE, ("loader '%s' is in the middle of an epoch of %d ranks, expected %d"):format(
      name, ranks, own))
  elseif saved.batch > #loader and ranks == own then
    self:add(STATE, ("loader '%s' is at batch %d, expected at most %d"):format(name, saved.batch,
      #loader))
  end
end

--- Everything in a checkpoint that does not fit the parts, as a list of lines.  found: the result
-- of files.read; values: the script's own values in it.
function fit.misfits(parts, found, values)
  local misfit, state = setmetatable({}, Misfit), found.state
  if parts.model then
    if found[WEIGHTS] then
      misfit:compare(WEIGHTS, parts.model:state_dict(), found[WEIGHTS])
    else
      misfit:add(STATE, "has no model")
    end
  end
  if parts.optimizer then
    local saved = state.optimizer
    if saved then
      saved = {name = saved.name, groups = values.groups, steps = saved.steps, state = saved.state}
    end
    misfit:check_optimizer(parts.optimizer, saved, found[OPTIMIZER] or {})
  end
  for _, name in ipairs(sorted_keys(loaders_of(parts.loader))) do
    misfit:check_loader(name, loaders_of(parts.loader)[name], (state.loaders or {})[name])
  end
  for _, key in ipairs {"schedule", "ema"} do
    if parts[key] and type(values[key]) ~= "table" then misfit:add(STATE, "has no " .. key) end
  end
  return misfit
end

-- ---- restoring ----------------------------------------------------------------------------------

-- Calls each step's apply.  If one raises, undoes it and the earlier ones in reverse order, and
-- raises its error.
local function all_or_nothing(steps)
  for i, step in ipairs(steps) do
    local ok, message = pcall(step.apply)
    if not ok then
      for k = i, 1, -1 do pcall(steps[k].undo) end
      error(message, 0)
    end
  end
end

-- A step that applies and undoes by load_state_dict.
local function by_dict(object, dict)
  local before = tables.merge(object:state_dict())
  return {apply = function() object:load_state_dict(dict) end,
    undo = function() object:load_state_dict(before) end}
end

local function loader_step(loader, saved)
  local before = loader:state()
  local state = {seed = from_hex(saved.seed), epoch = saved.epoch, batch = saved.batch}
  return {apply = function() loader:load_state(state) end,
    undo = function() loader:load_state(before) end}
end

-- Averages and weights come last: load_state_dict checks them before it copies, and copying
-- allocates no memory, so nothing can fail after the first change.
local function steps_of(parts, found, values)
  local steps, state = {}, found.state
  if parts.optimizer then
    local o = state.optimizer
    steps[#steps + 1] = by_dict(parts.optimizer,
      {name = o.name, groups = values.groups, steps = o.steps, state = found[OPTIMIZER] or {}})
  end
  if parts.schedule then steps[#steps + 1] = by_dict(parts.schedule, values.schedule) end
  for name, loader in pairs(loaders_of(parts.loader)) do
    steps[#steps + 1] = loader_step(loader, state.loaders[name])
  end
  if parts.ema then steps[#steps + 1] = by_dict(parts.ema, values.ema) end
  if parts.model then
    steps[#steps + 1] = {undo = function() end,
      apply = function() parts.model:load_state_dict(found[WEIGHTS]) end}
  end
  return steps
end

--- Restores the parts from a checkpoint that fits.  Returns true; or nil and a message, and then
-- nothing was changed.
function fit.restore(parts, found, values)
  local ok, message = pcall(all_or_nothing, steps_of(parts, found, values))
  if not ok then return nil, tostring(message) end
  local rng = found.state.rng
  core.set_rng_state {seed = from_hex(rng.seed), counter = from_hex(rng.counter)}
  return true
end

return fit
