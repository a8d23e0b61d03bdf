-- prod, var, std, norm: PyTorch's values, and where those do not reach: integers,
-- nothing at all, one value, zeros.
local given = require "spec.op.given"
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local list = {}
local add = given(list)
local function ids(values) return function(vs) return vs.tensor(values, {dtype = "int64"}) end end
local function real(values) return function(vs) return vs.tensor(values) end end
local function zeros(...)
  local sizes = {...}
  return function(vs) return vs.zeros(sizes) end
end
local nan, inf = 0 / 0, math.huge

add("prod", "integers", {dim = 2}, ids {{2, 3, 4}, {-1, 5, 7}}, {24, -35}, {2}, "int64")
add("prod", "masks", nil, function(vs) return vs.ones(3, {dtype = "bool"}) end, {1}, {}, "int64")
add("prod", "of nothing", {dim = 1}, zeros(0, 3), {1, 1, 1}, {3})
add("var", "of one value", {dim = 1}, zeros(1, 2), {nan, nan}, {2})
add("var", "of one value, biased", {dim = 1, unbiased = false}, zeros(1, 2), {0, 0}, {2})
add("std", "of nothing", {dim = 1}, zeros(0, 2), {nan, nan}, {2})
add("var", "far from 0", nil, real {10001, 10002, 10003}, {1}, {})
add("norm", "counts", {p = 0, dim = 2}, real {{0, 3, -1}, {0, 0, 0}}, {2, 0}, {2})
add("norm", "of nothing", {p = inf, dim = 1}, zeros(0, 2), {0, 0}, {2})
add("norm", "NaN stays", {p = inf}, real {1, nan, 2}, {nan}, {})
add("norm", "whole numbers", {p = 2, dim = {1, 2}}, real {{3, 0}, {0, -4}}, {5}, {})

-- Where the root or a power has no derivative the gradient is 0, not NaN.
for op, args in numbers.sorted {std = {dim = 2}, norm = {dim = 2}} do
  list[#list + 1] = {op = op, name = "no gradient at 0", args = args, grad = {},
    inputs = function(vs) return {vs.zeros(2, 3)} end,
    forward = function(vs)
      local x = vs.zeros(2, 3, {requires_grad = true})
      x[op](x, args):sum():backward()
      numbers.same(vs, x.grad, {0, 0, 0, 0, 0, 0}, {2, 3})
    end}
end

torch.add(list, {
  {"prod.all"}, {"prod.dim", {dim = 2, keepdim = true}}, {"prod.zeros", {dim = {2}}},
  {"var.all", {unbiased = false}}, {"var.dims", {dim = {1, 3}, keepdim = true}},
  {"std.dim", {dim = -1}}, {"std.biased", {dim = {1, 2}, unbiased = false}},
  {"norm.two"}, {"norm.one", {p = 1, dim = 2}},
  {"norm.three", {p = 3, dim = {1, 3}, keepdim = true}}, {"norm.half", {p = 0.5, dim = -1}},
  {"norm.inf", {p = inf, dim = 2}, kink = true}, {"norm.least", {p = -inf, dim = 2}},
})

return list
