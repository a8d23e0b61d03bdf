-- layer_norm: gradients, and values that can be seen by eye.
local numbers = require "spec.support.numbers"

local signed = numbers.signed
local list = {}
local function add(case) list[#list + 1] = case end

local function layer(name, shape, normalized, weight, bias)
  add {op = "layer_norm", name = name, args = {shape = normalized},
    inputs = function(vs)
      return {signed(vs, shape, 5) + 0.3, weight and signed(vs, normalized, 6) or nil,
        bias and signed(vs, normalized, 7) or nil}
    end}
end

layer("rows", {3, 4, 19}, {19}, true, true)
layer("two dimensions", {3, 2, 5}, {2, 5}, true, true)
layer("without bias", {5, 33}, {33}, true, false)
layer("bare", {4, 6}, {6}, false, false)
add {op = "layer_norm", name = "by eye", args = {shape = {2}, eps = 0}, grad = {},
  inputs = function(vs)
    return {vs.tensor{{1, 3}, {-5, -6}}, vs.tensor{2, 1}, vs.tensor{0, 0.5}}
  end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {-2, 1.5, 2, -0.5}, {2, 2}) end}

return list
