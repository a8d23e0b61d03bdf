-- Unary element-wise ops: each against its formula in Lua, values away from kinks for the gradient,
-- then the points where formulas break (0, halves, overflow, NaN).
local by_formula = require "spec.op.formula"
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local inf, nan = math.huge, 0 / 0
local list = {}
local function add(case) list[#list + 1] = case end

local function sigmoid(x) return 1 / (1 + math.exp(-x)) end
local function tanh(x) return 1 - 2 / (math.exp(2 * x) + 1) end
local function erf(x)
  local sum, term = 0, x
  for n = 0, 80 do
    sum = sum + term / (2 * n + 1)
    term = -term * x * x / (n + 1)
  end
  return sum * 2 / math.sqrt(math.pi)
end
local function half_even(x)
  local low = math.floor(x)
  if x - low ~= 0.5 then return math.floor(x + 0.5) end
  return low % 2 == 0 and low or low + 1
end
local function sign(x) return x > 0 and 1 or x < 0 and -1 or 0 end

-- op -> formula, arguments by name, range of values when it is not [-1.5, 1.5] without 0
local unary = {
  {"neg", function(x) return -x end},
  {"abs", math.abs},
  {"exp", math.exp},
  {"log", math.log, range = {0.2, 3}},
  {"sqrt", math.sqrt, range = {0.2, 3}},
  {"rsqrt", function(x) return 1 / math.sqrt(x) end, range = {0.3, 3}},
  {"square", function(x) return x * x end},
  {"reciprocal", function(x) return 1 / x end, range = {0.4, 3}},
  {"sin", math.sin, range = {-7, 7}},
  {"cos", math.cos, range = {-7, 7}},
  {"tan", math.tan, range = {-1.2, 1.2}},
  {"asin", math.asin, range = {-0.9, 0.9}},
  {"acos", math.acos, range = {-0.9, 0.9}},
  {"atan", math.atan, range = {-4, 4}},
  {"sinh", function(x) return (math.exp(x) - math.exp(-x)) / 2 end, range = {-3, 3}},
  {"cosh", function(x) return (math.exp(x) + math.exp(-x)) / 2 end, range = {-3, 3}},
  {"erf", erf, range = {-2.5, 2.5}},
  {"tanh", tanh, range = {-4, 4}},
  {"sigmoid", sigmoid, range = {-6, 6}},
  {"relu", function(x) return math.max(x, 0) end},
  {"relu6", function(x) return math.min(math.max(x, 0), 6) end, scale = 6},
  {"leaky_relu", function(x) return x > 0 and x or 0.01 * x end},
  {"leaky_relu", function(x) return x > 0 and x or 0.2 * x end, args = {negative_slope = 0.2}},
  {"elu", function(x) return x > 0 and x or math.exp(x) - 1 end},
  {"elu", function(x) return x > 0 and x or 0.7 * (math.exp(x) - 1) end, args = {alpha = 0.7}},
  {"gelu", function(x) return x * 0.5 * (1 + erf(x / math.sqrt(2))) end, range = {-3, 3}},
  {"gelu", function(x)
    return x * 0.5 * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ^ 3)))
  end, range = {-3, 3}, args = {approximate = "tanh"}},
  {"silu", function(x) return x * sigmoid(x) end, range = {-6, 6}},
  {"softplus", function(x) return math.log(1 + math.exp(x)) end, range = {-6, 6}},
  {"hardsigmoid", function(x) return math.min(math.max(x / 6 + 0.5, 0), 1) end, range = {-4, 4}},
  {"hardswish", function(x) return x * math.min(math.max(x / 6 + 0.5, 0), 1) end,
    range = {-4, 4}},
  {"mish", function(x) return x * tanh(math.log(1 + math.exp(x))) end, range = {-6, 6}},
  {"softsign", function(x) return x / (1 + math.abs(x)) end, range = {-3, 3}},
  {"selu", function(x)
    return 1.0507009873554805 * (x > 0 and x or 1.6732632423543772 * (math.exp(x) - 1))
  end},
  {"clamp", function(x) return math.min(math.max(x, -0.75), 0.8) end,
    args = {min = -0.75, max = 0.8}},
  {"clamp", function(x) return math.min(x, 0.5) end, args = {max = 0.5}},
  {"clamp", function(x) return math.max(x, 0.02) end, args = {min = 0.02}},
  {"sign", sign},
  {"floor", math.floor, range = {-3, 3}},
  {"ceil", math.ceil, range = {-3, 3}},
  {"round", half_even, range = {-3, 3}},
  {"trunc", function(x) return x < 0 and math.ceil(x) or math.floor(x) end, range = {-3, 3}},
}
for k, u in ipairs(unary) do
  local given = {}
  for name, value in numbers.sorted(u.args or {}) do given[#given + 1] = name .. " " .. value end
  for _, shape in ipairs {{3, 5, 7}, {1}, {}} do
    add {op = u[1], name = table.concat(given, " ") .. " of [" .. table.concat(shape, ",") .. "]",
      args = u.args, forward = by_formula(u[2]),
      inputs = function(vs)
        if u.range then return {numbers.uniform(vs, shape, u.range[1], u.range[2], k)} end
        local x = numbers.signed(vs, shape, k)
        return {u.scale and x * u.scale or x}
      end}
  end
end

-- Values alone, where there is no derivative or it is of no use: {x, ...} -> {y, ...}
local edges = {
  abs = {{-0.0, 0, -inf, nan}, {0, 0, inf, nan}},
  exp = {{-1000, 1000, -inf, inf, nan}, {0, inf, 0, inf, nan}},
  log = {{0, -1, inf, 1, nan}, {-inf, nan, inf, 0, nan}},
  sqrt = {{0, -1, inf, nan}, {0, nan, inf, nan}},
  reciprocal = {{inf, 0.5}, {0, 2}},
  asin = {{2, 1}, {nan, math.pi / 2}},
  atan = {{inf, -inf, nan}, {math.pi / 2, -math.pi / 2, nan}},
  erf = {{-50, 0, 50, nan}, {-1, 0, 1, nan}},
  trunc = {{-1.5, 2.999, -3, inf}, {-1, 2, -3, inf}},
  tanh = {{-100, 100, 0, nan}, {-1, 1, 0, nan}},
  sigmoid = {{-200, 200, 0, nan}, {0, 1, 0.5, nan}},
  relu = {{-1, 0, 3, inf, nan}, {0, 0, 3, inf, nan}},
  relu6 = {{-1, 0, 3, 7}, {0, 0, 3, 6}},
  elu = {{-200, 0, 200}, {-1, 0, 200}},
  silu = {{-200, 0, 200}, {0, 0, 200}},
  gelu = {{-50, 0, 50}, {0, 0, 50}},
  softplus = {{-200, 200, 0}, {0, 200, math.log(2)}},
  hardsigmoid = {{-4, -3, 0, 3, 4, nan}, {0, 0, 0.5, 1, 1, nan}},
  hardswish = {{-inf, -3, 0, 3, inf, nan}, {0, 0, 0, 3, inf, nan}},
  mish = {{-200, 0, 200}, {0, 0, 200}},
  selu = {{-200, 0}, {-1.7580993408473766, 0}},
  sign = {{-3, 0, 3}, {-1, 0, 1}},
  floor = {{-1.5, -0.0, 2.999, 3}, {-2, 0, 2, 3}},
  ceil = {{-1.5, 2.001, 3}, {-1, 3, 3}},
  round = {{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.6}, {-2, -2, 0, 0, 2, 2, 3}},
}
for op, pair in numbers.sorted(edges) do
  add {op = op, name = "edge values", grad = {},
    inputs = function(vs) return {vs.tensor(pair[1])} end,
    forward = function(vs, outputs) numbers.same(vs, outputs[1], pair[2]) end}
end

add {op = "gelu", name = "edge values by tanh", args = {approximate = "tanh"}, grad = {},
  inputs = function(vs) return {vs.tensor {-50, 0, 50, 1e20, nan}} end,
  forward = function(vs, outputs, inputs)
    numbers.same(vs, outputs[1], {0, 0, 50, 1e20, nan})
    local x = inputs[1]:detach():clone():requires_grad_()
    x:gelu("tanh"):sum():backward()
    numbers.same(vs, x.grad, {0, 0.5, 1, 1, nan})
  end}

torch.add(list, {
  {"gelu.tanh", {approximate = "tanh"}},
  {"log1p"}, {"log2"}, {"expm1"},
})

return list
