-- Shared by the preparers: splits without leaks.  Items as data/prepare.lua describes them.
local core = require "vesper.core"
local file = require "vesper.util.file"
local sorted_keys = require("vesper.util.tables").sorted_keys

local splits = {}

-- ---- titles -------------------------------------------------------------------------------------

--- The text with U+FFFD, which is not part of a word, instead of every invalid or zero byte.
function splits.clean(text)
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
function splits.plain_title(title)
  return table.concat(core.text.tokenize(splits.clean(title)))
end

-- ---- groups -------------------------------------------------------------------------------------

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
function splits.join_names(items, names_of)
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
function splits.join_groups(items, key)
  return splits.join_names(items, function(item)
    local plain = item.title and splits.plain_title(item.title)
    if plain == "" then plain = " " .. item.title:lower() end
    return {"key " .. item[key], plain and "title " .. plain}
  end)
end

-- The bytes of a file, or nil.
local function read_bytes(path)
  local handle <close> = io.open(path, "rb")
  return handle and handle:read "a"
end

-- Sets item.content, the first path with the same bytes, of items whose files have the same size.
-- Memory holds two files at most.
local function compare_files(items)
  local known = {} -- checksum -> list of paths with different bytes
  for _, item in ipairs(items) do
    local bytes = read_bytes(item.path)
    local sum = bytes and core._crc32c(bytes)
    known[sum or 0] = known[sum or 0] or {}
    for _, path in ipairs(bytes and known[sum] or {}) do
      if path == item.path or read_bytes(path) == bytes then item.content = path end
    end
    if bytes and not item.content then
      item.content = item.path
      table.insert(known[sum], item.path)
    end
  end
end

-- Compares the files of all items; only those of the same size are read.
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
    if #same > 1 then compare_files(same) end
  end
end

-- What an item shares with those of its group: the group's name, its titles, its picture.
local function names_of(item, group_of)
  local names = {"1" .. group_of(item)}
  for _, title in ipairs(item.titles or {item.title}) do
    local plain = splits.plain_title(title)
    if plain ~= "" then names[#names + 1] = "2" .. plain end
  end
  if item.content then names[#names + 1] = "3" .. item.content end
  return names
end

-- The groups joined where items of theirs have a title or a picture in common.  They go to the
-- split of the one whose name is the smallest: by chance, unlike that of the one assigned first,
-- which is nearly always the largest split.
local function join_assigned(groups, items, group_of)
  find_same_pictures(items)
  local top = splits.join_names(items, function(item) return names_of(item, group_of) end)
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
    local first = group[1]
    for _, item in ipairs(group) do
      if group_of(item) < group_of(first) then first = item end
    end
    for _, item in ipairs(group) do item.split = first.split end
  end
  return joined
end

--- Fractions for assign_splits: `test` of all items, then `val` of the rest.
function splits.shares(test, val)
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
function splits.assign_splits(items, group_of, seed, shares)
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
  groups = join_assigned(groups, items, group_of)
  fill_empty(groups, shares)
  local expected = {groups = #groups}
  for _, s in ipairs(shares) do
    if s[2] > 0 then expected[#expected + 1] = s[1] end
  end
  return #groups, expected
end

return splits
