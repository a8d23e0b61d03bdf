-- Accuracy, confusion and retrieval, against counting in Lua.
local vs = require "vesper"
local metrics = require "vesper.metrics"

local function ints(list) return vs.tensor(list, {dtype = "int64"}) end

describe("metrics.accuracy", function()
  it("is the percentage of right classes, from logits or from class numbers", function()
    local logits = vs.tensor {{1, 3, 2}, {5, 0, 0}, {0, 0, 1}, {1, 0, 0}}
    assert.equal(75, metrics.accuracy(logits, ints {2, 1, 3, 2}))
    assert.equal(50, metrics.accuracy(ints {1, 2}, ints {1, 3}))
    assert.equal(100, metrics.accuracy(logits:requires_grad_(), ints {2, 1, 3, 1}))
  end)

  it("names what does not fit", function()
    assert.error_matches(function() metrics.accuracy(ints {1, 2}, ints {1}) end,
      "accuracy: labels has 1 entries, expected 2")
    assert.error_matches(function() metrics.accuracy({1}, ints {1}) end,
      "predictions is a table, expected a tensor")
    assert.error_matches(function() metrics.accuracy(ints {1}, vs.ones(1)) end, "labels is float")
    assert.error_matches(function() metrics.accuracy(vs.zeros(2), ints {1, 2}) end, "2 dimensions")
    assert.has_error(function() metrics.accuracy(ints {}, ints {}) end)
  end)
end)

describe("metrics.confusion", function()
  it("counts labels by row and predictions by column", function()
    local counts = metrics.confusion(ints {1, 2, 2, 3, 1}, ints {1, 2, 3, 3, 2}, 3)
    assert.same({{1, 0, 0}, {1, 1, 0}, {0, 1, 1}}, counts:tolist())
    assert.equal("int64", counts.dtype)
  end)

  it("refuses classes outside its range", function()
    assert.error_matches(function() metrics.confusion(ints {4}, ints {1}, 3) end,
      "confusion: prediction 1 is 4, expected 1%.%.3")
    assert.error_matches(function() metrics.confusion(ints {1}, ints {0}, 3) end, "label 1 is 0")
    assert.error_matches(function() metrics.confusion(ints {1}, ints {1}, 0) end, "count is 0")
  end)
end)

-- Ranks by the definition: the right item's cosine against every wrong one's.
local function ranks(queries, gallery, is_right)
  local list = {}
  for q, a in ipairs(queries) do
    local best, scores = -math.huge, {}
    for g, b in ipairs(gallery) do
      local dot, aa, bb = 0, 0, 0
      for i = 1, #a do dot, aa, bb = dot + a[i] * b[i], aa + a[i] ^ 2, bb + b[i] ^ 2 end
      scores[g] = dot / math.sqrt(aa * bb)
      if is_right(q, g) then best = math.max(best, scores[g]) end
    end
    list[q] = 1
    for g, s in ipairs(scores) do
      if not is_right(q, g) and s >= best then list[q] = list[q] + 1 end
    end
  end
  return list
end

local function check(want, got)
  local sum, within = 0, {[1] = 0, [5] = 0, [10] = 0}
  table.sort(want)
  for _, rank in ipairs(want) do
    sum = sum + rank
    for k in pairs(within) do if rank <= k then within[k] = within[k] + 1 end end
  end
  assert.near(100 * within[1] / #want, got.r1, 1e-9)
  assert.near(100 * within[5] / #want, got.r5, 1e-9)
  assert.near(100 * within[10] / #want, got.r10, 1e-9)
  assert.near(sum / #want, got.meanr, 1e-9)
  assert.equal((want[(#want + 1) // 2] + want[#want // 2 + 1]) / 2, got.medr)
end

describe("metrics.retrieval", function()
  it("agrees with the definition, rows of any length", function()
    vs.manual_seed(3)
    local v = vs.randn(41, 6)
    local t = v * 2 + vs.randn(41, 6) * 1.5
    local r = metrics.retrieval(v, t)
    local function same(q, g) return q == g end
    check(ranks(v:tolist(), t:tolist(), same), r.i2t)
    check(ranks(t:tolist(), v:tolist(), same), r.t2i)
    assert.near(r.i2t.r1 + r.i2t.r5 + r.i2t.r10 + r.t2i.r1 + r.t2i.r5 + r.t2i.r10, r.rsum, 1e-9)
    assert.is_true(r.rsum > 100 and r.rsum < 600)
  end)

  it("takes off what a bank of queries finds in an item", function()
    vs.manual_seed(4)
    local v, V = vs.randn(30, 5), vs.randn(70, 5)
    local t, T = v + vs.randn(30, 5), V + vs.randn(70, 5)
    local r = metrics.retrieval(v, t, {bank = {v = V, t = T}, beta = 6})
    local function biased(queries, gallery, bank)
      queries, gallery, bank = queries:normalize(), gallery:normalize(), bank:normalize()
      local found = (bank:matmul(gallery:t()) * 6):exp():sum(1):log() / 6
      local scores = (queries:matmul(gallery:t()) - found):tolist()
      local list = {}
      for q, row in ipairs(scores) do
        list[q] = 1
        for g, s in ipairs(row) do
          if g ~= q and s >= row[q] then list[q] = list[q] + 1 end
        end
      end
      return list
    end
    check(biased(v, t, V), r.i2t)
    check(biased(t, v, T), r.t2i)
    assert.not_equal(metrics.retrieval(v, t).rsum, r.rsum)
    assert.matches("bank of 70 other texts and 70 other images, beta 6", r.protocol, 1, true)
    -- an item that is near everything comes first no longer
    local hub = vs.tensor{{1, 0.1}, {1, -0.9}, {1, 1}}
    local near = vs.tensor{{1, 0.6}, {1, -0.9}, {1, 0.8}}
    local best = metrics.retrieval(hub, near, {bank = {v = near, t = near * 2}, beta = 50})
    assert.is_true(best.rsum >= metrics.retrieval(hub, near).rsum)
  end)

  it("is 600 for equal embeddings", function()
    local v = vs.randn(30, 8)
    local r = metrics.retrieval(v, v * 3)
    assert.equal(600, r.rsum)
    assert.equal(1, r.i2t.medr)
    assert.equal(1, r.t2i.meanr)
  end)

  it("takes several captions an image: the best of them for i2t, each for t2i", function()
    vs.manual_seed(4)
    local of, captions, v = {}, {}, vs.randn(9, 5)
    for i = 1, 30 do
      of[i] = (i * 7) % 9 + 1
      captions[i] = (v[of[i]] + vs.randn(5) * 1.2):tolist()
    end
    captions[8] = captions[17] -- two captions of one image that tie do not harm each other
    assert.equal(of[8], of[17])
    local t = vs.tensor(captions)
    local r = metrics.retrieval(v, t, {image_of = ints(of)})
    check(ranks(v:tolist(), captions, function(q, g) return of[g] == q end), r.i2t)
    check(ranks(captions, v:tolist(), function(q, g) return of[q] == g end), r.t2i)
    assert.equal(9, r.i2t.n)
    assert.equal(30, r.t2i.n)
    assert.matches("9 images, 30 captions %(3.333 per image%)", r.protocol)
  end)

  it("counts ties against the right item: collapsed embeddings score nothing", function()
    for _, n in ipairs {40, 257} do
      local one = vs.randn(1, 48):expand(n, 48):contiguous()
      local r = metrics.retrieval(one, one)
      assert.equal(0, r.rsum)
      assert.equal(n, r.i2t.medr)
      assert.equal(n, r.t2i.meanr)
    end
    local zero = metrics.retrieval(vs.zeros(20, 4), vs.randn(20, 4))
    assert.equal(20, zero.i2t.meanr)
  end)

  it("counts NaN against the right item", function()
    local v, t = vs.randn(20, 4), vs.randn(20, 4)
    v[3]:fill_(0 / 0)
    local r = metrics.retrieval(v, v)
    assert.equal(20, (r.i2t.meanr - 19 / 20 * 2) * 20) -- row 3 is last; others have it above them
    assert.equal(20, metrics.retrieval(t * (0 / 0), t).i2t.medr)
  end)

  it("works in blocks: many rows give what the whole matrix of scores gives", function()
    vs.manual_seed(5)
    local v, own = vs.randn(2600, 4), {} -- 2,600 x 2,600 scores are more than one block
    local t = v + vs.randn(2600, 4) * 0.05
    for i = 1, 2600 do own[i] = i end
    local scores = v:normalize():matmul(t:normalize():transpose(1, 2))
    local r = metrics.retrieval(v, t)
    check(scores:rank(ints(own)):tolist(), r.i2t)
    check(scores:transpose(1, 2):rank(ints(own)):tolist(), r.t2i)
    local _, best = metrics.topk(v, t, 1)
    assert.is_true(best:reshape(2600):eq((scores:max(2))):all())
  end)

  it("prints as one line and says what was measured", function()
    local r = metrics.retrieval(vs.eye(4), vs.eye(4))
    assert.equal("i2t R@1/5/10 100.0/100.0/100.0 median 1  t2i R@1/5/10 100.0/100.0/100.0 median 1"
      .. "  rsum 600.0", tostring(r))
    assert.equal(tostring(r), metrics.format(r))
    assert.matches("4 image%-text pairs", r.protocol)
    assert.matches("ties count against", r.protocol)
    assert.matches("cosine", r.protocol)
  end)

  it("names what does not fit", function()
    local v = vs.randn(4, 3)
    local function try(pattern, t, opts)
      local ok, message = pcall(metrics.retrieval, v, t, opts)
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
    try("v is %[4,3%] and t is %[5,3%]", vs.randn(5, 3))
    try("v is %[4,3%] and t is %[4,2%]", vs.randn(4, 2))
    try("t is nil", nil)
    try("image_of has 4 entries, expected 5, one per caption", vs.randn(5, 3),
      {image_of = ints {1, 2, 3, 4}})
    try("image_of: entry 2 is 5, expected 1%.%.4", v, {image_of = ints {1, 5, 3, 4}})
    try("image 2 has no caption", v, {image_of = ints {1, 1, 3, 4}})
    try("image_of is float", v, {image_of = vs.tensor {1, 2, 3, 4}})
    try("unknown option 'k', expected one of bank, beta, folds, image_of", v, {k = 3})
  end)
end)

describe("a bank of metrics.retrieval", function()
  it("is refused where it does not fit", function()
    local v = vs.randn(4, 3)
    local function refused(message, options)
      local ok, why = pcall(metrics.retrieval, v, v, options)
      assert.is_false(ok)
      assert.matches(message, why, 1, true)
    end
    refused("bank is a number", {bank = 1})
    refused("bank.t is nil, expected a tensor", {bank = {v = v}})
    refused("bank.t is [4,2], expected [K,3]", {bank = {v = v, t = vs.randn(4, 2)}})
    refused("beta is 0", {bank = {v = v, t = v}, beta = 0})
    refused("nan, expected a finite number > 0", {bank = {v = v, t = v}, beta = 0 / 0})
  end)
end)

describe("metrics.topk", function()
  it("gives the nearest rows of the gallery by cosine", function()
    local gallery = vs.tensor {{1, 0}, {0, 5}, {3, 3}, {-1, 0}}
    local indices, scores = metrics.topk(vs.tensor {{2, 0.1}, {0, 1}}, gallery, 3)
    assert.same({{1, 3, 2}, {2, 3, 1}}, indices:tolist())
    assert.equal("int64", indices.dtype)
    assert.near(2 / math.sqrt(4.01), scores[1][1]:item(), 1e-6)
    assert.near(math.sqrt(0.5), scores[2][2]:item(), 1e-6)
  end)

  it("finds the same over blocks as in one piece, the earlier of equals first", function()
    vs.manual_seed(5)
    local queries, gallery = vs.randn(1100, 16), vs.randn(40000, 16)
    for _, i in ipairs {1, 2, 40000} do gallery[i] = queries[7] end
    local indices, scores = metrics.topk(queries, gallery, 12)
    local values, places = queries:normalize {dim = 2}:slice(1, 1, 20)
      :matmul(gallery:normalize {dim = 2}:transpose(1, 2)):topk(12)
    assert((scores:slice(1, 1, 20) - values):abs():max():item() < 1e-6)
    assert.same({1, 2, 40000}, indices[7]:slice(1, 1, 3):tolist())
    local again = gallery:index_select(1, indices[1100]):normalize {dim = 2}
      :matmul(queries[1100]:normalize {dim = 1})
    assert((again - scores[1100]):abs():max():item() < 1e-6)
    for _, row in ipairs {1, 3, 20} do
      assert.same(places[row]:tolist(), indices[row]:tolist())
    end
  end)

  it("refuses a k larger than the gallery and other widths", function()
    assert.error_matches(function() metrics.topk(vs.ones(1, 2), vs.ones(3, 2), 4) end,
      "topk: k is 4, expected 1%.%.3")
    assert.error_matches(function() metrics.topk(vs.ones(1, 2), vs.ones(3, 4), 1) end, "same wid")
  end)
end)

describe("metrics.item_retrieval", function()
  it("agrees with the definition", function()
    vs.manual_seed(8)
    local things = vs.randn(12, 6)
    local item_q, item_g = {}, {}
    for i = 1, 40 do item_q[i] = i * 7 % 12 + 1 end
    for i = 1, 90 do item_g[i] = i * 5 % 12 + 1 end
    local q = things:index_select(1, ints(item_q)) + vs.randn(40, 6) * 2
    local g = things:index_select(1, ints(item_g)) + vs.randn(90, 6) * 2
    local want = ranks(q:tolist(), g:tolist(), function(a, b) return item_q[a] == item_g[b] end)
    local r = metrics.item_retrieval(q, ints(item_q), g, ints(item_g))
    for _, k in ipairs {1, 5, 10, 20, 50} do
      local within = 0
      for _, rank in ipairs(want) do within = within + (rank <= k and 1 or 0) end
      assert.near(100 * within / 40, r["r" .. k], 1e-9)
    end
    assert.is_true(r.r1 > 0 and r.r1 < r.r5 and r.r5 < 100)
    assert.same({40, 0}, {r.n, r.missing})
    assert.matches("^40 queries, 90 gallery images; correct within k", r.protocol)
  end)

  it("counts ties against the query, and items that the gallery lacks as wrong", function()
    local v = vs.ones(1, 3)
    local r = metrics.item_retrieval(v, ints {1}, vs.ones(3, 3), ints {2, 1, 1})
    assert.same({0, 100}, {r.r1, r.r5}) -- the one wrong image comes first, right ones never count
    r = metrics.item_retrieval(vs.eye(3), ints {1, 9, 3}, vs.eye(3), ints {1, 2, 3})
    assert.near(200 / 3, r.r1, 1e-9)
    assert.near(200 / 3, r.r50, 1e-9)
    assert.equal(1, r.missing)
    assert.matches("1 queries whose item is not in the gallery count as wrong", r.protocol)
    r = metrics.item_retrieval(v, ints {9}, v, ints {1})
    assert.same({0, 0, 1}, {r.r1, r.r50, r.missing})
  end)

  it("names what does not fit", function()
    local v, one = vs.ones(2, 3), ints {1, 2}
    local function refused(want, ...)
      local args = table.pack(...)
      assert.error_matches(function() metrics.item_retrieval(table.unpack(args, 1, args.n)) end,
        want)
    end
    refused("item_query has 1 entries, expected 2, one per row", v, ints {1}, v, one)
    refused("item_gallery has 3 entries, expected 2, one per row", v, one, v, ints {1, 2, 3})
    refused("v_query is %[2,3%] and v_gallery is %[2,4%]", v, one, vs.ones(2, 4), one)
    refused("item_query is float32", v, vs.ones(2), v, one)
    refused("v_gallery is a table", v, one, {}, one)
    refused("expected %[Q,D%]", vs.zeros(0, 3), ints {}, v, one)
  end)
end)
