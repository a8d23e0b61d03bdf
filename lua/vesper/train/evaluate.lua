-- train.evaluate: accuracy and retrieval of a model over a loader; train.score: the score for model
-- selection.
local core = require "vesper.core"
local metrics = require "vesper.metrics"
local in_evaluation = require "vesper.nn.evaluation"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"

local train = {}

-- x [B,C,H,W] shifted by dy and dx pixels; the border is repeated.
local function moved(x, dy, dx)
  local function from(n, d) return (core.arange(1, n):float() + d):clamp(1, n):long() end
  return x:index_select(3, from(x.shape[3], dy)):index_select(4, from(x.shape[4], dx))
end

-- The sum of the unit image vectors over views of a batch's images: the images themselves (v is
-- given), shifted ones, and the mirror images of these.
local function over_views(model, batch, v, o)
  local s, images, view, sum = o.shift, {batch.image}, tables.merge(batch), v:normalize()
  if s > 0 then
    for _, place in ipairs{{s, 0}, {-s, 0}, {0, s}, {0, -s}} do
      images[#images + 1] = moved(batch.image, place[1], place[2])
    end
  end
  for i = 1, o.mirror and #images or 0 do images[#images + 1] = images[i]:flip{4} end
  for i = 2, #images do
    view.image = images[i]
    local other = model.encode_image and model:encode_image(view) or model(view).v
    sum = sum + other:normalize()
  end
  return sum
end

--- Runs the model over a loader in evaluation mode without gradients.  Returns
-- {n =, accuracy = percent, image_accuracy = percent or nil, retrieval = metrics.retrieval or nil,
--  v = [N,D], t = [N,D] or nil, predicted = int64 [N], label = int64 [N]}.  Retrieval is measured
-- if the model embeds text.  Options:
--   mirror = false        true: v of an image is summed with that of its mirror image
--   shift = 0             n: v of an image is summed over shifts by n pixels up, down, left, right
--   bank, beta            as in metrics.retrieval
--   retrieval = true      false: not measured
function train.evaluate(model, loader, given)
  local o = options.read("evaluate", given, {mirror = false, shift = 0, retrieval = true},
    {mirror = "boolean", shift = "whole", retrieval = "boolean", bank = true, beta = true})
  local v, t, predicted, label, image_right = {}, {}, {}, {}, nil
  local by_image = model.class_cosines ~= nil
  in_evaluation(model, function()
    for batch in loader do
      local out = model(batch)
      local function hits(logits) return logits:argmax(2):eq(batch.label):sum():item() end
      predicted[#predicted + 1], label[#label + 1] = out.logits:argmax(2), batch.label
      if out.image_logits then
        image_right = (image_right or 0) + hits(out.image_logits)
      elseif by_image then
        image_right = (image_right or 0) + hits(model:class_cosines(out.v))
      end
      t[#t + 1] = out.t
      local views = batch.image and (o.mirror or o.shift > 0)
      v[#v + 1] = views and over_views(model, batch, out.v, o) or out.v
    end
  end)
  local result = {v = core.cat(v), predicted = core.cat(predicted), label = core.cat(label)}
  result.n = #result.label
  result.accuracy = metrics.accuracy(result.predicted, result.label)
  result.image_accuracy = image_right and 100 * image_right / result.n
  if #t > 0 then
    result.t = core.cat(t)
    result.retrieval = o.retrieval
      and metrics.retrieval(result.v, result.t, {bank = o.bank, beta = o.beta}) or nil
  end
  return result
end

--- The default score for model selection: accuracy; for models that embed text, accuracy plus mean
-- recall.
function train.score(result)
  local r = result.retrieval
  return r and result.accuracy + r.rsum / 6 or result.accuracy
end

return train
