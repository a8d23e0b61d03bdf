-- prelu: one slope, and one for each channel.
local numbers = require "spec.support.numbers"

local signed = numbers.signed
local list = {}
local function add(case) list[#list + 1] = case end

add {op = "prelu", name = "one slope", inputs = function(vs)
  return {signed(vs, {3, 5, 7}, 1), signed(vs, {1}, 2)}
end}
add {op = "prelu", name = "channels", inputs = function(vs)
  return {signed(vs, {3, 5, 2, 3}, 1), signed(vs, {5}, 2)}
end}
add {op = "prelu", name = "by eye", grad = {},
  inputs = function(vs) return {vs.tensor{{-2, -2}, {3, -1}}, vs.tensor{0.5, 0.1}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {-1, -0.2, 3, -0.1}, {2, 2}) end}

return list
