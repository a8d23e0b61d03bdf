-- Convolution, pooling and normalisation.  Values are compared with PyTorch's in
-- spec/nn/cnn_golden_spec.lua; here are gradients, and values that can be told by eye.
local numbers = require "spec.support.numbers"

local signed, uniform, distinct = numbers.signed, numbers.uniform, numbers.distinct
local list = {}
local function add(case) list[#list + 1] = case end

-- x, w and b (unless bias is false) of a convolution.
local function conv(name, x, w, args, bias)
  add {op = "conv2d", name = name, args = args,
    inputs = function(vs)
      return {signed(vs, x, 1), signed(vs, w, 2), bias ~= false and signed(vs, {w[1]}, 3) or nil}
    end}
end

conv("odd sizes", {2, 3, 5, 7}, {4, 3, 3, 3})
conv("padding", {2, 3, 5, 7}, {5, 3, 3, 3}, {padding = 1})
conv("stride 2, odd sizes", {2, 3, 5, 7}, {4, 3, 3, 3}, {stride = 2, padding = 1})
conv("pairs", {1, 2, 7, 6}, {3, 2, 2, 3}, {stride = {3, 2}, padding = {2, 0}, dilation = {1, 2}})
conv("not square, without bias", {2, 2, 4, 6}, {3, 2, 1, 4}, {padding = {0, 2}}, false)
conv("dilation", {1, 2, 7, 8}, {2, 2, 3, 2}, {dilation = {2, 3}, padding = 1})
conv("dilation and stride share a factor", {1, 2, 9, 9}, {2, 2, 3, 3}, {dilation = 2, stride = 4})
conv("stride larger than the kernel", {1, 2, 7, 8}, {3, 2, 2, 1}, {stride = {3, 4}})
conv("1 x 1", {2, 5, 3, 3}, {18, 5, 1, 1})
conv("1 x 1 with stride", {2, 3, 5, 4}, {4, 3, 1, 1}, {stride = 2}, false)
conv("groups", {2, 4, 4, 5}, {6, 2, 3, 3}, {groups = 2, padding = 1})
conv("more panels than one", {1, 2, 3, 3}, {37, 2, 2, 2}, {padding = 1})
conv("depthwise", {2, 3, 6, 5}, {3, 1, 3, 3}, {groups = 3, padding = 1})
conv("depthwise with stride", {2, 3, 6, 5}, {3, 1, 3, 2},
  {groups = 3, padding = 1, stride = {2, 3}}, false)
conv("only padding under some taps", {1, 1, 1, 2}, {2, 1, 3, 3}, {padding = 2})

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

local function pool(op, name, shape, args)
  add {op = op, name = name, args = args, inputs = function(vs) return {distinct(vs, shape, 4)} end}
end

for _, op in ipairs {"max_pool2d", "avg_pool2d"} do
  pool(op, "2 x 2", {2, 3, 4, 6}, {kernel = 2})
  pool(op, "2 x 2, odd sizes", {2, 2, 5, 17}, {kernel = 2})
  pool(op, "overlapping, padded", {2, 2, 7, 8}, {kernel = 3, stride = 2, padding = 1})
  pool(op, "pairs", {1, 2, 7, 9}, {kernel = {3, 2}, stride = {1, 3}, padding = {1, 0}})
  pool(op, "without a batch", {3, 5, 4}, {kernel = {2, 3}})
  pool(op, "overlapping, wide", {1, 2, 5, 43}, {kernel = 3, stride = 2, padding = 1})
end

add {op = "max_pool2d", name = "by eye",
  inputs = function(vs)
    return {vs.tensor{{{{1, 7, 2, 3, 9}, {5, 6, 8, 4, 9}, {0, 0, 0, 0, 0}}}} * 0.5}
  end,
  args = {kernel = 2},
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {3.5, 4}, {1, 1, 1, 2})
  end}

add {op = "max_pool2d", name = "ties go to the first, NaN wins", grad = {}, args = {kernel = 2},
  inputs = function(vs) return {vs.tensor{{{{3, 3, 0 / 0, 1}, {3, 3, 2, 5}}}}} end,
  forward = function(vs, outputs, inputs)
    numbers.same(vs, outputs[1], {3, 0 / 0}, {1, 1, 1, 2})
    local x = inputs[1]:detach():clone():requires_grad_()
    vs.max_pool2d(x, 2):sum():backward()
    numbers.same(vs, x.grad, {1, 0, 1, 0, 0, 0, 0, 0}, {1, 1, 2, 4})
  end}

-- Which of the values `from` .. `to` of the rows x[top] .. x[bottom] wins: row and column.
local function winner(x, top, bottom, from, to)
  local r, c = top, from
  for i = top, bottom do
    for j = from, to do
      if x[i][j] > x[r][c] or x[i][j] ~= x[i][j] then r, c = i, j end
    end
  end
  return r, c
end

add {op = "max_pool2d", name = "rows of every width, with ties, NaN and infinities", grad = {},
  args = {kernel = 2}, inputs = function(vs) return {vs.ones(1, 1, 2, 2)} end,
  forward = function(vs)
    local draw = numbers.generator(3)
    local some = {0, 1, 2, 3, 3, 1 / 0, -1 / 0, 0 / 0}
    local ways = {{3, 2, 1}, {3, 1, 1}, {2, 1, 0}, {2, 2, 1}, {3, 3, 0}, {5, 2, 2}, {7, 4, 3}}
    for _, how in ipairs(ways) do
      local kernel, stride, padding = table.unpack(how)
      for width = kernel, 75, stride do
        local height, x = 7, {}
        for i = 1, height do
          x[i] = {}
          for j = 1, width do x[i][j] = some[1 + math.floor(draw() * (draw() < 0.5 and 4 or 8))] end
        end
        local input = vs.tensor(x):reshape(1, 1, height, width)
        local leaf = input:clone():requires_grad_()
        local y = leaf:max_pool2d(kernel, {stride = stride, padding = padding})
        y:sum():backward()
        local values, want = {}, {}
        for i = 1, height * width do want[i] = 0 end
        for i = 0, y.shape[3] - 1 do
          for j = 0, y.shape[4] - 1 do
            local top, left = i * stride - padding + 1, j * stride - padding + 1
            local r, c = winner(x, math.max(top, 1), math.min(top + kernel - 1, height),
              math.max(left, 1), math.min(left + kernel - 1, width))
            values[#values + 1] = x[r][c]
            want[(r - 1) * width + c] = want[(r - 1) * width + c] + 1
          end
        end
        numbers.same(vs, y, values, y.shape)
        numbers.same(vs, leaf.grad, want, {1, 1, height, width})
        numbers.same(vs, input:max_pool2d(kernel, {stride = stride, padding = padding}), values,
          y.shape)
      end
    end
  end}

for _, op in ipairs {"max_pool", "avg_pool"} do
  pool(op .. "2d", "a last window cut off", {2, 2, 7, 6},
    {kernel = {2, 3}, stride = 2, padding = {0, 1}, ceil_mode = true})
  pool(op .. "1d", "pairs", {2, 3, 8}, {kernel = 2})
  pool(op .. "1d", "padded, cut off, without a batch", {3, 10},
    {kernel = 3, stride = 2, padding = 1, ceil_mode = true})
  pool("adaptive_" .. op .. "1d", "windows that overlap", {2, 3, 7}, {size = 3})
end
pool("avg_pool2d", "padding not counted", {2, 2, 7, 6},
  {kernel = 3, stride = 2, padding = 1, count_include_pad = false})
pool("adaptive_avg_pool2d", "global", {2, 3, 5, 7})
pool("adaptive_avg_pool2d", "windows that overlap", {2, 2, 5, 7}, {size = {3, 2}})
pool("adaptive_avg_pool2d", "larger than the input", {1, 2, 2, 3}, {size = {3, 4}})
pool("adaptive_avg_pool2d", "whole rows, without a batch", {3, 6, 35}, {size = {2, 1}})

add {op = "adaptive_avg_pool2d", name = "by eye", args = {size = {1, 2}},
  inputs = function(vs) return {vs.tensor{{{{1, 2, 3}, {5, 6, 7}}}}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {3.5, 4.5}, {1, 1, 1, 2}) end}

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
