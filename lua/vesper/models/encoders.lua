-- Encoders for the models: a small CNN for images, precomputed features, word embeddings and an RNN
-- for text.  Shapes: B batch, C channels, R regions (cells of the last map), T words, D width.
local core = require "vesper.core"
local nn = require "vesper.nn"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local is_module = require "vesper.nn.module".is_module

local encoders = {}

-- A new group of an optimizer; decay: its weight_decay, or nil.
local function add_group(groups, lr, decay)
  local group = {params = {}, lr = lr, weight_decay = decay}
  groups[#groups + 1] = group
  return group
end

--- The parameters of a model that are not frozen, as groups for an optimizer.  A part named in
-- factors, such as {image = 0.3}, has the rate lr times its factor, all others lr.  Option:
--   decay = x     weight_decay of the weights; parameters with fewer than two dimensions (biases,
--                 gains of norms, temperatures) are in groups of their own, without decay
function encoders.param_groups(model, lr, factors, given)
  local o = options.read("param_groups", given, {}, {decay = "number"})
  for name, factor in pairs(factors or {}) do
    check.kind("param_groups", ("factors.%s"):format(name), factor, "number")
  end
  local groups, plain, of = {}, {}, {} -- part or "" -> its group; plain: those without decay
  of[""] = add_group(groups, lr, o.decay)
  for _, pair in ipairs(model:named_parameters()) do
    local part, parameter = pair[1]:match "^[^.]+", pair[2]
    local factor = factors and factors[part]
    local name, rate = factor and part or "", factor and lr * factor or lr
    if parameter.requires_grad then
      local kind, decay = of, o.decay
      if decay and parameter.ndim < 2 then kind, decay = plain, 0 end
      kind[name] = kind[name] or add_group(groups, rate, decay)
      table.insert(kind[name].params, parameter)
    end
  end
  return groups
end

--- bool [B,n], true at positions 1..counts[b] of row b.
function encoders.mask_of(counts, n)
  return core.arange(1, n):reshape(1, n):le(counts:reshape(-1, 1))
end

-- Pools a set [B,n,C] to [B,C].  counts int64 [B]: the number of valid elements of each row (nil:
-- n); a row without elements gives zeros.  pooling is "mean", "max" or an nn.GPO.
function encoders.pool(x, counts, pooling)
  if type(pooling) == "table" then return (pooling(x, counts)) end
  if not counts then return pooling == "mean" and x:mean(2) or (x:max(2)) end
  local absent = encoders.mask_of(counts, x.shape[2]):logical_not():unsqueeze(3)
  if pooling == "mean" then
    return x:masked_fill(absent, 0):sum(2) / counts:float():clamp_min(1):reshape(-1, 1)
  end
  local most = (x:masked_fill(absent, -math.huge):max(2))
  return most:masked_fill(counts:eq(0):reshape(-1, 1), 0)
end

local POOLINGS = {"mean", "max", "gpo"}
local function pooling_of(name) return name == "gpo" and nn.GPO() or name end

-- ---- images -------------------------------------------------------------------------------------
--
-- An image encoder returns v [B,D], U [B,R,C] and `where`: {height, width} of a grid of regions, or
-- the number of regions of each image int64 [B] (nil: R).  Its field `region_width` is C.  An
-- encoder that needs more of a batch than its images has a method `encode_batch`.

--- Encodes images uint8 [B,3,H,W], or a batch with the fields that the encoder needs.
function encoders.encode(encoder, batch)
  if core.is_tensor(batch) then batch = {image = batch} end
  check.kind("encode_image", "the batch", batch, "table")
  if encoder.encode_batch then return encoder:encode_batch(batch) end
  check.tensor("encode_image", "batch.image", batch.image)
  return encoder(batch.image)
end

local SmallCNN = nn.Module:extend("SmallCNN")
encoders.SmallCNN = SmallCNN

--- Blocks of 3x3 convolution, batch norm, ReLU and 2x2 max pooling, then pooling over the regions
-- and a linear map.  SmallCNN(D, {channels = {32, 64, 128, 256}, pooling = mean, max or gpo}).
function SmallCNN:init(width, given)
  local o = options.read("SmallCNN", given, {channels = {32, 64, 128, 256}, pooling = "mean"},
    {pooling = POOLINGS, channels = "list"})
  local blocks, from = {}, 3
  for i, to in ipairs(o.channels) do
    blocks[i] = nn.Sequential{
      nn.Conv2d(from, to, 3, {padding = 1, bias = false}),
      nn.BatchNorm2d(to), nn.ReLU(), nn.MaxPool2d(2),
    }
    from = to
  end
  self.pooling = pooling_of(o.pooling)
  self.blocks = nn.Sequential(blocks)
  self.region_width = from
  self.out = nn.Linear(from, width)
end

--- images uint8 or float 0..255 [B,3,H,W] -> v [B,D], U [B,R,C], {height, width} of the map
function SmallCNN:forward(images)
  local map = self.blocks(images:float() * (4 / 255) - 2) -- (x / 255 - 0.5) / 0.25
  local regions = map:flatten(3):transpose(2, 3)          -- [B,R,C]
  return self.out(encoders.pool(regions, nil, self.pooling)), regions, {map.shape[3], map.shape[4]}
end

local PLACE = 7 -- numbers of a box's place
local POINT = 4 -- numbers of a landmark

local RegionEncoder = nn.Module:extend("RegionEncoder")
encoders.RegionEncoder = RegionEncoder

--- Encodes precomputed features of a data set, such as those of a frozen CNN: batch.regions with
-- batch.region_count, or else batch.feature, one vector per image.  RegionEncoder(D, options):
--   region_width = 2048, pooling = "mean" | "max" | "gpo"
--   hidden = nil              n: adds an MLP with n hidden units to the linear map to D
--   dropout = 0               of the pooled vector
--   positions = nil           "boxes": a learned linear map of the places of batch.boxes is added
--                             to the regions, also to those that attention modules get
function RegionEncoder:init(width, given)
  local o = options.read("RegionEncoder", given,
    {region_width = 2048, pooling = "mean", dropout = 0},
    {hidden = true, pooling = POOLINGS, positions = {"boxes"}})
  self.pooling = pooling_of(o.pooling)
  self.region_width = o.region_width
  self.dropout, self.out = nn.Dropout(o.dropout), nn.Linear(o.region_width, width)
  if o.hidden then
    self.mlp = nn.Sequential{nn.Linear(o.region_width, o.hidden), nn.ReLU(), nn.Dropout(o.dropout),
      nn.Linear(o.hidden, width)}
  end
  if o.positions then self.place = nn.Linear(PLACE, o.region_width) end
end

-- Seven numbers of each box x1, y1, x2, y2 [B,R,4], in fractions of the image: the box, its width,
-- height and area (UNITER: Chen et al., ECCV 2020).
local function places_of(boxes)
  local size = boxes:slice(3, 3, 4) - boxes:slice(3, 1, 2)
  return core.cat({boxes, size, size:prod(3):unsqueeze(3)}, 3)
end

local function check_boxes(boxes, regions)
  if not check.has_shape(boxes, regions.shape[1], regions.shape[2], 4) then
    check.fail("RegionEncoder", "boxes is %s, expected [%d,%d,4]: positions is 'boxes'",
      text.kind(boxes), regions.shape[1], regions.shape[2])
  end
end

--- regions [B,R,C], counts int64 [B], with `positions` boxes [B,R,4] -> v [B,D], U [B,R,C], counts.
-- U are the regions with their positions.
function RegionEncoder:forward(regions, counts, boxes)
  if self.place then
    check_boxes(boxes, regions)
    regions = regions + self.place(places_of(boxes))
  end
  local x = self.dropout(encoders.pool(regions, counts, self.pooling))
  local v = self.out(x)
  return self.mlp and v + self.mlp(x) or v, regions, counts
end

function RegionEncoder:encode_batch(batch)
  if batch.regions then return self(batch.regions, batch.region_count, batch.boxes) end
  if not batch.feature then
    core._raise "RegionEncoder: the batch has neither regions nor feature, expected one of them"
  end
  return self(batch.feature:unsqueeze(2))
end

local LandmarkEncoder = nn.Module:extend("LandmarkEncoder")
encoders.LandmarkEncoder = LandmarkEncoder

--- Encodes the landmarks of a data set, batch.landmark [B,K,3] of x, y and visibility, by an MLP;
-- with JoinedEncoder{SmallCNN, LandmarkEncoder} they are an input beside the image.
-- LandmarkEncoder(D, {points = K, hidden = D}).  Points outside the image or absent (visibility 2
-- and 3) have no place.
function LandmarkEncoder:init(width, given)
  local o = options.read("LandmarkEncoder", given, {hidden = width},
    {points = "count", hidden = "count"})
  self.points, self.region_width = o.points, POINT
  self.mlp = nn.Sequential{nn.Linear(o.points * POINT, o.hidden), nn.ReLU(),
    nn.Linear(o.hidden, width)}
end

--- landmark [B,K,3] -> v [B,D], U [B,K,4]: x and y from -1 to 1, whether the point is visible,
-- whether it is in the image
function LandmarkEncoder:forward(landmark)
  if not check.has_shape(landmark, false, self.points, 3) then
    check.fail("LandmarkEncoder", "landmark is %s, expected [B,%d,3]", text.kind(landmark),
      self.points)
  end
  local state = landmark:slice(3, 3)
  local inside = state:le(1):float()
  local place = (landmark:slice(3, 1, 2) * 2 - 1) * inside
  local U = core.cat({place, state:eq(0):float(), inside}, 3)
  return self.mlp(U:flatten(2)), U
end

function LandmarkEncoder:encode_batch(batch)
  if not batch.landmark then core._raise "LandmarkEncoder: the batch has no landmark" end
  return self(batch.landmark)
end

local JoinedEncoder = nn.Module:extend("JoinedEncoder")
encoders.JoinedEncoder = JoinedEncoder

--- Several encoders of the same image, such as a RegionEncoder for features of a frozen CNN and a
-- SmallCNN: v is the sum of their vectors, the regions are those of the first.
-- JoinedEncoder{encoder, ...}.
function JoinedEncoder:init(list)
  if type(list) ~= "table" or #list == 0 then
    check.fail("JoinedEncoder", "encoders is %s, expected a list of encoders",
      type(list) == "table" and "empty" or text.kind(list))
  end
  check.list("JoinedEncoder", "encoders", list)
  for i, encoder in ipairs(list) do
    if not is_module(encoder) then
      check.fail("JoinedEncoder", "encoders[%d] is %s, expected a module", i, text.value(encoder))
    end
  end
  self.parts = list
  self.region_width = list[1].region_width
end

function JoinedEncoder:encode_batch(batch)
  local v, U, where = encoders.encode(self.parts[1], batch)
  for i = 2, #self.parts do v = v + (encoders.encode(self.parts[i], batch)) end
  return v, U, where
end

-- ---- text ---------------------------------------------------------------------------------------

-- Word embeddings and their dropout, from read options.
local function make_words(what, o)
  if not o.vectors and not o.vocab_size then
    check.fail(what, "vectors and vocab_size are nil, expected one of them")
  end
  local words = o.vectors and nn.Embedding.from_pretrained(o.vectors, {freeze = o.freeze})
    or nn.Embedding(o.vocab_size, o.word_dim, {padding_idx = 1})
  return words, nn.Dropout(o.dropout)
end

local WORDS, WORDS_KNOWN = {word_dim = 300, freeze = false, dropout = 0},
  {vectors = true, vocab_size = true}

--- Word embeddings as those of TextEncoder, by its options vectors or vocab_size, word_dim, freeze
-- and dropout.  Returns the embeddings and the dropout.
function encoders.words(what, given)
  return make_words(what, options.read(what, given, WORDS, WORDS_KNOWN))
end

local TextEncoder = nn.Module:extend("TextEncoder")
encoders.TextEncoder = TextEncoder

--- Word embeddings, an LSTM or GRU over them, pooling, and a projection.  Options:
--   vectors = tensor [V,E]     initial embeddings (GloVe, fastText); else vocab_size and word_dim
--   freeze = false             true: the vectors are not trained
--   rnn = "LSTM" | "GRU", hidden = D, num_layers = 1, bidirectional = false
--   pooling = "last" | "mean" | "max" | "gpo"     over the valid words
--   projection = true          a linear map to D after pooling; required unless the sizes agree
--   dropout = 0                of the word embeddings before the RNN
function TextEncoder:init(width, given)
  local o = options.read("TextEncoder", given, tables.merge(WORDS, {rnn = "LSTM", hidden = width,
    num_layers = 1, bidirectional = false, pooling = "last", projection = true}),
    tables.merge(WORDS_KNOWN, {rnn = {"LSTM", "GRU"}, pooling = {"last", "mean", "max", "gpo"}}))
  self.words, self.dropout = make_words("TextEncoder", o)
  self.rnn = nn[o.rnn](self.words.embedding_dim, o.hidden,
    {num_layers = o.num_layers, bidirectional = o.bidirectional})
  local states = o.bidirectional and 2 * o.hidden or o.hidden
  if o.projection then
    self.out = nn.Linear(states, width)
  elseif states ~= width then
    check.fail("TextEncoder", "states are %d wide, expected %d (or projection)", states, width)
  end
  self.pooling = pooling_of(o.pooling)
  self.word_width, self.state_width = self.words.embedding_dim, states
end

--- tokens int64 [B,T], lengths int64 [B] (0: no words; the states are zeros) -> t [B,D], word
-- embeddings [B,T,E], states [B,T,S] (zeros after the end of a text)
function TextEncoder:forward(tokens, lengths)
  local words = self.words(tokens)
  local empty = lengths:min():item() < 1 and lengths:eq(0):unsqueeze(2)
  local read = empty and lengths + empty:squeeze(2):long() or lengths
  local states, last = self.rnn(self.dropout(words), read)
  if empty then
    states, last = states:masked_fill(empty:unsqueeze(3), 0), last:masked_fill(empty, 0)
  end
  local pooled = self.pooling == "last" and last or encoders.pool(states, lengths, self.pooling)
  return self.out and self.out(pooled) or pooled, words, states
end

return encoders
