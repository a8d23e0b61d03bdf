-- Element-wise ops: each against its formula in Lua, values away from kinks for the gradient, then
-- the points where formulas break (0, halves, overflow, NaN).
local numbers = require "spec.support.numbers"

local inf, nan = math.huge, 0 / 0
local same, shape_of = numbers.same, numbers.shape
local list = {}
local function add(case) list[#list + 1] = case end

-- fn(a, b, c) at every place of the common shape of tensors and numbers, row by row.
local function broadcast(fn, ...)
  local sources, ndim = {}, 0
  for i, v in ipairs {...} do
    local shape = shape_of(v)
    sources[i] = {shape = shape, values = type(v) == "userdata" and numbers.flat(v) or {v}}
    ndim = math.max(ndim, #shape)
  end
  local common = {}
  for d = 1, ndim do
    common[d] = 1
    for _, s in ipairs(sources) do
      common[d] = math.max(common[d], s.shape[d - ndim + #s.shape] or 1)
    end
  end
  local result = {}
  for k = 0, numbers.count(common) - 1 do
    local at, args = {}, {}
    local rest = k
    for d = ndim, 1, -1 do at[d], rest = rest % common[d], rest // common[d] end
    for i, s in ipairs(sources) do
      local position = 0
      for d, size in ipairs(s.shape) do
        position = position * size + (size == 1 and 0 or at[d + ndim - #s.shape])
      end
      args[i] = s.values[position + 1]
    end
    result[k + 1] = fn(table.unpack(args))
  end
  return result, common
end

-- A forward check by formula, after the shape.
local function by_formula(fn)
  return function(vs, outputs, inputs)
    local want, shape = broadcast(fn, table.unpack(inputs))
    same(vs, outputs[1], want, shape)
  end
end

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
    forward = function(vs, outputs) same(vs, outputs[1], pair[2]) end}
end

-- Two operands: equal shapes, both broadcast, numbers on either side, 0 dimensions.
local function pairs_of_operands(make)
  local shapes = {
    {"same shape", {3, 5, 7}, {3, 5, 7}}, {"broadcast", {3, 1, 5}, {4, 1}}, {"row", {5, 7}, {7}},
    {"scalar tensor", {}, {3, 2}}, {"number right", {3, 5}}, {"number left", nil, {3, 5}},
  }
  for _, s in ipairs(shapes) do make(table.unpack(s, 1, 3)) end
end

local function truth(fn) return function(x, y) return fn(x, y) and 1 or 0 end end
local binary = {
  {"add", function(x, y) return x + y end}, {"sub", function(x, y) return x - y end},
  {"mul", function(x, y) return x * y end},
  {"div", function(x, y) return x / y end, positive = true},
  {"pow", function(x, y) return x ^ y end, positive = true},
  {"maximum", math.max}, {"minimum", math.min},
  {"eq", truth(function(x, y) return x == y end)}, {"ne", truth(function(x, y) return x ~= y end)},
  {"lt", truth(function(x, y) return x < y end)}, {"le", truth(function(x, y) return x <= y end)},
  {"gt", truth(function(x, y) return x > y end)}, {"ge", truth(function(x, y) return x >= y end)},
}
for k, b in ipairs(binary) do
  local function operand(vs, shape, seed)
    if not shape then return 1.25 end
    if b.positive then return numbers.uniform(vs, shape, 0.4, 2, seed) end
    return numbers.signed(vs, shape, seed)
  end
  pairs_of_operands(function(name, xs, ys)
    add {op = b[1], name = name, forward = by_formula(b[2]),
      inputs = function(vs) return {operand(vs, xs, k), operand(vs, ys, 50 + k)} end}
  end)
  -- Whole numbers with ties: comparisons must see equal values.
  add {op = b[1], name = "whole numbers", forward = by_formula(b[2]), grad = {},
    inputs = function(vs)
      return {numbers.index(vs, {4, 9}, 4, k), numbers.index(vs, {9}, 4, 9 + k)}
    end}
end
add {op = "pow", name = "squares of negative numbers",
  forward = by_formula(function(x) return x * x end),
  inputs = function(vs) return {numbers.signed(vs, {3, 5}, 3), 2} end}

local logic = {
  logical_and = function(x, y) return x ~= 0 and y ~= 0 end,
  logical_or = function(x, y) return x ~= 0 or y ~= 0 end,
  logical_xor = function(x, y) return (x ~= 0) ~= (y ~= 0) end,
}
for op, fn in numbers.sorted(logic) do
  add {op = op, name = "broadcast", forward = by_formula(truth(fn)),
    inputs = function(vs) return {numbers.mask(vs, {3, 1, 5}, 1), numbers.mask(vs, {4, 1}, 2)} end}
end
add {op = "logical_not", forward = by_formula(truth(function(x) return x == 0 end)),
  inputs = function(vs) return {numbers.mask(vs, {3, 5}, 1)} end}

local function choose(m, x, y) return m ~= 0 and x or y end
add {op = "where", name = "same shape", forward = by_formula(choose),
  inputs = function(vs)
    local shape = {3, 5, 7}
    return {numbers.mask(vs, shape, 1), numbers.signed(vs, shape, 2), numbers.signed(vs, shape, 3)}
  end}
add {op = "where", name = "all broadcast", forward = by_formula(choose),
  inputs = function(vs)
    local x, y = numbers.signed(vs, {4, 1}, 2), numbers.signed(vs, {5}, 3)
    return {numbers.mask(vs, {3, 1, 5}, 1), x, y}
  end}
add {op = "where", name = "a number", forward = by_formula(choose),
  inputs = function(vs)
    return {numbers.mask(vs, {3, 5}, 1), numbers.signed(vs, {3, 5}, 2), -1.5}
  end}

local function fill(x, m) return m ~= 0 and -1.5 or x end
for name, mask in numbers.sorted {["same shape"] = {3, 5, 7}, broadcast = {5, 1}} do
  add {op = "masked_fill", name = name, args = {value = -1.5}, forward = by_formula(fill),
    inputs = function(vs) return {numbers.signed(vs, {3, 5, 7}, 1), numbers.mask(vs, mask, 2)} end}
end

-- Integers stay what they are, and exact.
local big = (1 << 60) + 1
local function holds(x, dtype, want)
  assert(x.dtype == dtype, x.dtype)
  for i, v in ipairs(want) do assert(x[i]:item() == v, ("%d: %s"):format(i, x[i]:item())) end
end
add {op = "where", name = "integers", grad = {},
  inputs = function(vs)
    return {vs.tensor({true, false, true}), vs.tensor({1, 2, big}, {dtype = "int64"}),
      vs.tensor({7, big, 9}, {dtype = "int64"})}
  end,
  forward = function(_, outputs) holds(outputs[1], "int64", {1, big, big}) end}
add {op = "masked_fill", name = "integers", args = {value = -3}, grad = {},
  inputs = function(vs)
    return {vs.tensor({1, 2, big}, {dtype = "int64"}), vs.tensor({false, true, false})}
  end,
  forward = function(_, outputs) holds(outputs[1], "int64", {1, -3, big}) end}
add {op = "masked_fill", name = "bytes", args = {value = 255}, grad = {},
  inputs = function(vs)
    return {vs.tensor({1, 2, 3}):byte(), vs.tensor({false, true, true})}
  end,
  forward = function(vs, outputs)
    holds(outputs[1], "uint8", {1, 255, 255})
    local ok, message = pcall(vs.masked_fill, outputs[1], outputs[1]:bool(), 256)
    assert(not ok and message:find("value is 256, which uint8 cannot hold", 1, true), message)
  end}

return list
