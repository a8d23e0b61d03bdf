-- Modules called one after the other.
local core = require "vesper.core"

local through = {}

-- Functions that neither keep nor return the tensor that they are given.
local plain_functions = setmetatable({}, {__mode = "k"})

--- through.all(x, {module1, argument1, module2, argument2, ...}) is module2(module1(x, argument1),
-- argument2), and so on; an argument that is false is left out.  What one layer written in C makes
-- for another is freed as soon as that one has read it and does not wait for a garbage collection.
-- Modules written in Lua and hooks may keep what they are given: what they make or read is left to
-- the collector.
function through.all(x, calls)
  local made_here = false
  for i = 1, #calls, 2 do
    local module, argument = calls[i], calls[i + 1]
    local plain = plain_functions[module] or (type(module) == "userdata" and not module.hooked)
    local y
    if argument then y = module(x, argument) else y = module(x) end
    if made_here and plain then core._free(x) end
    x, made_here = y, plain
  end
  return x
end

--- Marks a function of vesper's own that neither keeps nor returns what it is given.  Returns it.
function through.plain(fn)
  plain_functions[fn] = true
  return fn
end

return through
