-- Kills a random rank of a training run on two ranks at random moments, and looks whether all ranks
-- end soon and whether the same command ends with the same bytes as a run that was never stopped:
-- lua5.4 spec/support/kill_dist.lua [MOMENTS [SEED]].
--
-- Moments come from a fixed generator; what they hit depends on the machine.  Checkpoints are
-- written after each of the short epochs, so that some moments lie inside of one.
local mpi = require "spec.support.mpi"
local process = require "spec.support.process"
local temp = require "spec.support.temp"

local EPOCHS, LIMIT = 6, 30 -- seconds in which all ranks have to end

local kill_dist = {}

local function generator(seed)
  local state = seed * 2654435761 + 12345
  return function()
    state = state * 6364136223846793005 + 1442695040888963407
    return (state >> 33) / 2 ^ 31
  end
end

local function command_of(folder)
  return mpi.command(2, "spec/support/dist_fit.lua", ("%s %d 4"):format(folder, EPOCHS), 300)
end

local function whole_run(folder)
  local ok, said = process.run(command_of(folder))
  if not ok then error(said) end
  return temp.read(folder .. "/result.safetensors")
end

-- The shell kills child number `which` of mpirun after `seconds`, and says how long the rest lived.
local KILL = [[
%s >%s/said 2>&1 & env_pid=$!
sleep %.3f
ranks=$(ps -eo pid=,ppid=,args= | awk '/dist_fit.lua/ && !/mpirun/ && !/awk/ {print $1}')
victim=$(echo $ranks | cut -d' ' -f%d)
began=$(date +%%s%%N)
[ -n "$victim" ] && kill -9 $victim && echo killed
wait $env_pid; echo status $?
echo took $(( ($(date +%%s%%N) - began) / 1000000 ))]]

--- Kills a rank `moments` times; report(line) is called for each.  Moments at which no rank runs do
-- not count.
function kill_dist.run(moments, seed, report)
  local folder, random, hits = temp.folder(), generator(seed), 0
  local want_folder, got = folder .. "/want", folder .. "/got"
  temp.subfolder(want_folder)
  local began = os.time()
  local want = whole_run(want_folder)
  local length = math.min(math.max(os.time() - began, 1.5), 3)
  local function fresh()
    os.execute(("rm -rf %s && mkdir %s && cp %s/set.h5 %s"):format(got, got, want_folder, got))
  end
  fresh()
  while hits < moments do
    local seconds = random() * length
    local which = random() < 0.5 and 1 or 2
    local _, said = process.run(KILL:format(command_of(got), got, seconds, which))
    local took = tonumber(said:match "took (%d+)") / 1000
    local killed, status = said:find "killed" ~= nil, tonumber(said:match "status (%d+)")
    if killed then
      hits = hits + 1
      report(("%2d: killed after %.2f s, status %d, all ended after %.2f s"):format(hits, seconds,
        status, took))
      if took > LIMIT then error(("the ranks lived for %.1f s"):format(took)) end
    end
    if status == 0 then
      if temp.read(got .. "/result.safetensors") ~= want then error "the bytes differ" end
      fresh()
    end
  end
  if whole_run(got) ~= want then error "the bytes differ" end
  temp.remove()
end

if arg and arg[0] and arg[0]:match "kill_dist%.lua$" then
  local moments, seed = tonumber(arg[1]) or 20, tonumber(arg[2]) or 1
  kill_dist.run(moments, seed, print)
  print(("killed a rank %d times; every run ended within %d s, and those that came to their end "
    .. "had the bytes of the run that was never stopped"):format(moments, LIMIT))
end

return kill_dist
