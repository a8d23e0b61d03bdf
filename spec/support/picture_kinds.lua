-- Small pictures of every kind that vs.image reads, by name: the bytes of files that no encoder at
-- hand writes.  spec/golden/picture_kinds.py writes what Pillow reads from them.
local pictures = require "spec.support.pictures"

local kinds = {}

-- n bytes that depend on the seed only.
local function noise(n, seed)
  local bytes = {}
  for i = 1, n do
    seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
    bytes[i] = string.char(seed >> 16 & 255)
  end
  return table.concat(bytes)
end

-- ---- PNG: every colour type and depth, every filter, plain and interlaced -----------------------

local WHOLE = {{0, 0, 1, 1}}
local ADAM7 = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2},
  {0, 1, 1, 2}}
local VALUES = {[0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4}

local function png(kind, bits, interlaced, chunks)
  local rows, n, width, height = {}, 0, 13, 11
  for _, pass in ipairs(interlaced and ADAM7 or WHOLE) do
    local w = (width - pass[1] + pass[3] - 1) // pass[3]
    local h = (height - pass[2] + pass[4] - 1) // pass[4]
    for _ = 1, w > 0 and h or 0 do
      rows[#rows + 1] = string.char(n % 5) .. noise((w * VALUES[kind] * bits + 7) // 8, n + 7)
      n = n + 1
    end
  end
  return pictures.png{width = width, height = height, bits = bits, kind = kind, chunks = chunks,
    interlaced = interlaced, rows = table.concat(rows)}
end

for _, k in ipairs {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {2, 8}, {2, 16}, {3, 1}, {3, 2}, {3, 4}, {3, 8},
  {4, 8}, {4, 16}, {6, 8}, {6, 16}} do
  local kind, bits = k[1], k[2]
  -- palettes are shorter than 2^bits, and their transparency than them
  local colors = math.max((1 << bits) - 2, 1)
  local chunks = kind == 3 and {{"PLTE", noise(3 * colors, 5)}, {"tRNS", noise(1, 9)}}
  for _, interlaced in ipairs {false, true} do
    kinds[("kind%d_%d%s.png"):format(kind, bits, interlaced and "i" or "")] =
      png(kind, bits, interlaced, chunks or {})
  end
end
kinds["one_color.png"] = pictures.png{width = 4, height = 1, kind = 3, rows = "\0\0\1\7\255",
  chunks = {{"PLTE", "\200\100\50"}}}
kinds["key.png"] = pictures.png{width = 3, height = 1, rows = "\0\1\2\3\4\5\6\4\5\7",
  chunks = {{"tRNS", string.pack(">I2I2I2", 4, 5, 6)}}}
kinds["grey_key.png"] = pictures.png{width = 3, height = 1, kind = 0, rows = "\0\9\80\81",
  chunks = {{"tRNS", string.pack(">I2", 80)}}}
kinds["bit_key.png"] = pictures.png{width = 4, height = 1, kind = 0, bits = 1, rows = "\0\x50",
  chunks = {{"tRNS", string.pack(">I2", 1)}}}
kinds["goes_on.png"] = pictures.png{width = 1, height = 1, data = pictures.zeros(5000)}

-- ---- BMP ----------------------------------------------------------------------------------------

local function bmp(name, o) kinds[name .. ".bmp"] = pictures.bmp(o) end

local COLORS = "\10\20\30\0\40\50\60\0\70\80\90\0"
local ROWS24 = "\1\2\3\4\5\6\0\0\7\8\9\10\11\12\0\0"
bmp("one_color", {width = 3, height = 2, bits = 8, colors = 1, palette = "\10\20\30\0",
  rows = "\0\1\2\0\1\0\255\0"})
bmp("core", {header = 12, width = 3, height = 1, bits = 1, palette = "\10\20\30\40\50\60",
  rows = "\xA0\0\0\0"})
bmp("core24", {header = 12, width = 2, height = 2, bits = 24, rows = ROWS24})
bmp("from_above", {width = 2, height = -2, bits = 24, rows = ROWS24})
bmp("gap", {width = 2, height = 2, bits = 24, gap = "abcdefgh", rows = ROWS24})
bmp("header_only", {width = 3, height = 1, bits = 8, colors = 3, palette = COLORS, pixels = 54,
  rows = "\0\1\2\0"})
bmp("unpadded", {width = 3, height = 2, bits = 8, colors = 3, palette = COLORS,
  rows = "\0\1\2\0\2\1\0"})
bmp("v5", {header = 124, width = 2, height = 2, bits = 24, rows = ROWS24})
bmp("os2", {header = 64, width = 2, height = 2, bits = 24, rows = ROWS24})
bmp("bit", {width = 3, height = 1, bits = 1, palette = COLORS:sub(1, 8), rows = "\xA0\0\0\0"})
bmp("four_bits", {width = 3, height = 1, bits = 4, palette = COLORS, colors = 3,
  rows = "\x10\x20\0\0"})
bmp("bits16", {width = 2, height = 1, bits = 16, rows = string.pack("<I2I2", 0x7C1F, 0x1234)})
bmp("bits565", {width = 2, height = 1, bits = 16, packing = 3, header = 52,
  masks = string.pack("<I4I4I4", 0xF800, 0x7E0, 0x1F), rows = string.pack("<I2I2", 0x7C1F, 0x1234)})
bmp("bits32", {width = 2, height = 1, bits = 32, rows = "\1\2\3\4\5\6\7\8"})
bmp("alpha", {width = 2, height = 1, bits = 32, packing = 3, header = 56, rows = "\1\2\3\4\5\6\7\8",
  masks = string.pack("<I4I4I4I4", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)})
bmp("rle4", {width = 4, height = 2, bits = 4, packing = 2, palette = COLORS,
  rows = "\4\x12\0\0\0\4\x01\x21\0\1"})
bmp("rle8", {width = 4, height = 2, bits = 8, packing = 1, palette = COLORS,
  rows = "\3\1\1\2\0\0\0\4\0\1\2\1\0\1"})

-- ---- GIF ----------------------------------------------------------------------------------------

local FOUR = "\255\0\0\0\255\0\0\0\255\16\32\48"
kinds["interlaced.gif"] = pictures.gif{width = 1, height = 9, global = FOUR, interlaced = true,
  indices = {0, 1, 2, 3, 0, 1, 2, 3, 0}}
kinds["own_colors.gif"] = pictures.gif{width = 2, height = 1, global = FOUR, indices = {0, 1},
  colors = "\1\2\3\4\5\6"}
kinds["part.gif"] = pictures.gif{width = 3, height = 2, global = FOUR, x = 1, y = 1, w = 1, h = 1,
  indices = {2}}
kinds["transparent.gif"] = pictures.gif{width = 3, height = 2, background = 2, transparent = 1,
  global = FOUR, x = 1, y = 1, w = 2, h = 1, indices = {2, 1}}
kinds["two_colors.gif"] = pictures.gif{width = 3, height = 1, global = "\9\8\7\1\2\3",
  indices = {0, 1, 3}}
kinds["larger.gif"] = pictures.gif{width = 1, height = 1, global = FOUR, x = 1, w = 2, h = 1,
  indices = {1, 3}}
kinds["no_colors.gif"] = pictures.gif{width = 2, height = 1, indices = {1, 3}}

-- ---- JPEG ---------------------------------------------------------------------------------------

local FLAT = {{200, 100, 50, 220}, {50, 128, 140, 128}, {0, 255, 128, 255}}
local function flat(components, ...)
  return pictures.jpeg{width = 24, height = 8, components = components, segments = {...},
    value = function(c, x) return FLAT[x][c] end}
end
kinds["cmyk.jpg"] = flat(4)
kinds["adobe_cmyk.jpg"] = flat(4, pictures.adobe(0))
kinds["adobe_ycck.jpg"] = flat(4, pictures.adobe(2))
kinds["adobe_rgb.jpg"] = flat(3, pictures.adobe(0))
kinds["ycbcr.jpg"] = flat(3)
kinds["progressive.jpg"] = pictures.progressive(40, 33, 4)
for o = 1, 8 do
  kinds[("exif%d.jpg"):format(o)] = pictures.jpeg{width = 16, height = 24, components = 1,
    segments = {{0xE1, pictures.exif(o, o % 2 == 0)}},
    value = function(_, x, y) return 10 * x + 40 * y end}
end
kinds["exif6.png"] = pictures.png{width = 3, height = 2, kind = 0, rows = "\0\1\2\3\0\4\5\6",
  chunks = {{"eXIf", pictures.exif(6):sub(7)}}}

return kinds
