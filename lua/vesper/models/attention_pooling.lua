-- Visual-semantic attention pooling: the regions attend to the words; the mean of the results is a
-- summary of the text, which is combined with the image vector for classification.  Without
-- classes it is VSE.
local core = require "vesper.core"
local nn = require "vesper.nn"
local encoders = require "vesper.models.encoders"
local VSE = require "vesper.models.vse"
local Informed = require "vesper.models.informed"
local check = require "vesper.util.check"

local AttentionPooling = VSE:extend("AttentionPooling")

--- Options of VSE, heads = 4, best = k (only the k words with the highest mean attention are used;
-- default false: all).
function AttentionPooling:init(given)
  local o = self:setup(given, {heads = 4, best = false})
  self.best = o.best
  if not o.classes then return end
  self.regions = nn.Linear(self.image.region_width, o.width)
  self.attention = nn.MultiheadAttention(o.width, o.heads,
    {kdim = self.text.word_width, vdim = self.text.word_width})
  self.informed = Informed(o.width, o.dropout)
end

-- bool [B,T], true for padding and for words not among the k with the highest mean attention.
local function all_but_best(self, queries, W, padding)
  local k = math.min(self.best, W.shape[2])
  return core.no_grad(function()
    local _, weights = self.attention(queries, W, {key_padding_mask = padding, need_weights = true})
    local mean = weights:mean(2)                                  -- [B,T]
    local least = (mean:topk(k, 2)):slice(2, k, k)                -- [B,1]
    return mean:lt(least):logical_or(padding)
  end)
end

--- U [B,R,C] with grid or counts, W [B,T,E] with lengths -> the summary [B,D]; with need_weights
-- also the attention of the regions over the words [B,R,T].
function AttentionPooling:summarise(U, where, W, lengths, need_weights)
  local queries = self.regions(U)
  local padding = encoders.mask_of(lengths, W.shape[2]):logical_not()
  if self.best then padding = all_but_best(self, queries, W, padding) end
  local attended, weights = self.attention(queries, W,
    {key_padding_mask = padding, need_weights = need_weights or false})
  return encoders.pool(attended, core.is_tensor(where) and where or nil, "mean"), weights
end

function AttentionPooling:forward(batch)
  local v, U, where = self:encode_image(batch)
  local t, W = self:encode_text(batch.tokens, batch.lengths)
  if not self.fuse then return {v = v, t = t} end
  local seen, read = self:normed(v, t)
  local informed = self.informed(seen, (self:summarise(U, where, W, batch.lengths)))
  return {v = v, t = t, logits = self.fuse(core.cat({informed, read}, 2))}
end

--- The attention of the regions over the words, transposed: [B,T,R]; and the grid or the counts.
function AttentionPooling:attention_map(batch)
  if not self.classes then check.fail("attention_map", "the model has no classes") end
  local _, U, where = self:encode_image(batch)
  local _, W = self:encode_text(batch.tokens, batch.lengths)
  local _, weights = self:summarise(U, where, W, batch.lengths, true)
  return weights:transpose(2, 3), where
end

return AttentionPooling
