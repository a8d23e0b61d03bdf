-- Ops that write into their first argument, which is also the result.
local numbers = require "spec.support.numbers"

local list = {}
local function add(case) list[#list + 1] = case end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

local arithmetic = {
  add_ = function(x, y) return x + y end, sub_ = function(x, y) return x - y end,
  mul_ = function(x, y) return x * y end, div_ = function(x, y) return x / y end,
}
for op, fn in numbers.sorted(arithmetic) do
  local function expected(vs, y_shape)
    local x, want = numbers.flat(numbers.signed(vs, {3, 5}, 1)), {}
    local y = y_shape and numbers.flat(numbers.signed(vs, y_shape, 2))
    for i, v in ipairs(x) do want[i] = fn(v, y and y[(i - 1) % #y + 1] or 2.5) end
    return want
  end
  for name, shape in numbers.sorted {["same shape"] = {3, 5}, row = {5}} do
    add {op = op, name = name,
      inputs = function(vs)
        return {numbers.signed(vs, {3, 5}, 1), numbers.signed(vs, shape, 2)}
      end,
      forward = function(vs, outputs, inputs)
        numbers.same(vs, inputs[1], expected(vs, shape), {3, 5})
        numbers.same(vs, outputs[1], numbers.flat(inputs[1]), {3, 5})
      end}
  end
  add {op = op, name = "number",
    inputs = function(vs) return {numbers.signed(vs, {3, 5}, 1), 2.5} end,
    forward = function(vs, _, inputs) numbers.same(vs, inputs[1], expected(vs), {3, 5}) end}
end
add {op = "add_", name = "integers",
  inputs = function(vs) return {ids(vs, {1, 2, 3}), 4} end,
  forward = function(vs, _, inputs)
    assert(inputs[1].dtype == "int64")
    numbers.same(vs, inputs[1], {5, 6, 7}, {3})
  end}
add {op = "zero_", inputs = function(vs) return {numbers.signed(vs, {2, 3}, 1)} end,
  forward = function(vs, _, inputs) numbers.same(vs, inputs[1], {0, 0, 0, 0, 0, 0}, {2, 3}) end}
add {op = "fill_", args = {value = 1.5},
  inputs = function(vs) return {numbers.signed(vs, {2, 2}, 1)} end,
  forward = function(vs, _, inputs) numbers.same(vs, inputs[1], {1.5, 1.5, 1.5, 1.5}, {2, 2}) end}
add {op = "copy_", name = "broadcast",
  inputs = function(vs) return {vs.zeros(2, 3), vs.tensor {1, 2, 3}} end,
  forward = function(vs, _, inputs) numbers.same(vs, inputs[1], {1, 2, 3, 1, 2, 3}, {2, 3}) end}
add {op = "copy_", name = "to another dtype",
  inputs = function(vs) return {vs.zeros(3, {dtype = "uint8"}), vs.tensor {1, 2, 200}} end,
  forward = function(vs, _, inputs) numbers.same(vs, inputs[1], {1, 2, 200}, {3}) end}

-- Random numbers: moments, range, and that a view gets what a whole tensor would.
local function moments(values)
  local mean, square = 0, 0
  for _, v in ipairs(values) do mean = mean + v / #values end
  for _, v in ipairs(values) do square = square + (v - mean) ^ 2 / #values end
  return mean, math.sqrt(square)
end
add {op = "uniform_", args = {low = -1, high = 3}, seed = 7,
  inputs = function(vs) return {vs.zeros(50, 41)} end,
  forward = function(vs, _, inputs)
    local values = numbers.flat(inputs[1])
    vs.manual_seed(7)
    numbers.same(vs, vs.zeros(50, 41):uniform_(-1, 3), values, {50, 41}, 0)
    local mean, deviation = moments(values)
    for _, v in ipairs(values) do assert(v >= -1 and v < 3) end
    assert(math.abs(mean - 1) < 0.1 and math.abs(deviation - 4 / math.sqrt(12)) < 0.1)
  end}
add {op = "normal_", args = {mean = 2, std = 0.5}, seed = 7,
  inputs = function(vs) return {vs.zeros(50, 41)} end,
  forward = function(_, _, inputs)
    local mean, deviation = moments(numbers.flat(inputs[1]))
    assert(math.abs(mean - 2) < 0.05 and math.abs(deviation - 0.5) < 0.03)
  end}

-- masked_scatter_

-- x with the values, or the one number, where the mask is set.
local function scattered(x, mask, values)
  local want, at = {}, 0
  for i, v in ipairs(x) do
    local set = mask[(i - 1) % #mask + 1] ~= 0
    at = at + (set and 1 or 0)
    want[i] = not set and v or type(values) == "number" and values or set and values[at]
  end
  return want
end

for name, shape in numbers.sorted {["same shape"] = {3, 5}, row = {5}} do
  add {op = "masked_scatter_", name = "a number, " .. name,
    inputs = function(vs)
      return {numbers.signed(vs, {3, 5}, 1), numbers.mask(vs, shape, 2), 2.5}
    end,
    forward = function(vs, outputs, inputs)
      local x = numbers.flat(numbers.signed(vs, {3, 5}, 1))
      numbers.same(vs, inputs[1], scattered(x, numbers.flat(inputs[2]), 2.5), {3, 5})
      numbers.same(vs, outputs[1], numbers.flat(inputs[1]), {3, 5})
    end}
end
add {op = "masked_scatter_", name = "a value for each place",
  inputs = function(vs)
    local mask = vs.tensor {{true, false, true}, {false, true, true}}
    return {numbers.signed(vs, {2, 3}, 1), mask, numbers.signed(vs, {4}, 3)}
  end,
  forward = function(vs, _, inputs)
    local x, v = numbers.flat(numbers.signed(vs, {2, 3}, 1)), numbers.flat(inputs[3])
    numbers.same(vs, inputs[1], {v[1], x[2], v[2], x[4], v[3], v[4]}, {2, 3})
  end}
add {op = "masked_scatter_", name = "large whole numbers",
  inputs = function(vs)
    return {vs.tensor({1, 2, 3}, {dtype = "int64"}), vs.tensor {true, false, true}, 2 ^ 53 | 0}
  end,
  forward = function(_, _, inputs)
    local got = inputs[1]:tolist()
    assert(got[1] == 2 ^ 53 | 0 and got[2] == 2 and got[3] == got[1])
  end}

return list
