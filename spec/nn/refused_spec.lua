-- A training step in which memory runs out.  The n-th allocation is refused, for every n: the
-- numbers are those of a step in which nothing was.  Random streams, running statistics, sums of
-- gradients and weights are the same bits whether a call was made once or had to be made again.
local vs = require "vesper"
local memory = require "spec.support.memory"
local nn = vs.nn

local B = 3

-- Everything that draws numbers, keeps statistics or is made of several ops.
local function new_model()
  return {
    conv = nn.Conv2d(2, 4, 3, {padding = 1, padding_mode = "reflect"}), norm = nn.BatchNorm2d(4),
    drop2 = nn.Dropout2d(0.3), flat = nn.Flatten(), into = nn.Linear(4 * 4 * 4, 6),
    drop = nn.Dropout(0.4), words = nn.Embedding(11, 6, {padding_idx = 1}),
    rnn = nn.LSTM(6, 3, {num_layers = 2, bidirectional = true, dropout = 0.3}),
    heads = nn.MultiheadAttention(6, 2, {dropout = 0.3}), out = nn.Linear(6, 4)}
end

local names = {"conv", "norm", "drop2", "flat", "into", "drop", "words", "rnn", "heads", "out"}

local function slots(model)
  local list = {}
  for _, name in ipairs(names) do
    for key, t in pairs(model[name]:state_dict()) do list[name .. "." .. key] = t end
  end
  return list
end

local function parameters(model)
  local list = {}
  for _, name in ipairs(names) do
    for _, p in ipairs(model[name]:parameters()) do list[#list + 1] = p end
  end
  return list
end

local function copies(list)
  local copy = {}
  for key, t in pairs(list) do copy[key] = t:detach():clone() end
  return copy
end

local function put_back(model, saved)
  vs.no_grad(function()
    for key, t in pairs(slots(model)) do t:detach():copy_(saved[key]) end
  end)
end

local function inputs()
  vs.manual_seed(3)
  return {image = vs.randn(B, 2, 4, 4), label = vs.tensor({1, 4, 2}, {dtype = "int64"}),
    ids = vs.tensor({{2, 3, 4, 5, 6}, {7, 2, 9, 1, 1}, {10, 11, 1, 1, 1}}, {dtype = "int64"}),
    lengths = vs.tensor({5, 3, 2}, {dtype = "int64"})}
end

-- The forward, each call of a layer or an op through `try`.
local function forward(m, x, try)
  local h = try(m.drop2, try(m.norm, try(m.conv, x.image)))
  local seen = try(m.drop, try(m.into, try(m.flat, h)))
  local states = try(m.rnn, try(m.words, x.ids), x.lengths)
  local query = try(seen.reshape, seen, B, 1, 6)
  local found = try(m.heads, query, states, states)
  local own = try(vs.scaled_dot_product_attention, states, states, states, {dropout_p = 0.2})
  local pooled = try(own.mean, own, 2)
  local both = try(vs.add, try(found.reshape, found, B, 6), pooled)
  return try(vs.cross_entropy, try(m.out, both), x.label, {label_smoothing = 0.1})
end

local function optimizer(kind, model) return vs.optim[kind](parameters(model), {lr = 0.1}) end

-- What a step leaves, by name.
local function left(model, loss, opt)
  local list = copies(slots(model))
  list.loss = loss:detach():clone()
  for i, p in ipairs(parameters(model)) do
    list["gradient " .. i] = assert(p.grad, "no gradient"):clone()
    for name, t in pairs((opt:state(1, i))) do list[name .. " " .. i] = t:clone() end
  end
  return list, vs.get_rng_state().counter
end

local function same(want, got, what)
  for key, t in pairs(want) do
    assert(got[key] and t:eq(got[key]):all(), what .. ": other bits of " .. key)
  end
end

local function call(fn, ...) return (fn(...)) end

describe("a training step without memory", function()
  for _, kind in ipairs {"Adam", "SGD"} do
    local model, x, start, want, counter

    setup(function()
      vs.manual_seed(1)
      model, x = new_model(), inputs()
      start = copies(slots(model))
      vs.manual_seed(2)
      local opt, loss = optimizer(kind, model), forward(model, x, call)
      loss:backward()
      opt:step()
      want, counter = left(model, loss, opt)
    end)

    -- Runs `step` with allocation 1, 2, 3, ... refused, `times` in a row, until it needs no more.
    local function at_every_place(times, step)
      local before, n, reached = nil, 0, true
      while reached do
        n = n + 1
        put_back(model, start)
        local opt = optimizer(kind, model)
        opt:zero_grad()
        vs.manual_seed(2)
        vs._fail_allocation(n, times)
        local ok, loss = pcall(step, opt)
        reached = vs._fail_allocation(0) > 0
        assert(ok, ("allocation %d: %s"):format(n, loss))
        local got, counts = left(model, loss, opt)
        same(want, got, "allocation " .. n)
        assert.equal(counter, counts)
        opt, loss, got = nil, nil, nil -- luacheck: ignore
        if n == 1 then before = memory.live() end
      end
      assert(n > 200, n)
      assert.equal(before, memory.live())
    end

    it("goes on by itself where one allocation is refused: " .. kind, function()
      at_every_place(1, function(opt)
        local loss = forward(model, x, call)
        loss:backward()
        opt:step()
        return loss
      end)
    end)

    -- Whatever raised is called again.  Attention as a module is many calls: its random state is
    -- its caller's.
    it("gives the same when what raised is called again: " .. kind, function()
      local raised, restarted = 0, 0
      local function try(fn, ...)
        local state = vs.get_rng_state()
        local ok, result = pcall(fn, ...)
        if ok then return result end
        assert(tostring(result):find("out of memory", 1, true), result)
        raised = raised + 1
        if fn == model.heads then vs.set_rng_state(state) end
        assert.equal(state.counter, vs.get_rng_state().counter)
        return (fn(...))
      end
      at_every_place(2, function(opt)
        local loss = forward(model, x, try)
        local ok, message = pcall(loss.backward, loss)
        if not ok then -- the graph is used up: from the start, with what a step changes put back
          assert(tostring(message):find("out of memory", 1, true), message)
          restarted = restarted + 1
          opt:zero_grad()
          put_back(model, start)
          vs.manual_seed(2)
          loss = forward(model, x, call)
          loss:backward()
        end
        try(opt.step, opt)
        return loss
      end)
      assert(raised > 100, raised)
      assert(restarted > 100, restarted)
    end)
  end
end)
