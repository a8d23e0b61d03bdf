-- Other processes that find modules where this one does.
local temp = require "spec.support.temp"

local process = {}

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

--- Runs a shell command; returns whether it succeeded, what it wrote to stdout and stderr, and its
-- exit status.
function process.run(command)
  local paths = ("export LUA_PATH_5_4=%s LUA_CPATH_5_4=%s; "):format(
    quoted(package.path), quoted(package.cpath))
  local pipe = assert(io.popen("{ " .. paths .. command .. "; } 2>&1"))
  local said = pipe:read "a"
  local ok, _, status = pipe:close()
  return ok or false, said, status
end

--- What a Lua program prints; raises where it fails.
function process.lua(program)
  local path = temp.write(os.tmpname(), program)
  local ok, said = process.run("lua5.4 " .. path)
  os.remove(path)
  assert(ok, said)
  return said
end

return process
