-- Options: a table of names over their defaults.  A name that is not known raises, and the message
-- lists those that are.
local check = require "vesper.util.check"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local options = {}

--- What is wrong with the names of `given`, or nil.  Each table of `...` has known names as keys;
-- noun: what they are called, "option" unless given.
function options.unknown(given, noun, ...)
  local known, first = tables.merge(...), nil
  for key in pairs(given) do
    if known[key] == nil and (not first or tostring(key) < first) then first = tostring(key) end
  end
  return first and ("unknown %s '%s', expected one of %s"):format(noun or "option", first,
    table.concat(tables.sorted_keys(known), ", "))
end

--- The options `given` (nil: none) over `defaults`.  kinds has the options without a default, and
-- what a value has to be: name = true (any value), a kind of check.kind, or a list of strings;
-- without a default, false stands for an option that is not given.  what: the function, for
-- messages.
function options.read(what, given, defaults, kinds)
  if given ~= nil and type(given) ~= "table" then
    check.fail(what, "options must be a table, got %s", text.kind(given))
  end
  local wrong = options.unknown(given or {}, nil, defaults, kinds)
  if wrong then check.fail(what, "%s", wrong) end
  local all = tables.merge(defaults, given)
  for name, kind in pairs(kinds or {}) do
    local value = all[name]
    local absent = value == nil or value == false and (not defaults or defaults[name] == nil)
    if kind ~= true and not absent then check.kind(what, name, value, kind) end
  end
  return all
end

return options
