-- models.save and models.load: a trained model as one folder.
--
-- model.json says what the model is (class, options of its constructor, vocabulary, class names,
-- ...), model.safetensors has its weights and buffers; an id ties the two together.  Loading runs
-- nothing of the folder: classes come from a fixed list or from the caller, and a folder can make
-- the constructors allocate only a few times the size of its own files.
local core = require "vesper.core"
local about = require "vesper.models.about"
local form = require "vesper.models.folder_form"
local module = require "vesper.nn.module"
local state = require "vesper.nn.state"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local folders = {}

local DESCRIPTION, WEIGHTS = "model.json", "model.safetensors"
local FILES = {DESCRIPTION, WEIGHTS}
local FORMAT, VERSION = "vesper model", 2 -- 1: models without layer norms before classifiers
local LARGEST = 256 << 20 -- bytes of model.json
local LISTED = 20         -- names of each kind in a message
local TRIES = 10

-- ---- saving -------------------------------------------------------------------------------------

local function write(path, description, tensors)
  local ok, why = core.save(path .. "/" .. WEIGHTS, tensors, {format = FORMAT, id = description.id})
  if not ok then return nil, why end
  return core.io.json_save(path .. "/" .. DESCRIPTION, description, {indent = 1})
end

local function describe(model)
  local known = model.about or {}
  local description = {format = FORMAT, version = VERSION, vesper = core.build.version,
    id = file.new_id(), model = form.pack(model)}
  for _, name in ipairs(about.names) do
    local value = known[name]
    if type(value) == "table" then value = core.io.array {table.unpack(value)} end
    description[name] = value
  end
  return description
end

--- Writes a model into a folder, which is replaced as a whole.  Options: those of model:describe.
-- Returns true; or nil and a message, and the folder is as it was.  The vocabulary and the class
-- names are those that model:describe stated; train.fit states those of its data set.
function folders.save(model, folder, given)
  folder = file.folder("models.save", folder)
  if not module.is_module(model) or type(model) ~= "table" then
    check.fail("models.save", "model is %s, expected a model", text.kind(model))
  end
  if given then about.describe(model, given) end
  local description, tensors = describe(model), model:state_dict()
  local too_large = form.too_large(description.model, tensors)
  if too_large then check.fail("models.save", "%s", too_large) end
  local lock <close>, held = core._lock(folder)
  if not lock then return nil, held end
  local path, why = core._folder_stage(folder, FILES)
  if not path then return nil, why end
  local called, ok, message = pcall(write, path, description, tensors)
  if called and ok then return core._folder_commit(folder, FILES) end
  core._folder_abandon(folder, FILES)
  if not called then error(ok, 0) end
  return nil, message
end

-- ---- loading ------------------------------------------------------------------------------------

local function is_list(x) return getmetatable(x) == form.array end

-- The first thing that is wrong with the description, or nil.
local function broken_part(d)
  if type(d) ~= "table" or is_list(d) or d.format ~= FORMAT then
    return "is not the description of a model"
  elseif d.version ~= VERSION and d.version ~= 1 then
    return ("version is %s, expected %d or 1"):format(text.value(d.version), VERSION)
  elseif type(d.id) ~= "string" then
    return "has no id"
  elseif type(d.model) ~= "table" or is_list(d.model) then
    return "has no model"
  end
end

-- The bytes of the folder's weights; nil and a message unless both files are plain and not absurd.
local function sizes(path)
  local description, why = core._plain_size(path .. "/" .. DESCRIPTION)
  if not description then return nil, why .. ": not a model saved by models.save" end
  if description > LARGEST then
    return nil, ("%s/%s: has %d bytes, expected at most %d"):format(path, DESCRIPTION, description,
      LARGEST)
  end
  return core._plain_size(path .. "/" .. WEIGHTS)
end

-- {d = description, tensors =, bytes = of the weights}; or nil, a message, and whether the two
-- files belong to different models.
local function read_once(path)
  local bytes, why = sizes(path)
  if not bytes then return nil, why end
  local d, unread = core.io.json_load(path .. "/" .. DESCRIPTION)
  if d == nil then return nil, unread end
  local broken = broken_part(d)
  if broken then return nil, ("%s/%s: %s"):format(path, DESCRIPTION, broken) end
  local tensors, meta = core.load(path .. "/" .. WEIGHTS)
  if not tensors then return nil, meta end
  if meta.id ~= d.id then
    return nil, ("%s/%s: belongs to another model than %s"):format(path, WEIGHTS, DESCRIPTION), true
  end
  return {d = d, tensors = tensors, bytes = bytes, path = path}
end

-- Another process may replace the folder meanwhile, so files of different models are read again.
local function read(folder)
  local found, why, mixed
  for _ = 1, TRIES do
    local path = core._folder_current(folder)
    if not path then
      return nil, ("%s: %s"):format(folder, file.exists(folder) and "is not a folder"
        or "No such file or directory")
    end
    found, why, mixed = read_once(path)
    if found or not mixed then break end
  end
  return found, why
end

local REAL = {float32 = true, float64 = true, float16 = true, bfloat16 = true}

local function wrong_tensor(name, own, given)
  if text.shape(own) ~= text.shape(given) then
    return ("%s is %s, expected %s"):format(name, text.shape(given), text.shape(own))
  elseif own.dtype ~= given.dtype and not (REAL[own.dtype] and REAL[given.dtype]) then
    return ("%s is %s, expected %s"):format(name, given.dtype, own.dtype)
  end
end

local function describe_again(model, d)
  local given = {}
  for _, name in ipairs(about.names) do
    local value = d[name]
    if value == core.io.null then value = nil end
    given[name] = is_list(value) and {table.unpack(value)} or value
  end
  if next(given) then about.describe(model, given) end
end

-- The model, with what it knows, in evaluation mode; raises a message.
local function build(found, o)
  local d, tensors = found.d, found.tensors
  local too_large, count = form.too_large(d.model, tensors), 0
  if too_large then error(too_large, 0) end
  for _ in pairs(tensors) do count = count + 1 end
  local model = form.unpack(d.model, o.modules, 4 * found.bytes + 1024 * count + (1 << 16),
    d.version)
  local lines = state.lines(state.compare(model:state_dict(), tensors, wrong_tensor), LISTED)
  if #lines > 0 then
    error("the tensors of " .. WEIGHTS .. " do not fit\n" .. table.concat(lines, "\n"), 0)
  end
  model:load_state_dict(tensors)
  describe_again(model, d)
  return model:eval()
end

--- The model of a folder in evaluation mode; or nil and a message.  Options:
--   modules = {name = class}   classes of one's own by the names in the folder
--   classes = names            as by model:set_classes
function folders.load(folder, given)
  folder = file.folder("models.load", folder)
  local o = options.read("models.load", given, {modules = {}},
    {modules = "table", classes = "list"})
  for name, class in pairs(o.modules) do
    if type(class) ~= "table" or not class.is_module then
      check.fail("models.load", "modules.%s is %s, expected a class of nn.Module:extend", name,
        text.kind(class))
    end
  end
  local found, why = read(folder)
  if not found then return nil, why end
  local ok, model = pcall(build, found, o)
  if not ok then
    return nil, ("%s/%s: %s"):format(found.path, DESCRIPTION, form.message(model))
  end
  if o.classes then model:set_classes(o.classes) end
  return model
end

return folders
