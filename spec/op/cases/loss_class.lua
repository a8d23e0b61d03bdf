-- cross_entropy and nll_loss: gradients, and values that can be seen by eye.
local numbers = require "spec.support.numbers"

local signed, uniform, index = numbers.signed, numbers.uniform, numbers.index
local list = {}
local function add(case) list[#list + 1] = case end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

for _, reduction in ipairs {"mean", "sum", "none"} do
  add {op = "cross_entropy", name = reduction, args = {reduction = reduction},
    inputs = function(vs) return {signed(vs, {5, 7}, 1), index(vs, {5}, 7, 2)} end}
  add {op = "cross_entropy", name = reduction .. ", all options", constant = {"weight"},
    args = {reduction = reduction, ignore_index = 3, label_smoothing = 0.1}, grad = {true},
    inputs = function(vs)
      return {signed(vs, {5, 19}, 1), ids(vs, {3, 1, 19, 3, 2}), uniform(vs, {19}, 0.5, 2, 3)}
    end}
  add {op = "nll_loss", name = reduction, args = {reduction = reduction, ignore_index = -1},
    constant = {"weight"}, grad = {true},
    inputs = function(vs)
      return {signed(vs, {4, 3}, 1), ids(vs, {3, -1, 1, 3}), uniform(vs, {3}, 0.5, 2, 3)}
    end}
end
add {op = "cross_entropy", name = "every row ignored", args = {ignore_index = 2},
  inputs = function(vs) return {signed(vs, {2, 3}, 1), ids(vs, {2, 2})} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0}, {}) end}
add {op = "cross_entropy", name = "large values", grad = {},
  inputs = function(vs) return {vs.tensor {{1000, 0}, {1000, 0}}, ids(vs, {1, 2})} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {500}, {}) end}

return list
