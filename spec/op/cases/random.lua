-- bernoulli and multinomial: how often each outcome comes, and what never may.
local numbers = require "spec.support.numbers"

local list = {}
local function add(case) list[#list + 1] = case end

local function counts(t, most)
  local n = {}
  for i = 1, most do n[i] = 0 end
  for _, v in ipairs(numbers.flat(t)) do n[v] = n[v] + 1 end
  return n
end

add {op = "bernoulli", seed = 3,
  inputs = function(vs) return {vs.cat({vs.zeros(100), vs.ones(100), vs.full({4000}, 0.3)})} end,
  forward = function(_, outputs, inputs)
    local values, ones = numbers.flat(outputs[1]), 0
    assert(#values == #numbers.flat(inputs[1]))
    for i, v in ipairs(values) do
      assert(v == 0 or v == 1)
      if i <= 100 then assert(v == 0) elseif i <= 200 then assert(v == 1) else ones = ones + v end
    end
    assert(math.abs(ones / 4000 - 0.3) < 0.03, "ones: " .. ones)
  end}
add {op = "multinomial", name = "with replacement", seed = 3, args = {n = 5000, replacement = true},
  inputs = function(vs) return {vs.tensor {{0, 1, 3, 0}, {5, 0, 0, 5}}} end,
  forward = function(_, outputs)
    assert(outputs[1].dtype == "int64" and outputs[1].shape[2] == 5000)
    local first, second = counts(outputs[1][1], 4), counts(outputs[1][2], 4)
    assert(first[1] == 0 and first[4] == 0 and second[2] == 0 and second[3] == 0)
    assert(math.abs(first[2] / 5000 - 0.25) < 0.03, "quarter: " .. first[2])
    assert(math.abs(second[1] / 5000 - 0.5) < 0.03, "half: " .. second[1])
  end}
add {op = "multinomial", name = "each once", seed = 4, args = {n = 6},
  inputs = function(vs) return {vs.tensor {0, 1, 2, 3, 4, 5, 6}} end,
  forward = function(_, outputs)
    local n = counts(outputs[1], 7)
    assert(n[1] == 0)
    for i = 2, 7 do assert(n[i] == 1) end
  end}
add {op = "multinomial", name = "the first of several", seed = 5, args = {n = 1},
  inputs = function(vs) return {vs.tensor {1, 3}:expand({4000, 2})} end,
  forward = function(_, outputs)
    assert(math.abs(counts(outputs[1], 2)[1] / 4000 - 0.25) < 0.03)
  end}

return list
