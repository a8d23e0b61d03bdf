-- Cases of masked_scatter_.
local numbers = require "spec.support.numbers"

local list = {}
local function add(case) list[#list + 1] = case end

-- x with the values, or the one number, where the mask is set.
local function expected(x, mask, values)
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
      numbers.same(vs, inputs[1], expected(x, numbers.flat(inputs[2]), 2.5), {3, 5})
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
