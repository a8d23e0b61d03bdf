-- prepare.openclipart: the drawings, titles and keywords of the Debian packages openclipart-png and
-- openclipart-svg.
--
-- PNG files are in folders by subject, CATEGORY/SUBJECT/name.png.  The SVG files from which they
-- were made are in another folder with the same structure; their RDF metadata has title and
-- keywords.  A drawing of several subjects is one file and symbolic links to it; only the file is
-- used.
local core = require "vesper.core"
local prepare = require "vesper.data.prepare"
local file = require "vesper.util.file"

local DEFAULTS = {
  size = 64, seed = 1, min_count = 2, max_words = 16, keywords = 4, min_class = 10,
  skip_broken = false, name = "openclipart",
  source = "Debian packages openclipart-png and openclipart-svg",
}
local PLACE = "usr/share/openclipart/"
-- A placeholder that a conversion script of the library wrote instead of keywords.
local NO_KEYWORD = {hash = true}

-- Title and keywords of a drawing, possibly empty; or nil and a message.
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

-- The item of base/png/CATEGORY/SUBJECT/name.png = base/png/below; or nil, a message and whether
-- the SVG file exists.
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
    group = parts[1]:lower(), title = parts[1], place = drawing,
  }
end

-- At most `max_title` items per title, the first ones in random order by seed.
local function thin_out(items, o)
  local seen, keep, kept = {}, {}, {}
  for _, at in ipairs(core.data.permutation(#items, o.seed)) do
    local group = items[at].group
    seen[group] = (seen[group] or 0) + 1
    keep[at] = seen[group] <= (o.max_title or math.maxinteger)
  end
  for at, item in ipairs(items) do
    if keep[at] then kept[#kept + 1] = item end
  end
  return kept, #items - #kept
end

-- The items of all images in folders CATEGORY/SUBJECT.
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

--- Writes `out` from a folder below which both packages are unpacked (`make openclipart` does
--- this).  A drawing's class is its category, the topmost folder; its caption the title and a few
--- keywords.  80/10/10 by seed; drawings with the same title share a split.  Options (with their
--- defaults):
---   size = 64                     size of the images, or {height, width}; background white
---   keywords = 4                  maximal number of keywords in a caption
---   min_count = 2                 minimal count of a word in the vocabulary
---   max_words = 16                maximal length of a caption
---   min_class = 10                categories with fewer drawings are skipped
---   max_title = none              maximal number of drawings per title; some series share one
---   title seed = 1, vectors, compress, name, source, progress = function(done, total) skip_broken
---   = false           true: skip and count files that cannot be read
--- Returns {train=, val=, test=, classes=, vocab=, skipped=, missing=, same_title=, rare=, broken=,
--- invalid=}, or nil and a message.
return function(folder, out, given)
  local o = prepare.options("openclipart", given, DEFAULTS, {max_title = "count"})
  local found, why = core.data.find(folder, ".png")
  if not found then return nil, why end
  local count = {missing = 0, broken = 0}
  local items, failed = read_items(found, o, count)
  if not items then return nil, failed end
  if #items + count.missing + count.broken == 0 then
    return nil, ("%s: has no %spng, expected openclipart-png and openclipart-svg, unpacked")
      :format(folder, PLACE)
  end
  items, count.same_title = thin_out(items, o)
  items, count.rare = prepare.drop_rare(items, o.min_class)
  o.expected = select(2, prepare.assign_splits(items, function(item) return item.group end, o.seed))
  return prepare.write(items, out, o, count)
end
