-- Attention of words over image regions, for the samples of a set.
local core = require "vesper.core"
local in_evaluation = require "vesper.nn.evaluation"

local maps = {}

-- The words of caption i for its tokens: those of the text if it has enough, else the vocabulary's.
local function words_of(set, i, tokens)
  local words = core.text.tokenize(set:text(i))
  if #words >= #tokens then return table.move(words, 1, #tokens, 1, {}) end
  local vocab = set:vocab()
  for t, id in ipairs(tokens) do words[t] = vocab[id] end
  return words
end

--- The rows of plot.attention for samples of a set (positions) and a model with attention_map over
-- a grid (CIM, AttentionPooling).
function maps.rows(set, model, samples)
  local batch, rows = set:batch(samples), {}
  local weights, grid = in_evaluation(model, model.attention_map, model, batch)
  for i, at in ipairs(samples) do
    local tokens = batch.tokens[i]:slice(1, 1, batch.lengths[i]:item()):tolist()
    rows[i] = {image = batch.image[i], words = words_of(set, at, tokens), weights = weights[i],
      grid = grid}
  end
  return rows
end

return maps
