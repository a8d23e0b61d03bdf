-- Checks of arguments by the descriptors of help/words: kinds, names of options, arguments by name.
-- Loaded at the first call that is checked (guard.lua).
local core = require "vesper.core"
local arguments = require "vesper.help.arguments"
local files = require "vesper.help.words.files"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local described = {}

local classes = {} -- name -> class written in Lua

-- ---- kinds --------------------------------------------------------------------------------------

local function is_type(name) return function(x) return type(x) == name end end
local function is_integer(x) return type(x) == "number" and math.tointeger(x) ~= nil end
local function has_metamethod(x, name)
  local meta = debug.getmetatable(x)
  return type(meta) == "table" and meta[name] ~= nil
end
local function is_callable(x)
  return type(x) == "function" or type(x) ~= "string" and has_metamethod(x, "__call")
end
local function either(a, b) return function(x) return a(x) or b(x) end end

local is_table, is_number = is_type "table", is_type "number"

-- kind of a descriptor = {what is expected, test}
local kinds = {
  tensor = {"a tensor", core.is_tensor}, any = {"a tensor", core.is_tensor},
  buffer = {"a tensor", core.is_tensor}, mask = {"a bool tensor", core.is_tensor},
  index = {"an int64 tensor", core.is_tensor},
  operand = {"a tensor or a number", either(core.is_tensor, is_number)},
  tensors = {"a list of tensors", is_table},
  num = {"a number", is_number}, int = {"an integer", is_integer},
  dim = {"a dimension", is_integer},
  dims = {"a dimension or a list of them", either(is_integer, is_table)},
  ints = {"an integer or a list of them", either(is_integer, is_table)},
  pair = {"an integer or two of them", either(is_integer, is_table)},
  numpair = {"a number or two of them", either(is_number, is_table)},
  bool = {"true or false", is_type "boolean"}, string = {"a string", is_type "string"},
  dtype = {"the name of a dtype", is_type "string"},
  paths = {"a path or a list of paths", either(is_type "string", is_table)},
  list = {"a list", is_table}, table = {"a table", is_table},
  value = {"a value", function() return true end}, ["function"] = {"a function", is_callable},
}

-- Kinds in whose place a table with names holds arguments by name; for a tensor it does so in
-- functions of tensors alone, elsewhere it may be a batch.
local scalar = {operand = true, num = true, int = true, dim = true, bool = true, string = true,
  dtype = true}

-- A module, or a class of modules.
local function is_module(x)
  if type(x) == "userdata" then return core.is_layer(x) end
  local meta = type(x) == "table" and getmetatable(x)
  return type(meta) == "table" and meta.is_module == true
    or type(x) == "table" and rawget(x, "is_module") == true
end

-- Whether x is this class, one that extends it, or an object of one.
local function is_a(x, class)
  while type(x) == "table" do
    if x == class then return true end
    local meta = getmetatable(x)
    x = rawget(x, "super") or type(meta) == "table" and meta.__index or nil
  end
  return false
end


local function class_kind(name)
  local article = name:find "^[AEIOU]" and "an " or "a "
  if name == "Module" then return {"a Module", is_module} end
  return {article .. name, function(x)
    if classes[name] then return is_a(x, classes[name]) end
    local meta = type(x) == "userdata" and debug.getmetatable(x)
    return type(meta) == "table" and meta.__name == "vesper." .. name
  end}
end

-- Whether some part is a class: "WordVectors", not "LSTM".
local function has_class(name)
  for word in name:gmatch "[^|]+" do
    if word:find "^%u%w*%l" then return true end
  end
  return false
end

local function alternatives(list)
  return table.concat(list, ", ", 1, #list - 1) .. " or " .. list[#list]
end

-- "a|b": one of these strings; with a class among them, "string|WordVectors", one of these kinds.
local function choice(name, kind_of)
  local words, expected, tests = {}, {}, {}
  for word in name:gmatch "[^|]+" do words[#words + 1] = word end
  if not has_class(name) then
    return {alternatives(words), function(x) return type(x) == "string" and check.is(x, words) end}
  end
  for i, word in ipairs(words) do expected[i], tests[i] = table.unpack(kind_of(word)) end
  return {alternatives(expected), function(x)
    for _, test in ipairs(tests) do if test(x) then return true end end
    return false
  end}
end

local function kind_of(name)
  kinds[name] = kinds[name] or name:find("|", 1, true) and choice(name, kind_of)
    or class_kind(name)
  return kinds[name]
end

-- ---- descriptors --------------------------------------------------------------------------------

-- The files of help/words, until the next collection: a script needs few of their entries.
local words = setmetatable({}, {__mode = "v"})

local function sections_of(file)
  if not words[file] then
    local path = package.searchpath("vesper.help.words." .. file, package.path)
    words[file] = path and dofile(path) or require("vesper.help.words." .. file)
  end
  return words[file]
end

local function entry_of(name)
  for _, file in ipairs(files) do
    for _, section in ipairs(sections_of(file)) do
      for i = 3, #section do
        if section[i][1] == name and section[i][2] then return arguments.described(section[i]) end
      end
    end
  end
end

-- The descriptor of a call of a class's objects, "nn.GPO()".
local function inputs_of(name)
  local e = entry_of(name)
  if not e or not e.input_args then return false end
  local short = name:match "[%w_]+$"
  local spec = {name = short, args = {{name = "self", kind = short}}, at = {}, self = short,
    method = "forward"}
  for i, a in ipairs(e.input_args) do
    spec.args[i + 1], spec.at[a.name] = a, i + 1
  end
  return spec
end

-- {name=, args=, at = {name = position}, named = {option, ...}, options = {name = option} or nil,
-- self = class or nil}
local function spec_of(name)
  -- "VSE:mean" may be the function VSE.mean, "Tensor:split" vs.split
  local e = entry_of(name) or entry_of((name:gsub(":", ".")))
    or entry_of((name:gsub("^%w+:", "vs.")))
  if not e then return false end
  local short = e.name:gsub("^vs%.", ""):gsub("^Tensor:", "")
  local spec = {name = short, args = {}, named = {}, at = {}}
  local class, method = e.name:match "^(%u%w*):([%w_]+)$"
  if class == "Tensor" then
    spec.args[1], spec.tensors = {name = "x", kind = "tensor"}, true
  elseif class then
    spec.self, spec.method = class, method
    spec.args[1] = {name = "self", kind = class}
  end
  for _, a in ipairs(e.args) do
    if a.option then
      spec.options = spec.options or {}
      spec.options[a.name] = a
      table.insert(spec.named, a)
    else
      spec.args[#spec.args + 1] = a
    end
  end
  for i, a in ipairs(spec.args) do spec.at[a.name] = i end
  return spec
end

-- ---- checks -------------------------------------------------------------------------------------

local function fail_self(spec, self)
  local module = classes[spec.self] == nil or classes[spec.self].is_module
  local noun = module and "module" or spec.self
  check.fail(spec.name, "the %s is %s, expected %s; call it with a colon, %s:%s()", noun,
    self == nil and "missing" or text.kind(self), kind_of(spec.self)[1],
    module and "net" or spec.self:lower(), spec.method)
end

local function check_value(spec, a, value)
  local kind = kind_of(a.kind)
  if value == nil then
    if a.optional then return end
    check.fail(spec.name, "%s is missing, expected %s", a.name, kind[1])
  elseif not kind[2](value) then
    check.fail(spec.name, "%s is %s, expected %s", a.name, text.value(value), kind[1])
  end
end

local function check_options(spec, given)
  if given == nil then given = {} end
  if type(given) ~= "table" or has_metamethod(given, "is_module") then
    check.fail(spec.name, "options must be a table, got %s", text.kind(given))
  end
  local wrong = options.unknown(given, nil, spec.options)
  if wrong then check.fail(spec.name, "%s", wrong) end
  for _, a in ipairs(spec.named) do
    local value = given[a.name]
    -- false is "not given" for an option without a default.
    local absent = value == false and a.optional and not a.default and a.kind ~= "bool"
    if not absent then check_value(spec, a, value) end
  end
end

local function is_named(value)
  if type(value) ~= "table" or getmetatable(value) ~= nil or #value > 0 then return false end
  return type(next(value)) == "string"
end

local function by_name(spec, a)
  return scalar[a.kind] or a.kind:find("|", 1, true) ~= nil and not has_class(a.kind)
    or spec.tensors and (a.kind == "tensor" or a.kind == "any" or a.kind == "dims")
end

-- The arguments with those that are given by name in the last one, `given`, at their places.
local function placed(spec, args, n, given)
  args[n] = nil
  for name, value in pairs(given) do
    local at = spec.at[name]
    if not at then
      local names = {}
      for i, a in ipairs(spec.args) do names[i] = a.name end
      check.fail(spec.name, "unknown option '%s', expected one of %s", tostring(name),
        table.concat(names, ", "))
    elseif at < n then
      check.fail(spec.name, "%s is given twice", name)
    end
    args[at] = value
  end
  return args, math.max(n, #spec.args)
end

--- The descriptor of a function or method, or false.  object: of a call of a class's objects.
--- class: the class, where it is written in Lua.
function described.of(name, object, all)
  classes = all
  return object and inputs_of(name) or not object and spec_of(name) or false
end

--- The results of f with these arguments, which are checked.
function described.call(spec, f, ...)
  local args, n = {...}, select("#", ...)
  local plain = #spec.args
  local last = spec.args[plain]
  local many = last and last.many
  if spec.self and not kind_of(spec.self)[2](args[1]) then fail_self(spec, args[1]) end
  local given = n > 1 and not spec.options and not many and args[n] or nil
  if is_named(given) and n <= plain and by_name(spec, spec.args[n]) then
    args, n = placed(spec, args, n, given)
  end
  for i, a in ipairs(spec.args) do
    if a.many then break end
    -- Options may stand where optional arguments are left out.
    local early = spec.options and i == n and a.optional and is_named(args[i])
    if not early and (i > 1 or not spec.self) then check_value(spec, a, args[i]) end
  end
  if spec.options and not many then
    local at = n <= plain and n > 0 and spec.args[n].optional and is_named(args[n]) and n
      or plain + 1
    check_options(spec, args[at])
  end
  return f(table.unpack(args, 1, n))
end

return described
