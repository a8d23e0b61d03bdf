-- Figures of an experiment: learning curves, retrieved images, attention maps, confusion matrices.
local core = require "vesper.core"
local metrics = require "vesper.metrics"
local in_evaluation = require "vesper.nn.evaluation"
local plot = require "vesper.report.plot"

local report = {}

--- Writes curves of several histories as SVG, by epoch: each of histories is {name, history = the
-- result of train.fit, value = function(entry)}.
function report.curves(path, histories, options)
  local series = {}
  for _, h in ipairs(histories) do
    local line = {name = h.name, x = {}, y = {}}
    for i, entry in ipairs(h.history) do line.x[i], line.y[i] = entry.epoch, h.value(entry) end
    series[#series + 1] = line
  end
  return plot.lines(path, series, options)
end

--- Writes a contact sheet: for each of the captions (positions in the set) the retrieved images,
-- found = {{position, ...}, ...}, best first; the caption's own image has a green frame.
function report.found(path, set, captions, found, options)
  local classes, rows = set:classes(), {}
  for i, at in ipairs(captions) do
    local images = {}
    for rank, position in ipairs(found[i]) do
      local sample = set[position]
      images[rank] = {image = sample.image, correct = position == at, label = classes[sample.label]}
    end
    rows[i] = {caption = set:text(at), images = images}
  end
  return plot.contact_sheet(path, rows, options)
end

--- report.found with the k images whose embeddings are nearest to the caption's.  v, t [N,D] in the
-- order of the set.
function report.retrieved(path, set, v, t, captions, k, options)
  local index = core.tensor(captions, {dtype = "int64"})
  return report.found(path, set, captions,
    metrics.topk(t:index_select(1, index), v, k):tolist(), options)
end

-- The words of caption i for its tokens: those of the text if it has enough, else the vocabulary's.
local function words_of(set, i, tokens)
  local words = core.text.tokenize(set:text(i))
  if #words >= #tokens then return table.move(words, 1, #tokens, 1, {}) end
  local vocab = set:vocab()
  for t, id in ipairs(tokens) do words[t] = vocab[id] end
  return words
end

--- Writes attention maps of words over image regions, for samples of a set (positions) and a model
-- with attention_map over a grid (CIM, AttentionPooling).
function report.attention(path, set, model, samples, options)
  local batch, rows = set:batch(samples), {}
  local weights, grid = in_evaluation(model, model.attention_map, model, batch)
  for i, at in ipairs(samples) do
    local tokens = batch.tokens[i]:slice(1, 1, batch.lengths[i]:item()):tolist()
    rows[i] = {image = batch.image[i], words = words_of(set, at, tokens), weights = weights[i],
      grid = grid}
  end
  return plot.attention(path, rows, options)
end

--- Writes the confusion matrix of a result of train.evaluate.
function report.confusion(path, result, classes, options)
  return plot.confusion(path, metrics.confusion(result.predicted, result.label, #classes), classes,
    options)
end

return report
