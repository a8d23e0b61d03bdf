-- Checkpoints: everything a training run needs to go on as if it had never stopped, in one folder.
--
-- The folder holds weights.safetensors, optimizer.safetensors and extra.safetensors (the last two
-- when there is something for them) and state.json: settings and steps of the optimizer, positions
-- of loaders, schedule, averages of weights, random state, epoch, best score, the script's own
-- values.  It is replaced as a whole (csrc/io/folder.h): whenever the process or the machine stops,
-- the old or the new one is there, complete.  load changes nothing unless everything fits.  Not
-- kept: gradients (save after optimizer:step), which parameters are frozen, what data sets and
-- files hold.
local core = require "vesper.core"
local files = require "vesper.train.checkpoint_files"
local fit = require "vesper.train.checkpoint_fit"
local pack = require "vesper.train.pack"
local check = require "vesper.util.check"
local options = require "vesper.util.options"

local checkpoint = {}

-- ---- arguments ----------------------------------------------------------------------------------

local function folder_of(folder, what)
  local name = type(folder) == "string" and #folder > 1 and folder:gsub("/+$", "") or folder
  local last = type(name) == "string" and name:match "[^/]*$" or ""
  if last == "" or last == "." or last == ".." then
    check.fail("checkpoint." .. what, "'%s' is no name for a folder", tostring(folder))
  end
  return name
end

local function check_parts(parts, known, what)
  if type(parts) ~= "table" or getmetatable(parts) then
    check.fail("checkpoint." .. what, "expected a table {model = ...}")
  end
  local wrong = options.unknown(parts, "entry", known)
  if wrong then check.fail("checkpoint." .. what, "%s", wrong) end
  for _, key in ipairs {"model", "optimizer", "schedule", "ema"} do
    local ok, method = pcall(function() return parts[key].state_dict end)
    if parts[key] ~= nil and not (ok and method) then
      check.fail("checkpoint." .. what, "%s has no state_dict", key)
    end
  end
end

-- ---- saving -------------------------------------------------------------------------------------

--- Writes a checkpoint, or returns nil and a message and leaves the old one as it was.  parts:
--   model, optimizer, schedule, ema   with state_dict
--   loader                            a Loader, or a table of them by name
--   epoch, best, extra                an integer; any number, string, list or table, tensors in it
--                                     too
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

-- The epoch that comes next: for one loader in the middle of a pass the running one.
local function next_epoch(state)
  local loader = state.loaders and state.loaders.loader
  if not loader then return state.epoch and state.epoch + 1 end
  local last = loader.samples // loader.batch_size
  if not loader.drop_last and loader.samples % loader.batch_size > 0 then last = last + 1 end
  local inside = loader.batch > 0 and loader.batch < last
  return inside and loader.epoch or loader.epoch + 1
end

-- The script's values out of state.json and extra.safetensors; or nil and a message.
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
    return nil, "optimizer is not as it was written"
  end
  values.groups = groups
  return values
end

--- Restores the parts that are given, and the random state; returns {epoch, next_epoch, best,
-- extra}.  nil and a message when there is no checkpoint, a file of it is missing or broken, or
-- something does not fit: the message lists what, and then nothing has been changed.
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

--- Whether there is a checkpoint, whole or broken.
function checkpoint.exists(folder)
  return core._folder_current(folder_of(folder, "exists")) ~= nil
end

return checkpoint
