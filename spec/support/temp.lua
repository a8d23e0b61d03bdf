-- Files that specs read and write, and folders for them:
--   local dir; setup(function() dir = temp.folder() end); teardown(temp.remove)
-- temp.remove() removes every folder that this process made.
local temp = {}
local folders = {}

local function quote(path) return "'" .. path:gsub("'", "'\\''") .. "'" end

--- A new empty folder.
function temp.folder()
  local pipe = assert(io.popen "mktemp -d")
  local path = assert(pipe:read "l", "mktemp made no folder")
  pipe:close()
  folders[#folders + 1] = path
  return path
end

function temp.subfolder(path) assert(os.execute("mkdir -p " .. quote(path))) end

function temp.remove()
  for _, name in ipairs(folders) do os.execute("rm -rf " .. quote(name)) end
  folders = {}
end

function temp.read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

function temp.write(path, bytes)
  local file = assert(io.open(path, "wb"))
  assert(file:write(bytes))
  assert(file:close())
  return path
end

--- The names in a folder, sorted.
function temp.list(path)
  local names, pipe = {}, assert(io.popen("ls -A " .. quote(path)))
  for name in pipe:lines() do names[#names + 1] = name end
  pipe:close()
  return names
end

--- A copy of a file in which the only place that holds `old` holds `new`, of the same length.
function temp.patched(path, old, new)
  assert(#old == #new, "lengths differ")
  local bytes = temp.read(path)
  local at = assert(bytes:find(old, 1, true), "nothing to patch")
  assert(not bytes:find(old, at + 1, true), "more than one place to patch")
  return temp.write(path .. ".patched", bytes:sub(1, at - 1) .. new .. bytes:sub(at + #old))
end

return temp
