-- show(x): a picture, a batch of pictures or a curve in the terminal; a file where there is none.
--
--   show(image)            uint8 or float [3,H,W], [1,H,W] or [H,W]; also a sample or a batch of a
--                          data set, or a batch [B,C,H,W]
--   show(history)          of train.fit: loss and score by epoch
--   show(list)             numbers, or a tensor of one dimension: a curve
--   show(x, "a.png")       the picture as PNG, or the curve as SVG, into that file
--
-- A cell of the terminal shows two pixels: the half block in the colour of the upper one, on the
-- colour of the lower one. A curve is drawn with the dots of Braille, two by four in a cell.
local vs = require "vesper"
local core = require "vesper.core"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local image = core.image

local MOST = 64      -- pictures of a batch
local ROWS = 16      -- cells of a curve's height
local SMALL = 48     -- cells across a picture of a batch, at most

local function fail(...) check.fail("show", ...) end

-- ---- pictures -----------------------------------------------------------------------------------

-- A tensor [C,H,W] of any dtype as uint8 [3,H,W]. Values of float tensors go from their least to
-- their largest, unless they are in 0 .. 1.
local function as_picture(x)
  x = x:detach()
  if x.ndim == 2 then x = x:reshape(1, x.shape[1], x.shape[2]) end
  if x.dtype ~= "uint8" then
    x = x:float()
    local low, high = x:min():item(), x:max():item()
    if low < 0 or high > 1 then x = (x - low) / math.max(high - low, 1e-12) end
    x = (x * 255 + 0.5):clamp(0, 255):to "uint8"
  end
  if x.shape[1] == 1 then x = vs.cat({x, x, x}, 1) end
  return x
end

local function is_picture(x)
  return x.ndim == 3 and (x.shape[1] == 1 or x.shape[1] == 3) or x.ndim == 2
end

local function is_batch(x) return x.ndim == 4 and (x.shape[2] == 1 or x.shape[2] == 3) end

-- The picture at most this wide and high, with its aspect ratio; small ones stay as they are.
local function fitted(picture, width, height)
  local h, w = picture.shape[2], picture.shape[3]
  local scale = math.min(width / w, height / h, 1)
  if scale == 1 then return picture end
  return image.resize(picture, {math.max(1, math.floor(h * scale + 0.5)),
    math.max(1, math.floor(w * scale + 0.5))}, "bilinear")
end

-- Pictures in rows, as one.
local function grid(list, width)
  local across = math.max(1, math.min(#list, width // (list[1].shape[3] + 2)))
  return image.grid(list, {columns = across, padding = 2})
end

local function batch_pictures(x)
  local list = {}
  for i = 1, math.min(#x, MOST) do list[i] = as_picture(x[i]) end
  return list
end

-- ---- the terminal -------------------------------------------------------------------------------

local UPPER = "\u{2580}"

local function rgb(planes, y, x)
  return planes[1][y][x] // 1, planes[2][y][x] // 1, planes[3][y][x] // 1
end

-- A picture as lines of half blocks.
local function blocks(picture)
  local planes, lines = picture:long():tolist(), {}
  local h, w = picture.shape[2], picture.shape[3]
  for y = 1, h, 2 do
    local parts = {}
    for x = 1, w do
      local r, g, b = rgb(planes, y, x)
      local below = "\27[49m"
      if y < h then below = ("\27[48;2;%d;%d;%dm"):format(rgb(planes, y + 1, x)) end
      parts[x] = ("\27[38;2;%d;%d;%dm%s%s"):format(r, g, b, below, UPPER)
    end
    lines[#lines + 1] = table.concat(parts) .. "\27[0m"
  end
  return table.concat(lines, "\n") .. "\n"
end

-- ---- curves -------------------------------------------------------------------------------------

local function finite(y) return y == y and math.abs(y) ~= math.huge end

local function range_of(series)
  local low, high, longest = math.huge, -math.huge, 0
  for _, s in ipairs(series) do
    longest = math.max(longest, #s.y)
    for _, y in ipairs(s.y) do
      if finite(y) then low, high = math.min(low, y), math.max(high, y) end
    end
  end
  if low > high then return 0, 1, longest end
  if low == high then low, high = low - 0.5, high + 0.5 end
  return low, high, longest
end

local DOT = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}} -- [column][row] of a cell

-- Sets the dots between two points, so that steep curves do not break.
local function stroke(cells, x0, y0, x1, y1)
  local steps = math.max(math.abs(x1 - x0), math.abs(y1 - y0), 1)
  for i = 0, steps do
    local x = math.floor(x0 + (x1 - x0) * i / steps + 0.5)
    local y = math.floor(y0 + (y1 - y0) * i / steps + 0.5)
    local row = cells[y // 4 + 1]
    row[x // 2 + 1] = (row[x // 2 + 1] or 0) | DOT[x % 2 + 1][y % 4 + 1]
  end
end

-- One series as lines of text with its range at the left.
local function curve(s, columns)
  local low, high, n = range_of {s}
  local label = {text.format("%.4g", high), text.format("%.4g", low)}
  local margin = math.max(#label[1], #label[2])
  local wide, tall = 2 * (columns - margin - 2), 4 * ROWS
  local cells, px, py = {}, nil, nil
  for i = 1, ROWS do cells[i] = {} end
  for i, v in ipairs(s.y) do
    if finite(v) then
      local x = n == 1 and 0 or (i - 1) * (wide - 1) // (n - 1)
      local y = math.floor((high - v) / (high - low) * (tall - 1) + 0.5)
      stroke(cells, px or x, py or y, x, y)
      px, py = x, y
    else
      px, py = nil, nil
    end
  end
  local lines = {s.name ~= "" and s.name or nil}
  for i, row in ipairs(cells) do
    local parts = {}
    for c = 1, wide // 2 do parts[c] = row[c] and utf8.char(0x2800 + row[c]) or " " end
    local mark = i == 1 and label[1] or i == ROWS and label[2] or ""
    local line = (" "):rep(margin - #mark) .. mark .. " \u{2502}" .. table.concat(parts)
    lines[#lines + 1] = (line:gsub(" +$", ""))
  end
  lines[#lines + 1] = (" "):rep(margin + 2) .. ("1 .. %d"):format(n)
  return table.concat(lines, "\n") .. "\n"
end

local function numbers(list)
  if #list == 0 then return false end
  for _, v in ipairs(list) do
    if type(v) ~= "number" then return false end
  end
  return true
end

-- The curves of a history of train.fit.
local function history_series(history)
  local loss, score = {name = "loss", y = {}}, {name = "score", y = {}}
  for i, entry in ipairs(history) do loss.y[i], score.y[i] = entry.loss, entry.score end
  return numbers(score.y) and {loss, score} or {loss}
end

-- ---- what is to be shown ------------------------------------------------------------------------

-- Series that have a finite number, for a curve.
local function with_numbers(series)
  for _, s in ipairs(series) do
    for _, y in ipairs(s.y) do
      if finite(y) then return series, "curve" end
    end
  end
  fail "a curve needs a finite number"
end

-- A list of pictures or a list of series, and which.
local function read(x)
  if core.is_tensor(x) then
    if x.ndim == 1 and x:numel() > 0 then
      return with_numbers {{name = "", y = x:float():tolist()}}
    end
    if x:numel() > 0 and is_batch(x) then return batch_pictures(x), "pictures" end
    if x:numel() > 0 and is_picture(x) then return {as_picture(x)}, "pictures" end
  elseif type(x) == "table" then
    if core.is_tensor(rawget(x, "image")) then return read(x.image) end
    if type(x[1]) == "table" and type(x[1].loss) == "number" then
      return with_numbers(history_series(x))
    end
    if numbers(x) then return with_numbers {{name = "", y = x}} end
  end
  fail("%s is no picture [3,H,W], batch [B,3,H,W], history or list of numbers", text.value(x))
end

-- A name for a file that is not there yet.
local function free_name(kind)
  for i = 1, 10000 do
    local path = ("show-%d.%s"):format(i, kind)
    if not require "vesper.util.file".exists(path) then return path end
  end
end

local function write_file(list, kind, path)
  local ok, why
  if path and kind == "curve" and not path:lower():find "%.svg$" then
    fail("the file of a curve ends in .svg, '%s' does not", path)
  end
  path = path or free_name(kind == "curve" and "svg" or "png")
  if kind == "curve" then
    ok, why = vs.plot.lines(path, list)
  else
    ok, why = image.save(path, #list == 1 and list[1] or image.grid(list, {padding = 2}))
  end
  if not ok then core._raise("show: " .. why) end
  print("show: " .. path)
end

local function draw(list, kind, columns, rows)
  if kind == "curve" then
    for _, s in ipairs(list) do io.write(curve(s, columns)) end
    return
  end
  local picture = list[1]
  if #list > 1 then
    local side = math.min(SMALL, math.max(8, columns // math.min(#list, 8) - 2))
    for i, one in ipairs(list) do list[i] = fitted(one, side, side) end
    picture = grid(list, columns)
  end
  io.write(blocks(fitted(picture, columns, 2 * (rows - 2))))
end

--- Draws a picture, a batch or a curve; see above.
return function(x, path)
  local list, kind = read(x)
  local columns, rows = core._terminal_size()
  local term = os.getenv "TERM"
  if path or not columns or term == nil or term == "dumb" then
    return write_file(list, kind, path)
  end
  draw(list, kind, columns, rows)
end
