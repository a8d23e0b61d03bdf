-- vs.profile: measures the time of a function by op.
--
--   local p = vs.profile(function() for _ = 1, 10 do step() end end)
--   print(p)
--   for _, row in ipairs(p.rows) do print(row.name, row.pass, row.seconds) end
--
-- C measures (core/profile.h).  A row excludes the time of nested rows: an op called by a
-- differentiable function written in Lua has its own row, and its time does not count for the
-- function.  "Lua and the rest" is the remaining time, so that the rows add up to the total.
local core = require "vesper.core"
local tables = require "vesper.report.tables"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local Profile = {__name = "Profile"}

local columns = {{"name", "name"}, {"pass", "pass"}, {"calls", "calls"}, {"ms", "ms"},
  {"percent", "%"}, {"mb", "MB"}, {"gbs", "GB/s"}, {"allocated", "MB allocated"}}

-- A row as text; a count of 0 becomes "-".
local function line_of(row)
  return {name = row.name, pass = row.pass, calls = row.calls > 0 and row.calls or nil,
    ms = text.format("%.2f", row.seconds * 1e3), percent = row.share * 100,
    mb = row.bytes > 0 and row.bytes / 1e6 or nil, gbs = row.bytes > 0 and row.gbs or nil,
    allocated = row.allocated > 0 and row.allocated / 1e6 or nil}
end

local function sum(name, rows, first)
  local all = {name = name, calls = 0, seconds = 0, share = 0, bytes = 0, allocated = 0}
  for i = first, #rows do
    for key, value in pairs(all) do
      if key ~= "name" then all[key] = value + rows[i][key] end
    end
  end
  all.gbs = all.seconds > 0 and all.bytes / all.seconds / 1e9 or 0
  return all
end

function Profile:__tostring()
  local lines, rows = {}, self.rows
  local shown = #rows <= self.top + 1 and #rows or self.top -- the row itself instead of "1 more"
  for i = 1, shown do lines[i] = line_of(rows[i]) end
  if shown < #rows then
    lines[shown + 1] = line_of(sum(("%d more"):format(#rows - shown), rows, shown + 1))
  end
  lines[#lines + 1] = line_of(sum("total", rows, 1))
  return text.format("%smemory: at most %.1f MB in use, %.1f MB asked of the system",
    tables.table(columns, lines), self.memory.peak / 1e6, self.memory.asked / 1e6)
end

-- Adds the derived figures to the rows that C measured, and sorts them.
local function finish(p)
  for _, row in ipairs(p.rows) do
    row.share = p.seconds > 0 and row.seconds / p.seconds or 0
    row.gbs = row.seconds > 0 and row.bytes / row.seconds / 1e9 or 0
  end
  table.sort(p.rows, function(a, b)
    if a.seconds ~= b.seconds then return a.seconds > b.seconds end
    if a.name ~= b.name then return a.name < b.name end
    return a.pass < b.pass
  end)
  return setmetatable(p, Profile)
end

--- Calls fn() and returns {seconds, rows, memory, results, top}; print shows a table of the `top`
-- slowest rows.  An error in fn is raised unchanged.
return function(fn, given)
  check.kind("profile", "fn", fn, "function")
  local top = options.read("profile", given, {top = 20}, {top = "count"}).top
  local results
  local p = core._profile(function() results = table.pack(fn()) end)
  p.results, p.top = results, top
  return finish(p)
end
