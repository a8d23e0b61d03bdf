-- prepare.emoji: the images, names and keywords of the Debian package ruby-gemojione.
local core = require "vesper.core"
local prepare = require "vesper.data.prepare"
local file = require "vesper.util.file"
local tables = require "vesper.util.tables"

local DEFAULTS = {
  size = 64, seed = 1, min_count = 2, max_words = 16, keywords = 4, min_class = 10,
  skip_broken = false, name = "emoji", source = "Debian package ruby-gemojione",
}
local SKIN = {"light", "medium light", "medium", "medium dark", "dark"}

-- "Bicyclist_tone 2" -> "bicyclist", 2
local function plain_name(name)
  name = name:lower():gsub("_", " "):gsub("%s+", " ")
  local base, tone = name:match("^(.-)%s*tone%s*([1-5])$")
  return base or name, tonumber(tone)
end

-- The name, the skin colour, and keywords that add a word: "bicyclist, medium light skin, bike,
-- exercise, hipster, sport".
local function make_caption(entry, most)
  local base, tone = plain_name(entry.name)
  return table.concat(prepare.add_keywords(
    {base, tone and SKIN[tone] .. " skin"}, entry.keywords or {}, most), ", ")
end

local function picture_of(folder, code)
  local paths = {}
  for i, name in ipairs {code, code:lower(), code:upper()} do
    paths[i] = ("%s/%s.png"):format(folder, name)
  end
  return file.first(paths)
end

-- The entries of index.json that have an image, in the order of their code points.
local function read_items(index, pictures, o, count)
  local entries, why = core.io.json_load(index)
  if not entries then return nil, why end
  local items = {}
  for key, entry in pairs(entries) do
    if type(entry) ~= "table" or type(entry.unicode) ~= "string" or type(entry.name) ~= "string" or
      type(entry.category) ~= "string" then
      return nil, ("%s: entry '%s' lacks unicode, name or category"):format(index, key)
    end
    local path = picture_of(pictures, entry.unicode)
    if path then
      items[#items + 1] = {
        path = path, captions = {make_caption(entry, o.keywords)}, label = entry.category,
        id = entry.unicode, group = plain_name(entry.name), title = plain_name(entry.name),
        place = ("%s, entry '%s'"):format(index, key),
      }
    else
      count.missing = count.missing + 1
    end
  end
  table.sort(items, function(a, b) return tables.before(a.id, b.id) end)
  return items
end

--- Writes `out` from a folder below which the package is unpacked.  An emoji's class is its
--- category, its caption the name with a few keywords.  80/10/10 by seed; variants of an emoji with
--- different skin colours share a split.  Options (with their defaults):
---   size = 64                     size of the images, or {height, width}
---   keywords = 4                  maximal number of keywords in a caption
---   min_count = 2                 minimal count of a word in the vocabulary
---   max_words = 16                maximal length of a caption
---   min_class = 10                categories with fewer emoji are skipped
---   seed = 1, vectors, compress, skip_broken, name, source, progress = function(done, total)
--- Returns {train=, val=, test=, classes=, vocab=, skipped=, missing=, rare=, broken=, invalid=},
--- or nil and a message.
return function(folder, out, given)
  local o = prepare.options("emoji", given, DEFAULTS)
  local found, why = core.data.find(folder, "config/index.json")
  if not found then return nil, why end
  local index = found[1]
  if not index then
    return nil, folder .. ": has no config/index.json, expected Debian's ruby-gemojione, unpacked"
  end
  local count = {missing = 0}
  local pictures = index:gsub("config/index%.json$", "assets/png")
  local items, failed = read_items(index, pictures, o, count)
  if not items then return nil, failed end
  items, count.rare = prepare.drop_rare(items, o.min_class)
  o.expected = select(2, prepare.assign_splits(items, function(item) return item.group end, o.seed))
  return prepare.write(items, out, o, count)
end
