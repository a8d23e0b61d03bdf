-- prepare.inshop: the DeepFashion In-shop Clothes Retrieval benchmark.
--
-- Its lists are text files: the number of rows, the column names, the rows.
-- Eval/list_eval_partition.txt lists the images with their item and split; the other lists are
-- looked up by image name.
local core = require "vesper.core"
local prepare = require "vesper.data.prepare"
local file = require "vesper.util.file"

local DEFAULTS = {
  val = 0.2, boxes = true, landmarks = true, size = 64, seed = 1, min_count = 2, max_words = 32,
  skip_broken = false,
  apply_exif_orientation = false, name = "inshop", source = "DeepFashion In-shop",
}
local SPLITS = {train = "train", query = "query", gallery = "gallery"}
local BOX = {"image_name", "clothes_type", false, "x_1", "y_1", "x_2", "y_2"} -- false: any name
local LANDMARK = {"image_name", "clothes_type", false}
-- The landmarks of each type of clothes among the eight: collar, sleeve, waistline and hem, each
-- left and right.
local POINTS = {
  ["1"] = {1, 2, 3, 4, 7, 8}, ["2"] = {5, 6, 7, 8}, ["3"] = {1, 2, 3, 4, 5, 6, 7, 8},
}
local PAIRS = {{1, 2}, {3, 4}, {5, 6}, {7, 8}} -- left and right of each other
local KIND = {["1"] = "upper body", ["2"] = "lower body", ["3"] = "full body"}
local ABSENT = 3 -- visibility of a landmark that this type of clothes does not have

local function fields_of(line)
  local fields = {}
  for field in line:gmatch "%S+" do fields[#fields + 1] = field end
  return fields
end

local function check_columns(line, columns)
  local has = fields_of(line or "")
  for i, name in ipairs(columns) do
    if has[i] == nil or name and has[i] ~= name then
      return ("column %d is '%s', expected %s"):format(i, has[i] or "", name or "a name")
    end
  end
end

-- Calls fn(fields, place) for every row of a list; fn returns nil or an error message.  columns:
-- the first names of line 2, or nil for a list without this line.
local function each_row(path, columns, fn)
  local handle <close>, why = file.open_text(path)
  if not handle then return nil, why end
  local at, rows = 1, 0
  local count = (handle:read "l" or ""):match "^%s*(%d+)%s*$"
  local wrong = not count and "expected the number of rows"
  if not wrong and columns then at, wrong = 2, check_columns(handle:read "l", columns) end
  for line in handle:lines() do
    if wrong then break end
    at = at + 1
    local fields = fields_of(line)
    if #fields > 0 then
      rows = rows + 1
      wrong = not utf8.len(line) and "not UTF-8" or fn(fields, ("%s, line %d"):format(path, at))
    end
  end
  if wrong then return nil, ("%s:%d: %s"):format(path, at, wrong) end
  if rows == tonumber(count) then return true end
  return nil, ("%s:1: the number of rows is %s, expected %d"):format(path, count, rows)
end

-- The fields as numbers, or nil and a message.
local function numbers(fields, first, last)
  local list = {}
  for i = first, last do
    list[#list + 1] = tonumber(fields[i])
    if #list < i - first + 1 then
      return nil, ("field %d is '%s', expected a number"):format(i, fields[i] or "")
    end
  end
  return list
end

-- item id -> its number from 1
local function read_items(path)
  local number, n = {}, 0
  local ok, why = each_row(path, nil, function(fields)
    if #fields ~= 1 then return ("%d fields, expected 1"):format(#fields) end
    if number[fields[1]] then return "duplicate item " .. fields[1] end
    n = n + 1
    number[fields[1]] = n
  end)
  if not ok then return nil, why end
  return number
end

-- image name -> {{x1, y1, x2, y2}}
local function read_boxes(path)
  local boxes = {}
  local ok, why = each_row(path, BOX, function(fields)
    if #fields ~= 7 then return ("%d fields, expected 7"):format(#fields) end
    local box, wrong = numbers(fields, 4, 7)
    boxes[fields[1]] = {box}
    return wrong
  end)
  if not ok then return nil, why end
  return boxes
end

-- The eight landmarks {x, y, visibility} of a row, or nil and a message.  Fields 2 and 3 are types,
-- followed by three fields per landmark.
local function read_points(fields)
  local places = POINTS[fields[2]]
  if not places then return nil, ("clothes_type is %s, expected 1, 2 or 3"):format(fields[2]) end
  if #fields ~= 3 + 3 * #places then
    return nil, ("%d fields after the types, expected %d: %d landmarks for %s"):format(#fields - 3,
      3 * #places, #places, KIND[fields[2]])
  end
  local values, wrong = numbers(fields, 4, #fields)
  if not values then return nil, wrong end
  local points = {}
  for i = 1, 8 do points[i] = {0, 0, ABSENT} end
  for i, place in ipairs(places) do
    local visibility, x, y = values[3 * i - 2], values[3 * i - 1], values[3 * i]
    if visibility ~= 0 and visibility ~= 1 and visibility ~= 2 then
      return nil, ("visibility of landmark %d is %s, expected 0, 1 or 2"):format(i,
        fields[3 * i + 1])
    end
    points[place] = {x, y, visibility}
  end
  return points
end

-- image name -> eight landmarks
local function read_landmarks(path)
  local landmarks = {}
  local ok, why = each_row(path, LANDMARK, function(fields)
    local points, wrong = read_points(fields)
    landmarks[fields[1]] = points
    return wrong
  end)
  if not ok then return nil, why end
  return landmarks
end

-- The caption of an entry, "Black. A knit dress. 100% cotton.", or nil and a message.
local function caption_of(entry)
  local parts = {}
  if type(entry.color) == "string" and entry.color ~= "" then parts[1] = entry.color end
  local sentences = entry.description
  if type(sentences) == "string" then sentences = {sentences} end
  if type(sentences) ~= "table" then return nil, "has no description" end
  for _, sentence in ipairs(sentences) do
    if type(sentence) ~= "string" then return nil, "has a description that is not a string" end
    sentence = sentence:match "^%s*(.-)[%s.]*$"
    if sentence ~= "" then parts[#parts + 1] = sentence end
  end
  return table.concat(parts, ". ")
end

-- item id -> caption
local function read_descriptions(path)
  local caption = {}
  local items <close>, why = core.io.json_items(path)
  if not items then return nil, why end
  local at = 0
  while true do
    local entry, broken = items:read()
    if broken then return nil, broken end
    if entry == nil then return caption end
    at = at + 1
    local id = type(entry) == "table" and (entry.item or entry.id)
    local text, wrong
    if type(id) == "string" then text, wrong = caption_of(entry) else wrong = "has no item" end
    if wrong then return nil, ("%s: element %d %s"):format(path, at, wrong) end
    caption[id] = caption[id] or text
  end
end

-- The item of a row of the partition, or nil and a message.
local function make_item(fields, place, lists)
  local name, id, status = fields[1], fields[2], fields[3]
  if #fields ~= 3 then return nil, ("%d fields, expected 3"):format(#fields) end
  local category = name:match "^img/(.+)/[^/]+/[^/]+$"
  if not category then return nil, "expected img/CATEGORY/ITEM/PICTURE, got " .. name end
  if not lists.number[id] then return nil, id .. " is not in list_item_inshop.txt" end
  if not SPLITS[status] then
    return nil, ("evaluation_status is '%s', expected train, query or gallery"):format(status)
  end
  for list, what in pairs {boxes = "bbox", landmarks = "landmarks"} do
    if lists[list] and not lists[list][name] then
      return nil, ("%s is not in list_%s_inshop.txt"):format(name, what)
    end
  end
  local text = lists.caption[id] ~= "" and lists.caption[id] or nil
  return {
    path = lists.folder .. "/Img/" .. name, label = category, id = name, split = SPLITS[status],
    item = lists.number[id], product = id, place = place, title = text,
    captions = {text or category:lower():gsub("[/_]+", " ")},
    boxes = lists.boxes and lists.boxes[name],
    landmarks = lists.landmarks and lists.landmarks[name],
  }
end

-- The contents of the item lists, {number =, caption =, boxes =, landmarks =}.
local function read_lists(folder, o)
  local lists, why = {folder = folder}, nil
  local function take(name, read, list)
    if why then return end
    lists[name], why = read(folder .. "/Anno/" .. list)
  end
  take("number", read_items, "list_item_inshop.txt")
  take("caption", read_descriptions, "list_description_inshop.json")
  if o.boxes then take("boxes", read_boxes, "list_bbox_inshop.txt") end
  if o.landmarks then take("landmarks", read_landmarks, "list_landmarks_inshop.txt") end
  if why then return nil, why end
  return lists
end

local function read_partition(path, lists)
  local items, train = {}, {}
  local ok, why = each_row(path, {"image_name", "item_id", "evaluation_status"},
    function(fields, place)
      local item, wrong = make_item(fields, place, lists)
      items[#items + 1] = item
      if item and item.split == "train" then train[#train + 1] = item end
      return wrong
    end)
  if not ok then return nil, why end
  return items, train
end

--- Writes `out` from a folder with Anno, Eval and Img of DeepFashion In-shop.  Rows marked train
--- are split into train and val by seed; images with the same item or description share a split;
--- query and gallery are separate splits.  The class is the category in the image's path
--- ("WOMEN/Dresses"), item the position of the item's id in list_item_inshop.txt, the caption
--- colour and description.  An image has one box and eight landmarks: collar, sleeve, waistline and
--- hem, each left and right (the file's landmark_pairs); visibility 0 visible, 1 occluded,
--- 2 truncated, 3 not part of this type of clothes.  Options (with their defaults):
---   val = 0.2                     fraction of the rows marked train for validation
---   boxes = true, landmarks = true   false: the file is not needed
---   size = 64                     size of the images, or {height, width}
---   min_count = 2                 minimal count of a word in the vocabulary
---   max_words = 32                maximal length of a caption
---   skip_broken = false           true: skip and count images that are missing or cannot be read
---   apply_exif_orientation = false  true: turn images as their EXIF data says
---   seed = 1, vectors, compress, name, source, progress = function(done, total)
--- Returns {train=, val=, query=, gallery=, test=0, classes=, vocab=, undescribed=, skipped=,
--- broken=, invalid=}, or nil and a message.
return function(folder, out, given)
  local o = prepare.options("inshop", given, DEFAULTS)
  local lists, why = read_lists(folder, o)
  if not lists then return nil, why end
  local items, train = read_partition(folder .. "/Eval/list_eval_partition.txt", lists)
  if not items then return nil, train end
  o.expected = select(2, prepare.assign_splits(train, prepare.join_groups(train, "product"), o.seed,
    {{"train", 1 - o.val}, {"val", o.val}}))
  table.move({"query", "gallery"}, 1, 2, #o.expected + 1, o.expected)
  o.landmark_pairs = o.landmarks and PAIRS or nil
  local undescribed = 0
  for _, item in ipairs(items) do undescribed = undescribed + (item.title and 0 or 1) end
  local summary, unwritten = prepare.write(items, out, o, {})
  if not summary then return nil, unwritten end
  summary.undescribed = undescribed
  return summary
end
