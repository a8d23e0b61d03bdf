-- Random numbers: the same seed gives the same numbers, whatever the threads; ranges and moments.
local vs = require "vesper"
local fails = require "spec.support.fails"

local function drawn()
  return {vs.rand(3):tolist(), vs.randn(2, 2):tolist(), vs.randint(1, 9, 4):tolist(),
    vs.randperm(6):tolist(), vs.dropout(vs.ones(8), 0.5, true):tolist(),
    vs.zeros(3):uniform_(-1, 1):tolist(), vs.nn.Linear(2, 2).weight:tolist()}
end

describe("random numbers", function()
  it("repeat with the seed and differ without", function()
    vs.manual_seed(7)
    local first = drawn()
    vs.manual_seed(7)
    assert.same(first, drawn())
    assert.not_same(first, drawn())
    vs.manual_seed(8)
    assert.not_same(first, drawn())
  end)

  it("repeat from a saved state", function()
    vs.manual_seed(3)
    drawn()
    local state = vs.get_rng_state()
    local first = drawn()
    vs.set_rng_state(state)
    assert.same(first, drawn())
    fails("expected a table", vs.set_rng_state, 1)
  end)

  it("do not depend on the number of threads", function()
    local threads = vs.get_num_threads()
    local function big()
      vs.manual_seed(5)
      return vs.dropout(vs.randn(200000), 0.3, true)
    end
    vs.set_num_threads(1)
    local one = big()
    vs.set_num_threads(2)
    local two = big()
    vs.set_num_threads(threads)
    assert.is_true(one:eq(two):all())
  end)

  it("into a view are those of a copy", function()
    vs.manual_seed(4)
    local x = vs.zeros(3, 2)
    x:t():uniform_()
    vs.manual_seed(4)
    local y = vs.zeros(2, 3):uniform_()
    assert.is_true(x:t():eq(y):all())
  end)

  it("have the moments and the bounds they should", function()
    vs.manual_seed(11)
    local n = vs.randn(100000)
    assert(math.abs(n:mean():item()) < 0.02)
    assert(math.abs(n:square():mean():item() - 1) < 0.02)
    local u = vs.rand(100000)
    assert(u:ge(0):all() and u:lt(1):all())
    assert(math.abs(u:mean():item() - 0.5) < 0.01)
    local i = vs.randint(-2, 2, 10000)
    assert.equal(-2, (i:min()):item())
    assert.equal(2, (i:max()):item())
    local seen = {}
    for _, v in ipairs(vs.randperm(100):tolist()) do seen[v] = true end
    assert.equal(100, #seen)
    fails("high 1 is below low 2", vs.randint, 2, 1, 3)
  end)
end)
