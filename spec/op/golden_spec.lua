-- Ops against PyTorch (values of spec/golden/ops.py): outputs and gradients of each case that
-- spec/op/cases/torch.lua and this file name.
local vs = require "vesper"
local cases = require "spec.support.cases"
local gradcheck = require "spec.support.gradcheck"
local golden = require "spec.support.golden"

local values, used = golden.load "ops", {}

local function compare(name, fn)
  used[name] = true
  local inputs, total = golden.inputs(values, name), nil
  for i, out in ipairs {fn(table.unpack(inputs))} do
    golden.near("output " .. i, out, values[("%s/out%d"):format(name, i)])
    if gradcheck.is_real(out) then
      local part = (out * values[("%s/cot%d"):format(name, i)]:to("float32")):sum()
      total = total and total + part or part
    end
  end
  total:backward()
  for i, x in ipairs(inputs) do
    local want = values[("%s/din%d"):format(name, i)]
    if want then golden.near("gradient of input " .. i, x.grad, want) end
  end
end

describe("ops as PyTorch's", function()
  local ops = {}
  for _, op in ipairs(vs.ops()) do ops[op.name] = op end
  for _, case in ipairs(cases.all()) do
    if case.golden then
      it(case.golden, function() compare(case.golden, cases.caller(vs, ops[case.op], case)) end)
    end
  end

  for name in pairs(values) do
    local equation = name:match "^einsum (.*)/out1$"
    if equation then
      it("einsum " .. equation, function()
        compare("einsum " .. equation, function(...) return vs.einsum(equation, {...}) end)
      end)
    end
  end

  it("uses every golden case", function()
    for name in pairs(values) do
      local case = name:match "^(.*)/out1$"
      assert(not case or used[case], "nothing compares " .. tostring(case))
    end
  end)
end)
