-- Comparison with values that PyTorch computed (spec/golden): max|a-b| / max|b|, within 1e-5.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local golden = {LIMIT = 1e-5}

-- got against want: same shape, same values.
function golden.near(what, got, want, limit)
  assert(got, what .. " is missing")
  local is, should = numbers.shape(got), numbers.shape(want)
  is, should = table.concat(is, ","), table.concat(should, ",")
  assert(is == should, ("%s is [%s], PyTorch has [%s]"):format(what, is, should))
  local a, b, difference, most = numbers.flat(got), numbers.flat(want), 0, 0
  for i, v in ipairs(b) do
    local d = math.abs(a[i] - v)
    if d > difference or d ~= d then difference = d end
    most = math.max(most, math.abs(v))
  end
  local error_ = difference == 0 and 0 or difference / most
  assert(error_ <= (limit or golden.LIMIT), ("%s is off by %.3g"):format(what, error_))
end

-- The inputs in1, in2, ... of a case, as leaves in the build's type.
function golden.inputs(values, case)
  local inputs = {}
  while values[("%s/in%d"):format(case, #inputs + 1)] do
    local t = values[("%s/in%d"):format(case, #inputs + 1)]
    if t.dtype == "float32" then t = t:to("float32"):clone():requires_grad_() end
    inputs[#inputs + 1] = t
  end
  return inputs
end

-- Outputs against out1.., then cot1.. flow back and the gradients of the inputs against din1..
-- (an input without one there is not looked at).
function golden.check(values, case, outputs, inputs)
  local total
  assert(values[case .. "/out1"], "no golden values for " .. case)
  for i, out in ipairs(outputs) do
    golden.near(("%s, output %d"):format(case, i), out, values[("%s/out%d"):format(case, i)])
    local part = (out * values[("%s/cot%d"):format(case, i)]:to(out.dtype)):sum()
    total = total and total + part or part
  end
  if total.requires_grad then total:backward() end
  for i, x in ipairs(inputs) do
    local want = values[("%s/din%d"):format(case, i)]
    if want then golden.near(("%s, gradient of input %d"):format(case, i), x.grad, want) end
  end
end

-- The folder of the specs, wherever the process runs.
local folder = debug.getinfo(1, "S").source:match "^@(.*)support/golden%.lua$"

function golden.load(name)
  return assert(vs.load(folder .. "golden/" .. name .. ".safetensors"))
end

return golden
