-- Training and evaluation loops for models that have `loss` (see vesper.models.vse).  A script that
-- prefers a loop of its own needs nothing from here.
local core = require "vesper.core"
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

local function copy_of(dict)
  local copy = {}
  for name, tensor in pairs(dict) do copy[name] = tensor:clone() end
  return copy
end

--- Trains a model and leaves it with the weights that were best on validation.  Options:
--   train = loader, val = loader, optimizer = optimizer, epochs = n
--   clip = 2.0                  limit of the gradient norm; false: none
--   schedule = f(epoch) -> lr   called before each epoch
--   score = train.score         larger is better
--   label = "VSE"               of the progress bar
--   checkpoint = path           .safetensors, written when validation improves
--   quiet = false
-- Returns the history, a list of {epoch =, loss =, lr =, val = result}, and the best epoch.
function train.fit(model, options)
  local o = encoders.options(options,
    {clip = 2.0, score = train.score, label = "", quiet = false},
    {train = true, val = true, optimizer = true, epochs = true, schedule = true,
     checkpoint = true}, "fit")
  local parameters, history, best = model:parameters(), {}, nil
  for epoch = 1, o.epochs do
    model:train()
    if o.schedule then o.optimizer.lr = o.schedule(epoch) end
    local label, sum, steps = ("%s epoch %d/%d"):format(o.label, epoch, o.epochs), 0, 0
    for batch, bar in progress(o.train, label, {quiet = o.quiet}) do
      local loss = model:loss(batch, epoch)
      o.optimizer:zero_grad()
      loss:backward()
      if o.clip then optim.clip_grad_norm_(parameters, o.clip) end
      o.optimizer:step()
      bar.loss = loss:item()
      sum, steps = sum + bar.loss, steps + 1
      if sum ~= sum then
        error(("fit: the loss of epoch %d, batch %d is not a number: " ..
          "lower the learning rate"):format(epoch, steps), 2)
      end
    end
    if model.fit_prototypes then model:fit_prototypes(o.train) end
    local val = train.evaluate(model, o.val)
    val.v, val.t = nil, nil
    history[epoch] = {epoch = epoch, loss = sum / steps, lr = o.optimizer.lr, val = val}
    local score = o.score(val)
    if not best or score > best.score then
      best = {score = score, epoch = epoch, state = copy_of(model:state_dict())}
      if o.checkpoint then assert(core.save(o.checkpoint, best.state)) end
    end
  end
  model:load_state_dict(best.state)
  return history, best.epoch
end

return train
