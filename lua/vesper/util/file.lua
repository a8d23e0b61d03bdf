-- Files: whether one exists, and writing one whole or not at all.
local core = require "vesper.core"

local file = {}

--- Whether the path can be opened for reading.
function file.exists(path)
  local handle <close> = io.open(path, "rb")
  return handle ~= nil
end

--- The first of these paths that exists, or nil.
function file.first(paths)
  for _, path in ipairs(paths) do
    if file.exists(path) then return path end
  end
end

--- The last component of a path.
function file.name(path) return path:match "([^/]*)/*$" end

--- Writes a file whole or not at all: a reader sees the old file, the new one, or none.  Returns
-- true, or nil and a message.
file.write = core._file_write

return file
