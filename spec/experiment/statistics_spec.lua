-- Statistics of tables against scipy's (spec/golden/statistics.py) and simple cases.
local vs = require "vesper"
local fails = require "spec.support.fails"

local experiment = vs.experiment
local golden = assert(vs.io.json_load "spec/golden/statistics.json")

local function near(want, got, limit)
  assert(math.abs(got - want) <= limit * math.max(1, math.abs(want)),
    ("%.12g, expected %.12g"):format(got, want))
end

describe("experiment.paired_t_test", function()
  it("agrees with scipy's ttest_rel", function()
    for _, case in ipairs(golden.paired) do
      local test = experiment.paired_t_test(case.a, case.b)
      near(case.t, test.t, 1e-9)
      assert(math.abs(test.p - case.p) <= 1e-8 * case.p + 1e-12, ("%g, %g"):format(test.p, case.p))
      assert.equal(#case.a, test.n)
    end
  end)

  it("has the critical values of tables", function()
    for _, case in ipairs(golden.critical) do
      near(case.t, experiment.critical_t(case.df, case.level), 1e-7)
    end
  end)

  it("knows what one pair, and pairs without variation, show", function()
    assert.same({n = 1, mean = 2}, experiment.paired_t_test({5}, {3}))
    local same = experiment.paired_t_test({1, 2, 3}, {1, 2, 3})
    assert.same({0, 0, 1}, {same.mean, same.t, same.p})
    local shifted = experiment.paired_t_test({2, 3, 4}, {1, 2, 3})
    assert.same({1, 0, math.huge, 0}, {shifted.mean, shifted.deviation, shifted.t, shifted.p})
    assert.equal(-math.huge, experiment.paired_t_test({1, 2}, {2, 3}).t)
  end)

  it("checks its lists", function()
    fails("experiment.paired_t_test: a has 2 and b 1 numbers", experiment.paired_t_test, {1, 2},
      {1})
    fails("a has 0 and b 0 numbers", experiment.paired_t_test, {}, {})
    fails("b is 'x', expected a number", experiment.paired_t_test, {1}, {"x"})
    fails("df is 0, expected an integer", experiment.critical_t, 0, 0.05)
    fails("level is 0, expected", experiment.critical_t, 2, 0)
  end)
end)

describe("experiment.sign_flip_test", function()
  it("agrees with scipy's exact permutation test", function()
    for _, case in ipairs(golden.paired) do
      near(case.sign_flip, (experiment.sign_flip_test(case.a, case.b)), 1e-12)
    end
  end)

  it("is no number for a figure that is none, and takes rounding for no deviation", function()
    for _, bad in ipairs {0 / 0, math.huge} do
      local p = experiment.sign_flip_test({1, bad, 3}, {1, 2, 3})
      assert(p ~= p)
    end
    local same = experiment.paired_t_test({.1, .2, .3}, {0, .1, .2})
    assert.same({math.huge, 0}, {same.t, same.p})
    same = experiment.paired_t_test({.1, .2, .3}, {.1, .2, .3})
    assert.same({0, 1}, {same.t, same.p})
  end)

  it("says how small its p can be", function()
    for n, least in pairs {[1] = 1, [2] = 0.5, [3] = 0.25, [6] = 0.03125} do
      local a, b = {}, {}
      for i = 1, n do a[i], b[i] = 10 + i, i / 2 end
      assert.same({least, least}, {experiment.sign_flip_test(a, b)})
    end
    assert.equal(1, (experiment.sign_flip_test({1, 2}, {1, 2})))
    local long = {}
    for i = 1, 21 do long[i] = i end
    fails("the number of pairs is 21, expected 1..20", experiment.sign_flip_test, long, long)
  end)
end)

describe("experiment.interval", function()
  it("has numpy's quantiles", function()
    for _, case in ipairs(golden.intervals) do
      local low, high = experiment.interval(case.x)
      near(case.low, low, 1e-12)
      near(case.high, high, 1e-12)
      low, high = experiment.interval(case.x, 0.9)
      near(case.low90, low, 1e-12)
      near(case.high90, high, 1e-12)
    end
    local list = {3, 1, 2}
    experiment.interval(list)
    assert.same({3, 1, 2}, list)
    fails("list is empty", experiment.interval, {})
  end)
end)

describe("experiment.bootstrap", function()
  it("gives the intervals of scipy's", function()
    for _, case in ipairs(golden.bootstrap) do
      local n = #case.x
      local sums = experiment.bootstrap(vs.tensor(case.x):reshape(n, 1), {resamples = 5000})
      local low, high = experiment.interval((sums:flatten() / n):tolist())
      -- steps of 1/n, and what 5,000 samples can tell
      local limit = 1 / n + 0.06 * (case.high - case.low)
      assert(math.abs(low - case.low) <= limit and math.abs(high - case.high) <= limit,
        ("%g %g, expected %g %g"):format(low, high, case.low, case.high))
    end
  end)

  it("draws the same rows for every table of the same length, and leaves the generator", function()
    vs.manual_seed(5)
    local want = vs.rand(3):tolist()
    vs.manual_seed(5)
    local x = vs.arange(1, 9):float():reshape(9, 1)
    local a = experiment.bootstrap(x, {resamples = 50, seed = 3})
    local b = experiment.bootstrap(vs.cat({x * 2, vs.ones(9, 1)}, 2), {resamples = 50, seed = 3})
    assert.same(want, vs.rand(3):tolist())
    assert.same((a * 2):flatten():tolist(), b:select(2, 1):tolist())
    assert.equal(9, b:select(2, 2):min():item())
    assert.are_not.same(a:tolist(), experiment.bootstrap(x, {resamples = 50, seed = 4}):tolist())
  end)

  it("checks its arguments", function()
    fails("experiment.bootstrap: x is ", experiment.bootstrap, vs.ones(3))
    fails("x has no rows", experiment.bootstrap, vs.ones(0, 2))
    fails("resamples is 0", experiment.bootstrap, vs.ones(3, 1), {resamples = 0})
  end)
end)
