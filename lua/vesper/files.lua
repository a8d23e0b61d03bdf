-- Small things about files that several parts need.
local files = {}

--- Whether the path can be opened for reading.
function files.exists(path)
  local file <close> = io.open(path, "rb")
  return file ~= nil
end

return files
