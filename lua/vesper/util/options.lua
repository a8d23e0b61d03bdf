-- Options: tables of named values with defaults.  An unknown name raises an error that lists the
-- known ones.
local check = require "vesper.util.check"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local options = {}

-- Table of options as given -> the same with defaults, as they were read last.
local complete = setmetatable({}, {__mode = "k"})

--- The table of options with the defaults of the function that read it last; a table that was not
-- read is returned itself.
function options.completed(given) return complete[given] or given end

--- The message for an unknown name in `given`, or nil.  The keys of the tables `...` are the known
-- names; noun: what a name is called in the message, default "option".
function options.unknown(given, noun, ...)
  local known, first = tables.merge(...), nil
  for key in pairs(given) do
    if known[key] == nil and (not first or tostring(key) < first) then first = tostring(key) end
  end
  return first and ("unknown %s '%s', expected one of %s"):format(noun or "option", first,
    table.concat(tables.sorted_keys(known), ", "))
end

--- Remembers `all` as the completed form of `given`, for a reader of its own.
function options.complete(given, all) complete[given] = all end

--- The options `given` (nil: none), completed by `defaults`.  kinds gives the type of a value and
-- lists the options without a default: name = true (any value), a kind of check.kind, or a list of
-- accepted strings.  For an option without a default, false means not given.  what: the function's
-- name, for messages.
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
  if given then complete[given] = tables.merge(all) end
  return all
end

return options
