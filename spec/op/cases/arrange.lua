-- pad, flip, roll, tile, tril of other dtypes and of nothing; PyTorch's values are in torch.lua.
local numbers = require "spec.support.numbers"

local list = {}
local function add(op, name, args, data, want, shape, dtype)
  list[#list + 1] = {op = op, name = name, args = args, grad = {},
    inputs = function(vs) return {data(vs)} end,
    forward = function(vs, outputs)
      if dtype then assert(outputs[1].dtype == dtype, "dtype is " .. outputs[1].dtype) end
      numbers.same(vs, outputs[1], want, shape)
    end}
end
local function ids(values) return function(vs) return vs.tensor(values, {dtype = "int64"}) end end
local function empty(...)
  local sizes = {...}
  return function(vs) return vs.zeros(sizes) end
end

add("pad", "integers", {pad = {1, 1}, value = 7}, ids {1, 2}, {7, 1, 2, 7}, {4}, "int64")
add("pad", "around nothing", {pad = {1, 1}, value = 2}, empty(2, 0), {2, 2, 2, 2}, {2, 2})
add("pad", "to nothing", {pad = {-1, -1}}, empty(3, 2), {}, {3, 0})
add("flip", "all", {}, ids {{1, 2}, {3, 4}}, {4, 3, 2, 1}, {2, 2}, "int64")
add("flip", "nothing", {}, empty(0, 3), {}, {0, 3})
add("roll", "bytes", {shifts = {1}, dims = {1}},
  function(vs) return vs.tensor({1, 2, 3}, {dtype = "uint8"}) end, {3, 1, 2}, {3}, "uint8")
add("tile", "no times", {times = {0, 2}}, empty(2, 3), {}, {0, 6})
add("tile", "a number", {times = {2, 2}}, function(vs) return vs.tensor(5) end, {5, 5, 5, 5},
  {2, 2})
add("repeat_interleave", "integers", {times = 2}, ids {1, 2}, {1, 1, 2, 2}, {4}, "int64")
add("repeat_interleave", "no times", {times = 0}, ids {1, 2}, {}, {0})
add("tril", "integers far off", {diagonal = -9}, ids {{1, 2}, {3, 4}}, {0, 0, 0, 0}, {2, 2})
add("triu", "integers far off", {diagonal = -9}, ids {{1, 2}, {3, 4}}, {1, 2, 3, 4}, {2, 2})

return list
