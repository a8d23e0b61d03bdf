-- Helpers for drawing images: text and images that fit a width.
local image = require("vesper.core").image

local paint = {}

--- Cuts a text to a width in pixels; a text that is cut ends in two dots.
function paint.shorten(text, width, scale)
  if image.text_size(text, scale) <= width then return text end
  for n = utf8.len(text) or #text, 1, -1 do
    local cut = text:sub(1, (utf8.offset(text, n) or n) - 1) .. ".."
    if image.text_size(cut, scale) <= width then return cut end
  end
  return ""
end

--- Breaks a text into lines that fit a width in pixels, between words.
function paint.wrap(text, width, scale)
  local lines, line = {}, ""
  for word in text:gmatch("%S+") do
    local longer = line == "" and word or line .. " " .. word
    if line ~= "" and image.text_size(longer, scale) > width then
      lines[#lines + 1] = line
      longer = word
    end
    line = longer
  end
  lines[#lines + 1] = line
  for i, l in ipairs(lines) do lines[i] = paint.shorten(l, width, scale) end
  return lines
end

local function side(picture, from_end) return picture.shape[#picture.shape - from_end] end

--- The image resized to fit a square of this size, with its aspect ratio.
function paint.fit(picture, size)
  local h, w = side(picture, 1), side(picture, 0)
  local scale = math.min(size / h, size / w)
  local height = math.max(1, math.floor(h * scale + 0.5))
  local width = math.max(1, math.floor(w * scale + 0.5))
  return image.resize(picture, {height, width}, "bicubic"), height, width
end

return paint
