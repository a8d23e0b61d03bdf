-- A folder of its own for the files that a spec writes: local dir = folder.new() in setup,
-- dir:remove() in teardown.
local folder = {}
folder.__index = folder

function folder.new()
  local pipe = assert(io.popen "mktemp -d")
  local path = assert(pipe:read "l")
  pipe:close()
  return setmetatable({root = path}, folder)
end

function folder:path(name) return self.root .. "/" .. name end

-- Writes text and returns the path.
function folder:write(name, text)
  local path = self:path(name)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

function folder.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- Names of what is in it, sorted.
function folder:names()
  local list, pipe = {}, assert(io.popen("ls -A '" .. self.root .. "'"))
  for name in pipe:lines() do list[#list + 1] = name end
  pipe:close()
  return list
end

function folder:remove()
  assert(self.root:match "^/.*/tmp%.", "not a folder of mktemp")
  os.execute("rm -rf '" .. self.root .. "'")
end

return folder
