-- metrics.retrieval and metrics.retrieval_of_scores: image-to-text and text-to-image retrieval.
local core = require "vesper.core"
local blocks = require "vesper.metrics.blocks"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local unit_rows, each_block = blocks.unit_rows, blocks.each

local metrics = {}

-- ---- ranks --------------------------------------------------------------------------------------

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
  return core.cat(ranks, 1)
end

-- ---- results ------------------------------------------------------------------------------------

local result_meta = {__name = "retrieval"}

local function with_sum(r)
  r.rsum = r.i2t.r1 + r.i2t.r5 + r.i2t.r10 + r.t2i.r1 + r.t2i.r5 + r.t2i.r10
  return setmetatable(r, result_meta)
end

local TIES = "ties count against the correct item"

-- n images, m captions, `scores`: what is compared.
local function protocol(n, m, scores)
  local pairing = n == m and ("%d image-text pairs"):format(n)
    or text.format("%d images, %d captions (%.4g per image)", n, m, m / n)
  return ("%s; image to text over all captions, text to image over all images; %s%s%s"):format(
    pairing, TIES, n == m and "" or "; an image's rank is that of its best caption", scores)
end

local function check_image_of(what, image_of, n, m)
  check.tensor(what, "image_of", image_of, 1, "int64")
  if #image_of ~= m then
    check.fail(what, "image_of has %d entries, expected %d, one per caption", #image_of, m)
  end
  local i, image = blocks.first_outside(image_of, n)
  if i then
    check.fail(what, "image_of: entry %d is %d, expected 1..%d", i, image, n)
  end
  local seen = {}
  for _, own in ipairs(image_of:tolist()) do seen[own] = true end
  for own = 1, n do
    if not seen[own] then
      check.fail(what, "image_of: image %d has no caption, expected at least 1", own)
    end
  end
end

-- ---- folds --------------------------------------------------------------------------------------

-- The images of each part, {first, last}: contiguous, and as equal in number as n allows.
local function parts_of(what, n, folds)
  check.whole(what, "folds", folds, 1, n)
  local parts = {}
  for k = 1, folds do parts[k] = {(k - 1) * n // folds + 1, k * n // folds} end
  return parts
end

-- The captions int64 of images first..last, and whose of these images each is, from 1.
local function captions_of(image_of, first, last)
  local inside = image_of:ge(first):logical_and(image_of:le(last))
  local rows = inside:nonzero():flatten()
  return rows, image_of:index_select(1, rows) - (first - 1)
end

-- The mean of the results of all parts.  whole: the result without parts.
local function mean_of(results, whole)
  local r = {i2t = {}, t2i = {}, folds = results, whole = whole}
  for _, side in ipairs {"i2t", "t2i"} do
    for key in pairs(results[1][side]) do
      local sum = 0
      for _, one in ipairs(results) do sum = sum + one[side][key] end
      r[side][key] = sum / #results
    end
  end
  r.protocol = ("mean over %d parts; the first: %s"):format(#results, results[1].protocol)
  return with_sum(r)
end

-- part(first, last, rows, image_of) measures images first..last with their captions.
local function over_folds(what, n, image_of, folds, whole, part)
  local results = {}
  for k, range in ipairs(parts_of(what, n, folds)) do
    results[k] = part(range[1], range[2], captions_of(image_of, range[1], range[2]))
  end
  return mean_of(results, whole)
end

-- ---- embeddings ---------------------------------------------------------------------------------

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

local function check_bank(what, bank, beta, width)
  if type(bank) ~= "table" then
    check.fail(what, "bank is %s, expected {v = tensor, t = tensor}", text.kind(bank))
  end
  for _, name in ipairs{"v", "t"} do
    check.tensor(what, "bank." .. name, bank[name], 2)
    if #bank[name] == 0 or bank[name].shape[2] ~= width then
      check.fail(what, "bank.%s is %s, expected [K,%d]", name, text.shape(bank[name]),
        width)
    end
  end
  check.kind(what, "beta", beta, "positive")
end

-- The ranks in both directions for unit rows.  image_of: nil where row i of the texts belongs to
-- image i.
local function ranks_by_cosine(images, texts, image_of, bank, beta)
  local own = core.arange(1, #images)
  local function ranks(queries, gallery, others, ...)
    if others then queries, gallery = with_bank(queries, gallery, others, beta) end
    return ranks_of(queries, gallery, ...)
  end
  return ranks(images, texts, bank and bank.v, own, image_of),
    ranks(texts, images, bank and bank.t, image_of or own)
end

local function by_cosine(images, texts, image_of, bank, beta)
  local i2t, t2i = ranks_by_cosine(images, texts, image_of, bank, beta)
  return with_sum {
    i2t = summary(i2t), t2i = summary(t2i),
    protocol = protocol(#images, #texts, "; cosine" .. (bank
      and text.format("; scores corrected by a bank of %d other texts and %d other images, beta %g",
        #bank.t, #bank.v, beta) or "")),
  }
end

-- Checks embeddings and options, which it completes.
local function read_embeddings(what, v, t, opts, defaults)
  check.tensor(what, "v", v, 2)
  check.tensor(what, "t", t, 2)
  local o = options.read(what, opts, defaults, {image_of = true, bank = true})
  local n, m, image_of = #v, #t, o.image_of
  if v.shape[2] ~= t.shape[2] or n == 0 or (n ~= m and not image_of) then
    check.fail(what, "v is %s and t is %s, expected [N,D] and [N,D] (or [M,D] and image_of)",
      text.shape(v), text.shape(t))
  end
  if image_of then check_image_of(what, image_of, n, m) end
  if o.bank then check_bank(what, o.bank, o.beta, v.shape[2]) end
  return o
end

--- The rank of each image's own caption among all captions (that of its best, if it has several),
--- and of each caption's image among all images: what metrics.retrieval counts.
---@param v any image embeddings float32 [N,D]
---@param t any text embeddings float32 [M,D]
---@param opts table|nil {image_of =, bank =, beta = 10} as metrics.retrieval
---@return table ranks {i2t = int64 [N], t2i = int64 [M]}, from 1
function metrics.retrieval_ranks(v, t, opts)
  local o = read_embeddings("retrieval_ranks", v, t, opts, {beta = 10})
  local i2t, t2i = ranks_by_cosine(unit_rows(v), unit_rows(t), o.image_of, o.bank, o.beta)
  return {i2t = i2t, t2i = t2i}
end

--- Retrieval in both directions by cosine similarity.  An item with the same score as the correct
--- one ranks above it.
---@param v any image embeddings float32 [N,D]
---@param t any text embeddings float32 [M,D]; without image_of M = N, and row i belongs to image i
---@param opts table|nil {image_of = int64 [M]}: the image (from 1) of each caption;
--- {folds = 5}: the mean over so many parts of the images, each with its own captions as gallery
--- (COCO's 1K protocol on its 5K test images);
--- {bank = {v = [K,D], t = [L,D]}, beta = 10}: other images and texts, such as those of the
--- training set.  An item's score is then cosine - log(sum over the bank of exp(beta cosine)) /
--- beta, which lowers items that are near every query: inverted softmax (Smith et al., ICLR 2017)
--- over a query bank (Bogolin et al., CVPR 2022).
---@return table r r.i2t: percent .r1, .r5, .r10, ranks .medr, .meanr; r.t2i: the same; r.rsum: the
--- sum of the six percentages; r.protocol: a description of the protocol; with folds also r.folds,
--- the results of the parts, and r.whole, the result over all images at once
function metrics.retrieval(v, t, opts)
  local o = read_embeddings("retrieval", v, t, opts, {beta = 10, folds = 1})
  local n, image_of = #v, o.image_of
  local images, texts = unit_rows(v), unit_rows(t)
  local whole = by_cosine(images, texts, image_of, o.bank, o.beta)
  if o.folds == 1 then return whole end
  return over_folds("retrieval", n, image_of or core.arange(1, n), o.folds, whole,
    function(first, last, rows, its)
      return by_cosine(images:slice(1, first, last), texts:index_select(1, rows),
        image_of and its, o.bank, o.beta)
    end)
end

-- ---- scores -------------------------------------------------------------------------------------

-- The scores [n,m] of a function of blocks of images, in memory at once.
local function collected(scores, n, m)
  local all, step = core.empty(n, m), math.max(1, blocks.SCORES // m)
  for first = 1, n, step do
    local last = math.min(n, first + step - 1)
    local block = core.no_grad(scores, first, last)
    if not check.has_shape(block, last - first + 1, m) then
      check.fail("retrieval_of_scores", "the scores of images %d..%d are %s, expected [%d,%d]",
        first, last, text.kind(block), last - first + 1, m)
    end
    all:slice(1, first, last):copy_(block)
  end
  return all
end

-- Both directions for scores [N,M].
local function by_scores(scores, image_of)
  local n, own = #scores, core.arange(1, #scores)
  return with_sum {
    i2t = summary(scores:rank {target = own, group = image_of}),
    t2i = summary(scores:transpose(1, 2):rank {target = image_of or own}),
    protocol = protocol(n, scores.shape[2], "; scores as given"),
  }
end

--- The same for scores that are not products of embeddings, such as those of cross-attention or of
--- a re-ranker: larger is nearer.
---@param scores any float32 [N,M] of N images and M captions; or a function(first, last) that
--- returns the rows of images first..last, [last-first+1,M], called once for each block, in order.
--- 4 N M bytes are needed in both cases.
---@param opts table|nil {image_of = int64 [M], folds = 1} as metrics.retrieval; a function needs
--- image_of
---@return table r as metrics.retrieval returns it
function metrics.retrieval_of_scores(scores, opts)
  local what = "retrieval_of_scores"
  local o = options.read(what, opts, {folds = 1}, {image_of = true})
  local image_of = o.image_of
  if type(scores) == "function" then
    check.tensor(what, "image_of", image_of, 1, "int64")
    if #image_of == 0 then check.fail(what, "image_of is empty, expected at least 1 entry") end
    local n = image_of:max():item()
    check_image_of(what, image_of, n, #image_of)
    scores = collected(scores, n, #image_of)
  else
    check.tensor(what, "scores", scores, 2)
    local n, m = scores.shape[1], scores.shape[2]
    if n == 0 or (n ~= m and not image_of) then
      check.fail(what, "scores is %s, expected [N,N] (or [N,M] and image_of)", text.shape(scores))
    end
    if image_of then check_image_of(what, image_of, n, m) end
    scores = scores:detach()
  end
  local whole = by_scores(scores, image_of)
  if o.folds == 1 then return whole end
  return over_folds(what, #scores, image_of or core.arange(1, #scores), o.folds, whole,
    function(first, last, rows, its)
      return by_scores(scores:slice(1, first, last):index_select(2, rows), image_of and its)
    end)
end

--- "i2t R@1/5/10 35.1/68.0/79.4 median 3  t2i …  rsum 305.2"
---@param r table of metrics.retrieval
---@return string line
function metrics.format(r)
  check.fields("metrics.format", "r", r, {i2t = "table", t2i = "table", rsum = "number"})
  local function side(name, s)
    return text.format("%s R@1/5/10 %.1f/%.1f/%.1f median %g", name, s.r1, s.r5, s.r10, s.medr)
  end
  return text.format("%s  %s  rsum %.1f", side("i2t", r.i2t), side("t2i", r.t2i), r.rsum)
end

result_meta.__tostring = metrics.format

return metrics
