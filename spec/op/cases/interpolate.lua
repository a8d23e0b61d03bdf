-- interpolate: gradients, values that can be seen by eye, and PyTorch's.
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local signed = numbers.signed
local list = {}
local function add(case) list[#list + 1] = case end

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

torch.add(list, {
  {"interpolate.corners", {size = {7, 3}, mode = "bilinear", align_corners = true}},
  {"interpolate.one", {size = {1, 5}, mode = "bilinear", align_corners = true}},
})

return list
