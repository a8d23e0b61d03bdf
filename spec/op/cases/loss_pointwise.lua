-- Losses element by element: gradients, and values that can be seen by eye.
local numbers = require "spec.support.numbers"

local signed, uniform = numbers.signed, numbers.uniform
local list = {}
local function add(case) list[#list + 1] = case end

for _, reduction in ipairs {"mean", "sum", "none"} do
  for _, op in ipairs {"mse_loss", "l1_loss", "smooth_l1_loss"} do
    add {op = op, name = reduction, args = {reduction = reduction},
      inputs = function(vs) return {uniform(vs, {3, 7}, 0, 1, 1), uniform(vs, {3, 7}, 2, 3, 2)} end}
  end
  add {op = "binary_cross_entropy_with_logits", name = reduction, args = {reduction = reduction},
    inputs = function(vs) return {signed(vs, {3, 7}, 1), uniform(vs, {3, 7}, 0, 1, 2)} end}
  add {op = "huber_loss", name = reduction, args = {reduction = reduction, delta = 0.5},
    inputs = function(vs) return {uniform(vs, {3, 7}, 0, 1, 1), uniform(vs, {3, 7}, 2, 3, 2)} end}
end
add {op = "smooth_l1_loss", name = "inside beta", args = {beta = 2},
  inputs = function(vs) return {uniform(vs, {3, 5}, 0, 1, 1), uniform(vs, {3, 5}, 0, 1, 2)} end}
add {op = "binary_cross_entropy_with_logits", name = "weights", constant = {"weight", "pos_weight"},
  grad = {true, true},
  inputs = function(vs)
    return {signed(vs, {3, 7}, 1), uniform(vs, {3, 7}, 0, 1, 2), uniform(vs, {3, 1}, 0.5, 2, 3),
      uniform(vs, {7}, 0.5, 3, 4)}
  end}
add {op = "binary_cross_entropy_with_logits", name = "large values", grad = {},
  args = {reduction = "none"},
  inputs = function(vs) return {vs.tensor {100, -100, 100, -100}, vs.tensor {1, 1, 0, 0}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, 100, 100, 0}, {4}) end}
add {op = "huber_loss", name = "inside delta", args = {delta = 2},
  inputs = function(vs) return {uniform(vs, {3, 5}, 0, 1, 1), uniform(vs, {3, 5}, 0, 1, 2)} end}
for _, reduction in ipairs {"mean", "sum", "none", "batchmean"} do
  add {op = "kl_div", name = reduction, args = {reduction = reduction},
    inputs = function(vs)
      return {uniform(vs, {3, 7}, -3, 0, 1), uniform(vs, {3, 7}, 0.1, 1, 2)}
    end}
  add {op = "kl_div", name = reduction .. ", of logarithms",
    args = {reduction = reduction, log_target = true},
    inputs = function(vs) return {uniform(vs, {3, 7}, -3, 0, 1), uniform(vs, {3, 7}, -3, 0, 2)} end}
end
add {op = "kl_div", name = "targets of 0", grad = {}, args = {reduction = "none"},
  inputs = function(vs) return {vs.tensor{-1, -2}, vs.tensor{0, 1}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, 2}, {2}) end}

return list
