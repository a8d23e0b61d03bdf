-- Random numbers: the same seed gives the same numbers, whatever the threads; ranges and moments.
local vs = require "vesper"
local fails = require "spec.support.fails"

local function drawn()
  return {vs.rand(3):tolist(), vs.randn(2, 2):tolist(), vs.randint(1, 9, 4):tolist(),
    vs.randperm(6):tolist(), vs.dropout(vs.ones(8), 0.5, true):tolist(),
    vs.zeros(3):uniform_(-1, 1):tolist(), vs.nn.Linear(2, 2).weight:tolist()}
end

-- Philox 4x32-10 in Lua: the four words of a block of a stream.
local function philox(seed, stream, block)
  local k0, k1 = seed & 0xffffffff, seed >> 32
  local c0, c1 = block & 0xffffffff, block >> 32
  local c2, c3 = stream & 0xffffffff, stream >> 32
  for _ = 1, 10 do
    local p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
    c0, c1, c2, c3 = (p1 >> 32) ~ c1 ~ k0, p1 & 0xffffffff, (p0 >> 32) ~ c3 ~ k1, p0 & 0xffffffff
    k0, k1 = (k0 + 0x9E3779B9) & 0xffffffff, (k1 + 0xBB67AE85) & 0xffffffff
  end
  return {c0, c1, c2, c3}
end

local double = vs.build.real == "double"
-- A number as the build keeps it.
local function kept(x) return double and x or (string.unpack("f", string.pack("f", x))) end

local function unit(bits) return double and bits / 2.0 ^ 32 or (bits >> 8) / 2.0 ^ 24 end

local function uniform(seed, stream, position)
  return unit(philox(seed, stream, position >> 2)[(position & 3) + 1])
end

local function normal(seed, stream, position)
  local w = philox(seed, stream, position >> 2)
  local first = (position & 2) + 1
  local radius = math.sqrt(-2 * math.log((w[first] + 1) / 2.0 ^ 32))
  local angle = 6.283185307179586 * (w[first + 1] / 2.0 ^ 32)
  return radius * (position & 1 == 1 and math.sin(angle) or math.cos(angle))
end

describe("random numbers", function()
  it("are Philox's, at every instruction set", function()
    assert.same({0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, philox(0, 0, 0))
    local seed, n = 0x123456789ab, 1003
    vs.manual_seed(seed)
    local u, v = vs.rand(n):tolist(), vs.randn(n):tolist()
    local between, around = vs.empty(n):uniform_(-3, 7):tolist(), vs.empty(n):normal_(5, 2):tolist()
    local dropped = vs.dropout(vs.ones(n), 0.25, true):tolist()
    for i = 1, n do
      assert.equal(uniform(seed, 0, i - 1), u[i])
      assert.equal(kept(normal(seed, 1, i - 1)), v[i])
      assert.equal(kept(-3 + 10 * uniform(seed, 2, i - 1)), between[i])
      assert.equal(kept(5 + 2 * normal(seed, 3, i - 1)), around[i])
      assert.equal(uniform(seed, 4, i - 1) >= 0.25, dropped[i] > 0)
    end
  end)

  it("of attention's dropout are those of the scores' positions", function()
    local seed, p = 9, 0.4
    local B, H, T, S = 2, 3, 5, 7
    local q, k, v = vs.zeros(B, H, T, 4), vs.zeros(B, H, S, 4), vs.ones(B, H, S, 1)
    vs.manual_seed(seed)
    local y = vs.nn.functional.scaled_dot_product_attention(q, k, v, {dropout_p = p}):reshape(-1)
    for row, value in ipairs(y:tolist()) do
      local kept_ = 0
      for j = 0, S - 1 do
        if uniform(seed, 0, (row - 1) * S + j) >= kept(p) then kept_ = kept_ + 1 end
      end
      assert.near(kept_ / S / (1 - p), value, 1e-6)
    end
  end)

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
