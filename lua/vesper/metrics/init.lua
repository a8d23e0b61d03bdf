-- vs.metrics: accuracy, confusion matrices, retrieval, nearest neighbours.  Nothing is recorded for
-- gradients.
local core = require "vesper.core"
local blocks = require "vesper.metrics.blocks"
local retrieval = require "vesper.metrics.retrieval"
local search = require "vesper.metrics.search"
local check = require "vesper.util.check"
local tables = require "vesper.util.tables"

local metrics = tables.merge(retrieval, search)

--- The classes int64 [B] of logits [B,C]; int64 [B] predictions unchanged.
local function classes_of(what, predictions, labels)
  check.tensor(what, "labels", labels, 1, "int64")
  if core.is_tensor(predictions) and predictions.dtype ~= "int64" then
    check.tensor(what, "predictions", predictions, 2)
    predictions = predictions:detach():argmax(2)
  end
  check.tensor(what, "predictions", predictions, 1, "int64")
  if #predictions ~= #labels then
    check.fail(what, "labels has %d entries, expected %d, one per prediction", #labels,
      #predictions)
  end
  return predictions
end

--- Percent of correct predictions.
---@param predictions any logits float32 [B,C], or classes int64 [B]
---@param labels any int64 [B]
---@return number percent
function metrics.accuracy(predictions, labels)
  local classes = classes_of("accuracy", predictions, labels)
  if #classes == 0 then check.fail("accuracy", "predictions is empty, expected at least 1") end
  return 100 * classes:eq(labels):sum():item() / #classes
end

--- The confusion matrix: rows are labels, columns predictions.
---@param predictions any logits float32 [B,C], or classes int64 [B]
---@param labels any int64 [B]
---@param count integer number of classes
---@return any counts int64 [count,count]
function metrics.confusion(predictions, labels, count)
  local classes = classes_of("confusion", predictions, labels)
  check.whole("confusion", "count", count, 1)
  for name, t in pairs {label = labels, prediction = classes} do
    local i, value = blocks.first_outside(t, count)
    if i then check.fail("confusion", "%s %d is %d, expected 1..%d", name, i, value, count) end
  end
  local cells = {}
  for i = 1, count * count do cells[i] = 0 end
  for _, cell in ipairs(labels:sub(1):mul(count):add(classes):tolist()) do
    cells[cell] = cells[cell] + 1
  end
  return core.tensor(cells, {dtype = "int64"}):reshape(count, count)
end

return metrics
