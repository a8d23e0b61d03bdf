-- interpolate: gradients, values that can be seen by eye, and PyTorch's.
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local signed = numbers.signed
local list = {}
local function add(case) list[#list + 1] = case end

for _, mode in ipairs {"nearest", "nearest-exact", "bilinear", "bicubic"} do
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

torch.add(list, {
  {"interpolate.corners", {size = {7, 3}, mode = "bilinear", align_corners = true}},
  {"interpolate.one", {size = {1, 5}, mode = "bilinear", align_corners = true}},
})

for _, mode in ipairs {"bicubic", "bilinear"} do
  for name, how in numbers.sorted {up = {size = {7, 13}}, down = {size = {2, 5}},
    factors = {scale_factor = {1.5, 0.4}}, one = {size = 1}} do
    for _, corners in ipairs {false, true} do
      for _, antialias in ipairs {false, true} do
        if (mode == "bicubic" or antialias) and not (name == "one" and corners) then
          torch.add(list, {{("interpolate.%s %s%s%s"):format(mode, name,
            corners and " corners" or "", antialias and " antialias" or ""),
            {size = how.size, scale_factor = how.scale_factor, mode = mode,
              align_corners = corners, antialias = antialias}}})
        end
      end
    end
  end
end
torch.add(list, {
  {"interpolate.exact up", {size = {7, 13}, mode = "nearest-exact"}},
  {"interpolate.exact down", {scale_factor = {0.6, 0.7}, mode = "nearest-exact"}},
})

-- The two ways of bilinear agree where nothing gets smaller.
for name, size in numbers.sorted {larger = {9, 17}, same = {4, 6}} do
  add {op = "interpolate", name = "bilinear both ways, " .. name, args = {mode = "bilinear",
    size = size, antialias = true},
    inputs = function(vs) return {signed(vs, {3, 2, 4, 6}, 3)} end,
    forward = function(vs, outputs, inputs)
      local want = vs.interpolate(inputs[1], size, {mode = "bilinear"})
      numbers.same(vs, outputs[1], numbers.flat(want), numbers.shape(want))
    end}
end
-- Runs of more than 16 positions.
add {op = "interpolate", name = "a mean of much", args = {mode = "bilinear", size = {1, 2},
  antialias = true},
  inputs = function(vs) return {signed(vs, {1, 2, 3, 150}, 4)} end,
  forward = function(vs, outputs, inputs)
    assert(vs.interpolate(vs.ones(1, 1, 3, 150), {1, 2}, {mode = "bilinear", antialias = true})
      :sub(1):abs():max():item() < 1e-5)
    local mean = inputs[1]:mean {3, 4}
    local got = outputs[1]:mean {3, 4}
    assert((mean - got):abs():max():item() < 0.1)
  end}

return list
