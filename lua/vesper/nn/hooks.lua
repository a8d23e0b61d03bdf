-- Hooks of modules: functions that get a module's inputs, outputs and gradients as lists with the
-- field n, which they may change.
local core = require "vesper.core"
local autograd = require "vesper.autograd"
local check = require "vesper.util.check"

local hooks = {}

-- module -> {before = list, after = list, backward = list} of entries {call = fn}, and `forward`, a
-- function or nil.  A list is
-- replaced, never changed, so that a hook may remove itself while it runs.
local hooks_of = setmetatable({}, {__mode = "k"})

local function replaced(list, leave_out, add)
  local new = {}
  for _, entry in ipairs(list) do
    if entry ~= leave_out then new[#new + 1] = entry end
  end
  new[#new + 1] = add
  return new
end

local function register(module, kind, fn, name)
  check.kind(name, "hook", fn, "function")
  local mine = hooks_of[module] or {before = {}, after = {}, backward = {}}
  local entry = {call = fn}
  hooks_of[module] = mine
  mine[kind] = replaced(mine[kind], nil, entry)
  if type(module) == "userdata" then module.hooked = true end
  return {remove = function() mine[kind] = replaced(mine[kind], entry) end}
end

--- Calls fn(module, inputs) before each call of the module.  Returns a handle: handle:remove().
function hooks:register_forward_pre_hook(fn)
  return register(self, "before", fn, "register_forward_pre_hook")
end

--- Calls fn(module, inputs, outputs) after each call.
function hooks:register_forward_hook(fn)
  return register(self, "after", fn, "register_forward_hook")
end

--- Calls fn(module, grad_inputs, grad_outputs) in each backward through the module.
function hooks:register_full_backward_hook(fn)
  return register(self, "backward", fn, "register_full_backward_hook")
end

--- Calls of the module run fn(module, ...) in place of its forward; nil: the forward again.
function hooks.replace_forward(module, fn)
  hooks_of[module] = hooks_of[module] or {before = {}, after = {}, backward = {}}
  hooks_of[module].forward = fn
  if type(module) == "userdata" then module.hooked = true end
end

-- gate(see, ...) returns `...`; in backward the gradients are replaced by see(gradients...).
local gate = autograd.Function {
  name = "backward hook",
  forward = function(ctx, see, ...)
    ctx.see = see
    return ...
  end,
  backward = function(ctx, ...) return nil, ctx.see(...) end,
}

local function any_wants_grad(list)
  for i = 1, list.n do
    if core.is_tensor(list[i]) and list[i].requires_grad then return true end
  end
  return false
end

local function run(list, ...)
  for _, entry in ipairs(list) do entry.call(...) end
end

local function forward(module, mine, inputs)
  if mine.forward then return mine.forward(module, table.unpack(inputs, 1, inputs.n)) end
  return module:forward(table.unpack(inputs, 1, inputs.n))
end

local function forward_with_gates(module, mine, inputs)
  local list = mine.backward
  local grad_outputs
  local inner = any_wants_grad(inputs)
  if inner then
    inputs = table.pack(gate(function(...)
      local grads = table.pack(...)
      run(list, module, grads, grad_outputs)
      return table.unpack(grads, 1, grads.n)
    end, table.unpack(inputs, 1, inputs.n)))
  end
  return table.pack(gate(function(...)
    grad_outputs = table.pack(...)
    if not inner then run(list, module, {n = 0}, grad_outputs) end
    return ...
  end, forward(module, mine, inputs)))
end

-- Calls a module through its hooks.
function hooks.call(module, ...)
  local mine = hooks_of[module]
  if not mine then return module:forward(...) end
  local inputs = table.pack(...)
  local outputs
  run(mine.before, module, inputs)
  if #mine.backward > 0 and core.is_grad_enabled() then
    outputs = forward_with_gates(module, mine, inputs)
  else
    outputs = table.pack(forward(module, mine, inputs))
  end
  run(mine.after, module, inputs, outputs)
  return table.unpack(outputs, 1, outputs.n)
end

return hooks
