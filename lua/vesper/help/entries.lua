-- The documentation of each public name, for vs.help, docs/reference.md and editor annotations.
--
-- Ops, layers, optimizers and readers are documented in their C descriptors; all other functions
-- and fields in the files of help/words, one entry each: {name, arguments, results, description,
-- inputs}.  spec/help/help_spec.lua checks that each public function has an entry and each entry a
-- function.
--
-- Arguments use the descriptors' syntax (csrc/core/args.h), extended by: `{...}` around options
-- that are given by name in a last table, `...` after a kind that may repeat, and as kinds Lua's
-- types (list, table, function, value) and class names.  An entry without arguments is a field.
-- The fifth field of a class of modules: the arguments of a call of its objects.
-- Results: "Dataset?" means a Dataset, or nil and a message; "integer|nil" means nil without a
-- message.
local core = require "vesper.core"
local arguments = require "vesper.help.arguments"

local entries = {}

local sections = require "vesper.help.words"

-- --- sections ---

local function from_table(section)
  local list = {}
  for i = 3, #section do list[i - 2] = arguments.described(section[i]) end
  return list
end

local function tensors(n) return ("Tensor, "):rep(n):sub(1, -3) end

local function flags_of(op)
  local words = {}
  if op.view then words[#words + 1] = "view" end
  if op.inplace then words[#words + 1] = "in place" end
  if op.random then words[#words + 1] = "random" end
  if op.nograd and not op.inplace then words[#words + 1] = "no gradient" end
  return words
end

local tensor_kinds = {tensor = true, any = true, index = true, mask = true, operand = true,
  buffer = true}

local function from_ops()
  local list = {}
  for _, op in ipairs(core.ops()) do
    if not op.hidden then
      local e = arguments.entry {name = "vs." .. op.name, arguments = op.signature, doc = op.doc,
        results = tensors(op.outputs), kind = "op", flags = flags_of(op)}
      if op.quantifier then e.results = "boolean|Tensor" end
      e.method = e.args[1] and tensor_kinds[e.args[1].kind] and op.name or nil
      list[#list + 1] = e
    end
  end
  return list
end

local function from_layers()
  local list = {}
  for _, l in ipairs(core.list_layers()) do
    list[#list + 1] = arguments.entry {name = "nn." .. l.name, arguments = l.signature,
      results = "Layer", doc = l.doc, kind = "layer", input_args = arguments.parse(l.inputs),
      outputs = l.outputs}
  end
  return list
end

local function from_optims()
  local list = {}
  for _, o in ipairs(core.list_optims()) do
    local signature = "parameters:list, {" .. o.signature .. "}"
    list[#list + 1] = arguments.entry {name = "optim." .. o.name, arguments = signature,
      results = "Optimizer", doc = o.doc, kind = "optimizer"}
  end
  return list
end

local function from_readers()
  local list = {}
  for _, r in ipairs(core.data.readers()) do
    local named = r.args == "" -- takes a table of named tensors
    list[#list + 1] = arguments.entry {name = "data." .. r.name, doc = r.doc, kind = "reader",
      arguments = named and "tensors:table" or r.args, results = named and "Dataset" or "Dataset?"}
  end
  return list
end

local function make_sections()
  local described = {nn = from_layers, optim = from_optims, data = from_readers}
  local list = {}
  for _, section in ipairs(sections) do
    local all = described[section[1]] and described[section[1]]() or {}
    table.sort(all, function(a, b) return a.name < b.name end)
    table.move(from_table(section), 1, #section - 2, #all + 1, all)
    list[#list + 1] = {name = section[1], about = section[2], entries = all}
    if section[1] == "Tensor" then
      local ops = from_ops()
      table.sort(ops, function(a, b) return a.name < b.name end)
      list[#list + 1] = {name = "ops", entries = ops, about =
        "Functions of vs; where the first argument is a tensor, methods too: x:softmax(2)."}
    end
  end
  return list
end

local made

--- Every section in reading order: {name=, about=, entries=}.  An entry is {name=, kind=, doc=,
--- signature=, args=, results=} and, by kind, method=, flags=, inputs=, input_args=, outputs=; kind
--- is "function", "method", "field", "op", "layer", "optimizer" or "reader".
function entries.sections()
  made = made or make_sections()
  return made
end

--- The entries of every section in one list.
function entries.entries()
  local list = {}
  for _, section in ipairs(entries.sections()) do
    table.move(section.entries, 1, #section.entries, #list + 1, list)
  end
  return list
end

return entries
