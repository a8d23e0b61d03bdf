-- The allocator: bounded memory over long loops, and refused allocations at every place.
local vs = require "vesper"
local memory = require "spec.support.memory"

local nn, optim = vs.nn, vs.optim

-- A training step of an LSTM classifier with Adam, of any batch size and length.
local function trainer()
  vs.manual_seed(1)
  local net = nn.Module:extend "Net"()
  net.rnn, net.norm, net.out = nn.LSTM(6, 10), nn.BatchNorm1d(10), nn.Linear(10, 3)
  function net:forward(x, lengths)
    local _, h = self.rnn(x, lengths)
    return self.out(self.norm(h):relu())
  end
  local opt = optim.Adam(net:parameters(), {lr = 1e-3})
  local function step(b, t)
    local x = vs.randn(b, t, 6)
    local loss = vs.cross_entropy(net(x, vs.randint(1, t, b)), vs.randint(1, 3, b))
    opt:zero_grad()
    loss:backward()
    optim.clip_grad_norm_(net:parameters(), 1)
    opt:step()
    return loss:item()
  end
  return step, net, opt
end

-- A sanitizer keeps freed memory aside, so that nothing can be said about the process.
local sanitized = os.getenv "ASAN_OPTIONS" ~= nil

describe("memory", function()
  it("does not grow over 2,000 steps of changing batch size and length", function()
    local step = trainer()
    local early
    for i = 1, 2000 do
      step(2 + i * 7 % 15, 1 + i * 11 % 13)
      if i == 200 then early = memory.resident() end
    end
    local late = memory.resident()
    local grown = (late - early) / early
    assert(sanitized or math.abs(grown) < 0.02,
      ("%.2f MB after 200 steps, %.2f MB after 2,000"):format(early / 1e6, late / 1e6))
  end)

  it("does not grow while tensors are only created", function()
    local early
    for i = 1, 200000 do
      vs.zeros(1 + i % 500)
      if i == 20000 then early = memory.resident() end
    end
    local late = memory.resident()
    assert(sanitized or late < early * 1.02,
      ("%.2f MB after 20,000 tensors, %.2f MB after 200,000"):format(early / 1e6, late / 1e6))
  end)

  it("stays bounded over 10,000 tensors of 4 MB", function()
    vs.empty_cache()
    local before, most = memory.resident(), 0
    for i = 1, 10000 do
      vs.empty(1 << 20)
      if i % 100 == 0 then most = math.max(most, memory.resident()) end
    end
    assert(sanitized or most - before < 100e6, ("%.1f MB more"):format((most - before) / 1e6))
    vs.empty_cache()
  end)

  it("asks the system for nothing in a steady state", function()
    local step = trainer()
    local function run() -- the test runner's own large heap would put collections off
      for i = 1, 100 do
        step(8, 5)
        if i % 10 == 0 then collectgarbage() end
      end
    end
    run()
    local before = vs.memory().system_requests
    run()
    local asked = vs.memory().system_requests - before
    assert(sanitized or asked <= 2, asked)
  end)

  it("holds at most half as much again as was live at once", function()
    vs.empty_cache()
    local base = vs.memory().live + vs.memory().cached
    for i = 1, 60 do
      vs.zeros(i * 10000) -- every size another class or block
      collectgarbage()
    end
    local held = vs.memory().live + vs.memory().cached - base
    assert(held <= 1.6 * (60 * 10000 * 4 * 1.25 + base), held)
  end)

  it("is given back by empty_cache, and a limit holds", function()
    vs.zeros(1 << 20)
    vs.empty_cache()
    assert.equal(0, vs.memory().cached)
    local limit = vs.memory().limit
    vs.set_cache_limit(1 << 20)
    vs.zeros(1 << 20)
    collectgarbage()
    assert(vs.memory().cached <= 1 << 20)
    vs.set_cache_limit(limit)
  end)
end)

describe("a refused allocation", function()
  -- Runs fn with the nth allocation from now refused.  Whether it completed all the same.
  local function refuse(n, fn)
    vs._fail_allocation(n)
    local ok, message = pcall(fn)
    vs._fail_allocation(0)
    if not ok then assert(tostring(message):find("out of memory", 1, true), message) end
    return ok
  end

  it("at any place of a training step is an error or goes unnoticed, and leaks nothing", function()
    local step = trainer()
    step(3, 4)
    step(3, 4)
    local before = memory.live()
    local made = vs.memory().allocations
    step(3, 4)
    local blocks, failed = vs.memory().allocations - made, 0
    for n = 1, 2 * blocks do -- structures that are no blocks count too
      local ok = refuse(n, function() step(3, 4) end)
      if not ok then failed = failed + 1 end
    end
    assert(failed > 0)
    step(3, 4) -- gradients of the same parameters as before
    assert.equal(before, memory.live())
  end)

  it("while a model is made and first trained leaks nothing", function()
    local before = memory.live()
    for n = 1, 120 do
      refuse(n, function()
        local step = trainer()
        step(2, 2)
      end)
    end
    assert.equal(before, memory.live())
  end)

  it("that a collection cures does not count a batch twice", function()
    local norm = nn.BatchNorm1d(4)
    for n = 1, 40 do
      local seen = norm.num_batches_tracked:item()
      local ok = refuse(n, function() norm(vs.ones(3, 4)) end)
      assert.equal(seen + (ok and 1 or 0), norm.num_batches_tracked:item(), "allocation " .. n)
    end
  end)

  it("in every op's own way of failing leaves the tensors as they were", function()
    local x = vs.tensor({1, 2, 3}, {dtype = "int64"})
    for n = 1, 12 do
      local ok = refuse(n, function() x:add_(1) end)
      local want = ok and 1 or 0
      assert.same({1 + want, 2 + want, 3 + want}, x:tolist())
      x:sub_(want)
    end
  end)
end)
