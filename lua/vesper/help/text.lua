-- The documentation of a name, a function, a class or an object as text.
--
-- The texts come from entries.lua, which reads the C descriptors and the files of words/.
local near = require "vesper.help.near"
local reference = require "vesper.help.reference"
local search = require "vesper.help.search"
local text = require "vesper.util.text"

local WIDTH = 96 -- columns, where the terminal has them

-- How a kind of argument is printed; other kinds are printed unchanged.
local kinds = {
  tensor = "float32 tensor", any = "tensor", index = "int64 tensor", mask = "bool tensor",
  operand = "tensor or number", tensors = "list of tensors", buffer = "float32 tensor, written",
  num = "number", number = "number", int = "integer", bool = "boolean", dtype = "name of a dtype",
  pair = "integer or two of them", numpair = "number or two of them",
  dim = "dimension", dims = "dimensions",
  ints = "list of integers", value = "any value", paths = "path, pattern or list of them",
}

-- --- text ---

local function wrap(words, indent) return text.wrap(words, text.columns(WIDTH), indent) end

local function argument_line(a, width)
  local words = {kinds[a.kind] or a.kind:gsub("|", " or ")}
  if a.many then words[1] = words[1] .. "s" end
  if a.default then
    words[#words + 1] = "default " .. a.default
  elseif a.optional then
    words[#words + 1] = "optional"
  end
  if a.option then words[#words + 1] = "by name" end
  return ("    %-" .. width .. "s  %s"):format(a.name, table.concat(words, ", "))
end

-- "Dataset?" -> "Dataset, or nil and a message"
local function results_text(results)
  local words, failing = results:gsub("%?", "")
  return failing > 0 and words .. ", or nil and a message" or (words:gsub("|", " or "))
end

local function entry_text(e)
  local lines = {wrap(e.signature, "")}
  if e.method then lines[1] = lines[1] .. ("     also x:%s(...)"):format(e.method) end
  lines[#lines + 1] = wrap(e.doc, "  ")
  local width = 0
  for _, a in ipairs(e.args or {}) do width = math.max(width, #a.name) end
  for _, a in ipairs(e.args or {}) do lines[#lines + 1] = argument_line(a, width) end
  if e.inputs then lines[#lines + 1] = "  called with (" .. e.inputs .. ")" end
  if e.results then lines[#lines + 1] = "  returns " .. results_text(e.results) end
  if e.flags and #e.flags > 0 then lines[#lines + 1] = "  " .. table.concat(e.flags, ", ") end
  return table.concat(lines, "\n")
end

-- The signatures of a list of entries, one per line.
local function listing(title, about, entries)
  local lines = {title}
  if about then lines[#lines + 1] = wrap(about, "  ") end
  local width = text.columns(WIDTH)
  for _, e in ipairs(entries) do
    local line = "  " .. e.signature
    lines[#lines + 1] = #line <= width and line or line:sub(1, width - 3) .. "..."
  end
  return table.concat(lines, "\n")
end

local function overview()
  local lines = {"vesper: vs.help \"name\" documents a function, a section or a class", ""}
  for _, section in ipairs(reference.sections()) do
    local names = {}
    for i, e in ipairs(section.entries) do
      names[i] = e.name:gsub("^vs%.", ""):gsub("^" .. section.name .. "[.:]", "")
    end
    lines[#lines + 1] = section.name
    lines[#lines + 1] = wrap(table.concat(names, " "), "  ")
  end
  return table.concat(lines, "\n")
end

-- --- search ---

local short_name = near.short

-- "vs.nn.functional.conv2d" -> "conv2d"; "Tensor.item" -> "Tensor:item" is compared with dots.
local function bare_name(name)
  return (name:gsub("^vs%.", ""):gsub("^nn%.functional%.", ""):gsub(":", "."))
end

-- The entries with this full name, and those that end with it: "folder" and "prepare.folder" are
-- data.prepare.folder.
local function by_name(name)
  local bare = bare_name(name)
  local full, ending = {}, {}
  for _, e in ipairs(reference.entries()) do
    local own = bare_name(e.name)
    if own == bare then
      full[#full + 1] = e
    elseif own:sub(-#bare - 1) == "." .. bare or e.method and e.method == bare then
      ending[#ending + 1] = e
    end
  end
  return full, ending
end

local function by_value(value)
  for _, e in ipairs(reference.entries()) do
    if rawequal(reference.live(e.name), value) then return {e} end
  end
  return {}
end

-- Entries whose names start with "Tensor." or "Tensor:".
local function of_class(class)
  local list = {}
  for _, e in ipairs(reference.entries()) do
    if e.name:match "^([%w_]+)[.:]" == class then list[#list + 1] = e end
  end
  return list
end

-- "vesper.Loader" -> "Loader"; a module written in Lua -> "Module".
local function class_of(object)
  local meta = debug.getmetatable(object)
  local name = type(meta) == "table" and rawget(meta, "__name")
  if type(name) ~= "string" then return nil end
  return name:match "^vesper%.(.+)$" or meta.is_module and "Module" or nil
end

local function section_text(wanted)
  for _, section in ipairs(reference.sections()) do
    if section.name == wanted then
      return listing(section.name, section.about, section.entries)
    end
  end
end

-- Names of entries whose description has this word.
local function described(word)
  local names = {}
  if #word < 3 or word:find "[^%w_]" then return names end
  for _, e in ipairs(reference.entries()) do
    local doc = " " .. e.doc:lower():gsub("[^%w_]", " ") .. " "
    if doc:find(" " .. word:lower() .. "s? ") then
      names[#names + 1] = e.name
    end
  end
  return names
end

local function unknown(name)
  local lines, names = {("unknown name '%s'"):format(name)}, near.names(name)
  local words = near.elsewhere(name)
  if words then lines[1] = lines[1] .. "; " .. words end
  if #names > 0 then
    lines[1] = lines[1] .. "; did you mean " .. table.concat(names, ", ") .. "?"
  end
  local about = described(short_name(name) or name)
  if #about > 0 and #about <= 12 then
    lines[2] = wrap(("'%s' occurs in the description of %s"):format(name,
      table.concat(about, ", ")), "")
  end
  local section = name:gsub("^vs%.", ""):match "^(.*)[.:]"
  if section and section_text(section) then
    lines[1] = ("%s; vs.help '%s' lists the names of %s"):format(lines[1], section, section)
  elseif #names + #about == 0 and not words then
    lines[1] = lines[1] .. "; vs.help() lists all names"
  end
  return table.concat(lines, "\n")
end

-- A section or the entries with this full name, then those that end with it and a class's methods.
local function of_name(name)
  if name:find "%S%s+%S" then
    return search.text(name), #search.entries(name) > 0
  end
  local full, ending = by_name(name)
  local texts, section = {}, section_text(name)
  if not section and #full == 0 then section = section_text((name:gsub("^vs%.", ""))) end
  local class = section and {} or of_class(name)
  texts[1] = section
  for _, e in ipairs((section or #full > 0) and full or ending) do
    texts[#texts + 1] = entry_text(e)
  end
  if #class > 0 then texts[#texts + 1] = listing("methods and fields", nil, class) end
  if #ending > 0 and (section or #full > 0) then
    texts[#texts + 1] = listing("also", nil, ending)
  end
  if #texts == 0 then return unknown(name), false end
  return table.concat(texts, "\n\n"), true
end

-- A layer: its constructor's entry and its methods; other objects: the methods of their class.
local function of_object(object)
  local class = class_of(object)
  if not class then
    return "no documentation for a " .. type(object) .. "; vs.help() lists all names"
  end
  local methods = of_class(class == "Layer" and "Module" or class)
  if class ~= "Layer" then return listing(class, nil, methods) end
  return of_name("nn." .. object.name) .. "\n\n" .. listing("methods and fields", nil, methods)
end

--- The text for `what`: nil (all names), a name, or a value; and whether it is known.
return function(what)
  if what == nil then return overview(), true end
  if type(what) == "string" then return of_name(what) end
  if type(what) == "function" or type(what) == "table" then
    local found = by_value(what)
    if #found > 0 then return entry_text(found[1]), true end
    for _, section in ipairs(reference.sections()) do
      if rawequal(reference.live(section.name), what) then return of_name(section.name) end
    end
  end
  if type(what) == "function" then
    return "no documentation for this function; vs.help() lists all names", false
  end
  return of_object(what), true
end
