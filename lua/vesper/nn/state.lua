-- Compares the state dictionary of a module with that of a file or a script.
local core = require "vesper.core"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local state = {}

-- Compares only shapes: copying converts the dtype.
local function by_shape(name, own, given)
  own, given = text.shape(own.shape), text.shape(given.shape)
  if own ~= given then return ("%s is %s, expected %s"):format(name, given, own) end
end

--- Compares dictionaries name -> tensor: `own` is the module's (anything with a field shape),
-- `given` the new one.  Returns sorted lists {missing =, unexpected =, mismatched =}.
-- differ(name, own, given) returns a description of the difference or nil; default: by shape.
function state.compare(own, given, differ)
  local found = {missing = {}, unexpected = {}, mismatched = {}}
  for _, name in ipairs(tables.sorted_keys(own)) do
    if not core.is_tensor(given[name]) then
      table.insert(found.missing, name)
    else
      table.insert(found.mismatched, ((differ or by_shape)(name, own[name], given[name])))
    end
  end
  for _, name in ipairs(tables.sorted_keys(given)) do
    if not own[name] then table.insert(found.unexpected, name) end
  end
  return found
end

--- A line for each list that is not empty, "  missing: a, b"; at most `most` names of each.
function state.lines(found, most)
  local lines = {}
  for _, kind in ipairs {"missing", "unexpected", "mismatched"} do
    local names = found[kind] or {}
    local shown = math.min(#names, most or #names)
    if #names > 0 then
      lines[#lines + 1] = ("  %s: %s%s"):format(kind, table.concat(names, ", ", 1, shown),
        shown < #names and (", and %d more"):format(#names - shown) or "")
    end
  end
  return lines
end

--- A line for each tensor, "0.weight  float32 [8,3]", sorted by name, and their number.
function state.text(dict)
  local names, lines, numbers, width = tables.sorted_keys(dict), {}, 0, 0
  for _, name in ipairs(names) do width = math.max(width, #tostring(name)) end
  for i, name in ipairs(names) do
    local value = dict[name]
    lines[i] = ("%-" .. width .. "s  %s"):format(name, text.kind(value))
    if core.is_tensor(value) then numbers = numbers + value:numel() end
  end
  lines[#lines + 1] = ("%d tensors, %d numbers"):format(#names, numbers)
  return table.concat(lines, "\n")
end

return state
