-- DPM: BERT fusion with category-specific retrieval (PPM).  For each of its most probable
-- categories the query is moved toward the category's prototype and searches the category's images;
-- the results are merged by score times the category's probability.
local core = require "vesper.core"
local first_seen = require "vesper.data.first_seen"
local in_evaluation = require "vesper.nn.evaluation"
local BERTFusion = require "vesper.models.bert_fusion"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local DPM = BERTFusion:extend("DPM")

--- The images of a loader for retrieve, each once: {v = [N,D], category = int64 [N], sample = list
-- of N}.  The category is the predicted class, or the label with {known = true}; sample[i] counts
-- the loader's samples up to the first one of image i.
function DPM:index(loader, given)
  local o = options.read("DPM:index", given, {known = false}, {known = "boolean"})
  local v, category, sample, count, first = {}, {}, {}, 0, first_seen()
  in_evaluation(self, function()
    for batch in loader do
      local all = self:encode_image(batch)
      local _, fresh = first(batch, #all)
      if #fresh > 0 then
        local i = #v + 1
        v[i] = all:index_select(1, fresh)
        category[i] = o.known and batch.label:index_select(1, fresh)
          or self:class_cosines(v[i]):argmax(2)
      end
      for _, place in ipairs(fresh:tolist()) do sample[#sample + 1] = count + place end
      count = count + #all
    end
  end)
  return {v = core.cat(v), category = core.cat(category), sample = sample}
end

--- Encodes queries: a batch with image (or features), or text and tokens, or both -> embeddings
-- [Q,D] and probabilities of the categories [Q,C].
function DPM:ask(query)
  local has_image = query.image or query.regions or query.feature
  local has_text = query.text or query.tokens
  if not has_image and not has_text then
    core._raise "retrieve: query has neither an image nor a text, expected one of them"
  elseif has_image and has_text then
    local out = self(query)
    return out.v:normalize() + out.t:normalize(), out.logits:softmax(2)
  end
  local e = has_image and (self:encode_image(query)) or self:embed_text(query)
  return e, (self:class_cosines(e) * self.scale):softmax(2)
end

local function check_index(index, k)
  if type(index) ~= "table" or not index.v or not index.category then
    check.fail("retrieve", "index is %s, expected a result of model:index(loader)",
      text.kind(index))
  end
  local n = index.v.shape[1]
  if k > n then
    check.fail("retrieve", "k is %d, expected at most %d, the number of images in index", k, n)
  end
end

--- The k nearest images of each query: positions int64 [Q,k] and scores [Q,k]; of equal scores the
-- earlier image comes first.  Options: categories = 3 (the number of categories to search), k = 10,
-- shift = 0.5 (the weight of the category's prototype that is added to the query).
-- If these categories have fewer than k images, the rest are the nearest other images, with scores
-- below 0.
function DPM:retrieve(query, index, given)
  local o = options.read("retrieve", given, {categories = 3, k = 10, shift = 0.5},
    {categories = "whole", k = "count", shift = "number"})
  check_index(index, o.k)
  local scores = in_evaluation(self, function()
    local e, p = self:ask(query)
    local gallery, unit = index.v:normalize():t(), e:normalize()
    local likely, which = p:topk(math.min(o.categories, p.shape[2]), 2)
    local function cosines(rows) return core._in_full(rows.matmul, rows, gallery) end
    local best = (cosines(unit) - 3) / 4                              -- in [-1,-0.5]: not searched
    for c = 1, which.shape[2] do
      local asked = which:select(2, c)                                -- int64 [Q]
      local moved = (unit + self.prototypes:index_select(1, asked) * o.shift):normalize()
      local score = (cosines(moved) + 1) / 2 * likely:select(2, c):unsqueeze(2)
      local outside = index.category:unsqueeze(1):ne(asked:unsqueeze(2))
      best = best:maximum(score:masked_fill(outside, -2))
    end
    return best
  end)
  local found, places = scores:topk(o.k, 2)
  return places, found
end

return DPM
