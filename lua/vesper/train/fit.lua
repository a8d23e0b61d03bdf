-- train.fit: the training loop for models that have `loss` (see vesper.models.vse).  Scripts with
-- their own loop do not need it.
local core = require "vesper.core"
local optim = require "vesper.optim"
local checkpoint = require "vesper.train.checkpoint"
local evaluation = require "vesper.train.evaluate"
local log = require "vesper.train.log"
local progress = require "vesper.train.progress"
local tensorboard = require "vesper.train.tensorboard"
local check = require "vesper.util.check"
local options = require "vesper.util.options"

local function copy_of(dict)
  local copy = {}
  for name, tensor in pairs(dict) do copy[name] = tensor:clone() end
  return copy
end

-- ---- steps and schedules ------------------------------------------------------------------------

-- A schedule that is a function sets the rate before each epoch; an object is stepped after each
-- epoch or after each optimizer step.

local function before_epoch(o, epoch)
  if type(o.schedule) == "function" then o.optimizer.lr = o.schedule(epoch) end
end

local function after_step(o)
  o.optimizer:step()
  if o.ema then o.ema:update() end
  if o.schedule and o.schedule_per == "batch" then o.schedule:step() end
end

local function after_epoch(o, score)
  if o.schedule and type(o.schedule) ~= "function" and o.schedule_per == "epoch" then
    o.schedule:step(score)
  end
end

-- One pass over the training set; returns the mean loss.  Each optimizer step is for the mean loss
-- of `accumulate` batches; the last step of an epoch may have fewer.
local function train_epoch(model, o, epoch, parameters)
  local label, sum, done = ("%s epoch %d/%d"):format(o.label, epoch, o.epochs), 0, 0
  local total, first, last = #o.train, 1, 0 -- first, last: the batches of the current step
  model:train()
  for batch, bar in progress(o.train, label, {quiet = o.quiet}) do
    done = done + 1
    if done > last then
      first, last = done, math.min(done + o.accumulate - 1, total)
      o.optimizer:zero_grad()
    end
    local loss = o.autocast and core.autocast(model.loss, model, batch, epoch)
      or model:loss(batch, epoch)
    bar.loss = loss:item()
    sum = sum + bar.loss
    if sum ~= sum then
      core._raise(("fit: the loss of epoch %d, batch %d is NaN; try a lower learning rate")
        :format(epoch, done))
    end
    if last > first then loss = loss / (last - first + 1) end
    loss:backward()
    if done == last then
      if o.clip then optim.clip_grad_norm_(parameters, o.clip) end
      after_step(o)
    end
  end
  return sum / done
end

-- Validates the model after an epoch.  Returns the result of evaluate, the score and, if the score
-- is better than `best`, a copy of the weights.
local function validate(model, o, best)
  if model.fit_prototypes then model:fit_prototypes(o.train) end
  local val = evaluation.evaluate(model, o.val)
  val.v, val.t, val.predicted, val.label = nil, nil, nil, nil
  local score = o.score(val)
  if val.retrieval then setmetatable(val.retrieval, nil) end -- a checkpoint stores plain tables
  local better = not best or score > best or best ~= best
  return val, score, better and copy_of(model:state_dict()) or nil
end

-- ---- files of a run -----------------------------------------------------------------------------

-- The parts of a run's checkpoint, without `extra`.
local function parts_of(model, o)
  return {model = model, optimizer = o.optimizer, loader = {train = o.train, val = o.val},
    ema = o.ema, schedule = type(o.schedule) ~= "function" and o.schedule or nil}
end

-- The state of a new or resumed run: {history =, best = {score, epoch, state} or nil}.
local function begin(model, o)
  if not (o.resume and checkpoint.exists(o.checkpoint)) then return {history = {}} end
  local found = assert(checkpoint.load(o.checkpoint, parts_of(model, o)))
  if type(found.extra) ~= "table" or type(found.extra.history) ~= "table" then
    core._raise(("fit: checkpoint %s was not written by fit"):format(o.checkpoint))
  end
  return found.extra
end

-- A writer of curves by epoch; it replaces the curves of later epochs in the folder.
local function begin_curves(o, run)
  if not o.tensorboard then return nil end
  return assert(tensorboard.SummaryWriter(o.tensorboard, {purge_step = #run.history + 1}))
end

local function add_curves(writer, entry)
  for name, value in pairs(log.flatten(entry, "/")) do
    if type(value) == "number" and name ~= "epoch" then
      assert(writer:add_scalar(name, value, entry.epoch))
    end
  end
  assert(writer:flush())
end

local function keep(model, o, run, writer)
  if o.log then assert(log.write(o.log, run.history)) end
  if writer then add_curves(writer, run.history[#run.history]) end
  if not o.checkpoint then return end
  local parts = parts_of(model, o)
  parts.epoch, parts.best, parts.extra = #run.history, run.best.score, run
  assert(checkpoint.save(o.checkpoint, parts))
end

-- ---- fit ----------------------------------------------------------------------------------------

local function should_stop(o, run)
  local epoch = #run.history
  return epoch >= o.epochs or (o.patience and run.best and epoch - run.best.epoch >= o.patience)
end

local function fail(...) check.fail("fit", ...) end

local function check_schedule(o)
  local s = o.schedule
  if type(s) == "function" then
    if o.schedule_per == "batch" then
      fail "schedule_per is 'batch', expected 'epoch' for a schedule that is a function"
    end
  elseif s ~= nil and not (type(s) == "table" and s.step and s.state_dict) then
    fail("schedule is a %s, expected one of optim.lr_scheduler, or a function", type(s))
  elseif s and s.optimizer and s.optimizer ~= o.optimizer then
    fail "schedule belongs to another optimizer"
  elseif s and s.name == "ReduceLROnPlateau" then
    if s.mode ~= "max" then
      fail "schedule is a ReduceLROnPlateau with mode 'min', expected 'max': it monitors the score"
    elseif o.schedule_per == "batch" then
      fail "schedule_per is 'batch', expected 'epoch' for ReduceLROnPlateau"
    end
  end
end

local function check_options(o)
  if o.resume and not o.checkpoint then
    fail "checkpoint is nil, expected a folder, since resume is true"
  end
  check.kind("fit", "epochs", o.epochs, "count")
  check_schedule(o)
end

--- Trains a model and leaves it with the weights of the best epoch on validation.  Options:
--   train = loader, val = loader, optimizer = optimizer, epochs = n
--   clip = 2.0                  maximal norm of the gradients; false: not clipped
--   schedule                    one of optim.lr_scheduler; ReduceLROnPlateau gets the score.
--                               Or f(epoch) -> lr, called before each epoch
--   schedule_per = "epoch"      "batch": stepped after each optimizer step
--   ema = optim.EMA(model)      averages, which are validated and kept as the best weights
--   accumulate = 1              batches per optimizer step
--   autocast = false            true: losses are computed under vs.autocast
--   score = train.score         larger is better
--   patience = n                stop after n epochs without a better score
--   label = "VSE"               label of the progress bar
--   weights = path              .safetensors, written when the score improves
--   checkpoint = folder         written after each epoch (vs.checkpoint)
--   resume = false              true: resume from the checkpoint, if it exists
--   log = path                  .csv or .jsonl, one line per epoch (train.write_log)
--   tensorboard = folder        curves by epoch (vs.tensorboard)
--   quiet = false               true: no progress bar
-- Returns the history, a list of {epoch =, loss =, lr =, seconds =, score =, val = result}, and the
-- best epoch.  A resumed run ends with the same bits as one that never stopped.
return function(model, given)
  local o = options.read("fit", given, {clip = 2.0, score = evaluation.score, label = "",
    quiet = false, resume = false, accumulate = 1, autocast = false, schedule_per = "epoch"},
    {train = true, val = true, optimizer = true, epochs = true, schedule = true, patience = true,
     ema = true, weights = true, checkpoint = true, log = true, tensorboard = true,
     accumulate = "count", schedule_per = {"epoch", "batch"}})
  check_options(o)
  local parameters, run = model:parameters(), begin(model, o)
  local writer <close> = begin_curves(o, run)
  while not should_stop(o, run) do
    local epoch, start = #run.history + 1, core.now()
    before_epoch(o, epoch)
    local loss, rate = train_epoch(model, o, epoch, parameters), o.optimizer.lr
    local val, score, weights
    if o.ema then
      val, score, weights = o.ema:apply(validate, model, o, run.best and run.best.score)
    else
      val, score, weights = validate(model, o, run.best and run.best.score)
    end
    after_epoch(o, score)
    run.history[epoch] = {epoch = epoch, loss = loss, lr = rate, val = val, score = score,
      seconds = core.now() - start}
    if weights then
      run.best = {score = score, epoch = epoch, state = weights}
      if o.weights then assert(core.save(o.weights, weights)) end
    end
    keep(model, o, run, writer)
  end
  model:load_state_dict(run.best.state)
  return run.history, run.best.epoch
end
