-- Texts that messages and pages need: shapes, values, HTML.
local core = require "vesper.core"

local text = {}

--- "[2,3]" of a tensor or of a list of sizes.
function text.shape(x)
  return "[" .. table.concat(core.is_tensor(x) and x.shape or x, ",") .. "]"
end

--- What a value is, for a message: "float32 [2,3]" of a tensor, "a string" of anything else.
function text.kind(x)
  if core.is_tensor(x) then return x.dtype .. " " .. text.shape(x) end
  return "a " .. type(x)
end

--- A value for a message: numbers and booleans as they are, strings in quotes and cut, of anything
-- else its kind.
function text.value(x)
  local kind = type(x)
  if kind == "string" then return "'" .. x:sub(1, 40) .. "'" end
  if kind == "number" or kind == "boolean" or kind == "nil" then return tostring(x) end
  return text.kind(x)
end

local MARKUP = {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;"}

--- A text as HTML and SVG take it for text.
function text.html(s) return (s:gsub('[&<>"]', MARKUP)) end

--- A text in lines of at most `width` letters, each behind `indent`.
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

--- A cell of a CSV file.
function text.csv(s)
  return s:find '[",\r\n]' and '"' .. s:gsub('"', '""') .. '"' or s
end

return text
