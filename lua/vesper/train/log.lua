-- Writes the history of a training run (train.fit) as .csv or .jsonl.  Event files are in
-- tensorboard.lua.
local core = require "vesper.core"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local log = {}

--- {a = {b = 1}} -> {["a.b"] = 1}; names are joined by `separator` (default "."); only numbers,
-- strings and booleans are kept.  Two values of one name are refused.
function log.flatten(value, separator)
  local row = {}
  local function add(inner, name)
    if type(inner) == "table" then
      for key, v in pairs(inner) do
        add(v, name and name .. (separator or ".") .. tostring(key) or tostring(key))
      end
    elseif type(inner) == "number" or type(inner) == "string" or type(inner) == "boolean" then
      if row[name] ~= nil then check.fail("write_log", "two values are named '%s'", name) end
      row[name] = inner
    end
  end
  add(value)
  return row
end

local function by_epoch_first(a, b)
  if (a == "epoch") ~= (b == "epoch") then return a == "epoch" end
  return tables.before(a, b)
end

local function csv_text(rows)
  local columns, seen, lines = {}, {}, {}
  for _, row in ipairs(rows) do
    for name in pairs(row) do
      if not seen[name] then columns[#columns + 1] = name end
      seen[name] = true
    end
  end
  table.sort(columns, by_epoch_first)
  local function add(value_of)
    local cells = {}
    for c, name in ipairs(columns) do
      local cell = value_of(name)
      cells[c] = cell == nil and "" or text.csv(text.format("%s", cell))
    end
    lines[#lines + 1] = table.concat(cells, ",")
  end
  add(function(name) return name end)
  for _, row in ipairs(rows) do add(function(name) return row[name] end) end
  return table.concat(lines, "\n") .. "\n"
end

local function jsonl_text(rows)
  local lines = {}
  for i, row in ipairs(rows) do
    for name, value in pairs(row) do -- JSON has no NaN and no infinity
      if value ~= value or value == math.huge or value == -math.huge then
        row[name] = tostring(value)
      end
    end
    lines[i] = core.io.json_encode(row) .. "\n"
  end
  return table.concat(lines)
end

--- Writes a history to a .csv or .jsonl file, one line per epoch; nested fields get names like
-- val.accuracy.  The file is replaced as a whole.  Returns true, or nil and a message.
function log.write(path, history)
  local rows, format = {}, tostring(path):match "%.(%w+)$"
  check.list("write_log", "history", history)
  for i, entry in ipairs(history) do
    check.kind("write_log", ("history[%d]"):format(i), entry, "table")
    rows[i] = log.flatten(entry)
  end
  if format ~= "csv" and format ~= "jsonl" then
    check.fail("write_log", "path is %s, expected a name that ends in .csv or .jsonl",
      text.value(path))
  end
  return file.write(path, format == "csv" and csv_text(rows) or jsonl_text(rows))
end

return log
