-- Encoders that models are made of: a small CNN for images, word embeddings and a recurrent net for
-- text.  Shapes: B batch, C channels, R regions (cells of the last map), T words, D width.
local core = require "vesper.core"
local nn = require "vesper.nn"

local encoders = {}

--- Takes options over defaults; an option that has no default and is not in `known` is an error.
function encoders.options(given, defaults, known, what)
  local all = {}
  for key, value in pairs(defaults) do all[key] = value end
  for key, value in pairs(given or {}) do
    if defaults[key] == nil and not known[key] then
      error(("%s: unknown option '%s'"):format(what, tostring(key)), 4)
    end
    all[key] = value
  end
  return all
end

-- ---- images -------------------------------------------------------------------------------------

local SmallCNN = nn.Module:extend("SmallCNN")
encoders.SmallCNN = SmallCNN

--- Blocks of 3x3 convolution, batch norm, ReLU and 2x2 max pooling, then pooling over the regions
-- and a linear map.  SmallCNN(D, {channels = {32, 64, 128, 256}, pooling = "mean" | "max"}).
function SmallCNN:init(width, options)
  local defaults = {channels = {32, 64, 128, 256}, pooling = "mean"}
  local o = encoders.options(options, defaults, {}, "SmallCNN")
  local blocks, from = {}, 3
  for i, to in ipairs(o.channels) do
    blocks[i] = nn.Sequential{
      nn.Conv2d(from, to, 3, {padding = 1, bias = false}),
      nn.BatchNorm2d(to), nn.ReLU(), nn.MaxPool2d(2),
    }
    from = to
  end
  if o.pooling ~= "mean" and o.pooling ~= "max" then
    error(("SmallCNN: pooling is '%s', expected mean or max"):format(o.pooling), 3)
  end
  self.blocks = nn.Sequential(blocks)
  self.pooling = o.pooling
  self.out = nn.Linear(from, width)
end

--- images uint8 or float 0..255 [B,3,H,W] -> v [B,D], U [B,R,C]
function SmallCNN:forward(images)
  local map = self.blocks(images:float() * (4 / 255) - 2) -- (x / 255 - 0.5) / 0.25
  local regions = map:flatten(3)                          -- [B,C,R]
  local pooled = self.pooling == "mean" and regions:mean(3) or (regions:max(3))
  return self.out(pooled), regions:transpose(2, 3)
end

-- ---- text ---------------------------------------------------------------------------------------

local TextEncoder = nn.Module:extend("TextEncoder")
encoders.TextEncoder = TextEncoder

--- Word embeddings, an LSTM or GRU over them, pooling, and a projection.  Options:
--   vectors = tensor [V,E]     where the embeddings start (GloVe, fastText);
--                              else vocab_size and word_dim
--   freeze = false             leaves the vectors as they are
--   rnn = "LSTM" | "GRU", hidden = D, num_layers = 1, bidirectional = false
--   pooling = "last" | "mean" | "max"     over the valid words
--   projection = true          a linear map to D after pooling; needed unless the sizes agree
function TextEncoder:init(width, options)
  local o = encoders.options(options, {word_dim = 300, rnn = "LSTM", hidden = width, num_layers = 1,
    bidirectional = false, pooling = "last", projection = true, freeze = false},
    {vectors = true, vocab_size = true}, "TextEncoder")
  if o.rnn ~= "LSTM" and o.rnn ~= "GRU" then
    error(("TextEncoder: rnn is '%s', expected LSTM or GRU"):format(o.rnn), 3)
  end
  if not o.vectors and not o.vocab_size then error("TextEncoder: give vectors or vocab_size", 3) end
  if o.vectors then
    self.words = nn.Embedding.from_pretrained(o.vectors, {freeze = o.freeze})
  else
    self.words = nn.Embedding(o.vocab_size, o.word_dim, {padding_idx = 1})
  end
  self.rnn = nn[o.rnn](self.words.embedding_dim, o.hidden,
    {num_layers = o.num_layers, bidirectional = o.bidirectional})
  local states = o.bidirectional and 2 * o.hidden or o.hidden
  if o.projection then
    self.out = nn.Linear(states, width)
  elseif states ~= width then
    error(("TextEncoder: without projection the states [%d] are not D = %d"):format(
      states, width), 3)
  end
  self.pooling = o.pooling
end

--- True where position t of row b is a word: bool [B,T,1].
local function word_mask(lengths, words)
  return core.arange(1, words):reshape(1, words, 1):le(lengths:reshape(-1, 1, 1))
end

--- tokens int64 [B,T], lengths int64 [B] -> t [B,D], W [B,T,states] (zeros behind the end)
function TextEncoder:forward(tokens, lengths)
  local states, pooled = self.rnn(self.words(tokens), lengths)
  if self.pooling == "mean" then
    pooled = states:sum(2) / lengths:float():reshape(-1, 1)
  elseif self.pooling == "max" then
    local outside = word_mask(lengths, tokens.shape[2]):logical_not()
    pooled = (states:masked_fill(outside, -1e30):max(2))
  end
  return self.out and self.out(pooled) or pooled, states
end

return encoders
