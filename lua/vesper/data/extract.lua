-- data.extract: writes the features that a frozen CNN computes for every image of a data set, so
-- that models can train on them without running the CNN.
local core = require "vesper.core"
local in_evaluation = require "vesper.nn.evaluation"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local DEFAULTS = {batch_size = 32, half = true, regions = true, images = false, flip = false,
  compress = 0}
local KNOWN = {splits = "list", batch_size = "count", progress = true}

-- The splits to convert: a list of {name, set}; `set` has one sample per image.  Default: train,
-- val and test, if they exist.
local function open_splits(source, o)
  local list = {}
  for _, name in ipairs(o.splits or {"train", "val", "test"}) do
    local set, why = core.data.open(source, name, {captions = "first"})
    if set then
      list[#list + 1] = {name = name, set = set}
    elseif o.splits or not why:find('no split "', 1, true) then
      return nil, why
    end
  end
  if #list == 0 then return nil, source .. ": has no split, expected train, val or test" end
  return list
end

local function range(first, last)
  local list = {}
  for i = first, last do list[#list + 1] = i end
  return list
end

-- Calls fn(batch, first) over all samples in order.  fields: what is read, nil for everything.
local function each_batch(set, size, fields, fn)
  for first = 1, #set, size do
    local batch = set:batch(range(first, math.min(first + size - 1, #set)), 0, {fields = fields})
    if fn(batch, first) == false then return end
  end
end

-- A function(first, last) -> the captions of each of these images for the writer, lists of
-- {text =, tokens =}; called for the images in order.  Only the order of the samples is in memory,
-- as two tensors: a table for each caption would make every garbage collection slow.
local function caption_reader(set)
  local fields, has = {}, {}
  for _, name in ipairs(set:fields()) do
    has[name] = true
    if name == "tokens" or name == "text" then fields[#fields + 1] = name end
  end
  if not has.tokens then return function() return {} end end
  local all, parts = set:view {captions = "all"}, {}
  each_batch(all, 4096, {}, function(batch) parts[#parts + 1] = batch.image_index end)
  local image, order = core.cat(parts):sort()
  local count, at = #image, 1
  return function(first, last)
    local captions, samples = {}, {}
    for i = first, last do captions[i - first + 1] = {} end
    while at <= count and image[at]:item() <= last do
      samples[#samples + 1] = order[at]:item()
      at = at + 1
    end
    if #samples == 0 then return captions end
    local batch = all:batch(samples, 0, {fields = fields})
    local tokens, lengths = batch.tokens:tolist(), batch.lengths:tolist()
    for i, number in ipairs(batch.image_index:tolist()) do
      table.insert(captions[number - first + 1], {text = batch.text and batch.text[i] or "",
        tokens = table.move(tokens[i], 1, lengths[i], 1, {})})
    end
    return captions
  end
end

-- The list, or nil if it is empty.
local function some(list) return #list > 0 and list or nil end

local function new_writer(out, first, o)
  local attrs = first:attrs()
  local classes, words = some(first:classes()), some(first:vocab())
  return core.data.Writer(out, {name = attrs.name, source = attrs.source,
    split_seed = attrs.split_seed, classes = classes, vocab = words, vectors = first:vectors(),
    compress = o.compress, half = o.half, landmark_pairs = first:landmark_pairs()})
end

-- Landmarks [K,3] of a mirrored image, left and right exchanged; absent ones (3) stay.
local function mirror_landmarks(points, pairs)
  local list = points:tolist()
  for _, point in ipairs(list) do
    if point[3] ~= 3 then point[1] = 1 - point[1] end
  end
  for _, pair in ipairs(pairs) do
    list[pair[1]], list[pair[2]] = list[pair[2]], list[pair[1]]
  end
  return core.tensor(list)
end

-- Writes the features of one split; mirrored: of its mirror images.  Returns true, or false and a
-- message.
local function copy_split(writer, split, mirrored, model, o)
  local failed
  local read_captions = caption_reader(split.set)
  each_batch(split.set, o.batch_size, nil, function(batch, first)
    if not batch.image then
      failed = ("%s: split %s has no images"):format(split.set.path, split.name)
      return false
    end
    local images = mirrored and batch.image:flip{4} or batch.image
    local v, regions = model(images)
    if not core.is_tensor(v) or v.ndim == 0 then
      check.fail("data.extract", "the model's first result is %s, expected a tensor [B,D]",
        text.kind(v))
    end
    local captions = read_captions(first, first + v.shape[1] - 1)
    for i = 1, v.shape[1] do
      local at, points = first + i - 1, batch.landmark and batch.landmark[i]
      if points and mirrored then points = mirror_landmarks(points, split.set:landmark_pairs()) end
      local id = split.set:id(at)
      local added, why = writer:add(split.name, {
        image = o.images and images[i] or nil, feature = v[i],
        regions = o.regions and regions and regions[i] or nil,
        label = batch.label and batch.label[i]:item() or nil,
        landmark = points,
        id = id and (mirrored and id .. "#flip" or id), captions = captions[i] or {},
      })
      if not added then
        failed = why
        return false
      end
    end
    if o.progress then o.progress(split.name, first + v.shape[1] - 1, #split.set) end
  end)
  return not failed, failed
end

--- Runs model(images) -> v [B,D], U [B,R,C] in evaluation mode over every image of the vesper HDF5
-- file `source` and writes `out`: v as feature, U as region/feature; labels, captions, ids, classes
-- and vocabulary are unchanged.  Options (with their defaults):
--   splits                default: train, val and test, if they exist
--   batch_size = 32
--   half = true           stored as float16
--   regions = true        false: only v
--   images = false        true: keeps the images
--   flip = false          true: adds the mirror images of train after the others
--   compress = 0, progress = function(split, done, total)
-- Returns {train =, val =, test =} images, or nil and a message.
return function(model, source, out, given)
  local o = options.read("extract", given, DEFAULTS, KNOWN)
  local splits, why = open_splits(source, o)
  if not splits then return nil, why end
  local writer <close>, unwritable = new_writer(out, splits[1].set, o)
  if not writer then return nil, unwritable end
  local function copy_all()
    local counts = {}
    for _, split in ipairs(splits) do
      local ok, failed = copy_split(writer, split, false, model, o)
      if ok and o.flip and split.name == "train" then
        ok, failed = copy_split(writer, split, true, model, o)
      end
      if not ok then return nil, failed end
      counts[split.name] = writer:count(split.name)
    end
    return counts
  end
  local counts, failed
  if type(model) == "function" then
    counts, failed = core.no_grad(copy_all)
  else
    counts, failed = in_evaluation(model, copy_all)
  end
  if not counts then return nil, failed end
  local closed, unwritten = writer:close()
  if not closed then return nil, unwritten end
  return counts
end
