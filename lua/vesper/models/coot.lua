-- COOT: VSE whose fusion is inter-attention (OTM).  Without classes it is VSE.
local nn = require "vesper.nn"
local VSE = require "vesper.models.vse"
local InterAttention = require "vesper.models.inter_attention"

local COOT = VSE:extend("COOT")

--- Options of VSE, iterations = 3, low = width / 4, over_regions = false (true: the first image
-- vector is computed by attention over the regions).
function COOT:init(given)
  local o = self:setup(given, {iterations = 3, low = false, over_regions = false})
  if not o.classes then return end
  self.inter = InterAttention(o.width, {iterations = o.iterations, low = o.low or o.width // 4,
    dropout = o.dropout, region_width = o.over_regions and self.image.region_width or nil})
  self.fuse = nn.Sequential{nn.ReLU(), nn.Dropout(o.dropout), nn.Linear(o.width, o.classes)}
end

--- batch -> {v, t, logits, scores}; scores is a list of the attention [B,k] of iteration k over the
-- k image vectors before it.
function COOT:forward(batch)
  local v, U, where = self:encode_image(batch)
  local t = self:encode_text(batch.tokens, batch.lengths)
  if not self.inter then return {v = v, t = t} end
  local m, scores = self.inter(v, t, U, where)
  return {v = v, t = t, logits = self.fuse(m), scores = scores}
end

return COOT
