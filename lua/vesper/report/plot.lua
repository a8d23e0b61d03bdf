--- Figures for reports: line charts as SVG, contact sheets as PNG; heat.lua has the matrices.
--
-- SVG is text created here; contact sheets are drawn with vs.image.  Files are written to a
-- temporary name and renamed, so that a viewer never sees an incomplete one.

local image = require("vesper.core").image
local heat = require "vesper.report.heat"
local paint = require "vesper.report.paint"
local svg = require "vesper.report.svg"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local options = require "vesper.util.options"
local text_util = require "vesper.util.text"

local plot = {attention = heat.attention, confusion = heat.confusion}

-- In this order also distinguishable with colour blindness.
local PALETTE = {
  "#2563eb", "#e4572e", "#0f9d6c", "#9333ea", "#d99a00", "#0891b2", "#be185d", "#64748b",
}
local INK, SOFT, GRID = svg.INK, svg.SOFT, svg.GRID

-- --- numbers ---

local function finite(v) return v == v and v ~= math.huge and v ~= -math.huge end

--- A round step (1, 2 or 5 times a power of ten) that divides [low, high] into at most `most`
--- parts.
local function nice_step(low, high, most)
  local raw = (high - low) / most
  local power = 10 ^ math.floor(math.log(raw, 10))
  for _, digit in ipairs {1, 2, 5, 10} do
    if digit * power >= raw * (1 - 1e-9) then return digit * power end
  end
end

local function ticks(low, high, step)
  local list = {}
  for i = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) do
    list[#list + 1] = i * step
  end
  return list
end

--- A label with as many decimals as the step needs, with trailing zeros so that labels line up.
local function tick_label(v, step)
  if step >= 1e6 or (step < 1e-4 and step > 0) then return text_util.format("%.3g", v) end
  local decimals = math.max(0, -math.floor(math.log(step, 10) + 1e-9))
  local text = text_util.format("%." .. decimals .. "f", v)
  return tonumber(text) == 0 and text:gsub("-", "") or text
end

-- --- series ---

--- {name, points = {{x, y} ...}}; a value that is not finite interrupts the line.
local function read_series(series)
  local list, any = {}, false
  check.list("plot.lines", "series", series)
  for i, s in ipairs(series) do
    if type(s) ~= "table" or type(s.y) ~= "table" then
      check.fail("plot.lines", "series %d: y is %s, expected a list of numbers", i,
        type(s) == "table" and text_util.kind(s.y) or "missing")
    end
    check.list("plot.lines", ("series %d: y"):format(i), s.y)
    if s.x then check.list("plot.lines", ("series %d: x"):format(i), s.x) end
    if s.x and #s.x ~= #s.y then
      check.fail("plot.lines", "series %d: x has %d entries, expected %d, as in y", i, #s.x, #s.y)
    end
    local points = {}
    for k, y in ipairs(s.y) do
      points[k] = {s.x and s.x[k] or k, y}
      any = any or finite(y)
    end
    list[i] = {name = tostring(s.name or i), points = points}
  end
  if not any then check.fail("plot.lines", "series has no finite value, expected at least 1") end
  return list
end

local function range(list, axis)
  local low, high, whole = math.huge, -math.huge, true
  for _, s in ipairs(list) do
    for _, p in ipairs(s.points) do
      if finite(p[1]) and finite(p[2]) then
        low, high = math.min(low, p[axis]), math.max(high, p[axis])
        whole = whole and p[axis] == math.floor(p[axis])
      end
    end
  end
  return low, high, whole
end

--- Widens the range to multiples of the step, so that all values are between the outer grid lines.
local function y_axis(list, o)
  local low, high = range(list, 2)
  low, high = o.y_min or low, o.y_max or high
  if low > high then
    check.fail("plot.lines", "y_min is %g, expected at most y_max, %g", low, high)
  end
  if high - low < 1e-12 * math.max(1, math.abs(high)) then
    local pad = math.max(math.abs(low) * 0.1, 1e-6)
    low, high = low - pad, high + pad
  end
  local step = nice_step(low, high, 8)
  low = o.y_min or math.floor(low / step + 1e-9) * step
  high = o.y_max or math.ceil(high / step - 1e-9) * step
  return {low = low, high = high, step = step}
end

local function x_axis(list)
  local low, high, whole = range(list, 1)
  if high == low then low, high = low - 1, high + 1 end
  local step = nice_step(low, high, 10)
  if whole then step = math.max(1, step) end
  return {low = low, high = high, step = step}
end

-- --- SVG ---

--- Adds rows of colours and names; returns their height.
local function put_legend(out, list, left, top, right)
  if #list < 2 then return 0 end
  local x, y = left, top
  for i, s in ipairs(list) do
    local width = 28 + svg.width(s.name, 13) + 18
    if x > left and x + width > right then x, y = left, y + 20 end
    out[#out + 1] = text_util.format(
      '<rect x="%.1f" y="%.1f" width="18" height="4" rx="2" fill="%s"/>', x, y + 6,
      PALETTE[(i - 1) % #PALETTE + 1])
    out[#out + 1] = svg.text(x + 25, y + 12.5, 13, s.name, ('fill="%s"'):format(INK))
    x = x + width
  end
  return y - top + 26
end

local function put_axes(out, box, x, y, o)
  for _, v in ipairs(ticks(y.low, y.high, y.step)) do
    local at = box.y(v)
    out[#out + 1] = svg.line(box.left, at, box.right, at, GRID)
    out[#out + 1] = svg.text(box.left - 9, at + 4, 12, tick_label(v, y.step),
      ('text-anchor="end" fill="%s"'):format(SOFT))
  end
  for _, v in ipairs(ticks(x.low, x.high, x.step)) do
    local at = box.x(v)
    out[#out + 1] = svg.line(at, box.bottom, at, box.bottom + 5, "#9ca3af")
    out[#out + 1] = svg.text(at, box.bottom + 20, 12, tick_label(v, x.step),
      ('text-anchor="middle" fill="%s"'):format(SOFT))
  end
  out[#out + 1] = svg.line(box.left, box.bottom, box.right, box.bottom, "#9ca3af")
  if o.x_label then
    out[#out + 1] = svg.text((box.left + box.right) / 2, box.bottom + 42, 13, o.x_label,
      ('text-anchor="middle" fill="%s"'):format(INK))
  end
  if o.y_label then
    local middle = (box.top + box.bottom) / 2
    out[#out + 1] = svg.text(20, middle, 13, o.y_label,
      text_util.format('text-anchor="middle" fill="%s" transform="rotate(-90 20 %.1f)"', INK,
        middle))
  end
end

local function put_dot(out, box, p, color)
  local tag = '<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>'
  out[#out + 1] = text_util.format(tag, box.x(p[1]), box.y(p[2]), color)
end

local POLYLINE = '<polyline points="%s" fill="none" stroke="%s" stroke-width="2.2" '
  .. 'stroke-linejoin="round" stroke-linecap="round"/>'

--- Draws the line in pieces between values that are not finite; short lines get a dot per point.
local function put_series(out, box, points, color)
  local piece, before = {}, #out
  local function flush()
    if #piece > 1 then out[#out + 1] = POLYLINE:format(table.concat(piece, " "), color) end
    piece = {}
  end
  for _, p in ipairs(points) do
    if finite(p[1]) and finite(p[2]) then
      piece[#piece + 1] = text_util.format("%.1f,%.1f", box.x(p[1]), box.y(p[2]))
    else
      flush()
    end
  end
  flush()
  for _, p in ipairs(points) do
    local shown = #points <= 30 or #out == before
    if shown and finite(p[1]) and finite(p[2]) then put_dot(out, box, p, color) end
  end
end

local LINE_OPTIONS = {title = "string", x_label = "string", y_label = "string", width = "positive",
  height = "positive", y_min = "finite", y_max = "finite"}

local CLIP = '<clipPath id="inside"><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"/></clipPath>'

--- Writes a line chart as SVG.
---@param path string
---@param series table[]  each {name = "train", y = {…}, x = {…} or nil for 1, 2, …}
---@param options table?  title, x_label, y_label, width (720), height (430), y_min, y_max
---@return boolean? ok
---@return string? message  when the file cannot be written
function plot.lines(path, series, given)
  local o = options.read("plot.lines", given, {width = 720, height = 430}, LINE_OPTIONS)
  local list = read_series(series)
  local width, height = o.width, o.height
  local x, y = x_axis(list), y_axis(list, o)

  local widest = 0
  for _, v in ipairs(ticks(y.low, y.high, y.step)) do
    widest = math.max(widest, svg.width(tick_label(v, y.step), 12))
  end
  local box = {right = width - 26, top = 22, bottom = height - (o.x_label and 58 or 36)}
  box.left = widest + (o.y_label and 46 or 26)
  local out = {svg.head(width, height)}
  if o.title then
    local style = ('font-weight="bold" fill="%s"'):format(INK)
    out[#out + 1] = svg.text(box.left, 31, 17, o.title, style)
    box.top = 52
  end
  box.top = box.top + put_legend(out, list, box.left, box.top - 8, box.right)
  function box.x(v) return box.left + (v - x.low) / (x.high - x.low) * (box.right - box.left) end
  function box.y(v) return box.bottom - (v - y.low) / (y.high - y.low) * (box.bottom - box.top) end

  put_axes(out, box, x, y, o)
  out[#out + 1] = text_util.format(CLIP, box.left - 5, box.top - 5, box.right - box.left + 10,
    box.bottom - box.top + 10)
  out[#out + 1] = '<g clip-path="url(#inside)">'
  for i, s in ipairs(list) do put_series(out, box, s.points, PALETTE[(i - 1) % #PALETTE + 1]) end
  out[#out + 1] = "</g>"
  out[#out + 1] = "</svg>\n"
  return file.write(path, table.concat(out, "\n"))
end

-- --- contact sheets ---

local RIGHT, WRONG, NEUTRAL = {22, 163, 74}, {220, 38, 38}, {203, 208, 216}
local TEXT, FAINT, RULE = {31, 41, 55}, {107, 114, 128}, {229, 231, 235}
local MARGIN, GAP, FRAME, LINE = 20, 12, 4, 12

--- Draws frame, image and a label that starts with the rank; x, y is the frame's top left corner.
local function put_cell(sheet, cell, rank, x, y, size)
  local outer = size + 2 * FRAME
  local color = cell.correct == nil and NEUTRAL or cell.correct and RIGHT or WRONG
  image.draw_box(sheet, x, y, {outer, outer}, {color = {255, 255, 255}})
  local picture, height, width = paint.fit(cell.image, size)
  image.paste(sheet, picture, x + FRAME + (size - width) // 2, y + FRAME + (size - height) // 2)
  image.draw_box(sheet, x, y, {outer, outer}, {color = color, frame = FRAME})
  local label = cell.label and rank .. "  " .. cell.label or tostring(rank)
  image.draw_text(sheet, x + 1, y + outer + 5, paint.shorten(label, outer, 1), {color = FAINT})
end

local SHEET_OPTIONS = {title = "string", size = "count", note = "string"}

--- Heights and wrapped captions of all rows, and the sheet's size.
local function lay_out(rows, o)
  local cells = 1
  for i, row in ipairs(rows) do
    if type(row.images) ~= "table" then
      check.fail("plot.contact_sheet", "row %d: images is %s, expected a list", i,
        text_util.kind(row.images))
    end
    cells = math.max(cells,
      check.list("plot.contact_sheet", ("row %d: images"):format(i), row.images))
  end
  for i, row in ipairs(rows) do
    for rank, cell in ipairs(row.images) do
      local picture = type(cell) == "table" and cell.image
      if not check.has_shape(picture, 3, false, false) or picture.dtype ~= "uint8" then
        check.fail("plot.contact_sheet",
          "row %d, entry %d of images is %s, expected {image = uint8 [3,H,W]}", i, rank,
          type(cell) == "table" and "a table whose image is " .. text_util.kind(cell.image)
          or text_util.kind(cell))
      end
    end
  end
  local outer = o.size + 2 * FRAME
  local inner = math.max(cells * (outer + GAP) - GAP, 320)
  local places, y = {}, MARGIN
  if o.title then y = y + 3 * LINE + 10 end
  if o.note then y = y + #paint.wrap(o.note, inner, 1) * LINE + 8 end
  for i, row in ipairs(rows) do
    local lines = paint.wrap(tostring(row.caption or ""), inner, 2)
    places[i] = {y = y, lines = lines}
    y = y + 14 + #lines * 2 * LINE + 6 + outer + 5 + LINE + 12
  end
  return places, {y - 12 + MARGIN, inner + 2 * MARGIN}, inner
end

--- Writes a grid of images with one row per query: the caption, then the retrieved images, best
--- first.  Correct images have a green frame, wrong ones a red one, others a grey one.
---@param path string  .png or .jpg
---@param rows table[]  each {caption = text, images = {{image = uint8 [3,H,W], correct = boolean?,
---  label = text?}, …}}
---@param options table?  title, note (in small print), size of an image in pixels (104)
---@return boolean? ok
---@return string? message  when the file cannot be written
function plot.contact_sheet(path, rows, given)
  local o = options.read("plot.contact_sheet", given, {size = 104}, SHEET_OPTIONS)
  if check.list("plot.contact_sheet", "rows", rows) == 0 then
    check.fail("plot.contact_sheet", "rows is empty, expected at least 1")
  end
  local size = o.size
  local places, extent, inner = lay_out(rows, o)
  local sheet = image.canvas(extent)
  local y = MARGIN
  if o.title then
    local title = paint.shorten(o.title, inner, 3)
    image.draw_text(sheet, MARGIN + 1, y, title, {scale = 3, color = TEXT})
    y = y + 3 * LINE + 10
  end
  if o.note then
    local note = table.concat(paint.wrap(o.note, inner, 1), "\n")
    image.draw_text(sheet, MARGIN + 1, y - 8, note, {color = FAINT})
  end
  for i, row in ipairs(rows) do
    local place = places[i]
    image.draw_box(sheet, MARGIN + 1, place.y, {1, inner}, {color = RULE})
    y = place.y + 14
    local caption = table.concat(place.lines, "\n")
    image.draw_text(sheet, MARGIN + 1, y, caption, {scale = 2, color = TEXT})
    y = y + #place.lines * 2 * LINE + 6
    for rank, cell in ipairs(row.images) do
      put_cell(sheet, cell, rank, MARGIN + 1 + (rank - 1) * (size + 2 * FRAME + GAP), y, size)
    end
  end
  return image.save(path, sheet)
end

return plot
