-- prepare.karpathy: images with several sentences each, in Karpathy's splits: the files
-- dataset_flickr8k.json, dataset_flickr30k.json and dataset_coco.json.
--
-- The file is read image by image; its splits are used unchanged.
local core = require "vesper.core"
local prepare = require "vesper.data.prepare"

local DEFAULTS = {
  captions = 5, restval = "train", size = 64, seed = 1, min_count = 2, max_words = 32,
  skip_broken = false, apply_exif_orientation = false,
}
local KINDS = {restval = {"train", "val", "test", "restval"}}
local SPLITS = {train = true, val = true, test = true, restval = true}

-- At most `most` raw sentences of an image; or nil and what is wrong.
local function read_sentences(image, most)
  local captions = {}
  if type(image.sentences) ~= "table" then return nil, "has no sentences" end
  for _, sentence in ipairs(image.sentences) do
    if type(sentence) ~= "table" or type(sentence.raw) ~= "string" then
      return nil, "has a sentence without raw"
    end
    local text = sentence.raw:match "^%s*(.-)%s*$"
    if text ~= "" and #captions < most then captions[#captions + 1] = text end
  end
  return captions
end

-- The item of an element, or nil and what is wrong.
local function make_item(image, folder, o)
  if type(image) ~= "table" or type(image.filename) ~= "string" then
    return nil, "has no filename"
  end
  if not SPLITS[image.split] then
    return nil, ("has split '%s', expected train, val, test or restval"):format(
      tostring(image.split))
  end
  local captions, wrong = read_sentences(image, o.captions)
  if not captions then return nil, wrong end
  local name = image.filename
  if type(image.filepath) == "string" then name = image.filepath .. "/" .. name end
  return {
    path = folder .. "/" .. name, id = image.filename, captions = captions,
    split = image.split == "restval" and o.restval or image.split,
  }
end

-- The items with at least one sentence, and the number of images without any.
local function read_items(path, folder, o)
  local images <close>, why = core.io.json_items(path, {key = "images"})
  if not images then return nil, why end
  local items, at, empty, element_of = {}, 0, 0, {}
  while true do
    local image, broken = images:read()
    if broken then return nil, broken end
    if image == nil then return items, empty end
    at = at + 1
    local item, wrong = make_item(image, folder, o)
    if not item then return nil, ("%s: element %d %s"):format(path, at, wrong) end
    item.place = ("%s, element %d"):format(path, at)
    if element_of[item.path] then
      return nil, ("%s: elements %d and %d are the same image %s"):format(path,
        element_of[item.path], at, item.id)
    end
    element_of[item.path] = at
    if #item.captions > 0 then items[#items + 1] = item else empty = empty + 1 end
  end
end

--- Writes `out` from dataset_NAME.json and the folder of its images (for COCO the parent folder of
--- train2014 and val2014).  There are no classes.  Options (with their defaults):
---   captions = 5                  maximal number of sentences per image
---   restval = "train"             the split for COCO's restval
---   size = 64                     size of the images, or {height, width}
---   min_count = 2                 minimal count of a word in the vocabulary
---   max_words = 32                maximal length of a caption
---   skip_broken = false           true: skip and count images that are missing or cannot be read
---   apply_exif_orientation = false  true: turn images as their EXIF data says
---   seed = 1, vectors, compress, name, source, progress = function(done, total)
--- Returns {train=, val=, test=, classes=0, vocab=, undescribed=, skipped=, broken=, invalid=}, or
--- nil and a message.
return function(path, folder, out, given)
  local o = prepare.options("karpathy", given, DEFAULTS, KINDS)
  local items, empty = read_items(path, folder, o)
  if not items then return nil, empty end
  o.source, o.name = o.source or path, o.name or path:match "dataset_(%w+)%.json$"
  return prepare.write(items, out, o, {undescribed = empty})
end
