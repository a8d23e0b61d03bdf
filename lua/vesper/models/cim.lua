-- CIM: VSE whose image vector is computed by intra-attention (ICM): together with the text for
-- classification, without it for retrieval.
local core = require "vesper.core"
local VSE = require "vesper.models.vse"
local IntraAttention = require "vesper.models.intra_attention"
local check = require "vesper.util.check"

local CIM = VSE:extend("CIM")

--- Options of VSE, heads = 4, attention_dropout = 0.1.
function CIM:init(given)
  local o = self:setup(given, {heads = 4, attention_dropout = 0.1})
  self.intra = IntraAttention(o.width, {region_width = self.image.region_width,
    word_width = o.classes and self.text.word_width, heads = o.heads,
    dropout = o.attention_dropout})
end

--- The image without its text: v [B,D], U, grid or counts.
function CIM:encode_image(images)
  local v, U, where = VSE.encode_image(self, images)
  return v + (self.intra(U, where)), U, where
end

function CIM:forward(batch)
  local pooled, U, where = VSE.encode_image(self, batch)
  local t, W = self:encode_text(batch.tokens, batch.lengths)
  local v = pooled + (self.intra(U, where))
  if not self.fuse then return {v = v, t = t} end
  local seen = pooled + (self.intra(U, where, W, batch.lengths))
  return {v = v, t = t, logits = self.fuse(core.cat({self:normed(seen, t)}, 2))}
end

--- The attention of each word over the regions, [B,T,R], and the grid {height, width} or the
-- counts.
function CIM:attention_map(batch)
  if not self.classes then check.fail("attention_map", "the model has no classes") end
  local _, U, where = VSE.encode_image(self, batch)
  local _, W = self:encode_text(batch.tokens, batch.lengths)
  local _, weights = self.intra(U, where, W, batch.lengths, true)
  return weights, where
end

return CIM
