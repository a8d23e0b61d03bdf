-- vs.autograd: differentiable functions written in Lua.
local core = require "vesper.core"
local check = require "vesper.util.check"
local options = require "vesper.util.options"

local autograd = {}

local FIELDS = {name = true, forward = true, backward = true}

--- Creates a differentiable function:
--   local clip = vs.autograd.Function{name = "clip",
--     forward = function(ctx, x, limit)
--       ctx.inside = x:abs():le(limit)
--       return x:clamp(-limit, limit)
--     end,
--     backward = function(ctx, dy) return dy * ctx.inside:float() end}
-- forward gets ctx, a new table for each call, and the arguments; its ops are not recorded.
-- backward gets ctx and one gradient per result (zeros for an unused result) and returns one
-- gradient per argument, nil for arguments that are not tensors.  ctx.needs_input_grad[i] says
-- whether argument i needs a gradient.
function autograd.Function(def)
  check.kind("Function", "definition", def, "table")
  local wrong = options.unknown(def, "field", FIELDS)
  if wrong then check.fail("Function", "%s", wrong) end
  check.kind("Function", "forward", def.forward, "function")
  check.kind("Function", "backward", def.backward, "function")
  return core._function(def.name or "function", def.forward, def.backward)
end

return autograd
