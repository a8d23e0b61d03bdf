-- prepare.coco: COCO's own caption files, captions_train2014.json and its like: images, features of
-- them, or both.
--
-- A file is read twice, element by element: its images, then its annotations.
local core = require "vesper.core"
local check = require "vesper.util.check"
local prepare = require "vesper.data.prepare"
local file = require "vesper.util.file"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local DEFAULTS = {
  captions = 5, test = 0, images = true, half = false, size = 64, seed = 1, min_count = 2,
  max_words = 32, skip_broken = false, name = "coco",
}
local KINDS = {splits = "table", features = "table", captions = "count", test = "probability"}
local YEARS = {"2017", "2014"}
local REAL = {float32 = true, float64 = true, float16 = true}

-- Calls fn(element) for the elements of the array `key`; fn returns nil or what is wrong.  Returns
-- true, or nil and a message.
local function each(path, key, fn)
  local elements <close>, why = core.io.json_items(path, {key = key})
  if not elements then return nil, why end
  local at = 0
  while true do
    local element, broken = elements:read()
    if broken then return nil, broken end
    if element == nil then return true end
    at = at + 1
    local wrong = type(element) ~= "table" and "is not an object" or fn(element, at)
    if wrong then return nil, ("%s: %s: element %d %s"):format(path, key, at, wrong) end
  end
end

-- The path of an image, or nil: beside `sub`, the name of its folder, or in it.
local function find_picture(folder, sub, name)
  return file.first {("%s/%s/%s"):format(folder, sub, name),
    ("%s/images/%s/%s"):format(folder, sub, name), folder .. "/" .. name}
end

-- A function that returns the row of an image; or nil and a message.
local function open_features(path, count)
  local t, why = core.npy.load(path)
  if not t then return nil, why end
  local shape = t.shape
  if not REAL[t.dtype] or (#shape ~= 2 and #shape ~= 3) or shape[1] ~= count then
    return nil, ("%s: is %s %s, expected float32 [%d,D] or [%d,R,D], a row for each image"):format(
      path, t.dtype, text.shape(shape), count, count)
  end
  return function(row)
    local v = t[row]:float()
    if not v:isfinite():all() then
      return nil, ("%s, row %d: has values that are not finite"):format(path, row)
    end
    return #shape == 2 and {feature = v} or {regions = v}
  end
end

-- Adds the images of a file to items; of: image id -> item, of all files.  Returns their number, or
-- nil and a message.
local function read_images(path, split, r)
  local sub, count = path:match "captions_([^/]*)%.json$" or "", 0
  local ok, why = each(path, "images", function(image, at)
    local id, name = math.type(image.id) == "integer" and image.id, image.file_name
    if not id or type(name) ~= "string" then return "lacks id or file_name" end
    if r.of[id] then return ("is image %d, as is %s"):format(id, r.of[id].place) end
    local item = {
      captions = {}, split = split, id = name, row = at,
      place = ("%s, element %d of images"):format(path, at),
    }
    if r.o.images then
      item.path = find_picture(r.folder, sub, name)
      if not item.path and not r.o.skip_broken then
        return ("has file_name %s, which is neither in %s nor in its folder %s"):format(name,
          r.folder, sub)
      end
      item.missing = not item.path
    end
    r.of[id], count = item, count + 1
    table.insert(r.items, item)
  end)
  if not ok then return nil, why end
  return count
end

local function read_captions(path, split, r)
  return each(path, "annotations", function(annotation)
    local item = r.of[annotation.image_id]
    if not item or item.split ~= split then
      return ("has image_id %s, which is not in images"):format(text.value(annotation.image_id))
    end
    if type(annotation.caption) ~= "string" then return "has no caption" end
    local caption = annotation.caption:match "^%s*(.-)%s*$"
    if caption ~= "" and #item.captions < r.o.captions then table.insert(item.captions, caption) end
  end)
end

-- Adds the items of one split; true, or nil and a message.
local function read_split(path, split, r)
  local first = #r.items + 1
  local count, why = read_images(path, split, r)
  if not count then return nil, why end
  local ok, wrong = read_captions(path, split, r)
  if not ok then return nil, wrong end
  local features = r.o.features and r.o.features[split]
  if not features then return true end
  local row
  row, why = open_features(features, count)
  if not row then return nil, why end
  for i = first, #r.items do
    local at = r.items[i].row
    r.items[i].fields = function() return row(at) end
  end
  return true
end

-- {split = path} of the caption files, or nil and a message.
local function find_files(folder, o)
  local paths = {}
  for split, name in pairs(o.splits or {}) do
    if type(name) ~= "string" then
      check.fail("prepare.coco", "splits.%s is a %s, expected a path", split, type(name))
    end
    paths[split] = name:find "^/" and name or folder .. "/" .. name
  end
  if o.splits then return paths end
  for _, year in ipairs(YEARS) do
    local train = ("%s/annotations/captions_train%s.json"):format(folder, year)
    if file.exists(train) then
      return {train = train, val = ("%s/annotations/captions_val%s.json"):format(folder, year)}
    end
  end
  return nil, folder .. ": has no annotations/captions_train2017.json or captions_train2014.json"
end

-- The items with a caption and, where images are wanted, a picture.
local function kept_of(items, count)
  local kept = {}
  for _, item in ipairs(items) do
    if item.missing then count.missing = count.missing + 1
    elseif #item.captions == 0 then count.undescribed = count.undescribed + 1
    else kept[#kept + 1] = item end
  end
  return kept
end

local function check_options(o)
  if o.features then
    local splits = o.splits or {train = true, val = true}
    for split in pairs(splits) do
      if type(o.features[split]) ~= "string" then
        check.fail("prepare.coco", "features has no path for the split %s", split)
      end
    end
  elseif not o.images then
    check.fail("prepare.coco", "images is false, expected features then")
  end
end

--- Writes `out` from a folder with COCO's caption files and, in folders of their own (train2014,
--- val2014, ...) or in it, the images.  There are no classes.  Options (with their defaults):
---   splits                        {split = path of a caption file, from the folder}; default:
---                                 train and val, annotations/captions_train2017.json and
---                                 captions_val2017.json, or those of 2014
---   test = 0                      fraction of the images of val that become test, by seed
---   captions = 5                  maximal number of captions per image
---   images = true                 false: features alone
---   features                      {split = path of a .npy file} [N,D] or [N,R,D], whose rows are
---                                 in the order of `images` in the caption file
---   half = false                  true: features are stored as float16
---   size = 64                     size of the images, or {height, width}
---   min_count = 2                 minimal count of a word in the vocabulary
---   max_words = 32                maximal length of a caption
---   skip_broken = false           true: skip and count images that are missing or cannot be read
---   seed = 1, vectors, compress, name, source, progress = function(done, total)
--- Returns {train=, val=, test=, classes=0, vocab=, undescribed=, missing=, skipped=, broken=,
--- invalid=}, or nil and a message.
return function(folder, out, given)
  local o = prepare.options("coco", given, DEFAULTS, KINDS)
  check_options(o)
  local paths, why = find_files(folder, o)
  if not paths then return nil, why end
  local r, val = {o = o, folder = folder, items = {}, of = {}}, {}
  for _, split in ipairs(tables.sorted_keys(paths)) do
    local ok, broken = read_split(paths[split], split, r)
    if not ok then return nil, broken end
  end
  local count = {missing = 0, undescribed = 0}
  local items = kept_of(r.items, count)
  o.expected = tables.sorted_keys(paths)
  if o.test > 0 then
    for _, item in ipairs(items) do
      if item.split == "val" then val[#val + 1] = item end
    end
    prepare.assign_splits(val, function(item) return item.id end, o.seed,
      {{"val", 1 - o.test}, {"test", o.test}})
    table.insert(o.expected, "test")
  end
  o.source = o.source or folder
  return prepare.write(items, out, o, count)
end
