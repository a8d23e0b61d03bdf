-- conv1d and conv2d.  Values are compared with PyTorch's in spec/nn; here are gradients, and values
-- that can be seen by eye.
local numbers = require "spec.support.numbers"

local signed = numbers.signed
local list = {}
local function add(case) list[#list + 1] = case end

-- x, w and b (unless bias is false) of a convolution.
local function conv2d(name, x, w, args, bias)
  add {op = "conv2d", name = name, args = args,
    inputs = function(vs)
      return {signed(vs, x, 1), signed(vs, w, 2), bias ~= false and signed(vs, {w[1]}, 3) or nil}
    end}
end

conv2d("odd sizes", {2, 3, 5, 7}, {4, 3, 3, 3})
conv2d("padding", {2, 3, 5, 7}, {5, 3, 3, 3}, {padding = 1})
conv2d("stride 2, odd sizes", {2, 3, 5, 7}, {4, 3, 3, 3}, {stride = 2, padding = 1})
conv2d("pairs", {1, 2, 7, 6}, {3, 2, 2, 3}, {stride = {3, 2}, padding = {2, 0}, dilation = {1, 2}})
conv2d("not square, without bias", {2, 2, 4, 6}, {3, 2, 1, 4}, {padding = {0, 2}}, false)
conv2d("dilation", {1, 2, 7, 8}, {2, 2, 3, 2}, {dilation = {2, 3}, padding = 1})
conv2d("dilation and stride share a factor", {1, 2, 9, 9}, {2, 2, 3, 3}, {dilation = 2, stride = 4})
conv2d("stride larger than the kernel", {1, 2, 7, 8}, {3, 2, 2, 1}, {stride = {3, 4}})
conv2d("1 x 1", {2, 5, 3, 3}, {18, 5, 1, 1})
conv2d("1 x 1 with stride", {2, 3, 5, 4}, {4, 3, 1, 1}, {stride = 2}, false)
conv2d("groups", {2, 4, 4, 5}, {6, 2, 3, 3}, {groups = 2, padding = 1})
conv2d("more panels than one", {1, 2, 3, 3}, {37, 2, 2, 2}, {padding = 1})
conv2d("depthwise", {2, 3, 6, 5}, {3, 1, 3, 3}, {groups = 3, padding = 1})
conv2d("depthwise with stride", {2, 3, 6, 5}, {3, 1, 3, 2},
  {groups = 3, padding = 1, stride = {2, 3}}, false)
conv2d("only padding under some taps", {1, 1, 1, 2}, {2, 1, 3, 3}, {padding = 2})

add {op = "conv2d", name = "by eye", grad = {},
  inputs = function(vs)
    local x = vs.tensor{{{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}}}
    return {x, vs.tensor{{{{1, 0}, {0, -1}}}}, vs.tensor{10}}
  end,
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {6, 6, 6, 6}, {1, 1, 2, 2})
  end}

add {op = "conv2d", name = "no images", grad = {},
  inputs = function(vs) return {vs.zeros(0, 2, 5, 5), vs.ones(3, 2, 3, 3)} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {}, {0, 3, 3, 3}) end}

local function conv1d(name, x, w, out, args)
  add {op = "conv1d", name = name, args = args,
    inputs = function(vs)
      return {signed(vs, x, 1), signed(vs, w, 2), out and signed(vs, {out}, 3) or nil}
    end}
end

conv1d("stride, padding and dilation", {2, 3, 11}, {4, 3, 3}, 4,
  {stride = 2, padding = 2, dilation = 2})
conv1d("groups, without bias", {2, 4, 7}, {6, 2, 3}, nil, {groups = 2})
conv1d("depthwise", {2, 3, 9}, {3, 1, 4}, 3, {groups = 3, padding = 1})

add {op = "conv1d", name = "by eye", grad = {},
  inputs = function(vs)
    return {vs.tensor{{{1, 2, 3, 5}}}, vs.tensor{{{1, 0, -1}}}, vs.tensor{10}}
  end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {8, 7}, {1, 1, 2}) end}

return list
