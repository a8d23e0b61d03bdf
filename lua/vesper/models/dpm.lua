-- DPM: BERT fusion with category-specific retrieval (PPM).  For each of its most probable
-- categories the query is moved toward the category's prototype and searches the category's images;
-- the results are merged by score times the category's probability.  An image's category is that of
-- the model's readout; how far a query moves is chosen on validation.
local core = require "vesper.core"
local first_seen = require "vesper.data.first_seen"
local in_evaluation = require "vesper.nn.evaluation"
local BERTFusion = require "vesper.models.bert_fusion"
local readout = require "vesper.models.readout"
local check = require "vesper.util.check"
local each = require "vesper.util.each"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local DPM = BERTFusion:extend("DPM")

--- The weight of a category's prototype in its query, set by choose_shift.
DPM.shift = 0

--- The images of a loader for retrieve, each once: {v = [N,D], category = int64 [N], sample = list
-- of N}.  The category is that of the readout, or the label with {known = true}; sample[i] counts
-- the loader's samples up to the first one of image i.
function DPM:index(loader, given)
  local o = options.read("DPM:index", given, {known = false}, {known = "boolean"})
  local v, category, sample, count, first = {}, {}, {}, 0, first_seen()
  in_evaluation(self, function()
    for batch in each(loader) do
      local all = self:encode_image(batch)
      local _, fresh = first(batch, #all)
      if #fresh > 0 then
        local i = #v + 1
        v[i] = all:index_select(1, fresh)
        category[i] = o.known and batch.label:index_select(1, fresh)
          or readout.logits(self, v[i], "DPM:index"):argmax(2)
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
  if has_image then
    local v = self:encode_image(query)
    return v, readout.logits(self, v, "retrieve"):softmax(2)
  end
  local t = self:embed_text(query)
  return t, (self:class_cosines(t) * self.scale):softmax(2)
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

-- Scores [Q,N] of the images for queries e [Q,D] with probabilities p [Q,C] of their categories.
local function scores_of(self, e, p, index, categories, shift)
  local gallery, unit = index.v:normalize():t(), e:normalize()
  local likely, which = p:topk(math.min(categories, p.shape[2]), 2)
  local function cosines(rows) return core._in_full(rows.matmul, rows, gallery) end
  local best = (cosines(unit) - 3) / 4                              -- in [-1,-0.5]: not searched
  for c = 1, which.shape[2] do
    local asked = which:select(2, c)                                -- int64 [Q]
    local moved = (unit + self.prototypes:index_select(1, asked) * shift):normalize()
    local score = (cosines(moved) + 1) / 2 * likely:select(2, c):unsqueeze(2)
    local outside = index.category:unsqueeze(1):ne(asked:unsqueeze(2))
    best = best:maximum(score:masked_fill(outside, -2))
  end
  return best
end

--- The k nearest images of each query: positions int64 [Q,k] and scores [Q,k]; of equal scores the
-- earlier image comes first.  Options: categories = 3 (the number of categories to search), k = 10,
-- shift = model.shift (the weight of the category's prototype that is added to the query; 0 until
-- choose_shift).
-- If these categories have fewer than k images, the rest are the nearest other images, with scores
-- below 0.
function DPM:retrieve(query, index, given)
  local o = options.read("retrieve", given, {categories = 3, k = 10, shift = self.shift},
    {categories = "whole", k = "count", shift = "number"})
  check_index(index, o.k)
  local scores = in_evaluation(self, function()
    local e, p = self:ask(query)
    return scores_of(self, e, p, index, o.categories, o.shift)
  end)
  local found, places = scores:topk(o.k, 2)
  return places, found
end

-- ---- what it is worth ---------------------------------------------------------------------------

-- The texts of a loader as queries: unit e [M,D], p [M,C], the image of each, int64 [M], and the
-- index of the loader's images.
local function queries_of(self, loader)
  local index, e, p, of, first = self:index(loader), {}, {}, {}, first_seen()
  in_evaluation(self, function()
    for batch in each(loader) do
      local asked, likely = self:ask {text = batch.text, tokens = batch.tokens,
        lengths = batch.lengths}
      e[#e + 1], p[#p + 1] = asked, likely
      local images = first(batch, #asked)
      table.move(images, 1, #images, #of + 1, of)
    end
  end)
  return core.cat(e), core.cat(p), core.tensor(of, {dtype = "int64"}), index
end

-- Percent of the queries whose own image is among the k best, and of the images among these that
-- have the category of the query's own image by the readout.
local function quality(scores, of, index, k)
  local _, places = scores:topk(k, 2)
  local own = places:eq(of:unsqueeze(2)):any(2):float():mean():item()
  local category = index.category:index_select(1, places:flatten()):reshape(places.shape)
  local wanted = index.category:index_select(1, of):unsqueeze(2)
  return {own = 100 * own, precision = 100 * category:eq(wanted):float():mean():item()}
end

--- What the category-specific retrieval is worth on a loader, with its texts as queries:
-- {off = {own =, precision =}, on = {own =, precision =}, shift =}, in percent.  own: the queries
-- whose own image is among the k = 10 best.  precision: the images among these of the category of
-- the query's own image, by the readout.  off: nearest images; on: retrieve.  Options: categories =
-- 3, k = 10, shift = model.shift.
function DPM:measure(loader, given)
  local o = options.read("DPM:measure", given, {categories = 3, k = 10, shift = self.shift},
    {categories = "whole", k = "count", shift = "number"})
  local e, p, of, index = queries_of(self, loader)
  check_index(index, o.k)
  return in_evaluation(self, function()
    local cosines = e:normalize():matmul(index.v:normalize():t())
    return {shift = o.shift, off = quality(cosines, of, index, o.k),
      on = quality(scores_of(self, e, p, index, o.categories, o.shift), of, index, o.k)}
  end)
end

--- Chooses how far queries move, on the texts of a validation loader: the shift with the most
-- queries whose own image is among the k best; of equal ones the smallest.  Sets model.shift and
-- returns it with a list of {shift =, own =, precision =}.  Options (with their defaults):
--   shifts = {0, 0.1, 0.2, 0.5, 1}, categories = 3, k = 10
function DPM:choose_shift(loader, given)
  local o = options.read("DPM:choose_shift", given, {shifts = {0, 0.1, 0.2, 0.5, 1},
    categories = 3, k = 10}, {shifts = "list", categories = "whole", k = "count"})
  if #o.shifts == 0 then check.fail("DPM:choose_shift", "shifts is empty") end
  for i, shift in ipairs(o.shifts) do
    check.kind("DPM:choose_shift", ("shifts[%d]"):format(i), shift, "number")
    if not (shift >= 0 and shift < math.huge) then
      check.fail("DPM:choose_shift", "shifts[%d] is %g, expected a number >= 0", i, shift)
    end
  end
  local e, p, of, index = queries_of(self, loader)
  check_index(index, o.k)
  local tried, best = {}, nil
  in_evaluation(self, function()
    for _, shift in ipairs(o.shifts) do
      local found = quality(scores_of(self, e, p, index, o.categories, shift), of, index, o.k)
      found.shift = shift
      tried[#tried + 1] = found
      local better = not best or found.own > best.own
      if better or found.own == best.own and shift < best.shift then best = found end
    end
  end)
  self.shift = best.shift
  return best.shift, tried
end

function DPM:get_extra_state()
  local extra = BERTFusion.get_extra_state(self)
  extra.shift = self.shift
  return extra
end

function DPM:set_extra_state(extra)
  BERTFusion.set_extra_state(self, extra)
  if extra.shift ~= nil then
    check.kind("set_extra_state", "shift", extra.shift, "number")
    self.shift = extra.shift
  end
end

return DPM
