-- Binary element-wise ops, logic and where: each against its formula in Lua, with every way to
-- broadcast.
local by_formula = require "spec.op.formula"
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local list = {}
local function add(case) list[#list + 1] = case end

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
  {"fmod", math.fmod}, {"remainder", function(x, y) return x % y end},
  {"floor_divide", function(x, y) return x // y end},
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
for mode, round in numbers.sorted {
  floor = math.floor, trunc = function(x) return x < 0 and math.ceil(x) or math.floor(x) end} do
  local check = by_formula(function(x, y) return round(x / y) end)
  add {op = "div", name = mode .. ", broadcast", args = {rounding_mode = mode}, forward = check,
    inputs = function(vs)
      return {numbers.signed(vs, {3, 1, 5}, 1) * 4, numbers.signed(vs, {4, 1}, 2)}
    end}
  add {op = "div", name = mode .. ", by a number", args = {rounding_mode = mode}, forward = check,
    inputs = function(vs) return {numbers.signed(vs, {3, 5}, 1) * 4, 1.25} end}
  add {op = "div", name = mode .. ", whole numbers", args = {rounding_mode = mode},
    forward = check, grad = {},
    inputs = function(vs)
      return {numbers.index(vs, {4, 9}, 9, 1) - 5, numbers.index(vs, {9}, 4, 2)}
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
add {op = "masked_fill", name = "integers beyond 2^53", args = {value = big}, grad = {},
  inputs = function(vs) return {vs.tensor({1, 2}, {dtype = "int64"}), vs.tensor {false, true}} end,
  forward = function(_, outputs) holds(outputs[1], "int64", {1, big}) end}
add {op = "masked_fill", name = "bytes", args = {value = 255}, grad = {},
  inputs = function(vs)
    return {vs.tensor({1, 2, 3}):byte(), vs.tensor({false, true, true})}
  end,
  forward = function(vs, outputs)
    holds(outputs[1], "uint8", {1, 255, 255})
    local ok, message = pcall(vs.masked_fill, outputs[1], outputs[1]:bool(), 256)
    assert(not ok and message:find("value is 256, which uint8 cannot hold", 1, true), message)
  end}

torch.add(list, {
  {"atan2"},
})

return list
