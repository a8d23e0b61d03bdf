-- pad, flip, roll, tile, repeat_interleave, tril and triu: PyTorch's values, other dtypes, nothing.
local given = require "spec.op.given"
local torch = require "spec.op.torch"

local list = {}
local add = given(list)
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

torch.add(list, {
  {"pad.two", {pad = {1, 2, 3, 0}, value = 0.5}}, {"pad.cut", {pad = {-1, 2, -2, -1}}},
  {"pad.outer", {pad = {0, 0, 1, 2}}}, {"pad.reflect", {pad = {2, 3, 1, 0}, mode = "reflect"}},
  {"pad.replicate", {pad = {2, 3, 1, 0}, mode = "replicate"}},
  {"flip", {dims = {1, 3}}}, {"flip.middle", {dims = 2}},
  {"roll", {shifts = {2, -1}, dims = {1, 3}}}, {"roll.far", {shifts = -17, dims = 2}},
  {"tile", {times = {2, 3}}}, {"tile.more", {times = {2, 1, 3}}}, {"tile.fewer", {times = 2}},
  {"repeat_interleave", {times = 3, dim = 2}},
  {"tril"}, {"tril.batch", {diagonal = -1}}, {"tril.more", {diagonal = 2}},
  {"triu"}, {"triu.batch", {diagonal = 1}}, {"triu.less", {diagonal = -2}},
})

return list
