-- Dense projection: an MLP maps every word into the visual space; the mean over the words is
-- combined with the image vector for classification.  Without classes it is VSE.
local core = require "vesper.core"
local encoders = require "vesper.models.encoders"
local VSE = require "vesper.models.vse"
local Informed = require "vesper.models.informed"

local DenseProjection = VSE:extend("DenseProjection")

function DenseProjection:init(given)
  local o = self:setup(given, {})
  if not o.classes then return end
  self.project = self:mlp(self.text.word_width, o.width, o.width, o.dropout)
  self.informed = Informed(o.width, o.dropout)
end

function DenseProjection:forward(batch)
  local v = self:encode_image(batch)
  local t, W = self:encode_text(batch.tokens, batch.lengths)
  if not self.fuse then return {v = v, t = t} end
  local summary = encoders.pool(self.project(W), batch.lengths, "mean")
  local seen, read = self:normed(v, t)
  return {v = v, t = t, logits = self.fuse(core.cat({self.informed(seen, summary), read}, 2))}
end

return DenseProjection
