-- `make docs` writes docs/reference.md and lua/vesper/meta.lua (annotations for editors) from
-- vesper.help.reference.  With --check it writes nothing and fails when a file would change.
local reference = require "vesper.help.reference"

local REFERENCE, META, WIDTH = "docs/reference.md", "lua/vesper/meta.lua", 100

-- --- the page ---

local HEAD = [[
# Reference

Made by `make docs` from the descriptors in `csrc` and from `lua/vesper/help`; not edited
by hand. `vs.help "name"` shows the same at the REPL, with the kind of each argument.

`name?` may be left out, `name = value` has a default. Arguments go by position. Those of ops,
layers and readers may also go by name in a last table, `vs.conv2d(x, w, {stride = 2})`; those in
braces only go so. Dimensions, positions, labels and ids count from 1. *-> X, or nil* means nil and
a message when a file is missing or broken; mistakes in the script are errors. `nn.`, `data.` and so
on are fields of `vs`.
]]

local titles = {vs = "vs", Tensor = "Tensors", ops = "Ops", nn = "nn: modules and layers",
  optim = "optim: optimizers", ["optim.lr_scheduler"] = "optim.lr_scheduler: learning rates",
  npy = "npy", data = "data", text = "text", image = "image", io = "io",
  metrics = "metrics", plot = "plot", report = "report", models = "models", train = "train",
  checkpoint = "checkpoint"}

local function results_of(e)
  local known = e.kind == "layer" or e.kind == "op" and e.results == "Tensor"
  if not e.results or known then return "" end
  local text, failing = e.results:gsub("%?", "")
  return " -> " .. text:gsub("|", " or ") .. (failing > 0 and ", or nil" or "")
end

local function page()
  local out = {HEAD}
  for _, section in ipairs(reference.sections()) do
    out[#out + 1] = ("## %s\n\n%s\n"):format(titles[section.name] or section.name, section.about)
    for _, e in ipairs(section.entries) do
      local line = ("- **`%s`**%s"):format(e.signature, results_of(e))
      if e.inputs then line = line .. (", called with `(%s)`"):format(e.inputs) end
      local flags = table.concat(e.flags or {}, ", ")
      if flags ~= "" then line = line .. " *(" .. flags .. ")*" end
      out[#out + 1] = line .. "  \n  " .. e.doc:gsub("[*<]", "\\%0")
    end
    out[#out + 1] = ""
  end
  return table.concat(out, "\n")
end

-- --- annotations ---

-- Kind of an argument -> type in LuaCATS.  Kinds with a capital letter are classes.
local types = {
  tensor = "vesper.Tensor", any = "vesper.Tensor", index = "vesper.Tensor", mask = "vesper.Tensor",
  buffer = "vesper.Tensor", operand = "vesper.Tensor|number", tensors = "vesper.Tensor[]",
  num = "number", int = "integer", bool = "boolean", string = "string", dtype = "string",
  pair = "integer|integer[]", numpair = "number|number[]",
  dim = "integer", dims = "integer|integer[]",
  ints = "integer|integer[]", list = "any[]", value = "any", ["function"] = "function",
  table = "table", number = "number", integer = "integer", boolean = "boolean", ["true"] = "true",
  ["nil"] = "nil",
}

-- "Tensor|nil" -> "vesper.Tensor|nil"; words that are no type are the words of a choice.
local function type_of(kind)
  if types[kind] then return types[kind] end
  local parts = {}
  for part in kind:gmatch "[^|]+" do
    local class = part:match "^%u%w*%l%w*$" or part == "VSE" or part == "EMA"
    parts[#parts + 1] = types[part] or class and "vesper." .. part or '"' .. part .. '"'
  end
  return table.concat(parts, "|")
end

local out

local function put(format, ...)
  out[#out + 1] = select("#", ...) > 0 and format:format(...) or format
end

-- Text as comment lines.
local function comment(text)
  local line = "---"
  for word in text:gmatch "%S+" do
    if #line + 1 + #word > WIDTH then
      put("%s", line)
      line = "---"
    end
    line = line .. (line == "---" and "" or " ") .. word
  end
  put("%s", line)
end

-- {required positional, optional positional, by name only}
local function split(args)
  local required, optional, named = {}, {}, {}
  for _, a in ipairs(args) do
    table.insert(a.option and named or (a.optional and not a.many) and optional or required, a)
  end
  return required, optional, named
end

local function field(a)
  put("---@field %s? %s%s", a.name, type_of(a.kind), a.default and " default " .. a.default or "")
end

-- A class of the options of a function, by the function's name; returns the class.
local function options_class(name, list)
  local class = "vesper.options." .. name:gsub("^vs%.", ""):gsub(":", ".")
  put("---@class %s", class)
  for _, a in ipairs(list) do field(a) end
  put ""
  return class
end

-- "Dataset?" -> the type and a message.
local function put_results(results)
  for part in (results and results .. ", " or ""):gmatch "(.-), " do
    local failing = part:find("?", 1, true)
    put("---@return %s%s", type_of((part:gsub("%?", ""))), failing and "?" or "")
    if failing then put "---@return string? message" end
  end
end

-- name(a, b) within the width.
local function put_function(name, params)
  local line = ("function %s("):format(name)
  for i, p in ipairs(params) do
    local piece = p .. (i < #params and ", " or ") end")
    if #line + #piece > WIDTH then
      put("%s", (line:gsub(" $", "")))
      line = "  "
    end
    line = line .. piece
  end
  put("%s", #params == 0 and line .. ") end" or line)
  put ""
end

-- f(required, options).  Without the types of the required ones: it has to fit a line.
local function overload(required, class, result, method)
  local params = {}
  if method then params[1] = "self" end
  for _, a in ipairs(required) do params[#params + 1] = a.name end
  params[#params + 1] = "o: " .. class
  put("---@overload fun(%s): %s", table.concat(params, ", "), result)
end

-- One function.  `method`: without its first argument, which is self.
local function annotate(e, name, args, class, method)
  local required, _, named = split(args)
  local params = {}
  comment(e.doc)
  if e.inputs then comment("Called with (" .. e.inputs .. ").") end
  local many = required[#required] and required[#required].many
  for _, a in ipairs(args) do
    if a.many then
      put("---@param ... any %s%s", a.name, #named > 0 and ", then options" or "")
      params[#params + 1] = "..."
    elseif not a.option then
      put("---@param %s%s %s%s", a.name, a.optional and "?" or "", type_of(a.kind),
        a.default and " default " .. a.default or "")
      params[#params + 1] = a.name
    end
  end
  if #named > 0 and not many then
    put("---@param options? %s", class)
    params[#params + 1] = "options"
  end
  put_results(e.results)
  if class and #named == 0 then
    local result = e.results:gsub("%?.*", ""):gsub(",.*", "")
    overload(required, class, type_of(result), method)
  end
  put_function(name, params)
end

local function tail(list, from) return table.move(list, from, #list, 1, {}) end

-- Whether the arguments may also go by name: those of descriptors.
local by_name = {op = true, layer = true, reader = true}

local function annotate_entry(e, name)
  local _, optional, named = split(e.args)
  local class
  if #named > 0 then
    class = options_class(e.name, named)
  elseif #optional > 0 and by_name[e.kind] then
    class = options_class(e.name, optional)
  end
  annotate(e, name, e.args, class)
  if e.method then annotate(e, "Tensor:" .. e.method, tail(e.args, 2), class, true) end
end

-- Tables that names go through, parents first: {"vs.nn", "vs.data", "vs.data.prepare", ...}
local function tables_of(entries)
  local list, seen = {}, {vs = true}
  for _, e in ipairs(entries) do
    local path = e.name:match "^%l" and e.kind ~= "field" and "vs." .. e.name:gsub("^vs%.", "")
    local at = 1
    while path do
      at = path:find(".", at + 1, true)
      if not at then break end
      local parent = path:sub(1, at - 1)
      if not seen[parent] then list[#list + 1] = parent end
      seen[parent] = true
    end
  end
  return list, seen
end

-- A table; one that is called too (nn.Embedding) says so.
local function put_table(name, entries)
  for _, e in ipairs(entries) do
    if "vs." .. e.name == name and e.args then
      local params = {}
      for i, a in ipairs(e.args) do params[i] = a.name .. (a.optional and "?" or "") end
      put("---@overload fun(%s): %s", table.concat(params, ", "), type_of(e.results))
    end
  end
  put("%s = {}", name)
end

local META_HEAD = [[
---@meta vesper
-- Annotations for editors, made by `make docs`; nothing loads this file.
-- luacheck: ignore

---@class vesper
local vs = {}
]]

local operators = [[
---@operator add(vesper.Tensor|number): vesper.Tensor
---@operator sub(vesper.Tensor|number): vesper.Tensor
---@operator mul(vesper.Tensor|number): vesper.Tensor
---@operator div(vesper.Tensor|number): vesper.Tensor
---@operator pow(vesper.Tensor|number): vesper.Tensor
---@operator unm: vesper.Tensor
---@operator len: integer
---@field [integer] vesper.Tensor]]

local sized = {Dataset = true, Loader = true, Vocab = true, WordVectors = true, WordPiece = true}
local extends = {Layer = "Module", Baseline = "Module", VSE = "Module"}

-- Every class with its fields, in the order of their first mention.
local function put_classes(entries)
  local classes, order = {}, {}
  for _, e in ipairs(entries) do
    local class, key = e.name:match "^(%u%w*)[.:]([%w_]+)$"
    if class and not classes[class] then
      classes[class] = {}
      order[#order + 1] = class
    end
    if class and e.kind == "field" then table.insert(classes[class], {key, e}) end
  end
  for _, class in ipairs(order) do
    put("---@class vesper.%s%s", class, extends[class] and ": vesper." .. extends[class] or "")
    if class == "Tensor" then put("%s", operators) end
    if class == "Module" then put "---@overload fun(...: any): any" end
    if sized[class] then put "---@operator len: integer" end
    for _, pair in ipairs(classes[class]) do
      comment(pair[2].doc)
      put("---@field %s %s", pair[1], type_of(pair[2].results))
    end
    put("local %s = {}\n", class)
  end
end

local function annotations()
  local entries = reference.entries()
  local tables, is_table = tables_of(entries)
  out = {META_HEAD}
  put_classes(entries)
  for _, name in ipairs(tables) do put_table(name, entries) end
  put ""
  for _, e in ipairs(entries) do
    local plain = e.name:match "^%l" and "vs." .. e.name:gsub("^vs%.", "")
    if e.kind == "field" and plain and not is_table[plain] then
      comment(e.doc)
      put("---@type %s\n%s = nil\n", type_of(e.results), plain)
    elseif e.kind ~= "field" and not is_table[plain] then
      annotate_entry(e, plain or e.name)
    end
  end
  put "return vs"
  return table.concat(out, "\n") .. "\n"
end

-- --- files ---

for path, text in pairs {[REFERENCE] = page(), [META] = annotations()} do
  if arg[1] == "--check" then
    local file = io.open(path)
    local same = file and file:read "a" == text
    if file then file:close() end
    if not same then
      io.stderr:write(path, " is stale: run `make docs`\n")
      os.exit(1)
    end
  else
    local file = assert(io.open(path, "w"))
    assert(file:write(text))
    assert(file:close())
    print(path)
  end
end
