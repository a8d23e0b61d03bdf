-- index_select and gather.
local numbers = require "spec.support.numbers"

local list = {}
local function add(case) list[#list + 1] = case end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

add {op = "index_select", name = "rows, repeated", args = {dim = 1},
  inputs = function(vs) return {numbers.signed(vs, {5, 3}, 1), ids(vs, {4, 1, 4, 5})} end,
  forward = function(vs, outputs, inputs)
    local x, want = numbers.flat(inputs[1]), {}
    for _, row in ipairs {4, 1, 4, 5} do table.move(x, row * 3 - 2, row * 3, #want + 1, want) end
    numbers.same(vs, outputs[1], want, {4, 3})
  end}
add {op = "index_select", name = "columns", args = {dim = -1},
  inputs = function(vs) return {numbers.signed(vs, {2, 5, 3}, 1), ids(vs, {3, 1})} end,
  forward = function(vs, outputs, inputs)
    local x, want = numbers.flat(inputs[1]), {}
    for row = 0, 9 do
      want[#want + 1] = x[row * 3 + 3]
      want[#want + 1] = x[row * 3 + 1]
    end
    numbers.same(vs, outputs[1], want, {2, 5, 2})
  end}
add {op = "index_select", name = "integers", args = {dim = 1}, grad = {},
  inputs = function(vs) return {ids(vs, {10, 20, 30}), ids(vs, {3, 3})} end,
  forward = function(vs, outputs)
    assert(outputs[1].dtype == "int64")
    numbers.same(vs, outputs[1], {30, 30}, {2})
  end}
add {op = "gather", name = "along the last", args = {dim = 2},
  inputs = function(vs)
    return {numbers.signed(vs, {3, 5}, 2), ids(vs, {{5, 5}, {1, 2}, {3, 1}})}
  end,
  forward = function(vs, outputs, inputs)
    local x = numbers.flat(inputs[1])
    numbers.same(vs, outputs[1], {x[5], x[5], x[6], x[7], x[13], x[11]}, {3, 2})
  end}
add {op = "gather", name = "along the first", args = {dim = 1},
  inputs = function(vs) return {numbers.signed(vs, {3, 2}, 2), ids(vs, {{3, 1}})} end,
  forward = function(vs, outputs, inputs)
    local x = numbers.flat(inputs[1])
    numbers.same(vs, outputs[1], {x[5], x[2]}, {1, 2})
  end}

return list
