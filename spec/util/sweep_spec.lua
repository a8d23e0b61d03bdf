-- Every public function, called wrongly in every usual way, answers in its own name at the line of
-- the call: spec/support/sweep.lua visits what the reference lists.
local temp = require "spec.support.temp"

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

describe("wrong calls of every public function", function()
  teardown(temp.remove)

  it("raise errors of its own, and leave nothing behind", function()
    local here = io.popen "pwd":read "l"
    local function absolute(paths) return (paths:gsub("%f[^;\0]%./", here .. "/")) end
    local folder, scratch, out = temp.folder(), temp.folder(), temp.folder() .. "/found"
    local log = temp.folder() .. "/log"
    local ok, _, status = os.execute(("cd %s && LUA_PATH_5_4=%s LUA_CPATH_5_4=%s OMP_NUM_THREADS=1 "
      .. "lua5.4 %s %s %s %s >%s 2>&1"):format(quoted(folder),
      quoted(absolute(package.path) .. ";" .. here .. "/?.lua"), quoted(absolute(package.cpath)),
      quoted(here .. "/spec/support/sweep.lua"), quoted(here), quoted(scratch), quoted(out),
      quoted(log)))
    assert(ok, ("status %s\n%s"):format(status, temp.read(log):sub(-2000)))
    local said = temp.read(out)
    local found, visited = said:match "^(.-)visited (%d+)\n$"
    assert.equal("", found)
    assert(tonumber(visited) > 600, "only " .. visited .. " functions visited")
    assert.same({}, temp.list(folder))
  end)
end)
