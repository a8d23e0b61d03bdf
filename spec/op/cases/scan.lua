-- cumsum, cumprod: PyTorch's values, and integers, masks, nothing at all.
local given = require "spec.op.given"
local torch = require "spec.op.torch"

local list = {}
local add = given(list)
local function ids(values) return function(vs) return vs.tensor(values, {dtype = "int64"}) end end

add("cumsum", "integers", {dim = 1}, ids {{1, 2}, {3, 4}, {5, 6}}, {1, 2, 4, 6, 9, 12}, {3, 2},
  "int64")
add("cumsum", "masks", {dim = -1}, function(vs) return vs.ones(4, {dtype = "bool"}) end,
  {1, 2, 3, 4}, {4}, "int64")
add("cumsum", "of nothing", {dim = 2}, function(vs) return vs.zeros(3, 0) end, {}, {3, 0})

torch.add(list, {
  {"cumsum.last", {dim = -1}}, {"cumsum.middle", {dim = 2}}, {"cumsum.wide", {dim = 1}},
  {"cumprod.last", {dim = -1}}, {"cumprod.middle", {dim = 2}}, {"cumprod.zeros", {dim = 2}},
})

return list
