-- vs.autograd: functions with a backward of one's own.
local core = require "vesper.core"
local check = require "vesper.util.check"
local options = require "vesper.util.options"

local autograd = {}

local FIELDS = {name = true, forward = true, backward = true}

--- A differentiable function written in Lua, called like any other:
--   local clip = vs.autograd.Function{name = "clip",
--     forward = function(ctx, x, limit)
--       ctx.inside = x:abs():le(limit)
--       return x:clamp(-limit, limit)
--     end,
--     backward = function(ctx, dy) return dy * ctx.inside:float() end}
-- forward gets ctx, a table of the call's own, and the arguments; nothing it does is recorded.
-- backward gets ctx and one gradient a result, zeros where nothing flowed, and returns one a tensor
-- among the arguments by position, nil for others.  ctx.needs_input_grad[i] says whether argument i
-- wants one.
function autograd.Function(def)
  if type(def) ~= "table" then
    core._raise("Function: expected {name =, forward =, backward =}, got a " .. type(def))
  end
  local wrong = options.unknown(def, "field", FIELDS)
  if wrong then check.fail("Function", "%s", wrong) end
  check.kind("Function", "forward", def.forward, "function")
  check.kind("Function", "backward", def.backward, "function")
  return core._function(def.name or "function", def.forward, def.backward)
end

return autograd
