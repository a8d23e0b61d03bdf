-- Memory as the system and as vesper see it.
local vs = require "vesper"

local memory = {}

--- Bytes of this process that are in memory.
function memory.resident()
  local file = assert(io.open "/proc/self/statm")
  local pages = file:read "a":match "^%d+ (%d+)"
  file:close()
  return tonumber(pages) * 4096
end

--- Blocks of tensors and graphs that something still holds.
function memory.live()
  collectgarbage()
  collectgarbage()
  return vs.memory().blocks
end

--- Calls fn with the 1st to the last-th allocation refused, and the second try after a collection:
-- what it gives is then a table of tensors with the same bits as in want, or an error about memory,
-- and nothing is held.
function memory.refused(last, want, fn, ...)
  local before, refused = memory.live(), 0
  for nth = 1, last do
    vs._fail_allocation(nth, 2)
    local ok, got = pcall(fn, ...)
    refused = refused + vs._fail_allocation(0)
    if ok then
      for part, t in pairs(want) do assert(t:eq(got[part]):all(), part) end
    else
      assert(tostring(got):find "memory", got)
    end
  end
  assert(refused > 0, "no allocation was refused")
  assert(before == memory.live(), "something is held")
end

return memory
