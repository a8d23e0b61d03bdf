-- train.evaluate: accuracy and retrieval of a model over a loader; train.score: the score for model
-- selection.
local core = require "vesper.core"
local data = require "vesper.data"
local collectives = require "vesper.dist.collectives"
local fingerprint = require "vesper.dist.fingerprint"
local job = require "vesper.dist.job"
local first_seen = require "vesper.data.first_seen"
local metrics = require "vesper.metrics"
local readout = require "vesper.models.readout"
local in_evaluation = require "vesper.nn.evaluation"
local shuffle = require "vesper.train.shuffle"
local check = require "vesper.util.check"
local each = require "vesper.util.each"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local train = {}

-- ---- checks -------------------------------------------------------------------------------------

--- Refuses pictures of 0..1: models take 0..255, and would learn nothing from these.
function train.check_batch(what, batch)
  if type(batch) ~= "table" then
    check.fail(what, "the loader gave %s, expected a table of tensors", text.kind(batch))
  end
  local image = batch.image
  if not core.is_tensor(image) or image.dtype == "uint8" or image:numel() == 0 then return end
  local most, least = image:max():item(), image:min():item()
  if least >= 0 and most > 0 and most <= 1 then
    check.fail(what, "image is %s with values %g..%g, expected 0..255", text.kind(image), least,
      most)
  end
end

-- ---- views of an image --------------------------------------------------------------------------

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

-- ---- one pass -----------------------------------------------------------------------------------

-- The rows of x [B,...] that are in `rows`, int64 [n].
local function pick(x, rows) return #rows == x.shape[1] and x or x:index_select(1, rows) end

local function check_output(out)
  if type(out) == "table" and out.v == nil and core.is_tensor(out.logits) then return end
  if type(out) ~= "table" or not core.is_tensor(out.v) or out.v.ndim ~= 2 then
    check.fail("evaluate", "the model returned %s, expected a table with v [B,D] or logits [B,C]",
      type(out) == "table" and "v = " .. text.kind(out.v) or text.kind(out))
  end
end

-- Whether the model's readout is of the loader's classes: set_classes may have named others.
local function same_classes(model, loader)
  local ok, names = pcall(function() return loader.set:classes() end)
  if not (ok and names and model.class_names) or #names == 0 then return true end
  if #names ~= #model.class_names then return false end
  for i, name in ipairs(names) do
    if name ~= model.class_names[i] then return false end
  end
  return true
end

-- The rows of a list of tables of tensors, joined; with share, those of all ranks.
local function joined(lists, share)
  local rows = {}
  for _, name in ipairs(tables.sorted_keys(lists)) do
    rows[name] = core.cat(lists[name])
    if share then rows[name] = collectives.all_gather(rows[name]) end
  end
  return rows
end

-- fn(batch) -> {name = [B,...]}, over a loader: {name = [N,...]}.  share: each rank has a part of
-- the samples, and all get the rows of all, in order.
local function rows_of(loader, share, fn)
  local lists = {}
  if share then loader = loader:part(job.rank, job.size, true) end
  for batch in each(loader) do
    for name, x in pairs(fn(batch)) do
      lists[name] = lists[name] or {}
      table.insert(lists[name], x)
    end
  end
  return joined(lists, share)
end

-- What the model makes of one batch, by sample.
local function outputs(model, batch, o, with_readout)
  local out = model(batch)
  check_output(out)
  local rows = {t = out.t, image_index = batch.image_index,
    samples = core.zeros((out.v or out.logits).shape[1])}
  if out.v then
    local views = batch.image and (o.mirror or o.shift > 0)
    rows.v = views and over_views(model, batch, out.v, o) or out.v
  end
  if not batch.label then return rows end
  if out.logits then rows.predicted, rows.label = out.logits:argmax(2), batch.label end
  local by_image = out.image_logits
    or out.v and with_readout and readout.logits(model, out.v, "evaluate")
  if by_image then rows.right = by_image:argmax(2):eq(batch.label) end
  return rows
end

-- Takes the rows into what was found: each image once.
local function add_rows(rows, found)
  if not rows.samples then return end
  local images, fresh = found.first(rows, #rows.samples)
  found.images = #fresh
  found.v = rows.v and pick(rows.v, fresh)
  found.t, found.image_of = rows.t, rows.t and images
  found.predicted, found.label = rows.predicted, rows.label
  found.right = rows.right and pick(rows.right, fresh)
end

-- ---- two passes ---------------------------------------------------------------------------------

-- Loaders of the images, each once, and of all captions, with the fields that each needs; nil where
-- one pass over the loader is as good: with one caption an image, or with a model that predicts
-- classes from pairs.
local function split_loader(model, loader)
  local ok, captions, set = pcall(function() return loader.captions, loader.set end)
  if not ok or captions ~= "all" or model.fuse or set.images == #set
      or not (model.encode_image and model.embed_text) then return nil end
  local images, texts = {}, {}
  for _, field in ipairs(set:fields()) do
    local of_text = field == "tokens" or field == "text"
    if field ~= "label" then table.insert(of_text and texts or images, field) end
  end
  local o = {batch_size = loader.batch_size, workers = loader.workers}
  return data.Loader(set, tables.merge(o, {captions = "first", fields = images})),
    data.Loader(set, tables.merge(o, {captions = "all", fields = texts}))
end

-- Embeds each image once and each caption once.  Images without captions are left out.
local function add_apart(model, images, texts, o, share, found)
  local row, rows, first = {}, {}, true
  local t = rows_of(texts, share, function(batch)
    return {t = model:embed_text(batch), image = batch.image_index}
  end)
  found.image_of = {}
  for i, image in ipairs(t.image and t.image:tolist() or {}) do
    if not row[image] then
      row[image] = #rows + 1
      rows[#rows + 1] = image
    end
    found.image_of[i] = row[image]
  end
  local v = rows_of(images, share, function(batch)
    if first then train.check_batch("evaluate", batch) end
    first = false
    local one = model:encode_image(batch)
    local views = batch.image and (o.mirror or o.shift > 0)
    return {v = views and over_views(model, batch, one, o) or one}
  end).v
  found.t = t.t
  if v then
    found.v = v:index_select(1, core.tensor(rows, {dtype = "int64"}))
    found.images = #rows
  end
end

-- nil where caption i is of image i.
local function image_of(list, images)
  local one_each = #list == images
  for i, image in ipairs(list) do one_each = one_each and image == i end
  return not one_each and core.tensor(list, {dtype = "int64"}) or nil
end

-- A result as text.
local function in_words(result)
  local parts = {("%d images, %d samples"):format(result.images, result.n)}
  if result.accuracy then parts[#parts + 1] = text.format("accuracy %.1f", result.accuracy) end
  if result.image_accuracy then
    parts[#parts + 1] = text.format("image alone %.1f", result.image_accuracy)
  end
  local text_of = table.concat(parts, ", ")
  if result.retrieval then text_of = text_of .. "\n" .. tostring(result.retrieval) end
  return result.folds and text_of .. "\n" .. tostring(result.folds) or text_of
end

-- Whether ranks share the samples of a loader: each needs at least one.  Raises where they differ.
local function shares(model, loader, o)
  if not job.several() then return false end
  local share = not o.shuffle and text.kind(loader) == "a Loader" and #loader.set >= job.size
  job.agree("evaluate", {"model = " .. text.kind(model), "shared = " .. tostring(share),
    "mirror = " .. tostring(o.mirror), "shift = " .. o.shift,
    "data = " .. (share and fingerprint(loader.set) or "any"),
    "captions = " .. (share and tostring(loader.captions) or "any")})
  return share
end

--- Runs the model over a loader in evaluation mode without gradients.  An image with several
-- captions is one row of v.  Returns
-- {n = samples, images =, v = [N,D], t = [M,D] or nil, image_of = int64 [M] or nil (caption i is of
--  image i), retrieval = metrics.retrieval over all images or nil, folds = the mean over parts of
--  them or nil; where the set has labels and the model classes: accuracy = percent of samples,
--  image_accuracy = percent of images by the image alone, image_right = bool [N],
--  predicted and label int64 [n]}.
-- Retrieval is measured if the model embeds text.  Options:
--   folds = 1             n: retrieval also as the mean over n parts of the images (COCO 1K: 5)
--   mirror = false        true: v of an image is summed with that of its mirror image
--   shift = 0             n: v of an image is summed over shifts by n pixels up, down, left, right
--   bank, beta            as in metrics.retrieval
--   retrieval = true      false: not measured
--   shuffle = nil         "image" or "text": each sample gets that of another image of the set, so
--                         that the accuracy shows what the other half alone is worth; no retrieval
--   dist = false          true: each rank evaluates a part (vs.dist); all get the whole result
function train.evaluate(model, loader, given)
  local o = options.read("evaluate", given,
    {mirror = false, shift = 0, retrieval = true, folds = 1},
    {mirror = "boolean", shift = "whole", retrieval = "boolean", folds = "count", bank = true,
     beta = true, shuffle = {"image", "text"}, dist = "boolean"})
  local found = {first = first_seen(), images = 0}
  local with_readout = readout.kind(model) and same_classes(model, loader)
  local share = o.dist and shares(model, loader, o)
  in_evaluation(model, function()
    local images, texts = split_loader(model, loader)
    if images and not o.shuffle then return add_apart(model, images, texts, o, share, found) end
    local change, first = o.shuffle and shuffle(loader, o.shuffle), true
    add_rows(rows_of(loader, share, function(batch)
      if change then batch = change(batch) end
      if first then train.check_batch("evaluate", batch) end
      first = false
      return outputs(model, batch, o, with_readout)
    end), found)
  end)
  if found.images == 0 then
    check.fail("evaluate", "the loader has no samples, expected at least 1")
  end
  local result = tables.printed({v = found.v}, "Evaluation", in_words)
  result.images = found.images
  result.n = found.t and #found.image_of or result.images
  if found.label then
    result.predicted, result.label = found.predicted, found.label
    result.n = #result.label
    result.accuracy = metrics.accuracy(result.predicted, result.label)
  end
  if found.right then
    result.image_right = found.right
    result.image_accuracy = 100 * result.image_right:sum():item() / #result.image_right
  end
  if not found.t then return result end
  result.t, result.image_of = found.t, image_of(found.image_of, result.images)
  if not o.retrieval or o.shuffle then return result end
  local r = metrics.retrieval(result.v, result.t, {image_of = result.image_of, bank = o.bank,
    beta = o.beta, folds = o.folds})
  result.retrieval, r.whole = r.whole or r, nil
  if o.folds > 1 then result.folds = r end
  return result
end

--- The default score for model selection: accuracy, plus mean recall for models that embed text;
-- rsum where there are no labels.
function train.score(result)
  local r = result.retrieval
  if not result.accuracy then
    if not r then check.fail("score", "there is neither accuracy nor retrieval") end
    return r.rsum
  end
  return r and result.accuracy + r.rsum / 6 or result.accuracy
end

return train
