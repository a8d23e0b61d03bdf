-- Ops against PyTorch (values of spec/golden/ops.py): outputs and gradients of each case that
-- spec/op/cases and this file name.
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

  -- lua/vesper/functions.lua
  local functions = {
    ["cosine_similarity.rows"] = vs.cosine_similarity,
    ["cosine_similarity.last"] = function(x, y) return x:cosine_similarity(y, -1, 1e-3) end,
    remainder = vs.remainder, fmod = function(x) return x:fmod(0.7) end, lerp = vs.lerp,
    addcmul = function(x, a, b) return x:addcmul(a, b, -0.5) end,
    addcdiv = function(x, a, b) return x:addcdiv(a, b, 2) end, frac = vs.frac,
    amax = function(x) return x:amax(2, true) end,
    aminmax = function(x) return x:aminmax(2) end,
    std_mean = function(x) return x:std_mean(2) end,
    var_mean = function(x) return x:var_mean(2, false, true) end,
    ["median.all"] = function(x) return (x:median()) end,
    ["median.dim"] = function(x) return x:median(2) end,
    kthvalue = function(x) return x:kthvalue(2, 1, true) end,
    nan_to_num = function(x) return x:nan_to_num(0.5, 9, -9) end,
    outer = vs.outer, dot = vs.dot, mv = vs.mv, bmm = vs.bmm, baddbmm = vs.baddbmm,
    addmm = function(m, x, y) return vs.addmm(m, x, y, 0.5, 2) end,
    cdist = vs.cdist, ["cdist.one"] = function(x, y) return x:cdist(y, 1) end,
    meshgrid = function(x, y) return vs.meshgrid {x, y} end,
    ["meshgrid.xy"] = function(x, y) return vs.meshgrid({x, y}, "xy") end,
  }
  -- brackets
  functions["index.pairs"] = function(x, i, j) return x[{i, j}] end
  functions["index.behind"] = function(x, i, j) return x[{{}, i, j}] end
  functions["index.apart"] = function(x, i, j) return x[{i, {}, j}] end
  functions["index.grid"] = function(x, i, j) return x[{2, i, {2, 3}, j}] end
  functions["index.put"] = function(x, i, j, v) return x:index_put({i, j}, v) end
  functions["index.add"] = function(x, i, j, v) return x:index_put({i, j}, v, true) end
  -- losses over classes
  local weight = vs.tensor {0.5, 1, 2, 1.5, 0.25}
  for _, reduction in ipairs {"mean", "sum", "none"} do
    functions["cross_entropy.maps " .. reduction] = function(x, t)
      return x:cross_entropy(t, {weight = weight, reduction = reduction, ignore_index = 3,
        label_smoothing = 0.1})
    end
    functions["cross_entropy.probabilities " .. reduction] = function(x, t)
      return x:cross_entropy(t, weight, reduction, {label_smoothing = 0.2})
    end
    functions["cross_entropy.maps of probabilities " .. reduction] = function(x, t)
      return x:cross_entropy(t, {reduction = reduction})
    end
    functions["nll_loss.maps " .. reduction] = function(x, t)
      return x:nll_loss(t, weight, reduction, 1)
    end
  end
  functions["cross_entropy.one"] = function(x, t)
    return x:cross_entropy(t, {weight = weight, label_smoothing = 0.1})
  end
  functions["cross_entropy.one of probabilities"] = vs.cross_entropy
  for name, fn in pairs(functions) do it(name, function() compare(name, fn) end) end

  it("uses every golden case", function()
    for name in pairs(values) do
      local case = name:match "^(.*)/out1$"
      assert(not case or used[case], "nothing compares " .. tostring(case))
    end
  end)
end)
