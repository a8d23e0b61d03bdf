-- vs.autograd: functions with a backward of one's own.
local core = require "vesper.core"

local autograd = {}

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
  for key in pairs(def) do
    if key ~= "name" and key ~= "forward" and key ~= "backward" then
      core._raise(("Function: unknown field '%s', expected name, forward, backward"):format(
        tostring(key)))
    end
  end
  for _, key in ipairs {"forward", "backward"} do
    if type(def[key]) ~= "function" then
      core._raise(("Function: %s is a %s, expected a function"):format(key, type(def[key])))
    end
  end
  return core._function(def.name or "function", def.forward, def.backward)
end

return autograd
