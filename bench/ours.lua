-- vesper's side of `make bench`: one workload in a process of its own.  See run.py.
--
--   lua5.4 bench/ours.lua NAME STATE THREADS PRECISION
--
-- Makes the workload of bench/workloads.lua, writes its first weights and its inputs to STATE
-- (safetensors, names w.* and in.*), then answers lines from stdin:
--   check     -> figures that the peer has to give too: the losses of three steps, or the output
--   time N    -> seconds of each of N steps
--   memory    -> the largest resident memory so far, bytes
local start = os.clock()
local vs = require "vesper"
local here = arg[0]:match "^(.*/)" or ""
local workloads = dofile(here .. "workloads.lua")

local name, state, threads = arg[1], arg[2], math.tointeger(tonumber(arg[3]))
vs.set_num_threads(threads)
if arg[4] == "autocast" then workloads.cast = vs.autocast else vs.set_matmul_precision(arg[4]) end
vs.manual_seed(1)
local work = assert(workloads[name], "there is no workload " .. tostring(name))()

local all = {}
for key, tensor in pairs(work.weights or {}) do all["w." .. key] = tensor end
for key, tensor in pairs(work.inputs) do all["in." .. key] = tensor end
assert(vs.save(state, all))

local function say(...)
  io.write(table.concat({...}, " "), "\n")
  io.flush()
end

local function resident()
  for line in io.lines "/proc/self/status" do
    local kb = line:match "^VmHWM:%s*(%d+)"
    if kb then return tonumber(kb) * 1024 end
  end
end

local commands = {
  check = function()
    local figures = work.check()
    for i, x in ipairs(figures) do figures[i] = ("%.9g"):format(x) end
    say(table.unpack(figures))
  end,
  time = function(n)
    local seconds = {}
    for i = 1, tonumber(n) do
      local from = vs.now()
      work.step()
      seconds[i] = ("%.7f"):format(vs.now() - from)
    end
    say(table.unpack(seconds))
  end,
  memory = function() say(("%d"):format(resident())) end,
}

say("ready", ("%.0f"):format(work.flops or 0), ("%.4f"):format(os.clock() - start))
for line in io.lines() do
  local command, rest = line:match "^(%S+)%s*(.*)$"
  commands[command](rest)
end
