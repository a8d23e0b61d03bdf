-- Calls every public function with arguments missing, of wrong types, with options that do not
-- exist, and methods with '.' in place of ':' (spec/util/calls_spec.lua).
--
--   lua5.4 spec/support/sweep.lua ROOT SCRATCH OUT [NAME ...]
--
-- runs in an empty folder and writes what it finds into the file OUT, a line each.  What is visited
-- comes from vesper.help.reference; a right call of each from spec/op/cases, from the kinds of its
-- arguments, or from spec/support/sweep_calls*.lua.
local root, scratch, out = arg[1], arg[2], arg[3]
local vs = require "vesper"
local reference = require "vesper.help.reference"
local calls = require "spec.support.sweep_objects"(vs, root, scratch)

local LONGEST, MOST = 20, 300e6 -- seconds of a call, bytes of tensors

local found = assert(io.open(out, "w"))
local function report(name, what, message)
  found:write(("%s: %s: %s\n"):format(name, what, (message:gsub("\n", " "):sub(1, 300))))
end

-- ---- messages -----------------------------------------------------------------------------------

-- Names that a message may begin with: functions, by their last part too, and classes.
local known = {grad = true, optimizer = true}
for _, e in ipairs(reference.entries()) do
  local name = e.name:gsub("^vs%.", "")
  known[e.name:match "^[%w_]+"] = true
  while name do -- "data.prepare.folder", "prepare.folder", "folder"
    known[name] = true
    name = name:match "^[%w_]+[.:](.*)$"
  end
end

-- What Lua itself says.
local RAW = {"attempt to ", "bad argument #", "stack overflow", "no integer representation",
  "invalid order function", "'for' ", "index is nil", "index is NaN", "string slice",
  "invalid value", "invalid option", "value expected", "not enough memory", "attempted to",
  "too many results", "out of range: %%"}

-- The function is called from a chunk of its own, whose line a message has to name.
local guarded = load("local pcall, pack = pcall, table.pack\nreturn function(f, ...)\n"
  .. "local r = pack(pcall(f, ...))\nreturn r\nend", "=caller")()

-- A function that calls an object there.
local caller_of = load("local o = ...\nreturn function(...)\nlocal r = {o(...)}\nreturn r[1]\nend",
  "=caller")

-- What is wrong with this message, or nil.
local function fault(message)
  if type(message) ~= "string" then return "raises a " .. type(message) end
  for _, raw in ipairs(RAW) do
    if message:find(raw, 1, true) then return "is Lua's own message" end
  end
  local place, text = message:match "^(caller:3: )(.*)$"
  if not place then return "does not name the caller's line" end
  local name = text:match "^([%w_.:]+): " or text:match "^([%w_.]+) has no "
  if not name or not known[name] then
    local path = text:find(scratch, 1, true) or text:find "^x[%w/.]*: " or text:find "^: "
    if not path then return "names no function" end
  end
end

-- ---- one call -----------------------------------------------------------------------------------

local function restore()
  vs.set_grad_enabled(true)
  vs.set_autocast_enabled(false)
  vs.set_matmul_precision "highest"
  vs.set_num_threads(1)
  vs.set_cache_limit(1 << 30)
end

local print_ = print
local function try(name, what, expected, f, args, n)
  local started, before = os.clock(), vs.memory().peak
  print = function() end -- luacheck: ignore
  debug.sethook(function()
    if os.clock() - started > LONGEST then
      debug.sethook()
      error("it runs for too long", 0)
    end
  end, "", 10000000)
  local r = guarded(f, table.unpack(args, 1, n))
  debug.sethook()
  print = print_ -- luacheck: ignore
  restore()
  local wrong = not r[1] and fault(r[2])
  if wrong then report(name, what, wrong .. ": " .. tostring(r[2])) end
  if expected and r[1] then expected(r) end
  if os.clock() - started > LONGEST and not calls.large[name] then
    report(name, what, "runs for too long")
  end
  if vs.memory().peak - before > MOST and not calls.large[name] then
    report(name, what, ("takes %.0f MB"):format((vs.memory().peak - before) / 1e6))
  end
  local left = vs.data.find(".", "") or {}
  local folder = io.open "x"
  if folder then
    folder:close()
    left[#left + 1] = "x"
  end
  if #left > 0 then
    if not r[1] or not r[2] then report(name, what, "leaves " .. left[1]) end
    os.execute "find . -mindepth 1 -delete"
  end
  return r
end

-- ---- arguments ----------------------------------------------------------------------------------

local ODD = {
  {"nil", function() return nil end}, {"true", function() return true end},
  {"false", function() return false end},
  {"-1", function() return -1 end}, {"0", function() return 0 end},
  {"1.5", function() return 1.5 end},
  {"nan", function() return 0 / 0 end}, {"inf", function() return math.huge end},
  {"'x'", function() return "x" end}, {"''", function() return "" end},
  {"{}", function() return {} end}, {"{'x'}", function() return {"x"} end},
  {"{x = 1}", function() return {x = 1} end},
  {"{{}}", function() return {{}} end},
  {"a function", function() return function() end end},
  {"a scalar", function() return vs.tensor(1) end},
  {"a tensor of rank 5", function() return vs.zeros(1, 1, 1, 1, 1) end},
  {"int64 [0]", function() return vs.zeros(0, {dtype = "int64"}) end},
  {"a vocabulary", function() return vs.text.Vocab.build {"a"} end},
  {"a file", function() return io.stderr end},
  {"a module", function() return vs.nn.Sequential{} end},
  {"the library", function() -- a copy: some functions change what they are given
    local copy = {}
    for key, value in pairs(vs) do copy[key] = value end
    return copy
  end},
}

-- Calls f with each argument missing, each odd one at each place.  make() returns fresh arguments;
-- n: how many f takes; where: their names.
local function sweep_places(name, f, make, n, where)
  for i = 1, n do
    for _, odd in ipairs(ODD) do
      local args = make()
      args[i] = odd[2]()
      try(name, ("%s = %s"):format(where[i] or i, odd[1]), nil, f, args, math.max(n, #args))
    end
    local args = make() -- left out: the others move down
    for k = i, n do args[k] = args[k + 1] end
    try(name, ("without %s"):format(where[i] or i), nil, f, args, n - 1)
  end
  try(name, "no argument", nil, f, {}, 0)
end

-- The options by name, behind the `given` arguments.
local function sweep_options(name, f, make, given, options)
  local function with(key, value)
    local args = make()
    local last = args[given + 1]
    local o = {}
    for k, v in pairs(type(last) == "table" and last or {}) do o[k] = v end
    o[key] = value
    args[given + 1] = o
    return args
  end
  for _, a in ipairs(options) do
    for _, odd in ipairs(ODD) do
      local value = odd[2]()
      try(name, ("{%s = %s}"):format(a.name, odd[1]), nil, f, with(a.name, value), given + 1)
    end
  end
  local r = try(name, "{zzz = 1}", nil, f, with("zzz", 1), given + 1)
  if r[1] then
    report(name, "{zzz = 1}", "no error")
  elseif type(r[2]) ~= "string" or not r[2]:find "'?zzz'?.*expected one of" then
    report(name, "{zzz = 1}", "does not list what is known: " .. tostring(r[2]))
  end
end

-- ---- right calls --------------------------------------------------------------------------------

local SCALES = {tensor = true, any = true}
local function automatic(a)
  local kind = a.kind
  if a.default and (kind == "num" or kind == "int" or kind == "dim") then
    local v = tonumber(a.default)
    if v then return math.tointeger(v) or v end
  end
  if SCALES[kind] then return vs.rand(3, 4) + 0.5 end
  if kind == "index" then return vs.tensor({1, 2, 1}, {dtype = "int64"}) end
  if kind == "mask" then return vs.ones(3, 4):bool() end
  if kind == "operand" or kind == "num" then return 0.5 end
  if kind == "int" or kind == "pair" or kind == "numpair" then return 2 end
  if kind == "dim" or kind == "dims" then return 1 end
  if kind == "ints" then return {3, 4} end
  if kind == "bool" then return true end
  if kind == "dtype" then return "float32" end
  if kind == "tensors" then return {vs.rand(3, 4), vs.rand(3, 4)} end
  if kind == "function" then return function(...) return ... end end
  if kind:find("|", 1, true) then return kind:match "^[^|]+" end
  local object = calls.objects[kind]
  if object then return object() end
  return nil
end

-- The receiver and the automatic arguments of an entry; nil and what there is no argument for.
local function automatic_args(e, method)
  local args = {}
  if method then
    local make = calls.objects[method]
    if not make then return nil, "an object of class " .. method end
    args[1] = make()
  end
  for _, a in ipairs(e.args) do
    if not a.optional then
      local value = automatic(a)
      if value == nil then return nil, a.name .. ":" .. a.kind end
      args[#args + 1] = value
    end
  end
  return args
end

-- From spec/op/cases: op -> the arguments of the first case, in the op's order.
local cases = {}
do
  local numbers = require "spec.support.numbers"
  local pipe = assert(io.popen("ls '" .. root .. "'/spec/op/cases/*.lua"))
  for path in pipe:lines() do
    for _, case in ipairs(assert(loadfile(path))()) do
      if not case.call and not cases[case.op] then
        cases[case.op] = {case = case, inputs = function() return case.inputs(vs, numbers) end}
      end
    end
  end
  pipe:close()
end

local tensor_kinds = {tensor = true, any = true, index = true, mask = true, operand = true,
  tensors = true, buffer = true}

local function case_args(e, op)
  local entry = cases[op]
  if not entry then return nil end
  local inputs, given, args, k, other = entry.inputs(), entry.case.args or {}, {}, 0, 0
  for i, a in ipairs(e.args) do
    if tensor_kinds[a.kind] then
      k = k + 1
      args[i] = inputs[k]
    else
      other = other + 1
      args[i] = given[a.name]
      if args[i] == nil then args[i] = given[other] end
    end
  end
  return args
end

-- ---- one function -------------------------------------------------------------------------------

local visited = 0

local function visit(e)
  local name = e.name
  if calls.skipped[name] then return end
  visited = visited + 1
  local class = name:match "^(%u%w*):"
  local f = reference.live(name)
  local own = calls.args[name]
  local make
  local plain, options = {}, {}
  for _, a in ipairs(e.args) do table.insert(a.option and options or plain, a) end
  if own then
    make = function()
      local args = own()
      if class then table.insert(args, 1, args.self or calls.objects[class]()) end
      return args
    end
  elseif e.kind == "op" and case_args(e, name:gsub("^vs%.", "")) then
    make = function() return case_args(e, (name:gsub("^vs%.", ""))) end
  else
    local _, lacks = automatic_args(e, class)
    if lacks then
      report(name, "no right call", "add one to spec/support/sweep_calls*.lua: " .. lacks)
      return
    end
    make = function() return (automatic_args(e, class)) end
  end
  local where, n = class and {"self"} or {}, (class and 1 or 0) + #plain
  for _, a in ipairs(plain) do where[#where + 1] = a.name end
  local right = make()
  local r = try(name, "a right call", nil, f, right, math.max(n, #right))
  if not r[1] or (r[2] == nil and type(r[3]) == "string") then
    report(name, "a right call", "fails; change spec/support/sweep_calls*.lua: "
      .. tostring(r[1] and r[3] or r[2]))
    return
  end
  if e.kind == "optimizer" then n = 1 end
  sweep_places(name, f, make, n, where)
  if class then -- '.' in place of ':'
    local args = make()
    table.remove(args, 1)
    local dot = try(name, "with a dot", nil, f, args, n - 1)
    if not dot[1] and type(dot[2]) == "string" and not calls.no_self[name]
      and not dot[2]:find("expected a", 1, true) then
      report(name, "with a dot", "does not say what is missing: " .. dot[2])
    end
  end
  local by_name = e.kind == "op" or e.kind == "layer" or e.kind == "reader"
  if #options > 0 then
    local given = class and 1 or 0
    for _, a in ipairs(plain) do given = given + (a.many and 0 or 1) end
    local many = plain[#plain] and plain[#plain].many
    given = many and #right or math.min(given, #right)
    sweep_options(name, f, make, given, options)
  elseif by_name and not calls.any_name[name] then
    local required = 0
    for i, a in ipairs(e.args) do if not a.optional then required = i end end
    sweep_options(name, f, function()
      local args = make()
      for i = required + 1, n do args[i] = nil end
      return args
    end, required, {table.unpack(e.args, required + 1)})
  elseif calls.options[name] then
    sweep_options(name, f, make, calls.options[name] - 1, {})
  end
  -- What it makes is called too.
  local inputs = calls.inputs[name]
  if e.kind == "layer" or inputs then
    local list = inputs or function()
      return (automatic_args({args = e.input_args}))
    end
    local object = r[2]
    local first = list()
    local call = guarded(object, table.unpack(first, 1, #first))
    if not call[1] then
      report(name .. "()", "a right call", "fails: " .. tostring(call[2]))
    else
      sweep_places(name .. "()", caller_of(object), list,
        math.max(#first, #(e.input_args or {}), calls.takes[name] or 0), {})
    end
  end
  local pipe = assert(io.popen "ls -A")
  local left = pipe:read "l"
  pipe:close()
  if left then
    report(name, "the folder", "holds " .. left)
    os.execute "find . -mindepth 1 -delete"
  end
end

local wanted = {}
for i = 4, #arg do wanted[arg[i]] = true end
for _, e in ipairs(reference.entries()) do
  local section = e.name:match "^[%w_]+"
  if e.kind ~= "field" and (#arg == 3 or wanted[e.name] or wanted[section]) then
    local started = os.clock()
    visit(e)
    found:flush()
    io.stderr:write(("%6.2f s  %s\n"):format(os.clock() - started, e.name))
  end
end
for name in pairs(calls.args) do
  if reference.live(name) == nil then report(name, "sweep_calls.lua", "there is no such name") end
end
found:write(("visited %d\n"):format(visited))
found:close()
