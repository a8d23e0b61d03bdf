-- scatter, scatter_add and index_add: repeats, numbers, other dtypes, and PyTorch's values.
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local list = {}
local function add(case) list[#list + 1] = case end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

add {op = "scatter", name = "the last of several", args = {dim = 2},
  inputs = function(vs)
    return {numbers.signed(vs, {2, 3}, 1), ids(vs, {{1, 1, 3}, {2, 2, 2}}),
      numbers.signed(vs, {2, 3}, 2)}
  end,
  forward = function(vs, outputs, inputs)
    local x, s = numbers.flat(inputs[1]), numbers.flat(inputs[3])
    numbers.same(vs, outputs[1], {s[2], x[2], s[3], x[4], s[6], x[6]}, {2, 3})
  end}
add {op = "scatter", name = "a number", args = {dim = 1}, grad = {true, false, false},
  inputs = function(vs) return {numbers.signed(vs, {3, 2}, 1), ids(vs, {{3, 1}}), 2.5} end,
  forward = function(vs, outputs, inputs)
    local x = numbers.flat(inputs[1])
    numbers.same(vs, outputs[1], {x[1], 2.5, x[3], x[4], 2.5, x[6]}, {3, 2})
  end}
add {op = "scatter", name = "a tensor of one number", args = {dim = 1},
  inputs = function(vs)
    return {numbers.signed(vs, {3, 2}, 1), ids(vs, {{3, 1}, {3, 2}}), vs.tensor(0.7)}
  end}
add {op = "scatter", name = "classes as bytes", args = {dim = 2}, grad = {},
  inputs = function(vs) return {vs.zeros(2, 3, {dtype = "uint8"}), ids(vs, {{2}, {3}}), 1} end,
  forward = function(vs, outputs)
    assert(outputs[1].dtype == "uint8")
    numbers.same(vs, outputs[1], {0, 1, 0, 0, 0, 1}, {2, 3})
  end}
add {op = "scatter_add", name = "counts", args = {dim = 1}, grad = {},
  inputs = function(vs)
    return {vs.zeros(3, {dtype = "int64"}), ids(vs, {1, 3, 3, 1, 3}), ids(vs, {1, 1, 1, 1, 1})}
  end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {2, 0, 3}, {3}) end}

torch.add(list, {
  {"scatter.last", {dim = 2}}, {"scatter.first", {dim = 1}},
  {"scatter_add.last", {dim = 2}}, {"scatter_add.first", {dim = 1}},
  {"index_add.rows", {dim = 1}}, {"index_add.scaled", {dim = -1, alpha = -1.5}},
})

return list
