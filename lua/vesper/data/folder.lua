-- prepare.folder: a folder of images with a CSV file of titles and labels.
local core = require "vesper.core"
local prepare = require "vesper.data.prepare"
local file = require "vesper.util.file"

local DEFAULTS = {
  csv = "products.csv", image = "images/{id}.jpg", title = "title", label = "label", id = "id",
  size = 64, min_count = 2, max_words = 16, seed = 1, skip_broken = false,
}
local KINDS = {split = "string"}

-- All columns named by the options must exist.
local function check_columns(path, columns, o)
  local has = {}
  for _, name in ipairs(columns) do has[name] = true end
  local wanted = {o.title, o.label}
  if o.split then table.insert(wanted, o.split) end
  for name in o.image:gmatch("{(.-)}") do table.insert(wanted, name) end
  for _, name in ipairs(wanted) do
    if not has[name] then
      return nil, ("%s: no column '%s', expected one of %s"):format(path, name,
        table.concat(columns, ", "))
    end
  end
  return has
end

-- The items of all rows with an image and, if there is a split column, with a split.
local function read_items(root, path, o, count)
  local rows, columns = core.io.csv_rows(path)
  if not rows then return nil, columns end
  local has, why = check_columns(path, columns, o)
  if not has then return nil, why end
  local items = {}
  for i, row in ipairs(rows) do
    local picture = root .. "/" .. o.image:gsub("{(.-)}", row)
    if o.split and row[o.split] == "" then
      count.unassigned = count.unassigned + 1
    elseif not file.exists(picture) then
      count.missing = count.missing + 1
    else
      items[#items + 1] = {
        path = picture, captions = {row[o.title]}, label = row[o.label], split = row[o.split],
        id = has[o.id] and row[o.id] or tostring(i), place = ("%s, row %d"):format(path, i),
      }
    end
  end
  return items
end

--- Writes `out` from folder/products.csv and folder/images.  Options (with their defaults):
---   csv = "products.csv"          the CSV file; its first row has the column names
---   image = "images/{id}.jpg"     path of a row's image; {column} is replaced by the row's value
---   title = "title"               column of the text
---   label = "label"               column of the class
---   split = nil                   column with train, val or test; rows without a value are
---                                 skipped.  Default: 80/10/10 by seed, rows with the same title
---                                 in the same split
---   size = 64                     size of the images, or {height, width}
---   min_count = 2                 minimal count of a word in the vocabulary
---   max_words = 16                maximal length of a caption
---   vectors = nil                 text.WordVectors to store with the vocabulary
---   skip_broken = false           true: skip and count images that cannot be read
---   seed = 1, name, source, compress = 0..9, progress = function(done, total)
--- Returns {train=, val=, test=, classes=, vocab=, skipped=, missing=, unassigned=, broken=,
--- invalid=}, or nil and a message.  Rows without an image are skipped and counted as missing;
--- titles with invalid UTF-8 are repaired and counted as invalid.
return function(folder, out, given)
  local o = prepare.options("folder", given, DEFAULTS, KINDS)
  local count = {missing = 0, unassigned = 0}
  local path = folder .. "/" .. o.csv
  local items, why = read_items(folder, path, o, count)
  if not items then return nil, why end
  if not o.split then
    prepare.assign_splits(items, function(item) return item.captions[1]:lower() end, o.seed)
  end
  o.source, o.name = o.source or path, o.name or folder:match("([^/]+)/*$")
  return prepare.write(items, out, o, count)
end
