-- Readouts: class probabilities from an image embedding alone.
--
-- linear: multinomial logistic regression on the frozen embeddings.  prototype: cosines to the mean
-- text embedding of each class.  They are the buffers readout_weight [C,D] and readout_bias [C],
-- and prototypes [C,D].  A model reads out by the linear one if it has these two buffers, else by
-- prototypes that are not zero; without either it has no readout.
local core = require "vesper.core"
local in_evaluation = require "vesper.nn.evaluation"
local check = require "vesper.util.check"
local first_seen = require "vesper.data.first_seen"
local each = require "vesper.util.each"
local options = require "vesper.util.options"

local readout = {}

-- ---- logistic regression ------------------------------------------------------------------------

-- L-BFGS (Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.5) for a convex function
-- f(x) -> value, gradient of a tensor x [n], with the step halved until the value has decreased
-- enough.  Returns the minimum and its value.
local function minimise(f, x, steps, tolerance)
  local MEMORY, ENOUGH = 10, 1e-4
  local value, g = f(x)
  local first = math.max(g:abs():max():item(), 1e-12)
  local s, y, rho = {}, {}, {}
  for _ = 1, steps do
    if g:abs():max():item() < tolerance * first then break end
    local d, alpha = -g, {}
    for i = #s, 1, -1 do
      alpha[i] = rho[i] * s[i]:dot(d):item()
      d = d - y[i] * alpha[i]
    end
    if #s > 0 then d = d / (rho[#s] * y[#s]:dot(y[#s]):item()) end
    for i = 1, #s do d = d + s[i] * (alpha[i] - rho[i] * y[i]:dot(d):item()) end
    local slope, step = g:dot(d):item(), #s > 0 and 1 or math.min(1, 1 / g:norm():item())
    local next_x, next_value, next_g
    for _ = 1, 30 do
      next_x = x + d * step
      next_value, next_g = f(next_x)
      if next_value <= value + ENOUGH * step * slope then break end
      step = step / 2
    end
    if next_value >= value or next_value ~= next_value then break end
    local ds, dy = next_x - x, next_g - g
    local curvature = ds:dot(dy):item()
    if curvature > 1e-12 then
      if #s == MEMORY then for _, list in ipairs {s, y, rho} do table.remove(list, 1) end end
      s[#s + 1], y[#y + 1], rho[#rho + 1] = ds, dy, 1 / curvature
    end
    x, value, g = next_x, next_value, next_g
  end
  return x, value
end

-- The regression of labels int64 [N] on x [N,D], standardised: the minimum of the mean
-- cross-entropy + decay / 2 |W|^2, from start [C * (D + 1)].
local function regress(x, label, classes, decay, start)
  local N, D = x.shape[1], x.shape[2]
  local target = core.one_hot(label, classes):float()
  local function f(theta)
    local W, b = theta:slice(1, 1, classes * D):reshape(classes, D), theta:slice(1, classes * D + 1)
    local logp = (x:matmul(W:t()) + b):log_softmax(2)
    local residual = (logp:exp() - target) / N
    local value = -(logp * target):sum():item() / N + decay / 2 * W:pow(2):sum():item()
    local dW = residual:t():matmul(x) + W * decay
    return value, core.cat({dW:flatten(), residual:sum(1)}, 1)
  end
  return (minimise(f, start, 200, 1e-4))
end

local function accuracy(logits, label)
  return 100 * logits:argmax(2):eq(label):float():mean():item()
end

local DECAYS = {1e-2, 1e-3, 1e-4}

--- Weight [C,D] and bias [C] of multinomial logistic regression on v [N,D] with labels int64 [N].
-- val: {v =, label =}: of DECAYS the one with the best accuracy there; without it the middle one.
-- Returns weight, bias, the accuracy on val or nil, and the decay.
function readout.logistic(v, label, classes, val)
  return core.no_grad(function()
    local mean, std = v:mean(1), v:std(1):clamp{min = 1e-6}
    local x = (v - mean) / std
    local theta, best = core.zeros(classes * (v.shape[2] + 1)), nil
    for _, decay in ipairs(val and DECAYS or {DECAYS[2]}) do
      theta = regress(x, label, classes, decay, theta)
      local D = v.shape[2]
      local W = theta:slice(1, 1, classes * D):reshape(classes, D) / std
      local b = theta:slice(1, classes * D + 1) - W:matmul(mean)
      local right = val and accuracy(val.v:matmul(W:t()) + b, val.label)
      if not best or right > best.right then
        best = {W = W:contiguous(), b = b:contiguous(), right = right, decay = decay}
      end
    end
    return best.W, best.b, best.right, best.decay
  end)
end

-- ---- models -------------------------------------------------------------------------------------

--- Adds unit text embeddings t [B,D] of labels int64 [B] to the sums [C,D] of their classes.
function readout.add_texts(sums, t, label)
  local classes = core.arange(1, sums.shape[1]):reshape(-1, 1)
  sums:add_(classes:eq(label:reshape(1, -1)):float():matmul(t:normalize()))
end

-- {v [N,D] and label int64 [N] of the images of a loader, each once}; with text also the sums of
-- unit text embeddings of each class, [C,D].
local function gather(model, loader, with_text)
  local v, labels, first = {}, {}, first_seen()
  local sums = with_text and core.zeros(model.classes, model.width) or nil
  for batch in each(loader) do
    if not batch.label then check.fail("fit_readout", "the batches have no label") end
    local all = model:encode_image(batch)
    local _, fresh = first(batch, all.shape[1])
    if #fresh > 0 then
      v[#v + 1] = all:index_select(1, fresh)
      labels[#labels + 1] = batch.label:index_select(1, fresh)
    end
    if sums then readout.add_texts(sums, model:embed_text(batch), batch.label) end
  end
  if #v == 0 then check.fail("fit_readout", "the loader has no samples, expected at least 1") end
  return {v = core.cat(v), label = core.cat(labels), sums = sums}
end

--- Fits both readouts to the images, labels and texts of a loader, and keeps the better one.
-- Options:
--   val = loader                     the better one is that with the higher accuracy of the images
--                                    of this loader; without it the linear one is kept
--   kinds = {"linear", "prototype"}  those to choose from
-- Returns the kind, and the accuracies on val by kind in percent (empty without val).
function readout.fit(model, loader, given)
  local o = options.read("fit_readout", given, {kinds = {"linear", "prototype"}},
    {kinds = "list", val = true})
  if not model.classes then check.fail("fit_readout", "the model has no classes") end
  local wanted = {}
  for i, kind in ipairs(o.kinds) do
    if kind ~= "linear" and kind ~= "prototype" then
      check.fail("fit_readout", "kinds[%d] is %s, expected linear or prototype", i, tostring(kind))
    end
    wanted[kind] = true
  end
  if #o.kinds == 0 then check.fail("fit_readout", "kinds is empty") end
  return in_evaluation(model, function()
    local train = gather(model, loader, model.embed_text)
    local val, right, W, b = o.val and gather(model, o.val), {}, nil, nil
    if train.sums then model:register_buffer("prototypes", train.sums:normalize()) end
    if wanted.linear then
      W, b, right.linear = readout.logistic(train.v, train.label, model.classes, val)
    end
    if wanted.prototype and val and train.sums then
      right.prototype = accuracy(model:class_cosines(val.v), val.label)
    end
    local kind = "prototype"
    if wanted.linear and not (right.prototype and right.prototype > right.linear) then
      kind = "linear"
    end
    readout.set(model, kind == "linear" and W or nil, b)
    return kind, right
  end)
end

--- Makes weight [C,D] and bias [C] the linear readout of the model; nil: it has none.
function readout.set(model, weight, bias)
  if weight then
    model:register_buffer("readout_weight", weight)
    model:register_buffer("readout_bias", bias)
  else
    model.readout_weight, model.readout_bias = nil, nil
  end
end

--- The readout in use: "linear", "prototype" or nil.
function readout.kind(model)
  if model.readout_weight then return "linear" end
  local prototypes = model.prototypes
  return prototypes and prototypes:abs():max():item() > 0 and "prototype" or nil
end

--- The logits [B,C] of embeddings v [B,D] by the readout in use, for a function named `what`.
function readout.logits(model, v, what)
  if model.readout_weight then return v:matmul(model.readout_weight:t()) + model.readout_bias end
  if not readout.kind(model) then
    check.fail(what, "the model has no readout, expected model:fit_readout(loader), as train.fit "
      .. "does, or model:set_classes(names)")
  end
  return model:class_cosines(v) * model.scale
end

--- Adds to a model's state what belongs to a readout that the state has, and removes what it lacks.
function readout.follow(model, state)
  local W, b = state.readout_weight, state.readout_bias
  local fits = core.is_tensor(W) and core.is_tensor(b) and W.ndim == 2
    and W.shape[2] == model.width and b.ndim == 1 and b.shape[1] == W.shape[1]
  readout.set(model, fits and core.zeros(W.shape[1], W.shape[2]) or nil,
    fits and core.zeros(W.shape[1]) or nil)
end

return readout
