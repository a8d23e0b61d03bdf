-- Command lines of scripts: positional arguments, --options, --help.
--
--   local o = command.parse(arg, {
--     name = "examples/features.lua", about = "Features of a CNN, computed once.",
--     places = {{"images", "a data set"}, {"out", "the file to write", "features.h5"}},
--     options = {{"size", 128, "size of the images"}, {"flip", false, "add mirror images"}},
--   })
--
-- places: the positional arguments, {name, description, default}; without a default an argument is
-- required, unless optional = true.
-- An option is {name, default, description}, written --name=value or --name value.  The type of the
-- default is the type of the value: a string, a number, an integer, a boolean (yes, no, true,
-- false, or the name alone), a list of integers, numbers or strings (separated by commas).
-- choices = {...}: the accepted strings.
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local command = {}

-- ---- values -------------------------------------------------------------------------------------

local SWITCH = {yes = true, ["true"] = true, no = false, ["false"] = false}

local function list_of(value, read)
  local list = {}
  for word in value:gmatch "[^,]+" do
    local value_of = read(word)
    if value_of == nil then return nil end
    list[#list + 1] = value_of
  end
  return list
end

local function integer(value) return math.tointeger(tonumber(value)) end
local function same(value) return value end

local LISTS = {integer = {"integers", integer}, float = {"numbers", tonumber},
  words = {"words", same}}

-- {description, read} for the type of a default; read(value) is nil for an invalid value.
local function kind_of(default, choices)
  if choices then
    local known = {}
    for _, word in ipairs(choices) do known[word] = word end
    return {table.concat(choices, " or "), function(value) return known[value] end}
  elseif type(default) == "boolean" then
    return {"yes or no", function(value) return SWITCH[value] end}
  elseif math.type(default) == "integer" then
    return {"an integer", integer}
  elseif type(default) == "number" then
    return {"a number", tonumber}
  elseif type(default) == "table" then
    local kind = LISTS[math.type(default[1]) or "words"]
    return {kind[1] .. " separated by commas",
      function(value) return list_of(value, kind[2]) end}
  end
  return {"a string", same}
end

--- A value as it is typed on a command line.
function command.shown(value)
  if type(value) == "table" then return table.concat(value, ",") end
  if type(value) == "boolean" then return value and "yes" or "no" end
  return tostring(value)
end

local function read_value(name, value, default, choices)
  local kind = kind_of(default, choices)
  local result = kind[2](value)
  if result == nil then return nil, ("%s is '%s', expected %s"):format(name, value, kind[1]) end
  return result
end

-- ---- reading ------------------------------------------------------------------------------------

-- The words of a command line as {positional argument, ...} and {option name = text}; nil and a
-- message for an unknown option or a missing value.
local function split(words, by_name)
  local places, given, i, only_places = {}, {}, 1, false
  while i <= #words do
    local word = words[i]
    local name, value = word:match "^%-%-([^=]+)=?(.*)$"
    if only_places or not name or word == "-" then
      if word == "--" and not only_places then
        only_places = true
      else
        places[#places + 1] = word
      end
    else
      local option = by_name[name]
      if not option then
        local known = tables.sorted_keys(by_name)
        known[#known + 1] = "help"
        return nil, ("unknown option '--%s', expected one of --%s"):format(name,
          table.concat(known, ", --"))
      end
      if word:find("=", 1, true) then
        given[name] = value
      elseif type(option[2]) == "boolean" then
        given[name] = "yes"
      else
        i = i + 1
        if words[i] == nil then return nil, ("--%s needs a value"):format(name) end
        given[name] = words[i]
      end
    end
    i = i + 1
  end
  return places, given
end

--- The values of a command line by name; nil and a message if it is invalid; nil, nil for --help.
function command.read(words, what)
  local by_name, values = {}, {}
  for _, option in ipairs(what.options or {}) do
    by_name[option[1]], values[option[1]] = option, option[2]
  end
  for _, word in ipairs(words) do
    if word == "--" then break end
    if word == "--help" or word == "-h" then return nil, nil end
  end
  local places, given = split(words, by_name)
  if not places then return nil, given end
  for i, place in ipairs(what.places or {}) do
    local name, value = place[1], places[i]
    if value == nil and place[3] == nil and not place.optional then
      return nil, name:upper() .. " is missing"
    elseif value == nil then
      values[name] = place[3]
    else
      local why
      values[name], why = read_value(name:upper(), value, place[3])
      if why then return nil, why end
    end
  end
  if #places > #(what.places or {}) then
    return nil, ("unexpected argument '%s'"):format(places[#(what.places or {}) + 1])
  end
  for name, value in pairs(given) do
    local why
    values[name], why = read_value("--" .. name, value, by_name[name][2], by_name[name].choices)
    if why then return nil, why end
  end
  return values
end

-- ---- help ---------------------------------------------------------------------------------------

function command.usage(what)
  local words = {"usage: lua5.4 " .. what.name}
  for _, place in ipairs(what.places or {}) do
    local required = place[3] == nil and not place.optional
    words[#words + 1] = required and place[1]:upper() or "[" .. place[1]:upper() .. "]"
  end
  if #(what.options or {}) > 0 then words[#words + 1] = "[--option=value ...]" end
  return table.concat(words, " ")
end

--- The text of --help.
function command.help(what)
  local rows, width = {}, 0
  for _, place in ipairs(what.places or {}) do
    rows[#rows + 1] = {place[1]:upper(), place[2], place[3]}
  end
  for _, option in ipairs(what.options or {}) do
    local kind = kind_of(option[2], option.choices)[1]
    local words = option.choices and ("%s: %s"):format(option[3], kind) or option[3]
    rows[#rows + 1] = {"--" .. option[1], words, option[2]}
  end
  for _, row in ipairs(rows) do width = math.max(width, #row[1]) end
  local lines = {command.usage(what), "", text.wrap(what.about, 96, ""), ""}
  for _, row in ipairs(rows) do
    local default = row[3] ~= nil and row[3] ~= "" and (" (%s)"):format(command.shown(row[3])) or ""
    local indent = (" "):rep(width + 4)
    local words = text.wrap(row[2] .. default, 96, indent)
    lines[#lines + 1] = ("  %-" .. width .. "s  %s"):format(row[1], words:sub(#indent + 1))
  end
  return table.concat(lines, "\n")
end

--- The values of a script's command line.  For --help it prints the help and exits with status 0;
-- for an invalid command line it prints a message and exits with status 2.
function command.parse(words, what)
  local values, why = command.read(words, what)
  if values then return values end
  if not why then
    print(command.help(what))
    os.exit(0, true)
  end
  io.stderr:write(("%s: %s\n%s\nsee --help\n"):format(what.name, why, command.usage(what)))
  os.exit(2, true)
end

return command
