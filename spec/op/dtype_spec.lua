-- Every op takes every dtype in one of two ways: with the right value, in no less than the dtype
-- holds, or with a refusal that names what to call.
local vs = require "vesper"
local cases = require "spec.support.cases"
local gradcheck = require "spec.support.gradcheck"
local numbers = require "spec.support.numbers"

local T, REAL = vs.tensor, vs.zeros(1).dtype
local DTYPES = {"float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"}

-- Ops whose values depend on the dtype by what they are for.
local by_dtype = {
  uniform_ = "draws into the dtype", normal_ = "draws into the dtype",
  add_ = "rounds to x's dtype", sub_ = "rounds to x's dtype", mul_ = "rounds to x's dtype",
  div_ = "rounds to x's dtype", fill_ = "rounds to x's dtype",
  masked_scatter_ = "rounds to x's dtype", scatter = "rounds to x's dtype",
  pad = "rounds value to x's dtype",
}

-- The op on the case's inputs, the real ones as `dtype`; or, as the compute type, what these hold.
local function run(op, case, dtype, back)
  local inputs = cases.inputs(vs, case)
  local leaves = gradcheck.leaves_of(inputs, #inputs, {})
  local tensors, changed = {}, false
  for i, leaf in ipairs(leaves) do
    local t = leaf.t:contiguous():clone()
    if gradcheck.is_real(t) then
      changed = true
      local whole = (t * 3):nan_to_num():trunc():clamp(0, 255)
      t = (dtype == "bool" and t:gt(0) or whole):to(dtype)
      if back then t = t:to "float32" end
    end
    tensors[i] = t
  end
  if not changed then return end
  if case.seed then vs.manual_seed(case.seed) end
  return table.pack(pcall(cases.caller(vs, op, case),
    table.unpack(gradcheck.rebuild(inputs, #inputs, leaves, tensors), 1, #inputs)))
end

-- An output of dtype `of` may be that: never less than what was given.
local function holds(out, of)
  if of == "float64" then return out ~= "float32" and out ~= "float16" and out ~= "bfloat16" end
  return true
end

describe("every dtype", function()
  local ops = {}
  for _, op in ipairs(vs.ops()) do ops[op.name] = op end
  for _, case in ipairs(cases.all()) do
    local op = ops[case.op]
    if not by_dtype[op.name] and case.name ~= "writes through" then
      it("is right or refused in " .. case.key, function()
        for _, dtype in ipairs(DTYPES) do
          local got = run(op, case, dtype)
          local want = got and run(op, case, dtype, true)
          if got and not got[1] then
            local said = tostring(got[2])
            assert(said:find(":float()", 1, true) or said:find("buffer", 1, true)
              or said:find("running_", 1, true) or said:find("cannot hold", 1, true)
              or said:find("cannot be divided", 1, true)
              or not want[1], dtype .. ": " .. said)
          elseif got and want[1] then
            for i = 2, got.n do
              if gradcheck.is_tensor(got[i]) then
                assert(op.name == "to" or holds(got[i].dtype, dtype),
                  dtype .. " gave " .. got[i].dtype)
                local limit = got[i].dtype == "bfloat16" and 0.01 or 2e-3
                numbers.same(vs, got[i]:float(), numbers.flat(want[i]:float()),
                  numbers.shape(want[i]), limit)
              else
                assert.equal(want[i], got[i])
              end
            end
          end
        end
      end)
    end
  end
end)

describe("float64 keeps its digits in", function()
  local wide = {dtype = "float64"}
  local near = 1 + 2 ^ -40
  local x, y = T({1, near, -0.5}, wide), T({near, 1, 0.1}, wide)
  local function same(t, want, dtype)
    assert.equal(dtype or "float64", t.dtype)
    numbers.same(vs, t, want, nil, 1e-15)
  end

  it("max, min and where they are", function()
    local value, at = T({0.25, 0.75, -0.5}, wide):max()
    same(value, {0.75})
    assert.equal(2, at:item())
    assert.equal(2, x:argmax():item())
    assert.equal(1, T({0.5, 0.75}, wide):argmin():item())
    same((T({0.25, 0.75, -0.5}, wide):min()), {-0.5})
    same((x:reshape(1, 3):max(2)), {near})
    assert.equal(1, T({0.25, 0 / 0}, wide):argmin():item() - 1)
  end)

  it("sort and argsort", function()
    local value, at = x:sort()
    same(value, {-0.5, 1, near})
    assert.same({3, 1, 2}, at:tolist())
    assert.same({3, 1, 2}, x:argsort():tolist())
  end)

  it("arithmetic", function()
    same(x + y, {1 + near, 1 + near, -0.5 + 0.1})
    same(x - 1, {0, 2 ^ -40, -1.5})
    same(x * 0.1, {0.1, near * 0.1, -0.05})
    same(0.1 / y, {0.1 / near, 0.1, 1})
    same(x ^ 3, {1, near ^ 3, -0.125})
    same(vs.atan2(x, y), {math.atan(1, near), math.atan(near, 1), math.atan(-0.5, 0.1)})
    same(vs.maximum(x, y), {near, near, 0.1})
    same(vs.minimum(x, y), {1, 1, -0.5})
    same(x + T({2, 3, 4}, {dtype = "int64"}), {3, near + 3, 3.5})
    same(x + T {1, 1, 1}, {2, near + 1, 0.5})
    same(x:clone():add_(0.1), {1.1, near + 0.1, -0.4})
  end)

  it("comparisons, where, masked_fill", function()
    assert.same({true, false, true}, x:lt(y):tolist())
    assert.same({false, true, false}, x:eq(near):tolist())
    assert.same({true, true, false}, x:ge(1):tolist())
    local mask = T({1, 0, 1}, {dtype = "bool"})
    same(vs.where(mask, x, y), {1, 1, -0.5})
    same(vs.where(mask, 0.1, x), {0.1, near, 0.1})
    same(x:masked_fill(mask, 0.1), {0.1, near, 0.1})
  end)

  it("refuses with the way out", function()
    if REAL == "float64" then return end
    for _, name in ipairs {"sum", "mean", "prod", "exp", "softmax"} do
      local ok, said = pcall(x[name], x)
      assert.is_false(ok)
      assert.matches("x is a float64 tensor [3], expected float32", said, 1, true)
      assert.matches("call :float()", said, 1, true)
    end
    local ok, said = pcall(function() return T {1, 2, 3}:requires_grad_() * x end)
    assert.is_false(ok)
    assert.matches("mul: y is a float64 tensor [3], expected float32: call :float()", said, 1, true)
  end)
end)

describe("int64 is compared as it is", function()
  it("with numbers and floats", function()
    local x = T({16777217, 16777216}, {dtype = "int64"})
    assert.same({true, false}, x:gt(16777216.5):tolist())
    assert.same({false, true}, x:eq(T {16777216, 16777216}):tolist())
    assert.same({true, false}, x:eq(16777217):tolist())
    assert.same({false, false}, x:lt(0 / 0):tolist())
  end)
end)
