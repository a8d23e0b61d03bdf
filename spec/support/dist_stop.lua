-- Runs dist_fit.lua; rank 0 is killed while it writes its second checkpoint, at the place that STOP
-- names: "stage" (nothing is written), "write" (some files are), "commit" (all are), "after".
--
--   STOP=write mpirun -n 2 lua5.4 spec/support/dist_stop.lua FOLDER EPOCHS BATCH
local core = require "vesper.core"
local vs = require "vesper"
local files = require "vesper.train.checkpoint_files"

local place, checkpoints, saved = os.getenv "STOP", 0, 0
local stage, commit, save, write = core._folder_stage, core._folder_commit, core.save, files.write

local function reached(name)
  if name ~= place or checkpoints ~= 2 or vs.dist.rank() ~= 0 then return end
  os.execute "kill -9 $PPID"
end

function core._folder_stage(...)
  checkpoints = checkpoints + 1
  reached "stage"
  return stage(...)
end

function files.write(...)
  saved = 0
  return write(...)
end

function core.save(...)
  saved = saved + 1
  if saved == 2 then reached "write" end
  return save(...)
end

function core._folder_commit(...)
  reached "commit"
  local ok, why = commit(...)
  reached "after"
  return ok, why
end

dofile "spec/support/dist_fit.lua"
