-- What train.fit does differently on several ranks (vs.dist): who writes, which samples a rank
-- gets, what all ranks must have in common.
--
-- All ranks hold the same weights, optimizer, averages, history and random state at the end of each
-- epoch, so that rank 0's checkpoint is that of all.
local core = require "vesper.core"
local collectives = require "vesper.dist.collectives"
local DataParallel = require "vesper.dist.data_parallel"
local fingerprint = require "vesper.dist.fingerprint"
local job = require "vesper.dist.job"
local check = require "vesper.util.check"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"
local warn = require("vesper.util.warn").warn

local WHAT = "fit"
local ROUNDING = 1e-3 -- of the largest weight of a tensor, after an epoch

-- Says where a run goes on with another number of ranks; found: run.dist of its checkpoint.
local function say_other(o, run, size, say)
  local before = run.dist and run.dist.ranks or 1
  if #run.history == 0 or before == size then return end
  say("%s: written by %d rank%s, goes on with %d: the batches of the next epochs are others",
    o.checkpoint, before, before == 1 and "" or "s", size)
end

-- ---- one process --------------------------------------------------------------------------------

local Alone = {several = false, writes = true}
Alone.__index = Alone

function Alone:loss(...) return self.model:loss(...) end
function Alone.without_sending(_, fn, ...) return fn(...) end
function Alone.training(_, fn, ...) return fn(...) end
function Alone.mean(_, x) return x end
function Alone.agreed(_, x) return x end
function Alone.before_validation() end
function Alone.start(_, _, o, run, say)
  say_other(o, run, 1, say)
  run.dist = nil
end
function Alone.finish() end
function Alone.same_state() end

-- ---- several ------------------------------------------------------------------------------------

local Ranks = {several = true}
Ranks.__index = Ranks

local function int64(list) return core.tensor(list, {dtype = "int64"}) end

-- Calls add(name, value) for the plain values of a table, in order, and of the tables in it.
local function each_setting(name, settings, add)
  for _, key in ipairs(tables.sorted_keys(settings)) do
    local value, full = settings[key], ("%s, %s"):format(name, key)
    if type(value) == "table" then
      each_setting(full, value, add)
    elseif not core.is_tensor(value) then
      add(full, text.value(value))
    end
  end
end

-- A line for each option, setting and data set that must be the same.
local function description(o)
  local lines = {}
  local function add(name, value) lines[#lines + 1] = ("%s = %s"):format(name, tostring(value)) end
  for _, name in ipairs {"epochs", "clip", "accumulate", "autocast", "schedule_per", "folds",
      "patience", "resume"} do
    add(name, o[name])
  end
  add("checkpoint", o.checkpoint and "given")
  add("optimizer", o.optimizer.name)
  for g, settings in ipairs(o.optimizer:state_dict().groups) do
    each_setting(("group %d of the optimizer"):format(g), settings, add)
  end
  for _, name in ipairs {"schedule", "ema"} do
    local part = o[name]
    add(name, part and (type(part) == "function" and "a function" or part.name or "given"))
    if part and type(part) ~= "function" then each_setting(name, part:state_dict(), add) end
  end
  for _, name in ipairs {"train", "val"} do
    local loader = o[name]
    if text.kind(loader) == "a Loader" then
      local state = loader:state()
      for _, key in ipairs(tables.sorted_keys(state)) do
        if key ~= "seed" then add(("%s.%s"):format(name, key), state[key]) end
      end
      add(("data of %s"):format(name), fingerprint(loader.set))
    end
  end
  return lines
end

-- The seed and the random state of rank 0; its seed is that of all loaders.
local function take_seeds(o)
  local rng, state = core.get_rng_state(), o.train:state()
  local numbers = collectives.broadcast(int64{rng.seed, rng.counter, state.seed}):tolist()
  core.set_rng_state {seed = numbers[1], counter = numbers[2]}
  if state.batch == 0 then o.train:load_state {seed = numbers[3], epoch = state.epoch} end
end

--- Deals the samples of the training loader, and checks what the ranks have in common.
function Ranks:deal(o)
  if text.kind(o.train) ~= "a Loader" then
    check.fail(WHAT, "train is %s, expected a data.Loader, whose samples ranks can share",
      text.kind(o.train))
  end
  job.agree(WHAT, description(o))
  self.given = o.train
  local state = o.train:state()
  if o.train.ranks == 1 then
    o.train = o.train:part(job.rank, job.size)
  elseif o.train.ranks ~= job.size or o.train.rank ~= job.rank then
    check.fail(WHAT, "train is part %d of %d, expected part %d of %d, or a loader of all samples",
      o.train.rank, o.train.ranks, job.rank, job.size)
  end
  if #o.train == 0 then
    check.fail(WHAT, "train has %d samples, expected at least %d", #o.train.set,
      state.drop_last and job.size * o.train.batch_size or job.size)
  end
  take_seeds(o)
end

--- Begins after a checkpoint was loaded; run.dist is what the run knows of its ranks.
function Ranks:start(model, o, run, say)
  local found = run.dist
  job.agree(WHAT, {("epochs in the checkpoint = %d"):format(#run.history)})
  say_other(o, run, job.size, say)
  local options = type(o.dist) == "table" and tables.merge(o.dist) or {}
  options.order = found and found.ranks == job.size and found.order or options.order
  self.parallel = DataParallel(model, options)
  run.dist = {ranks = job.size}
end

function Ranks:loss(...) return self.parallel:loss(...) end

function Ranks:without_sending(fn, ...) return self.parallel:no_sync(fn, ...) end

--- Runs an epoch with random numbers of this rank's own; all go on from the same state after it.
function Ranks.training(_, fn, ...)
  local before = core.get_rng_state()
  core.set_rng_state {seed = before.seed + job.rank * 0x9E3779B97F4A7C15, counter = before.counter}
  local results = table.pack(fn(...))
  local counter = collectives.all_reduce(int64{core.get_rng_state().counter}, "max"):tolist()[1]
  core.set_rng_state {seed = before.seed, counter = counter}
  return table.unpack(results, 1, results.n)
end

function Ranks.mean(_, x)
  return collectives.all_reduce(core.tensor({x}, {dtype = "float64"}), "mean"):tolist()[1]
end

--- Rank 0's number.
function Ranks.agreed(_, x)
  return collectives.broadcast(core.tensor({x}, {dtype = "float64"})):tolist()[1]
end

-- Takes the tensors {{name, tensor}, ...} of rank 0.  Those of the others are the same, since all
-- settings and gradients are, but for the rounding of their machines.  What differs by more is an
-- error.
local function take_from_rank_0(list)
  local hashes = {}
  for i, pair in ipairs(list) do
    hashes[i] = ("%x"):format(job.lib.hash(pair[2]:detach():contiguous()))
  end
  if job.same(table.concat(hashes, " "), WHAT) then return end
  local function most(x) return x:numel() > 0 and x:abs():max():item() or 0 end
  core.no_grad(function()
    for _, pair in ipairs(list) do
      local name, own, first = pair[1], pair[2], collectives.broadcast(pair[2])
      if own.dtype:find "float" then
        local off, allowed = most(own - first), ROUNDING * most(first)
        if off > allowed or off ~= off then
          check.fail(WHAT, "%s is off by %g from that of rank 0: the ranks have trained "
            .. "differently, by a schedule that is a function, by a hook, or by the script", name,
            off)
        end
      end
      own:copy_(first)
    end
  end)
end

--- Gives all ranks the same weights and buffers, in averages too.
function Ranks:before_validation(o, run)
  take_from_rank_0(self.parallel.model:named_parameters())
  self.parallel:sync_buffers()
  run.dist.order = self.parallel.order
  if not (o.ema and o.ema.buffers) then return end
  local average = o.ema:state_dict().state
  for _, name in ipairs(tables.sorted_keys(average)) do
    average[name]:copy_(collectives.broadcast(average[name]))
  end
end

--- The given loader has had the epochs of its parts.
function Ranks:finish(o)
  self.parallel:remove()
  if self.given ~= o.train then self.given.epoch, o.train = o.train.epoch, self.given end
end

--- Gives all ranks the state of rank 0, which they have but for rounding.
function Ranks.same_state(_, model)
  local state, list = model:state_dict(), {}
  for i, name in ipairs(tables.sorted_keys(state)) do list[i] = {name, state[name]} end
  take_from_rank_0(list)
end

--- What fit uses: of several ranks where dist is given and there are some.
return function(model, o)
  if type(o.dist) == "table" then
    DataParallel.options(o.dist)
  elseif o.dist ~= nil and type(o.dist) ~= "boolean" then
    check.fail(WHAT, "dist is %s, expected true or options of dist.DataParallel",
      text.value(o.dist))
  end
  local n = job.processes() or 1
  if o.dist == nil and n > 1 then
    warn(("fit: this is one of %d processes of an MPI job, and trains by itself; dist = true "
      .. "trains one model on all of them, dist = false says that this is meant"):format(n))
  end
  if not (o.dist and job.several()) then return setmetatable({model = model}, Alone) end
  local self = setmetatable({writes = job.rank == 0}, Ranks)
  self:deal(o)
  if not self.writes then o.quiet, o.log, o.tensorboard, o.weights = true, nil, nil, nil end
  return self
end
