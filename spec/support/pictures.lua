-- Picture files made byte by byte: what no encoder writes, for specs, seeds of fuzzing and bombs
-- (spec/fuzz/bombs.lua).  Pixels are given as they are stored.
local pictures = {}

-- ---- bits ---------------------------------------------------------------------------------------

-- A string of bits: add(value, n) appends n of them; finish() returns the bytes.  high_first: the
-- first bit is a byte's highest, and the value's highest comes first (JPEG); else lowest (deflate,
-- GIF).
local function bit_writer(high_first)
  local parts, held, count, writer = {}, 0, 0, {}
  function writer.add(value, n)
    for i = 0, n - 1 do
      local bit = high_first and value >> (n - 1 - i) & 1 or value >> i & 1
      held = held | (high_first and bit << (7 - count) or bit << count)
      count = count + 1
      if count == 8 then
        parts[#parts + 1] = string.char(held)
        held, count = 0, 0
      end
    end
  end
  function writer.finish(fill)
    while count > 0 do writer.add(fill or 0, 1) end
    return table.concat(parts)
  end
  function writer.aligned() return count == 0 end
  return writer
end

-- ---- PNG ----------------------------------------------------------------------------------------

local crc_table = {}
for i = 0, 255 do
  local c = i
  for _ = 1, 8 do c = c & 1 == 1 and c >> 1 ~ 0xEDB88320 or c >> 1 end
  crc_table[i] = c
end

local function crc32(text)
  local c = 0xFFFFFFFF
  for i = 1, #text do c = c >> 8 ~ crc_table[(c ~ text:byte(i)) & 255] end
  return c ~ 0xFFFFFFFF
end

local function adler32(text)
  local a, b = 1, 0
  for i = 1, #text do
    a = (a + text:byte(i)) % 65521
    b = (b + a) % 65521
  end
  return b << 16 | a
end

--- The bytes as a zlib stream that does not compress them.
function pictures.stored(bytes)
  local parts, at = {"\x78\x01"}, 1
  repeat
    local part = bytes:sub(at, at + 65534)
    at = at + #part
    local last = at > #bytes and 1 or 0
    parts[#parts + 1] = string.pack("<BI2I2", last, #part, ~#part & 0xFFFF) .. part
  until at > #bytes
  return table.concat(parts) .. string.pack(">I4", adler32(bytes))
end

--- A zlib stream of zero bytes, 1032 for each of its n bytes and some more.
function pictures.zeros(n)
  local w = bit_writer()
  local function code(bits) -- Huffman codes have their first bit first
    for c in bits:gmatch "." do w.add(tonumber(c), 1) end
  end
  w.add(1, 1) -- the last block
  w.add(2, 2) -- with its own codes
  w.add(29, 5) -- 286 of literals and lengths
  w.add(0, 5) -- 1 of distances
  w.add(14, 4) -- 18 of lengths of codes: for 18 one bit, for 2 and 1 two bits
  for i = 1, 18 do w.add(({[3] = 1, [16] = 2, [18] = 2})[i] or 0, 3) end
  code "11" -- literal 0: two bits
  code "0" w.add(127, 7)
  code "0" w.add(106, 7) -- 255 others: none
  code "11" -- the end: two bits
  code "0" w.add(17, 7) -- 28 others: none
  code "10" -- length 258: one bit
  code "10" -- distance 1: one bit
  code "10" -- a zero
  while not w.aligned() do code "0" end -- bits of repetitions
  local head = "\x78\x01" .. w.finish()
  return head .. ("\0"):rep(n) .. "\x03" .. "\0\0\0\0"
end

local function chunk(type, data)
  return string.pack(">I4", #data) .. type .. data .. string.pack(">I4", crc32(type .. data))
end

--- o: width, height, bits = 8, kind = 2 (colour type), interlaced; rows: their bytes with the
--- filter in front of each, or data: a zlib stream of them; chunks: {{type, data}, ...} before it.
function pictures.png(o)
  local parts = {"\x89PNG\r\n\x1A\n", chunk("IHDR", string.pack(">I4I4BBBBB", o.width, o.height,
    o.bits or 8, o.kind or 2, 0, 0, o.interlaced and 1 or 0))}
  for _, c in ipairs(o.chunks or {}) do parts[#parts + 1] = chunk(c[1], c[2]) end
  parts[#parts + 1] = chunk("IDAT", o.data or pictures.stored(o.rows))
  parts[#parts + 1] = chunk("IEND", "")
  return table.concat(parts)
end

-- ---- BMP ----------------------------------------------------------------------------------------

--- o: width, height (negative: from above), bits, palette = "", rows; header = 40: its length;
--- packing = 0; masks: bytes; colors = 0: how many the header states; gap: bytes before the pixels;
--- pixels: where the header says that they begin.
function pictures.bmp(o)
  local header
  if o.header == 12 then
    header = string.pack("<I4I2I2I2I2", 12, o.width, o.height, 1, o.bits)
  else
    header = string.pack("<I4i4i4I2I2I4I4I4I4I4I4", o.header or 40, o.width, o.height, 1, o.bits,
      o.packing or 0, #o.rows, 0, 0, o.colors or 0, 0) .. (o.masks or "")
    header = header .. ("\0"):rep((o.header or 40) - #header)
  end
  local before = header .. (o.palette or "") .. (o.gap or "")
  return string.pack("<c2I4I4I4", "BM", 14 + #before + #o.rows, 0,
    o.pixels or 14 + #before) .. before .. o.rows
end

-- ---- GIF ----------------------------------------------------------------------------------------

--- LZW codes {value, bits} as a GIF's sub-blocks, with the first code size in front.
function pictures.gif_codes(first, codes)
  local w = bit_writer()
  for _, c in ipairs(codes) do w.add(c[1], c[2]) end
  local bytes, parts = w.finish(), {string.char(first)}
  for at = 1, #bytes, 255 do
    local part = bytes:sub(at, at + 254)
    parts[#parts + 1] = string.char(#part) .. part
  end
  return table.concat(parts) .. "\0"
end

--- Indices of 0..3 as codes: the table is cleared before each, so that every code has three bits.
function pictures.gif_indices(list)
  local codes = {}
  for _, index in ipairs(list) do
    codes[#codes + 1] = {4, 3}
    codes[#codes + 1] = {index, 3}
  end
  codes[#codes + 1] = {5, 3}
  return pictures.gif_codes(2, codes)
end

--- o: width, height of the screen; background = 0; global: its colours (2^k of them, bytes), or
--- nil; x, y, w, h: the picture on it; colors: its own; transparent; interlaced; indices: a list
--- for gif_indices, or data.
function pictures.gif(o)
  local function flags(colors)
    if not colors then return 0 end
    local k = 0
    while 3 << (k + 1) < #colors do k = k + 1 end
    return 0x80 | k
  end
  local parts = {string.pack("<c6I2I2BBB", "GIF89a", o.width, o.height, flags(o.global),
    o.background or 0, 0), o.global or ""}
  if o.transparent then
    parts[#parts + 1] = "\x21\xF9\4\1\0\0" .. string.char(o.transparent) .. "\0"
  end
  parts[#parts + 1] = string.pack("<c1I2I2I2I2B", ",", o.x or 0, o.y or 0, o.w or o.width,
    o.h or o.height, flags(o.colors) | (o.interlaced and 0x40 or 0))
  parts[#parts + 1] = o.colors or ""
  parts[#parts + 1] = (o.data or pictures.gif_indices(o.indices)) .. ";"
  return table.concat(parts)
end

-- ---- JPEG ---------------------------------------------------------------------------------------

local function segment(marker, data)
  return "\xFF" .. string.char(marker) .. string.pack(">I2", #data + 2) .. data
end

--- APP1 with an EXIF block that states an orientation; byte order little unless big.
function pictures.exif(orientation, big)
  local order = big and ">" or "<"
  return "Exif\0\0" .. (big and "MM" or "II") .. string.pack(order .. "I2I4I2I2I2I4I2I2I4",
    42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)
end

--- The segment of Adobe's that states how colours are stored: 0 as they are, 1 YCbCr, 2 YCCK.
function pictures.adobe(transform)
  return {0xEE, "Adobe\0\100\0\0\0\0" .. string.char(transform)}
end

--- The bytes of a scan's bits, filled up with ones, FF followed by 00.
local function scan_bytes(w) return (w.finish(1):gsub("\xFF", "\xFF\0")) end

local function frame(o, marker)
  local parts = {string.pack(">BI2I2B", 8, o.height, o.width, o.components)}
  for i = 1, o.components do parts[#parts + 1] = string.char(i, 0x11, 0) end
  return segment(marker, table.concat(parts))
end

local function scan(components, first, last, high_low)
  local parts = {string.char(#components)}
  for _, c in ipairs(components) do parts[#parts + 1] = string.char(c, 0) end
  return segment(0xDA, table.concat(parts) .. string.char(first, last, high_low))
end

-- Twelve categories of differences in four bits each; the end of a block as the only other code.
local DC = "\0" .. string.char(0, 0, 0, 12) .. ("\0"):rep(12) .. "\0\1\2\3\4\5\6\7\8\9\10\11"
local AC = "\x10" .. "\1" .. ("\0"):rep(15) .. "\0"

--- Blocks of 8 x 8 pixels of one value.  o: width, height, components, value(c, x, y): of that
--- block, all from 1, 0..255; segments: {{marker, data}, ...} in front.
function pictures.jpeg(o)
  local parts = {"\xFF\xD8"}
  for _, s in ipairs(o.segments or {}) do parts[#parts + 1] = segment(s[1], s[2]) end
  parts[#parts + 1] = segment(0xDB, "\0" .. ("\1"):rep(64))
  parts[#parts + 1] = frame(o, 0xC0)
  parts[#parts + 1] = segment(0xC4, DC .. AC)
  local all, before, w = {}, {}, bit_writer(true)
  for c = 1, o.components do all[c], before[c] = c, 0 end
  parts[#parts + 1] = scan(all, 0, 63, 0)
  for y = 1, (o.height + 7) // 8 do
    for x = 1, (o.width + 7) // 8 do
      for c = 1, o.components do
        local dc = 8 * (o.value(c, x, y) - 128)
        local difference, size = dc - before[c], 0
        before[c] = dc
        while 1 << size <= math.abs(difference) do size = size + 1 end
        w.add(size, 4)
        w.add(difference < 0 and difference + (1 << size) - 1 or difference, size)
        w.add(0, 1)
      end
    end
  end
  parts[#parts + 1] = scan_bytes(w) .. "\xFF\xD9"
  return table.concat(parts)
end

--- A progressive JPEG of grey pixels: a scan of first coefficients (all 0), then n scans of the
--- others of the first component, which have no bits set: their values, or with refine a first one
--- and then n - 1 that refine it.
function pictures.progressive(width, height, n, refine, components)
  local blocks = ((width + 7) // 8) * ((height + 7) // 8)
  local o = {width = width, height = height, components = components or 1}
  local dc = "\0" .. "\1" .. ("\0"):rep(15) .. "\0" -- no difference: one bit
  local ac = "\x10" .. "\1" .. ("\0"):rep(15) .. "\xE0" -- a run of 2^14 empty blocks or more
  local all = {}
  for c = 1, o.components do all[c] = c end
  local parts = {"\xFF\xD8", segment(0xDB, "\0" .. ("\1"):rep(64)), frame(o, 0xC2),
    segment(0xC4, dc .. ac), scan(all, 0, 0, 0), ("\0"):rep((blocks * o.components + 7) // 8)}
  local w, left = bit_writer(true), blocks
  while left > 0 do
    local run = math.max(math.min(left, 0x7FFF), 1 << 14)
    w.add(0, 1)
    w.add(run - (1 << 14), 14)
    left = left - run
  end
  local data = scan_bytes(w)
  for i = 1, n do
    local high_low = not refine and 0 or i == 1 and 1 or 0x10
    parts[#parts + 1] = scan({1}, 1, 63, high_low) .. data
  end
  return table.concat(parts) .. "\xFF\xD9"
end

return pictures
