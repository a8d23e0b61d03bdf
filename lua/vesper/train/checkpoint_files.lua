-- The files of a checkpoint: their contents, writing and reading.
--
-- state.json has everything that is not a tensor.  64-bit numbers are written as strings, since
-- some JSON readers round them.
local core = require "vesper.core"
local pack = require "vesper.train.pack"
local file = require "vesper.util.file"
local sorted_keys = require("vesper.util.tables").sorted_keys

local files = {}

local WEIGHTS, OPTIMIZER = "weights.safetensors", "optimizer.safetensors"
local EXTRA, STATE = "extra.safetensors", "state.json"
local FORMAT, VERSION = "vesper checkpoint", 1

files.WEIGHTS, files.OPTIMIZER, files.EXTRA, files.STATE = WEIGHTS, OPTIMIZER, EXTRA, STATE
files.all = {WEIGHTS, OPTIMIZER, EXTRA, STATE}

local function hex(n) return ("0x%016x"):format(n) end

--- The number of a string that hex wrote; nil for anything else.
function files.from_hex(text)
  return type(text) == "string" and #text == 18 and text:match "^0x%x+$" and tonumber(text) or nil
end
local from_hex = files.from_hex

--- One loader, or a table of loaders by name -> {name = loader}.
function files.loaders_of(loader)
  if loader == nil then return {} end
  return type(loader) == "table" and loader or {loader = loader}
end

-- ---- writing ------------------------------------------------------------------------------------

local function loader_state(loader)
  local state = loader:state()
  state.seed = hex(state.seed)
  return state
end

--- Converts the parts of checkpoint.save to {file = tensors} and the content of state.json.
function files.collect(parts)
  local tensors_of, rng = {}, core.get_rng_state()
  local state = {format = FORMAT, version = VERSION, id = file.new_id(), epoch = parts.epoch,
    rng = {seed = hex(rng.seed), counter = hex(rng.counter)}}
  if parts.model then tensors_of[WEIGHTS] = parts.model:state_dict() end
  if parts.optimizer then
    local dict = parts.optimizer:state_dict()
    tensors_of[OPTIMIZER] = dict.state
    state.optimizer = {name = dict.name, groups = pack.pack(dict.groups, "optimizer"),
      steps = dict.steps, state = core.io.array(sorted_keys(dict.state))}
  end
  if parts.loader then
    state.loaders = {}
    for name, loader in pairs(files.loaders_of(parts.loader)) do
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
  if next(tensors) then tensors_of[EXTRA] = tensors end
  state.files = core.io.array(sorted_keys(tensors_of))
  return tensors_of, state
end

--- Writes the files into a folder.  Returns true, or nil and a message.
function files.write(path, tensors_of, state)
  for name, tensors in pairs(tensors_of) do
    local ok, message = core.save(path .. "/" .. name, tensors, {format = FORMAT, id = state.id})
    if not ok then return nil, message end
  end
  return core.io.json_save(path .. "/" .. STATE, state, {indent = 1})
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

-- A message on the first invalid entry of state.json, or nil.
local function broken_part(s)
  if not is_table(s) or s.format ~= FORMAT then return "is not part of a checkpoint" end
  if s.version ~= VERSION then
    return ("version is %s, expected %d"):format(tostring(s.version), VERSION)
  end
  if type(s.id) ~= "string" then return "has no id" end
  if not (is_table(s.rng) and from_hex(s.rng.seed) and from_hex(s.rng.counter)) then
    return "has no random state"
  end
  if s.epoch ~= nil and math.type(s.epoch) ~= "integer" then return "epoch is not an integer" end
  if not is_table(s.files) then return "has no list of files" end
  if s.optimizer ~= nil and not check_optimizer_state(s.optimizer) then
    return "optimizer is corrupt"
  end
  if s.loaders ~= nil and not is_table(s.loaders) then return "loaders is not an object" end
  for name, loader in pairs(s.loaders or {}) do
    if not check_loader_state(loader) then
      return ("loader '%s' is corrupt"):format(name)
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
    for _, one in ipairs(state.files) do listed = listed or one == name end
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

--- Reads the folder of a checkpoint: {state =, [file name] = tensors}; or nil and a message.
-- Another process may replace the folder at the same time, which can mix the files of two
-- checkpoints or make one missing, so a read that fails is repeated.
function files.read(folder)
  local found, why
  for _ = 1, 10 do
    local path = core._folder_current(folder)
    if not path then return nil, folder .. ": is not a checkpoint" end
    found, why = read_once(path)
    if found then return found end
  end
  return nil, why
end

return files
