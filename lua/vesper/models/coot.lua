-- COOT: VSE whose fusion is inter-attention (OTM).  Without classes it is VSE.
local nn = require "vesper.nn"
local VSE = require "vesper.models.vse"
local InterAttention = require "vesper.models.inter_attention"

local COOT = VSE:extend("COOT")

--- Options of VSE, iterations = 3, low = width / 4, memory = {"image"} (also "regions" and
-- "words"), over_regions = false (true: the first image vector is computed by attention over the
-- regions).  norm = false also leaves out the scale and the layer norms of the iterations.
function COOT:init(given)
  local o = self:setup(given, {iterations = 3, low = false, over_regions = false,
    memory = {"image"}})
  if not o.classes then return end
  self.inter = InterAttention(o.width, {iterations = o.iterations, low = o.low or o.width // 4,
    dropout = o.dropout, memory = o.memory, over_regions = o.over_regions, norm = o.norm,
    region_width = self.image.region_width, word_width = self.text.word_width})
  self.fuse = nn.Sequential{nn.ReLU(), nn.Dropout(o.dropout), nn.Linear(o.width, o.classes)}
end

--- batch -> {v, t, logits, scores}; scores is a list of the attention [B,N] of iteration k over the
-- memory: the k image vectors before it, the regions and the words, as far as it has them.
function COOT:forward(batch)
  local v, U, where = self:encode_image(batch)
  local t, W = self:encode_text(batch.tokens, batch.lengths)
  if not self.inter then return {v = v, t = t} end
  local seen, read = self:normed(v, t)
  local m, scores = self.inter(seen, read, U, where, W, batch.lengths)
  return {v = v, t = t, logits = self.fuse(m), scores = scores}
end

return COOT
