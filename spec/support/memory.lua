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

return memory
