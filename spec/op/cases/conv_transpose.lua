-- conv_transpose1d and 2d.  Values are compared with PyTorch's in spec/nn; here are gradients, and
-- values that can be seen by eye.
local numbers = require "spec.support.numbers"

local signed = numbers.signed
local list = {}
local function add(case) list[#list + 1] = case end

local function conv(op, name, x, w, out, args)
  add {op = op, name = name, args = args,
    inputs = function(vs)
      return {signed(vs, x, 1), signed(vs, w, 2), out and signed(vs, {out}, 3) or nil}
    end}
end

conv("conv_transpose1d", "plain", {2, 3, 4}, {3, 4, 3}, 4)
conv("conv_transpose1d", "all options", {2, 4, 5}, {4, 3, 3}, 6,
  {stride = 3, padding = 1, output_padding = 2, groups = 2, dilation = 2})
conv("conv_transpose2d", "plain", {2, 3, 4, 3}, {3, 4, 3, 2}, 4)
conv("conv_transpose2d", "stride", {2, 3, 3, 4}, {3, 2, 3, 3}, 2,
  {stride = 2, padding = 1, output_padding = 1})
conv("conv_transpose2d", "pairs", {1, 2, 4, 5}, {2, 3, 3, 2}, nil,
  {stride = {3, 2}, padding = {2, 1}, output_padding = {1, 0}, dilation = {2, 1}})
conv("conv_transpose2d", "groups", {2, 4, 3, 4}, {4, 3, 3, 3}, 6, {groups = 2, stride = 2})
conv("conv_transpose2d", "depthwise", {2, 3, 3, 4}, {3, 1, 3, 3}, 3, {groups = 3, stride = 2})
conv("conv_transpose2d", "stride larger than the kernel", {1, 2, 3, 2}, {2, 3, 2, 1}, 3,
  {stride = 4, output_padding = {3, 1}})
conv("conv_transpose2d", "more panels than one", {1, 2, 3, 3}, {2, 37, 2, 2}, 37)

add {op = "conv_transpose2d", name = "by eye", grad = {}, args = {stride = 2},
  inputs = function(vs)
    return {vs.tensor{{{{1, 2}}}}, vs.tensor{{{{1, 10, 100}}}}, vs.tensor{0.5}}
  end,
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {1.5, 10.5, 102.5, 20.5, 200.5}, {1, 1, 1, 5})
  end}

add {op = "conv_transpose2d", name = "no images", grad = {},
  inputs = function(vs) return {vs.zeros(0, 2, 3, 3), vs.ones(2, 3, 3, 3)} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {}, {0, 3, 5, 5}) end}

return list
