-- Picking, joining and writing in place.
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

add {op = "cat", name = "rows", args = {dim = 1},
  inputs = function(vs)
    local tensors = {}
    for i, rows in ipairs {2, 1, 4} do tensors[i] = numbers.signed(vs, {rows, 3}, i) end
    return {tensors}
  end,
  forward = function(vs, outputs, inputs)
    local want = {}
    for _, t in ipairs(inputs[1]) do
      local values = numbers.flat(t)
      table.move(values, 1, #values, #want + 1, want)
    end
    numbers.same(vs, outputs[1], want, {7, 3})
  end}
add {op = "cat", name = "in the middle", args = {dim = -2},
  inputs = function(vs)
    return {{numbers.signed(vs, {2, 1, 3}, 1), numbers.signed(vs, {2, 2, 3}, 2)}}
  end,
  forward = function(vs, outputs, inputs)
    local a, b, want = numbers.flat(inputs[1][1]), numbers.flat(inputs[1][2]), {}
    for o = 0, 1 do
      table.move(a, o * 3 + 1, o * 3 + 3, #want + 1, want)
      table.move(b, o * 6 + 1, o * 6 + 6, #want + 1, want)
    end
    numbers.same(vs, outputs[1], want, {2, 3, 3})
  end}
add {op = "cat", name = "twenty tensors", args = {dim = 2},
  inputs = function(vs)
    local tensors = {}
    for i = 1, 20 do tensors[i] = numbers.signed(vs, {2, 1}, i) end
    return {tensors}
  end}
for dim, want in pairs {[1] = {1, 2, 3, 4, 5, 6}, [2] = {1, 4, 2, 5, 3, 6}} do
  add {op = "stack", name = "dimension " .. dim, args = {dim = dim},
    inputs = function(vs) return {{vs.tensor {1, 2, 3}, vs.tensor {4, 5, 6}}} end,
    forward = function(vs, outputs)
      numbers.same(vs, outputs[1], want, dim == 1 and {2, 3} or {3, 2})
    end}
end
add {op = "stack", name = "last", args = {dim = -1},
  inputs = function(vs) return {{numbers.signed(vs, {2, 3}, 1), numbers.signed(vs, {2, 3}, 2)}} end,
  forward = function(_, outputs) assert(#outputs[1].shape == 3 and outputs[1].shape[3] == 2) end}

-- In place: the result is the first argument itself, written.
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

return list
