-- Writes docs/reference.md and lua/vesper/meta.lua (annotations for editors) from the registries:
-- `make docs`.  With --check it writes nothing and fails when a file is not what it would write.
local core = require "vesper.core"

local REFERENCE, META = "docs/reference.md", "lua/vesper/meta.lua"

-- Kind in a descriptor -> type in LuaCATS.
local types = {
  tensor = "vesper.Tensor", any = "vesper.Tensor", index = "vesper.Tensor", mask = "vesper.Tensor",
  buffer = "vesper.Tensor", operand = "vesper.Tensor|number", tensors = "vesper.Tensor[]",
  num = "number", int = "integer", bool = "boolean", string = "string", dtype = "string",
  pair = "integer|integer[]", numpair = "number[]", dim = "integer", dims = "integer|integer[]",
  ints = "integer|integer[]",
}

-- "x:tensor, dim:dim=-1" -> {{name=, type=, default=, optional=}, ...}
local function arguments(signature)
  local list = {}
  for part in (signature .. ","):gmatch "%s*(.-)%s*," do
    local name, kind, default = part:match "^([%w_]+):([^=]+)=?(.*)$"
    if name then
      local bare = kind:gsub("%?$", "")
      local choice = bare:find("|", 1, true) and '"' .. bare:gsub("|", '"|"') .. '"'
      list[#list + 1] = {name = name, kind = bare, optional = kind ~= bare or default ~= "",
        default = default ~= "" and default or nil,
        type = choice or types[bare] or "any"}
    end
  end
  return list
end

-- stride=1, b?
local function as_text(args)
  local parts = {}
  for i, a in ipairs(args) do
    parts[i] = a.name .. (a.default and "=" .. a.default or a.optional and "?" or "")
  end
  return table.concat(parts, ", ")
end

local function flags_of(op)
  local words = {}
  if op.view then words[#words + 1] = "view" end
  if op.inplace then words[#words + 1] = "in place" end
  if op.random then words[#words + 1] = "random" end
  if op.nograd and not op.inplace then words[#words + 1] = "no gradient" end
  if op.outputs > 1 then words[#words + 1] = op.outputs .. " results" end
  return #words > 0 and " *(" .. table.concat(words, ", ") .. ")*" or ""
end

local function by_name(list)
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function is_method(args)
  local kind = args[1] and args[1].kind
  return kind == "tensor" or kind == "any" or kind == "index" or kind == "mask" or kind == "operand"
end

local HEAD = [[
# Reference

Made by `make docs` from the descriptors in `csrc`; not edited by hand.

`name?` may be left out, `name=value` has a default. Arguments go by position, the last ones by
name in a table: `vs.conv2d(x, w, {stride = 2})`. Dimensions count from 1, or from -1 backwards.

## Ops

Functions of `vs`; where the first argument is a tensor, methods too: `x:softmax(2)`.
]]
local LAYERS = "\n## Layers\n\nIn `vs.nn`.\n"
local OPTIMIZERS = "\n## Optimizers\n\nIn `vs.optim`; the parameters come first.\n"

local function reference(ops, layers, optims)
  local out = {HEAD}
  local function entry(title, doc)
    out[#out + 1] = "- " .. title .. "  "
    out[#out + 1] = "  " .. doc
  end
  for _, op in ipairs(ops) do
    local args = as_text(arguments(op.signature))
    entry(("**`%s(%s)`**%s"):format(op.name, args, flags_of(op)), op.doc)
  end
  out[#out + 1] = LAYERS
  for _, l in ipairs(layers) do
    local args, inputs = as_text(arguments(l.signature)), as_text(arguments(l.inputs))
    entry(("**`nn.%s(%s)`** called with `(%s)`"):format(l.name, args, inputs), l.doc)
  end
  out[#out + 1] = OPTIMIZERS
  for _, o in ipairs(optims) do
    local args = as_text(arguments(o.signature))
    entry(("**`optim.%s(parameters, {%s})`**"):format(o.name, args), o.doc)
  end
  return table.concat(out, "\n") .. "\n"
end

-- Text as comment lines of at most 100 columns.
local function comment(out, text)
  local line = "---"
  for word in text:gmatch "%S+" do
    if #line + 1 + #word > 100 then
      out[#out + 1] = line
      line = "---"
    end
    line = line .. " " .. word
  end
  out[#out + 1] = line
end

-- One function with its annotations.  `self` leaves out the first argument and makes a method.
local function annotate(out, prefix, op, self)
  local args, names = arguments(op.signature), {}
  comment(out, op.doc)
  for i = self and 2 or 1, #args do
    local a = args[i]
    names[#names + 1] = a.name
    out[#out + 1] = ("---@param %s%s %s%s"):format(a.name, a.optional and "?" or "", a.type,
      a.default and " default " .. a.default or "")
  end
  local result = (op.name == "all" or op.name == "any") and "boolean|" or ""
  for _ = 1, op.outputs do out[#out + 1] = "---@return " .. result .. "vesper.Tensor" end
  out[#out + 1] = ("function %s%s(%s) end"):format(prefix, op.name, table.concat(names, ", "))
  out[#out + 1] = ""
end

local META_HEAD = [[
---@meta vesper
-- Annotations for editors, made by `make docs`; nothing loads this file.
-- luacheck: ignore

---@class vesper
local vs = {}

---@class vesper.Tensor
---@field shape integer[]
---@field dtype string
---@field grad vesper.Tensor?
---@field requires_grad boolean
---@operator add(vesper.Tensor|number): vesper.Tensor
---@operator sub(vesper.Tensor|number): vesper.Tensor
---@operator mul(vesper.Tensor|number): vesper.Tensor
---@operator div(vesper.Tensor|number): vesper.Tensor
---@operator pow(vesper.Tensor|number): vesper.Tensor
---@operator unm: vesper.Tensor
---@operator len: integer
local Tensor = {}
]]

local function meta(ops)
  local out = {META_HEAD}
  for _, op in ipairs(ops) do
    annotate(out, "vs.", op, false)
    if is_method(arguments(op.signature)) then annotate(out, "Tensor:", op, true) end
  end
  out[#out + 1] = "return vs"
  return table.concat(out, "\n") .. "\n"
end

local function visible(list)
  local kept = {}
  for _, op in ipairs(list) do if not op.hidden then kept[#kept + 1] = op end end
  return by_name(kept)
end

local ops = visible(core.ops())
local files = {
  [REFERENCE] = reference(ops, by_name(core.list_layers()), by_name(core.list_optims())),
  [META] = meta(ops),
}
for path, text in pairs(files) do
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
