-- Lossless conversion of Lua values to JSON, for a script's own values in a checkpoint.
--
-- pack converts numbers, strings, booleans, tables of these and tensors to values that vs.io can
-- write; unpack returns equal values: integers keep 64 bits, floats keep every bit except the
-- payload of NaNs, keys may be anything but tables.  Values without a JSON form become an object
-- with one reserved key: {"$number": "inf"}, {"$bytes": hex}, {"$tensor": name}, {"$pairs": [[k,
-- v], ...]}.  Shared tables become separate tables; functions and objects with a metatable are
-- errors.
local core = require "vesper.core"

local pack = {}

local array = getmetatable(core.io.array {})
local DEPTH = 100

local function refuse(at, what) core._raise(("checkpoint.save: %s is %s"):format(at, what)) end

local function plain_text(s) return utf8.len(s) ~= nil end

local function to_hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end

local function is_list(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n > 0 and n == #t and n
end

local function has_names(t)
  for key in pairs(t) do
    if type(key) ~= "string" or key:sub(1, 1) == "$" or not plain_text(key) then return false end
  end
  return true
end

local function tensor_name(at, tensors)
  local name = at:gsub("[^%w_.%-]", "_")
  while tensors[name] do name = name .. "_" end
  return name
end

-- A metatable that only says how a table is printed.
local function only_prints(meta)
  for key in pairs(meta) do
    if key ~= "__tostring" and key ~= "__name" and key ~= "plain" then return false end
  end
  return true
end

local pack_value

local function pack_table(t, at, tensors, depth)
  local meta, out = getmetatable(t), {}
  if meta ~= nil and meta ~= array and not only_prints(meta) then
    refuse(at, "an object, expected a plain table")
  end
  if depth > DEPTH then
    refuse(at, ("nested in more than %d tables, or contains itself"):format(DEPTH))
  end
  local function inner(value, key)
    return pack_value(value, at .. "." .. tostring(key), tensors, depth + 1)
  end
  if is_list(t) then
    for i, value in ipairs(t) do out[i] = inner(value, i) end
    return core.io.array(out)
  elseif has_names(t) then
    for key, value in pairs(t) do out[key] = inner(value, key) end
    return meta == array and core.io.array(out) or out
  end
  for key, value in pairs(t) do
    if type(key) == "table" or core.is_tensor(key) then
      refuse(at, "a table with a table as key, expected keys that are strings, numbers or booleans")
    end
    out[#out + 1] = core.io.array {inner(key, "key"), inner(value, key)}
  end
  return {["$pairs"] = core.io.array(out)}
end

function pack_value(value, at, tensors, depth)
  local kind = type(value)
  if kind == "number" then
    if value ~= value then return {["$number"] = "nan"} end
    if value == math.huge then return {["$number"] = "inf"} end
    if value == -math.huge then return {["$number"] = "-inf"} end
    return value
  elseif kind == "string" then
    return plain_text(value) and value or {["$bytes"] = to_hex(value)}
  elseif kind == "boolean" or value == core.io.null then
    return value
  elseif kind == "table" then
    return pack_table(value, at, tensors, depth)
  elseif core.is_tensor(value) and tensors then
    local name = tensor_name(at, tensors)
    tensors[name] = value
    return {["$tensor"] = name}
  end
  return refuse(at, "a " .. kind .. ", expected a number, string, boolean, table or tensor")
end

--- Converts value for JSON; stores its tensors in the table `tensors` by name.  `at` names the
-- value in messages.
function pack.pack(value, at, tensors) return pack_value(value, at, tensors, 1) end

local numbers = {nan = 0 / 0, inf = math.huge, ["-inf"] = -math.huge}

-- Reserved key -> function that reads its value, nil if it is invalid.
local special = {
  ["$number"] = function(text) return numbers[text] end,
  ["$bytes"] = function(text)
    if type(text) ~= "string" or #text % 2 > 0 or text:find "%X" then return nil end
    return (text:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end))
  end,
  ["$tensor"] = function(name, tensors) return type(name) == "string" and tensors[name] or nil end,
  ["$pairs"] = function(list, tensors)
    local out = {}
    if type(list) ~= "table" then return nil end
    for _, pair in ipairs(list) do
      if type(pair) ~= "table" then return nil end
      local key = pack.unpack(pair[1], tensors)
      if key == nil or key ~= key then return nil end
      out[key] = pack.unpack(pair[2], tensors)
    end
    return out
  end,
}

--- Converts back; raises a message if the value of a reserved key is invalid.
function pack.unpack(value, tensors)
  if type(value) ~= "table" then return value end
  local key, inner = next(value)
  local read = special[key]
  if read and next(value, key) == nil then
    local result = read(inner, tensors)
    if result ~= nil then return result end
    error(("has an invalid %s: %s"):format(key, tostring(inner)), 0)
  end
  local out = {}
  for k, v in pairs(value) do out[k] = pack.unpack(v, tensors) end
  return out
end

return pack
