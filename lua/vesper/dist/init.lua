-- vs.dist: one script on many processes and machines, by MPI.
--
--   mpirun -n 4 --hostfile hosts lua5.4 train.lua
--
-- Every process (rank) runs the whole script.  Without mpirun it is one process, and all functions
-- work on that.  vs.dist is loaded at its first use, MPI at the first call of one of its functions
-- in a process that MPI's launcher has started.  See docs/scale.md.
local collectives = require "vesper.dist.collectives"
local job = require "vesper.dist.job"
local data_parallel = require "vesper.dist.data_parallel"
local pairs_of_all = require "vesper.dist.pairs"
local check = require "vesper.util.check"

local dist = {}
for name, fn in pairs(collectives) do dist[name] = fn end

--- Joins the job.  Options: timeout = 1800, the seconds that a rank waits for the others before it
-- raises an error; thread = true: a thread lets MPI work while backward computes, where MPI allows
-- that.  Every other function does the same with the defaults.
function dist.init(given) job.init(given) end

--- This process among the others, from 0.
function dist.rank()
  job.several()
  return job.rank
end

--- How many processes there are.
function dist.size()
  job.several()
  return job.size
end

--- This rank's part of a list: dist.all_gather of what is computed from it has the order of the
-- whole list.
function dist.share(list)
  local size, n = job.several() and job.size or 1, check.list("dist.share", "list", list)
  local first, last = n * job.rank // size + 1, n * (job.rank + 1) // size
  return table.move(list, first, last, 1, {})
end

dist.DataParallel = data_parallel
dist.scores, dist.same, dist.agree = pairs_of_all.scores, pairs_of_all.same, job.agree

return dist
