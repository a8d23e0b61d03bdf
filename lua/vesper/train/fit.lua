-- train.fit: the training loop for models that have `loss` (see vesper.models.vse).  Scripts with
-- their own loop do not need it.
local core = require "vesper.core"
local optim = require "vesper.optim"
local tables_of_rows = require "vesper.report.tables"
local checkpoint = require "vesper.train.checkpoint"
local evaluation = require "vesper.train.evaluate"
local log = require "vesper.train.log"
local progress = require "vesper.train.progress"
local ranks_of = require "vesper.train.ranks"
local tensorboard = require "vesper.train.tensorboard"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local function copy_of(dict)
  local copy = {}
  for name, tensor in pairs(dict) do copy[name] = tensor:clone() end
  return copy
end

local function fail(...) check.fail("fit", ...) end

local function say(o, format, ...)
  if not o.quiet then io.stderr:write(format:format(...), "\n") end
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

-- The loss of a batch, a tensor of one element, and its value.
local function loss_of(o, batch, epoch)
  local ranks = o.ranks
  local loss = o.autocast and core.autocast(ranks.loss, ranks, batch, epoch)
    or ranks:loss(batch, epoch)
  if not core.is_tensor(loss) or loss:numel() ~= 1 then
    fail("model:loss returned %s, expected a tensor with 1 element", text.kind(loss))
  end
  return loss, loss:item()
end

-- One pass over the training set; returns the mean loss and the last line of the progress bar.
-- Each optimizer step is for the mean loss of `accumulate` batches; the last step of an epoch may
-- have fewer.
local function train_epoch(model, o, epoch, parameters)
  local label = ("%s%sepoch %d/%d"):format(o.label, o.label == "" and "" or " ", epoch, o.epochs)
  local sum, done, line = 0, 0, nil
  local total, first, last = #o.train, 1, 0 -- first, last: the batches of the current step
  model:train()
  local function at_end(text_of_bar) line = text_of_bar end
  for batch, bar in progress(o.train, label, {quiet = o.quiet, at_end = at_end}) do
    done = done + 1
    if done == 1 then evaluation.check_batch("fit", batch) end
    if done > last then
      first, last = done, math.min(done + o.accumulate - 1, total)
      o.optimizer:zero_grad()
    end
    local loss, value = loss_of(o, batch, epoch)
    bar.loss, sum = value, sum + value
    if sum ~= sum then
      fail("the loss of epoch %d, batch %d is NaN; try a lower learning rate", epoch, done)
    end
    if last > first then loss = loss / (last - first + 1) end
    if done < last then
      o.ranks:without_sending(loss.backward, loss)
    else
      loss:backward()
      if o.clip then optim.clip_grad_norm_(parameters, o.clip) end
      after_step(o)
    end
  end
  return o.ranks:mean(sum / done), line
end

-- Validates the model after an epoch.  Returns the result of evaluate, the score and, if the score
-- is better than `best`, a copy of the weights.
local function validate(model, o, best)
  local val = evaluation.evaluate(model, o.val, {folds = o.folds, dist = o.ranks.several})
  for _, name in ipairs {"v", "t", "predicted", "label", "image_of", "image_right"} do
    val[name] = nil
  end
  if val.folds then val.folds.folds = nil end
  local score = o.score(val)
  if type(score) ~= "number" then
    fail("score returned %s, expected a number", text.kind(score))
  end
  score = o.ranks:agreed(score)
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
local function start_run(model, o)
  if not (o.resume and checkpoint.exists(o.checkpoint)) then return {history = {}} end
  local found = check.done(checkpoint.load(o.checkpoint, parts_of(model, o)))
  if type(found.extra) ~= "table" or type(found.extra.history) ~= "table" then
    core._raise(("fit: checkpoint %s was not written by fit"):format(o.checkpoint))
  end
  return found.extra
end

-- A writer of curves by epoch; it replaces the curves of later epochs in the folder.
local function new_curves(o, run)
  if not o.tensorboard then return nil end
  return check.done(tensorboard.SummaryWriter(o.tensorboard, {purge_step = #run.history + 1}))
end

local function add_curves(writer, entry)
  for name, value in pairs(log.flatten(entry, "/")) do
    if type(value) == "number" and name ~= "epoch" then
      check.done(writer:add_scalar(name, value, entry.epoch))
    end
  end
  check.done(writer:flush())
end

local function keep(model, o, run, writer)
  if o.log then check.done(log.write(o.log, run.history)) end
  if writer then add_curves(writer, run.history[#run.history]) end
  if not (o.checkpoint and o.ranks.writes) then return end
  local parts = parts_of(model, o)
  parts.epoch, parts.best, parts.extra = #run.history, run.best.score, run
  check.done(checkpoint.save(o.checkpoint, parts))
end

-- ---- fit ----------------------------------------------------------------------------------------

-- ---- what is said -------------------------------------------------------------------------------

-- "accuracy 82.3  rsum 181.2" of a result of evaluate.
local function in_words(val)
  local parts = {}
  if val.accuracy then parts[1] = text.format("accuracy %.1f", val.accuracy) end
  if val.retrieval then parts[#parts + 1] = text.format("rsum %.1f", val.retrieval.rsum) end
  return table.concat(parts, "  ")
end

-- A history as text, a line for each epoch.
local function history_text(history)
  local columns, rows = {{"epoch", "epoch"}, {"loss", "loss"}, {"lr", "lr"}}, {}
  local last = history[#history]
  if last and last.val.accuracy then columns[#columns + 1] = {"accuracy", "val accuracy"} end
  if last and last.val.retrieval then columns[#columns + 1] = {"rsum", "val rsum"} end
  columns[#columns + 1], columns[#columns + 2] = {"score", "score"}, {"seconds", "seconds"}
  for i, e in ipairs(history) do
    rows[i] = {epoch = e.epoch, loss = text.format("%.4f", e.loss), lr = text.format("%g", e.lr),
      accuracy = e.val.accuracy, rsum = e.val.retrieval and e.val.retrieval.rsum,
      score = e.score, seconds = e.seconds}
  end
  return (tables_of_rows.table(columns, rows):gsub("\n$", ""))
end

-- ---- fit ----------------------------------------------------------------------------------------

-- Epochs since the best one.
local function stale(run) return run.best and #run.history - run.best.epoch or 0 end

local function should_stop(o, run)
  return #run.history >= o.epochs or (o.patience and run.best and stale(run) >= o.patience)
end

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

-- Whether an object has all of these methods.
local function has_methods(x, ...)
  for _, name in ipairs {...} do
    local ok, method = pcall(function() return x[name] end)
    if not ok or method == nil then return false end
  end
  return true
end

local function check_loader(name, loader)
  if not has_methods(loader, "batches") then
    fail("%s is %s, expected a data.Loader", name, text.kind(loader))
  end
  if #loader == 0 then fail("%s is empty: %s", name, tostring(loader)) end
end

local function check_arguments(model, o)
  if not has_methods(model, "loss", "parameters", "state_dict") then
    fail("model is %s, expected a module with a method loss(batch, epoch)", text.kind(model))
  end
  check_loader("train", o.train)
  check_loader("val", o.val)
  if not has_methods(o.optimizer, "step", "zero_grad", "param_groups") then
    fail("optimizer is %s, expected one of vs.optim", text.kind(o.optimizer))
  end
  if o.resume and not o.checkpoint then
    fail "checkpoint is nil, expected a folder, since resume is true"
  end
  check.kind("fit", "epochs", o.epochs, "count")
  check_schedule(o)
end

-- Says where a run starts and, at its end, why it stopped.
local function say_start(o, run)
  local done = #run.history
  if done == 0 then return end
  if not should_stop(o, run) then
    say(o, "%s: resumed at epoch %d", o.checkpoint, done + 1)
  else
    say(o, "%s: already complete, %d epochs%s", o.checkpoint, done,
      done < o.epochs and ", stopped early" or "")
  end
end

local function say_end(o, run)
  if #run.history < o.epochs then
    say(o, "stopped early: no better score for %d epochs; best was epoch %d", stale(run),
      run.best.epoch)
  end
end

-- One epoch: training, validation, and what is kept of them.
local function run_epoch(model, o, run, parameters, writer)
  local epoch, start = #run.history + 1, core.now()
  before_epoch(o, epoch)
  local loss, line = o.ranks:training(train_epoch, model, o, epoch, parameters)
  o.ranks:before_validation(o, run)
  local rate, best = o.optimizer.lr, run.best and run.best.score
  local val, score, weights
  if o.ema then
    val, score, weights = o.ema:apply(validate, model, o, best)
  else
    val, score, weights = validate(model, o, best)
  end
  say(o, "%s  |  val %s%s", line, in_words(val), weights and "  best" or "")
  after_epoch(o, score)
  run.history[epoch] = {epoch = epoch, loss = loss, lr = rate, val = val, score = score,
    seconds = core.now() - start}
  if weights then
    run.best = {score = score, epoch = epoch, state = weights}
    if o.weights then check.done(core.save(o.weights, weights)) end
  end
  keep(model, o, run, writer)
end

-- Fits a readout to the best weights; the best epoch's validation, the file of the weights and the
-- log have it.
local function fit_readout(model, o, run)
  local kind, right = model:fit_readout(o.train, {val = o.val})
  run.history[run.best.epoch].val.image_accuracy = right[kind]
  local label = o.label == "" and "" or o.label:gsub("[,:]$", "") .. ": "
  say(o, "%simage alone %.1f by the %s readout", label, right[kind], kind)
  if o.weights then assert(core.save(o.weights, model:state_dict())) end
  if o.log then assert(log.write(o.log, run.history)) end
end

--- Trains a model and leaves it with the weights of the best epoch on validation, and, if it has
-- classes, with a readout of them from the image alone (models.VSE, `fit_readout`).  Options:
--   train = loader, val = loader, optimizer = optimizer, epochs = n
--   clip = 2.0                  maximal norm of the gradients; false: not clipped
--   schedule                    one of optim.lr_scheduler; ReduceLROnPlateau gets the score.
--                               Or f(epoch) -> lr, called before each epoch
--   schedule_per = "epoch"      "batch": stepped after each optimizer step
--   ema = optim.EMA(model)      averages, which are validated and kept as the best weights
--   accumulate = 1              batches per optimizer step
--   autocast = false            true: losses are computed under vs.autocast
--   score = train.score         larger is better
--   folds = 1                   n: retrieval also as the mean over n parts of the images
--   patience = n                stop after n epochs without a better score
--   label = "VSE"               label of the progress bar
--   weights = path              .safetensors, written when the score improves
--   checkpoint = folder         written after each epoch (vs.checkpoint)
--   resume = false              true: resume from the checkpoint, if it exists
--   log = path                  .csv or .jsonl, one line per epoch (train.write_log)
--   tensorboard = folder        curves by epoch (vs.tensorboard)
--   dist = false                true, or options of dist.DataParallel: over all ranks of vs.dist;
--                               rank 0 shows progress and writes
--   quiet = false               true: nothing is printed
-- Returns the history, a list of {epoch =, loss =, lr =, seconds =, score =, val = result} that
-- prints as a table, and the best epoch.  A resumed run ends with the same bits as one that never
-- stopped.
return function(model, given)
  local o = options.read("fit", given, {clip = 2.0, score = evaluation.score, label = "",
    quiet = false, resume = false, accumulate = 1, autocast = false, schedule_per = "epoch",
    folds = 1},
    {train = true, val = true, optimizer = true, epochs = true, schedule = true, ema = true,
     label = "string", score = "function", quiet = "boolean", resume = "boolean",
     accumulate = "count", autocast = "boolean", schedule_per = {"epoch", "batch"},
     folds = "count", patience = "count", weights = "string", checkpoint = "string",
     log = "string", tensorboard = "string", dist = true})
  check_arguments(model, o)
  o.ranks = ranks_of(model, o)
  if model.describe and has_methods(o.train, "set") then model:describe {set = o.train.set} end
  if model.clear_readout then model:clear_readout() end
  local parameters, run = model:parameters(), start_run(model, o)
  o.ranks:start(model, o, run, function(...) say(o, ...) end)
  local writer <close> = new_curves(o, run)
  say_start(o, run)
  local first = #run.history + 1
  while not should_stop(o, run) do run_epoch(model, o, run, parameters, writer) end
  if #run.history >= first then say_end(o, run) end
  o.ranks:finish(o)
  model:load_state_dict(run.best.state)
  local best = run.history[run.best.epoch].val
  if model.fit_readout and model.classes and best.accuracy then fit_readout(model, o, run) end
  o.ranks:same_state(model)
  return tables.printed(run.history, "history", history_text), run.best.epoch
end
