-- Image-text models and batches that are small enough for specs (models_spec.lua).
local assert = require "luassert"
local vs = require "vesper"
local tiny_bert = require "spec.support.tiny_bert"
local with = require "spec.support.with"

local models, optim = vs.models, vs.optim

local toy = {}

local WORDS, CLASSES, WIDTH, REGION = 12, 3, 16, 10
toy.WORDS, toy.CLASSES, toy.WIDTH, toy.REGION = WORDS, CLASSES, WIDTH, REGION

-- The words of the ids 2.. in batch.tokens, as the models that read batch.text meet them.
local WORD = {"[PAD]", "on", "the", "big", "small", "with", "and", "red", "blue", "green", "hat",
  "dog"}

-- What a model takes beside the options of all; dropout goes to all parts that have one.
local OWN = {
  CIM = function(dropout) return {attention_dropout = dropout} end,
  BERTFusion = function(dropout)
    return {bert = tiny_bert{hidden_dropout_prob = dropout, attention_probs_dropout_prob = dropout}}
  end,
}
OWN.DPM = OWN.BERTFusion

--- Weights that bring in every term of a model's loss.
function toy.every_term(name)
  if name == "Baseline" or name == "TextOnly" then return nil end
  local weights = {cosine = 1, contrast = 1, unicl = 1, text = 1}
  if models[name].start_from then weights.match, weights.masked = 1, 1 end
  return weights
end

local function options_of(name, more)
  more = more or {}
  if name == "TextOnly" then
    return with({classes = CLASSES, text = {vocab_size = WORDS, word_dim = 8}}, more)
  end
  local all = {classes = CLASSES, width = WIDTH, channels = {4, 8}, dropout = 0}
  if name ~= "Baseline" then all.text = {vocab_size = WORDS, word_dim = 8} end
  return with(with(all, OWN[name] and OWN[name](more.dropout or 0)), more)
end

function toy.new(name, more, seed)
  vs.manual_seed(seed or 1)
  return models[name](options_of(name, more))
end

--- The batch with the text of its tokens.
function toy.spelled(batch)
  local tokens, lengths, text = batch.tokens:tolist(), batch.lengths:tolist(), {}
  for i, length in ipairs(lengths) do
    local words = {}
    for t = 1, length do words[t] = WORD[tokens[i][t]] end
    text[i] = table.concat(words, " ")
  end
  batch.text = text
  return batch
end

--- Pictures of one colour a class, with a text whose second word tells the class.
function toy.pictures(n)
  vs.manual_seed(9)
  local label, image, tokens = {}, vs.rand(n, 3, 16, 16) * 60, {}
  for i = 1, n do
    label[i] = i % CLASSES + 1
    image[i][label[i]]:add_(150)
    tokens[i] = {3 + i % 4, 7 + label[i], 3 + (i // 2) % 5, 1}
    if i % 2 == 0 then tokens[i][4] = 11 end
  end
  local lengths = {}
  for i = 1, n do lengths[i] = i % 2 == 0 and 4 or 3 end
  return toy.spelled{image = image:byte(), tokens = vs.tensor(tokens, {dtype = "int64"}),
    lengths = vs.tensor(lengths, {dtype = "int64"}), label = vs.tensor(label, {dtype = "int64"})}
end

--- The same with region features, of which the images have different numbers.
function toy.with_regions(batch, counts)
  vs.manual_seed(4)
  local n, most = #batch.label, 5
  local list = counts or {}
  for i = #list + 1, n do list[i] = 1 + i % most end
  return {regions = vs.randn(n, most, REGION), region_count = vs.tensor(list, {dtype = "int64"}),
    tokens = batch.tokens, lengths = batch.lengths, text = batch.text, label = batch.label}
end

function toy.region_encoder(more)
  return models.RegionEncoder(WIDTH, with({region_width = REGION}, more))
end

function toy.finite(x) return x:sub(x):abs():sum():item() == 0 end -- inf - inf is not a number

function toy.outputs(model, batch)
  model:eval()
  return vs.no_grad(function() return model(batch) end)
end

--- Within 1e-6 of the largest value; b may have further rows.
function toy.same(a, b)
  b = b:slice(1, 1, a.shape[1])
  assert.same(a.shape, b.shape)
  local most = math.max(a:abs():max():item(), 1e-3)
  local off = (a - b):abs():max():item()
  assert(off <= 1e-6 * most, ("%g away, the largest is %g"):format(off, most))
end

function toy.same_outputs(a, b)
  for _, key in ipairs {"v", "t", "logits"} do if a[key] then toy.same(a[key], b[key]) end end
end

function toy.train(model, batch, steps, cast)
  local opt, first, last = optim.Adam(model:parameters(), {lr = 0.01}), nil, nil
  model:train()
  for _ = 1, steps do
    local loss = cast and cast(model.loss, model, batch, 1) or model:loss(batch, 1)
    first, last = first or loss:item(), loss:item()
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
  return first, last
end

--- The batch with one more sample, whose text is longer by two words and which has two more
-- regions: for the others, padding.
function toy.padded(batch)
  local T, more = batch.tokens.shape[2] + 2, {}
  for key, value in pairs(batch) do
    if vs.is_tensor(value) then more[key] = vs.cat({value, value:slice(1, 1, 1)}, 1) end
  end
  local n = #more.label
  more.tokens = vs.cat({more.tokens, vs.ones(n, 2):long()}, 2)
  more.tokens[n]:fill_(WORDS)
  more.lengths[n] = T
  if batch.regions then
    more.regions = vs.cat({more.regions, vs.full({n, 2, REGION}, 7)}, 2)
    more.region_count[n] = more.regions.shape[2]
  end
  more = toy.spelled(more)
  table.move(batch.text, 1, n - 1, 1, more.text)
  return more
end

--- Batches of a Loader, with the texts that a set in memory does not hold.
function toy.loader(batch, size)
  local set = {row = vs.arange(1, #batch.label)}
  for key, value in pairs(batch) do if vs.is_tensor(value) then set[key] = value end end
  local pass = vs.data.Loader(vs.data.TensorDataset(set), {batch_size = size}):batches()
  return function()
    local part = pass()
    if part then
      part.text = {}
      for i, row in ipairs(part.row:tolist()) do part.text[i] = batch.text[row] end
    end
    return part
  end
end

--- A step's loss and all gradients of it are numbers.
function toy.check_step(model, batch)
  model:train()
  local loss = model:loss(batch, 1)
  loss:backward()
  assert(toy.finite(loss))
  for _, pair in ipairs(model:named_parameters()) do
    assert(toy.finite(pair[2].grad), pair[1] .. " has a gradient that is not finite")
  end
end

return toy
