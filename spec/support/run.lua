-- Runs the specs for `make test`: lua5.4 spec/support/run.lua BUILD [spec file or folder ...]
-- from the root of the sources.  Closes with `N passed, N failed`; exits with 1 when any failed.
--
-- Passes: every spec on the float build; spec/op, spec/nn and spec/optim on the double build
-- (gradients); the same on the float build at each instruction set below the machine's best.  A
-- pass is one process; when it dies, the test that ran counts as failed and the files not yet begun
-- go on in a new one.  Nothing that is not in the journal as passed counts as passed.
local LIMIT = 900 -- seconds that one process may take
local LEVELS = {"generic", "avx2", "avx512", "amx"}

local build = assert(arg[1], "usage: run.lua BUILD [spec ...]")

local function read(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local root = read "pwd":gsub("\n$", "")

local function specs_under(places)
  local list, found = {}, read("find " .. table.concat(places, " ") .. " -name '*_spec.lua' | sort")
  for file in found:gmatch "[^\n]+" do list[#list + 1] = file end
  return list
end

local function environment(kind, isa)
  local set = {
    ("VESPER_CORE='%s/%s/vesper/core.so'"):format(build, kind),
    ("LUA_PATH_5_4='%s/lua/?.lua;%s/lua/?/init.lua;;'"):format(root, root),
    ("LUA_CPATH_5_4='%s/%s/?.so;;'"):format(build, kind),
  }
  if isa then set[#set + 1] = "VESPER_ISA=" .. isa end
  return "env -u VESPER_ISA " .. table.concat(set, " ")
end

-- Adds what the journal tells to counts.  Returns the set of files that ended, the file and the
-- test that were running, and whether the end was reached.
local function read_journal(path, counts)
  local done, file, test, ended = {}, nil, nil, false
  for line in io.lines(path) do
    local word, rest = line:match "^(%S+) ?(.*)$"
    if word == "file" then file = rest
    elseif word == "filed" then done[rest], file, test = true, nil, nil
    elseif word == "test" then test = rest
    elseif word == "end" then ended = true
    else
      counts[word] = counts[word] + 1
      test = nil
    end
  end
  return done, file, test, ended
end

local function run_once(env, files, counts)
  local journal = os.tmpname()
  local busted = "lua5.4 /usr/bin/busted --ignore-lua -r suite"
  local command = ("%s VESPER_JOURNAL=%s timeout %d %s %s"):format(
    env, journal, LIMIT, busted, table.concat(files, " "))
  local before = counts.fail
  local _, how, code = os.execute(command)
  local done, file, test, ended = read_journal(journal, counts)
  os.remove(journal)
  if how == "signal" and code == 2 then os.exit(130) end -- the person pressed ^C
  if ended then
    if code ~= 0 and counts.fail == before then
      print(("DIED (%s %d) after the last test"):format(how, code))
      counts.fail = counts.fail + 1
    end
    return {}
  end
  print(("\nDIED (%s %d) in %s: %s"):format(
    how, code, file or "the start of busted", test or "outside a test"))
  counts.fail = counts.fail + 1
  local rest = {}
  for _, name in ipairs(files) do
    if file and name ~= file and not done[name] then rest[#rest + 1] = name end
  end
  return rest
end

local totals = {pass = 0, fail = 0, pending = 0}

local function run_pass(title, env, files)
  if #files == 0 then return end
  print("\n== " .. title)
  local start = os.time()
  local counts = {pass = 0, fail = 0, pending = 0}
  while #files > 0 do files = run_once(env, files, counts) end
  print(("%d passed, %d failed, %d pending in %d s"):format(
    counts.pass, counts.fail, counts.pending, os.time() - start))
  for word, n in pairs(counts) do totals[word] = totals[word] + n end
end

local places = {table.unpack(arg, 2)}
local all = specs_under(#places > 0 and places or {"spec"})
local numeric = {}
for _, file in ipairs(all) do
  local folder = file:match "^spec/(%l+)/"
  if folder == "op" or folder == "nn" or folder == "optim" then numeric[#numeric + 1] = file end
end
if #all == 0 then
  print "no spec files found"
  totals.fail = 1
end

local function finish()
  print(("\n%d passed, %d failed"):format(totals.pass, totals.fail))
  os.exit(totals.fail == 0)
end

local best = read(environment "float" .. [[ lua5.4 -e 'io.write(require "vesper".build.isa)' 2>&1]])
if best:find "%s" or best == "" then
  print("require \"vesper\" fails:\n" .. best)
  totals.fail = totals.fail + 1
  finish()
end
run_pass("float build, " .. best, environment "float", all)
run_pass("double build", environment "double", numeric)
for _, level in ipairs(LEVELS) do
  if level == best then break end
  run_pass("float build, " .. level, environment("float", level), numeric)
end

finish()
