-- hinge_ranking: gradients, and values that can be seen by eye.
local numbers = require "spec.support.numbers"

local uniform = numbers.uniform
local list = {}
local function add(case) list[#list + 1] = case end

for _, negatives in ipairs {"sum", "hardest"} do
  for _, reduction in ipairs {"mean", "sum"} do
    add {op = "hinge_ranking", name = negatives .. ", " .. reduction,
      args = {margin = 0.3, negatives = negatives, reduction = reduction},
      inputs = function(vs) return {uniform(vs, {5, 5}, -0.5, 0.5, 1)} end}
  end
  add {op = "hinge_ranking", name = negatives .. ", same labels", args = {negatives = negatives},
    inputs = function(vs)
      return {uniform(vs, {7, 7}, -0.3, 0.3, 2), numbers.mask(vs, {7, 7}, 3)}
    end}
end
-- margin 0.2; rows violate by 0.1 (1,2) and 0.5 (2,1); columns by 0.4 (2,1) and 0.2 (1,2).
add {op = "hinge_ranking", name = "by eye", grad = {},
  inputs = function(vs) return {vs.tensor {{0.5, 0.4}, {0.7, 0.4}}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {1.2 / 2}, {}, 1e-6) end}
add {op = "hinge_ranking", name = "no violation", args = {negatives = "hardest"},
  inputs = function(vs) return {vs.tensor {{2, 0, -1}, {0, 2, 1}, {-1, 1, 2}}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0}, {}) end}

return list
