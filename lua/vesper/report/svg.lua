-- Helpers for SVG figures: tags as text.
local text_util = require "vesper.util.text"

local svg = {INK = "#1f2937", SOFT = "#6b7280", GRID = "#e5e7eb"}

local FONT = "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\""

--- The estimated width of a text; the viewer's font is unknown.
function svg.width(text, size) return (utf8.len(text) or #text) * size * 0.56 end

function svg.text(x, y, size, text, more)
  local tag = '<text x="%.1f" y="%.1f" font-size="%d" %s>%s</text>'
  return text_util.format(tag, x, y, size, more, text_util.html(text))
end

function svg.line(x1, y1, x2, y2, color)
  local tag = '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>'
  return text_util.format(tag, x1, y1, x2, y2, color)
end

--- The opening tag of a figure of this size, and its white background.
function svg.head(width, height)
  local tag = '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
    .. 'viewBox="0 0 %d %d" %s>\n<rect width="100%%" height="100%%" fill="#ffffff"/>'
  width, height = math.ceil(width), math.ceil(height)
  return tag:format(width, height, width, height, FONT)
end

return svg
