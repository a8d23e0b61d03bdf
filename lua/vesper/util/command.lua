-- Command lines of scripts and programs: positional arguments, --options, --help, subcommands.
--
--   local o = command.parse(arg, {
--     name = "examples/features.lua", about = "Features of a CNN, computed once.",
--     places = {{"images", "a data set"}, {"out", "the file to write", "features.h5"}},
--     options = {{"size", 128, "size of the images"}, {"flip", false, "add mirror images"}},
--   })
--
-- places: the positional arguments, {name, description, default}; without a default an argument is
-- required, unless optional = true.  many = true: one or more words, as a list; one place at most.
-- An option is {name, default, description}, written --name=value or --name value.  The type of the
-- default is the type of the value: a string, a number, an integer, a boolean (yes, no, true,
-- false, or the name alone), a list of integers, numbers or strings (separated by commas).
-- choices = {...}: the accepted strings.  min, max, above: the range of a number.  Each entry of a
-- list has to fit; a list without entries is invalid, unless the default has none.
-- kind = {description, read}: another type; read(text) returns the value, or nil where it is
-- invalid.  An option of a kind may have no default.
--
-- A program that command.run calls has, besides, run = function(o): it returns nothing, or nil and
-- a message where it fails, or nil, a message and "misused".  examples = {{command line, what it
-- does}, ...} are printed by --help.  In the place of places, options and run it may have
-- commands = {names = {name, ...}, get = function(name) -> such a table}: the first word names one.
local bar = require "vesper.util.bar"
local failure = require "vesper.util.failure"
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

-- inf, nan: none
local function finite(value)
  local number = tonumber(value)
  return number and number - number == 0 and number or nil
end

local LISTS = {integer = {"integers", integer}, float = {"numbers", finite},
  words = {"words", same}}

--- Kinds of options without a default.
command.INTEGER, command.NUMBER = {"an integer", integer}, {"a number", finite}
command.STRING = {"a string", same}
command.BOOLEAN = {"yes or no", function(value) return SWITCH[value] end}

-- {description, read} for an option, by its kind or the type of its default; read(value) is nil for
-- an invalid value.
local function kind_of(default, option)
  if option and option.kind then
    return option.kind
  elseif type(default) == "boolean" then
    return command.BOOLEAN
  elseif math.type(default) == "integer" then
    return command.INTEGER
  elseif type(default) == "number" then
    return command.NUMBER
  elseif type(default) == "table" then
    local kind = LISTS[math.type(default[1]) or "words"]
    return {kind[1] .. " separated by commas", function(value)
      local list = list_of(value, kind[2])
      return list and (#list > 0 or #default == 0) and list or nil
    end}
  end
  return command.STRING
end

--- A value as it is typed on a command line.
function command.shown(value)
  if type(value) == "table" then return table.concat(value, ",") end
  if type(value) == "boolean" then return value and "yes" or "no" end
  return tostring(value)
end

-- The two names that are most like a word, "--size or --seed"; nil where none is.
local function near(word, names, mark)
  local known = {}
  for _, name in ipairs(names) do known[name] = name end
  local found = require("vesper.help.near").among(word, known)
  if #found == 0 then return nil end
  return mark .. table.concat(found, " or " .. mark, 1, math.min(#found, 2))
end

-- "at least 1", "0 to 1", "more than 0"
local function range_of(option)
  if option.above then return "more than " .. option.above end
  if option.min and option.max then return option.min .. " to " .. option.max end
  return option.min and "at least " .. option.min or "at most " .. option.max
end

-- What is wrong with a value, or with an entry of a list: its range, or that it is none of the
-- choices; or nil.
local function misfit(name, value, option)
  if type(value) == "table" then
    for _, entry in ipairs(value) do
      local why = misfit(name, entry, option)
      if why then return why end
    end
  elseif type(value) == "number" then
    if option.min and value < option.min or option.max and value > option.max
      or option.above and value <= option.above then
      return ("%s is %s, expected %s"):format(name, value, range_of(option))
    end
  elseif type(value) == "string" and option.choices then
    for _, choice in ipairs(option.choices) do
      if choice == value then return nil end
    end
    local similar = near(value, option.choices, "")
    return similar and ("%s is '%s'; did you mean %s?"):format(name, value, similar)
      or ("%s is '%s', expected %s"):format(name, value, table.concat(option.choices, " or "))
  end
end

local function read_value(name, value, default, option)
  option = option or {}
  local kind = kind_of(default, option)
  local result = kind[2](value)
  if result == nil then return nil, ("%s is '%s', expected %s"):format(name, value, kind[1]) end
  local why = misfit(name, result, option)
  if why then return nil, why end
  return result
end

-- ---- reading ------------------------------------------------------------------------------------

-- "unknown option '--sise'; did you mean --size?"; without a similar name all of them are listed.
local function unknown(noun, name, names, mark)
  local head, similar = ("unknown %s '%s%s'"):format(noun, mark, name), near(name, names, mark)
  if similar then return ("%s; did you mean %s?"):format(head, similar) end
  return ("%s, expected one of %s"):format(head, mark .. table.concat(names, ", " .. mark))
end

-- The words of a command line as {positional argument, ...} and {option name = text}; nil and a
-- message for an unknown option or a missing value.
local function split(words, by_name)
  local places, given, i, only_places = {}, {}, 1, false
  while i <= #words do
    local word = words[i]
    local name, value = word:match "^%-%-([^=]+)=?(.*)$"
    if only_places or not name then
      local dash = not only_places and word:match "^%-%-?[^-]" and not tonumber(word)
      if word == "--" and not only_places then
        only_places = true
      elseif dash then
        return nil, ("unknown option '%s', options begin with --"):format(word)
      else
        places[#places + 1] = word
      end
    else
      local option = by_name[name]
      if not option then
        local known = tables.sorted_keys(by_name)
        known[#known + 1] = "help"
        return nil, unknown("option", name, known, "--")
      end
      if word:find("=", 1, true) then
        given[name] = value
      elseif kind_of(option[2], option) == command.BOOLEAN then
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

-- The words of the place that may have many in one entry, a list.
local function gathered(words, places)
  for i, place in ipairs(places) do
    local last = #words - (#places - i)
    if place.many and last >= i then
      local all = {table.unpack(words, 1, i - 1)}
      all[i] = {table.unpack(words, i, last)}
      return table.move(words, last + 1, #words, i + 1, all)
    end
  end
  return words
end

local function asks_for_help(words)
  for _, word in ipairs(words) do
    if word == "--" then return false end
    if word == "--help" or word == "-h" then return true end
  end
  return false
end

--- The values of a command line by name; nil and a message if it is invalid; nil, nil for --help.
function command.read(words, what)
  local by_name, values = {}, {}
  for _, option in ipairs(what.options or {}) do
    by_name[option[1]], values[option[1]] = option, option[2]
  end
  if asks_for_help(words) then return nil, nil end
  local places, given = split(words, by_name)
  if not places then return nil, given end
  places = gathered(places, what.places or {})
  for i, place in ipairs(what.places or {}) do
    local name, value = place[1], places[i]
    if value == nil and place[3] == nil and not place.optional then
      return nil, name:upper() .. " is missing"
    elseif value == nil or type(value) == "table" then
      values[name] = value or place[3]
    else
      local why
      values[name], why = read_value(name:upper(), value, place[3])
      if why then return nil, why end
    end
  end
  if #places > #(what.places or {}) then
    return nil, ("unexpected argument '%s'"):format(places[#(what.places or {}) + 1])
  end
  for _, option in ipairs(what.options or {}) do
    local name = option[1]
    if given[name] then
      local value, why = read_value("--" .. name, given[name], option[2], option)
      if why then return nil, why end
      values[name] = value
    end
  end
  return values
end

-- ---- help ---------------------------------------------------------------------------------------

--- A place as it is written in a usage line: "SOURCE", "[OUT]", "FILES...".
function command.place(place)
  local word = place[1]:upper() .. (place.many and "..." or "")
  return place[3] == nil and not place.optional and word or "[" .. word .. "]"
end

function command.usage(what, name)
  name = name or what.name
  local words = {"usage: " .. (name:find "%.lua$" and "lua5.4 " or "") .. name}
  for _, place in ipairs(what.places or {}) do words[#words + 1] = command.place(place) end
  if what.commands then
    table.move({(what.commands.noun or "command"):upper(), "..."}, 1, 2, #words + 1, words)
  end
  if #(what.options or {}) > 0 then words[#words + 1] = "[--option=value ...]" end
  return table.concat(words, " ")
end

--- What is said of an option: "the network: ResNet18 or ResNet50", and its default as text or nil.
function command.described(option)
  local words, default = option[3], option[2]
  if option.choices then
    words = ("%s: %s"):format(words, table.concat(option.choices, " or "))
  end
  return words, default ~= nil and default ~= "" and command.shown(default) or nil
end

--- The lines of --help as {name, description, default}: places, options, commands.
function command.rows(what)
  local rows = {}
  for _, place in ipairs(what.places or {}) do
    rows[#rows + 1] = {place[1]:upper(), place[2], place[3] and command.shown(place[3])}
  end
  for _, option in ipairs(what.options or {}) do
    rows[#rows + 1] = {"--" .. option[1], command.described(option)}
  end
  for _, name in ipairs(what.commands and what.commands.names or {}) do
    local about = what.commands.get(name).about
    rows[#rows + 1] = {name, about:match "^(.-%.)%s" or about}
  end
  return rows
end

--- The text of --help.
function command.help(what, name)
  local rows, width, columns = command.rows(what), 0, text.columns(96)
  for _, row in ipairs(rows) do width = math.max(width, #row[1]) end
  local lines = {command.usage(what, name), "", text.wrap(what.about, columns, ""), ""}
  for _, row in ipairs(rows) do
    local default = row[3] and row[3] ~= "" and (" (%s)"):format(row[3]) or ""
    local indent = (" "):rep(width + 4)
    local words = text.wrap(row[2] .. default, columns, indent)
    lines[#lines + 1] = ("  %-" .. width .. "s  %s"):format(row[1], words:sub(#indent + 1))
  end
  for i, example in ipairs(what.examples or {}) do
    if i == 1 then lines[#lines + 1] = "" end
    lines[#lines + 1] = ("  %s\n      %s"):format(example[1], example[2])
  end
  return table.concat(lines, "\n")
end

-- ---- running ------------------------------------------------------------------------------------

local INTERRUPTED = 130 -- as shells have it

local function misused(what, name, why)
  io.stderr:write(("%s: %s\n%s\nsee %s --help\n"):format(name, why, command.usage(what, name),
    name))
  return 2
end

-- Runs the command that the first word names.
local function run_one_of(words, what, name)
  local commands, first = what.commands, words[1]
  local noun = commands.noun or "command"
  for _, known in ipairs(commands.names) do
    if known == first then
      local rest = {table.unpack(words, 2)}
      return command.run(rest, commands.get(first), name .. " " .. first)
    end
  end
  if first == nil then return misused(what, name, noun:upper() .. " is missing") end
  return misused(what, name, unknown(noun, first, commands.names, ""))
end

--- Runs a program: status 0, or 1 where it failed, 2 where the line is invalid, 130 after Ctrl-C
-- (an error whose message ends with "interrupted").  Messages go to stderr.  name: what the program
-- is called, default what.name.
function command.run(words, what, name)
  name = name or what.name
  local help = what.commands and (words[1] == "--help" or words[1] == "-h")
  if what.commands and not help then return run_one_of(words, what, name) end
  local values, why
  if not help then values, why = command.read(words, what) end
  if why then return misused(what, name, why) end
  if not values then
    print(command.help(what, name))
    return 0
  end
  local called, result, message, kind = pcall(what.run, values)
  if not called then message, kind = failure.message(result), nil end
  if not message then return 0 end
  if kind == "misused" then return misused(what, name, message) end
  bar.clear()
  local stopped = failure.is_interrupt(message)
  io.stderr:write(("%s: %s\n"):format(name, stopped and "interrupted" or message))
  return stopped and INTERRUPTED or 1
end

--- The values of a script's command line.  For --help it prints the help and exits with status 0;
-- for an invalid command line it prints a message and exits with status 2.
function command.parse(words, what)
  local values, why = command.read(words, what)
  if values then return values end
  if why then os.exit(misused(what, what.name, why), true) end
  print(command.help(what))
  os.exit(0, true)
end

return command
