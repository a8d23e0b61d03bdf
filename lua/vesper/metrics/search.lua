-- Nearest neighbours by cosine: metrics.topk and metrics.item_retrieval.
local core = require "vesper.core"
local blocks = require "vesper.metrics.blocks"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local unit_rows, product, each_block = blocks.unit_rows, blocks.product, blocks.each

local metrics = {}

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

-- Block sizes of topk: the scores of a block fit into a cache until the best are found.
local QUERIES, GALLERY = 1024, 16384

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
