-- Checks of arguments.  Each raises an error at the line of the script and names the function and
-- the argument: "dot: x is float32 [2,3], expected 1 dimension".
local core = require "vesper.core"
local text = require "vesper.util.text"

local check = {}

--- Raises "WHAT: " followed by the formatted text.
function check.fail(what, format, ...) core._raise(what .. ": " .. text.format(format, ...)) end

--- What a file's function returned: the values, or an error with its message.
function check.done(value, ...)
  if value == nil then core._raise((...)) end
  return value, ...
end

--- x must be a tensor, with `ndim` dimensions and of `dtype` if these are given.
function check.tensor(what, name, x, ndim, dtype)
  if not core.is_tensor(x) then
    check.fail(what, "%s is %s, expected a tensor", name, text.kind(x))
  elseif (ndim and x.ndim ~= ndim) or (dtype and x.dtype ~= dtype) then
    local dimensions = ndim and ("%d dimension%s"):format(ndim, ndim == 1 and "" or "s")
    check.fail(what, "%s is %s, expected %s", name, text.kind(x),
      dtype and dimensions and dtype .. " with " .. dimensions or dtype or dimensions)
  end
end

--- Whether x is a tensor of these sizes; false instead of a size: any size.
function check.has_shape(x, ...)
  local shape = core.is_tensor(x) and x.shape
  if not shape or #shape ~= select("#", ...) then return false end
  for d, size in ipairs {...} do
    if size and shape[d] ~= size then return false end
  end
  return true
end

--- value must be an integer >= `least`, and <= `most` if it is given.
function check.whole(what, name, value, least, most)
  if math.type(value) == "integer" and value >= least and value <= (most or value) then return end
  local range = most and ("%d..%d"):format(least, most) or ("an integer >= %d"):format(least)
  check.fail(what, "%s is %s, expected %s", name, text.value(value), range)
end

-- "has no entry 2, but an entry 4", or nil for a list without a hole.
local function hole_in(list)
  local hole, later = core._hole(list)
  return hole and ("has no entry %d, but an entry %d"):format(hole, later)
end

--- value must be a list without a hole; returns its length.
function check.list(what, name, value)
  if type(value) ~= "table" then
    check.fail(what, "%s is %s, expected a list", name, text.kind(value))
  end
  local hole = hole_in(value)
  if hole then check.fail(what, "%s %s", name, hole) end
  return #value
end

local function is_number(x) return type(x) == "number" end
local function is_count(x) return math.type(x) == "integer" and x >= 1 end
local function is_whole(x) return math.type(x) == "integer" and x >= 0 end
local function is_string(x) return type(x) == "string" end
local function is_callable(x) return type(x) == "function" end

local function list_of(accepts)
  return function(x)
    if type(x) ~= "table" or core._hole(x) then return false end
    for _, value in ipairs(x) do
      if not accepts(value) then return false end
    end
    return true
  end
end

local function either(a, b) return function(x) return a(x) or b(x) end end

-- name = {description, test}
local kinds = {
  number = {"a number", is_number},
  finite = {"a finite number", function(x) return is_number(x) and x - x == 0 end},
  tensor = {"a tensor", core.is_tensor},
  count = {"an integer >= 1", is_count},
  whole = {"an integer >= 0", is_whole},
  integer = {"an integer", function(x) return math.type(x) == "integer" end},
  positive = {"a finite number > 0",
    function(x) return is_number(x) and x > 0 and x < math.huge end},
  share = {"a number in [0, 1]", function(x) return is_number(x) and x >= 0 and x <= 1 end},
  probability = {"a number in [0, 1)",
    function(x) return is_number(x) and x >= 0 and x < 1 end},
  string = {"a string", is_string},
  ["string or list"] = {"a string or a list of strings", either(is_string, list_of(is_string))},
  boolean = {"true or false", function(x) return type(x) == "boolean" end},
  ["function"] = {"a function", is_callable},
  table = {"a table", function(x) return type(x) == "table" end},
  list = {"a list", list_of(function() return true end)},
  ["list of counts"] = {"a list of integers >= 1", list_of(is_count)},
  class = {"a class of modules",
    function(x) return type(x) == "table" and rawget(x, "is_module") == true end},
  ["list of steps"] = {"a list of integers >= 0", list_of(is_whole)},
  ["number or list"] = {"a number or a list of numbers", either(is_number, list_of(is_number))},
  ["function or list"] = {"a function or a list of functions",
    either(is_callable, list_of(is_callable))},
}

--- Whether value is of a kind: a key of `kinds`, or a list of accepted strings.
function check.is(value, kind)
  if type(kind) == "string" then return kinds[kind][2](value) end
  for _, word in ipairs(kind) do
    if value == word then return true end
  end
  return false
end

-- "a, b or c"
local function alternatives(list)
  if #list == 1 then return list[1] end
  return table.concat(list, ", ", 1, #list - 1) .. " or " .. list[#list]
end

--- The message for a wrong value, "decay is 'x', expected a number", or nil.
function check.wrong(name, value, kind)
  if check.is(value, kind) then return nil end
  if type(kind) == "string" and kind:find "list" and type(value) == "table" then
    local hole = hole_in(value)
    if hole then return name .. " " .. hole end
  end
  return ("%s is %s, expected %s"):format(name, text.value(value),
    type(kind) == "string" and kinds[kind][1] or alternatives(kind))
end

--- The fields of a table must be of these kinds, {field = kind}: "row: val.retrieval is nil, ...".
function check.fields(what, name, value, fields)
  check.kind(what, name, value, "table")
  for field, kind in pairs(fields) do
    check.kind(what, name .. "." .. field, value[field], kind)
  end
end

--- value must be of this kind.
function check.kind(what, name, value, kind)
  local wrong = check.wrong(name, value, kind)
  if wrong then check.fail(what, "%s", wrong) end
end

return check
