-- vs.nn: modules.  Layers are userdata made in C; containers, models and the user's own modules are
-- Lua tables.  Both have the same protocol, written once here.
--
-- What belongs to a module is found by walking its fields in sorted order (numbers first, then
-- names): parameters made by nn.Parameter, registered buffers, layers, modules, and plain tables of
-- these.  Names are PyTorch's: the first of a list is "0".
local core = require "vesper.core"
local hooks = require "vesper.hooks"
local summary = require "vesper.summary"

local nn = {}
local methods = {}                                -- shared by layers and modules
local is_parameter = setmetatable({}, {__mode = "k"})

local Module = {}
nn.Module = Module

-- ---- walking ------------------------------------------------------------------------------------

local function is_module(x)
  if type(x) == "userdata" then return core.is_layer(x) end
  local meta = type(x) == "table" and getmetatable(x)
  return type(meta) == "table" and meta.is_module == true
end

-- True for a field that may hold tensors or modules of its own: a module or a plain table.
local function has_fields(key, value)
  if is_module(value) then return true end
  return type(value) == "table" and getmetatable(value) == nil and key ~= "_buffers"
end

local function by_kind_then_value(a, b)
  if type(a) == type(b) then return a < b end
  return type(a) == "number"
end

local function sorted_keys(t)
  local keys = {}
  for k in pairs(t) do
    if type(k) == "number" or type(k) == "string" then keys[#keys + 1] = k end
  end
  table.sort(keys, by_kind_then_value)
  return keys
end

local function join(prefix, key)
  key = math.type(key) == "integer" and tostring(key - 1) or tostring(key)
  return prefix == "" and key or prefix .. "." .. key
end

-- Calls on.tensor(name, tensor, is_param) and on.module(name, module), depth first, each once.
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
  for _, key in ipairs(sorted_keys(node)) do
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

local function each_tensor(module, fn) walk(module, "", {tensor = fn}, {}) end
local function each_module(module, fn) walk(module, "", {module = fn}, {}) end

-- ---- the protocol -------------------------------------------------------------------------------

--- A list of {name, tensor}, shared parameters once.
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

--- The parameters as a list of tensors: what optimizers take; only those that are trained when
-- `trainable` is true.
function methods:parameters(trainable)
  local list = {}
  for _, pair in ipairs(self:named_parameters()) do
    if not trainable or pair[2].requires_grad then list[#list + 1] = pair[2] end
  end
  return list
end

--- A list of {name, tensor} of what is saved but not trained (running statistics).
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

--- A list of {name, module}: this one (name "") and all below.
function methods:named_modules()
  local list = {}
  each_module(self, function(name, module) list[#list + 1] = {name, module} end)
  return list
end

--- How many numbers the parameters hold; only those that are trained when `trainable` is true.
function methods:num_parameters(trainable)
  local n = 0
  for _, p in ipairs(self:parameters(trainable)) do n = n + p:numel() end
  return n
end

--- Name -> tensor of every parameter and buffer.  The tensors share memory with the module.
function methods:state_dict()
  local dict = {}
  each_tensor(self, function(name, tensor) dict[name] = tensor:detach() end)
  return dict
end

local function sizes(t) return "[" .. table.concat(t.shape, ",") .. "]" end

--- Copies a state dictionary into the module.  All names and shapes have to fit, else nothing is
-- changed and the error lists what is missing, unexpected or misshapen.  {strict = false} only
-- minds shapes and returns the lists {missing=, unexpected=}.
function methods:load_state_dict(dict, options)
  if type(dict) ~= "table" then
    core._raise("load_state_dict: expected a table of tensors, got a " .. type(dict))
  end
  local strict = not (options and options.strict == false)
  local missing, unexpected, misshapen, known, pairs_to_copy = {}, {}, {}, {}, {}
  each_tensor(self, function(name, tensor)
    local given = dict[name]
    known[name] = true
    if not core.is_tensor(given) then
      missing[#missing + 1] = name
    elseif sizes(given) ~= sizes(tensor) then
      misshapen[#misshapen + 1] =
        ("%s is %s here, %s there"):format(name, sizes(tensor), sizes(given))
    else
      pairs_to_copy[#pairs_to_copy + 1] = {tensor, given}
    end
  end)
  for name in pairs(dict) do
    if not known[name] then unexpected[#unexpected + 1] = tostring(name) end
  end
  table.sort(unexpected)
  if #misshapen > 0 or (strict and #missing + #unexpected > 0) then
    local lines = {"load_state_dict: the state does not fit this module"}
    local groups = {{"missing", missing}, {"unexpected", unexpected}, {"misshapen", misshapen}}
    for _, group in ipairs(groups) do
      if #group[2] > 0 then
        lines[#lines + 1] = ("  %s: %s"):format(group[1], table.concat(group[2], ", "))
      end
    end
    core._raise(table.concat(lines, "\n"))
  end
  core.no_grad(function()
    for _, pair in ipairs(pairs_to_copy) do pair[1]:copy_(pair[2]) end
  end)
  return {missing = missing, unexpected = unexpected}
end

--- Training mode on or off, here and below: Dropout and BatchNorm behave by it.
function methods:train(on)
  each_module(self, function(_, module) module.training = on ~= false end)
  return self
end

function methods:eval() return self:train(false) end

--- Parameters that get no gradient, or get one again.
function methods:freeze()
  for _, p in ipairs(self:parameters()) do p:requires_grad_(false) end
  return self
end

function methods:unfreeze()
  for _, p in ipairs(self:parameters()) do p:requires_grad_(true) end
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

--- A tensor that is saved with the module but not trained.
function Module:register_buffer(name, tensor)
  local buffers = rawget(self, "_buffers") or {}
  rawset(self, "_buffers", buffers)
  buffers[name] = true
  self[name] = tensor
  return tensor
end

local function describe(node, indent)
  if type(node) == "userdata" then return tostring(node) end
  local lines = {}
  for _, key in ipairs(sorted_keys(node)) do
    local value = node[key]
    if has_fields(key, value) and (is_module(value) or next(value) ~= nil) then
      local inner = describe(value, indent .. "  ")
      lines[#lines + 1] = ("%s  (%s): %s"):format(indent, join("", key), inner)
    elseif core.is_tensor(value) and is_parameter[value] then
      lines[#lines + 1] = ("%s  (%s): Parameter %s"):format(indent, join("", key), sizes(value))
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
  return module
end

--- A class of modules: Tower = nn.Module:extend("Tower"); give it init and forward; Tower(...)
-- makes one.
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

--- A tensor that is trained: the field of a module it is put in counts as its parameter.
function nn.Parameter(tensor)
  if not core.is_tensor(tensor) then
    core._raise("Parameter: expected a tensor, got a " .. type(tensor))
  end
  if not tensor.is_leaf then tensor = tensor:detach():clone() end
  tensor:requires_grad_()
  is_parameter[tensor] = true
  return tensor
end

-- ---- containers ---------------------------------------------------------------------------------

local Sequential = Module:extend("Sequential")
nn.Sequential = Sequential

--- Modules (or functions) called one after the other: nn.Sequential{a, b, c}.
function Sequential:init(list, ...)
  if type(list) ~= "table" or is_module(list) then list = {list, ...} end
  for i, module in ipairs(list) do
    if not is_module(module) and type(module) ~= "function" then
      core._raise(("Sequential: entry %d is a %s, expected a module or a function"):format(
        i, type(module)))
    end
    self[i] = module
  end
end

-- A batch norm applies the activation behind it in its own pass over the data; where either has
-- hooks, those see what is between them.
local IN_ONE_PASS = {ReLU = "relu", ReLU6 = "relu6"}
local function in_one_pass(norm, activation)
  return type(norm) == "userdata" and type(activation) == "userdata"
    and norm.name:find "^BatchNorm" and not norm.hooked and not activation.hooked
    and IN_ONE_PASS[activation.name]
end

function Sequential:forward(x)
  local i, n = 1, #self
  while i <= n do
    local activation = in_one_pass(self[i], self[i + 1])
    if activation then
      x, i = self[i](x, activation), i + 2
    else
      x, i = self[i](x), i + 1
    end
  end
  return x
end

-- ---- a loss with a parameter --------------------------------------------------------------------

local InfoNCE = Module:extend("InfoNCE")
nn.InfoNCE = InfoNCE

local MOST = math.log(100)

--- The symmetric cross-entropy of CLIP (Radford et al., 2021) over scores [B,B], the row of an
-- image and the column of a text being a pair on the diagonal.  `logit_scale` is the logarithm of
-- 1/temperature; it is learned and kept at or below log(100).  {learn = false}: it stays.
function InfoNCE:init(temperature, options)
  temperature = temperature or 0.07
  local above = type(temperature) == "number" and temperature > 0
  if not above then
    core._raise(("InfoNCE: temperature is %s, expected a number above 0"):format(
      tostring(temperature)))
  end
  local start = core.tensor(-math.log(temperature))
  if options and options.learn == false then
    self:register_buffer("logit_scale", start)
  else
    self.logit_scale = nn.Parameter(start)
  end
end

function InfoNCE:temperature() return math.exp(-self.logit_scale:item()) end

function InfoNCE:forward(scores)
  local shape = core.is_tensor(scores) and scores.shape
  if not shape or #shape ~= 2 or shape[1] ~= shape[2] then
    core._raise("InfoNCE: scores is " ..
      (shape and "[" .. table.concat(shape, ",") .. "]" or "a " .. type(scores)) ..
      ", expected [B,B]")
  end
  if self.logit_scale:item() > MOST then
    core.no_grad(function() self.logit_scale:fill_(MOST) end)
  end
  local logits, pairs_ = scores * self.logit_scale:exp(), core.arange(shape[1])
  return (core.cross_entropy(logits, pairs_)
    + core.cross_entropy(logits:transpose(1, 2), pairs_)) / 2
end

nn.HingeRanking = require "vesper.ranking"(Module)

local CosineSimilarity = Module:extend("CosineSimilarity")
nn.CosineSimilarity = CosineSimilarity

--- cosine_similarity along dim.
function CosineSimilarity:init(dim, eps)
  self.dim, self.eps = dim or 2, eps or 1e-8
end

function CosineSimilarity:forward(x, y) return core.cosine_similarity(x, y, self.dim, self.eps) end

-- ---- layers, functions, initialisers ------------------------------------------------------------

for name, constructor in pairs(core.layers) do nn[name] = constructor end

nn.Embedding = setmetatable({
  --- An Embedding over a given table [V,D]; {freeze = true} keeps it as it is, {padding_idx = 1},
  --- {sparse = true} as Embedding's.
  from_pretrained = function(weight, options)
    options = options or {}
    local layer = core.layers.Embedding(weight.shape[1], weight.shape[2],
      {padding_idx = options.padding_idx, sparse = options.sparse or false})
    core.no_grad(function() layer.weight:copy_(weight) end)
    if options.freeze ~= false then layer.weight:requires_grad_(false) end
    return layer
  end,
}, {__call = function(_, ...) return core.layers.Embedding(...) end})

--- Ops by PyTorch's names for them; every op of vs is here too.
nn.functional = setmetatable({}, {__index = core})

nn.utils = {clip_grad_norm_ = core.clip_grad_norm_, clip_grad_value_ = core.clip_grad_value_}

nn.init = require "vesper.initialise"
require "vesper.attention"(nn)

--- What each module below this one gives for these inputs: lua/vesper/summary.lua.
function nn.summary(module, ...)
  if not is_module(module) then
    core._raise("summary: expected a module, got a " .. type(module))
  end
  return summary(module, ...)
end

return nn
