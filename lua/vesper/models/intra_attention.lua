-- The intra-attention module: attention of the words of a text over the regions of the image.
--
-- Regions and words form one sequence with positional encodings and a type embedding each, and
-- attend to each other.  The outputs at the regions give their weights; the image vector is their
-- weighted sum.
local core = require "vesper.core"
local nn = require "vesper.nn"
local encoders = require "vesper.models.encoders"
local options = require "vesper.util.options"

local IntraAttention = nn.Module:extend("IntraAttention")

--- IntraAttention(D, {region_width = C, word_width = E, heads = 4, dropout = 0.1}).  Layer norms
-- give regions and words the same scale as the positional encodings.
function IntraAttention:init(width, given)
  local o = options.read("IntraAttention", given, {heads = 4, dropout = 0.1},
    {region_width = true, word_width = true})
  self.width = width
  self.regions = nn.Linear(o.region_width, width)
  if o.word_width then self.words = nn.Linear(o.word_width, width) end
  self.region_norm = nn.LayerNorm(width)
  if o.word_width then self.word_norm = nn.LayerNorm(width) end
  self.kinds = nn.Embedding(2, width)                     -- 1: a region, 2: a word
  nn.init.normal_(self.kinds.weight, 0, 0.02)
  self.attention = nn.MultiheadAttention(width, o.heads, {dropout = o.dropout})
  self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
  self.mlp = nn.Sequential{nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(o.dropout),
    nn.Linear(2 * width, width)}
  self.score, self.out = nn.Linear(width, 1, {bias = false}), nn.Linear(width, width)
end

-- The type embedding, [1,1,D].
local function kind(self, i)
  return self.kinds(core.tensor({{i}}, {dtype = "int64"}))
end

-- The regions as part of the sequence [B,R,D], and a mask [B,R] that is true at padding, or nil.
local function place_regions(self, U, where)
  local x = self.region_norm(self.regions(U)) + kind(self, 1)
  if type(where) == "table" then
    return x + nn.positional_encoding2d(where[1], where[2], self.width):unsqueeze(1), nil
  end
  return x, where and encoders.mask_of(where, U.shape[2]):logical_not()
end

local function place_words(self, W, lengths)
  local T = W.shape[2]
  local x = self.word_norm(self.words(W)) + kind(self, 2)
  x = x + nn.positional_encoding(T, self.width):unsqueeze(1)
  return x, encoders.mask_of(lengths, T):logical_not()
end

--- U [B,R,C] with its grid or counts, W [B,T,E] with its lengths -> v [B,D]; with need_weights also
-- the attention of the words over the regions [B,T,R].  Without W only the regions are used: the
-- embedding of an image without a text.
function IntraAttention:forward(U, where, W, lengths, need_weights)
  local R = U.shape[2]
  local x, hidden = place_regions(self, U, where)
  local all, padding = x, hidden
  if W then
    local words, outside = place_words(self, W, lengths)
    all = core.cat({x, words}, 2)
    padding = core.cat({hidden or core.zeros(U.shape[1], R):bool(), outside}, 2)
  end
  local attended, weights = self.attention(all, {key_padding_mask = padding or nil,
    need_weights = need_weights or false})
  x = self.norm1(x + attended:slice(2, 1, R))
  x = self.norm2(x + self.mlp(x))
  local score = self.score(x):squeeze(3)                  -- [B,R]
  if hidden then score = score:masked_fill(hidden, -math.huge) end
  local v = self.out((x * score:softmax(2):unsqueeze(3)):sum(2))
  return v, weights and weights:slice(2, R + 1):slice(3, 1, R)
end

return IntraAttention
