-- What tells the data set of one rank from that of another, without reading much.
local core = require "vesper.core"
local job = require "vesper.dist.job"
local tables = require "vesper.util.tables"

--- "48 samples, 5f3a..." of a data set: how many, and a hash of some of them.
return function(set)
  local n, list, seen = #set, {}, {}
  for i = 0, 7 do
    local at = 1 + i * (n - 1) // 7
    if n > 0 and not seen[at] then list[#list + 1], seen[at] = at, true end
  end
  local batch, parts = set:batch(list), {}
  for _, name in ipairs(tables.sorted_keys(batch)) do
    local x = batch[name]
    if core.is_tensor(x) then
      parts[#parts + 1] = ("%s %x"):format(name, job.lib.hash(x:contiguous()))
    elseif type(x) == "table" then
      parts[#parts + 1] = ("%s %x"):format(name, job.lib.hash(table.concat(x, "\n")))
    end
  end
  return ("%d samples, %x"):format(n, job.lib.hash(table.concat(parts, "\n")))
end
