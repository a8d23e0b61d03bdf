-- The examples of README.md and docs/*.md at the prompt: the ```lua blocks of a page, typed line by
-- line into one session. No line may be an error. Blocks marked ```lua norun are left out.
local process = require "spec.support.process"
local temp = require "spec.support.temp"

local root = select(2, process.run "pwd"):gsub("\n", "")

-- Searched for in `folder`, modules lie elsewhere.
local function absolute(path)
  return (path:gsub("[^;]+", function(p) return p:sub(1, 1) == "/" and p or root .. "/" .. p end))
end

local function lines_of(page)
  local lines, inside = {}, false
  for line in io.lines(page) do
    local fence = line:match "^%s*```(.*)$"
    if fence then
      inside = not inside and fence == "lua"
    elseif inside then
      lines[#lines + 1] = line
    end
  end
  return lines
end

describe("at the prompt, the examples of", function()
  teardown(temp.remove)

  local count = 0
  for page in select(2, process.run "ls README.md docs/*.md"):gmatch "[^\n]+" do
    local lines = lines_of(page)
    if #lines > 0 then
      count = count + 1
      it(page .. " work as they stand", function()
        local folder = temp.folder()
        temp.write(folder .. "/typed", table.concat(lines, "\n") .. "\n")
        local ok, said = process.run(("cd %s && LUA_PATH_5_4='%s' LUA_CPATH_5_4='%s' "
          .. "lua5.4 %s/bin/vesper < typed 2>&1 >/dev/null"):format(folder, absolute(package.path),
          absolute(package.cpath), root))
        assert(ok and not said:find "error: ", said)
      end)
    end
  end

  it("some pages are found", function() assert(count >= 3, count .. " pages") end)
end)
