-- The examples of README.md and docs/*.md: the ```lua blocks of a page run as one script, in a
-- folder of their own.  A block marked ```lua norun is left out.  Where a line says
-- `print(...) --> text`, that line has to print text ("..." stands for anything).  Links between
-- pages have to lead somewhere.  Blocks marked with a file's path (```c csrc/op/x.c, ```lua norun
-- spec/x.lua; a `+` behind it: lines added to that file) have to compile, and to be the file's own
-- text where it stands in the tree.
local temp = require "spec.support.temp"

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local said = pipe:read "a"
  local ok = pipe:close()
  return ok, said
end

local root = select(2, run "pwd"):gsub("\n", "")

local function absolute(path)
  return (path:gsub("[^;]+", function(p) return p:sub(1, 1) == "/" and p or root .. "/" .. p end))
end

local pages = {}
for path in select(2, run "ls README.md docs/*.md"):gmatch "[^\n]+" do
  if path:match "^[%w/_.]+$" then pages[#pages + 1] = path end -- not what ls complains about
end

-- The page as a script: what is no example becomes an empty line, so that line numbers stay.
local function script_of(page)
  local lines, expected, inside, count = {}, {}, false, 0
  for line in io.lines(page) do
    local at, fence = #lines + 1, line:match "^%s*```(.*)$"
    lines[at] = ""
    if fence then
      inside = not inside and fence == "lua"
      if inside then count = count + 1 end
    elseif inside then
      lines[at] = line
      expected[at] = line:match "%-%->%s*(.-)%s*$"
    end
  end
  return table.concat(lines, "\n") .. "\n", expected, count
end

-- print that says the line it stands in; several lines become one.
local PRELUDE = [[
local function say(...)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = tostring(parts[i]) end
  local text = table.concat(parts, "\t"):gsub("\n", " ")
  io.write("line ", debug.getinfo(2, "l").currentline, ": ", text, "\n")
end
print = say
dofile(arg[1])
]]

local function run_page(page)
  local folder = temp.folder()
  local script, expected, count = script_of(page)
  temp.write(folder .. "/page.lua", script)
  temp.write(folder .. "/prelude.lua", PRELUDE)
  local command = "cd %s && LUA_PATH_5_4='%s' LUA_CPATH_5_4='%s' lua5.4 prelude.lua page.lua"
  local ok, said = run(command:format(folder, absolute(package.path), absolute(package.cpath)))
  return ok, said, expected, count
end

-- Every block that is marked with a path: {path=, text=, added=}.
local function files_of(page)
  local list, block = {}, nil
  for line in io.lines(page) do
    local info = line:match "^```(.*)$"
    if info and block then
      list[#list + 1] = block.path and block or nil
      block = nil
    elseif info then
      local path, plus = info:match "(%S+%.%a+)%s*(%+?)$"
      block = {path = path, added = plus == "+", text = ""}
    elseif block then
      block.text = block.text .. line .. "\n"
    end
  end
  return list
end

local function matches(got, want)
  local pattern = want:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0"):gsub("%%%.%%%.%%%.", ".*")
  return got:match("^" .. pattern .. "$") ~= nil
end

describe("examples of", function()
  teardown(temp.remove)

  it("some page are found", function() assert(#pages >= 3, #pages .. " pages") end)

  it("files to be added compile", function()
    local folder, sources = temp.folder(), {}
    assert(run("cp -r csrc " .. folder))
    for _, file in ipairs(files_of "docs/adding.md") do
      local path, old = folder .. "/" .. file.path, ""
      local there = not file.added and io.open(file.path)
      if there then
        assert(there:read "a" == file.text, file.path .. " is not what docs/adding.md shows")
        there:close()
      end
      if file.path:match "%.lua$" then
        assert(load(file.text, "=" .. file.path))
      else
        if file.added then old = temp.read(path) end
        temp.write(path, old .. file.text)
        if not file.added then sources[#sources + 1] = file.path end
      end
    end
    assert(#sources >= 3, "only " .. #sources .. " sources in docs/adding.md")
    for _, real in ipairs {"", "-DVS_DOUBLE"} do
      local flags = "-std=c11 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Werror -Icsrc " .. real
      local list = table.concat(sources, " ")
      local ok, said = run(("cd %s && cc %s %s"):format(folder, flags, list))
      assert(ok, said)
    end
  end)

  for _, page in ipairs(pages) do
    local _, _, count = script_of(page)
    if count > 0 then
      it(page .. " run and print what they say", function()
        local ok, said, expected = run_page(page)
        assert(ok, said)
        local got = {}
        for line, text in said:gmatch "line (%d+): ([^\n]*)" do
          line = math.tointeger(line)
          got[line] = got[line] or text
        end
        local wrong = {}
        for line, want in pairs(expected) do
          local text = got[line] or "nothing"
          if not matches(text, want) then
            wrong[#wrong + 1] = ("%s:%d prints %s, not %s"):format(page, line, text, want)
          end
        end
        assert(#wrong == 0, table.concat(wrong, "\n"))
      end)
    end

    it(page .. " link to files that are there", function()
      local text, folder = temp.read(page), page:match "^(.*/)" or ""
      for target in text:gsub("```.-```", ""):gmatch "%]%(([^)#]+)#?[^)]*%)" do
        local file = not target:match "^%a+://" and io.open(folder .. target)
        assert(file or target:match "^%a+://", page .. ": no file " .. target)
        if file then file:close() end
      end
    end)
  end
end)
