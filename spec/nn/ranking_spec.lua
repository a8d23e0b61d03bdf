-- nn.HingeRanking: warm-up, what it refuses, and that it tells a collapse from a run that learns.
local vs = require "vesper"

local nn = vs.nn

-- Runs fn; returns what it wrote to standard error, and its results.
local function told(fn, ...)
  local stderr, lines = io.stderr, {}
  io.stderr = {write = function(_, ...) -- luacheck: ignore
    for _, text in ipairs {...} do lines[#lines + 1] = text end
  end}
  local results = table.pack(pcall(fn, ...))
  io.stderr = stderr -- luacheck: ignore
  if not results[1] then error(results[2], 0) end
  return table.concat(lines), table.unpack(results, 2, results.n)
end

-- Two small nets learn to bring pairs of noisy points together.  Returns the last loss, and how
-- many of 128 new pairs find each other, in percent.
local function learn(options, epochs)
  vs.manual_seed(1)
  local mix = vs.randn(16, 16) * 0.25
  local function tower()
    return nn.Sequential{nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 8)}
  end
  local towers = nn.Sequential{tower(), tower()}
  local opt = vs.optim.Adam(towers:parameters(), {lr = 0.03})
  local ranking = nn.HingeRanking(options)
  local function scores()
    local x = vs.randn(128, 16)
    local y = x:matmul(mix) + vs.randn(128, 16)
    return towers[1](x):normalize():matmul(towers[2](y):normalize():t())
  end
  local loss
  for epoch = 1, epochs do
    for _ = 1, 100 do
      loss = ranking(scores(), epoch)
      opt:zero_grad()
      loss:backward()
      opt:step()
    end
  end
  return loss:item(), vs.metrics.accuracy(scores():detach(), vs.arange(128))
end

describe("nn.HingeRanking", function()
  it("counts every negative up to the epoch `warmup`, later the hardest", function()
    vs.manual_seed(2)
    local scores = vs.randn(6, 6)
    local function want(negatives, same)
      return scores:hinge_ranking{margin = 0.3, negatives = negatives, same = same}:item()
    end
    local ranking = nn.HingeRanking{margin = 0.3, warmup = 2}
    assert.equal(want "sum", ranking(scores, 1):item())
    assert.equal(want "sum", ranking(scores, 2):item())
    assert.equal(want "hardest", ranking(scores, 3):item())
    assert.not_equal(want "sum", want "hardest")
    assert.equal(want "hardest", nn.HingeRanking{margin = 0.3, warmup = 0}(scores):item())
    assert.equal(want "sum", nn.HingeRanking{margin = 0.3, negatives = "sum"}(scores):item())
    local same = vs.arange(6):reshape(6, 1):eq(vs.tensor({{1, 1, 2, 3, 4, 5}}, {dtype = "int64"}))
    assert.equal(want("hardest", same), ranking(scores, 3, same):item())
    assert.same({}, ranking:state_dict())
  end)

  it("wants the epoch where it has a warm-up, and options that it knows", function()
    local function refused(message, fn, ...)
      local ok, why = pcall(fn, ...)
      assert.is_false(ok)
      assert.matches(message, why, 1, true)
    end
    refused("HingeRanking: epoch is nil, expected a number, since warmup is 1", nn.HingeRanking(),
      vs.ones(2, 2))
    refused("unknown option 'marge', expected one of margin, negatives, warmup", nn.HingeRanking,
      {marge = 1})
    refused("margin is '1', expected a number", nn.HingeRanking, {margin = "1"})
    refused("negatives is 'all', expected hardest or sum", nn.HingeRanking, {negatives = "all"})
    refused("hinge_ranking: scores is [2,3]", nn.HingeRanking(), vs.ones(2, 3), 1)
  end)

  it("tells once when a run has collapsed", function()
    local message, loss, right = told(learn, {warmup = 0}, 6)
    assert.near(0.4, loss, 1e-3)
    assert(right < 5, right)
    assert.matches("the loss has been 0.400 = 2 * margin for 100 steps", message, 1, true)
    assert.matches("Start again with a longer warmup (now 0)", message, 1, true)
    assert.equal(1, select(2, message:gsub("HingeRanking:", "")))
  end)

  it("says nothing of a run that learns", function()
    local message, _, right = told(learn, {warmup = 1}, 6)
    assert.equal("", message)
    assert(right > 10, right)
  end)

  it("does not watch losses of validation", function()
    local function stuck(training)
      local ranking = nn.HingeRanking{warmup = 0}:train(training)
      for _ = 1, 120 do ranking(vs.ones(4, 4)) end
    end
    assert.equal("", told(stuck, false))
    assert.matches("collapsed", told(stuck, true))
  end)

  it("is what models.VSE ranks with", function()
    vs.manual_seed(3)
    local model = vs.models.VSE{classes = 3, width = 8, channels = {4, 4}, margin = 0.3, warmup = 1,
      text = {vocab_size = 9, word_dim = 4}}
    local batch = {image = vs.randint(0, 255, 5, 3, 8, 8):byte(), tokens = vs.randint(2, 9, 5, 3),
      lengths = vs.full({5}, 3):long(), label = vs.randint(1, 3, 5)}
    model:eval()
    local out = model(batch)
    local scores = out.v:normalize():matmul(out.t:normalize():t())
    for epoch, negatives in ipairs {"sum", "hardest"} do
      local _, parts = model:loss(batch, epoch)
      local want = scores:hinge_ranking{margin = 0.3, negatives = negatives}:item()
      assert.near(want, parts.rank, 1e-6)
    end
    local _, parts = model:loss(batch)
    local first = select(2, model:loss(batch, 1))
    assert.equal(first.rank, parts.rank)
    for name in pairs(model:state_dict()) do assert.is_nil(name:find "ranking") end
  end)
end)
