-- Checks the tree of Lua files for `make lint-lua-tree`: lua5.4 spec/support/tree.lua from the
-- root of the sources.
--
--   no files of lua/vesper require each other, directly or in a longer circle: a require inside a
--     function counts, a name in a table that is required on demand does not
--   every folder of lua/vesper has an init.lua, whose first line is a comment
--   at most 9 Lua files lie directly in lua/vesper
--   no Lua file has more than 400 lines, but the generated meta.lua
local ROOT, META = "lua/vesper", "lua/vesper/meta.lua"
local FILES, LINES = 9, 400

local bad = 0
local function complain(...)
  bad = bad + 1
  print("lint: " .. string.format(...))
end

local function listed(command)
  local list, pipe = {}, assert(io.popen(command .. " | LC_ALL=C sort"))
  for line in pipe:lines() do list[#list + 1] = line end
  assert(pipe:close(), command)
  return list
end

-- What a file requires by a literal name, as files of the tree: {path = line of the require}.
local function required(path, tree)
  local found, n = {}, 0
  for line in io.lines(path) do
    n = n + 1
    for name in line:gsub("%-%-.*", ""):gmatch "require%s*%(?%s*[\"']([%w_.]+)[\"']" do
      local base = "lua/" .. name:gsub("%.", "/")
      for _, other in ipairs {base .. ".lua", base .. "/init.lua"} do
        if tree[other] then found[other] = found[other] or n end
      end
    end
  end
  return found
end

-- The shortest way from one file to another over what they require, or nil.
local function way(from, to, tree)
  local before, queue = {[from] = from}, {from}
  for _, at in ipairs(queue) do
    if at == to and at ~= from then break end
    local following = {}
    for other in pairs(tree[at]) do following[#following + 1] = other end
    table.sort(following)
    for _, other in ipairs(following) do
      if not before[other] then
        before[other] = at
        queue[#queue + 1] = other
      end
    end
  end
  if not before[to] then return nil end
  local path = {to}
  while path[1] ~= from do table.insert(path, 1, before[path[1]]) end
  return path
end

local function check_circles()
  local files, tree = listed("find " .. ROOT .. " -name '*.lua'"), {}
  for _, path in ipairs(files) do
    if path ~= META then tree[path] = {} end
  end
  for path in pairs(tree) do tree[path] = required(path, tree) end
  local seen = {}
  for _, path in ipairs(files) do
    for other, line in pairs(tree[path] or {}) do
      local back = not seen[path] and way(other, path, tree)
      if path == other then complain("%s:%d requires itself", path, line)
      elseif back then
        for _, member in ipairs(back) do seen[member] = true end
        complain("a circle of requires: %s -> %s", path, table.concat(back, " -> "))
      end
    end
  end
end

local function check_folders()
  for _, folder in ipairs(listed("find " .. ROOT .. " -type d")) do
    local file = io.open(folder .. "/init.lua")
    local first = file and file:read "l" or ""
    if file then file:close() end
    if not file then complain("%s has no init.lua", folder)
    elseif not first:find "^%-%-%-? ?%a" then
      complain("%s/init.lua: the first line is no comment that says what the folder holds", folder)
    end
  end
  local direct = listed("find " .. ROOT .. " -maxdepth 1 -name '*.lua'")
  if #direct > FILES then
    complain("%d Lua files lie directly in %s, at most %d may", #direct, ROOT, FILES)
  end
end

local function check_lengths()
  for _, path in ipairs(listed "find lua docs examples bench spec -name '*.lua'") do
    local n = 0
    for _ in io.lines(path) do n = n + 1 end
    if n > LINES and path ~= META then complain("%s has %d lines, at most %d", path, n, LINES) end
  end
end

check_circles()
check_folders()
check_lengths()
os.exit(bad == 0)
