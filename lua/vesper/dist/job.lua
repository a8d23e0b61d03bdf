-- The ranks of this job: their number, and checks that all of them do the same.
--
-- A process that no MPI started is the only rank, and no MPI is loaded.  Else the first use loads
-- vesper/dist.so (csrc/dist/mpi.c).
local core = require "vesper.core"
local check = require "vesper.util.check"
local options = require "vesper.util.options"

local job = {rank = 0, size = 1, host = "this host", timeout = 1800}

-- Variables that MPI's launchers set for the processes that they start: the number of the rank.
local STARTED = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK"}

local function started_by_mpi()
  for _, name in ipairs(STARTED) do
    local number = os.getenv(name)
    if number then return number end
  end
end

--- How many processes a launcher has started together, or nil.  Loads no MPI.
function job.processes()
  return tonumber(os.getenv "OMPI_COMM_WORLD_SIZE" or os.getenv "PMI_SIZE")
end

-- The functions of dist.so.
local function load_mpi()
  local path, tried = package.searchpath("vesper.dist", package.cpath)
  if not path then
    if job.processes() == 1 then return nil end
    check.fail("dist.init", "this process is one of several of an MPI job, but vesper/dist.so is "
      .. "not there; `make dist-mpi` builds it%s", tried)
  end
  local open, why = package.loadlib(path, "luaopen_vesper_dist")
  if not open then check.fail("dist.init", "%s cannot be loaded: %s", path, why) end
  local ok, lib = pcall(open)
  if not ok then check.fail("dist.init", "%s", lib) end
  return lib
end

-- Without OMP_NUM_THREADS, the ranks of a host share its processors, unless the launcher has given
-- each its own.
local function share_threads(ranks_here)
  if os.getenv "OMP_NUM_THREADS" or ranks_here == 1 then return end
  local mine, pipe = core.get_num_threads(), io.popen "nproc --all 2>/dev/null"
  local all = pipe and tonumber(pipe:read "a")
  if pipe then pipe:close() end
  if mine == all then core.set_num_threads(math.max(1, mine // ranks_here)) end
end

--- Joins the job, once.
function job.init(given)
  local o = options.read("dist.init", given, {timeout = job.timeout, thread = true},
    {timeout = "positive", thread = "boolean"})
  job.timeout = o.timeout
  if job.up then return end
  local number = started_by_mpi()
  job.lib = number and load_mpi()
  if job.lib then
    local ranks_here
    job.rank, job.size, job.host, ranks_here, job.thread = job.lib.init(o.thread, o.timeout, number)
    share_threads(ranks_here)
  end
  job.up = true
  if job.size == 1 then return end
  core._set_rank(("rank %d on %s: "):format(job.rank, job.host))
  job.agree("dist.init", {"vesper " .. core.version, "build " .. core.build.real})
end

--- Joins the job unless that is done; returns whether there are several ranks.
function job.several()
  if not job.up then job.init() end
  return job.size > 1
end

-- Raises that the ranks differ; one text of each, of which equal ones are named once.
local function differ(what, lead, list)
  local names, order = {}, {}
  for i, text in ipairs(list) do
    if not names[text] then
      names[text], order[#order + 1] = {}, text
    end
    table.insert(names[text], i - 1)
  end
  local lines = {}
  for i, text in ipairs(order) do
    local ranks = names[text]
    local shown = table.concat(ranks, ", ", 1, math.min(#ranks, 8))
    if #ranks > 8 then shown = shown .. ", ..." end
    lines[i] = ("  %s %s: %s"):format(#ranks == 1 and "rank" or "ranks", shown, text)
  end
  check.fail(what, "%s\n%s", lead, table.concat(lines, "\n"))
end

-- A line for a message to other ranks, which is cut.
local function short(line)
  if #line <= 240 then return line end
  return ("%s... (%d bytes, hash %x)"):format(line:sub(1, 200), #line, job.lib.hash(line))
end

--- Whether all ranks give the same text.
function job.same(text, what) return job.lib.same(job.lib.hash(text), job.timeout, what) end

--- Checks that all ranks make this call, a text such as "all_reduce sum of float32 [3]".
function job.meet(what, call)
  if job.same(call, what) then return end
  local place = core._place():gsub("^rank .-: ", ""):gsub(": $", "")
  local mine = ("%s (%s, %s)"):format(short(call), job.host, place)
  differ(what, "the ranks do not call the same", job.lib.texts(mine, job.timeout))
end

--- Raises unless all ranks give the same list of lines; the message has the first that differs.
function job.agree(what, lines)
  check.list(what, "lines", lines)
  for i, line in ipairs(lines) do check.kind(what, ("lines[%d]"):format(i), line, "string") end
  if not job.several() then return end
  job.meet(what, "agree of " .. short(what))
  if job.same(table.concat(lines, "\n"), what) then return end
  local function compare(line)
    if job.same(line, what) then return end
    differ(what, "the ranks differ",
      job.lib.texts(("%s (%s)"):format(short(line), job.host), job.timeout))
  end
  local most = 0
  for _, n in ipairs(job.lib.texts(("%d"):format(#lines), job.timeout)) do
    most = math.max(most, tonumber(n))
  end
  for i = 1, most do compare(lines[i] or "nothing more") end
end

--- Waits for a request of dist.so.
function job.wait(request, what) job.lib.wait(request, job.timeout, what) end

return job
