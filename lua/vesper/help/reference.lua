-- The documentation of each public name, for vs.help, docs/reference.md and editor annotations.
--
-- Ops, layers, optimizers and readers are documented in their C descriptors; all other functions
-- and fields in the files of help/words, one entry each: {name, arguments, results, description}.
-- spec/help/help_spec.lua checks that each public function has an entry and each entry a function.
--
-- Arguments use the descriptors' syntax (csrc/core/args.h), extended by: `{...}` around options
-- that are given by name in a last table, `...` after a kind that may repeat, and as kinds Lua's
-- types (list, table, function, value) and class names.  An entry without arguments is a field.
-- Results: "Dataset?" means a Dataset, or nil and a message; "integer|nil" means nil without a
-- message.
local core = require "vesper.core"

local reference = {}

local sections = require "vesper.help.words"

-- The paths of classes written in Lua; classes implemented in C are in Lua's registry.
local classes = {Module = "nn.Module", InfoNCE = "nn.InfoNCE",
  ResNet = "models.ResNet", ResNet18 = "models.ResNet18", ResNet34 = "models.ResNet34",
  ResNet50 = "models.ResNet50", EfficientNetLite0 = "models.EfficientNetLite0",
  Baseline = "models.Baseline", TextOnly = "models.TextOnly", VSE = "models.VSE",
  CIM = "models.CIM", COOT = "models.COOT",
  AttentionPooling = "models.AttentionPooling", BERTFusion = "models.BERTFusion",
  DPM = "models.DPM", BERT = "models.BERT",
  RegionEncoder = "models.RegionEncoder", JoinedEncoder = "models.JoinedEncoder",
  EMA = "optim.EMA", SummaryWriter = "tensorboard.SummaryWriter",
  Scheduler = "optim.lr_scheduler.Scheduler"}

-- --- arguments ---

local function parse_argument(text, option)
  local name, kind, default = text:match "^([%w_]+):([^=]*)=?(.*)$"
  assert(name, "reference: not an argument: " .. text)
  local many, optional = kind:find("...", 1, true) ~= nil, kind:find("?", 1, true) ~= nil
  kind = kind:gsub("%.%.%.$", ""):gsub("%?$", "")
  return {name = name, kind = kind, many = many, option = option,
    default = default ~= "" and default or nil, optional = optional or many or default ~= ""}
end

-- "x:tensor, {dim:dim=-1}" -> {{name=, kind=, default=, optional=, many=, option=}, ...}
local function parse_arguments(text)
  local list = {}
  local plain, options = text:match "^(.-),?%s*{(.*)}$"
  for i, part in ipairs {plain or text, options or ""} do
    for argument in (part .. ", "):gmatch "(.-),%s+" do
      if argument ~= "" then list[#list + 1] = parse_argument(argument, i == 2) end
    end
  end
  return list
end

-- 0.9/0.999 -> {0.9, 0.999}
local function default_text(a)
  return a.kind == "numpair" and "{" .. a.default:gsub("/", ", ") .. "}" or a.default
end

-- stride = 1, b?, {dtype = float32}
local function arguments_text(list)
  local plain, options = {}, {}
  for _, a in ipairs(list) do
    local mark = a.many and "..." or a.optional and "?" or ""
    if a.default then mark = " = " .. default_text(a) end
    table.insert(a.option and options or plain, a.name .. mark)
  end
  if #options > 0 then plain[#plain + 1] = "{" .. table.concat(options, ", ") .. "}" end
  return table.concat(plain, ", ")
end

-- --- entries ---

local function entry(fields)
  if fields.arguments then fields.args = parse_arguments(fields.arguments) end
  local text = fields.args and arguments_text(fields.args)
  fields.signature = text and ("%s(%s)"):format(fields.name, text) or fields.name
  return fields
end

local function from_table(section)
  local list = {}
  for i = 3, #section do
    local name, arguments, results, doc = table.unpack(section[i], 1, 4)
    local kind = not arguments and "field" or name:find(":", 1, true) and "method" or "function"
    list[#list + 1] =
      entry {name = name, arguments = arguments, results = results, doc = doc, kind = kind}
  end
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
      local e = entry {name = "vs." .. op.name, arguments = op.signature, doc = op.doc,
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
    local inputs = arguments_text(parse_arguments(l.inputs))
    list[#list + 1] = entry {name = "nn." .. l.name, arguments = l.signature, results = "Layer",
      doc = l.doc, kind = "layer", inputs = inputs, outputs = l.outputs}
  end
  return list
end

local function from_optims()
  local list = {}
  for _, o in ipairs(core.list_optims()) do
    local arguments = "parameters:list, {" .. o.signature .. "}"
    list[#list + 1] = entry {name = "optim." .. o.name, arguments = arguments,
      results = "Optimizer", doc = o.doc, kind = "optimizer"}
  end
  return list
end

local function from_readers()
  local list = {}
  for _, r in ipairs(core.data.readers()) do
    local named = r.args == "" -- takes a table of named tensors
    list[#list + 1] = entry {name = "data." .. r.name, doc = r.doc, kind = "reader",
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
--- signature=, args=, results=} and, by kind, method=, flags=, inputs=, outputs=; kind is
--- "function", "method", "field", "op", "layer", "optimizer" or "reader".
function reference.sections()
  made = made or make_sections()
  return made
end

--- The entries of every section in one list.
function reference.entries()
  local list = {}
  for _, section in ipairs(reference.sections()) do
    table.move(section.entries, 1, #section.entries, #list + 1, list)
  end
  return list
end

--- The function or table that an entry documents; nil for fields of objects.
function reference.live(name)
  if name == "vs" then return require "vesper" end
  local class, key = name:match "^(%u%w*)[.:]([%w_]+)$"
  if class and not classes[class] then
    local meta = debug.getregistry()["vesper." .. class]
    return meta and meta.methods and meta.methods[key]
  end
  local value = require "vesper"
  local path = class and classes[class] .. "." .. key or name:gsub("^vs%.", "")
  for part in path:gmatch "[%w_]+" do
    if type(value) ~= "table" then return nil end
    value = value[part]
  end
  return value
end

return reference
