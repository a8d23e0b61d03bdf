-- Kills a training run at random moments and looks whether it ends with the same bytes:
-- `make kill-test`, or lua5.4 spec/support/kill.lua [MOMENTS [SEED]].
--
-- spec/support/training.lua writes a checkpoint after every step, so that many moments lie inside
-- of one being written.  Each time the run is started again, it has to go on where the last
-- finished checkpoint was written, or the one after it; whenever one comes to its end, its weights
-- have to be those of a run that was never stopped, and the next run begins from nothing.  Moments
-- come from a fixed generator; what they hit depends on the machine.
local process = require "spec.support.process"
local temp = require "spec.support.temp"

local EVERY = 1

local kill = {}

-- Numbers in [0, 1): the same for a seed everywhere.
local function generator(seed)
  local state = seed * 2654435761 + 12345
  return function()
    state = (state * 6364136223846793005 + 1442695040888963407)
    return (state >> 33) / 2 ^ 31
  end
end

-- A folder, how it is removed, and how many steps a run takes there: on a disk most of the time
-- goes into writing checkpoints; in memory, where the system has such a place, a second is enough.
local function working_folder(on_disk)
  local folder = temp.folder()
  local name = "/dev/shm/" .. folder:match "[^/]+$"
  if not on_disk and os.execute("mkdir " .. name .. " 2>/dev/null") then
    return name, "rm -rf " .. name, 400
  end
  return folder, "true", 40
end

local function command_of(folder, result, steps)
  return ("lua5.4 spec/support/training.lua %s %s %d %d"):format(folder, result, EVERY, steps)
end

-- Runs the training, killed after `seconds` if these are given; raises when it failed, or did not
-- go on after step `saved`.  Returns whether it came to its end, and the step saved last.
local function train(folder, result, steps, saved, seconds)
  local command = command_of(folder, result, steps)
  if seconds then command = ("timeout -s KILL %.4f %s"):format(seconds, command) end
  local _, said = process.run(command .. " 2>&1; echo exit $?")
  local code = tonumber(said:match "exit (%d+)\n$")
  if code ~= 0 and not (seconds and code == 137) then
    error(("%s\nfailed with %s:\n%s"):format(command, tostring(code), said))
  end
  local begun = tonumber(said:match "begins%s+(%d+)\n")
  if begun and (begun < saved or begun > saved + EVERY) then
    error(("step %d was saved, but the run went on after step %d"):format(saved, begun))
  end
  saved = begun or saved
  for step in said:gmatch "saved%s+(%d+)\n" do saved = tonumber(step) end
  return code == 0, saved
end

local function seconds_of(command)
  local _, said = process.run("bash -c 'TIMEFORMAT=%R; time " .. command .. "' 2>&1")
  return tonumber((said:match "([%d.,]+)%s*$":gsub(",", "."))), said
end

-- The folder of one run after a kill: whether a checkpoint was being written.
local function torn_apart(folder)
  local names = temp.list(folder)
  return #names > 1 or names[1] == "run.new"
end

local function kill_all(folder, steps, moments, random, report)
  local runs, got, want = folder .. "/runs", folder .. "/got", folder .. "/want"
  local ended, torn, killed, saved = 0, 0, 0, 0
  temp.subfolder(folder .. "/whole")
  local startup = seconds_of "lua5.4 -e \"require [[vesper]]\""
  local whole = seconds_of(command_of(folder .. "/whole", want, steps))
  local work = math.max(whole - startup, 0.02)
  local function finish()
    if temp.read(got) ~= temp.read(want) then
      error("the weights of a resumed run differ from those of a run that never stopped")
    end
    os.execute(("rm -rf %s %s"):format(runs, got))
    temp.subfolder(runs)
    ended, saved = ended + 1, 0
  end
  temp.subfolder(runs)
  while killed < moments do
    local seconds = startup + random() * work * 0.5
    local done, last = train(runs, got, steps, saved, seconds)
    saved = last
    if done then
      finish()
    else
      killed = killed + 1
      if torn_apart(runs) then torn = torn + 1 end
      report(("%d killed after %.3f s; step %d was saved last"):format(killed, seconds, saved))
    end
  end
  train(runs, got, steps, saved)
  finish()
  return ended, torn
end

--- Kills `moments` times; report(line) tells each.  Returns how many runs came to their end, and
-- how many kills left an unfinished checkpoint; raises where one was lost or bytes differ.
function kill.run(moments, seed, report, on_disk)
  local folder, clean, steps = working_folder(on_disk)
  local ok, ended, torn = pcall(kill_all, folder, steps, moments, generator(seed), report)
  os.execute(clean)
  temp.remove()
  if not ok then error(ended, 0) end
  return ended, torn
end

if arg and arg[0] and arg[0]:match "support/kill%.lua$" then
  local moments, seed = tonumber(arg[1]) or 50, tonumber(arg[2]) or 1
  local ended, torn = kill.run(moments, seed, print, true)
  print(("killed %d times, %d of them while a checkpoint was written; %d runs came to their end "
    .. "with the bytes of the run that was never stopped"):format(moments, torn, ended))
end

return kill
