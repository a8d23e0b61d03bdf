-- The model of a model.json: a module as {class, args, extra}, where args are the arguments of its
-- constructor (nn/record.lua) and extra is the result of its method get_extra_state.
--
-- Values without a JSON form become an object with one reserved key: {"$module": {...}},
-- {"$tensor": shape}, {"$number": "inf"}.  Of a tensor only the shape is kept: the constructors of
-- vs.models copy it into their weights, which are in the other file.
local core = require "vesper.core"
local module = require "vesper.nn.module"
local record = require "vesper.nn.record"
local check = require "vesper.util.check"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local form = {}

form.array = getmetatable(core.io.array {})

local DEPTH = 50      -- of tables in tables
local ARGUMENTS = 16  -- of a constructor
local SMALL = 1 << 16 -- a number up to this is never too large

-- The classes that a folder may name, in vs.models.
local KNOWN = {}
for _, name in ipairs {"Baseline", "VSE", "CIM", "COOT", "AttentionPooling", "DenseProjection",
  "BERTFusion", "DPM", "TextOnly", "SmallCNN", "RegionEncoder", "JoinedEncoder", "LandmarkEncoder",
  "TextEncoder", "ResNet", "ResNet18", "ResNet34", "ResNet50", "EfficientNetLite0", "BERT"} do
  KNOWN[name] = true
end

-- On first use: vs.models loads this file.
local function of_library(name) return KNOWN[name] and require("vesper.models")[name] end

-- ---- writing ------------------------------------------------------------------------------------

local function refuse(at, format, ...) check.fail("models.save", "%s " .. format, at, ...) end

local pack

local function pack_module(value, at, seen)
  local class, args = getmetatable(value), {}
  local made = value.made_with
  if seen[value] then refuse(at, "is the same module as %s", seen[value]) end
  seen[value] = at
  if not made then refuse(at, "is a %s whose constructor did not end", class.__name) end
  local own = of_library(class.__name) ~= class
  for i = 1, made.n do args[i] = pack(made[i], ("%s, argument %d"):format(at, i), seen, own, 1) end
  local packed = {class = class.__name, own = own or nil, args = core.io.array(args)}
  local extra = value.get_extra_state and value:get_extra_state()
  if extra then packed.extra = pack(extra, at .. ", extra state", seen, own, 1) end
  return packed
end

local function pack_table(value, at, seen, own, depth)
  local out, n = {}, 0
  if depth > DEPTH then refuse(at, "is nested too deeply") end
  for _ in pairs(value) do n = n + 1 end
  local is_list = n > 0 and n == #value
  for key, inner in pairs(value) do
    if not is_list and (type(key) ~= "string" or key:sub(1, 1) == "$" or not utf8.len(key)) then
      refuse(at, "has the key %s, expected names or a list", text.value(key))
    end
    local place = is_list and ("%s[%d]"):format(at, key) or at .. "." .. key
    out[key] = pack(inner, place, seen, own, depth + 1)
  end
  return is_list and core.io.array(out) or out
end

local NUMBERS = {["inf"] = math.huge, ["-inf"] = -math.huge, nan = 0 / 0}

-- own: the value is an argument of a class that vs.models does not have.
function pack(value, at, seen, own, depth)
  local kind, shape = type(value), record.shape(value)
  if value == nil then
    return core.io.null
  elseif kind == "number" and (value ~= value or math.abs(value) == math.huge) then
    return {["$number"] = value ~= value and "nan" or value > 0 and "inf" or "-inf"}
  elseif kind == "number" or kind == "boolean" then
    return value
  elseif kind == "string" then
    if not utf8.len(value) then refuse(at, "is a text that is not UTF-8") end
    return value
  elseif shape then
    if own then refuse(at, "is a tensor, expected a plain value: only its shape is written") end
    return {["$tensor"] = core.io.array(shape)}
  elseif record.other(value) then
    refuse(at, "is %s, expected a plain value, or a module of a class made by nn.Module:extend",
      record.other(value))
  elseif module.is_module(value) then
    return {["$module"] = pack_module(value, at, seen)}
  end
  return pack_table(value, at, seen, own, depth)
end

--- A module as a value for JSON; raises if its constructor's arguments cannot be written.
function form.pack(model) return pack_module(model, getmetatable(model).__name, {}) end

-- ---- reading ------------------------------------------------------------------------------------

local function wrong(at, format, ...) error(("%s " .. format):format(at, ...), 0) end

--- A message if a number of the packed module is larger than the number of elements of all tensors,
-- which no size of a model is; else nil.
function form.too_large(packed, tensors)
  local elements = 0
  for _, tensor in pairs(tensors) do elements = elements + tensor:numel() end
  local function visit(value, at, depth)
    if depth > 2 * DEPTH then return at .. " is nested too deeply" end
    if type(value) == "number" and math.abs(value) > math.max(elements, SMALL) then
      return ("%s is %s, expected at most %d for tensors of %d elements"):format(at,
        text.value(value), math.max(elements, SMALL), elements)
    elseif type(value) ~= "table" then
      return nil
    end
    for _, key in ipairs(tables.sorted_keys(value)) do
      local why = visit(value[key], tostring(key), depth + 1)
      if why then return why end
    end
  end
  return visit(packed, "model", 1)
end

local unpack

-- Runs a constructor or a method; what it raises becomes a message without a place.
local function call(at, fn, ...)
  local ok, result = pcall(fn, ...)
  if not ok then wrong(at, "cannot be made: %s", form.message(result)) end
  return result
end

local function class_of(packed, at, modules)
  local name = packed.class
  if type(name) ~= "string" then wrong(at, "has no class") end
  local class = modules[name]
  if class == nil and not packed.own then class = of_library(name) end
  if not class then
    wrong(at, "is a %s, which vs.models does not have: models.load(folder, {modules = {%s = ...}})",
      text.value(name), name:match "^[%a_][%w_]*$" or "name")
  end
  return class, name
end

local function unpack_module(packed, at, modules, depth)
  if type(packed) ~= "table" then wrong(at, "is %s, expected a module", text.value(packed)) end
  local class, name = class_of(packed, at, modules)
  local args = packed.args
  if getmetatable(args) ~= form.array or #args > ARGUMENTS then
    wrong(at, "has no list of at most %d arguments", ARGUMENTS)
  end
  local list = {}
  for i = 1, #args do list[i] = unpack(args[i], name, modules, depth + 1) end
  local made = call(at, class, table.unpack(list, 1, #args))
  if packed.extra ~= nil then
    if not made.set_extra_state then wrong(at, "has an extra state, but a %s takes none", name) end
    call(at, made.set_extra_state, made, unpack(packed.extra, name, modules, depth + 1))
  end
  return made
end

local special = {
  ["$module"] = unpack_module,
  ["$number"] = function(word, at)
    return NUMBERS[word] or wrong(at, "has an invalid number %s", text.value(word))
  end,
  ["$tensor"] = function(shape, at)
    if getmetatable(shape) ~= form.array or #shape > 6 then wrong(at, "has an invalid shape") end
    for _, size in ipairs(shape) do
      if math.type(size) ~= "integer" or size < 0 then wrong(at, "has an invalid shape") end
    end
    return call(at, core.zeros, table.unpack(shape))
  end,
}

function unpack(value, at, modules, depth)
  if value == core.io.null then return nil end
  if type(value) ~= "table" then return value end
  if depth > DEPTH then wrong(at, "is nested too deeply") end
  local key, inner = next(value)
  if special[key] and next(value, key) == nil then
    return special[key](inner, at, modules, depth)
  end
  local out = {}
  for _, name in ipairs(tables.sorted_keys(value)) do
    local place = type(name) == "string" and at .. "." .. name or at
    out[name] = unpack(value[name], place, modules, depth + 1)
  end
  return out
end

-- The options of a model of version 1 in today's form.
local function of_version_1(packed, modules)
  local first = getmetatable(packed.args) == form.array and packed.args[1]
  local class = class_of(packed, "the model", modules)
  if type(first) ~= "table" or getmetatable(first) == form.array then return end
  for name, value in pairs(class.version_1 or {}) do first[name] = value end
end

--- The module again, from a folder of this version.  Its constructors may allocate so many bytes.
-- Raises a message.
function form.unpack(packed, modules, bytes, version)
  if version == 1 then of_version_1(packed, modules) end
  core._set_allowance(bytes)
  local ok, model = pcall(unpack_module, packed, "the model", modules, 1)
  core._set_allowance()
  if not ok then error(model, 0) end
  for _, part in ipairs(model.encode_text and {"image", "text"} or {}) do
    if not module.is_module(model[part]) then wrong("the model", "has no %s encoder", part) end
  end
  return model
end

--- An error as a message without the place of a script.
function form.message(raised)
  local message = tostring(raised)
  return (message:gsub("^[^:\n]+:%d+: ", ""))
end

return form
