-- prepare.visual_genome: the images, region descriptions, objects and attributes of Visual Genome.
--
-- The JSON files are arrays of hundreds of MB.  They are read element by element; only the data
-- that will be written for the chosen images is kept.
local core = require "vesper.core"
local prepare = require "vesper.data.prepare"
local file = require "vesper.util.file"
local tables = require "vesper.util.tables"

local sorted_keys = tables.sorted_keys

local DEFAULTS = {
  images = 7034, regions = 5, classes = 20, objects = 100, attributes = 50, test = 0.1, val = 0.2,
  size = 64, seed = 1, min_count = 2, max_words = 16, skip_broken = false,
  apply_exif_orientation = false,
  name = "visual_genome", source = "Visual Genome",
}
local FOLDERS = {"VG_100K", "VG_100K_2"}

local function integer(x) return math.type(x) == "integer" and x or nil end

-- Calls fn(element, image id) for every element of the array; fn returns nil or an error message.
-- Returns true, or nil and a message.  In older files image_id is called id.
local function each(path, fn)
  local items <close>, why = core.io.json_items(path)
  if not items then return nil, why end
  local at = 0
  while true do
    local element, broken = items:read()
    if broken then return nil, broken end
    if element == nil then return true end
    at = at + 1
    local id = type(element) == "table" and (integer(element.image_id) or integer(element.id))
    local wrong = not id and "has no image_id" or fn(element, id)
    if wrong then return nil, ("%s: element %d %s"):format(path, at, wrong) end
  end
end

-- All images as {id =, group =}; images of the same photograph share a group.
local function list_images(path)
  local list, seen = {}, {}
  local ok, why = each(path, function(element, id)
    if seen[id] then return "is a duplicate of image " .. id end
    seen[id] = true
    local width, height = integer(element.width), integer(element.height)
    if not width or not height or width < 1 or height < 1 then return "lacks width or height" end
    local coco, flickr = integer(element.coco_id), integer(element.flickr_id)
    local group = coco and "coco" .. coco or flickr and "flickr" .. flickr or "vg" .. id
    list[#list + 1] = {
      id = id, group = group, width = width, height = height,
      place = ("%s, image %d"):format(path, id),
    }
  end)
  if not ok then return nil, why end
  return list
end

local function find_picture(folder, id)
  local paths = {}
  for i, name in ipairs(FOLDERS) do paths[i] = ("%s/%s/%d.jpg"):format(folder, name, id) end
  return file.first(paths)
end

-- The first images in random order (by seed) that have a file, by id, and the number without a
-- file.
local function choose(folder, list, o)
  local chosen, count, missing = {}, 0, 0
  for _, at in ipairs(core.data.permutation(#list, o.seed)) do
    if count == o.images then break end
    local image = list[at]
    image.path = find_picture(folder, image.id)
    if image.path then
      chosen[image.id], count = image, count + 1
    elseif o.skip_broken then
      missing = missing + 1
    else
      return nil, ("%s/VG_100K/%d.jpg: no such file, nor in VG_100K_2 (%s)"):format(folder,
        image.id, image.place)
    end
  end
  return chosen, missing
end

-- A region's phrase and box, or nil and what is wrong.
local function read_region(region)
  if type(region) ~= "table" or type(region.phrase) ~= "string" then return nil, "has no phrase" end
  local x, y, width, height = region.x, region.y, region.width, region.height
  for _, v in ipairs {x or false, y or false, width or false, height or false} do
    if type(v) ~= "number" then return nil, "lacks x, y, width or height" end
  end
  return region.phrase:match "^%s*(.-)%s*$", {x, y, x + width, y + height}
end

-- Captions and boxes of the chosen images: the first regions with distinct phrases.
local function read_regions(path, chosen, o)
  return each(path, function(element, id)
    local image = chosen[id]
    if not image then return end
    if type(element.regions) ~= "table" then return "has no regions" end
    local seen = {}
    image.captions, image.boxes = {}, {}
    for i, region in ipairs(element.regions) do
      local phrase, box = read_region(region)
      if not phrase then return ("(image %d): region %d %s"):format(id, i, box) end
      local key = phrase:lower()
      if phrase ~= "" and not seen[key] and #image.captions < o.regions then
        seen[key] = true
        table.insert(image.captions, phrase)
        table.insert(image.boxes, box)
      end
    end
  end)
end

-- Counts the names of a list in image[field] = {name = count}; ignores names that are not strings.
local function count_names(image, field, names)
  if type(names) ~= "table" then return end
  local own = image[field]
  for _, name in ipairs(names) do
    if type(name) == "string" then
      name = name:lower():match "^%s*(.-)%s*$"
      if name ~= "" then own[name] = (own[name] or 0) + 1 end
    end
  end
end

-- Counts the names of objects or attributes of the chosen images; only an object's first name.
local function read_names(path, chosen, field)
  return each(path, function(element, id)
    local image = chosen[id]
    if not image then return end
    if type(element[field]) ~= "table" then return "has no " .. field end
    image[field] = {}
    for i, object in ipairs(element[field]) do
      if type(object) ~= "table" then
        return ("(image %d): entry %d of %s is not an object"):format(id, i, field)
      end
      local names = object.attributes
      if field == "objects" then
        names = type(object.names) == "table" and {object.names[1]} or {object.name}
      end
      count_names(image, field, names)
    end
  end)
end

-- At most `most` names, those in most images first.
local function frequent(images, field, most)
  local count = {}
  for _, image in ipairs(images) do
    for name in pairs(image[field] or {}) do count[name] = (count[name] or 0) + 1 end
  end
  local names = sorted_keys(count)
  table.sort(names, function(a, b)
    if count[a] ~= count[b] then return count[a] > count[b] end
    return tables.before(a, b)
  end)
  return table.move(names, 1, math.min(most, #names), 1, {})
end

-- The class with the most objects in the image; on a tie the class that fewer images have.
local function label_of(image, classes)
  local best, most
  for i = #classes, 1, -1 do
    local n = image.objects and image.objects[classes[i]] or 0
    if n > (most or 0) then best, most = classes[i], n end
  end
  return best
end

-- Sets labels and tags; returns the images with a label and a caption, and the tag names.
local function annotate(images, o, count)
  local classes, tags, kept = frequent(images, "objects", o.classes), {}, {}
  local names = {
    objects = frequent(images, "objects", o.objects),
    attributes = frequent(images, "attributes", o.attributes),
  }
  for _, image in ipairs(images) do
    image.label, image.tags, image.id = label_of(image, classes), {}, tostring(image.id)
    if not image.captions or #image.captions == 0 then
      count.undescribed = count.undescribed + 1
    elseif not image.label then
      count.unlabelled = count.unlabelled + 1
    else
      kept[#kept + 1] = image
    end
  end
  for _, field in ipairs {"objects", "attributes"} do
    for _, name in ipairs(names[field]) do
      tags[#tags + 1] = (field == "objects" and "object " or "attribute ") .. name
      for _, image in ipairs(kept) do
        if image[field] and image[field][name] then table.insert(image.tags, #tags) end
      end
    end
  end
  return kept, tags
end

-- The chosen images by id, with their data from all files.
local function read_all(folder, o, count)
  local list, why = list_images(folder .. "/image_data.json")
  if not list then return nil, why end
  local chosen, missing = choose(folder, list, o)
  if not chosen then return nil, missing end
  count.missing = missing
  local ok, broken = read_regions(folder .. "/region_descriptions.json", chosen, o)
  if ok then ok, broken = read_names(folder .. "/objects.json", chosen, "objects") end
  if ok and o.attributes > 0 then
    ok, broken = read_names(folder .. "/attributes.json", chosen, "attributes")
  end
  if not ok then return nil, broken end
  local images = {}
  for _, id in ipairs(sorted_keys(chosen)) do images[#images + 1] = chosen[id] end
  return images
end

--- Writes `out` from a folder with image_data.json, region_descriptions.json, objects.json and
--- attributes.json of Visual Genome, and the images ID.jpg in VG_100K and VG_100K_2.  Captions are
--- the phrases of an image's first regions, with their boxes in the same order.  Classes are the
--- object names that most images have; an image's class is the one with the most objects in it.
--- Tags are frequent objects and attributes.  Images of the same photograph share a split.  Options
--- (with their defaults):
---   images = 7034                 number of images, chosen by seed
---   regions = 5                   maximal number of phrases and boxes per image
---   classes = 20                  number of classes; images without any are skipped
---   objects = 100, attributes = 50   numbers of tags; with attributes = 0 attributes.json is not
---                                 needed
---   test = 0.1, val = 0.2         fraction for test, and of the rest for validation
---   size = 64                     size of the images, or {height, width}
---   min_count = 2                 minimal count of a word in the vocabulary
---   max_words = 16                maximal length of a caption
---   skip_broken = false           true: skip and count images that are missing or cannot be read
---   apply_exif_orientation = false  true: turn images as their EXIF data says
---   seed = 1, vectors, compress, name, source, progress = function(done, total)
--- Returns {train=, val=, test=, classes=, vocab=, tags=, skipped=, missing=, undescribed=,
--- unlabelled=, broken=, invalid=}, or nil and a message.
return function(folder, out, given)
  local o = prepare.options("visual_genome", given, DEFAULTS)
  local count = {undescribed = 0, unlabelled = 0}
  local images, why = read_all(folder, o, count)
  if not images then return nil, why end
  local items, tags = annotate(images, o, count)
  o.expected = select(2, prepare.assign_splits(items, function(item) return item.group end, o.seed,
    prepare.shares(o.test, o.val)))
  o.tags = #tags > 0 and tags or nil
  local summary, unwritten = prepare.write(items, out, o, count)
  if not summary then return nil, unwritten end
  summary.tags = #tags
  return summary
end
