-- prepare.fashiongen: the HDF5 files of Fashion-Gen, images with names and descriptions.
--
-- Both files are read in blocks of rows; memory holds all texts, but one image at a time.  Texts
-- are converted from ISO-8859-1 to UTF-8.
local core = require "vesper.core"
local prepare = require "vesper.data.prepare"
local sorted_keys = require("vesper.util.tables").sorted_keys
local text = require "vesper.util.text"

local DEFAULTS = {
  text = "both", val = 0.2, size = 64, seed = 1, min_count = 2, max_words = 32,
  skip_broken = false, name = "fashiongen", source = "Fashion-Gen",
}
local KINDS = {text = {"name", "description", "both"}}
local STRINGS = {"input_name", "input_description", "input_category", "input_subcategory"}
local BLOCK = 2048 -- rows of texts

-- Every byte of ISO-8859-1 is its code point.
local function to_utf8(s)
  return (s:gsub("[\x80-\xFF]", function(byte) return utf8.char(byte:byte()) end))
end

-- The number of rows, which must be the same in all used data sets.
local function check_file(file, path)
  local image, why = file:info "input_image"
  if not image then return nil, why end
  local shape = image.shape
  if image.kind ~= "integers" or image.bytes ~= 1 or #shape ~= 4 or shape[4] ~= 3 then
    return nil, ("%s: input_image: %d-byte %s %s, expected uint8 [N,H,W,3]"):format(path,
      image.bytes, image.kind, text.shape(shape))
  end
  for _, name in ipairs {"input_productID", table.unpack(STRINGS)} do
    local info, missing = file:info(name)
    if not info then return nil, missing end
    if info.shape[1] ~= shape[1] or (info.shape[2] or 1) ~= 1 or #info.shape > 2 then
      return nil, ("%s: %s: %s, expected [%d,1], one row per row of input_image"):format(path,
        name, text.shape(info.shape), shape[1])
    end
    if info.partial or image.partial then
      return nil, ("%s: %s: is written in part"):format(path,
        image.partial and "input_image" or name)
    end
    if name ~= "input_productID" and info.kind ~= "strings" then
      return nil, ("%s: %s: %s, expected strings"):format(path, name, info.kind)
    end
  end
  return shape[1]
end

-- The products of a block as strings, from any type in the file.
local function read_products(file, path, first, last)
  local rows, why = file:read("input_productID", first, last)
  if not rows then return nil, why end
  if type(rows) ~= "table" then rows = rows:flatten():tolist() end
  for i, value in ipairs(rows) do
    if math.type(value) == "float" then
      if value % 1 ~= 0 or math.abs(value) >= 1 << 24 then -- read as float32
        return nil, ("%s: input_productID: row %d is %s, expected an integer below 2^24"):format(
          path, first + i - 1, value)
      end
      value = math.tointeger(value)
    end
    rows[i] = tostring(value)
  end
  return rows
end

-- The texts of rows first..last, {name = list}; or nil and a message.
local function read_block(file, path, first, last)
  local products, why = read_products(file, path, first, last)
  if not products then return nil, why end
  local block = {product = products}
  for _, name in ipairs(STRINGS) do
    local list, broken = file:read(name, first, last)
    if not list then return nil, broken end
    for i, s in ipairs(list) do list[i] = to_utf8(s):match "^%s*(.-)%s*$" end
    block[name] = list
  end
  return block
end

-- uint8 [3,H,W] of one row of [N,H,W,3]
local function read_picture(file, row)
  local rows, why = file:read("input_image", row, row)
  if not rows then return nil, why end
  return rows[1]:permute(3, 1, 2):contiguous()
end

local function caption_of(block, i, which)
  local name, description = block.input_name[i], block.input_description[i]
  if which == "name" or description == "" then return name end
  if which == "description" or name == "" then return description end
  return name .. ". " .. description
end

-- One item per row of the file.
local function read_items(path, o, files)
  local file, why = core.io.h5(path)
  if not file then return nil, why end
  files[#files + 1] = file
  local n, wrong = check_file(file, path)
  if not n then return nil, wrong end
  local items = {}
  for first = 1, n, BLOCK do
    local block, broken = read_block(file, path, first, math.min(first + BLOCK - 1, n))
    if not block then return nil, broken end
    for i, product in ipairs(block.product) do
      local row = first + i - 1
      local caption = caption_of(block, i, o.text)
      items[row] = {
        load = function() return read_picture(file, row) end,
        captions = {caption}, title = caption ~= "" and caption or nil,
        label = block.input_category[i],
        kind = block.input_subcategory[i], product = product, id = product .. "/" .. row,
        place = ("%s, row %d"):format(path, row),
      }
    end
  end
  return items
end

-- The training items whose product and text are not in the other file.
local function without_crossing(items, test)
  local held, texts, kept = {}, {}, {}
  local function plain(item) return item.title and prepare.plain_title(item.title) or "" end
  for _, item in ipairs(test) do held[item.product], texts[plain(item)] = true, true end
  texts[""] = nil
  for _, item in ipairs(items) do
    if not held[item.product] and not texts[plain(item)] then kept[#kept + 1] = item end
  end
  return kept, #items - #kept
end

-- Numbers the products and the subcategories; returns the names of the subcategories.
local function number(items)
  local product, kind, numbers = {}, {}, {}
  for _, item in ipairs(items) do kind[item.kind], product[item.product] = true, true end
  local tags = sorted_keys(kind)
  for i, name in ipairs(tags) do kind[name] = i end
  for i, name in ipairs(sorted_keys(product)) do numbers[name] = i end
  for _, item in ipairs(items) do
    item.item, item.tags = numbers[item.product], {kind[item.kind]}
  end
  return tags
end

local function close_all(files)
  for _, file in ipairs(files) do file:close() end
end

--- Writes `out` from Fashion-Gen's files fashiongen_256_256_train.h5 and ..._validation.h5.  The
--- first is split into train and val by seed; the second, on which published results are reported,
--- is test.  Rows with the same product or the same text share a split; rows of the first file
--- whose product or text is in the second are skipped.  The class is input_category, tags are
--- input_subcategory, item is the number of the product.  Options (with their defaults):
---   text = "both"                 caption: "name", "description", or both joined
---   val = 0.2                     fraction of the first file for validation
---   size = 64                     size of the images, or {height, width}
---   min_count = 2                 minimal count of a word in the vocabulary
---   max_words = 32                maximal length of a caption
---   skip_broken = false           true: skip and count images that cannot be read
---   seed = 1, vectors, compress, name, source, progress = function(done, total)
--- Returns {train=, val=, test=, classes=, vocab=, tags=, items=, skipped=, crossing=, broken=,
--- invalid=}, or nil and a message.
return function(train, validation, out, given)
  local o = prepare.options("fashiongen", given, DEFAULTS, KINDS)
  local files <close> = setmetatable({}, {__close = close_all})
  local items, why = read_items(train, o, files)
  if not items then return nil, why end
  local test, broken = read_items(validation, o, files)
  if not test then return nil, broken end
  local crossing
  items, crossing = without_crossing(items, test)
  o.expected = select(2, prepare.assign_splits(items, prepare.join_groups(items, "product"), o.seed,
    {{"train", 1 - o.val}, {"val", o.val}}))
  table.insert(o.expected, "test")
  for _, item in ipairs(test) do item.split = "test" end
  table.move(test, 1, #test, #items + 1, items)
  o.tags = number(items)
  local summary, unwritten = prepare.write(items, out, o, {crossing = crossing})
  if not summary then return nil, unwritten end
  summary.tags = #o.tags
  return summary
end
