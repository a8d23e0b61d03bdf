-- masked_select, nonzero and one_hot: other dtypes, nothing set, and PyTorch's values.
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local list = {}
local function add(case) list[#list + 1] = case end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

add {op = "masked_select", name = "integers, none set", grad = {},
  inputs = function(vs) return {ids(vs, {1, 2, 3}), vs.zeros(3, {dtype = "bool"})} end,
  forward = function(vs, outputs)
    assert(outputs[1].dtype == "int64")
    numbers.same(vs, outputs[1], {}, {0})
  end}
add {op = "nonzero", name = "a matrix",
  inputs = function(vs) return {vs.tensor {{0, 3, 0}, {-1, 0, 0.5}}} end,
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {1, 2, 2, 1, 2, 3}, {3, 2})
  end}
add {op = "nonzero", name = "a mask of three dimensions",
  inputs = function(vs) return {numbers.mask(vs, {2, 3, 5}, 4)} end,
  forward = function(vs, outputs, inputs)
    local want = {}
    for i, v in ipairs(numbers.flat(inputs[1])) do
      if v == 1 then
        local at = i - 1
        for _, p in ipairs {at // 15 + 1, at // 5 % 3 + 1, at % 5 + 1} do want[#want + 1] = p end
      end
    end
    numbers.same(vs, outputs[1], want, {#want // 3, 3})
  end}
add {op = "one_hot", name = "the largest",
  inputs = function(vs) return {ids(vs, {3, 1})} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, 0, 1, 1, 0, 0}, {2, 3}) end}
add {op = "one_hot", name = "classes given", args = {classes = 3},
  inputs = function(vs) return {ids(vs, {{1, 2}, {2, 1}})} end,
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0}, {2, 2, 3})
  end}

torch.add(list, {
  {"masked_select.same"}, {"masked_select.row"},
})

return list
