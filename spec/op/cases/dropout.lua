-- dropout: how much is dropped, what is kept, and when nothing is.
local numbers = require "spec.support.numbers"

local signed, uniform = numbers.signed, numbers.uniform
local list = {}
local function add(case) list[#list + 1] = case end

add {op = "dropout", args = {p = 0.4}, seed = 3,
  inputs = function(vs) return {signed(vs, {7, 11}, 1)} end,
  forward = function(_, outputs, inputs)
    local x, y, dropped = numbers.flat(inputs[1]), numbers.flat(outputs[1]), 0
    for i, v in ipairs(y) do
      if v == 0 then dropped = dropped + 1
      else assert(math.abs(v - x[i] / 0.6) < 1e-6 * math.abs(v), "element " .. i) end
    end
    assert(dropped > 15 and dropped < 50, dropped .. " of 77 dropped")
  end}
add {op = "dropout", name = "more than one chunk", args = {p = 0.9}, seed = 4,
  inputs = function(vs) return {uniform(vs, {3, 700}, 1, 2, 1)} end, grad = {},
  forward = function(_, outputs)
    local kept = 0
    for _, v in ipairs(numbers.flat(outputs[1])) do kept = kept + (v == 0 and 0 or 1) end
    assert(kept > 140 and kept < 280, kept .. " of 2100 kept")
  end}
add {op = "dropout", name = "not training", args = {p = 0.4, training = false},
  inputs = function(vs) return {signed(vs, {3, 5}, 1)} end,
  forward = function(vs, outputs, inputs) numbers.same(vs, outputs[1], numbers.flat(inputs[1])) end}
add {op = "dropout", name = "everything", args = {p = 1}, seed = 5,
  inputs = function(vs) return {signed(vs, {2, 3}, 1)} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, 0, 0, 0, 0, 0}) end}

return list
