-- Files: whether one exists, and writing one whole or not at all.
local core = require "vesper.core"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local file = {}

--- Whether the path can be opened for reading.
function file.exists(path)
  local handle <close> = io.open(path, "rb")
  return handle ~= nil
end

--- The bytes of a file; nil when it cannot be read.
function file.size(path)
  local handle <close> = io.open(path, "rb")
  return handle and handle:seek "end"
end

--- A text file opened for reading, behind a byte order mark of UTF-8 if it has one; or nil and a
-- message.
function file.open_text(path)
  local handle, why = io.open(path, "rb")
  if not handle then return nil, why end
  if handle:read(3) ~= "\xEF\xBB\xBF" then handle:seek "set" end
  return handle
end

--- The first of these paths that exists, or nil.
function file.first(paths)
  for _, path in ipairs(paths) do
    if file.exists(path) then return path end
  end
end

--- The last component of a path.
function file.name(path) return path:match "([^/]*)/*$" end

--- The name of a folder that a function writes or reads as a whole, without slashes at its end.
-- what: the function, for messages.
function file.folder(what, folder)
  local name = type(folder) == "string" and #folder > 1 and folder:gsub("/+$", "") or folder
  local last = type(name) == "string" and name:match "[^/]*$" or ""
  if last == "" or last == "." or last == ".." then
    check.fail(what, "folder is %s, expected the name of a folder", text.value(folder))
  end
  return name
end

local serial = 0

--- A new id for the files of a folder, so that a mix of the files of two is detected.
function file.new_id()
  serial = serial + 1
  return ("%x-%x-%x"):format(os.time(), math.floor(core.now() * 1e9), serial)
end

--- Writes a file whole or not at all: a reader sees the old file, the new one, or none.  Returns
-- true, or nil and a message.
file.write = core._file_write

return file
