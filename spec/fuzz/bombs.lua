-- Picture files of at most 1 MB that ask for far more time or memory than their bytes suggest: a
-- list of {name, width, height, make}.  make() returns the bytes; width x height is the size that
-- the file states, within the limit on pixels.  quick: small enough for `make test`.
-- spec/fuzz/run_bombs.lua measures them.
local pictures = require "spec.support.pictures"

local MB = 1000000
local SIDE = 8192 -- its square is the limit
local bombs = {}

local function bomb(name, width, height, quick, make)
  bombs[#bombs + 1] = {name = name, width = width, height = height, quick = quick, make = make}
end

-- ---- PNG ----------------------------------------------------------------------------------------

local function zeros_for(width, height, bits) -- of a pixel
  return pictures.zeros(math.ceil(height * (width * bits / 8 + 1) / 1032))
end

bomb("png: 1 x 1, inflates to 1 GB", 1, 1, true, function()
  return pictures.png{width = 1, height = 1, data = pictures.zeros(MB - 200)}
end)
for _, k in ipairs {{2, 8, 24}, {6, 16, 64}, {0, 1, 1}, {4, 16, 32}} do
  for _, interlaced in ipairs {false, true} do
    local name = ("png: largest, colour type %d of %d bits%s"):format(k[1], k[2],
      interlaced and ", interlaced" or "")
    bomb(name, SIDE, SIDE, false, function()
      return pictures.png{width = SIDE, height = SIDE, kind = k[1], bits = k[2],
        interlaced = interlaced, data = zeros_for(SIDE, SIDE, k[3] * (interlaced and 1.01 or 1))}
    end)
  end
end
bomb("png: compressed text", 1, 1, true, function()
  return pictures.png{width = 1, height = 1, rows = "\0abc",
    chunks = {{"zTXt", "bomb\0\0" .. pictures.zeros(MB - 300)}}}
end)
bomb("png: 80,000 chunks", 1, 1, true, function()
  local chunks = {}
  for i = 1, 80000 do chunks[i] = {"teXt", ""} end
  return pictures.png{width = 1, height = 1, rows = "\0abc", chunks = chunks}
end)
bomb("png: says it is the largest", SIDE, SIDE, true, function()
  return pictures.png{width = SIDE, height = SIDE, data = pictures.zeros(1000)}
end)

-- ---- JPEG ---------------------------------------------------------------------------------------

for _, refine in ipairs {false, true} do
  local what = refine and "refining scans" or "scans"
  for _, n in ipairs {30, 1000, 8000} do
    bomb(("jpeg: largest, %d %s"):format(n, what), SIDE, SIDE, false, function()
      return pictures.progressive(SIDE, SIDE, n, refine)
    end)
  end
  bomb(("jpeg: 499 %s of 1400 x 1400"):format(what), 1400, 1400, false, function()
    return pictures.progressive(1400, 1400, 499, refine)
  end)
  bomb(("jpeg: 499 %s of 512 x 512"):format(what), 512, 512, true, function()
    return pictures.progressive(512, 512, 499, refine)
  end)
end
for _, components in ipairs {1, 3, 4} do
  bomb(("jpeg: largest, progressive, %d components"):format(components), SIDE, SIDE, false,
    function() return pictures.progressive(SIDE, SIDE, 1, false, components) end)
end
bomb("jpeg: largest, sequential", SIDE, SIDE, false, function()
  local one = pictures.jpeg{width = 8, height = 8, components = 1,
    value = function() return 128 end}
  local head = one:gsub("\xFF\xC0(...)....", "\xFF\xC0%1" .. string.pack(">I2I2", SIDE, SIDE))
  return head:sub(1, -4) .. ("\0"):rep(SIDE * SIDE // 64 * 5 // 8) .. "\xFF\xD9"
end)
bomb("jpeg: fill bytes", 8, 8, true, function()
  local one = pictures.jpeg{width = 8, height = 8, components = 1, value = function() return 9 end}
  return one:sub(1, 2) .. ("\xFF"):rep(MB - 1000) .. one:sub(4)
end)
bomb("jpeg: 30,000 Huffman tables", 8, 8, true, function()
  local tables = {}
  for i = 1, 30000 do tables[i] = {0xC4, "\0" .. ("\0"):rep(15) .. "\1\0"} end
  return pictures.jpeg{width = 8, height = 8, components = 1, segments = tables,
    value = function() return 9 end}
end)

-- ---- BMP ----------------------------------------------------------------------------------------

bomb("bmp: largest, no runs", SIDE, SIDE, false, function()
  return pictures.bmp{width = SIDE, height = SIDE, bits = 8, packing = 1, gap = "gap",
    rows = "\0\1"}
end)
bomb("bmp: longest rows, skipped", 16384, 4096, false, function()
  return pictures.bmp{width = 16384, height = 4096, bits = 4, packing = 2, gap = "gap",
    rows = ("\0\2\255\0"):rep(240000) .. "\0\1"}
end)
bomb("bmp: runs beyond the row", 16, 16, true, function()
  return pictures.bmp{width = 16, height = 16, bits = 8, packing = 1, gap = "gap",
    rows = ("\255\1"):rep(490000) .. "\0\1"}
end)
bomb("bmp: one bit", 16384, 480, false, function()
  return pictures.bmp{width = 16384, height = 480, bits = 1, gap = "gap",
    rows = ("\0"):rep(16384 // 8 * 480)}
end)

-- ---- GIF ----------------------------------------------------------------------------------------

-- Codes for strings of 1, 2, ..., 3839 pixels, then n times the longest.
local function longest_codes(n)
  local codes, bits, next_code = {{256, 9}, {0, 9}}, 9, 258
  while next_code < 4096 do
    codes[#codes + 1] = {next_code, bits}
    next_code = next_code + 1
    if next_code == 1 << bits and bits < 12 then bits = bits + 1 end
  end
  for _ = 1, n do codes[#codes + 1] = {4095, 12} end
  codes[#codes + 1] = {257, 12}
  return pictures.gif_codes(8, codes)
end

bomb("gif: 1 x 1, codes of 3,839 pixels", 1, 1, true, function()
  return pictures.gif{width = 1, height = 1, global = ("abc"):rep(4),
    data = longest_codes(100000)}
end)
bomb("gif: largest", SIDE, SIDE, false, function()
  return pictures.gif{width = SIDE, height = SIDE, global = ("abc"):rep(4),
    data = longest_codes(SIDE * SIDE // 3839)}
end)
bomb("gif: largest, one pixel drawn", SIDE, SIDE, false, function()
  return pictures.gif{width = SIDE, height = SIDE, global = ("abc"):rep(4), w = 1, h = 1,
    indices = {1}}
end)
bomb("gif: extensions", 1, 1, true, function()
  local gif = pictures.gif{width = 1, height = 1, global = ("abc"):rep(4), indices = {1}}
  return gif:sub(1, 25) .. ("\x21\xFE\1x\0"):rep(190000) .. gif:sub(26)
end)

return bombs
