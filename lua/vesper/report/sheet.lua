-- Sheets of retrieved images as HTML: captions as text, pictures inside the page as data URIs.
--
-- A row is {caption = text, images = {{image = uint8 [3,H,W], correct = boolean?, label = text?},
-- ...}}, as plot.contact_sheet takes it; with unranked = true the images have no numbers.
local core = require "vesper.core"
local metrics = require "vesper.metrics"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local sheet = {}

local LARGE = 96 -- pixels of a side; larger pictures are JPEG, smaller ones PNG

sheet.STYLE = [[
.query { margin: 1.6rem 0; padding-top: 1rem; border-top: 1px solid var(--rule) }
.query h3 { font-size: 1.05rem; font-weight: 600; margin: 0 0 .6rem; overflow-wrap: anywhere }
.found { display: grid; gap: .7rem; margin: 0; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fill, minmax(clamp(4.8rem, 9vw, 8rem), 1fr)) }
.found img { display: block; box-sizing: border-box; width: 100%; aspect-ratio: 1;
  object-fit: contain; background: #ffffff; border: 4px solid var(--rule); border-radius: 3px }
.found .own img { border-color: var(--own) }
.found span { display: block; font-size: .8rem; color: var(--soft); overflow-wrap: anywhere }
.found .own span { color: var(--own); font-weight: 600 }
]]

-- ---- rows ---------------------------------------------------------------------------------------

local function fail(...) check.fail("report.found", ...) end

-- pictures as a source of images: at(position) returns the image, its label and its number, which
-- the samples of one image share; or nil and a message.
local function source_of(pictures)
  local kind = text.kind(pictures)
  if kind ~= "a table" and kind ~= "a Dataset" then
    fail("pictures is %s, expected a data set or a list", text.value(pictures))
  end
  if type(pictures) ~= "table" or getmetatable(pictures) ~= nil then
    local classes = pictures:classes()
    return function(position)
      local sample = pictures[position]
      return sample.image, sample.label and classes[sample.label], sample.image_index or position
    end
  end
  return function(position)
    local entry = pictures[position]
    if type(entry) ~= "string" then return entry end
    local image, why = core.image.load(entry)
    return image, image and entry:match "([^/]*)/*$" or why
  end
end

local function caption_of(pictures, caption, i)
  if type(caption) == "string" then return caption end
  check.whole("report.found", ("captions[%d]"):format(i), caption, 1, #pictures)
  if type(pictures) == "table" and getmetatable(pictures) == nil then
    fail("captions[%d] is %d, expected a string, since the pictures are a list", i, caption)
  end
  return pictures:text(caption) or ""
end

--- The rows of a sheet; nil and a message if a picture's file cannot be read.  pictures: a data
-- set, or a list of paths or of tensors uint8 [3,H,W]; captions: strings, or positions in the set;
-- found: for each caption the positions of pictures, best first, lists or int64 [Q,k].
function sheet.rows(pictures, captions, found)
  if core.is_tensor(found) then found = found:tolist() end
  check.kind("report.found", "captions", captions, "list")
  check.kind("report.found", "found", found, "list")
  if #found ~= #captions then
    fail("found has %d entries, expected %d, one per caption", #found, #captions)
  end
  local at, rows = source_of(pictures), {}
  for i, caption in ipairs(captions) do
    local row, its_image = {caption = caption_of(pictures, caption, i), images = {}}, nil
    if type(caption) ~= "string" then its_image = select(3, at(caption)) end
    check.list("report.found", ("found[%d]"):format(i), found[i])
    for rank, position in ipairs(found[i]) do
      check.whole("report.found", ("found[%d][%d]"):format(i, rank), position, 1, #pictures)
      local image, label, number = at(position)
      if not image then return nil, label end
      local own = nil
      if its_image then own = number == its_image end
      row.images[rank] = {image = image, label = label, correct = own}
    end
    rows[i] = row
  end
  return rows
end

--- For each of the captions (positions of the set) the k images nearest to it, as positions of
-- samples, {{position, ...}, ...}.  v [N,D], t [M,D] and image_of (int64 [M], or nil if each
-- caption has an image of its own) are as in a result of train.evaluate, in the order of the set.
function sheet.nearest(v, t, captions, k, image_of)
  local asked = t:index_select(1, core.tensor(captions, {dtype = "int64"}))
  local found = metrics.topk(asked, v, k):tolist()
  if not image_of then return found end
  local sample = {} -- the first one of each image
  for position, image in ipairs(image_of:tolist()) do
    sample[image] = sample[image] or position
  end
  for _, list in ipairs(found) do
    for rank, image in ipairs(list) do list[rank] = sample[image] end
  end
  return found
end

-- ---- HTML ---------------------------------------------------------------------------------------

-- The picture reduced to fit a square of this side; smaller ones stay as they are.
local function reduced(picture, side)
  local height, width = picture.shape[2], picture.shape[3]
  local scale = side / math.max(height, width)
  if scale >= 1 then return picture end
  return core.image.resize(picture, {math.max(1, math.floor(height * scale + 0.5)),
    math.max(1, math.floor(width * scale + 0.5))}, "bilinear")
end

local function data_uri(picture, side)
  picture = reduced(picture, side)
  local large = math.max(picture.shape[2], picture.shape[3]) > LARGE
  return ("data:image/%s;base64,%s"):format(large and "jpeg" or "png",
    text.base64(core.image.encode(picture, large and "jpg" or "png")))
end

local function cell(one, rank, side, unranked)
  local kind = one.correct and ' class="own"' or ""
  local label = text.html(one.label or "")
  local words = unranked and label or one.correct and rank .. " \u{2713} " .. label
    or rank .. " " .. label
  return ('<li%s><img alt="%s" src="%s" loading="lazy"><span>%s</span></li>'):format(kind,
    label ~= "" and label or "picture " .. rank, data_uri(one.image, side), words)
end

--- The rows as HTML for a page with sheet.STYLE.  side: of a picture in pixels, at most; default
-- 208.
function sheet.html(rows, side)
  local lines = {}
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ('<div class="query"><h3>%s</h3><ol class="found">'):format(
      text.html(row.caption))
    for rank, one in ipairs(row.images) do
      lines[#lines + 1] = cell(one, rank, side or 208, row.unranked)
    end
    lines[#lines + 1] = "</ol></div>"
  end
  return table.concat(lines, "\n")
end

return sheet
