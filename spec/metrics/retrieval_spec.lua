-- metrics.retrieval with several captions an image, folds, and scores that are given.
local vs = require "vesper"
local metrics = require "vesper.metrics"
local fails = require "spec.support.fails"

local function ints(list) return vs.tensor(list, {dtype = "int64"}) end

-- Recalls of scores {{...}, ...} by counting: the rank of the best correct item among all wrong
-- ones, ties counting against it.
local function counted(scores, image_of)
  local function recalls(ranks)
    local r = {}
    for _, k in ipairs {1, 5, 10} do
      local hits = 0
      for _, rank in ipairs(ranks) do hits = hits + (rank <= k and 1 or 0) end
      r["r" .. k] = 100 * hits / #ranks
    end
    return r
  end
  local by_image, by_text = {}, {}
  for i, row in ipairs(scores) do
    local best, rank = -math.huge, 1
    for j, score in ipairs(row) do if image_of[j] == i then best = math.max(best, score) end end
    for j, score in ipairs(row) do
      if image_of[j] ~= i and score >= best then rank = rank + 1 end
    end
    by_image[i] = rank
  end
  for j, own in ipairs(image_of) do
    local rank = 1
    for i, row in ipairs(scores) do
      if i ~= own and row[j] >= scores[own][j] then rank = rank + 1 end
    end
    by_text[j] = rank
  end
  return {i2t = recalls(by_image), t2i = recalls(by_text)}
end

local function sum_of(r)
  return r.i2t.r1 + r.i2t.r5 + r.i2t.r10 + r.t2i.r1 + r.t2i.r5 + r.t2i.r10
end

-- n images with `each` captions, in a mixed order.
local function problem(n, each)
  vs.manual_seed(n)
  local image_of = {}
  for j = 1, n * each do image_of[j] = j % n + 1 end
  local v = vs.randn(n, 4)
  local t = v:index_select(1, ints(image_of)) + vs.randn(n * each, 4)
  return v, t, image_of
end

local function same(want, r)
  for _, side in ipairs {"i2t", "t2i"} do
    for _, k in ipairs {"r1", "r5", "r10"} do
      assert(math.abs(want[side][k] - r[side][k]) < 1e-9, side .. " " .. k)
    end
  end
  assert(math.abs(sum_of(want) - r.rsum) < 1e-9)
end

describe("metrics.retrieval", function()
  it("gives a perfect model of five captions an image 600", function()
    local v = vs.randn(12, 16)
    local image_of = {}
    for j = 1, 60 do image_of[j] = (j - 1) // 5 + 1 end
    local of = ints(image_of)
    local t = v:index_select(1, of)
    assert.equal(600, metrics.retrieval(v, t, {image_of = of}).rsum)
    local scores = v:normalize():matmul(t:normalize():t())
    scores = scores + of:unsqueeze(1):eq(vs.arange(1, 12):unsqueeze(2)):float() -- no rounding
    assert.equal(600, metrics.retrieval_of_scores(scores, {image_of = of}).rsum)
  end)

  it("takes the mean over folds, each with its own captions", function()
    local v, t, image_of = problem(23, 3)
    local r = metrics.retrieval(v, t, {image_of = ints(image_of), folds = 4})
    local sum, first = 0, 1
    for k, n in ipairs {5, 6, 6, 6} do
      local rows, own = {}, {}
      for j, i in ipairs(image_of) do
        if i >= first and i < first + n then rows[#rows + 1], own[#own + 1] = j, i - first + 1 end
      end
      local one = metrics.retrieval(v:slice(1, first, first + n - 1),
        t:index_select(1, ints(rows)), {image_of = ints(own)})
      assert.equal(one.rsum, r.folds[k].rsum)
      sum, first = sum + one.rsum, first + n
    end
    assert(math.abs(sum / 4 - r.rsum) < 1e-9)
    assert(math.abs(sum_of(r) - r.rsum) < 1e-9)
    assert.equal(metrics.retrieval(v, t, {image_of = ints(image_of)}).rsum, r.whole.rsum)
    assert.matches("^mean over 4 parts; the first: 5 images, 15 captions", r.protocol)
    assert.matches("rsum", tostring(r))
    local pairs_ = metrics.retrieval(v, v, {folds = 4})
    assert.same({600, 600}, {pairs_.rsum, pairs_.whole.rsum})
  end)

  it("wants at most as many folds as images", function()
    fails("retrieval: folds is 4, expected 1..3", metrics.retrieval, vs.randn(3, 2), vs.randn(3, 2),
      {folds = 4})
  end)
end)

describe("metrics.retrieval_of_scores", function()
  it("measures what counting measures, for tensors and functions", function()
    for _, size in ipairs {{1, 1}, {7, 1}, {11, 3}, {40, 5}} do
      local v, t, image_of = problem(table.unpack(size))
      local scores = (v:matmul(t:t()) * 2):round() -- many ties
      local want, of = counted(scores:tolist(), image_of), ints(image_of)
      same(want, metrics.retrieval_of_scores(scores, {image_of = of}))
      local rows = {}
      local r = metrics.retrieval_of_scores(function(first, last)
        rows[#rows + 1] = last - first + 1
        return scores:slice(1, first, last)
      end, {image_of = of})
      same(want, r)
      local total = 0
      for _, n in ipairs(rows) do total = total + n end
      assert.equal(size[1], total)
    end
  end)

  it("asks a function for blocks when there are many captions", function()
    local n, m = 300, 30000
    local image_of, blocks = ints((function()
      local list = {}
      for j = 1, m do list[j] = (j - 1) % n + 1 end
      return list
    end)()), 0
    local r = metrics.retrieval_of_scores(function(first, last)
      blocks = blocks + 1
      return vs.arange(first, last):unsqueeze(2):eq(image_of:unsqueeze(1)):float()
    end, {image_of = image_of})
    assert(blocks > 1)
    assert.equal(600, r.rsum)
  end)

  it("equals retrieval by embeddings, with folds too", function()
    local v, t, image_of = problem(30, 2)
    local of = ints(image_of)
    local scores = v:normalize():matmul(t:normalize():t())
    for _, folds in ipairs {1, 3} do
      local a = metrics.retrieval(v, t, {image_of = of, folds = folds})
      local b = metrics.retrieval_of_scores(scores, {image_of = of, folds = folds})
      same(a, b)
    end
    assert.equal(metrics.retrieval(v, v).rsum,
      metrics.retrieval_of_scores(v:normalize():matmul(v:normalize():t())).rsum)
  end)

  it("says what does not fit", function()
    local of = metrics.retrieval_of_scores
    fails("scores is a number, expected a tensor", of, 3)
    fails("scores is [2,3], expected [N,N]", of, vs.ones(2, 3))
    fails("image_of: image 2 has no caption", of, vs.ones(2, 3), {image_of = ints {1, 1, 1}})
    fails("image_of is nil, expected a tensor", of, function() end)
    fails("the scores of images 1..2 are nil, expected [2,3]", of, function() end,
      {image_of = ints {1, 2, 2}})
    fails("unknown option 'bank', expected one of folds, image_of", of, vs.ones(2, 2), {bank = {}})
  end)
end)

describe("metrics.retrieval_ranks", function()
  it("has the ranks that metrics.retrieval counts", function()
    vs.manual_seed(3)
    local image_of = ints {1, 1, 2, 3, 3, 3, 4, 5, 6, 6}
    local v, t = vs.randn(6, 5), vs.randn(10, 5)
    local bank = {v = vs.randn(7, 5), t = vs.randn(8, 5)}
    for _, o in ipairs {{image_of = image_of}, {image_of = image_of, bank = bank, beta = 5}} do
      local r, ranks = metrics.retrieval(v, t, o), metrics.retrieval_ranks(v, t, o)
      for side, n in pairs {i2t = 6, t2i = 10} do
        local list = ranks[side]
        assert.same({n, "int64"}, {#list, list.dtype})
        for _, k in ipairs {1, 5, 10} do
          assert.equal(r[side]["r" .. k], 100 * list:le(k):sum():item() / n)
        end
        assert.equal(r[side].meanr, list:sum():item() / n)
      end
    end
    local own = metrics.retrieval_ranks(vs.eye(3), vs.eye(3))
    assert.same({{1, 1, 1}, {1, 1, 1}}, {own.i2t:tolist(), own.t2i:tolist()})
    fails("retrieval_ranks: v is [6,5] and t is [10,5], expected", metrics.retrieval_ranks, v, t)
    fails("unknown option 'folds'", metrics.retrieval_ranks, v, t, {folds = 2})
  end)
end)
