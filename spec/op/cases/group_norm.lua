-- group_norm: gradients, and values that can be seen by eye.
local numbers = require "spec.support.numbers"

local signed = numbers.signed
local list = {}
local function add(case) list[#list + 1] = case end

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

return list
