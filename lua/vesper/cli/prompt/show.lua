-- Values as a person wants to see them at the prompt: objects of vesper as they print, plain tables
-- with their contents, functions with their arguments. Long ones are cut.
local core = require "vesper.core"
local lexer = require "vesper.cli.prompt.lexer"
local tables = require "vesper.util.tables"
local text_util = require "vesper.util.text"

local show = {}

local LINES = 40    -- of one value
local ENTRIES = 24  -- of one table
local DEPTH = 3     -- of tables in tables
local WIDTH = 96
local STRING = 60   -- bytes of a string inside a table
local BYTES = 4000  -- of a string

local function cut(text)
  local n, at = 0, 1
  for last in text:gmatch "()\n" do
    n = n + 1
    if n == LINES then at = last end
  end
  if n <= LINES + 2 then return text end
  return ("%s\n... %d more lines"):format(text:sub(1, at - 1), n - LINES + 1)
end

-- At most the first n bytes of a string, whole characters.
local function head(s, n)
  if #s <= n then return s end
  local last = n
  while last > n - 4 and s:find("^[\x80-\xBF]", last + 1) do last = last - 1 end
  return s:sub(1, last > n - 4 and last or n)
end

local function escaped(bytes)
  return (bytes:gsub(".", function(c) return ("\\x%02X"):format(c:byte()) end))
end

-- A string without what controls a terminal, and bytes that are no UTF-8, which are escaped.
local function printable(s)
  s = s:gsub("[%z\1-\8\11-\31\127]", escaped)
  if not utf8.len(s) then return (s:gsub("[\x80-\xFF]", escaped)) end
  return (s:gsub("\xC2[\x80-\x9F]", escaped))
end

local function string_text(s)
  local text = cut(s)
  if #text <= BYTES then return printable(text) end
  text = head(s, BYTES)
  return ("%s\n... %d more bytes"):format(printable(text), #s - #text)
end

local function own_text(value)
  local meta = debug.getmetatable(value)
  if type(value) == "string" or type(meta) ~= "table" or not meta.__tostring then return nil end
  return tostring(value)
end

-- ---- what is documented -------------------------------------------------------------------------

-- "function vs.matmul(x, y)" of a function or class that has an entry of vs.help; "vs.nn" of a
-- part of the library. nil for tables of data such as vs.build.
local function documented(value)
  local reference = require "vesper.help.reference"
  for _, e in ipairs(reference.entries()) do
    if rawequal(reference.live(e.name), value) then
      local plain = e.kind == "field" and not value.is_module
      if plain and not debug.getmetatable(value) then return nil end
      local kind = type(value) == "function" and "function " or plain and "" or "class "
      return kind .. text_util.wrap(e.signature, WIDTH, "  "):sub(3)
    end
  end
  for _, section in ipairs(reference.sections()) do
    if rawequal(reference.live(section.name), value) then
      return ("%s: %s"):format(section.name, section.about or "")
    end
  end
end

local function function_text(fn)
  local known = documented(fn)
  if known then return known end
  local info = debug.getinfo(fn, "Su")
  if info.what == "C" then return tostring(fn) .. " (C)" end
  local words = {}
  for i = 1, info.nparams do words[i] = debug.getlocal(fn, i) end
  if info.isvararg then words[#words + 1] = "..." end
  return ("function(%s), %s:%d"):format(table.concat(words, ", "), info.short_src,
    info.linedefined)
end

-- ---- tables -------------------------------------------------------------------------------------

local function short_string(s)
  if #s > STRING then s = head(s, STRING) .. "..." end
  return (printable((("%q"):format(s):gsub("\\\n", "\\n"))))
end

local function key_text(key)
  if type(key) == "string" and key:match "^[%a_][%w_]*$" and not lexer.keywords[key] then
    return key
  end
  return "[" .. show.brief(key) .. "]"
end

--- A value inside a table or a message, in one line.
function show.brief(value)
  if type(value) == "string" then return short_string(value) end
  if core.is_tensor(value) then
    if value.ndim == 0 then return tostring(value) end
    return value.dtype .. " " .. text_util.shape(value)
  end
  if type(value) == "function" then return "function" end
  local own = own_text(value)
  if own then
    local line = own:match "^[^\n]*"
    if line == own and #line <= STRING then return line end
    return line:sub(1, STRING) .. (line:sub(-1) == "(" and "...)" or "...")
  end
  return type(value) == "table" and "{...}" or tostring(value)
end

local table_text

local function entry_text(value, depth, seen, indent)
  if type(value) ~= "table" or own_text(value) then return show.brief(value) end
  if depth == DEPTH or seen[value] then return next(value) == nil and "{}" or "{...}" end
  return table_text(value, depth, seen, indent)
end

-- The keys in the order of printing: 1 .. #t, then the others.
local function keys_of(t)
  local keys, n = {}, #t
  for i = 1, n do keys[i] = i end
  for _, key in ipairs(tables.sorted_keys(t)) do
    if not (math.type(key) == "integer" and key >= 1 and key <= n) then keys[#keys + 1] = key end
  end
  for key in pairs(t) do
    if type(key) ~= "number" and type(key) ~= "string" then keys[#keys + 1] = key end
  end
  return keys, n
end

-- In one line where it fits, otherwise a line for each entry.
function table_text(t, depth, seen, indent)
  local keys, n = keys_of(t)
  local parts, width = {}, #indent
  seen[t] = true
  for i, key in ipairs(keys) do
    if i > ENTRIES then
      parts[#parts + 1] = ("... %d more"):format(#keys - ENTRIES)
      break
    end
    local value = entry_text(rawget(t, key), depth + 1, seen, indent .. "  ")
    parts[i] = i <= n and value or ("%s = %s"):format(key_text(key), value)
  end
  seen[t] = nil
  local flat = true
  for _, part in ipairs(parts) do
    width, flat = width + #part + 2, flat and not part:find("\n", 1, true)
  end
  if flat and width <= WIDTH then return "{" .. table.concat(parts, ", ") .. "}" end
  return ("{\n%s  %s\n%s}"):format(indent, table.concat(parts, ",\n" .. indent .. "  "), indent)
end

-- ---- results ------------------------------------------------------------------------------------

--- A value as the result of an input; may have several lines.
function show.text(value)
  if type(value) == "string" then return string_text(value) end
  local own = own_text(value)
  if own then return cut(own) end
  if type(value) == "function" then return function_text(value) end
  if type(value) == "table" then return cut(documented(value) or table_text(value, 0, {}, "")) end
  return tostring(value)
end

--- Writes results: those of one line in one, with tabs, as `print` does.
function show.values(write, ...)
  local n = select("#", ...)
  if n == 0 then return end
  local parts, separator = {}, "\t"
  for i = 1, n do
    parts[i] = show.text((select(i, ...)))
    if parts[i]:find("\n", 1, true) then separator = "\n" end
  end
  write(table.concat(parts, separator) .. "\n")
end

return show
