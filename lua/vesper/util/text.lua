-- Text for messages, HTML and CSV.
local core = require "vesper.core"

local text = {}

--- string.format with a decimal point in every locale, for what is written to files or shown.
text.format = core._format

--- "[2,3]" of a tensor or of a list of sizes.
function text.shape(x)
  return "[" .. table.concat(core.is_tensor(x) and x.shape or x, ",") .. "]"
end

--- The type of a value for a message: "float32 [2,3]" for a tensor, "a Loader" for an object made
-- in C, "a VSE" for a module, otherwise "a string" etc.
function text.kind(x)
  if x == nil then return "nil" end
  if core.is_tensor(x) then return x.dtype .. " " .. text.shape(x) end
  local meta = debug.getmetatable(x)
  local class = type(x) ~= "string" and type(meta) == "table" and meta.__name
  if class and (type(x) == "userdata" or meta.is_module) then
    return "a " .. class:gsub("^vesper%.", "")
  end
  return "a " .. type(x)
end

--- A value for a message: numbers, booleans and nil unchanged, strings in quotes (at most 40
-- bytes), the type of anything else.
function text.value(x)
  local kind = type(x)
  if kind == "string" then return "'" .. x:sub(1, 40) .. "'" end
  if kind == "number" or kind == "boolean" or kind == "nil" then return text.format("%s", x) end
  return text.kind(x)
end

--- A table of plain values as "batch 64, rate 0.001", in the order of the names.
function text.settings(settings)
  local parts = {}
  for key, value in pairs(settings) do
    local shown = type(value) == "string" and value or core.io.json_encode(value)
    parts[#parts + 1] = key:gsub("_", " ") .. " " .. shown
  end
  table.sort(parts, core._before)
  return table.concat(parts, ", ")
end

local MARKUP = {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;"}

--- A text escaped for HTML and SVG.
function text.html(s) return (s:gsub('[&<>"]', MARKUP)) end

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

--- Bytes in base64.
function text.base64(bytes)
  local digit, out = {}, {}
  for i = 0, 63 do digit[i] = DIGITS:sub(i + 1, i + 1) end
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local n = a << 16 | (b or 0) << 8 | (c or 0)
    out[#out + 1] = digit[n >> 18] .. digit[n >> 12 & 63]
      .. (b and digit[n >> 6 & 63] or "=") .. (c and digit[n & 63] or "=")
  end
  return table.concat(out)
end

--- The columns to print texts in: `most`, or those of the terminal if it is narrower.
function text.columns(most)
  return math.max(40, math.min(most, core._terminal_size() or most))
end

--- A text in lines of at most `width` bytes, each starting with `indent`.
function text.wrap(s, width, indent)
  local lines, line = {}, indent
  for word in s:gmatch "%S+" do
    if line ~= indent and #line + 1 + #word > width then
      lines[#lines + 1] = line
      line = indent
    end
    line = line == indent and indent .. word or line .. " " .. word
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

--- A text as a cell of a CSV file, quoted if necessary.
function text.csv(s)
  return s:find '[",\r\n]' and '"' .. s:gsub('"', '""') .. '"' or s
end

return text
