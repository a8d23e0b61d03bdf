-- Rows of a table: the results of each, and the columns that have a value.
local check = require "vesper.util.check"

local rows = {}

-- What each result of experiment.run has.
local RESULT = {row = "string", val = "table", test = "table", history = "list"}

--- {name = its results}, and the names in order.
function rows.by_name(what, results)
  if check.list(what, "results", results) == 0 then
    check.fail(what, "results is empty, expected at least 1")
  end
  local list, names = {}, {}
  for i, result in ipairs(results) do
    check.fields(what, ("results[%d]"):format(i), result, RESULT)
    if not list[result.row] then
      names[#names + 1], list[result.row] = result.row, {}
    end
    table.insert(list[result.row], result)
  end
  return list, names
end

--- The columns {key, heading} in which some row has a value.
function rows.filled(columns, list)
  local some = {}
  for _, column in ipairs(columns) do
    local any = false
    for _, row in ipairs(list) do any = any or row[column[1]] ~= nil end
    if any then some[#some + 1] = column end
  end
  return some
end

return rows
