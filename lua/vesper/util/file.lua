-- Files: whether one exists, and writing one whole or not at all.
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

--- The last part of a path.
function file.name(path) return path:match "([^/]*)/*$" end

--- Writes text under another name and renames it, so that a reader sees the old file, the new one,
-- or none.  Returns true, or nil and a message.
function file.write(path, text)
  local temp = path .. ".tmp"
  local handle, message = io.open(temp, "wb")
  if not handle then return nil, message end
  local ok, closed, why
  ok, message = handle:write(text)
  closed, why = handle:close()
  if ok and closed then
    ok, message = os.rename(temp, path)
    if ok then return true end
  end
  os.remove(temp)
  return nil, message or why
end

return file
