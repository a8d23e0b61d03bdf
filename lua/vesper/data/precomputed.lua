-- prepare.precomputed: precomputed features in the layout of VSE++ and SCAN: NAME_ims.npy,
-- NAME_caps.txt and optionally NAME_ids.txt, NAME_boxes.npy and NAME_img_sizes.npy; NAME is train,
-- dev, test or testall.
--
-- Arrays are mapped and read row by row, once; only the texts are kept in memory.
--
-- Captions are in the order of the images, `captions` per image.  If there are as many rows of
-- features as captions, either the rows repeat each image for each of its captions (the first of
-- them is used), or each image has one caption.  `repeated` decides; by default rows are repeated
-- if in every group all have the same id, or without such ids the same features.
local core = require "vesper.core"
local prepare = require "vesper.data.prepare"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local sorted_keys = require("vesper.util.tables").sorted_keys
local text = require "vesper.util.text"
local warnings = require "vesper.util.warn"

local DEFAULTS = {
  splits = {train = "train", val = "dev", test = "test"}, captions = 5, dev = 5000, boxes = true,
  half = false, seed = 1, min_count = 4, max_words = 32,
}
local KINDS = {captions = "count", repeated = "boolean", splits = "table"}
local REAL = {float32 = true, float64 = true, float16 = true}
local NUMBERS = {float32 = true, float64 = true, float16 = true, int32 = true, int64 = true}
local LONGEST = 65535 -- bytes of a line

-- The lines of a file without surrounding white space; or nil and a message.
local function read_lines(path)
  local handle <close>, why = file.open_text(path)
  if not handle then return nil, why end
  local list = {}
  while true do
    local line, broken = handle:read "l"
    if broken then return nil, ("%s: %s"):format(path, broken) end
    if not line then return list end
    if #line > LONGEST then
      return nil, ("%s, line %d: has %d bytes, expected at most %d"):format(path, #list + 1, #line,
        LONGEST)
    end
    list[#list + 1] = line:match "^%s*(.-)%s*$"
  end
end

-- ---- the files of a split -----------------------------------------------------------------------

local function load_array(path, dtypes, expected)
  local t, why = core.npy.load(path)
  if not t then return nil, why end
  if dtypes[t.dtype] then return t end
  return nil, ("%s: is %s, expected %s"):format(path, t.dtype, expected)
end

local function load_features(path)
  local ims, why = load_array(path, REAL, "float32, float64 or float16")
  if not ims then return nil, why end
  local shape = ims.shape
  if (#shape ~= 2 and #shape ~= 3) or ims:numel() == 0 then
    return nil, ("%s: is %s, expected [N,D] or [N,R,D]"):format(path, text.shape(shape))
  end
  return ims
end

-- Reads a file whose rows belong to the rows of the features or to the images.
local function load_numbers(s, path, ...)
  local t, why = load_array(path, NUMBERS, "numbers")
  if not t then return nil, why end
  local shape, tail = t.shape, {...}
  local fits = #shape == #tail + 1 and (shape[1] == s.rows or shape[1] == s.images)
  for i, size in ipairs(tail) do fits = fits and shape[i + 1] == size end
  if fits then return t end
  return nil, ("%s: is %s, expected %s for %s of %s"):format(path, text.shape(shape),
    text.shape {s.images, ...}, text.shape(s.ims.shape), s.ims_path)
end

local function load_boxes(s, prefix)
  local path = prefix .. "_boxes.npy"
  if not file.exists(path) then return true end
  if #s.ims.shape ~= 3 then
    return nil, ("%s: boxes need regions, but %s is %s; boxes = false ignores them"):format(path,
      s.ims_path, text.shape(s.ims.shape))
  end
  local why
  s.boxes, why = load_numbers(s, path, s.ims.shape[2], 4)
  if not s.boxes then return nil, why end
  s.boxes_path, s.frames_path = path, prefix .. "_img_sizes.npy"
  s.frames, why = load_numbers(s, s.frames_path, 2)
  return s.frames ~= nil, why
end

-- ---- which row belongs to which caption ---------------------------------------------------------

-- Whether same(i, j) is true for the first element i and each other element j of all groups of k.
local function in_groups(n, k, same)
  if n % k ~= 0 then return false end
  for i = 1, n, k do
    for j = i + 1, i + k - 1 do
      if not same(i, j) then return false end
    end
  end
  return true
end

local function is_repeated(s, o)
  if o.repeated ~= nil then return o.repeated end
  local ids, ims = s.ids, s.ims
  if ids and #ids == s.rows
    and in_groups(s.rows, o.captions, function(i, j) return ids[i] == ids[j] end) then
    return true
  end
  return in_groups(s.rows, o.captions, function(i, j)
    return ims[i]:float():eq(ims[j]:float()):all()
  end)
end

-- Sets s.images, and the numbers of captions (s.each) and of rows (s.step) per image.
local function lay_out(s, o)
  local n, k = #s.texts, o.captions
  s.step, s.each = 1, k
  if n ~= s.rows * k then
    if n ~= s.rows then
      return nil, ("%s: has %d captions for the %d rows of %s, expected %d or %d"):format(
        s.texts_path, n, s.rows, s.ims_path, s.rows * k, s.rows)
    end
    if is_repeated(s, o) then s.step = k else s.each = 1 end
  end
  if s.rows % s.step ~= 0 then
    return nil, ("%s: has %d rows, expected a multiple of %d"):format(s.ims_path, s.rows, s.step)
  end
  s.images = s.rows // s.step
  if s.ids and #s.ids ~= s.images and #s.ids ~= s.rows and #s.ids ~= n then
    return nil, ("%s: has %d ids, expected %d"):format(s.ids_path, #s.ids, s.images)
  end
  return true
end

-- The first position of image i among n rows, with the same number of rows for each image.
local function place_of(s, i, n) return (i - 1) * (n // s.images) + 1 end

local function open_split(folder, name, o)
  local prefix = folder .. "/" .. name
  local s = {
    ims_path = prefix .. "_ims.npy", texts_path = prefix .. "_caps.txt",
    ids_path = prefix .. "_ids.txt",
  }
  local why
  s.ims, why = load_features(s.ims_path)
  if not s.ims then return nil, why end
  s.rows = s.ims.shape[1]
  s.texts, why = read_lines(s.texts_path)
  if not s.texts then return nil, why end
  if file.exists(s.ids_path) then
    s.ids, why = read_lines(s.ids_path)
    if not s.ids then return nil, why end
  end
  local fits
  fits, why = lay_out(s, o)
  if fits and o.boxes then fits, why = load_boxes(s, prefix) end
  if not fits then return nil, why end
  return s
end

-- ---- items --------------------------------------------------------------------------------------

-- The row of t of image i as float32, if all values are finite; or nil and a message.
local function row_of(s, t, path, i)
  local at = place_of(s, i, t.shape[1])
  local row = t[at]:float()
  if row:isfinite():all() then return row end
  return nil, ("%s, row %d: has values that are not finite"):format(path, at)
end

-- What tells the features of an image from those of others: the same for the same bytes.
local function fingerprint(v)
  local flat = v:flatten()
  local values = flat:slice(1, 1, math.min(16, flat.shape[1])):tolist()
  table.insert(values, flat:sum():item())
  return string.pack(("f"):rep(#values), table.unpack(values))
end

-- The fields for the writer of image i; or nil and a message.  seen: fingerprint -> split.
local function read_fields(s, i, split, counts, seen)
  local v, why = row_of(s, s.ims, s.ims_path, i)
  if not v then return nil, why end
  local print_of = fingerprint(v)
  seen[print_of] = seen[print_of] or split
  if seen[print_of] ~= split then counts.crossing = counts.crossing + 1 end
  if #s.ims.shape == 2 then return {feature = v} end
  if not s.boxes then return {regions = v} end
  local boxes, frame
  boxes, why = row_of(s, s.boxes, s.boxes_path, i)
  if not boxes then return nil, why end
  frame, why = row_of(s, s.frames, s.frames_path, i)
  if not frame then return nil, why end
  local width, height = frame[1]:item(), frame[2]:item()
  if width <= 0 or height <= 0 then
    return nil, text.format("%s, row %d: size is %g x %g, expected numbers > 0", s.frames_path,
      place_of(s, i, s.frames.shape[1]), width, height)
  end
  return {regions = v, boxes = (boxes / core.tensor {width, height, width, height}):clamp(0, 1)}
end

-- Appends the items of a split; counts captions without words and images without captions.
local function add_items(items, s, split, most, counts, seen)
  local n = math.min(#s.texts, most)
  counts.cut = counts.cut + #s.texts - n
  for i = 1, math.min(s.images, (n + s.each - 1) // s.each) do
    local captions = {}
    for at = (i - 1) * s.each + 1, math.min(i * s.each, n) do
      if s.texts[at] == "" then counts.blank = counts.blank + 1
      else captions[#captions + 1] = s.texts[at] end
    end
    if #captions == 0 then
      counts.undescribed = counts.undescribed + 1
    else
      items[#items + 1] = {
        split = split, captions = captions, id = s.ids and s.ids[place_of(s, i, #s.ids)],
        fields = function() return read_fields(s, i, split, counts, seen) end,
      }
    end
  end
end

--- Writes `out` from the files of a folder.  Options (with their defaults):
---   splits = {train = "train", val = "dev", test = "test"}   NAME of each split's files
---   captions = 5                  captions per image
---   repeated                      true: the rows repeat each image for each caption; false: each
---                                 row is an image with one caption
---   dev = 5000                    number of captions to use of dev, the first ones; false: all
---   boxes = true                  false: ignores boxes
---   half = false                  true: features are stored as float16
---   min_count = 4                 minimal count of a word in the vocabulary
---   max_words = 32                maximal length of a caption
---   seed = 1, vectors, compress, name, source, progress = function(done, total)
--- Returns {train=, val=, test=, classes=0, vocab=, undescribed=, blank=, cut=, crossing=,
--- broken=0, invalid=}, or nil and a message.  crossing: images whose features another split has
--- too; they are kept, and a warning says so.
return function(folder, out, given)
  local o = prepare.options("precomputed", given, DEFAULTS, KINDS)
  if o.dev then check.kind("prepare.precomputed", "dev", o.dev, "count") end
  if type(o.splits.train) ~= "string" then
    check.fail("prepare.precomputed",
      "splits.train is nil, expected a name: the vocabulary is built from its captions")
  end
  local items, width, seen = {}, nil, {}
  local counts = {cut = 0, blank = 0, undescribed = 0, crossing = 0}
  for _, split in ipairs(sorted_keys(o.splits)) do
    local name = o.splits[split]
    local s, why = open_split(folder, name, o)
    if not s then return nil, why end
    local shape = s.ims.shape
    width = width or shape[#shape]
    if shape[#shape] ~= width then
      return nil, ("%s: is %s, expected %d values as in another split"):format(s.ims_path,
        text.shape(shape), width)
    end
    add_items(items, s, split, name == "dev" and o.dev or math.huge, counts, seen)
  end
  o.expected = sorted_keys(o.splits)
  o.source, o.name = o.source or folder, o.name or folder:match "([^/]+)/*$"
  local summary, unwritten = prepare.write(items, out, o)
  if not summary then return nil, unwritten end
  for name, n in pairs(counts) do summary[name] = n end
  if counts.crossing > 0 then
    warnings.warn(("prepare.precomputed: %d images have the features of an image of another "
      .. "split"):format(counts.crossing))
  end
  return summary
end
