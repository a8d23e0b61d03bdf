-- Cases of csrc/op/rms_norm.c.
local numbers = require "spec.support.numbers"

local list = {}
local function add(case) list[#list + 1] = case end

-- The definition, row by row.
local function by_definition(vs, outputs, inputs)
  local x, weight, want = inputs[1], inputs[2] and numbers.flat(inputs[2]), {}
  local n, flat = weight and #weight or x.shape[#x.shape], numbers.flat(x)
  for at = 0, #flat - 1, n do
    local squares = 0
    for i = 1, n do squares = squares + flat[at + i] ^ 2 end
    for i = 1, n do
      want[at + i] = flat[at + i] / math.sqrt(squares / n + 1e-6)
        * (weight and weight[i] or 1)
    end
  end
  numbers.same(vs, outputs[1], want, numbers.shape(x))
end

local shapes = {rows = {5, 7}, ["one row"] = {4}, ["three dimensions"] = {2, 3, 33}}
for name, shape in numbers.sorted(shapes) do
  add {op = "rms_norm", name = name, forward = by_definition,
    inputs = function(vs)
      return {numbers.signed(vs, shape, 1), numbers.signed(vs, {shape[#shape]}, 2)}
    end}
end
add {op = "rms_norm", name = "over two dimensions", forward = by_definition,
  inputs = function(vs)
    return {numbers.signed(vs, {3, 4, 5}, 4), numbers.signed(vs, {4, 5}, 5)}
  end}
add {op = "rms_norm", name = "over two dimensions, without weight", args = {shape = {4, 5}},
  inputs = function(vs) return {numbers.signed(vs, {3, 4, 5}, 6)} end,
  forward = function(vs, outputs, inputs)
    local rows = vs.rms_norm(inputs[1]:reshape {3, 20})
    numbers.same(vs, outputs[1], numbers.flat(rows), {3, 4, 5})
  end}
add {op = "rms_norm", name = "without weight", forward = by_definition,
  inputs = function(vs) return {numbers.signed(vs, {3, 8}, 3)} end}

return list
