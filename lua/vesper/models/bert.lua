-- BERT: a transformer encoder over word pieces (Devlin et al., NAACL 2019), with the parameter
-- names of Hugging Face's BertModel.  models/bert_folder.lua reads its weights.
--
-- Shapes: B texts, T tokens ([CLS] and [SEP] included), D hidden_size.  Ids start at 1, as those of
-- text.WordPiece: the ids of a Hugging Face tokenizer plus 1.
local core = require "vesper.core"
local nn = require "vesper.nn"
local configs = require "vesper.models.bert_config"
local read_folder = require "vesper.models.bert_folder"
local in_evaluation = require "vesper.nn.evaluation"
local encoders = require "vesper.models.encoders"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local has_shape = check.has_shape

-- ---- one layer ----------------------------------------------------------------------------------

local Layer = nn.Module:extend "BertLayer"

function Layer:init(c)
  local D, norm = c.hidden_size, {eps = c.layer_norm_eps}
  self.heads, self.attention_dropout = c.num_attention_heads, c.attention_probs_dropout_prob
  self.act = configs.activations[c.hidden_act]
  self.dropout = nn.Dropout(c.hidden_dropout_prob)
  self.attention = {
    self = {query = nn.Linear(D, D), key = nn.Linear(D, D), value = nn.Linear(D, D)},
    output = {dense = nn.Linear(D, D), LayerNorm = nn.LayerNorm(D, norm)},
  }
  self.intermediate = {dense = nn.Linear(D, c.intermediate_size)}
  self.output = {dense = nn.Linear(c.intermediate_size, D), LayerNorm = nn.LayerNorm(D, norm)}
end

--- x [B,T,D], seen bool [B,1,1,T] or nil -> [B,T,D]; with a packing x is the tokens only, [N,D].
function Layer:forward(x, seen, packing)
  local inner, out = self.attention.self, self.attention.output
  local q, k, v = inner.query(x), inner.key(x), inner.value(x)
  if packing then q, k, v = packing.spread(q), packing.spread(k), packing.spread(v) end
  local y = core.scaled_dot_product_attention(q, k, v, seen,
    {num_heads = self.heads, dropout_p = self.training and self.attention_dropout or 0})
  if packing then y = packing.gather(y) end
  x = out.LayerNorm(x + self.dropout(out.dense(y)))
  y = self.output.dense(self.act(self.intermediate.dense(x)))
  return self.output.LayerNorm(x + self.dropout(y))
end

-- ---- the model ----------------------------------------------------------------------------------

local BERT = nn.Module:extend "BERT"

-- BERT's initialisation: weights normal with standard deviation 0.02, biases 0; layer norms keep
-- their default.
local function initialise(module)
  for _, pair in ipairs(module:named_parameters()) do
    local name, p = pair[1], pair[2]
    if not name:find "LayerNorm" then
      if name:find "bias$" then nn.init.zeros_(p) else nn.init.normal_(p, 0, 0.02) end
    end
  end
end

--- Config with Hugging Face's names and defaults, those of BERT-base: models/bert_config.lua.
function BERT:init(config)
  local c, wrong = configs.read(config or {}, true)
  if not c then core._raise("BERT: " .. wrong) end
  self.config = c
  local D, pad = c.hidden_size, c.pad_token_id + 1
  self.embeddings = {
    word_embeddings = nn.Embedding(c.vocab_size, D, {padding_idx = pad}),
    position_embeddings = nn.Embedding(c.max_position_embeddings, D),
    token_type_embeddings = nn.Embedding(c.type_vocab_size, D),
    LayerNorm = nn.LayerNorm(D, {eps = c.layer_norm_eps}),
    dropout = nn.Dropout(c.hidden_dropout_prob),
  }
  self.encoder = {layer = {}}
  for i = 1, c.num_hidden_layers do self.encoder.layer[i] = Layer(c) end
  if c.add_pooling_layer then self.pooler = {dense = nn.Linear(D, D)} end
  initialise(self)
  core.no_grad(function() self.embeddings.word_embeddings.weight[pad]:zero_() end)
end

local function raise_shape(what, x, expected)
  check.fail("BERT", "%s is %s, expected %s", what, text.kind(x), expected)
end

-- bool [B,T], true at tokens, from a mask or from lengths.
local function mask_of(mask, B, T)
  if mask == nil then return nil end
  if has_shape(mask, B, T) and mask.dtype == "bool" then return mask end
  if has_shape(mask, B) and mask.dtype == "int64" then
    return encoders.mask_of(mask, T)
  end
  raise_shape("mask", mask, ("bool [%d,%d], or lengths int64 [%d]"):format(B, T, B))
end

-- `one` [B,1,...] at position 2 of x [B,T,...].
local function insert(x, one)
  return core.cat({x:slice(2, 1, 1), one, x:slice(2, 2)}, 2)
end

-- ids [B,T], types [B,T] or nil, extra [B,1,D] or nil -> the embeddings [B,T,D], or [B,T+1,D].
local function embed(self, ids, types, extra)
  local e, c = self.embeddings, self.config
  local x, B = e.word_embeddings(ids), ids.shape[1]
  if extra then
    x = insert(x, extra)
    types = types and insert(types, core.ones(B, 1):long())
  end
  local T = x.shape[2]
  if T > c.max_position_embeddings then
    core._raise(("BERT: ids have %d positions, expected at most max_position_embeddings = %d")
      :format(T, c.max_position_embeddings))
  end
  local place = e.position_embeddings.weight:slice(1, 1, T)
  local kind = types and e.token_type_embeddings(types) or e.token_type_embeddings.weight[1]
  return e.dropout(e.LayerNorm(x + (kind + place)))
end

-- For texts of different lengths, everything but attention is computed only for tokens, not for
-- padding.  gather selects the tokens of x [B,T,D] -> [N,D]; spread is its inverse, with arbitrary
-- values at padding.  nil if more than 90 % of the positions are tokens.
local function packing_of(mask)
  local B, T = mask.shape[1], mask.shape[2]
  local rows = mask:flatten():nonzero():flatten()
  local N = rows.shape[1]
  if N == 0 or N > 0.9 * B * T then return nil end
  local places = mask:flatten():long():cumsum(1)
  places = places + places:eq(0):long()
  return {
    gather = function(x) return x:flatten(1, 2):index_select(1, rows) end,
    spread = function(x) return x:index_select(1, places):reshape(B, T, -1) end,
  }
end

--- ids int64 [B,T]; mask bool [B,T], true at tokens, or lengths int64 [B]; types int64 [B,T] of 1
-- and 2 (default 1); extra [B,1,D], the embedding of an additional token at position 2, after [CLS]
-- -> hidden [B,T,D], or [B,T+1,D] with extra, zeros at padding; and pooled [B,D], tanh of a linear
-- map of the first position.
function BERT:forward(ids, mask, types, extra)
  if not core.is_tensor(ids) or ids.ndim ~= 2 or ids.shape[2] == 0 then
    raise_shape("ids", ids, "int64 [B,T]")
  end
  local B, T, D = ids.shape[1], ids.shape[2], self.config.hidden_size
  if types and not has_shape(types, B, T) then
    raise_shape("types", types, ("int64 [%d,%d]"):format(B, T))
  end
  if extra and not has_shape(extra, B, 1, D) then
    raise_shape("extra", extra, ("[%d,1,%d]"):format(B, D))
  end
  mask = mask_of(mask, B, T)
  if mask and extra then mask = insert(mask, mask:slice(2, 1, 1)) end
  local x = embed(self, ids, types, extra)
  local seen = mask and mask:reshape(B, 1, 1, -1)
  local packing = mask and packing_of(mask)
  if packing then x = packing.gather(x) end
  for _, layer in ipairs(self.encoder.layer) do x = layer(x, seen, packing) end
  if packing then x = packing.spread(x) end
  if mask then x = x:masked_fill(mask:logical_not():unsqueeze(3), 0) end
  if not self.pooler then return x end
  local pooled = self.pooler.dense(x:select(2, 1)):tanh()
  return x, mask and pooled:masked_fill(mask:slice(2, 1, 1):logical_not(), 0) or pooled
end

--- Freezes the embeddings and the first n layers (0: only the embeddings).  Returns the model.
function BERT:freeze_layers(n)
  local layers = self.encoder.layer
  check.whole("freeze_layers", "n", n, 0, #layers)
  for _, part in pairs(self.embeddings) do part:freeze() end
  for i = 1, n do layers[i]:freeze() end
  return self
end

-- ---- saving -------------------------------------------------------------------------------------

--- What models.save writes beside the weights: the tokenizer.
function BERT:get_extra_state()
  local tokenizer = self.tokenizer
  return tokenizer and {tokens = tokenizer:tokens(), settings = tokenizer:settings()}
end

--- Makes the tokenizer of what get_extra_state returned.
function BERT:set_extra_state(extra)
  check.kind("BERT", "extra", extra, "table")
  check.kind("BERT", "tokens", extra.tokens, "list")
  check.kind("BERT", "settings", extra.settings, "table")
  local tokenizer, why = core.text.WordPiece(extra.tokens, tables.merge(extra.settings))
  if not tokenizer then core._raise("BERT: " .. why) end
  if #tokenizer > self.config.vocab_size then
    check.fail("BERT", "the tokenizer has %d tokens, expected at most %d, vocab_size", #tokenizer,
      self.config.vocab_size)
  end
  self.tokenizer = tokenizer
end

-- ---- sentences ----------------------------------------------------------------------------------

--- The mean of hidden [B,T,D] over the tokens, [B,D]; zeros for a row without tokens.  mask as in
-- forward.
function BERT.mean_pool(hidden, mask)
  check.tensor("mean_pool", "hidden", hidden, 3)
  local B, T = hidden.shape[1], hidden.shape[2]
  mask = mask_of(mask, B, T)
  if not mask then return hidden:mean(2) end
  local weight = mask:float():unsqueeze(3)
  return (hidden * weight):sum(2) / weight:sum(2):clamp(1)
end

-- hidden [B,T,D], lengths [B] -> [B,D], by config.pooling.
local function pool(hidden, lengths, kind)
  if kind == "mean" then return BERT.mean_pool(hidden, lengths) end
  if kind == "cls" then return hidden:slice(2, 1, 1):squeeze(2) end
  local absent = core.arange(1, hidden.shape[2]):unsqueeze(1):gt(lengths:unsqueeze(2))
  return (hidden:masked_fill(absent:unsqueeze(3), -math.huge):max(2))
end

--- Sentence embeddings float32 [#texts,D]: the mean over the tokens (config.pooling: the vector of
-- [CLS] or the maximum instead), normalised to length 1, as sentence-transformers computes them.
-- Runs in evaluation mode without gradients; batches have texts of similar length.  Options:
-- batch_size = 32, max_len (default: the tokenizer's).
function BERT:embed(texts, given)
  local o = options.read("embed", given, {batch_size = 32}, {batch_size = "count", max_len = true})
  local size, D = o.batch_size, self.config.hidden_size
  if not self.tokenizer then
    core._raise("embed: tokenizer is nil, expected bert.tokenizer = text.WordPiece(path)")
  end
  check.kind("embed", "texts", texts, "list")
  if #texts == 0 then return core.zeros(0, D) end
  local ids, _, lengths = self.tokenizer:encode_batch(texts, {max_len = o.max_len})
  local order, parts = lengths:argsort(), {}
  return in_evaluation(self, function()
    for first = 1, #texts, size do
      local rows = order:slice(1, first, math.min(first + size - 1, #texts))
      local length = lengths:index_select(1, rows)
      local hidden = self(ids:index_select(1, rows):slice(2, 1, length:max():item()), length)
      parts[#parts + 1] = pool(hidden, length, self.config.pooling):normalize()
    end
    return core.cat(parts, 1):index_select(1, order:argsort())
  end)
end

--- A model from a Hugging Face folder, or nil and a message: models/bert_folder.lua.
function BERT.from_pretrained(folder, given)
  return read_folder(BERT, folder, given)
end

return BERT
