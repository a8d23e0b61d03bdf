-- Weak scaling: the training steps of `make bench` on several ranks, each with the whole batch.
--
--   mpirun -n 2 lua5.4 bench/scaling.lua "W1 VSE++ LSTM" MODE [SECONDS]
--
-- MODE: alone (processes that do not know of each other), overlap, after (gradients are sent after
-- backward), bfloat16.  Prints the steps a second of one rank, the mean over the ranks, and the
-- megabytes of gradients.
package.path = "bench/?.lua;" .. package.path
local vs = require "vesper"
local workloads = require "workloads"

local name, mode, seconds = arg[1], arg[2], tonumber(arg[3] or "8")
local dist = vs.dist
vs.set_num_threads(1)
vs.manual_seed(1)
local work = assert(workloads[name], "there is no workload " .. name)()
local options = {overlap = {}, after = {overlap = false}, bfloat16 = {wire = "bfloat16"}}
if mode ~= "alone" then vs.dist.DataParallel(work.model, assert(options[mode], "what mode?")) end
local loss = vs.zeros(1)
for _ = 1, 2 do loss = work.step() end
dist.barrier()
local began, count = vs.now(), 0
while vs.now() - began < seconds do
  loss = work.step()
  count = count + 1
  if mode ~= "alone" then -- all ranks take the same number of steps
    local over = vs.tensor{vs.now() - began < seconds and 1 or 0}
    if dist.all_reduce(over, "min"):item() == 0 then break end
  end
end
local took = vs.now() - began
local rate = dist.all_reduce(vs.tensor{count / took}, "mean"):item()
if dist.rank() == 0 then
  print(("%-24s %-9s %d ranks: %.3f steps/s, %.1f ms a step, %.1f MB of gradients, loss %.3f")
    :format(name, mode, dist.size(), rate, 1000 / rate,
      work.model:num_parameters(true) * 4 / 2 ^ 20, loss:item()))
end
