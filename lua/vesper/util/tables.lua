-- Plain tables: sorted keys, merging.
local core = require "vesper.core"

local tables = {}

--- Whether string a comes before b by their bytes.  `a < b` depends on os.setlocale.
tables.before = core._before

-- Numbers before strings.
local function numbers_first(a, b)
  if type(a) == "string" and type(b) == "string" then return core._before(a, b) end
  if type(a) == type(b) then return a < b end
  return type(a) == "number"
end

--- The keys that are numbers or strings, sorted; the order of `pairs` differs between runs.
function tables.sorted_keys(t)
  local keys = {}
  for key in pairs(t) do
    if type(key) == "number" or type(key) == "string" then keys[#keys + 1] = key end
  end
  table.sort(keys, numbers_first)
  return keys
end

--- A new table with the entries of all arguments (tables or nil); later ones replace earlier ones.
function tables.merge(...)
  local all = {}
  for i = 1, select("#", ...) do
    for key, value in pairs((select(i, ...)) or {}) do all[key] = value end
  end
  return all
end

--- The table with a function that says how it is printed.  It stays a plain table for all else.
function tables.printed(t, name, fn) return setmetatable(t, {__name = name, __tostring = fn}) end

return tables
