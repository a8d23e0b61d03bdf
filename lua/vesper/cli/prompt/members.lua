-- Fields and methods of values, and options of functions, for completion.
local core = require "vesper.core"
local reference = require "vesper.help.reference"

local members = {}

local function is_name(key) return type(key) == "string" and key:match "^[%a_][%w_]*$" ~= nil end

-- Adds the names of a table's keys to a set; only_functions: for x:name.
local function add_keys(set, t, only_functions)
  for key, value in next, t do
    if is_name(key) and (not only_functions or type(value) == "function") then set[key] = true end
  end
end

-- The class of an object as help names it: "Tensor", "Loader"; "Module" for layers and modules.
local function class_of(meta)
  local name = rawget(meta, "__name")
  if meta.is_module or name == "vesper.Layer" then return "Module" end
  return type(name) == "string" and name:match "^vesper%.(.+)$" or name
end

-- Names that help has for a class: "Tensor:item", "Tensor.shape".
local function add_documented(set, class, only_functions)
  for _, e in ipairs(reference.entries()) do
    local of, sign, key = e.name:match "^([%w_]+)([.:])([%w_]+)$"
    if of == class and (sign == ":" or not only_functions) then set[key] = true end
  end
end

-- Parts of a module of the library that are loaded on demand: help knows them.
local function add_parts(set, value)
  if value ~= require "vesper" then return end
  for _, e in ipairs(reference.entries()) do
    local name = e.name:gsub("^vs%.", ""):match "^(%l[%w_]*)"
    if name and not e.name:find ":" then set[name] = true end
  end
end

local function add_slots(set, layer)
  for _, slot in ipairs(layer:slots()) do set[slot[1]] = true end
end

--- The names behind `value.` or, methods: `value:`.
function members.of(value, methods)
  local set, seen = {}, {}
  if type(value) == "table" then
    add_keys(set, value, methods)
    if not methods then add_parts(set, value) end
  end
  local meta = debug.getmetatable(value)
  while type(meta) == "table" and not seen[meta] do
    seen[meta] = true
    local class = class_of(meta)
    if class then add_documented(set, class, methods) end
    local inherited = rawget(meta, "methods")
    if type(inherited) == "table" then add_keys(set, inherited, methods) end
    local next_one = rawget(meta, "__index")
    if type(next_one) == "table" then
      add_keys(set, next_one, methods)
      meta = debug.getmetatable(next_one)
    else
      if meta.is_module then add_keys(set, meta, methods) end
      meta = meta.is_module and debug.getmetatable(meta)
    end
  end
  if not methods and core.is_layer(value) then add_slots(set, value) end
  local list = {}
  for name in pairs(set) do
    if name:sub(1, 2) ~= "__" then list[#list + 1] = name end
  end
  return list
end

local function entry_of(fn)
  for _, e in ipairs(reference.entries()) do
    if rawequal(reference.live(e.name), fn) then return e end
  end
end

--- The names of the options of a documented function or class, or nil: those in a table at the end
-- or, where there are none, all arguments, which ops and layers take by name.
function members.options(fn)
  if type(fn) ~= "function" and type(fn) ~= "table" then return nil end
  local e = entry_of(fn)
  if not e or not e.args then return nil end
  local by_name, all = {}, {}
  for _, a in ipairs(e.args) do
    all[#all + 1] = a.name
    if a.option then by_name[#by_name + 1] = a.name end
  end
  if #by_name > 0 then return by_name end
  return (e.kind == "op" or e.kind == "layer") and all or nil
end

--- All names that help knows, with and without `vs.`.
function members.documented()
  local list = {}
  for _, e in ipairs(reference.entries()) do
    list[#list + 1] = e.name
    local short = e.name:match "^vs%.(.*)$"
    if short then list[#list + 1] = short end
  end
  return list
end

return members
