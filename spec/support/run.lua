-- Runs the specs for `make test`: lua5.4 spec/support/run.lua BUILD [--fast] [spec ...] from the
-- root of the sources; a spec is a file or a folder.  Ends with `N passed, N failed`; exits with 1
-- when any failed.  Variables: JOBS, how many processes run at once; BUSTED, the script or program.
--
-- Passes: every spec on the float build; spec/op, spec/nn, spec/optim and spec/dist on the double
-- build (gradients); the same on the float build at each instruction set below the machine's best.
-- --fast keeps the first pass only.  spec/dist, which needs MPI, has to be named (make test-dist).
--
-- Every file of every pass is a process of its own, so files cannot disturb each other.  The
-- largest files start first.  A process writes what it does to a journal (output.lua) and what it
-- prints to a file, which is shown when it has ended.  When it dies, the test that ran counts as
-- failed.  Only what the journal has as passed counts as passed.
local LIMIT = 900 -- seconds that one process may take
local LEVELS = {"generic", "avx2", "avx512", "amx"}
local SLOW, SHOWN = 0.5, 5 -- seconds; how many slow tests are listed

local build = assert(arg[1], "usage: run.lua BUILD [--fast] [spec ...]")
local fast = arg[2] == "--fast"
local places = {table.unpack(arg, fast and 3 or 2)}
local lua = arg[-1] or "lua5.4"

local function read(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

local function read_file(path)
  local file = io.open(path, "rb")
  local text = file and file:read "a" or ""
  if file then file:close() end
  return text
end

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local root = read "pwd"
local workers = os.getenv "JOBS" or read "env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc"

-- The command that starts busted.  Its script may name any Lua; a wrapper of LuaRocks chooses one.
local function busted_command()
  local path = os.getenv "BUSTED" or ""
  if path == "" then path = read "command -v busted" end
  if path == "" then return nil end
  local script = read_file(path):match "^#![^\n]*lua"
  return (script and lua .. " " or "") .. quoted(path) .. " --ignore-lua -r suite"
end

local function specs_under(folders)
  local find, list = "find " .. table.concat(folders, " ") .. " -name '*_spec.lua'", {}
  if folders[1] == "spec" then find = find .. " -not -path 'spec/dist/*'" end
  find = find .. " | sort"
  for file in read(find):gmatch "[^\n]+" do list[#list + 1] = file end
  return list
end

-- Two threads a process: enough to run the parallel code, the same on every machine.
local function environment(kind, isa)
  local set = {
    ("VESPER_CORE='%s/%s/vesper/core.so'"):format(build, kind),
    ("LUA_PATH_5_4='%s/lua/?.lua;%s/lua/?/init.lua;;'"):format(root, root),
    ("LUA_CPATH_5_4='%s/%s/?.so;;'"):format(build, kind),
    "OMP_NUM_THREADS=${OMP_NUM_THREADS:-2}",
  }
  if isa then set[#set + 1] = "VESPER_ISA=" .. isa end
  return "env -u VESPER_ISA " .. table.concat(set, " ")
end

local passes, totals, failures, times = {}, {pass = 0, fail = 0, pending = 0}, {}, {}

local function failed(job, what)
  job.counts.fail = job.counts.fail + 1
  failures[#failures + 1] = ("%s, %s: %s"):format(job.file, job.pass.title, what)
end

-- Adds what the journal of a job says to its counts.  Returns the test that was running, and
-- whether the end was reached.
local function read_journal(job)
  local test, ended
  for line in read_file(job.path .. ".journal"):gmatch "[^\n]+" do
    local word, rest = line:match "^(%S+) ?(.*)$"
    if word == "test" then test = rest
    elseif word == "end" then ended = true
    else
      local seconds, name = rest:match "^(%S+) (.*)$"
      if word == "fail" then failed(job, name) else job.counts[word] = job.counts[word] + 1 end
      times[#times + 1] = {seconds = tonumber(seconds), name = name, title = job.pass.title}
      test = nil
    end
  end
  return test, ended
end

local function counted(n)
  return ("%d passed, %d failed, %d pending"):format(n.pass, n.fail, n.pending)
end

-- Counts and shows one process that has ended.
local function report(job, code)
  local test, ended = read_journal(job)
  local counts, death = job.counts, nil
  if not ended then
    death = code == 124 and ("stopped after %d s"):format(LIMIT)
      or ("died with status %d"):format(code)
    death = ("%s in %s"):format(death, test or "no test")
  elseif code ~= 0 and counts.fail == 0 then
    death = ("died with status %d after the last test"):format(code)
  end
  if death then failed(job, death) end
  print(("%-4s  %s, %s: %s"):format(counts.fail == 0 and "ok" or "FAIL", job.file, job.pass.title,
    counted(counts)))
  local said = read_file(job.path .. ".out"):gsub("%s+$", "")
  if said ~= "" then print(said) end
  if death then print("    " .. death) end
  io.flush()
  for word, n in pairs(counts) do
    totals[word] = totals[word] + n
    job.pass[word] = job.pass[word] + n
  end
end

local function add_pass(jobs, title, env, files)
  local pass = {title = title, pass = 0, fail = 0, pending = 0}
  if #files > 0 then passes[#passes + 1] = pass end
  for _, file in ipairs(files) do
    jobs[#jobs + 1] = {pass = pass, env = env, file = file, size = #read_file(file),
      counts = {pass = 0, fail = 0, pending = 0}}
  end
end

-- The shell script of a job prints its number and the exit status.  timeout makes a process group
-- and passes a signal on to it, so that ^C ends what a spec has started as well.
local JOB = [[
trap 'kill $pid; exit 130' INT TERM HUP
%s VESPER_JOURNAL=%s.journal timeout %d %s %s >%s.out 2>&1 </dev/null & pid=$!
wait $pid
echo %d $?
]]

local function run(jobs, busted, folder)
  table.sort(jobs, function(a, b)
    if a.size ~= b.size then return a.size > b.size end
    return a.file < b.file or a.file == b.file and a.pass.title < b.pass.title
  end)
  local queue = assert(io.open(folder .. "/queue", "w"))
  for i, job in ipairs(jobs) do
    job.path = folder .. "/" .. i
    local script = assert(io.open(job.path, "w"))
    script:write(JOB:format(job.env, job.path, LIMIT, busted, job.file, job.path, i))
    script:close()
    queue:write(job.path, "\n")
  end
  queue:close()
  local pipe <close> = assert(io.popen(("xargs -P %d -n 1 sh <%s/queue"):format(workers, folder)))
  local line = pipe:read "l" -- where ^C comes, the interpreter raises "interrupted!"
  while line do
    local i, code = line:match "^(%d+) (%d+)$"
    local job = assert(jobs[tonumber(i)], line)
    job.done = true
    report(job, tonumber(code))
    line = pipe:read "l"
  end
  for _, job in ipairs(jobs) do
    if not job.done then report(job, 255) end
  end
end

local function finish()
  print(("\n%d passed, %d failed"):format(totals.pass, totals.fail))
  os.exit(totals.fail == 0)
end

local function give_up(message)
  print(message)
  totals.fail = totals.fail + 1
  finish()
end

local busted = busted_command()
if not busted then give_up "busted is not on the PATH; name it: BUSTED=path" end
local all = specs_under(#places > 0 and places or {"spec"})
if #all == 0 then give_up "no spec files found" end
local numeric, in_double = {}, {}
for _, file in ipairs(all) do
  local folder = file:match "^spec/(%l+)/"
  if folder == "op" or folder == "nn" or folder == "optim" then numeric[#numeric + 1] = file end
  if folder == "dist" or numeric[#numeric] == file then in_double[#in_double + 1] = file end
end
local ask = " -e 'io.write(require \"vesper\".build.isa)' 2>&1"
local best = read(environment "float" .. " " .. lua .. ask)
if best:find "%s" or best == "" then give_up("require \"vesper\" fails:\n" .. best) end

local jobs = {}
add_pass(jobs, "float build, " .. best, environment "float", all)
if not fast then
  add_pass(jobs, "double build", environment "double", in_double)
  for _, level in ipairs(LEVELS) do
    if level == best then break end
    add_pass(jobs, "float build, " .. level, environment("float", level), numeric)
  end
end

local start, folder = os.time(), read "mktemp -d"
local whole, why = pcall(run, jobs, busted, folder)
os.execute("rm -rf " .. quoted(folder))
if not whole then
  if why:find "interrupted!" then os.exit(130) end
  give_up(why)
end

table.sort(times, function(a, b) return a.seconds > b.seconds end)
print ""
for i = 1, math.min(SHOWN, #times) do
  local t = times[i]
  if t.seconds >= SLOW then print(("%6.1f s  %s (%s)"):format(t.seconds, t.name, t.title)) end
end
for _, pass in ipairs(passes) do
  print(("== %s: %s"):format(pass.title, counted(pass)))
end
print(("%d processes, %s at once, %d s"):format(#jobs, workers, os.time() - start))
for _, failure in ipairs(failures) do print("FAILED  " .. failure) end
finish()
