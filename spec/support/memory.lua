-- Memory as the system and as vesper see it.
local vs = require "vesper"

local memory = {}

-- A sanitizer keeps freed memory aside, so that nothing can be said about the process.
memory.sanitized = os.getenv "ASAN_OPTIONS" ~= nil

--- Bytes of this process that are in memory.
function memory.resident()
  local file = assert(io.open "/proc/self/statm")
  local pages = file:read "a":match "^%d+ (%d+)"
  file:close()
  return tonumber(pages) * 4096
end

--- Asserts that calls of fn stop making the process larger: one of ten has to add at most `slack`
-- bytes.  With a leak every call adds more; whatever else moves the number does not.
function memory.settles(fn, slack)
  local sizes = {}
  for i = 1, 10 do
    fn()
    collectgarbage()
    collectgarbage()
    sizes[i] = memory.resident()
    if memory.sanitized or i > 1 and sizes[i] - sizes[i - 1] <= slack then return end
  end
  error("bytes after each call: " .. table.concat(sizes, ", "))
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
