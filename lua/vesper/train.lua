-- Training and evaluation loops for models that have `loss` (see vesper.models.vse).  A script that
-- prefers a loop of its own needs nothing from here.
local core = require "vesper.core"
local checkpoint = require "vesper.checkpoint"
local metrics = require "vesper.metrics"
local optim = require "vesper.optim"
local progress = require "vesper.progress"
local encoders = require "vesper.models.encoders"

local train = {}

--- Runs the model over a loader without gradients.  Returns
-- {n =, accuracy = percent, image_accuracy = percent or nil, retrieval = metrics.retrieval or nil,
--  v = [N,D], t = [N,D] or nil}.  Retrieval is measured when the model embeds text.
function train.evaluate(model, loader)
  local was_training = model.training
  model:eval()
  local v, t, right, image_right, n = {}, {}, 0, 0, 0
  local by_image = model.fit_prototypes ~= nil
  core.no_grad(function()
    for batch in loader do
      local out = model(batch)
      local function hits(logits) return logits:argmax(2):eq(batch.label):sum():item() end
      right = right + hits(out.logits)
      if out.image_logits then
        image_right = image_right + hits(out.image_logits)
      elseif by_image then
        image_right = image_right + hits(out.v:normalize():matmul(model.prototypes:t()))
      end
      n = n + #batch.label
      v[#v + 1], t[#t + 1] = out.v, out.t
    end
  end)
  model:train(was_training)
  local result = {
    n = n, accuracy = 100 * right / n, image_accuracy = 100 * image_right / n, v = core.cat(v),
  }
  if #t > 0 then
    result.t = core.cat(t)
    result.retrieval = metrics.retrieval(result.v, result.t)
  end
  return result
end

--- What model selection goes by unless options.score says otherwise: accuracy, and for models that
-- embed text the mean recall beside it.
function train.score(result)
  local r = result.retrieval
  return r and result.accuracy + r.rsum / 6 or result.accuracy
end

-- ---- logs ---------------------------------------------------------------------------------------

-- {a = {b = 1}} -> {["a.b"] = 1}; numbers, strings and booleans alone.
local function flatten(value, name, row)
  if type(value) == "table" then
    for key, inner in pairs(value) do
      flatten(inner, name and name .. "." .. tostring(key) or tostring(key), row)
    end
  elseif type(value) == "number" or type(value) == "string" or type(value) == "boolean" then
    row[name] = value
  end
  return row
end

local function by_epoch_first(a, b)
  if (a == "epoch") ~= (b == "epoch") then return a == "epoch" end
  return a < b
end

local function csv_text(rows)
  local columns, seen, lines = {}, {}, {}
  for _, row in ipairs(rows) do
    for name in pairs(row) do
      if not seen[name] then columns[#columns + 1] = name end
      seen[name] = true
    end
  end
  table.sort(columns, by_epoch_first)
  local function add(value_of)
    local cells = {}
    for c, name in ipairs(columns) do
      local cell = value_of(name)
      cell = cell == nil and "" or tostring(cell)
      cells[c] = cell:find '[",\r\n]' and '"' .. cell:gsub('"', '""') .. '"' or cell
    end
    lines[#lines + 1] = table.concat(cells, ",")
  end
  add(function(name) return name end)
  for _, row in ipairs(rows) do add(function(name) return row[name] end) end
  return table.concat(lines, "\n") .. "\n"
end

local function jsonl_text(rows)
  local lines = {}
  for i, row in ipairs(rows) do
    for name, value in pairs(row) do -- what JSON has no numbers for
      if value ~= value or value == math.huge or value == -math.huge then
        row[name] = tostring(value)
      end
    end
    lines[i] = core.io.json_encode(row) .. "\n"
  end
  return table.concat(lines)
end

--- Writes a history (of fit) to a .csv or a .jsonl file, one line an epoch; nested fields get names
-- like val.accuracy.  The file is written anew and renamed, so that it never holds half a line.
-- Returns true, or nil and a message.
function train.write_log(path, history)
  local rows, format = {}, tostring(path):match "%.(%w+)$"
  for i, entry in ipairs(history) do rows[i] = flatten(entry, nil, {}) end
  if format ~= "csv" and format ~= "jsonl" then
    core._raise(("write_log: '%s' ends neither in .csv nor in .jsonl"):format(tostring(path)))
  end
  local file, why = io.open(path .. ".new", "wb")
  if not file then return nil, why end
  local ok, message = file:write(format == "csv" and csv_text(rows) or jsonl_text(rows))
  local closed, failed = file:close()
  if not (ok and closed) then return nil, message or failed end
  return os.rename(path .. ".new", path)
end

-- ---- fit ----------------------------------------------------------------------------------------

local function copy_of(dict)
  local copy = {}
  for name, tensor in pairs(dict) do copy[name] = tensor:clone() end
  return copy
end

-- One pass over the training set; returns the mean loss.
local function train_epoch(model, o, epoch, parameters)
  local label, sum, steps = ("%s epoch %d/%d"):format(o.label, epoch, o.epochs), 0, 0
  model:train()
  for batch, bar in progress(o.train, label, {quiet = o.quiet}) do
    local loss = model:loss(batch, epoch)
    o.optimizer:zero_grad()
    loss:backward()
    if o.clip then optim.clip_grad_norm_(parameters, o.clip) end
    o.optimizer:step()
    bar.loss = loss:item()
    sum, steps = sum + bar.loss, steps + 1
    if sum ~= sum then
      core._raise(("fit: the loss of epoch %d, batch %d is not a number: "
        .. "lower the learning rate"):format(epoch, steps))
    end
  end
  return sum / steps
end

-- What of a run its checkpoint holds, beside what it has in `run`.
local function parts_of(model, o)
  return {model = model, optimizer = o.optimizer, loader = {train = o.train, val = o.val}}
end

-- Where a run stands: {history =, best = {score, epoch, state} or nil}.
local function begin(model, o)
  if not (o.resume and checkpoint.exists(o.checkpoint)) then return {history = {}} end
  local found = assert(checkpoint.load(o.checkpoint, parts_of(model, o)))
  if type(found.extra) ~= "table" or type(found.extra.history) ~= "table" then
    core._raise(("fit: %s is not a checkpoint of fit"):format(o.checkpoint))
  end
  return found.extra
end

local function keep(model, o, run)
  if o.log then assert(train.write_log(o.log, run.history)) end
  if not o.checkpoint then return end
  local parts = parts_of(model, o)
  parts.epoch, parts.best, parts.extra = #run.history, run.best.score, run
  assert(checkpoint.save(o.checkpoint, parts))
end

local function should_stop(o, run)
  local epoch = #run.history
  return epoch >= o.epochs or (o.patience and run.best and epoch - run.best.epoch >= o.patience)
end

--- Trains a model and leaves it with the weights that were best on validation.  Options:
--   train = loader, val = loader, optimizer = optimizer, epochs = n
--   clip = 2.0                  limit of the gradient norm; false: none
--   schedule = f(epoch) -> lr   called before each epoch
--   score = train.score         larger is better
--   patience = n                stop when n epochs have brought nothing better
--   label = "VSE"               of the progress bar
--   weights = path              .safetensors, written when validation improves
--   checkpoint = folder         written after each epoch (vesper.checkpoint)
--   resume = false              true: go on where the checkpoint was written, if there is one
--   log = path                  .csv or .jsonl, one line an epoch (train.write_log)
--   quiet = false
-- Returns the history, a list of {epoch =, loss =, lr =, seconds =, score =, val = result}, and the
-- best epoch.  A resumed run ends with the same bits as one that never stopped.
function train.fit(model, options)
  local o = encoders.options(options,
    {clip = 2.0, score = train.score, label = "", quiet = false, resume = false},
    {train = true, val = true, optimizer = true, epochs = true, schedule = true, patience = true,
     weights = true, checkpoint = true, log = true}, "fit")
  if o.resume and not o.checkpoint then core._raise "fit: resume needs a checkpoint" end
  if math.type(o.epochs) ~= "integer" or o.epochs < 1 then
    core._raise("fit: epochs is " .. tostring(o.epochs) .. ", expected an integer from 1")
  end
  local parameters, run = model:parameters(), begin(model, o)
  while not should_stop(o, run) do
    local epoch, start = #run.history + 1, core.now()
    if o.schedule then o.optimizer.lr = o.schedule(epoch) end
    local loss = train_epoch(model, o, epoch, parameters)
    if model.fit_prototypes then model:fit_prototypes(o.train) end
    local val = train.evaluate(model, o.val)
    val.v, val.t = nil, nil
    local score = o.score(val)
    run.history[epoch] = {epoch = epoch, loss = loss, lr = o.optimizer.lr, val = val, score = score,
      seconds = core.now() - start}
    if not run.best or score > run.best.score then
      run.best = {score = score, epoch = epoch, state = copy_of(model:state_dict())}
      if o.weights then assert(core.save(o.weights, run.best.state)) end
    end
    keep(model, o, run)
  end
  model:load_state_dict(run.best.state)
  return run.history, run.best.epoch
end

return train
