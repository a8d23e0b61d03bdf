-- Figures of an experiment: learning curves, retrieved images, attention maps, confusion matrices.
local metrics = require "vesper.metrics"
local heat = require "vesper.report.heat"
local maps = require "vesper.report.maps"
local page = require "vesper.report.page"
local plot = require "vesper.report.plot"
local sheet = require "vesper.report.sheet"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local options = require "vesper.util.options"

local report = {}

--- Writes curves of several histories as SVG, by epoch: each of histories is {name, history = the
-- result of train.fit, value = function(entry)}.
function report.curves(path, histories, given)
  local series = {}
  check.list("report.curves", "histories", histories)
  for _, h in ipairs(histories) do
    local line = {name = h.name, x = {}, y = {}}
    check.list("report.curves", "history", h.history)
    for i, entry in ipairs(h.history) do -- an epoch without a value interrupts the line
      line.x[i], line.y[i] = entry.epoch, h.value(entry) or 0 / 0
    end
    series[#series + 1] = line
  end
  return plot.lines(path, series, given)
end

--- Writes a sheet: for each of the captions the retrieved images, best first.  pictures: a data
-- set, or a list of paths or of tensors uint8 [3,H,W]; captions: positions in the set, or strings;
-- found: {{position, ...}, ...} or int64 [Q,k].  If a caption is a position, samples of its image
-- have a green frame.  A path that ends in .html becomes a page without further files, with
-- captions as text; another one a picture drawn by plot.contact_sheet.  Options: title, note, size
-- of an image in pixels.  Returns true, or nil and a message.
function report.found(path, pictures, captions, found, given)
  local rows, why = sheet.rows(pictures, captions, found)
  if not rows then return nil, why end
  if not path:find "%.html?$" then return plot.contact_sheet(path, rows, given) end
  local o = options.read("report.found", given, {title = "Retrieved images"},
    {title = "string", note = "string", size = "count"})
  return file.write(path, page.html(o.title, {{{sheet = rows, words = o.note, size = o.size}}}))
end

--- report.found with the k images whose embeddings are nearest to the caption's.  v [N,D] and
-- t [M,D] are in the order of the set, as train.evaluate returns them; captions: positions in the
-- set.  Further option: image_of, int64 [M], where an image has several captions.
function report.retrieved(path, set, v, t, captions, k, given)
  local o = options.read("report.retrieved", given, nil,
    {image_of = true, title = "string", note = "string", size = "count"})
  if o.image_of then check.tensor("report.retrieved", "image_of", o.image_of, 1, "int64") end
  local found = sheet.nearest(v, t, captions, k, o.image_of)
  o.image_of = nil
  return report.found(path, set, captions, found, o)
end

--- Writes attention maps of words over image regions, for samples of a set (positions) and a model
-- with attention_map over a grid (CIM, AttentionPooling).  A path that ends in .html becomes a
-- page, another one a picture drawn by plot.attention.
function report.attention(path, set, model, samples, given)
  local rows = maps.rows(set, model, samples)
  if not path:find "%.html?$" then return plot.attention(path, rows, given) end
  local o = options.read("report.attention", given, {title = "Attention of words"},
    {title = "string", note = "string", size = "count"})
  return file.write(path, page.html(o.title,
    {{{sheet = heat.attention_rows(rows), words = o.note, size = o.size}}}))
end

--- Writes the confusion matrix of a result of train.evaluate.
function report.confusion(path, result, classes, given)
  check.list("report.confusion", "classes", classes)
  return plot.confusion(path, metrics.confusion(result.predicted, result.label, #classes), classes,
    given)
end

return report
