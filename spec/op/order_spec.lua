-- sort, argsort and topk of rows of every length and dtype against Lua's own order, stable; and of
-- rows with equal values, NaN, infinities and both zeros.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local inf, nan = math.huge, 0 / 0

-- Positions of values in order: equal ones keep theirs, NaN is largest.
local function order(values, descending)
  local at = {}
  for i = 1, #values do at[i] = i end
  local function less(a, b)
    if a ~= a or b ~= b then return a == a and b ~= b end
    return a < b
  end
  table.sort(at, function(i, j)
    local a, b = values[i], values[j]
    if descending then a, b = b, a end
    if less(a, b) then return true end
    if less(b, a) then return false end
    return i < j
  end)
  return at
end

local function check(x, what)
  local values = numbers.flat(x:to "float64")
  if x.dtype == "int64" then values = numbers.flat(x) end
  for _, descending in ipairs {false, true} do
    local want = order(values, descending)
    local sorted, at = x:sort(1, descending)
    assert(x:argsort(1, descending):eq(at):all(), what)
    local got = numbers.flat(at)
    for i, w in ipairs(want) do assert(got[i] == w, what) end
    local same = sorted:eq(x:index_select(1, at))
    assert(same:sum():item() == #values or x:ne(x):any(), what)
    for _, k in ipairs {1, 5, 20, #values // 2} do
      if k <= #values then
        local best, places = x:topk(k, 1, descending)
        local list = numbers.flat(places)
        for i = 1, k do assert(list[i] == want[i], what .. " topk") end
        assert(best:eq(x:index_select(1, places)):sum():item() == k or x:ne(x):any(), what)
      end
    end
  end
end

describe("order", function()
  it("of rows of every length and dtype", function()
    vs.manual_seed(1)
    for _, n in ipairs {1, 2, 20, 47, 48, 49, 50, 300, 1000, 5000} do
      check(vs.randn(n), "random " .. n)
      check(vs.randint(-3, 3, {n}), "few values " .. n)
      check(vs.randint(-3, 3, {n}):float(), "few numbers " .. n)
      check(vs.randint(0, 255, {n}):byte(), "bytes " .. n)
      check((vs.randn(n) * 1e6):to "int32", "int32 " .. n)
      check(vs.randn(n):to "float64", "float64 " .. n)
      check(vs.randn(n):to "bfloat16":float():to "bfloat16", "bfloat16 " .. n)
      check(vs.randint(0, 1, {n}):to "bool", "bool " .. n)
    end
  end)

  it("of what is special", function()
    local list = {}
    for _ = 1, 12 do
      for _, v in ipairs {nan, inf, -inf, 0.0, -0.0, 1, -1, 1e-40, -1e-40, 3e38, -3e38} do
        list[#list + 1] = v
      end
    end
    check(vs.tensor(list), "special")
    check(vs.tensor(list, {dtype = "float64"}), "special float64")
    check(vs.tensor {nan, 2, inf, -0.0, 0.0}, "few special")
    local big = {}
    local some = {2 ^ 53 | 0, (2 ^ 53 | 0) + 1, math.maxinteger, math.mininteger, -1, 0}
    for i = 1, 60 do big[i] = some[i % 6 + 1] end
    check(vs.tensor(big, {dtype = "int64"}), "large integers")
  end)

  it("along any dimension, and its gradient", function()
    vs.manual_seed(2)
    local x = vs.randn(5, 70, 6)
    local sorted, at = x:sort(2)
    local turned, places = x:transpose(2, 3):contiguous():sort(3)
    assert(sorted:eq(turned:transpose(2, 3)):all() and at:eq(places:transpose(2, 3)):all())
    local z, g = x:clone():requires_grad_(), vs.randn(5, 70, 6);
    ((z:sort(2)) * g):sum():backward()
    assert(z.grad:eq(vs.zeros(5, 70, 6):scatter(2, at, g)):all())
    local best, chosen = x:topk(40, 2)
    assert(best:eq(x:sort(2, true):slice(2, 1, 40)):all())
    assert(chosen:eq(x:argsort(2, true):slice(2, 1, 40)):all())
  end)

  it("arange and linspace have every element, whatever the length", function()
    for _, n in ipairs {1, 2, 33, 70001} do
      local whole = vs.arange(5, 5 + 3 * (n - 1), 3)
      assert(whole.shape[1] == n and whole[n]:item() == 5 + 3 * (n - 1) and whole.dtype == "int64")
      assert((whole - 5):eq(3 * (vs.ones(n, {dtype = "int64"}):cumsum(1) - 1)):all())
      local real = vs.arange(0.5, 0.5 + (n - 1) * 0.25, 0.25)
      assert(real.shape[1] == n and real[n]:item() == 0.5 + (n - 1) * 0.25)
      assert(vs.arange(1, n, {dtype = "float32"}):long():eq(vs.arange(1, n)):all())
    end
    local big = 2 ^ 53 | 0
    assert(vs.arange(big, big + 3)[2]:item() == big + 1)
  end)
end)
