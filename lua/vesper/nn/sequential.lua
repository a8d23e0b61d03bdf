-- nn.Sequential: modules called one after the other.
local core = require "vesper.core"
local module = require "vesper.nn.module"
local through = require "vesper.nn.through"
local check = require "vesper.util.check"

local is_module = module.is_module

local Sequential = module.Module:extend "Sequential"

--- Calls modules or functions one after the other: nn.Sequential{a, b, c}.
function Sequential:init(list, ...)
  if type(list) ~= "table" or is_module(list) then
    list = table.pack(list, ...)
    for i = 1, list.n do
      if list[i] == nil then
        check.fail("Sequential", "entry %d is nil, expected a module or a function", i)
      end
    end
  end
  check.list("Sequential", "modules", list)
  for i, entry in ipairs(list) do
    if not is_module(entry) and type(entry) ~= "function" then
      core._raise(("Sequential: entry %d is a %s, expected a module or a function"):format(
        i, type(entry)))
    end
    self[i] = entry
  end
end

-- A batch norm applies the following activation in the same pass over the data, unless one of the
-- two has hooks, which need the value between them.
local IN_ONE_PASS = {ReLU = "relu", ReLU6 = "relu6"}
local function in_one_pass(norm, activation)
  return type(norm) == "userdata" and type(activation) == "userdata"
    and norm.name:find "^BatchNorm" and not norm.hooked and not activation.hooked
    and IN_ONE_PASS[activation.name]
end

function Sequential:forward(x)
  local calls, i = {}, 1
  while self[i] do
    local activation = in_one_pass(self[i], self[i + 1]) or false
    calls[#calls + 1], calls[#calls + 2] = self[i], activation
    i = i + (activation and 2 or 1)
  end
  return through.all(x, calls)
end

return {Sequential = Sequential}
