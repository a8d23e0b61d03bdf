-- Batches in which the image, or the text, is that of another image: what a model's accuracy is
-- worth without one of the two.
local core = require "vesper.core"
local check = require "vesper.util.check"

local OF_TEXT = {tokens = true, lengths = true, text = true}
-- Of the sample, not of what it shows.
local OF_SAMPLE = {label = true, item = true, tags = true, index = true, image_index = true}

-- The fields of images, or of texts, that the set has.
local function fields_of(set, kind)
  local fields = {}
  for _, name in ipairs(set:fields()) do
    if not OF_SAMPLE[name] and (kind == "text") == (OF_TEXT[name] or false) then
      fields[#fields + 1] = name
    end
  end
  return fields
end

-- The first sample of each image, and the image of each sample.
local function images_of(set)
  local first, image, SIZE = {}, {}, 4096
  for start = 1, #set, SIZE do
    local places = core.arange(start, math.min(start + SIZE - 1, #set))
    local batch = set:batch(places, 0, {fields = {}})
    local ids = batch.image_index and batch.image_index:tolist() or places:tolist()
    for i, id in ipairs(ids) do
      first[id] = first[id] or start + i - 1
      image[start + i - 1] = id
    end
  end
  return first, image
end

-- image -> another one: the next in a random order that is always the same.
local function others_of(first)
  local ids, other = {}, {}
  for id in pairs(first) do ids[#ids + 1] = id end
  table.sort(ids)
  local state = core.get_rng_state()
  core.manual_seed(1)
  local order = core.randperm(#ids):tolist()
  core.set_rng_state(state)
  for i, place in ipairs(order) do other[ids[place]] = ids[order[i % #order + 1]] end
  return other
end

--- A function of a loader's batches that puts the image ("image") or the text ("text") of another
-- image of the set in place of each sample's own.  The other one is the next in a random order of
-- the images, which is the same in each call; its first caption counts.
return function(loader, kind)
  local ok, set = pcall(function() return loader.set end)
  if not ok or type(set) ~= "userdata" then
    check.fail("evaluate", "shuffle is '%s', but the loader is not a data.Loader", kind)
  end
  local fields, first, image = fields_of(set, kind), images_of(set)
  if #fields == 0 then check.fail("evaluate", "the set has no %s to shuffle", kind) end
  if next(first, (next(first))) == nil then
    check.fail("evaluate", "the set has one image, expected at least 2 to shuffle")
  end
  local other = others_of(first)
  return function(batch)
    local samples = {}
    for i, sample in ipairs(batch.index:tolist()) do samples[i] = first[other[image[sample]]] end
    local given = set:batch(samples, 0, {fields = fields})
    for name, value in pairs(given) do
      if not OF_SAMPLE[name] then batch[name] = value end
    end
    return batch
  end
end
