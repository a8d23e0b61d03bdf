--- Accuracy, confusion matrices, and retrieval between two sets of embeddings.
-- Retrieval processes blocks of queries, so that the whole matrix of scores is never in memory.
-- Embeddings are detached: nothing is recorded.
local core = require "vesper.core"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local metrics = {}

local BLOCK = 4 * 1024 * 1024 -- scores per block

--- The classes int64 [B] of logits [B,C]; int64 [B] predictions unchanged.
local function classes_of(what, predictions, labels)
  check.tensor(what, "labels", labels, 1, "int64")
  if core.is_tensor(predictions) and predictions.dtype ~= "int64" then
    check.tensor(what, "predictions", predictions, 2)
    predictions = predictions:detach():argmax(2)
  end
  check.tensor(what, "predictions", predictions, 1, "int64")
  if #predictions ~= #labels then
    check.fail(what, "labels has %d entries, expected %d, one per prediction", #labels,
      #predictions)
  end
  return predictions
end

--- Percent of correct predictions.
---@param predictions any logits float32 [B,C], or classes int64 [B]
---@param labels any int64 [B]
---@return number percent
function metrics.accuracy(predictions, labels)
  local classes = classes_of("accuracy", predictions, labels)
  if #classes == 0 then check.fail("accuracy", "predictions is empty, expected at least 1") end
  return 100 * classes:eq(labels):sum():item() / #classes
end

-- Index and value of the first entry of int64 [N] outside 1..top, or nil.
local function first_outside(t, top)
  if #t == 0 or t:min():item() >= 1 and t:max():item() <= top then return nil end
  for i, value in ipairs(t:tolist()) do
    if value < 1 or value > top then return i, value end
  end
end

--- The confusion matrix: rows are labels, columns predictions.
---@param predictions any logits float32 [B,C], or classes int64 [B]
---@param labels any int64 [B]
---@param count integer number of classes
---@return any counts int64 [count,count]
function metrics.confusion(predictions, labels, count)
  local classes = classes_of("confusion", predictions, labels)
  check.whole("confusion", "count", count, 1)
  for name, t in pairs {label = labels, prediction = classes} do
    local i, value = first_outside(t, count)
    if i then check.fail("confusion", "%s %d is %d, expected 1..%d", name, i, value, count) end
  end
  local cells = {}
  for i = 1, count * count do cells[i] = 0 end
  for _, cell in ipairs(labels:sub(1):mul(count):add(classes):tolist()) do
    cells[cell] = cells[cell] + 1
  end
  return core.tensor(cells, {dtype = "int64"}):reshape(count, count)
end

-- Block sizes of topk: the scores of a block fit into a cache until the best are found.
local QUERIES, GALLERY = 1024, 16384

--- Rows normalised to length 1.
local function unit_rows(x) return x:detach():normalize {dim = 2} end

-- A product at full precision, whatever the setting: ranks compare the scores.
local function product(a, b) return core._in_full(a.matmul, a, b) end

--- Calls fn(scores, rows, first, last) for blocks of queries: rows [R,D] are queries first..last,
--- scores [R,N] their cosines.  A product with few rows spends its time reading the gallery, so a
--- block has at least D / 2 rows, even if its scores then exceed BLOCK.
local function each_block(queries, gallery, fn)
  local total, columns = #queries, gallery:transpose(1, 2)
  local step = math.max(1, BLOCK // math.max(1, #gallery), gallery.shape[2] // 2)
  for first = 1, total, step do
    local last = math.min(total, first + step - 1)
    local rows = queries:slice(1, first, last)
    fn(product(rows, columns), rows, first, last)
  end
end

--- Percent within the first 1, 5 and 10, median and mean of ranks int64 [N].
local function summary(ranks)
  local n, sorted = #ranks, ranks:tolist()
  local function within(k) return 100 * ranks:le(k):sum():item() / n end
  table.sort(sorted)
  local median = (sorted[(n + 1) // 2] + sorted[n // 2 + 1]) / 2
  return {r1 = within(1), r5 = within(5), r10 = within(10), medr = median,
    meanr = ranks:sum():item() / n, n = n}
end

local function ranks_of(queries, gallery, target, group)
  local ranks = {}
  each_block(queries, gallery, function(scores, rows, first, last)
    ranks[#ranks + 1] = scores:rank {target = target:slice(1, first, last), group = group,
      x = rows, y = gallery}
  end)
  return summary(core.cat(ranks, 1))
end

-- Subtracts from each score what the bank's queries find in the gallery item: a bias b_g per item.
-- q g + b_g is the product of [q, 1] and [g, b_g], so the bias becomes one more dimension.
local function with_bank(queries, gallery, bank, beta)
  local sums
  each_block(unit_rows(bank), gallery, function(scores)
    local part = (scores * beta - beta):exp():sum(1) -- a cosine is at most 1: nothing overflows
    sums = sums and sums + part or part
  end)
  local bias = (sums:log() + beta) / -beta
  return core.cat({queries, core.ones(#queries, 1)}, 2), core.cat({gallery, bias:unsqueeze(2)}, 2)
end

local function check_bank(bank, beta, width)
  if type(bank) ~= "table" then
    check.fail("retrieval", "bank is %s, expected {v = tensor, t = tensor}", text.kind(bank))
  end
  for _, name in ipairs{"v", "t"} do
    check.tensor("retrieval", "bank." .. name, bank[name], 2)
    if #bank[name] == 0 or bank[name].shape[2] ~= width then
      check.fail("retrieval", "bank.%s is %s, expected [K,%d]", name, text.shape(bank[name]),
        width)
    end
  end
  check.kind("retrieval", "beta", beta, "positive")
end

local function protocol(n, m, bank, beta)
  local pairing = n == m and ("%d image-text pairs"):format(n)
    or ("%d images, %d captions (%.4g per image)"):format(n, m, m / n)
  return pairing .. "; image to text over all captions, text to image over all images; cosine; "
    .. "ties count against the correct item"
    .. (n == m and "" or "; an image's rank is that of its best caption")
    .. (bank and ("; scores corrected by a bank of %d other texts and %d other images, beta %g")
      :format(#bank.t, #bank.v, beta) or "")
end

local function check_image_of(image_of, n, m)
  check.tensor("retrieval", "image_of", image_of, 1, "int64")
  if #image_of ~= m then
    check.fail("retrieval", "image_of has %d entries, expected %d, one per caption", #image_of, m)
  end
  local i, image = first_outside(image_of, n)
  if i then
    check.fail("retrieval", "image_of: entry %d is %d, expected 1..%d", i, image, n)
  end
  local seen = {}
  for _, own in ipairs(image_of:tolist()) do seen[own] = true end
  for own = 1, n do
    if not seen[own] then
      check.fail("retrieval", "image_of: image %d has no caption, expected at least 1", own)
    end
  end
end

local result_meta = {}

--- Retrieval in both directions by cosine similarity.  An item with the same score as the correct
--- one ranks above it.
---@param v any image embeddings float32 [N,D]
---@param t any text embeddings float32 [M,D]; without image_of M = N, and row i belongs to image i
---@param opts table|nil {image_of = int64 [M]}: the image (from 1) of each caption;
--- {bank = {v = [K,D], t = [L,D]}, beta = 10}: other images and texts, such as those of the
--- training set.  An item's score is then cosine - log(sum over the bank of exp(beta cosine)) /
--- beta, which lowers items that are near every query: inverted softmax (Smith et al., ICLR 2017)
--- over a query bank (Bogolin et al., CVPR 2022).
---@return table r r.i2t: percent .r1, .r5, .r10, ranks .medr, .meanr; r.t2i: the same; r.rsum: the
--- sum of the six percentages; r.protocol: a description of the protocol
function metrics.retrieval(v, t, opts)
  check.tensor("retrieval", "v", v, 2)
  check.tensor("retrieval", "t", t, 2)
  local o = options.read("retrieval", opts, {beta = 10}, {image_of = true, bank = true})
  local bank, beta, image_of = o.bank, o.beta, o.image_of
  local n, m = #v, #t
  if v.shape[2] ~= t.shape[2] or n == 0 or (n ~= m and not image_of) then
    check.fail("retrieval",
      "v is %s and t is %s, expected [N,D] and [N,D] (or [M,D] and image_of)", text.shape(v),
      text.shape(t))
  end
  if image_of then check_image_of(image_of, n, m) end
  if bank then check_bank(bank, beta, v.shape[2]) end
  local images, texts, own = unit_rows(v), unit_rows(t), core.arange(1, n)
  local function ranks(queries, gallery, others, ...)
    if others then queries, gallery = with_bank(queries, gallery, others, beta) end
    return ranks_of(queries, gallery, ...)
  end
  local r = {
    i2t = ranks(images, texts, bank and bank.v, own, image_of),
    t2i = ranks(texts, images, bank and bank.t, image_of or own),
    protocol = protocol(n, m, bank, beta),
  }
  r.rsum = r.i2t.r1 + r.i2t.r5 + r.i2t.r10 + r.t2i.r1 + r.t2i.r5 + r.t2i.r10
  return setmetatable(r, result_meta)
end

--- "i2t R@1/5/10 35.1/68.0/79.4 median 3  t2i …  rsum 305.2"
---@param r table of metrics.retrieval
---@return string line
function metrics.format(r)
  local function side(name, s)
    return ("%s R@1/5/10 %.1f/%.1f/%.1f median %g"):format(name, s.r1, s.r5, s.r10, s.medr)
  end
  return ("%s  %s  rsum %.1f"):format(side("i2t", r.i2t), side("t2i", r.t2i), r.rsum)
end

result_meta.__tostring = metrics.format
result_meta.__name = "retrieval"

local WITHIN = {1, 5, 10, 20, 50}

local function check_items(name, items, other, rows)
  check.tensor("item_retrieval", name, items, 1, "int64")
  if #items ~= rows then
    check.fail("item_retrieval", "%s has %d entries, expected %d, one per row of %s", name, #items,
      rows, other)
  end
end

-- The indices of the queries whose item is in the gallery, int64 [M], or nil if there are none.
local function answerable(item_query, item_gallery)
  local has, list = {}, {}
  for _, item in ipairs(item_gallery:tolist()) do has[item] = true end
  for i, item in ipairs(item_query:tolist()) do
    if has[item] then list[#list + 1] = i end
  end
  return #list > 0 and core.tensor(list, {dtype = "int64"}) or nil
end

--- Retrieval of images of the same item (DeepFashion In-shop): a query counts as correct within k
--- if one of the k nearest gallery images by cosine shows its item.  An image of another item with
--- the same score as the best correct one ranks above it.  A query whose item is not in the gallery
--- counts as wrong.
---@param v_query any embeddings float32 [Q,D]
---@param item_query any int64 [Q], the item of each query
---@param v_gallery any embeddings float32 [N,D]
---@param item_gallery any int64 [N]
---@return table r percent r.r1, .r5, .r10, .r20, .r50; r.n: the number of queries; r.missing: the
--- number of queries whose item is not in the gallery; r.protocol: a description of the protocol
function metrics.item_retrieval(v_query, item_query, v_gallery, item_gallery)
  check.tensor("item_retrieval", "v_query", v_query, 2)
  check.tensor("item_retrieval", "v_gallery", v_gallery, 2)
  check_items("item_query", item_query, "v_query", #v_query)
  check_items("item_gallery", item_gallery, "v_gallery", #v_gallery)
  if v_query.shape[2] ~= v_gallery.shape[2] or #v_query == 0 or #v_gallery == 0 then
    check.fail("item_retrieval", "v_query is %s and v_gallery is %s, expected [Q,D] and [N,D]",
      text.shape(v_query), text.shape(v_gallery))
  end
  local n, rows, ranks = #v_query, answerable(item_query, item_gallery), {}
  if rows then
    local gallery, target = unit_rows(v_gallery), item_query:index_select(1, rows)
    each_block(unit_rows(v_query:index_select(1, rows)), gallery, function(scores, x, first, last)
      ranks[#ranks + 1] = scores:rank {target = target:slice(1, first, last),
        group = item_gallery, x = x, y = gallery}
    end)
  end
  local all = rows and core.cat(ranks, 1)
  local r = {n = n, missing = n - (all and #all or 0)}
  for _, k in ipairs(WITHIN) do
    r["r" .. k] = all and 100 * all:le(k):sum():item() / n or 0
  end
  r.protocol = ("%d queries, %d gallery images; correct within k if one of the k nearest by cosine "
    .. "shows the query's item; ties count against it; %d queries whose item is not in the gallery "
    .. "count as wrong"):format(n, #v_gallery, r.missing)
  return r
end

-- Indices and scores [Q,k] of the best gallery items for unit rows [Q,D]: the best of each block,
-- then the best of those.  Of equal scores the earlier item comes first, as within a block.
local function best_of(rows, gallery, k)
  local indices, scores, step = {}, {}, math.max(GALLERY, k)
  for first = 1, #gallery, step do
    local block = unit_rows(gallery:slice(1, first, math.min(#gallery, first + step - 1)))
    local s, i = product(rows, block:transpose(1, 2)):topk(math.min(k, #block))
    scores[#scores + 1], indices[#indices + 1] = s, i + (first - 1)
  end
  if #scores == 1 then return indices[1], scores[1] end
  local best, at = core.cat(scores, 2):topk(k)
  return core.cat(indices, 2):gather(2, at), best
end

--- The k rows of the gallery with the largest cosine to each query, best first.
---@param queries any float32 [Q,D]
---@param gallery any float32 [N,D]
---@param k integer 1..N
---@return any indices int64 [Q,k]
---@return any scores float32 [Q,k]
function metrics.topk(queries, gallery, k)
  check.tensor("topk", "queries", queries, 2)
  check.tensor("topk", "gallery", gallery, 2)
  if queries.shape[2] ~= gallery.shape[2] then
    check.fail("topk", "queries is %s and gallery is %s, expected the same width",
      text.shape(queries), text.shape(gallery))
  end
  check.whole("topk", "k", k, 1, #gallery)
  if #queries == 0 then check.fail("topk", "queries is empty, expected at least 1 row") end
  local indices, scores = {}, {}
  for first = 1, #queries, QUERIES do
    local rows = queries:slice(1, first, math.min(#queries, first + QUERIES - 1))
    indices[#indices + 1], scores[#scores + 1] = best_of(unit_rows(rows), gallery, k)
  end
  return core.cat(indices, 1), core.cat(scores, 1)
end

return metrics
