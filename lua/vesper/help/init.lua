-- vs.help: prints the documentation of a name, a function, a class or an object.
--
--   vs.help()              all names
--   vs.help "conv2d"       an op; also "vs.conv2d", "Tensor:item", "item", "data", "nn.Linear"
--   vs.help(nn.Linear)     by the function itself; vs.help(loader) documents its class
--
-- The texts come from reference.lua, which reads the C descriptors and the files of words/.
local reference = require "vesper.help.reference"
local text = require "vesper.util.text"

local WIDTH = 96

-- How a kind of argument is printed; other kinds are printed unchanged.
local kinds = {
  tensor = "float32 tensor", any = "tensor", index = "int64 tensor", mask = "bool tensor",
  operand = "tensor or number", tensors = "list of tensors", buffer = "float32 tensor, written",
  num = "number", number = "number", int = "integer", bool = "boolean", dtype = "name of a dtype",
  pair = "integer or two of them", numpair = "number or two of them",
  dim = "dimension", dims = "dimensions",
  ints = "list of integers", value = "any value",
}

-- --- text ---

local function wrap(words, indent) return text.wrap(words, WIDTH, indent) end

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
  for _, e in ipairs(entries) do
    local line = "  " .. e.signature
    lines[#lines + 1] = #line <= WIDTH and line or line:sub(1, WIDTH - 3) .. "..."
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

-- The last part of "data.prepare.folder" or "Tensor:item".
local function short_name(name) return name:match "[%w_]+$" end

-- The entries with this full name, and those with this last part.
local function by_name(name)
  local bare = name:gsub("^vs%.", ""):gsub("^nn%.functional%.", "")
  local full, short = {}, {}
  for _, e in ipairs(reference.entries()) do
    if e.name:gsub("^vs%.", "") == bare or e.name:gsub(":", ".") == bare then
      full[#full + 1] = e
    elseif short_name(e.name) == bare then
      short[#short + 1] = e
    end
  end
  return full, short
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

-- Edit distance (Levenshtein, 1966).
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal
    diagonal, row[0] = row[0], i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#b]
end

-- At most five similar names; names that contain `name` come first.
local function nearest(name)
  local wanted, list, seen = short_name(name) or name, {}, {}
  for _, e in ipairs(reference.entries()) do
    local short = short_name(e.name)
    local off = distance(short:lower(), wanted:lower())
    if #wanted > 2 and short:lower():find(wanted:lower(), 1, true) then off = math.min(off, 1) end
    if off <= math.max(1, #wanted // 2) and not seen[e.name] then
      seen[e.name] = true
      list[#list + 1] = {off, e.name}
    end
  end
  table.sort(list, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  local names = {}
  for i = 1, math.min(5, #list) do names[i] = list[i][2] end
  return names
end

local function unknown(name)
  local names = nearest(name)
  local hint = "vs.help() lists all names"
  if #names > 0 then hint = "did you mean " .. table.concat(names, ", ") .. "?" end
  return ("unknown name '%s'; %s"):format(name, hint)
end

local function section_text(wanted)
  for _, section in ipairs(reference.sections()) do
    if section.name == wanted or rawequal(reference.live(section.name), wanted) then
      return listing(section.name, section.about, section.entries)
    end
  end
end

-- A section; or the entries with this full name, else with this last part, and a class's methods.
local function of_name(name)
  local full, short = by_name(name)
  local class, texts = of_class(name), {}
  local section = section_text(name)
  if not section and #full == 0 then section = section_text((name:gsub("^vs%.", ""))) end
  if section then return section end
  for i, e in ipairs(#full > 0 and full or short) do texts[i] = entry_text(e) end
  if #class > 0 then texts[#texts + 1] = listing("methods and fields", nil, class) end
  return #texts > 0 and table.concat(texts, "\n\n") or unknown(name)
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

local function text_of(what)
  if what == nil then return overview() end
  if type(what) == "string" then return of_name(what) end
  if type(what) == "function" or type(what) == "table" then
    local found = by_value(what)
    if #found > 0 then return entry_text(found[1]) end
    local section = section_text(what)
    if section then return section end
  end
  if type(what) == "function" then
    return "no documentation for this function; vs.help() lists all names"
  end
  return of_object(what)
end

--- Prints the documentation of `what`.  Returns nothing: the REPL would print it a second time.
return function(what)
  print(text_of(what))
end
