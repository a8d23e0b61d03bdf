-- data.extract: writes the features that a frozen CNN computes for every image of a data set, so
-- that models can train on them without running the CNN; to one file, or to shards that several
-- processes share (extract_shards.lua).
--
-- The images of all splits in their order are one sequence of segments, {split =, mirrored =,
-- first =, last =}: a split, with flip followed by its mirror images.  A file has a range of it.
local core = require "vesper.core"
local shards = require "vesper.data.extract_shards"
local in_evaluation = require "vesper.nn.evaluation"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local DEFAULTS = {batch_size = 32, half = true, regions = true, images = false, flip = false,
  compress = 0}
local KNOWN = {splits = "list", batch_size = "count", progress = true, rank = "whole",
  size = "count", shards = "count"}

local function has_tokens(set)
  for _, name in ipairs(set:fields()) do
    if name == "tokens" then return true end
  end
  return false
end

-- The splits to convert: a list of {name, set, captioned}; `set` has one sample per image.
-- Default: train, val and test, if they exist.
local function open_splits(source, o)
  local list = {}
  for _, name in ipairs(o.splits or {"train", "val", "test"}) do
    local set, why = core.data.open(source, name, {captions = "first"})
    if set then
      list[#list + 1] = {name = name, set = set, captioned = has_tokens(set)}
    elseif o.splits or not why:find('no split "', 1, true) then
      return nil, why
    end
  end
  if #list == 0 then
    return nil, (type(source) == "table" and source[1] or source)
      .. ": has no split, expected train, val or test"
  end
  return list
end

local function range(first, last)
  local list = {}
  for i = first, last do list[#list + 1] = i end
  return list
end

-- Calls fn(batch, first) over samples first to last in order.  fields: what is read, nil for
-- everything.
local function each_batch(set, first, last, size, fields, fn)
  for at = first, last, size do
    local batch = set:batch(range(at, math.min(at + size - 1, last)), 0, {fields = fields})
    if fn(batch, at) == false then return end
  end
end

-- The captions of a split by image: the numbers of their images in order, and their samples.  Only
-- these two tensors are in memory: a table for each caption would make every garbage collection
-- slow.
local function caption_order(split, all)
  if not split.image then
    local parts = {}
    each_batch(all, 1, #all, 4096, {}, function(batch) parts[#parts + 1] = batch.image_index end)
    split.image, split.order = core.cat(parts):sort()
  end
  return split.image, split.order
end

-- A function(first, last) -> the captions of each of these images for the writer, lists of
-- {text =, tokens =}; called for the images in order, from image `start` on.
local function caption_reader(split, start)
  local fields, all = {}, split.captioned and split.set:view {captions = "all"}
  for _, name in ipairs(split.set:fields()) do
    if name == "tokens" or name == "text" then fields[#fields + 1] = name end
  end
  if not all or #all == 0 then
    return function(first, last)
      local none = {}
      for i = 1, last - first + 1 do none[i] = {} end
      return none
    end
  end
  local image, order = caption_order(split, all)
  local count, at = #image, start == 1 and 1 or image:lt(start):long():sum():item() + 1
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

-- The writer of a file.  Shards have to fit together, whatever their first images have.
local function new_writer(out, segments, o, note, part, parts)
  local first, captions, seen = segments[1].split.set, {}, {}
  for _, s in ipairs(note and segments or {}) do
    if s.split.captioned and not seen[s.split] then
      captions[#captions + 1], seen[s.split] = s.split.name, true
    end
  end
  local attrs = first:attrs()
  local classes, words = some(first:classes()), some(first:vocab())
  return core.data.Writer(out, {name = attrs.name, source = attrs.source,
    split_seed = attrs.split_seed, note = note and core.io.json_encode(note), classes = classes,
    vocab = words, vectors = first:vectors(), compress = o.compress, half = o.half,
    landmark_pairs = first:landmark_pairs(), captions = captions,
    part = part, parts = parts})
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

-- Writes the features of a segment.  Returns true, or false and a message.
local function copy_segment(writer, segment, model, o)
  local failed
  local split, mirrored, start, stop = segment.split, segment.mirrored, segment.first, segment.last
  local read_captions = caption_reader(split, start)
  each_batch(split.set, start, stop, o.batch_size, nil, function(batch, first)
    if not batch.image then
      failed = ("%s: split %s has no images"):format(split.set.path, split.name)
      return false
    end
    local images = mirrored and batch.image:flip{4} or batch.image
    local v, regions = model(images)
    if not core.is_tensor(v) or v.ndim == 0 then
      check.fail("data.extract", "the model's first result is %s, expected a tensor [B,D]",
        text.kind(v))
    elseif v.shape[1] ~= images.shape[1] then
      check.fail("data.extract", "the model's first result has %d rows, expected %d, one an image",
        v.shape[1], images.shape[1])
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
    if o.progress then
      o.progress(split.name, first + v.shape[1] - start, stop - start + 1)
    end
  end)
  return not failed, failed
end

-- ---- files --------------------------------------------------------------------------------------

-- All segments, and the number of their images.
local function list_segments(splits, o)
  local list, images = {}, 0
  for _, split in ipairs(splits) do
    for _, mirrored in ipairs {false, o.flip and split.name == "train" or nil} do
      list[#list + 1] = {split = split, mirrored = mirrored, first = 1, last = #split.set,
        before = images}
      images = images + #split.set
    end
  end
  return list, images
end

-- The segments of images first to last of the sequence.
local function cut(segments, first, last)
  local list = {}
  for _, s in ipairs(segments) do
    local from, to = math.max(first - s.before, s.first), math.min(last - s.before, s.last)
    if from <= to then
      list[#list + 1] = {split = s.split, mirrored = s.mirrored, first = from, last = to}
    end
  end
  return list
end

-- Writes one file.  Returns true, or nil and a message.
local function write_file(path, segments, model, o, note, part, parts)
  local writer <close>, unwritable = new_writer(path, segments, o, note, part, parts)
  if not writer then return nil, unwritable end
  for _, segment in ipairs(segments) do
    local ok, failed = copy_segment(writer, segment, model, o)
    if not ok then return nil, failed end
  end
  return writer:close()
end

-- Writes the shards of this rank that are not there.  Returns true, or nil and a message.
local function write_shards(out, list, count, segments, splits, model, o)
  local note = shards.describe(model, splits, o, count)
  local missing, why = shards.missing(out, list, function(image)
    return cut(segments, image, image)[1].split.name
  end, note)
  if not missing then return nil, why end
  for _, shard in ipairs(missing) do
    local ok, failed = write_file(shard.path, cut(segments, shard.first, shard.last), model, o,
      note, shard.number, count)
    if not ok then return nil, failed end
  end
  return true
end

-- {train =, ...} images of the segments.
local function count_images(counts, segments)
  for _, s in ipairs(segments) do
    counts[s.split.name] = (counts[s.split.name] or 0) + s.last - s.first + 1
  end
  return counts
end

--- Runs model(images) -> v [B,D], U [B,R,C] in evaluation mode over every image of the data set
-- `source` (what data.open takes) and writes `out`: v as feature, U as region/feature; labels,
-- captions, ids, classes and vocabulary are unchanged.  Options (with their defaults):
--   splits                default: train, val and test, if they exist
--   batch_size = 32
--   half = true           stored as float16
--   regions = true        false: only v
--   images = false        true: keeps the images
--   flip = false          true: adds the mirror images of train after the others
--   compress = 0, progress = function(split, done, total)
--   rank, size            this process is number `rank`, from 0, of `size` that share the work
--   shards = size         the number of files NAME-00001.h5, ... of NAME.h5, over all processes; a
--                         file that is there and whole is not written again
-- Returns {train =, val =, test =} images, those of this process's files, or nil and a message.
return function(model, source, out, given)
  local o = options.read("extract", given, DEFAULTS, KNOWN)
  shards.place(o)
  local splits, why = open_splits(source, o)
  if not splits then return nil, why end
  local segments, images = list_segments(splits, o)
  local list, count = shards.plan(out, o, images)
  local counts = list and {} or count_images({}, segments)
  for _, shard in ipairs(list or {}) do
    count_images(counts, cut(segments, shard.first, shard.last))
  end
  local function write()
    if list then return write_shards(out, list, count, segments, splits, model, o) end
    return write_file(out, segments, model, o)
  end
  local ok, failed
  if type(model) == "function" then
    ok, failed = core.no_grad(write)
  else
    ok, failed = in_evaluation(model, write)
  end
  if not ok then return nil, failed end
  return counts
end
