-- Shared by the preparers: options, and the loop that writes the file; splits without leaks are in
-- data/splits.lua.
--
-- An item is {path =, captions = {...}, label = class name or nil, split =, id =, place = its
-- source, for messages}.  Instead of path it may have load, a function that returns the image uint8
-- [3,H,W] or nil and a message; or fields, a function that returns fields for data.Writer, beside
-- an image or instead of one ({feature =} or {regions =, boxes =}), or nil and a message.
-- Optional: item (the number, from 1, of the thing shown), tags (positions in the list of tag
-- names), boxes {{x1, y1, x2, y2}, ...} and landmarks {{x, y, visibility}, ...} in pixels of the
-- original image, or of item.width and item.height; they are written as fractions of width and
-- height; title, a text that no other split may have, or titles, a list of them.  The seed
-- determines everything: two runs write the same data.
local core = require "vesper.core"
local splits = require "vesper.data.splits"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"
local warnings = require "vesper.util.warn"

local sorted_keys = tables.sorted_keys

local prepare = {
  assign_splits = splits.assign_splits, join_groups = splits.join_groups,
  join_names = splits.join_names, plain_title = splits.plain_title, shares = splits.shares,
}

-- Options of every preparer without a default.
local COMMON = {vectors = true, progress = "function", compress = "whole", name = "string",
  source = "string"}

--- The options of a preparer: the common ones and its own; see options.read.  vectors:
--- text.WordVectors or the path of a file of them, which prepare.write reads.
function prepare.options(what, given, defaults, kinds)
  local o = options.read("prepare." .. what, given, defaults, tables.merge(COMMON, kinds))
  o.preparer = what
  return o
end

--- Appends to parts, whose first entry is a title, at most `most` keywords that add a new word.
function prepare.add_keywords(parts, keywords, most)
  local seen, added = {}, 0
  for _, word in ipairs(core.text.tokenize(parts[1] or "")) do seen[word] = true end
  for _, keyword in ipairs(keywords) do
    local new = false
    for _, word in ipairs(core.text.tokenize(keyword)) do
      new = new or not seen[word]
      seen[word] = true
    end
    if new and added < most then
      parts[#parts + 1] = keyword:lower()
      added = added + 1
    end
  end
  return parts
end

--- The items without those of classes that are too small, and the number of removed items.
function prepare.drop_rare(items, least)
  local size, kept = {}, {}
  for _, item in ipairs(items) do size[item.label] = (size[item.label] or 0) + 1 end
  for _, item in ipairs(items) do
    if size[item.label] >= least then kept[#kept + 1] = item end
  end
  return kept, #items - #kept
end

-- A text cut to its first n words, so that vocabularies count only what the model reads.
local function shorten(caption, n)
  local words = core.text.tokenize(caption)
  return #words <= n and caption or table.concat(words, " ", 1, n)
end

local function build_vocab(items, o)
  local captions = {}
  for _, item in ipairs(items) do
    for _, caption in ipairs(item.split == "train" and item.captions or {}) do
      captions[#captions + 1] = shorten(caption, o.max_words)
    end
  end
  return core.text.Vocab.build(captions, {min_count = o.min_count})
end

-- Repairs captions with invalid bytes, which should not stop a preparer.  Returns their number.
local function clean_captions(items)
  local count = 0
  for _, item in ipairs(items) do
    for i, caption in ipairs(item.captions) do
      if not utf8.len(caption) or caption:find("\0", 1, true) then
        item.captions[i] = splits.clean(caption)
        count = count + 1
      end
    end
  end
  return count
end

-- {label = position} and the list of labels; both are empty if items have no labels
local function list_classes(items)
  local seen = {}
  for _, item in ipairs(items) do
    if item.label then seen[item.label] = true end
  end
  local classes = sorted_keys(seen)
  for i, name in ipairs(classes) do seen[name] = i end
  return seen, classes
end

-- Percent of the items that are of the largest class; nil without labels.
local function majority_of(items)
  local size, most = {}, 0
  for _, item in ipairs(items) do
    if item.label then
      size[item.label] = (size[item.label] or 0) + 1
      most = math.max(most, size[item.label])
    end
  end
  return most > 0 and 100 * most / #items or nil
end

-- The image resized to the data set's size, and the width and height to which boxes refer; or nil
-- and a message.
local function load_image(item, size, exif)
  local picture, why
  if item.load then
    picture, why = item.load()
  else
    picture, why = core.image.load(item.path, {apply_exif_orientation = exif})
  end
  if not picture then return nil, why end
  local height, width = picture.shape[2], picture.shape[3]
  if height ~= size[1] or width ~= size[2] then
    picture = core.image.resize(picture, size, "bilinear")
  end
  return picture, item.width or width, item.height or height
end

-- Rows {x, y, ...} in pixels as a tensor: the first `points` pairs of a row as fractions of width
-- and height, clamped to the image; other values unchanged.
local function to_fractions(rows, points, width, height)
  if not rows then return nil end
  local out = {}
  for i, row in ipairs(rows) do
    out[i] = {table.unpack(row)}
    for p = 1, 2 * points, 2 do
      out[i][p] = math.min(math.max(row[p] / width, 0), 1)
      out[i][p + 1] = math.min(math.max(row[p + 1] / height, 0), 1)
    end
  end
  return core.tensor(out)
end

-- 64 or {64, 48} as {height, width}; nil unchanged
local function image_size(size)
  if size == nil or type(size) == "table" then return size end
  return {size, size}
end

-- The fields for the writer: image, boxes, landmarks, or those of item.fields; or nil and a
-- message.
local function load_fields(item, size, exif)
  local more, wrong
  if item.fields then
    more, wrong = item.fields()
    if not more or not (item.path or item.load) then return more, wrong end
  end
  local picture, width, height = load_image(item, size, exif)
  if not picture then return nil, ("%s (%s)"):format(width, item.place) end
  return tables.merge({
    image = picture, boxes = to_fractions(item.boxes, 2, width, height),
    landmark = to_fractions(item.landmarks, 1, width, height),
  }, more)
end

-- "12 missing, 3 rare" of those counts of the summary that are not 0.
local function list_counts(summary, names)
  local parts = {}
  for _, name in ipairs(names) do
    local n = summary[name] or 0
    if n > 0 then parts[#parts + 1] = n .. " " .. name end
  end
  return table.concat(parts, ", ")
end

-- "train 10, val 0" of those splits that have images or should have some.
local function list_splits(summary, names, expected)
  local parts, wanted = {}, {}
  for _, name in ipairs(expected) do wanted[name] = true end
  for _, name in ipairs(names) do
    local n = summary[name] or 0
    if n > 0 or wanted[name] then parts[#parts + 1] = name .. " " .. n end
  end
  return table.concat(parts, ", ")
end

local function plural(n, noun, many) return ("%d %s"):format(n, n == 1 and noun or many) end

-- Warns which splits should have images and have none.
local function warn_of_empty(summary, names, o)
  local empty = {}
  for _, name in ipairs(o.expected) do
    if (summary[name] or 0) == 0 then empty[#empty + 1] = name end
  end
  if #empty == 0 then return end
  local groups = o.expected.groups
  warnings.warn(("prepare.%s: no images in %s (%s%s)"):format(o.preparer,
    table.concat(empty, " and "), list_splits(summary, names, o.expected),
    groups and ("; %s that cannot be divided"):format(plural(groups, "group", "groups")) or ""))
end

-- The metatable of a summary.  names, reasons: keys of the summary in the order in which they are
-- printed; expected: splits that are printed though they are empty; note: a text at the end.
local function printing(names, reasons, expected, note)
  return {__name = "Summary", __tostring = function(s)
    local images = 0
    for _, name in ipairs(names) do images = images + (s[name] or 0) end
    local parts = {
      ("%s (%s)"):format(plural(images, "image", "images"), list_splits(s, names, expected)),
      plural(s.captions, "caption", "captions"),
      s.classes > 0 and plural(s.classes, "class", "classes") or "no classes",
      ("vocabulary of %d words"):format(s.vocab),
    }
    if s.reduced then
      parts[#parts + 1] = ("%d captions lost words of their label"):format(s.reduced)
      if s.majority then
        parts[#parts + 1] = ("the largest class has %.1f %% of the images"):format(s.majority)
      end
    end
    if s.groups and s.groups < images then
      parts[#parts + 1] = s.groups .. " groups of images with equal titles or pictures"
    end
    if s.vectors_found then parts[#parts + 1] = ("%d with a vector"):format(s.vectors_found) end
    local left = list_counts(s, reasons)
    return table.concat(parts, ", ") .. (left ~= "" and "; left out: " .. left or "")
      .. (note and "; " .. note or "")
  end}
end

-- train, val, test, then the others.
local function split_names(items)
  local names, known = {"train", "val", "test"}, {train = true, val = true, test = true}
  local others = {}
  for _, item in ipairs(items) do
    if not known[item.split] then others[item.split] = true end
  end
  for _, name in ipairs(sorted_keys(others)) do names[#names + 1] = name end
  return names
end

--- Writes the items to `out` and returns a summary, or nil and a message.  skipped: numbers of
--- skipped items by reason; the summary has them and, as `skipped`, their sum including broken
--- images.  o: size (for images), min_count, max_words, seed, name, source, and optionally vectors,
--- compress, half, skip_broken, progress(done, total), tags (names), regions (maximal number of
--- boxes per image), apply_exif_orientation (of images from paths; boxes and landmarks are then
--- those of the turned image), landmark_pairs, groups (the number of groups that share a split),
--- expected (the splits that should have images: train, val and test; where one has none, a
--- warning says so), note (a text that the summary prints), reduced (the number of captions that
--- lost words of their label; the summary then has the share of the largest class).  Invalid bytes
--- in captions are replaced.  tostring(summary) is one line.
function prepare.write(items, out, o, skipped)
  if #items == 0 then
    local left = list_counts(skipped or {}, sorted_keys(skipped or {}))
    return nil, out .. ": no images to write" .. (left ~= "" and "; left out: " .. left or "")
  end
  o.expected = o.expected or {"train", "val", "test"}
  local invalid = clean_captions(items)
  local number, classes = list_classes(items)
  local vocab = build_vocab(items, o)
  local size = image_size(o.size)
  local source, vectors, found = o.vectors, nil, nil
  if type(source) == "string" then
    local unread
    source, unread = core.text.WordVectors(source)
    if not source then return nil, unread end
  end
  if source then vectors, found = source:matrix(vocab, {seed = o.seed}) end
  local writer <close>, why = core.data.Writer(out, {
    name = o.name, source = o.source, split_seed = o.seed, vocab = vocab,
    classes = #classes > 0 and classes or nil,
    vectors = vectors, image_size = size, max_words = o.max_words, compress = o.compress,
    tags = o.tags, regions = o.regions, half = o.half, landmark_pairs = o.landmark_pairs,
  })
  if not writer then return nil, why end
  local summary = tables.merge({train = 0, val = 0, test = 0, classes = #classes,
    vocab = #vocab, groups = o.groups, broken = 0, invalid = invalid, captions = 0,
    vectors_found = found, reduced = o.reduced or nil,
    majority = o.reduced and majority_of(items) or nil}, skipped)
  for done, item in ipairs(items) do
    local fields, failed = load_fields(item, size, o.apply_exif_orientation)
    if fields then
      fields.label, fields.id, fields.item = item.label and number[item.label], item.id, item.item
      fields.captions, fields.tags = item.captions, item.tags
      local added, refused = writer:add(item.split, fields)
      if not added then return nil, refused end
      summary[item.split] = (summary[item.split] or 0) + 1
      summary.captions = summary.captions + #item.captions
    elseif o.skip_broken then
      summary.broken = summary.broken + 1
    else
      return nil, failed
    end
    if o.progress then o.progress(done, #items) end
  end
  local closed, unwritten = writer:close()
  if not closed then return nil, unwritten end
  summary.skipped = skipped and summary.broken
  for reason, n in pairs(skipped or {}) do
    if reason ~= "broken" then summary.skipped = summary.skipped + n end
  end
  local reasons = sorted_keys(skipped or {})
  reasons[#reasons + 1] = "broken"
  local names = split_names(items)
  warn_of_empty(summary, names, o)
  return setmetatable(summary, printing(names, reasons, o.expected, o.note))
end

return prepare
