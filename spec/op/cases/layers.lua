-- Cases of conv1d, conv_transpose1d and 2d, group_norm, interpolate, prelu and the losses beside
-- them.
-- Values are compared with PyTorch's in spec/nn/layers_golden_spec.lua.
local numbers = require "spec.support.numbers"

local signed, uniform, distinct = numbers.signed, numbers.uniform, numbers.distinct
local list = {}
local function add(case) list[#list + 1] = case end

local function conv(op, name, x, w, out, args)
  add {op = op, name = name, args = args,
    inputs = function(vs)
      return {signed(vs, x, 1), signed(vs, w, 2), out and signed(vs, {out}, 3) or nil}
    end}
end

conv("conv1d", "stride, padding and dilation", {2, 3, 11}, {4, 3, 3}, 4,
  {stride = 2, padding = 2, dilation = 2})
conv("conv1d", "groups, without bias", {2, 4, 7}, {6, 2, 3}, nil, {groups = 2})
conv("conv1d", "depthwise", {2, 3, 9}, {3, 1, 4}, 3, {groups = 3, padding = 1})

add {op = "conv1d", name = "by eye", grad = {},
  inputs = function(vs)
    return {vs.tensor{{{1, 2, 3, 5}}}, vs.tensor{{{1, 0, -1}}}, vs.tensor{10}}
  end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {8, 7}, {1, 1, 2}) end}

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

local function group(name, shape, groups, affine)
  add {op = "group_norm", name = name, args = {num_groups = groups},
    inputs = function(vs)
      local c = {shape[2]}
      return {signed(vs, shape, 5) + 0.3, affine and signed(vs, c, 6) or nil,
        affine and signed(vs, c, 7) or nil}
    end}
end

group("maps", {3, 6, 4, 5}, 3, true)
group("one group, columns", {4, 5}, 1, true)
group("a group each, bare", {2, 3, 19}, 3, false)
add {op = "group_norm", name = "by eye", grad = {}, args = {num_groups = 2, eps = 0},
  inputs = function(vs)
    return {vs.tensor{{{1}, {3}, {-5}, {-6}}}, vs.tensor{2, 1, 1, 1}, vs.tensor{0, 0.5, 0, 0}}
  end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {-2, 1.5, 1, -1}, {1, 4, 1}) end}
add {op = "group_norm", name = "no samples", grad = {}, args = {num_groups = 1},
  inputs = function(vs) return {vs.zeros(0, 2, 3)} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {}, {0, 2, 3}) end}

for _, mode in ipairs {"nearest", "bilinear"} do
  for name, how in numbers.sorted {larger = {size = {5, 9}}, smaller = {size = {2, 3}},
    ["by factors"] = {scale_factor = {1.5, 0.7}}} do
    add {op = "interpolate", name = mode .. ", " .. name,
      args = {mode = mode, size = how.size, scale_factor = how.scale_factor},
      inputs = function(vs) return {signed(vs, {2, 3, 4, 5}, 1)} end}
  end
end
add {op = "interpolate", name = "by eye", grad = {}, args = {mode = "bilinear", size = {1, 4}},
  inputs = function(vs) return {vs.tensor{{{{1, 5}}}}} end,
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {1, 2, 4, 5}, {1, 1, 1, 4})
  end}

for name, size in numbers.sorted {global = {1, 1}, ["windows that overlap"] = {3, 2}} do
  add {op = "adaptive_max_pool2d", name = name, args = {size = size},
    inputs = function(vs) return {distinct(vs, {2, 2, 5, 7}, 4)} end}
end

add {op = "prelu", name = "one slope", inputs = function(vs)
  return {signed(vs, {3, 5, 7}, 1), signed(vs, {1}, 2)}
end}
add {op = "prelu", name = "channels", inputs = function(vs)
  return {signed(vs, {3, 5, 2, 3}, 1), signed(vs, {5}, 2)}
end}
add {op = "prelu", name = "by eye", grad = {},
  inputs = function(vs) return {vs.tensor{{-2, -2}, {3, -1}}, vs.tensor{0.5, 0.1}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {-1, -0.2, 3, -0.1}, {2, 2}) end}

for _, reduction in ipairs {"mean", "sum", "none"} do
  for _, swap in ipairs {false, true} do
    add {op = "triplet_margin_loss", name = reduction .. (swap and ", swap" or ""),
      args = {margin = 1.5, swap = swap, reduction = reduction},
      inputs = function(vs)
        return {distinct(vs, {4, 7}, 1), signed(vs, {4, 7}, 2), signed(vs, {4, 7}, 3)}
      end}
  end
  add {op = "huber_loss", name = reduction, args = {reduction = reduction, delta = 0.5},
    inputs = function(vs) return {uniform(vs, {3, 7}, 0, 1, 1), uniform(vs, {3, 7}, 2, 3, 2)} end}
end
add {op = "huber_loss", name = "inside delta", args = {delta = 2},
  inputs = function(vs) return {uniform(vs, {3, 5}, 0, 1, 1), uniform(vs, {3, 5}, 0, 1, 2)} end}
for _, reduction in ipairs {"mean", "sum", "none", "batchmean"} do
  add {op = "kl_div", name = reduction, args = {reduction = reduction},
    inputs = function(vs)
      return {uniform(vs, {3, 7}, -3, 0, 1), uniform(vs, {3, 7}, 0.1, 1, 2)}
    end}
  add {op = "kl_div", name = reduction .. ", of logarithms",
    args = {reduction = reduction, log_target = true},
    inputs = function(vs) return {uniform(vs, {3, 7}, -3, 0, 1), uniform(vs, {3, 7}, -3, 0, 2)} end}
end
add {op = "kl_div", name = "targets of 0", grad = {}, args = {reduction = "none"},
  inputs = function(vs) return {vs.tensor{-1, -2}, vs.tensor{0, 1}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, 2}, {2}) end}

return list
