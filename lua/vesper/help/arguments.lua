-- Descriptors as text, "x:tensor, {dim:dim=-1}", and the entries of help/words (see entries.lua).
local arguments = {}

local function parse_argument(text, option)
  local name, kind, default = text:match "^([%w_]+):([^=]*)=?(.*)$"
  assert(name, "entries: not an argument: " .. text)
  local many, optional = kind:find("...", 1, true) ~= nil, kind:find("?", 1, true) ~= nil
  kind = kind:gsub("%.%.%.$", ""):gsub("%?$", "")
  return {name = name, kind = kind, many = many, option = option,
    default = default ~= "" and default or nil, optional = optional or many or default ~= ""}
end

--- "x:tensor, {dim:dim=-1}" -> {{name=, kind=, default=, optional=, many=, option=}, ...}
function arguments.parse(text)
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

--- An entry of the reference: fields with args, inputs and signature.
function arguments.entry(fields)
  if fields.arguments then fields.args = arguments.parse(fields.arguments) end
  if fields.input_args then fields.inputs = arguments_text(fields.input_args) end
  local text = fields.args and arguments_text(fields.args)
  fields.signature = text and ("%s(%s)"):format(fields.name, text) or fields.name
  return fields
end

--- The entry of help/words {name, arguments, results, description, inputs}.
function arguments.described(words)
  local name, signature, results, doc, inputs = table.unpack(words, 1, 5)
  local kind = not signature and "field" or name:find(":", 1, true) and "method" or "function"
  return arguments.entry {name = name, arguments = signature, results = results, doc = doc,
    kind = kind, input_args = inputs and arguments.parse(inputs)}
end

return arguments
