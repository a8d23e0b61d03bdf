-- NaN goes through every op: where a finite change of an element of an input changes the outputs,
-- NaN there makes some output NaN; NaN that flows back into an output reaches a gradient.
-- `silent` lists the exceptions.
local vs = require "vesper"
local cases = require "spec.support.cases"
local gradcheck = require "spec.support.gradcheck"
local numbers = require "spec.support.numbers"

local nan = 0 / 0
local TRIED = 12 -- elements of an input, spread over it

-- op = why NaN in its inputs gives no NaN.
local compares = "gives bool"
local places = "gives places"
local silent = {
  lt = compares, le = compares, gt = compares, ge = compares,
  nonzero = places, rank = places .. ": NaN counts as above the target",
  argsort = places .. ": NaN counts as largest",
  topk = "NaN counts as largest: the smallest may be others",
}
-- The same for single cases.
local silent_cases = {
  ["norm, counts"] = "p = 0 counts what is not 0, and NaN is not",
  ["to, int64, towards zero"] = "integers have no NaN",
}

-- Whether some output holds NaN.
local function any_nan(outputs)
  for _, out in ipairs(outputs) do
    if gradcheck.is_tensor(out) and gradcheck.is_real(out) then
      for _, v in ipairs(numbers.flat(out)) do if v ~= v then return true end end
    end
  end
  return false
end

local function differ(a, b)
  for i, out in ipairs(a) do
    if not gradcheck.is_tensor(out) then
      if out ~= b[i] then return true end
    else
      local x, y = numbers.flat(out), numbers.flat(b[i])
      if #x ~= #y then return true end
      for k = 1, #x do if x[k] ~= y[k] then return true end end
    end
  end
  return false
end

-- The outputs with element `at` of tensor k changed by fn.
local function run(op, case, k, at, fn)
  local inputs = cases.inputs(vs, case)
  local leaves = gradcheck.leaves_of(inputs, #inputs, {})
  local tensors = {}
  for i, leaf in ipairs(leaves) do tensors[i] = leaf.t:contiguous():clone() end
  if k then
    local flat = tensors[k]:reshape {-1}
    flat[at] = fn(flat[at]:item())
  end
  if case.seed then vs.manual_seed(case.seed) end
  return {cases.caller(vs, op, case)(
    table.unpack(gradcheck.rebuild(inputs, #inputs, leaves, tensors), 1, #inputs))}, tensors
end


-- Which element of tensor k (with n) may hold NaN without a trace, or nil.
local function vanishes(op, case, k, n)
  local plain = run(op, case)
  for try = 1, math.min(TRIED, n) do
    local at = 1 + (try - 1) * n // math.min(TRIED, n)
    local shows = false
    for _, by in ipairs {0.37, -1000, 1000} do
      local ok, outputs = pcall(run, op, case, k, at, function(v) return v + by end)
      shows = shows or ok and differ(plain, outputs)
    end
    if shows then
      -- An op may refuse NaN.
      local ok, outputs, tensors = pcall(run, op, case, k, at, function() return nan end)
      if ok and not any_nan(outputs) and not (op.inplace and any_nan(tensors)) then return at end
    end
  end
end

-- The gradients of a case; element `at` of the cotangent of output k is changed by fn.
local function gradients(op, case, k, at, fn)
  local inputs = cases.inputs(vs, case)
  local leaves = gradcheck.leaves_of(inputs, #inputs, case.grad)
  local tensors, list = {}, {}
  for i, leaf in ipairs(leaves) do
    tensors[i] = leaf.t:detach():clone()
    if leaf.wants then tensors[i]:requires_grad_() end
  end
  if case.seed then vs.manual_seed(case.seed) end
  local outputs = {cases.caller(vs, op, case)(
    table.unpack(gradcheck.rebuild(inputs, #inputs, leaves, tensors), 1, #inputs))}
  local total
  for i, out in ipairs(outputs) do
    if gradcheck.is_tensor(out) and out.requires_grad then
      local weight = numbers.uniform(vs, numbers.shape(out), 0.5, 1, i)
      if i == k then
        local flat = weight:reshape {-1}
        flat[at] = fn(flat[at]:item())
      end
      total = (total or 0) + (out * weight):sum()
    end
  end
  if not total then return list, outputs end
  total:backward()
  for i, leaf in ipairs(leaves) do if leaf.wants then list[#list + 1] = tensors[i].grad end end
  return list, outputs
end

-- Which output and element takes NaN of a gradient without a trace, or nil.
local function stops(op, case)
  local plain, outputs = gradients(op, case)
  for k, out in ipairs(outputs) do
    local n = gradcheck.is_tensor(out) and out.requires_grad and out:numel() or 0
    for try = 1, math.min(TRIED, n) do
      local at = 1 + (try - 1) * n // math.min(TRIED, n)
      local changed = gradients(op, case, k, at, function(v) return v + 1 end)
      if differ(plain, changed) and not any_nan(gradients(op, case, k, at, function()
        return nan
      end)) then
        return ("output %d, element %d"):format(k, at)
      end
    end
  end
end

describe("NaN in an input", function()
  local ops = {}
  for _, op in ipairs(vs.ops()) do ops[op.name] = op end
  local used = {}

  for _, case in ipairs(cases.all()) do
    local op = ops[case.op]
    it("shows in the outputs of " .. case.key, function()
      local inputs = cases.inputs(vs, case)
      for k, leaf in ipairs(gradcheck.leaves_of(inputs, #inputs, {})) do
        if gradcheck.is_real(leaf.t) and leaf.t:numel() > 0 then
          local at = vanishes(op, case, k, leaf.t:numel())
          if at and (silent[case.op] or silent_cases[case.key]) then
            used[case.op], used[case.key] = true, true
          elseif at then
            error(("NaN in element %d of tensor %d vanishes"):format(at, k), 0)
          end
        end
      end
    end)
    if not op.nograd and not op.inplace and cases.derives(case) then
      it("flows back through " .. case.key, function()
        local where = stops(op, case)
        assert(not where, where and "NaN stops at " .. where)
      end)
    end
  end

  it("needs each exception of the list", function()
    for name in pairs(silent) do assert(used[name], name) end
    for name in pairs(silent_cases) do assert(used[name], name) end
  end)
end)

describe("NaN in a loss", function()
  local nn, T = vs.nn, vs.tensor
  local ops = {}
  for _, op in ipairs(vs.ops()) do ops[op.name] = op end

  -- Losses whose slope is the same for any violation, NaN too.
  local constant = {nll_loss = "the weight", hinge_ranking = "1 and -1"}

  -- The gradients of a case with NaN in element `at` of its k-th tensor, and the outputs.
  local function gradients_at(op, case, k, at)
    local inputs = cases.inputs(vs, case)
    local leaves = gradcheck.leaves_of(inputs, #inputs, case.grad)
    local tensors, list = {}, {}
    for i, leaf in ipairs(leaves) do
      tensors[i] = leaf.t:detach():contiguous():clone()
      if i == k then tensors[i]:reshape {-1}[at] = nan end
      if leaf.wants then tensors[i]:requires_grad_() end
    end
    local outputs = {cases.caller(vs, op, case)(
      table.unpack(gradcheck.rebuild(inputs, #inputs, leaves, tensors), 1, #inputs))}
    gradcheck.weigh(vs, outputs):backward()
    for i, leaf in ipairs(leaves) do if leaf.wants then list[#list + 1] = tensors[i].grad end end
    return list, outputs
  end

  for _, case in ipairs(cases.all()) do
    if case.file:find "loss_" and cases.derives(case) and not constant[case.op] then
      it("is in the gradient of " .. case.key .. " too", function()
        local inputs = cases.inputs(vs, case)
        for k, leaf in ipairs(gradcheck.leaves_of(inputs, #inputs, case.grad)) do
          for at = 1, leaf.wants and math.min(leaf.t:numel(), TRIED) or 0 do
            local got, outputs = gradients_at(ops[case.op], case, k, at)
            assert(not any_nan(outputs) or any_nan(got),
              ("element %d of tensor %d"):format(at, k))
          end
        end
      end)
    end
  end

  local scores = {{0.9, 0.1, 0.2}, {0.3, 0.8, 0.1}, {0.2, 0.4, 0.7}}

  it("is there wherever it is in the scores", function()
    local losses = {
      InfoNCE = nn.InfoNCE(), UniCL = nn.UniCL(), SigmoidLoss = nn.SigmoidLoss(),
      sum = nn.HingeRanking {negatives = "sum"},
      hardest = nn.HingeRanking {negatives = "hardest", warmup = 0},
    }
    for name, loss in pairs(losses) do
      for i = 1, 3 do
        for j = 1, 3 do
          local x = T(scores)
          x[i][j] = nan
          x:requires_grad_()
          local value = name:match "^%u" and loss(x) or loss(x, 1)
          assert(value:item() ~= value:item(), name)
        end
      end
    end
  end)

  it("is no number for all reductions and negatives of hinge_ranking", function()
    for _, negatives in ipairs {"sum", "hardest"} do
      local x = T {{nan, 0.1}, {0.2, 0.3}}
      local loss = vs.hinge_ranking(x, {negatives = negatives})
      assert(loss:item() ~= loss:item())
      -- what `same` takes out is not read
      x = T {{0.1, nan}, {0.2, 0.3}}
      local same = T({{0, 1}, {0, 0}}, {dtype = "bool"})
      loss = vs.hinge_ranking(x, {negatives = negatives, same = same})
      assert(loss:item() == loss:item())
    end
  end)

  it("is no match for a later violation", function()
    local x = T {{0.5, nan, 0.9}, {0.1, 0.5, 0.9}, {0.1, 0.2, 0.5}}
    local loss = vs.hinge_ranking(x, {negatives = "hardest"})
    assert(loss:item() ~= loss:item())
  end)
end)
