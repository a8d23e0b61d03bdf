-- batch_norm: gradients, and values that can be seen by eye.
local numbers = require "spec.support.numbers"

local signed, uniform = numbers.signed, numbers.uniform
local list = {}
local function add(case) list[#list + 1] = case end

-- x [B,C,...] with weight, bias and running statistics.
local function batch(name, shape, args, without)
  add {op = "batch_norm", name = name, args = args, grad = {true, true, true},
    inputs = function(vs)
      local c = {shape[2]}
      local x = signed(vs, shape, 5) + 0.5
      if without == "affine" then
        return {x, nil, nil, uniform(vs, c, -1, 1, 8), uniform(vs, c, 0.5, 2, 9)}
      elseif without == "statistics" then
        return {x, signed(vs, c, 6), signed(vs, c, 7)}
      end
      return {x, signed(vs, c, 6), signed(vs, c, 7), uniform(vs, c, -1, 1, 8),
        uniform(vs, c, 0.5, 2, 9)}
    end}
end

batch("maps", {3, 2, 4, 5})
batch("one long row and a rest", {2, 3, 37})
batch("columns", {7, 5})
batch("short maps, without weight", {4, 3, 2, 3}, {eps = 0.1}, "affine")
batch("without running statistics", {3, 2, 5}, {training = false}, "statistics")
batch("running statistics", {3, 2, 4, 5}, {training = false})
batch("with relu", {3, 2, 4, 5}, {activation = "relu"})
batch("with relu6, short maps", {4, 3, 2, 3}, {activation = "relu6"})
batch("with relu6, running statistics", {3, 2, 5, 4}, {activation = "relu6", training = false})
batch("running statistics, columns, without weight", {1, 4}, {training = false}, "affine")

add {op = "batch_norm", name = "by eye", grad = {}, args = {momentum = 0.5, eps = 0},
  inputs = function(vs)
    local x = vs.tensor{{1, 10}, {3, 10.5}}
    return {x, vs.tensor{2, 1}, vs.tensor{0.25, 0}, vs.zeros(2), vs.ones(2)}
  end,
  forward = function(vs, outputs, inputs)
    numbers.same(vs, outputs[1], {-1.75, -1, 2.25, 1}, {2, 2})
    numbers.same(vs, inputs[4], {1, 5.125}, {2})
    numbers.same(vs, inputs[5], {1.5, 0.5625}, {2}) -- unbiased: 2 and 0.125
  end}

add {op = "batch_norm", name = "statistics given stay as they are", grad = {},
  args = {training = false, eps = 0},
  inputs = function(vs) return {vs.tensor{{1, 2}}, nil, nil, vs.tensor{3, 0}, vs.tensor{4, 1}} end,
  forward = function(vs, outputs, inputs)
    numbers.same(vs, outputs[1], {-1, 2}, {1, 2})
    numbers.same(vs, inputs[4], {3, 0}, {2})
    numbers.same(vs, inputs[5], {4, 1}, {2})
  end}

-- Values far from zero keep their variance.
add {op = "batch_norm", name = "a large mean", grad = {}, args = {eps = 0},
  inputs = function(vs) return {vs.tensor{{4095, 4097, 4095, 4097}}:reshape({4, 1})} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {-1, 1, -1, 1}, {4, 1}) end}

return list
