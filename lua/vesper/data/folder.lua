-- prepare.folder: a folder of images with a CSV file of titles and labels.
local core = require "vesper.core"
local label_words = require "vesper.data.label_words"
local prepare = require "vesper.data.prepare"
local splits = require "vesper.data.splits"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local text_of = require "vesper.util.text"

local DEFAULTS = {
  csv = "products.csv", image = "images/{id}.jpg", title = "title", label = "label", id = "id",
  size = 64, min_count = 2, max_words = 16, seed = 1, skip_broken = false,
  apply_exif_orientation = false, without_label_words = false,
}
local KINDS = {split = "string"}

-- All columns named by the options must exist, but that of the ids unless it was chosen.
local function check_columns(path, columns, o, chosen_id)
  local has = {}
  for _, name in ipairs(columns) do has[name] = true end
  local wanted = {{o.title, "title"}}
  if o.label then wanted[#wanted + 1] = {o.label, "label; label = false makes no classes"} end
  if o.split then wanted[#wanted + 1] = {o.split, "split"} end
  if chosen_id then wanted[#wanted + 1] = {o.id, "id"} end
  for name in o.image:gmatch("{(.-)}") do
    wanted[#wanted + 1] = {name, ("image = '%s'"):format(o.image)}
  end
  for _, name in ipairs(o.hidden or {}) do
    wanted[#wanted + 1] = {name, "without_label_words"}
  end
  for _, entry in ipairs(wanted) do
    if not has[entry[1]] then
      return nil, ("%s: no column '%s', expected one of %s (option %s)"):format(path, entry[1],
        table.concat(columns, ", "), entry[2])
    end
  end
  return has
end

-- The columns whose words are taken out of the captions, or nil.
local function hidden_columns(o)
  local given = o.without_label_words
  if not given then return nil end
  if type(given) == "table" then
    if check.list("prepare.folder", "without_label_words", given) > 0 then return given end
  elseif given == true or given == "all" then
    if o.label then return {o.label} end
    check.fail("prepare.folder", "without_label_words is %s, but there is no label",
      text_of.value(given))
  end
  check.fail("prepare.folder", "without_label_words is %s, expected true, 'all' or a list of "
    .. "columns", text_of.value(given))
end

-- A function that returns a row's caption, without the words of its hidden columns, or of all rows'
-- with "all"; it counts the captions that lost words in count.reduced.
local function caption_reader(rows, o, count)
  if not o.hidden then return function(row) return row[o.title] end end
  local every
  if o.without_label_words == "all" then
    local labels = {}
    for i, row in ipairs(rows) do labels[i] = row[o.label] end
    every = label_words.set(labels)
  end
  return function(row)
    local values = {}
    for i, column in ipairs(o.hidden) do values[i] = row[column] end
    local caption, removed = label_words.remove(splits.clean(row[o.title]),
      every or label_words.set(values))
    if removed > 0 then count.reduced = count.reduced + 1 end
    return caption
  end
end

-- Adds the caption of another row with an item's image.  Returns what is wrong with it, or nil.
local function add_row(item, row, at, o, caption)
  for _, key in ipairs {"label", "split"} do
    if o[key] and row[o[key]] ~= item[key] then
      return ("rows %d and %d have the same image %s, but %s '%s' and '%s'"):format(item.row, at,
        item.path, o[key], item[key], row[o[key]])
    end
  end
  table.insert(item.captions, caption)
  table.insert(item.titles, row[o.title])
end

-- The items of all rows with an image and, if there is a split column, with a split; rows with the
-- same image are one item.
local function read_items(root, path, o, count, chosen_id)
  local rows, columns = core.io.csv_rows(path)
  if not rows then return nil, columns end
  local has, why = check_columns(path, columns, o, chosen_id)
  if not has then return nil, why end
  if not has[o.id] then
    o.note = ("no column '%s': ids are the numbers of the rows"):format(o.id)
  end
  local items, of = {}, {} -- of: path of a picture -> its item
  local caption_of = caption_reader(rows, o, count)
  for i, row in ipairs(rows) do
    local picture = root .. "/" .. o.image:gsub("{(.-)}", row)
    if o.split and row[o.split] == "" then
      count.unassigned = count.unassigned + 1
    elseif of[picture] then
      local wrong = add_row(of[picture], row, i, o, caption_of(row))
      if wrong then return nil, ("%s: %s"):format(path, wrong) end
    elseif not file.exists(picture) then
      count.missing = count.missing + 1
      count.first = count.first or picture
    else
      of[picture] = {
        path = picture, captions = {caption_of(row)}, titles = {row[o.title]},
        label = o.label and row[o.label] or nil,
        split = o.split and row[o.split], id = has[o.id] and row[o.id] or tostring(i), row = i,
        place = ("%s, row %d"):format(path, i),
      }
      items[#items + 1] = of[picture]
    end
  end
  return items
end

-- Items share a split where a title of theirs, or what is left of it as a caption, is the same
-- without case, punctuation and spaces.
local function titles_of(item)
  local names = {}
  for _, list in ipairs {item.titles, item.captions} do
    for _, title in ipairs(list) do
      local plain = prepare.plain_title(title)
      if list == item.titles then -- the smallest of a group's names is one of these
        names[#names + 1] = "1" .. title:lower()
      end
      if plain ~= "" then names[#names + 1] = "2" .. plain end
    end
  end
  return names
end

--- Writes `out` from folder/products.csv and folder/images.  Options (with their defaults):
---   csv = "products.csv"          the CSV file; its first row has the column names
---   image = "images/{id}.jpg"     path of a row's image; {column} is replaced by the row's value
---   title = "title"               column of the text
---   label = "label"               column of the class; false: there are no classes
---   split = nil                   column with train, val or test; rows without a value are
---                                 skipped.  Default: 80/10/10 by seed; images with the same title,
---                                 ignoring case, punctuation and spaces, are in the same split
---   size = 64                     size of the images, or {height, width}
---   min_count = 2                 minimal count of a word in the vocabulary
---   max_words = 16                maximal length of a caption
---   without_label_words = false   true: the words of a row's label are taken out of its captions,
---                                 so that the text does not state the class: without case, in
---                                 singular and plural, as "t-shirt" and "tshirt"; a list of
---                                 columns: the words of the row's values in these; "all": those of
---                                 every row's label.  Captions are then lower-case words
---   vectors = nil                 text.WordVectors, or their path, to store with the vocabulary
---   skip_broken = false           true: skip and count images that cannot be read
---   apply_exif_orientation = false  true: turn images as their EXIF data says
---   seed = 1, name, source, compress = 0..9, progress = function(done, total)
--- Rows with the same image are one image with several captions; their classes and splits must be
--- equal, and the id is that of the first row.  Without a column `id` ids are the numbers of the
--- rows, which the summary says.
--- Returns {train=, val=, test=, captions=, classes=, vocab=, groups=, skipped=, missing=,
--- unassigned=, broken=, invalid=, vectors_found=}, or nil and a message; with without_label_words
--- also reduced, the number of captions that lost words, and majority, percent of the images that
--- are of the largest class.  groups: images with the same title count once; nil with a split
--- column.  Rows without an image are skipped and counted as missing; titles with invalid UTF-8 are
--- repaired and counted as invalid.
return function(folder, out, given)
  local o = prepare.options("folder", given, DEFAULTS, KINDS)
  o.hidden = hidden_columns(o)
  local count, path = {missing = 0, unassigned = 0, reduced = 0}, folder .. "/" .. o.csv
  local items, why = read_items(folder, path, o, count, (given or {}).id)
  if not items then return nil, why end
  local first = count.first
  o.reduced = o.hidden and count.reduced
  count.first, count.reduced = nil, nil
  if #items == 0 and first then
    return nil, ("%s: all %d pictures are missing, the first is %s"):format(path, count.missing,
      first)
  end
  if not o.split then
    o.groups, o.expected = prepare.assign_splits(items, prepare.join_names(items, titles_of),
      o.seed)
  end
  o.source, o.name = o.source or path, o.name or folder:match("([^/]+)/*$")
  return prepare.write(items, out, o, count)
end
