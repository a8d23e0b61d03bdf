-- Error values of the user's code, as `lua` says them.
local core = require "vesper.core"

local problem = {}

--- The text of an error value.
function problem.text(value)
  if type(value) == "string" or type(value) == "number" then return tostring(value) end
  local meta = debug.getmetatable(value)
  if type(meta) == "table" and meta.__tostring then return tostring(value) end
  return ("(error object is a %s value)"):format(type(value))
end

--- Whether an error value is that of a Ctrl-C.
function problem.is_interrupt(value)
  return type(value) == "string" and value:match "interrupted$" ~= nil
    and core._pressed_interrupt()
end

return problem
