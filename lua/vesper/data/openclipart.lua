-- prepare.openclipart: the drawings, titles and keywords of the Debian packages openclipart-png and
-- openclipart-svg.
--
-- The PNG files lie in folders by subject, CATEGORY/SUBJECT/name.png, and below another folder the
-- SVG files they were made from lie the same way; title and keywords stand in the RDF metadata of
-- the SVG.  A drawing that belongs to several subjects is a file in one place and symbolic links in
-- the others: only the file counts.
local core = require "vesper.core"
local prepare = require "vesper.data.prepare"
local file = require "vesper.util.file"

local DEFAULTS = {
  size = 64, seed = 1, min_count = 2, max_words = 16, keywords = 4, min_class = 10,
  max_title = math.maxinteger, skip_broken = false, name = "openclipart",
  source = "Debian packages openclipart-png and openclipart-svg",
}
local PLACE = "usr/share/openclipart/"
-- What a script that once converted the library put where a list of keywords belonged.
local NO_KEYWORD = {hash = true}

-- Title and keywords of a drawing, either perhaps empty; or nil and a message.
local function read_words(path)
  local texts, why = core.io.xml_texts(path)
  if not texts then return nil, why end
  local title, keywords = "", {}
  for _, t in ipairs(texts) do
    if t.name:find "/Work/title$" then
      title = t.text
    elseif t.name:find "/Work/subject/" then
      local keyword = t.text:gsub("_", " ")
      if not NO_KEYWORD[keyword:lower()] then keywords[#keywords + 1] = keyword end
    end
  end
  return title, keywords
end

-- "sheep_01" -> "sheep"
local function words_of_name(name)
  return (name:gsub("_", " "):gsub("%s*%d+$", ""))
end

-- The item of base/png/CATEGORY/SUBJECT/name.png, which is base/png/below; or nil, a message and
-- whether the SVG is there at all.
local function read_item(base, below, o)
  local picture, drawing = base .. "png/" .. below, base .. "svg/" .. below:sub(1, -5) .. ".svg"
  if not file.exists(drawing) then return nil, drawing .. ": no such file", false end
  local title, keywords = read_words(drawing)
  if not title then return nil, keywords, true end
  local parts = {title ~= "" and title or table.remove(keywords, 1)}
  parts[1] = parts[1] or words_of_name(below:match "([^/]*)%.png$")
  local caption = table.concat(prepare.add_keywords(parts, keywords, o.keywords), ", ")
  return {
    path = picture, captions = {caption}, label = below:match "^[^/]+", id = below:sub(1, -5),
    group = parts[1]:lower(), place = drawing,
  }
end

-- At most so many items of a title, the first ones in the order of the seed.
local function thin_out(items, o)
  local seen, keep, kept = {}, {}, {}
  for _, at in ipairs(core.data.permutation(#items, o.seed)) do
    local group = items[at].group
    seen[group] = (seen[group] or 0) + 1
    keep[at] = seen[group] <= o.max_title
  end
  for at, item in ipairs(items) do
    if keep[at] then kept[#kept + 1] = item end
  end
  return kept, #items - #kept
end

-- The items of all pictures; none where there is no picture in such a place.
local function read_items(pictures, o, count)
  local items = {}
  for _, path in ipairs(pictures) do
    local base, below = path:match("^(.-" .. PLACE .. ")png/(.+)$")
    if base then
      local item, why, there = read_item(base, below, o)
      if item then
        items[#items + 1] = item
      elseif not there then
        count.missing = count.missing + 1
      elseif o.skip_broken then
        count.broken = count.broken + 1
      else
        return nil, why
      end
    end
  end
  return items
end

--- Writes `out` from a folder below which both packages are unpacked (`make openclipart` does it).
--- A drawing's class is its category, the topmost folder; its caption the title and a few keywords.
--- 80/10/10 by seed; drawings of one title never cross a split.  Options (with their defaults):
---   size = 64                     of the pictures, or {height, width}; transparent ones on white
---   keywords = 4                  at most, in a caption
---   min_count = 2, max_words = 16 of a word of the vocabulary, of a caption
---   min_class = 10                categories of fewer drawings are left out
---   max_title = none              drawings of one title; some titles are those of a whole series
---   seed = 1, vectors, compress, name, source, progress = function(done, total)
---   skip_broken = false           count files that cannot be read instead of stopping
--- Returns {train=, val=, test=, classes=, vocab=, skipped=, missing=, same_title=, rare=, broken=,
--- invalid=}, or nil and a message.
return function(folder, out, given)
  local o = prepare.options("openclipart", given, DEFAULTS)
  local found, why = core.data.find(folder, ".png")
  if not found then return nil, why end
  local count = {missing = 0, broken = 0}
  local items, failed = read_items(found, o, count)
  if not items then return nil, failed end
  if #items + count.missing + count.broken == 0 then
    return nil, ("%s: no %spng below it; unpack Debian's openclipart-png and openclipart-svg there")
      :format(folder, PLACE)
  end
  items, count.same_title = thin_out(items, o)
  items, count.rare = prepare.drop_rare(items, o.min_class)
  prepare.assign_splits(items, function(item) return item.group end, o.seed)
  return prepare.write(items, out, o, count)
end
