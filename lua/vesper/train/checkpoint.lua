-- Checkpoints: the whole state of a training run in one folder.  A resumed run computes the same
-- bits as one that never stopped.
--
-- The folder has weights.safetensors, optimizer.safetensors and extra.safetensors (each only if it
-- has tensors to store) and state.json: settings and steps of the optimizer, positions of loaders,
-- schedule, averages of weights, random state, epoch, best score, the script's own values.  It is
-- replaced as a whole (csrc/io/folder.h): if the process or the machine stops, either the old or
-- the new checkpoint is complete.  load changes nothing unless everything fits.  Not stored:
-- gradients (save after optimizer:step), which parameters are frozen, the data of data sets.
local core = require "vesper.core"
local files = require "vesper.train.checkpoint_files"
local fit = require "vesper.train.checkpoint_fit"
local pack = require "vesper.train.pack"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local checkpoint = {}

-- ---- arguments ----------------------------------------------------------------------------------

local function folder_of(folder, what) return file.folder("checkpoint." .. what, folder) end

local function check_parts(parts, known, what)
  if type(parts) ~= "table" or getmetatable(parts) then
    check.fail("checkpoint." .. what, "parts is %s, expected a plain table {model = ...}",
      type(parts) == "table" and "an object" or text.kind(parts))
  end
  local wrong = options.unknown(parts, "entry", known)
  if wrong then check.fail("checkpoint." .. what, "%s", wrong) end
  for _, key in ipairs {"model", "optimizer", "schedule", "ema"} do
    local ok, method = pcall(function() return parts[key].state_dict end)
    if parts[key] ~= nil and not (ok and method) then
      check.fail("checkpoint." .. what, "%s is %s, expected an object with state_dict", key,
        text.kind(parts[key]))
    end
  end
end

-- ---- saving -------------------------------------------------------------------------------------

--- Writes a checkpoint and returns true; or returns nil and a message and leaves the old checkpoint
-- unchanged.  parts (all optional):
--   model, optimizer, schedule, ema   objects with state_dict
--   loader                            a Loader, or a table of Loaders by name
--   epoch                             an integer
--   best, extra                       a number, string, boolean, tensor, or a table of these
function checkpoint.save(folder, parts)
  folder = folder_of(folder, "save")
  check_parts(parts, {model = true, optimizer = true, loader = true, schedule = true, ema = true,
    epoch = true, best = true, extra = true}, "save")
  if parts.epoch ~= nil then check.kind("checkpoint.save", "epoch", parts.epoch, "integer") end
  local tensors_of, state = files.collect(parts)
  local path, why = core._folder_stage(folder, files.all)
  if not path then return nil, why end
  local called, ok, message = pcall(files.write, path, tensors_of, state)
  if called and ok then return core._folder_commit(folder, files.all) end
  core._folder_abandon(folder, files.all)
  if not called then error(ok, 0) end
  return nil, message
end

-- ---- loading ------------------------------------------------------------------------------------

-- The next epoch; if the only loader is in the middle of an epoch, that epoch.
local function next_epoch(state)
  local loader = state.loaders and state.loaders.loader
  if not loader then return state.epoch and state.epoch + 1 end
  local last = loader.samples // loader.batch_size
  if not loader.drop_last and loader.samples % loader.batch_size > 0 then last = last + 1 end
  local inside = loader.batch > 0 and loader.batch < last
  return inside and loader.epoch or loader.epoch + 1
end

-- The script's values from state.json and extra.safetensors; or nil and a message.
local function unpack_values(found)
  local state, values = found.state, {}
  for _, key in ipairs {"best", "extra", "schedule", "ema"} do
    local ok, value = pcall(pack.unpack, state[key], found[files.EXTRA] or {})
    if not ok then return nil, key .. " " .. value end
    values[key] = value
  end
  local ok, groups = pcall(pack.unpack, state.optimizer and state.optimizer.groups, {})
  if not ok then return nil, "optimizer " .. groups end
  if state.optimizer and type(groups) ~= "table" then
    return nil, "optimizer is corrupt"
  end
  values.groups = groups
  return values
end

--- Restores the given parts and the random state; returns {epoch, next_epoch, best, extra}.  If
-- there is no checkpoint, a file of it is missing or corrupt, or something does not fit, changes
-- nothing and returns nil and a message that lists everything that does not fit.
function checkpoint.load(folder, parts)
  folder = folder_of(folder, "load")
  parts = parts or {}
  check_parts(parts,
    {model = true, optimizer = true, loader = true, schedule = true, ema = true}, "load")
  local found, why = files.read(folder)
  if not found then return nil, why end
  local values, broken = unpack_values(found)
  if not values then return nil, ("%s/%s: %s"):format(folder, files.STATE, broken) end
  local misfit = fit.misfits(parts, found, values)
  if #misfit > 0 then
    return nil, ("%s: the checkpoint does not fit\n%s"):format(folder, table.concat(misfit, "\n"))
  end
  local ok, message = fit.restore(parts, found, values)
  if not ok then return nil, ("%s: nothing was changed: %s"):format(folder, message) end
  return {epoch = found.state.epoch, next_epoch = next_epoch(found.state), best = values.best,
    extra = values.extra}
end

--- Whether the folder is a checkpoint, intact or corrupt.
function checkpoint.exists(folder)
  return core._folder_current(folder_of(folder, "exists")) ~= nil
end

return checkpoint
