-- nn.Module: the base class of modules.  Layers are userdata implemented in C; containers, models
-- and the user's own modules are Lua tables.  Both share the methods defined here.
--
-- The contents of a module are found by traversing its fields in sorted order (numbers first, then
-- names): parameters created by nn.Parameter, registered buffers, layers, modules, and plain tables
-- of these.  Names are PyTorch's: the first element of a list is "0".
local core = require "vesper.core"
local hooks = require "vesper.nn.hooks"
local record = require "vesper.nn.record"
local state = require "vesper.nn.state"
local check = require "vesper.util.check"
local guard = require "vesper.util.guard"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local methods = {}                                -- shared by layers and modules
local is_parameter = setmetatable({}, {__mode = "k"})
local frozen = setmetatable({}, {__mode = "k"})   -- modules that stay in evaluation mode

local Module = {}

-- ---- traversal ----------------------------------------------------------------------------------

local function is_module(x)
  if type(x) == "userdata" then return core.is_layer(x) end
  local meta = type(x) == "table" and getmetatable(x)
  return type(meta) == "table" and meta.is_module == true
end

-- Whether a field may contain tensors or modules: it is a module or a plain table.
local function has_fields(key, value)
  if is_module(value) then return true end
  return type(value) == "table" and getmetatable(value) == nil and key ~= "_buffers"
end

local function join(prefix, key)
  key = math.type(key) == "integer" and tostring(key - 1) or tostring(key)
  return prefix == "" and key or prefix .. "." .. key
end

-- Calls on.tensor(name, tensor, is_param) and on.module(name, module) depth first; visits each
-- module once.
local function walk(node, prefix, on, seen)
  if seen[node] then return end
  seen[node] = true
  if type(node) == "userdata" then
    if on.module then on.module(prefix, node) end
    for _, slot in ipairs(node:slots()) do
      if on.tensor then on.tensor(join(prefix, slot[1]), slot[2], slot[3]) end
    end
    return
  end
  local module = is_module(node)
  if module and on.module then on.module(prefix, node) end
  local buffers = module and rawget(node, "_buffers") or nil
  for _, key in ipairs(tables.sorted_keys(node)) do
    local value = node[key]
    if core.is_tensor(value) then
      local buffer = buffers and buffers[key]
      if on.tensor and (buffer or is_parameter[value]) then
        on.tensor(join(prefix, key), value, not buffer)
      end
    elseif has_fields(key, value) then
      walk(value, join(prefix, key), on, seen)
    end
  end
end

-- visit(name, ...) for names that must differ: a field "a.b" and b of a field a have the same one.
local function distinct(noun, visit)
  local seen = {}
  return function(name, ...)
    if seen[name] then
      core._raise(("Module: two %s are named '%s': a field's name contains a dot or is a number")
        :format(noun, name))
    end
    seen[name] = true
    visit(name, ...)
  end
end

local function each_tensor(module, fn)
  walk(module, "", {tensor = distinct("tensors", fn)}, {})
end

local function each_module(module, fn) walk(module, "", {module = fn}, {}) end

-- ---- methods of layers and modules --------------------------------------------------------------

--- The parameters as a list of {name, tensor}; a shared parameter occurs once.
function methods:named_parameters()
  local list, seen = {}, {}
  each_tensor(self, function(name, tensor, is_param)
    local id = tensor:id()
    if is_param and not seen[id] then
      seen[id] = true
      list[#list + 1] = {name, tensor}
    end
  end)
  return list
end

--- The parameters as a list of tensors, for optimizers; trainable = true: without the frozen ones.
function methods:parameters(trainable)
  local list = {}
  for _, pair in ipairs(self:named_parameters()) do
    if not trainable or pair[2].requires_grad then list[#list + 1] = pair[2] end
  end
  return list
end

--- The buffers (saved but not trained: running statistics) as a list of {name, tensor}.
function methods:named_buffers()
  local list = {}
  each_tensor(self, function(name, tensor, is_param)
    if not is_param then list[#list + 1] = {name, tensor} end
  end)
  return list
end

function methods:buffers()
  local list = {}
  for i, pair in ipairs(self:named_buffers()) do list[i] = pair[2] end
  return list
end

--- This module (name "") and its submodules as a list of {name, module}.
function methods:named_modules()
  local list = {}
  each_module(self, distinct("modules", function(name, module)
    list[#list + 1] = {name, module}
  end))
  return list
end

--- The number of elements of the parameters; trainable = true: without the frozen ones.
function methods:num_parameters(trainable)
  local n = 0
  for _, p in ipairs(self:parameters(trainable)) do n = n + p:numel() end
  return n
end

--- Name -> tensor of every parameter and buffer.  The tensors share memory with the module.
function methods:state_dict()
  local dict = {}
  each_tensor(self, function(name, tensor) dict[name] = tensor:detach() end)
  return tables.printed(dict, "state dictionary", state.text)
end

--- Copies a state dictionary into the module and returns the lists {missing=, unexpected=}.  If
-- names or shapes differ, changes nothing and raises an error that lists the missing, unexpected
-- and mismatched tensors.  {strict = false} checks only the shapes.
function methods:load_state_dict(dict, options)
  check.kind("load_state_dict", "the state", dict, "table")
  local strict, own = not (options and options.strict == false), {}
  each_tensor(self, function(name, tensor) own[name] = tensor end)
  local found = state.compare(own, dict)
  if #found.mismatched > 0 or (strict and #found.missing + #found.unexpected > 0) then
    core._raise("load_state_dict: the state does not fit this module\n"
      .. table.concat(state.lines(found), "\n"))
  end
  core.no_grad(function()
    for name, tensor in pairs(own) do
      if core.is_tensor(dict[name]) then tensor:copy_(dict[name]) end
    end
  end)
  return {missing = found.missing, unexpected = found.unexpected}
end

--- Sets training mode (default) or evaluation mode for this module and its submodules.  Frozen
-- modules stay in evaluation mode.
function methods:train(on)
  each_module(self, function(_, module) module.training = on ~= false and not frozen[module] end)
  return self
end

function methods:eval() return self:train(false) end

--- Turns gradients of the parameters off and sets evaluation mode, which train() does not change:
-- running statistics of batch norms stay too.  unfreeze turns gradients on; train() sets the mode.
function methods:freeze()
  for _, p in ipairs(self:parameters()) do p:requires_grad_(false) end
  each_module(self, function(_, module) frozen[module], module.training = true, false end)
  return self
end

function methods:unfreeze()
  for _, p in ipairs(self:parameters()) do p:requires_grad_(true) end
  each_module(self, function(_, module) frozen[module] = nil end)
  return self
end

function methods:zero_grad()
  for _, p in ipairs(self:parameters()) do p.grad = nil end
end

--- Calls fn(module) on this module and all below.
function methods:apply(fn)
  each_module(self, function(_, module) fn(module) end)
  return self
end

methods.register_forward_pre_hook = hooks.register_forward_pre_hook
methods.register_forward_hook = hooks.register_forward_hook
methods.register_full_backward_hook = hooks.register_full_backward_hook

guard.methods("Module", methods)
for name, method in pairs(methods) do core.layer_methods[name] = method end
core._hooked_call = hooks.call

-- ---- modules in Lua -----------------------------------------------------------------------------

Module.__index = Module
Module.__name = "Module"
Module.is_module = true
for name, method in pairs(methods) do Module[name] = method end

Module.__call = hooks.call

function Module:forward()
  core._raise(getmetatable(self).__name .. " has no forward method")
end

function Module:init() end

--- Makes the tensor a field that is saved with the module but not trained.  Returns it.  The name
-- of a parameter, a module or a method is refused; the name of another tensor gets the new one.
function Module:register_buffer(name, tensor)
  local buffers = rawget(self, "_buffers") or {}
  local old = self[name]
  if old ~= nil and not (core.is_tensor(old) and not is_parameter[old]) then
    check.fail("register_buffer", "the module already has '%s', a %s", tostring(name),
      is_parameter[old] and "parameter" or is_module(old) and "module" or type(old))
  end
  rawset(self, "_buffers", buffers)
  buffers[name] = true
  self[name] = tensor
  return tensor
end

local function describe(node, indent)
  if type(node) == "userdata" then return tostring(node) end
  local lines = {}
  for _, key in ipairs(tables.sorted_keys(node)) do
    local value = node[key]
    if has_fields(key, value) and (is_module(value) or next(value) ~= nil) then
      local inner = describe(value, indent .. "  ")
      if is_module(value) or inner ~= "()" then -- not a table of settings
        lines[#lines + 1] = ("%s  (%s): %s"):format(indent, join("", key), inner)
      end
    elseif core.is_tensor(value) and is_parameter[value] then
      lines[#lines + 1] = ("%s  (%s): Parameter %s"):format(indent, join("", key),
        text.shape(value))
    end
  end
  local name = is_module(node) and getmetatable(node).__name or ""
  if #lines == 0 then return name .. "()" end
  return name .. "(\n" .. table.concat(lines, "\n") .. "\n" .. indent .. ")"
end

function Module:__tostring()
  return ("%s  %d parameters"):format(describe(self, ""), self:num_parameters())
end

local function construct(class, ...)
  local module = setmetatable({training = true}, class)
  module:init(...)
  module.made_with = record.of(is_module, ...)
  return module
end

--- Creates a subclass: Tower = nn.Module:extend("Tower").  Define init and forward; Tower(...)
-- creates an instance.
function Module:extend(name)
  local class = {}
  for key, value in pairs(self) do
    if type(key) == "string" and key:sub(1, 2) == "__" then class[key] = value end
  end
  class.__index = class
  class.__name = name
  class.is_module = true
  class.super = self
  return setmetatable(class, {__index = self, __call = construct})
end

--- A tensor to be trained: as a field of a module it is one of the module's parameters.
local function Parameter(tensor)
  check.tensor("Parameter", "the argument", tensor)
  if not tensor.is_leaf then tensor = tensor:detach():clone() end
  tensor:requires_grad_()
  is_parameter[tensor] = true
  return tensor
end

return {Module = Module, Parameter = Parameter, is_module = is_module}
