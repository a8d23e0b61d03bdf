-- BERT fusion: a pre-trained BERT encodes the text in addition to VSE's encoders and is fine-tuned
-- with them.  The image enters BERT as an additional token after [CLS].  BERT's pooled output is
-- combined with the image vector, and is an input of the fusion with the image and text vectors.
--
-- In retrieval a text must not depend on its image: BERT reads the text alone, and the projected
-- mean of its states is added to t.
local core = require "vesper.core"
local nn = require "vesper.nn"
local encoders = require "vesper.models.encoders"
local same_of = require "vesper.models.same"
local VSE = require "vesper.models.vse"
local Informed = require "vesper.models.informed"
local check = require "vesper.util.check"
local tables = require "vesper.util.tables"

local BERTFusion = VSE:extend("BERTFusion")

local function check_options(o, weights)
  local bert = o.bert
  if not bert then
    core._raise "BERTFusion: bert is missing, expected models.BERT.from_pretrained(folder)"
  elseif type(bert) ~= "table" or not bert.config then
    check.fail("BERTFusion", "bert is a %s, expected a models.BERT", type(bert))
  elseif not bert.tokenizer or not bert.pooler then
    check.fail("BERTFusion", "bert has no %s", bert.pooler and "tokenizer" or "pooler")
  end
  check.whole("BERTFusion", "max_words", o.max_words, 2) -- [CLS] and [SEP]
  if weights.masked > 0 and not bert.tokenizer:id "[MASK]" then
    core._raise "BERTFusion: weights.masked is > 0, but the vocabulary has no [MASK]"
  end
end

--- Options of VSE, and
--   bert = models.BERT                with a tokenizer and a pooler
--   max_words = 32                    tokens per text, including [CLS] and [SEP]; at most BERT's
--                                     positions
--   visual = true                     the image is a token of BERT's input
--   weights.match = 0                 image-text matching: whether image and text are a pair
--   weights.masked = 0                masked language modelling of 15 % of the tokens
function BERTFusion:init(given)
  local o = self:setup(given, {bert = false, max_words = 32, visual = true},
    {match = 0, masked = 0})
  check_options(o, self.weights)
  local width, config = o.width, o.bert.config
  local inner = config.hidden_size
  self.bert, self.visual = o.bert, o.visual
  self.max_words = math.min(o.max_words, config.max_position_embeddings - (o.visual and 1 or 0))
  if o.visual and (o.classes or self.weights.match > 0) then
    self.to_bert = nn.Linear(width, inner)
  end
  if o.classes then self.from_bert = nn.Linear(inner, width) end
  self.text_of_bert = nn.Linear(inner, width)
  if o.classes then
    self.informed = Informed(width, o.dropout)
    if o.norm then self.norm_b = nn.LayerNorm(width) end
    self.fuse = self:mlp(3 * width, o.hidden or width, o.classes, o.dropout)
  end
  if self.weights.match > 0 then self.match_head = nn.Linear(inner, 2) end
end

--- Copies the encoders and prototypes of a trained VSE.  Returns the model.
function BERTFusion:start_from(vse)
  local own, given = self:state_dict(), {}
  for name, tensor in pairs(vse:state_dict()) do
    local known = name:find "^image%." or name:find "^text%." or name == "prototypes"
    if known and own[name] then given[name] = tensor end
  end
  self:load_state_dict(given, {strict = false})
  return self
end

--- Parameter groups as in VSE; the default factor of BERT's parameters is 0.1.
function BERTFusion:param_groups(lr, factors, given)
  return VSE.param_groups(self, lr, tables.merge({bert = 0.1}, factors), given)
end

-- BERT's token ids [B,P] and lengths [B] of the batch's texts.
local function pieces(self, batch)
  if not batch.text then core._raise "BERTFusion: the batch has no text" end
  if not batch.tokens or not batch.lengths then
    core._raise "BERTFusion: the batch has text without tokens and lengths"
  end
  local ids, _, lengths = self.bert.tokenizer:encode_batch(batch.text, {max_len = self.max_words})
  if ids.shape[1] ~= batch.tokens.shape[1] then
    check.fail("BERTFusion", "batch.text has %d entries, expected %d, as in batch.tokens",
      ids.shape[1], batch.tokens.shape[1])
  end
  return ids, lengths
end

-- BERT's pooled output [B,inner] for texts and their images v.
local function read_with_image(self, ids, lengths, v)
  local extra = self.visual and self.to_bert(v):unsqueeze(2) or nil
  local _, pooled = self.bert(ids, lengths, nil, extra)
  return pooled
end

-- The text embeddings for retrieval [B,D], and BERT's pooled output for the texts alone.
local function embed(self, batch, ids, lengths)
  local states, pooled = self.bert(ids, lengths)
  local t = self:encode_text(batch.tokens, batch.lengths)
  return t + self.text_of_bert(encoders.pool(states, lengths, "mean")), pooled
end

function BERTFusion:embed_text(batch) return (embed(self, batch, pieces(self, batch))) end

--- A batch as for VSE, with text -> {v, t, logits, ids, lengths}; ids and lengths are BERT's
-- tokens.
function BERTFusion:forward(batch)
  local ids, lengths = pieces(self, batch)
  local v = self:encode_image(batch)
  local t, pooled = embed(self, batch, ids, lengths)
  if not self.fuse then return {v = v, t = t, ids = ids, lengths = lengths} end
  if self.visual then pooled = read_with_image(self, ids, lengths, v) end
  local b, seen, read = self.from_bert(pooled), self:normed(v, t)
  if self.norm_b then b = self.norm_b(b) end
  local logits = self.fuse(core.cat({self.informed(seen, b), read, b}, 2))
  return {v = v, t = t, logits = logits, ids = ids, lengths = lengths}
end

-- ---- fine-tuning objectives ---------------------------------------------------------------------

-- For each text of a batch its hardest negative, the image with the largest cosine that does not
-- show the same: the texts that have one, and these images, int64 each.
local function hardest(out, same)
  return core.no_grad(function()
    local B = out.v.shape[1]
    local scores = out.t:normalize():matmul(out.v:normalize():t()) -- texts x images
    local positive = core.eye(B):bool()
    if same then positive = positive:logical_or(same) end
    local most, image = scores:masked_fill(positive, -math.huge):max(2)
    local texts = most:gt(-math.huge):nonzero():flatten()
    return texts, image:index_select(1, texts)
  end)
end

-- Image-text matching: each text with its own image, and with its hardest negative; 0 where no text
-- has a negative.
local function match_loss(self, out, same)
  local B, texts, images = out.v.shape[1], hardest(out, same)
  if #texts == 0 then return out.v:sum() * 0 end
  local ids = core.cat({out.ids, out.ids:index_select(1, texts)}, 1)
  local lengths = core.cat({out.lengths, out.lengths:index_select(1, texts)}, 1)
  local pooled = read_with_image(self, ids, lengths,
    core.cat({out.v, out.v:index_select(1, images)}, 1))
  local target = core.cat({core.ones(B), core.ones(#texts) * 2}, 1):long()
  return nn.functional.cross_entropy(self.match_head(pooled), target)
end

-- Masked language modelling; logits are products with BERT's word embeddings.
local function masked_loss(self, out)
  local ids, words = out.ids, self.bert.embeddings.word_embeddings.weight
  local inside = encoders.mask_of(out.lengths - 1, ids.shape[2]) -- neither [SEP] nor padding
  inside = inside:logical_and(core.arange(1, ids.shape[2]):gt(1):unsqueeze(1))
  local chosen = core.rand(table.unpack(ids.shape)):lt(0.15):logical_and(inside):long()
  local rows = chosen:flatten():nonzero():flatten()
  if #rows == 0 then return words:sum() * 0 end
  local masked = ids * (1 - chosen) + chosen * self.bert.tokenizer:id "[MASK]"
  local states = self.bert(masked, out.lengths)
  local logits = states:flatten(1, 2):index_select(1, rows):matmul(words:t())
  return nn.functional.cross_entropy(logits, ids:flatten():index_select(1, rows))
end

function BERTFusion:terms(batch, out, epoch)
  local terms = VSE.terms(self, batch, out, epoch)
  if self.weights.match > 0 then
    terms[#terms + 1] = {"match", match_loss(self, out, same_of(batch))}
  end
  if self.weights.masked > 0 then terms[#terms + 1] = {"masked", masked_loss(self, out)} end
  return terms
end

return BERTFusion
