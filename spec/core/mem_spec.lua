-- The allocator: bounded memory over long loops, and refused allocations at every place.
local vs = require "vesper"
local memory = require "spec.support.memory"
local process = require "spec.support.process"
local temp = require "spec.support.temp"

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

describe("memory", function()
  it("does not grow over steps of changing batch size and length", function()
    local step = trainer()
    memory.settles(function()
      for i = 1, 1000 do step(2 + i * 7 % 15, 1 + i * 11 % 13) end
    end, 1 << 14) -- the smallest piece of malloc in every step would be 1 << 15
  end)

  it("does not grow while tensors are only created", function()
    memory.settles(function()
      for i = 1, 50000 do vs.zeros(1 + i % 500) end
    end, 1 << 16) -- 16 bytes a tensor would be 800 kB
  end)

  it("stays bounded over 10,000 tensors of 4 MB, and beside a large heap", function()
    local most = 1.5 * (512 << 20) + 20e6 -- where a collection takes long, as under sanitizers
    for captions, limit in pairs {[0] = memory.sanitized and most or 100e6, [100000] = most} do
      local held = process.lua(([[
        local vs = require "vesper"
        local heap = {}
        for i = 1, %d do heap[i] = {text = "caption " .. i, tokens = {i, 2, 3}} end
        local function held() return vs.memory().live + vs.memory().cached end
        local before, most = held(), 0
        for i = 1, 10000 do
          vs.empty(1 << 20)
          if i %% 10 == 0 then most = math.max(most, held() - before) end
        end
        print(most)]]):format(captions))
      assert(tonumber(held) < limit and tonumber(held) >= 1 << 22, captions .. ": " .. held)
    end
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
    assert(memory.sanitized or asked <= 2, asked)
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
  -- Runs fn with the nth allocation from now refused, or `times` in a row.  Returns whether it
  -- completed all the same, and how many allocations were refused.
  local function refuse(n, fn, times)
    vs._fail_allocation(n, times or 1)
    local ok, message = pcall(fn)
    local refused = vs._fail_allocation(0)
    if not ok then assert(tostring(message):find("out of memory", 1, true), message) end
    return ok, refused
  end

  it("at any place of a training step is cured by a collection, two are an error or go unnoticed, "
    .. "and nothing leaks", function()
    local step = trainer()
    step(3, 4)
    step(3, 4)
    local before = memory.live()
    local made = vs.memory().allocations
    step(3, 4)
    local blocks, failed = vs.memory().allocations - made, 0
    for n = 1, 2 * blocks do -- structures that are no blocks count too
      assert(refuse(n, function() step(3, 4) end), n)
      if not refuse(n, function() step(3, 4) end, 2) then failed = failed + 1 end
    end
    assert(failed > 0)
    step(3, 4) -- gradients of the same parameters as before
    assert.equal(before, memory.live())
  end)

  it("leaves the random numbers as they were: a second try draws the same", function()
    local vectors = assert(vs.text.WordVectors "spec/fixtures/text/hats.vec")
    local vocab = vs.text.Vocab.build {"some words that have no vector"}
    local makers = {
      layer = function() local l = nn.Linear(30, 20); return {l.weight, l.bias} end,
      vectors = function() return {(vectors:matrix(vocab))} end,
    }
    for name, make in pairs(makers) do
      vs.manual_seed(3)
      local want, next_one, failed = make(), vs.rand(1):item(), 0
      for n = 1, 12 do
        vs.manual_seed(3)
        vs._fail_allocation(n, 2) -- and the try after a collection
        local ok, got = pcall(make)
        vs._fail_allocation(0)
        if not ok then failed, got = failed + 1, make() end
        for i, t in ipairs(want) do assert(t:eq(got[i]):all(), name) end
        assert.equal(next_one, vs.rand(1):item())
      end
      assert(failed > 0, name)
    end
  end)

  it("while a model is made and first trained leaks nothing", function()
    local before = memory.live()
    for n = 1, 120 do
      local _, refused = refuse(n, function()
        local step = trainer()
        step(2, 2)
      end)
      assert.equal(1, refused)
    end
    assert.equal(before, memory.live())
  end)

  it("that a collection cures does not count a batch twice", function()
    local norm = nn.BatchNorm1d(4)
    local refused = 0
    for n = 1, 40 do
      local seen = norm.num_batches_tracked:item()
      local ok, hit = refuse(n, function() norm(vs.ones(3, 4)) end)
      refused = refused + hit
      assert.equal(seen + (ok and 1 or 0), norm.num_batches_tracked:item(), "allocation " .. n)
    end
    assert(refused > 5, refused)
  end)

  it("in every op's own way of failing leaves the tensors as they were", function()
    local x = vs.tensor({1, 2, 3}, {dtype = "int64"})
    local refused = 0
    for n = 1, 12 do
      local ok, hit = refuse(n, function() x:add_(1) end)
      refused = refused + hit
      local want = ok and 1 or 0
      assert.same({1 + want, 2 + want, 3 + want}, x:tolist())
      x:sub_(want)
    end
    assert(refused > 0)
  end)
end)

-- One step of everything that training is made of: layers of every kind, losses, hooks, a function
-- written in Lua, schedules, averages, a loader that changes images, files.
describe("a refused allocation in a wide step", function()
  local folder
  setup(function() folder = temp.folder() end)
  teardown(temp.remove)

  local function pictures()
    local set = vs.data.TensorDataset {
      image = vs.randint(0, 255, 6, 3, 8, 8):byte(), tokens = vs.randint(1, 9, 6, 4),
      lengths = vs.randint(1, 4, 6), label = vs.randint(1, 3, 6),
    }
    return vs.data.Loader(set, {batch_size = 3, shuffle = true, seed = 1, crop = 1, flip = 0.5,
      jitter = 0.2, erase = 0.5})
  end

  local function net()
    local Net = nn.Module:extend "Wide"
    function Net:init()
      self.conv = nn.Sequential {nn.Conv2d(3, 4, 3, {padding = 1, bias = false}),
        nn.BatchNorm2d(4), nn.PReLU(), nn.MaxPool2d(2), nn.ConvTranspose2d(4, 4, 2, {stride = 2}),
        nn.GroupNorm(2, 4), nn.Upsample {size = {4, 4}, mode = "bilinear"}, nn.Dropout2d(0.1),
        nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(16, 6), nn.LayerNorm(6)}
      self.words, self.rnn = nn.Embedding(9, 5, {padding_idx = 1}), nn.GRU(5, 6)
      self.time, self.norm = nn.Conv1d(6, 6, 3, {padding = 1}), nn.RMSNorm(6)
      self.info = nn.InfoNCE(0.1)
      self.out = nn.Linear(12, 3)
    end
    function Net:forward(batch)
      local v = self.conv(batch.image:float() / 255)
      local states, t = self.rnn(self.words(batch.tokens), batch.lengths)
      t = t + self.time(states:transpose(2, 3)):max(3)
      return v, self.norm(t), self.out(vs.cat({v, t}, 2))
    end
    return Net()
  end

  local scale = vs.autograd.Function {
    forward = function(ctx, x, k) ctx.k = k return x * k end,
    backward = function(ctx, dy) return dy * ctx.k end,
  }

  local function wide()
    vs.manual_seed(1)
    local model, loader = net(), pictures()
    local opt = optim.RMSprop(model:parameters(), {lr = 1e-3, momentum = 0.9})
    local schedule = optim.lr_scheduler.CosineAnnealingLR(opt, 10)
    local average = optim.EMA(model)
    model.rnn:register_forward_hook(function(_, _, outputs) outputs[2] = outputs[2] * 1 end)
    model.out:register_full_backward_hook(function() end)
    local function step()
      for batch in loader do
        local v, t, logits = model(batch)
        t:register_hook(function(g) return g * 0.5 end)
        local scores = v:normalize():matmul(t:normalize():t())
        local loss = vs.cross_entropy(scale(logits, 2), batch.label) + model.info(scores)
          + vs.hinge_ranking(scores) + vs.smooth_l1_loss(v, t:detach())
          + vs.triplet_margin_loss(v, t, t:roll(1, 1)) + (v:sort(2) * v:cumsum(2)):mean()
        opt:zero_grad()
        loss:backward()
        optim.clip_grad_norm_(model:parameters(), 1)
        opt:step()
      end
      schedule:step()
      average:update()
    end
    assert(vs.checkpoint.save(folder .. "/wide", {model = model, optimizer = opt, loader = loader,
      schedule = schedule}))
    local function files()
      local parts = {model = model, optimizer = opt, loader = loader, schedule = schedule}
      assert(vs.checkpoint.load(folder .. "/wide", parts)) -- the one from before is still there
      parts.extra, parts.epoch = {average = average:state_dict()}, 1
      assert(vs.checkpoint.save(folder .. "/wide", parts))
      assert(vs.npy.save(folder .. "/w.npy", model.out.weight))
      assert(vs.npy.load(folder .. "/w.npy"))
    end
    return step, files
  end

  for _, kind in ipairs {"_fail_allocation", "_fail_lua_allocation"} do
    -- Refuses allocation 1, 2, 3, ... of fn until it needs no more, and the second try with it;
    -- beyond `dense` not each.
    local function each_refused(fn, dense)
      fn()
      fn()
      local before, failed, n, reached = memory.live(), 0, 0, true
      while reached do
        n = n + 1 + (n > dense and n // 50 or 0)
        vs[kind](n, 2)
        local ok, message = pcall(fn)
        reached = vs[kind](0) > 0
        failed = failed + (ok and 0 or 1)
        assert(ok or #tostring(message) > 0)
      end
      assert(failed > 20, failed)
      fn()
      assert.equal(before, memory.live())
    end

    it(("is an error or goes unnoticed and leaks nothing (%s)"):format(kind), function()
      local step = wide()
      each_refused(step, 150)
    end)

    it(("while files are written and read leaves them whole (%s)"):format(kind), function()
      local _, files = wide()
      each_refused(files, 150)
    end)
  end
end)
