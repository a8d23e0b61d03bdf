-- Checkpoints: everything a training run needs to go on as if it had never stopped, in one folder.
--
-- The folder holds weights.safetensors, optimizer.safetensors and extra.safetensors (the last two
-- when there is something for them) and state.json: settings and steps of the optimizer, positions
-- of loaders, schedule, averages of weights, random state, epoch, best score, the script's own
-- values.  It is replaced as a whole (csrc/io/folder.h): whenever the process or the machine stops,
-- the old or the new one is there, complete.  load changes nothing unless everything fits.  Not
-- kept: gradients (save after optimizer:step), which parameters are frozen, what data sets and
-- files hold.
local core = require "vesper.core"
local pack = require "vesper.pack"
local optim = require "vesper.optim"

local checkpoint = {}

local WEIGHTS, OPTIMIZER = "weights.safetensors", "optimizer.safetensors"
local EXTRA, STATE = "extra.safetensors", "state.json"
local FILES = {WEIGHTS, OPTIMIZER, EXTRA, STATE}
local FORMAT, VERSION = "vesper checkpoint", 1

-- ---- arguments ----------------------------------------------------------------------------------

local function folder_of(folder, what)
  local name = type(folder) == "string" and #folder > 1 and folder:gsub("/+$", "") or folder
  local last = type(name) == "string" and name:match "[^/]*$" or ""
  if last == "" or last == "." or last == ".." then
    core._raise(("checkpoint.%s: '%s' is no name for a folder"):format(what, tostring(folder)))
  end
  return name
end

local function check_parts(parts, known, what)
  if type(parts) ~= "table" or getmetatable(parts) then
    core._raise(("checkpoint.%s: expected a table {model = ...}"):format(what))
  end
  for key in pairs(parts) do
    if not known[key] then
      core._raise(("checkpoint.%s: unknown entry '%s'"):format(what, tostring(key)))
    end
  end
  for _, key in ipairs {"model", "optimizer", "schedule", "ema"} do
    local ok, method = pcall(function() return parts[key].state_dict end)
    if parts[key] ~= nil and not (ok and method) then
      core._raise(("checkpoint.%s: %s has no state_dict"):format(what, key))
    end
  end
end

-- One loader, or a table of loaders by name -> {name = loader}.
local function loaders_of(loader)
  if loader == nil then return {} end
  return type(loader) == "table" and loader or {loader = loader}
end

-- ---- 64-bit numbers, which readers of JSON like to round ----------------------------------------

local function hex(n) return ("0x%016x"):format(n) end

local function from_hex(text)
  return type(text) == "string" and #text == 18 and text:match "^0x%x+$" and tonumber(text) or nil
end

-- ---- saving -------------------------------------------------------------------------------------

local function loader_state(loader)
  local state = loader:state()
  state.seed = hex(state.seed)
  return state
end

local POSITION = {seed = true, epoch = true, batch = true}

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- Several saves never have the same one: files of two checkpoints cannot be mixed unnoticed.
local serial = 0
local function new_id()
  serial = serial + 1
  return ("%x-%x-%x"):format(os.time(), math.floor(core.now() * 1e9), serial)
end

-- {file = tensors} and the content of state.json.
local function collect(parts)
  local files, rng = {}, core.get_rng_state()
  local state = {format = FORMAT, version = VERSION, id = new_id(), epoch = parts.epoch,
    rng = {seed = hex(rng.seed), counter = hex(rng.counter)}}
  if parts.model then files[WEIGHTS] = parts.model:state_dict() end
  if parts.optimizer then
    local dict = parts.optimizer:state_dict()
    files[OPTIMIZER] = dict.state
    state.optimizer = {name = dict.name, groups = pack.pack(dict.groups, "optimizer"),
      steps = dict.steps, state = core.io.array(sorted_keys(dict.state))}
  end
  if parts.loader then
    state.loaders = {}
    for name, loader in pairs(loaders_of(parts.loader)) do
      state.loaders[name] = loader_state(loader)
    end
  end
  local tensors = {}
  for _, key in ipairs {"best", "extra"} do
    if parts[key] ~= nil then state[key] = pack.pack(parts[key], key, tensors) end
  end
  for _, key in ipairs {"schedule", "ema"} do
    if parts[key] then state[key] = pack.pack(parts[key]:state_dict(), key, tensors) end
  end
  if next(tensors) then files[EXTRA] = tensors end
  state.files = core.io.array(sorted_keys(files))
  return files, state
end

local function write_files(path, files, state)
  for name, tensors in pairs(files) do
    local ok, message = core.save(path .. "/" .. name, tensors, {format = FORMAT, id = state.id})
    if not ok then return nil, message end
  end
  return core.io.json_save(path .. "/" .. STATE, state, {indent = 1})
end

--- Writes a checkpoint, or returns nil and a message and leaves the old one as it was.  parts:
--   model, optimizer, schedule, ema   with state_dict
--   loader                            a Loader, or a table of them by name
--   epoch, best, extra                an integer; any number, string, list or table, tensors in it
--                                     too
function checkpoint.save(folder, parts)
  folder = folder_of(folder, "save")
  check_parts(parts, {model = true, optimizer = true, loader = true, schedule = true, ema = true,
    epoch = true, best = true, extra = true}, "save")
  if parts.epoch ~= nil and math.type(parts.epoch) ~= "integer" then
    core._raise("checkpoint.save: epoch is an integer, got " .. tostring(parts.epoch))
  end
  local files, state = collect(parts)
  local path, why = core._folder_stage(folder, FILES)
  if not path then return nil, why end
  local called, ok, message = pcall(write_files, path, files, state)
  if called and ok then return core._folder_commit(folder, FILES) end
  core._folder_abandon(folder, FILES)
  if not called then error(ok, 0) end
  return nil, message
end

-- ---- reading ------------------------------------------------------------------------------------

local function is_table(x) return type(x) == "table" end

local function check_loader_state(s)
  return is_table(s) and from_hex(s.seed) and math.type(s.epoch) == "integer" and s.epoch >= 0
    and math.type(s.batch) == "integer" and s.batch >= 0 and math.type(s.samples) == "integer"
    and math.type(s.batch_size) == "integer" and s.batch_size > 0
end

local function check_optimizer_state(o)
  if not (is_table(o) and type(o.name) == "string" and is_table(o.groups) and is_table(o.steps)
      and is_table(o.state)) then return false end
  for _, group in ipairs(o.groups) do if not is_table(group) then return false end end
  for _, n in pairs(o.steps) do
    if math.type(n) ~= "integer" or n < 0 then return false end
  end
  return true
end

-- What of a state.json is not as save writes it, or nil.
local function broken_part(s)
  if not is_table(s) or s.format ~= FORMAT then return "is not of a checkpoint" end
  if s.version ~= VERSION then
    return ("has version %s, this vesper reads %d"):format(tostring(s.version), VERSION)
  end
  if type(s.id) ~= "string" then return "has no id" end
  if not (is_table(s.rng) and from_hex(s.rng.seed) and from_hex(s.rng.counter)) then
    return "has no random state"
  end
  if s.epoch ~= nil and math.type(s.epoch) ~= "integer" then return "epoch is not an integer" end
  if not is_table(s.files) then return "has no list of files" end
  if s.optimizer ~= nil and not check_optimizer_state(s.optimizer) then
    return "optimizer is not as it was written"
  end
  if s.loaders ~= nil and not is_table(s.loaders) then return "loaders is not an object" end
  for name, loader in pairs(s.loaders or {}) do
    if not check_loader_state(loader) then
      return ("loader '%s' is not as it was written"):format(name)
    end
  end
end

-- {state =, [file name] = tensors}; or nil and a message.
local function read_once(path)
  local state, why = core.io.json_load(path .. "/" .. STATE)
  if state == nil then return nil, why end
  local broken = broken_part(state)
  if broken then return nil, ("%s/%s: %s"):format(path, STATE, broken) end
  local found = {state = state}
  for _, name in ipairs {WEIGHTS, OPTIMIZER, EXTRA} do
    local listed = false
    for _, file in ipairs(state.files) do listed = listed or file == name end
    if listed then
      local tensors, meta = core.load(path .. "/" .. name)
      if not tensors then return nil, meta end
      if meta.id ~= state.id then
        return nil, ("%s/%s: belongs to another checkpoint than %s"):format(path, name, STATE)
      end
      found[name] = tensors
    end
  end
  return found
end

-- Another process may replace the folder meanwhile, so that files of two checkpoints meet or one is
-- gone: what fails is tried again.
local function read_all(folder)
  local found, why
  for _ = 1, 10 do
    local path = core._folder_current(folder)
    if not path then return nil, folder .. ": no checkpoint here" end
    found, why = read_once(path)
    if found then return found end
  end
  return nil, why
end

-- ---- what does not fit --------------------------------------------------------------------------

local Misfit = {}
Misfit.__index = Misfit

function Misfit:add(file, text) self[#self + 1] = ("  %s: %s"):format(file, text) end

local function describe(t) return ("%s [%s]"):format(t.dtype, table.concat(t.shape, ",")) end

-- Compares tensors by name; here: what the script has, there: what the file has.  Either value may
-- be a tensor or {dtype=, shape=}.
function Misfit:compare(file, here, there)
  local lists = {missing = {}, unexpected = {}, misshapen = {}}
  for _, name in ipairs(sorted_keys(here)) do
    local given = there[name]
    if not given then
      table.insert(lists.missing, name)
    elseif describe(given) ~= describe(here[name]) then
      table.insert(lists.misshapen,
        ("%s is %s here, %s there"):format(name, describe(here[name]), describe(given)))
    end
  end
  for _, name in ipairs(sorted_keys(there)) do
    if not here[name] then table.insert(lists.unexpected, name) end
  end
  for _, kind in ipairs {"missing", "unexpected", "misshapen"} do
    if #lists[kind] > 0 then
      self:add(file, ("%s: %s"):format(kind, table.concat(lists[kind], ", ")))
    end
  end
end

-- Whether a new optimizer takes these settings.
local function settings_fit(name, settings)
  local stand_in = core.zeros(1):requires_grad_()
  return pcall(optim[name], {stand_in}, settings)
end

-- What a state tensor of each parameter has to look like: {["1.3"] = the parameter}.
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
    return self:add(STATE, ("the optimizer is %s here, %s there"):format(
      optimizer.name, saved.name))
  end
  if #saved.groups ~= #optimizer.param_groups then
    return self:add(STATE, ("the optimizer has %d groups here, %d there"):format(
      #optimizer.param_groups, #saved.groups))
  end
  for g, settings in ipairs(saved.groups) do
    local ok, message = settings_fit(saved.name, settings)
    if not ok then
      local reason = tostring(message):gsub("^[^\n]-:%d+: ", "") -- without the place in the script
      self:add(STATE, ("settings of group %d: %s"):format(g, reason))
    end
  end
  local places, here = parameters_by_place(optimizer), {}
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
    if place then here[name] = place end
  end
  self:compare(OPTIMIZER, here, tensors)
end

function Misfit:check_loader(name, loader, saved)
  if not saved then return self:add(STATE, ("has no loader '%s'"):format(name)) end
  local state = loader:state()
  for _, key in ipairs(sorted_keys(state)) do
    local value = state[key]
    if not POSITION[key] and saved[key] ~= value then
      self:add(STATE, ("%s of loader '%s' is %s here, %s there"):format(
        key, name, tostring(value), tostring(saved[key])))
    end
  end
  if saved.batch > #loader then
    self:add(STATE, ("loader '%s' stands at batch %d of %d"):format(name, saved.batch, #loader))
  end
end

-- ---- restoring ----------------------------------------------------------------------------------

-- Calls each step's apply; when one raises, undoes it and those before, last first, and raises.
local function all_or_nothing(steps)
  for i, step in ipairs(steps) do
    local ok, message = pcall(step.apply)
    if not ok then
      for k = i, 1, -1 do pcall(steps[k].undo) end
      error(message, 0)
    end
  end
end

-- Applying and undoing by load_state_dict.
local function by_dict(object, dict)
  local before = object:state_dict()
  return {apply = function() object:load_state_dict(dict) end,
    undo = function() object:load_state_dict(before) end}
end

local function loader_step(loader, saved)
  local before = loader:state()
  local state = {seed = from_hex(saved.seed), epoch = saved.epoch, batch = saved.batch}
  return {apply = function() loader:load_state(state) end,
    undo = function() loader:load_state(before) end}
end

-- Of objects whose state_dict is small, but for tensors that they share with it.
local function object_step(object, dict)
  local before = {}
  for key, value in pairs(object:state_dict()) do before[key] = value end
  return {apply = function() object:load_state_dict(dict) end,
    undo = function() object:load_state_dict(before) end}
end

-- Averages and weights come last, and change nothing unless they fit: copying them asks for no
-- memory, so nothing can fail any more.
local function steps_of(parts, found, values)
  local steps, state = {}, found.state
  if parts.optimizer then
    local o = state.optimizer
    steps[#steps + 1] = by_dict(parts.optimizer,
      {name = o.name, groups = values.groups, steps = o.steps, state = found[OPTIMIZER] or {}})
  end
  if parts.schedule then steps[#steps + 1] = object_step(parts.schedule, values.schedule) end
  for name, loader in pairs(loaders_of(parts.loader)) do
    steps[#steps + 1] = loader_step(loader, state.loaders[name])
  end
  if parts.ema then steps[#steps + 1] = object_step(parts.ema, values.ema) end
  if parts.model then
    steps[#steps + 1] = {undo = function() end,
      apply = function() parts.model:load_state_dict(found[WEIGHTS]) end}
  end
  return steps
end

-- The epoch that comes next: for one loader in the middle of a pass the running one.
local function next_epoch(state)
  local loader = state.loaders and state.loaders.loader
  if not loader then return state.epoch and state.epoch + 1 end
  local last = loader.samples // loader.batch_size
  if not loader.drop_last and loader.samples % loader.batch_size > 0 then last = last + 1 end
  local inside = loader.batch > 0 and loader.batch < last
  return inside and loader.epoch or loader.epoch + 1
end

local function find_misfits(parts, found, values)
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

-- The script's values out of state.json and extra.safetensors; or nil and a message.
local function unpack_values(found)
  local state, values = found.state, {}
  for _, key in ipairs {"best", "extra", "schedule", "ema"} do
    local ok, value = pcall(pack.unpack, state[key], found[EXTRA] or {})
    if not ok then return nil, key .. " " .. value end
    values[key] = value
  end
  local ok, groups = pcall(pack.unpack, state.optimizer and state.optimizer.groups, {})
  if not ok then return nil, "optimizer " .. groups end
  if state.optimizer and type(groups) ~= "table" then
    return nil, "optimizer is not as it was written"
  end
  values.groups = groups
  return values
end

--- Restores the parts that are given, and the random state; returns {epoch, next_epoch, best,
-- extra}.  nil and a message when there is no checkpoint, a file of it is missing or broken, or
-- something does not fit: the message lists what, and then nothing has been changed.
function checkpoint.load(folder, parts)
  folder = folder_of(folder, "load")
  parts = parts or {}
  check_parts(parts,
    {model = true, optimizer = true, loader = true, schedule = true, ema = true}, "load")
  local found, why = read_all(folder)
  if not found then return nil, why end
  local values, broken = unpack_values(found)
  if not values then return nil, ("%s/%s: %s"):format(folder, STATE, broken) end
  local misfit = find_misfits(parts, found, values)
  if #misfit > 0 then
    return nil, ("%s: the checkpoint does not fit\n%s"):format(folder, table.concat(misfit, "\n"))
  end
  local ok, message = pcall(all_or_nothing, steps_of(parts, found, values))
  if not ok then return nil, ("%s: nothing was changed: %s"):format(folder, tostring(message)) end
  local rng = found.state.rng
  core.set_rng_state {seed = from_hex(rng.seed), counter = from_hex(rng.counter)}
  return {epoch = found.state.epoch, next_epoch = next_epoch(found.state), best = values.best,
    extra = values.extra}
end

--- Whether there is a checkpoint, whole or broken: what a script asks that starts anew otherwise.
function checkpoint.exists(folder)
  return core._folder_current(folder_of(folder, "exists")) ~= nil
end

return checkpoint
