-- Fuzz target: CSV tables, all rows at once and row by row, with comma and tab.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local path = (...) .. "/x.csv"

local function count_rows(options)
  local n = 0
  for row in vs.io.csv(path, options) do
    assert(type(row) == "table")
    n = n + 1
  end
  return n
end

local function read(options)
  local rows, columns = support.try(vs.io.csv_rows, path, options)
  if not rows then
    if support.try(vs.io.csv, path, options) then support.try(count_rows, options) end
    return
  end
  assert(count_rows(options) == #rows)
  for _, row in ipairs(rows) do
    local n = 0
    for _, name in ipairs(columns) do n = n + #assert(row[name]) end
    vs.text.tokenize(row[columns[1]], {invalid = "replace"})
  end
end

return function(bytes)
  support.write(path, bytes)
  read()
  read {delimiter = "\t"}
  os.remove(path)
end
