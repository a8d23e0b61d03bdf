-- Figures of matrices: attention maps over images and confusion matrices.
local core = require "vesper.core"
local paint = require "vesper.report.paint"
local svg = require "vesper.report.svg"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local options = require "vesper.util.options"
local text = require "vesper.util.text"
local image = core.image

local heat = {}

-- ---- attention over an image --------------------------------------------------------------------

local TEXT, FAINT, RULE = {31, 41, 55}, {107, 114, 128}, {229, 231, 235}
local MARGIN, GAP, LINE = 20, 10, 12
local LEAST = 128 -- pixels of a map's side on a page, so that small images have smooth maps

-- Colours {r, g, b} from the smallest to the largest weight, interpolated linearly.
local SCALE = {{255, 255, 255}, {254, 217, 118}, {253, 141, 60}, {189, 0, 38}}

-- [256,3]: the colour of each value.
local function color_table()
  local rows = {}
  for value = 0, 255 do
    local at = value / 255 * (#SCALE - 1)
    local i = math.min(math.floor(at), #SCALE - 2)
    local row = {}
    for c = 1, 3 do row[c] = SCALE[i + 1][c] + (at - i) * (SCALE[i + 2][c] - SCALE[i + 1][c]) end
    rows[value + 1] = row
  end
  return core.tensor(rows)
end

-- The image in pale grey, coloured where the weights [h,w], 0..1, are large.
local function overlay(picture, weights, colors)
  local height, width = picture.shape[2], picture.shape[3]
  local small = (weights * 255):clamp(0, 255):round():byte():unsqueeze(1)
  local values = image.resize(small, {height, width}, "bilinear"):long():reshape(-1)
  local tint = colors:index_select(1, values + 1):transpose(1, 2):reshape(3, height, width)
  local grey = picture:float():mean(1):unsqueeze(1) * 0.6 + 102
  return (grey * tint * (1 / 255)):clamp(0, 255):round():byte()
end

local function check_row(i, row)
  local w, grid = row.weights, row.grid
  if not core.is_tensor(w) or w.ndim ~= 2 then
    check.fail("plot.attention", "row %d: weights is %s, expected [T,R]", i, text.kind(w))
  end
  if type(grid) ~= "table" or grid[1] * grid[2] ~= w.shape[2] then
    check.fail("plot.attention", "row %d: grid is %s, expected {height, width} of %d regions", i,
      type(grid) == "table" and ("{%s, %s}"):format(grid[1], grid[2]) or text.value(grid),
      w.shape[2])
  end
  if #row.words > w.shape[1] then
    check.fail("plot.attention", "row %d has %d words, expected at most %d, the rows of weights", i,
      #row.words, w.shape[1])
  end
end

-- Scales the weights of all words of an image together: the smallest to 0, the largest to 1.
local function scaled(row)
  local w = row.weights:slice(1, 1, #row.words)
  local low, high = w:min():item(), w:max():item()
  return (w - low) * (1 / math.max(high - low, 1e-12)), low, high
end

--- Rows of plot.attention as rows of a sheet (report/sheet.lua): the image, then it once per word.
function heat.attention_rows(rows)
  local list, colors = {}, color_table()
  for i, row in ipairs(rows) do
    check_row(i, row)
    local weights, images = scaled(row), {{image = row.image}}
    local height, width = row.image.shape[2], row.image.shape[3]
    local picture = paint.fit(row.image, math.max(height, width, LEAST))
    for t, word in ipairs(row.words) do
      local map = weights[t]:reshape(row.grid[1], row.grid[2])
      images[t + 1] = {image = overlay(picture, map, colors), label = word}
    end
    list[i] = {caption = table.concat(row.words, " "), images = images, unranked = true}
  end
  return list
end

local OPTIONS = {title = "string", note = "string", size = "count", columns = "count"}

local function put_row(sheet, row, y, o, colors)
  local picture, height, width = paint.fit(row.image, o.size)
  local weights = scaled(row)
  local function put(line, column, what, label, color)
    local left, top = MARGIN + 1 + column * (o.size + GAP), y + line * (o.size + 3 * LINE)
    image.paste(sheet, what, left + (o.size - width) // 2, top + (o.size - height) // 2)
    local scale = image.text_size(label, 2) <= o.size and 2 or 1
    image.draw_text(sheet, left, top + o.size + 4, paint.shorten(label, o.size, scale),
      {scale = scale, color = color})
  end
  put(0, 0, picture, "the picture", FAINT)
  for t, word in ipairs(row.words) do
    local per_line = o.columns - 1 -- the cells below the image stay empty
    local map = weights[t]:reshape(row.grid[1], row.grid[2])
    put((t - 1) // per_line, (t - 1) % per_line + 1, overlay(picture, map, colors), word, TEXT)
  end
end

--- Writes attention maps: for each row the image, then one panel per word, coloured where the
-- word's weights are large.
---@param path string  .png or .jpg
---@param rows table[]  each {image = uint8 [3,H,W], words = {text, …}, weights = float [T,R],
---  grid = {height, width} of the R regions}
---@param options table?  title, note, size of an image in pixels (112), columns (8)
---@return boolean? ok
---@return string? message  when the file cannot be written
function heat.attention(path, rows, given)
  local o = options.read("plot.attention", given, {size = 112, columns = 8}, OPTIONS)
  if check.list("plot.attention", "rows", rows) == 0 then
    check.fail("plot.attention", "rows is empty, expected at least 1")
  end
  for i, row in ipairs(rows) do check_row(i, row) end
  local inner, places, y = o.columns * (o.size + GAP) - GAP, {}, MARGIN
  local note = o.note and paint.wrap(o.note, inner, 1) or {}
  local top = y
  if o.title then y = y + 3 * LINE + 10 end
  local below = y
  y = y + #note * LINE + (#note > 0 and 8 or 0)
  for i, row in ipairs(rows) do
    places[i] = y
    y = y + 14 + math.max(1, -(-#row.words // (o.columns - 1))) * (o.size + 3 * LINE)
  end
  local sheet = image.canvas({y + MARGIN, inner + 2 * MARGIN})
  if o.title then
    image.draw_text(sheet, MARGIN + 1, top, paint.shorten(o.title, inner, 3),
      {scale = 3, color = TEXT})
  end
  image.draw_text(sheet, MARGIN + 1, below - 8, table.concat(note, "\n"), {color = FAINT})
  local colors = color_table()
  for i, row in ipairs(rows) do
    image.draw_box(sheet, MARGIN + 1, places[i], {1, inner}, {color = RULE})
    put_row(sheet, row, places[i] + 14, o, colors)
  end
  return image.save(path, sheet)
end

-- ---- confusion ----------------------------------------------------------------------------------

-- The colour of a cell, from white (0) to blue (1).
local function shade(share)
  local function mix(from, to) return math.floor(from + share * (to - from) + 0.5) end
  return ("#%02x%02x%02x"):format(mix(255, 30), mix(255, 64), mix(255, 175))
end

local CELL = '<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>'

local function put_cells(out, counts, left, top, size)
  for i, row in ipairs(counts) do
    local total = 0
    for _, n in ipairs(row) do total = total + n end
    for j, n in ipairs(row) do
      local share = total > 0 and n / total or 0
      local x, y = left + (j - 1) * size, top + (i - 1) * size
      out[#out + 1] = text.format(CELL, x, y, size - 1, size - 1,
        n == 0 and "#f8fafc" or shade(share))
      if n > 0 then
        out[#out + 1] = svg.text(x + size / 2, y + size / 2 + 4, size < 24 and 9 or 12,
          text.format("%s", n), ('text-anchor="middle" fill="%s"'):format(
          share > 0.45 and "#ffffff" or svg.INK))
      end
    end
  end
end

--- Writes a confusion matrix as SVG: rows are classes, columns predictions; a cell shows its count,
-- and its shade is the fraction of its row.
---@param path string
---@param counts any  int64 [C,C] of metrics.confusion
---@param classes string[]
---@param options table?  title
---@return boolean? ok
---@return string? message  when the file cannot be written
function heat.confusion(path, counts, classes, given)
  local title = options.read("plot.confusion", given, {}, {title = "string"}).title
  local n = check.list("plot.confusion", "classes", classes)
  if n == 0 or not check.has_shape(counts, n, n) then
    check.fail("plot.confusion", "counts is %s, expected [%d,%d], the number of classes",
      text.kind(counts), n, n)
  end
  local size, widest = n <= 12 and 42 or n <= 24 and 30 or 21, 0
  for _, name in ipairs(classes) do widest = math.max(widest, svg.width(name, 13)) end
  local left, top = 24 + widest + 30, (title and 44 or 16) + 22 + widest * 0.75
  local width, height = left + n * size + 24 + widest * 0.7, top + n * size + 24
  local out = {svg.head(width, height)}
  local ink = ('fill="%s"'):format(svg.INK)
  local soft = ('text-anchor="middle" fill="%s"'):format(svg.SOFT)
  if title then out[2] = svg.text(24, 31, 17, title, 'font-weight="bold" ' .. ink) end
  for i, name in ipairs(classes) do
    local x, y = left + (i - 0.5) * size, top + (i - 0.5) * size
    out[#out + 1] = svg.text(left - 8, y + 4, 13, name, 'text-anchor="end" ' .. ink)
    out[#out + 1] = svg.text(x - 2, top - 8, 13, name,
      text.format('transform="rotate(-45 %.1f %.1f)" %s', x - 2, top - 8, ink))
  end
  local middle = top + n * size / 2
  out[#out + 1] = svg.text(18, middle, 12, "label",
    text.format('transform="rotate(-90 18 %.1f)" %s', middle, soft))
  out[#out + 1] = svg.text(left + n * size / 2, height - 6, 12, "prediction", soft)
  put_cells(out, counts:tolist(), left, top, size)
  out[#out + 1] = "</svg>\n"
  return file.write(path, table.concat(out, "\n"))
end

return heat
