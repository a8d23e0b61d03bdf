-- Shared by the preparers: options, splits without leaks, and the loop that writes the file.
--
-- An item is {path =, captions = {...}, label = class name or nil, split =, id =, place = its
-- source, for messages}.  Instead of path it may have load, a function that returns the image uint8
-- [3,H,W] or nil and a message; or fields, a function that returns fields for data.Writer, beside an
-- image or instead of one ({feature =} or {regions =, boxes =}), or nil and a message.  Optional: item (the
-- number, from 1, of the thing shown), tags (positions in the list of tag names), boxes {{x1, y1,
-- x2, y2}, ...} and landmarks {{x, y, visibility}, ...} in pixels of the original image, or of
-- item.width and item.height; they are written as fractions of width and height; titles, a list of
-- texts that no other split may have.  The seed determines everything: two runs write the same data.
local core = require "vesper.core"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"

local sorted_keys = tables.sorted_keys

local prepare = {}

-- Options of every preparer without a default.
local COMMON = {vectors = true, progress = "function", compress = "whole", name = "string",
  source = "string"}

--- The options of a preparer: the common ones and its own; see options.read.  vectors:
--- text.WordVectors or the path of a file of them, which prepare.write reads.
function prepare.options(what, given, defaults, kinds)
  local o = options.read("prepare." .. what, given, defaults, tables.merge(COMMON, kinds))
  local kind = type(o.vectors)
  if kind ~= "nil" and kind ~= "string" and kind ~= "userdata" then
    check.fail("prepare." .. what, "vectors is a %s, expected text.WordVectors or a path", kind)
  end
  o.preparer = what
  return o
end

-- The items by group; the groups are in random order by seed.
local function shuffled_groups(items, group_of, seed)
  local groups = {}
  for _, item in ipairs(items) do
    local name = group_of(item)
    groups[name] = groups[name] or {}
    table.insert(groups[name], item)
  end
  local names, order = sorted_keys(groups), {}
  for i, at in ipairs(core.data.permutation(#names, seed)) do order[i] = groups[names[at]] end
  return order
end

--- Returns a function for assign_splits that returns an item's group, by the smallest of its names.
--- Items with one of the names of names_of(item) in common are in the same group, transitively.
function prepare.join_names(items, names_of)
  local parent = {}
  local function top(name)
    while parent[name] do
      parent[name] = parent[parent[name]] or parent[name] -- path halving
      name = parent[name]
    end
    return name
  end
  local function join(a, b)
    a, b = top(a), top(b)
    if a > b then a, b = b, a end
    if a ~= b then parent[b] = a end
  end
  for _, item in ipairs(items) do
    local names = names_of(item)
    for i = 2, #names do join(names[1], names[i]) end
  end
  return function(item) return top(names_of(item)[1]) end
end

--- The same for items with the same item[key] or the same item.title, without case, punctuation and
--- spaces.
function prepare.join_groups(items, key)
  return prepare.join_names(items, function(item)
    local plain = item.title and prepare.plain_title(item.title)
    if plain == "" then plain = " " .. item.title:lower() end
    return {"key " .. item[key], plain and "title " .. plain}
  end)
end

-- Sets item.content, the first path with the same bytes, where there is another one.  Only files of
-- the same size are read.
local function find_same_pictures(items)
  local by_size = {}
  for _, item in ipairs(items) do
    local size = item.path and file.size(item.path)
    if size then
      by_size[size] = by_size[size] or {}
      table.insert(by_size[size], item)
    end
  end
  for _, same in pairs(by_size) do
    local first = {}
    for _, item in ipairs(#same > 1 and same or {}) do
      local handle = io.open(item.path, "rb")
      local bytes = handle and handle:read "a"
      if handle then handle:close() end
      if bytes then
        first[bytes] = first[bytes] or item.path
        item.content = first[bytes]
      end
    end
  end
end

-- What an item shares with those of its group: the group's name, its titles, its picture.
local function names_of(item, group_of)
  local names = {"1" .. group_of(item)}
  for _, title in ipairs(item.titles or {item.title}) do
    local plain = prepare.plain_title(title)
    if plain ~= "" then names[#names + 1] = "2" .. plain end
  end
  if item.content then names[#names + 1] = "3" .. item.content end
  return names
end

-- The groups joined where items of theirs have a title or a picture in common.  A group that was
-- assigned to several splits goes to the first of `shares`.
local function join_assigned(groups, items, group_of, shares)
  find_same_pictures(items)
  local top = prepare.join_names(items, function(item) return names_of(item, group_of) end)
  local joined, of = {}, {}
  for _, group in ipairs(groups) do
    local name = top(group[1])
    if not of[name] then
      of[name] = {}
      joined[#joined + 1] = of[name]
    end
    table.move(group, 1, #group, #of[name] + 1, of[name])
  end
  for _, group in ipairs(joined) do
    local split = group[1].split
    for _, item in ipairs(group) do
      if item.split ~= split then split = shares[1][1] end
    end
    for _, item in ipairs(group) do item.split = split end
  end
  return joined
end

--- Fractions for assign_splits: `test` of all items, then `val` of the rest.
function prepare.shares(test, val)
  return {{"train", (1 - test) * (1 - val)}, {"val", (1 - test) * val}, {"test", test}}
end

-- Gives each split with a share one of the groups of train, as long as train keeps one: small
-- classes would otherwise all go to train.
local function fill_empty(groups, shares)
  local size, at = {}, #groups
  for _, group in ipairs(groups) do size[group[1].split] = (size[group[1].split] or 0) + 1 end
  for _, s in ipairs(shares) do
    local name, main = s[1], shares[1][1]
    if s[2] > 0 and not size[name] and (size[main] or 0) > 1 then
      while groups[at][1].split ~= main do at = at - 1 end
      for _, item in ipairs(groups[at]) do item.split = name end
      size[main], size[name] = size[main] - 1, 1
    end
  end
end

--- Sets item.split to train (80 %), val or test (10 % each, or as in `shares`), for each label as
--- closely as possible with whole groups; no split is empty if there are enough groups.  Items with
--- the same group_of(item) share a split, and so do items with the same title (of item.titles or
--- item.title; without case, punctuation and spaces) or the same bytes in the file item.path.
--- Returns the number of groups, and the names of the splits that should have images with the same
--- number as `groups`.
function prepare.assign_splits(items, group_of, seed, shares)
  shares = shares or {{"train", 0.8}, {"val", 0.1}, {"test", 0.1}}
  local missing = {} -- label -> split -> number of images still to be assigned
  for _, item in ipairs(items) do
    local label = item.label or false
    local lacks = missing[label] or {}
    missing[label] = lacks
    for _, s in ipairs(shares) do lacks[s[1]] = (lacks[s[1]] or 0) + s[2] end
  end
  local groups = shuffled_groups(items, group_of, seed)
  for _, group in ipairs(groups) do
    local lacks, best = missing[group[1].label or false], shares[1][1]
    for _, s in ipairs(shares) do
      if s[2] > 0 and lacks[s[1]] > lacks[best] then best = s[1] end
    end
    for _, item in ipairs(group) do
      item.split = best
      local lacked = missing[item.label or false]
      lacked[best] = lacked[best] - 1
    end
  end
  groups = join_assigned(groups, items, group_of, shares)
  fill_empty(groups, shares)
  local expected = {groups = #groups}
  for _, s in ipairs(shares) do
    if s[2] > 0 then expected[#expected + 1] = s[1] end
  end
  return #groups, expected
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

-- The text with U+FFFD, which is not part of a word, instead of every invalid or zero byte.
local function clean(text)
  local parts, at = {}, 1
  repeat
    local _, bad = utf8.len(text, at)
    parts[#parts + 1] = text:sub(at, bad and bad - 1)
    at = bad and bad + 1
  until not at
  return (table.concat(parts, "\u{FFFD}"):gsub("\0", "\u{FFFD}"))
end

--- The words of a title without case, punctuation and spaces between them: "T-Shirt, red" is
--- "tshirtred".
function prepare.plain_title(title)
  return table.concat(core.text.tokenize(clean(title)))
end

-- Repairs captions with invalid bytes, which should not stop a preparer.  Returns their number.
local function clean_captions(items)
  local count = 0
  for _, item in ipairs(items) do
    for i, caption in ipairs(item.captions) do
      if not utf8.len(caption) or caption:find("\0", 1, true) then
        item.captions[i] = clean(caption)
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
local function list_splits(summary, splits, expected)
  local parts, wanted = {}, {}
  for _, name in ipairs(expected) do wanted[name] = true end
  for _, name in ipairs(splits) do
    local n = summary[name] or 0
    if n > 0 or wanted[name] then parts[#parts + 1] = name .. " " .. n end
  end
  return table.concat(parts, ", ")
end

local function plural(n, noun, many) return ("%d %s"):format(n, n == 1 and noun or many) end

-- Writes to stderr which splits should have images and have none.
local function warn_of_empty(summary, splits, o)
  local empty = {}
  for _, name in ipairs(o.expected) do
    if (summary[name] or 0) == 0 then empty[#empty + 1] = name end
  end
  if #empty == 0 then return end
  local groups = o.expected.groups
  io.stderr:write(("prepare.%s: no images in %s (%s%s)\n"):format(o.preparer,
    table.concat(empty, " and "), list_splits(summary, splits, o.expected),
    groups and ("; %s that cannot be divided"):format(plural(groups, "group", "groups")) or ""))
end

-- The metatable of a summary.  splits, reasons: keys of the summary in the order in which they are
-- printed; expected: splits that are printed though they are empty.
local function printing(splits, reasons, expected)
  return {__name = "Summary", __tostring = function(s)
    local images = 0
    for _, name in ipairs(splits) do images = images + (s[name] or 0) end
    local parts = {
      ("%s (%s)"):format(plural(images, "image", "images"), list_splits(s, splits, expected)),
      plural(s.captions, "caption", "captions"),
      s.classes > 0 and plural(s.classes, "class", "classes") or "no classes",
      ("vocabulary of %d words"):format(s.vocab),
    }
    if s.groups and s.groups < images then
      parts[#parts + 1] = s.groups .. " groups of images with equal titles or pictures"
    end
    if s.vectors_found then parts[#parts + 1] = ("%d with a vector"):format(s.vectors_found) end
    local left = list_counts(s, reasons)
    return table.concat(parts, ", ") .. (left ~= "" and "; left out: " .. left or "")
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
--- expected (the splits that should have images: train, val and test; where one has none, a line on
--- stderr says so).  Invalid bytes in captions are replaced.  tostring(summary) is one line.
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
    vectors_found = found}, skipped)
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
  local splits = split_names(items)
  warn_of_empty(summary, splits, o)
  return setmetatable(summary, printing(splits, reasons, o.expected))
end

return prepare
