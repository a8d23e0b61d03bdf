-- How `vesper train` and `vesper table` make models, loaders, optimizers and schedules from their
-- options.
local vs = require "vesper"
local command = require "vesper.util.command"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local tables = require "vesper.util.tables"
local join = require "vesper.cli.options".join
local data, models, optim = vs.data, vs.models, vs.optim

local recipe = {}

-- ---- models -------------------------------------------------------------------------------------

local Recipe = {}
Recipe.__index = Recipe

-- An encoder of images: the small CNN, or a fine-tuned pre-trained one.
local function cnn_encoder(o, width)
  if o.cnn == "" then return models.SmallCNN(width, {channels = o.channels}) end
  local height, across = o.size:match "^(%d+)x(%d+)$"
  return check.done(models.EfficientNetLite0.from_pretrained(o.cnn, {num_classes = 0,
    width = width, size = {math.tointeger(height), math.tointeger(across)}}))
end

-- Encodes the file's features (of data.extract), its images, or both.
local function image_encoder(o, one, width)
  local C = one.regions and one.regions.shape[3] or one.feature and one.feature.shape[2]
  local features = C and models.RegionEncoder(width, {region_width = C,
    hidden = o.hidden > 0 and o.hidden or 4 * width,
    dropout = 0.2, pooling = one.regions and "gpo" or "mean"})
  local cnn = one.image and cnn_encoder(o, width)
  return features and cnn and models.JoinedEncoder{features, cnn} or features or cnn
end

-- The same encoders, losses and options for every model.
local function options_of(self, seed)
  local o, set = self.o, self.set
  local vocab, classes = set:vocab(), #set:classes()
  local text = {vocab_size = #vocab, word_dim = 100}
  if self.glove then
    text = {vectors = self.glove:matrix(vs.text.Vocab.new(vocab), {scale = 0.1, seed = seed})}
  end
  text.rnn, text.bidirectional, text.pooling = o.rnn, o.bidirectional, o.pooling
  text.dropout = o.dropwords
  local infonce = o.objective == "infonce"
  return {classes = classes > 0 and classes or nil, width = o.width,
    image = image_encoder(o, self.one, o.width), text = text, warmup = 2,
    weights = {classify = classes > 0 and o.classify or 0, rank = infonce and 0 or 1,
      contrast = infonce and 1 or 0}}
end

local makers = {
  Baseline = function(_, all)
    return models.Baseline{classes = all.classes, width = all.width, image = all.image}
  end,
  TextOnly = function(self, all)
    return models.TextOnly{classes = all.classes, text = {vectors = all.text.vectors,
      vocab_size = all.text.vocab_size, word_dim = all.text.word_dim, dropout = self.o.dropwords}}
  end,
  VSEWithoutNorm = function(_, all) return models.VSE(tables.merge(all, {norm = false})) end,
  COOT = function(self, all) return models.COOT(tables.merge(all, {memory = self.o.memory})) end,
  COOTOfAll = function(_, all)
    return models.COOT(tables.merge(all, {memory = {"image", "regions", "words"}}))
  end,
  -- goes on from a VSE of the same options; vse: its state, or nil
  DPM = function(self, all, seed, vse)
    local o, start = self.o, nil
    if vse then
      start = models.VSE(options_of(self, seed))
      start:load_state_dict(vse)
    end
    all.bert = check.done(models.BERT.from_pretrained(o.bert)):freeze_layers(o.freeze)
    if #all.bert.encoder.layer - o.freeze < 2 then
      error("--freeze: at least two layers have to learn", 0)
    end
    all.visual, all.weights.match, all.weights.masked = o.visual, 1, 0.2
    local model = models.DPM(all)
    return start and model:start_from(start) or model
  end,
  FrozenBERT = function(self, all)
    all.bert = check.done(models.BERT.from_pretrained(self.o.bert)):freeze()
    all.visual = self.o.visual
    return models.BERTFusion(all)
  end,
}

--- A new model.  vse: the state of a VSE from which a DPM goes on.
function Recipe:model(name, seed, vse)
  local all = options_of(self, seed)
  if (name == "Baseline" or name == "TextOnly") and not all.classes then
    error(("%s: has no classes, which a %s learns"):format(self.set.path, name), 0)
  end
  if makers[name] then return makers[name](self, all, seed, vse) end
  return models[name](all)
end

-- ---- training -----------------------------------------------------------------------------------

local OPTIMIZERS = {adam = "Adam", adamw = "AdamW", sgd = "SGD"}

--- The optimizer of a model; BERT's learning rate is a tenth.
function Recipe:optimizer(model, rate)
  local o = self.o
  local groups = model:param_groups(rate, o.cnn ~= "" and {image = o.cnnrate} or nil,
    o.decay > 0 and {decay = o.decay} or nil)
  local its = {lr = rate, weight_decay = o.decay, momentum = o.optimizer == "sgd" and 0.9 or nil}
  return optim[OPTIMIZERS[o.optimizer]](groups, its)
end

--- When the schedule is stepped, for train.fit.
function Recipe:schedule_per() return self.o.schedule == "cosine" and "batch" or "epoch" end

--- A learning-rate schedule over epochs of so many steps.
function Recipe:schedule(optimizer, steps)
  local o = self.o
  if o.schedule == "step" then
    return optim.lr_scheduler.MultiStepLR(optimizer, {milestones = {o.epochs * 2 // 3}})
  elseif o.schedule == "plateau" then -- a tenth of the rate where validation stops improving
    return optim.lr_scheduler.ReduceLROnPlateau(optimizer, {mode = "max",
      patience = o.patience // 2})
  end
  local most = {} -- warm-up for the first tenth, then a cosine
  for i, group in ipairs(optimizer.param_groups) do most[i] = group.lr end
  return optim.lr_scheduler.OneCycleLR(optimizer, {max_lr = most, total_steps = o.epochs * steps,
    pct_start = 0.1, cycle_momentum = false})
end

--- The loader of a training set, and one of a set that is only read.
function Recipe:train_loader(set, seed, more)
  local o = self.o
  local loader = data.Loader(set, tables.merge({batch_size = o.batch, workers = 1, seed = seed,
    shuffle = true, drop_last = true, flip = o.flip, crop = o.crop > 0 and o.crop or nil}, more))
  if #loader == 0 then
    error(("--batch is %d, expected at most the number of samples of training"):format(o.batch), 0)
  end
  return loader
end

function Recipe.loader(set, seed)
  return data.Loader(set, {batch_size = 200, workers = 1, seed = seed})
end

local PLAIN = {"width", "batch", "flip", "crop", "channels", "objective", "classify", "hidden",
  "rnn", "bidirectional", "pooling", "dropwords", "cnnrate", "decay", "schedule"}

--- The settings that affect the results, as plain values; more: names of further options.
function Recipe:settings(more)
  local o = self.o
  local settings = {optimizer = ({adam = "Adam", sgd = "SGD, momentum 0.9",
      adamw = o.decay == 0 and "Adam" or "AdamW"})[o.optimizer],
    decay_of = o.decay > 0 and "weights" or nil,
    precision = o.precision ~= "highest" and o.precision or nil,
    word_vectors = self.glove and file.name(o.glove) or "learned, 100",
    cnn = o.cnn ~= "" and file.name(o.cnn) .. " at " .. o.size or "small"}
  for _, name in ipairs(join(PLAIN, more or {})) do
    local typed = command.shown(o[name])
    settings[name] = typed ~= "" and typed or nil
  end
  return settings
end

--- A recipe for these options and this training set.  Sets the precision of matrix products, and
-- options of images to none where the file has no images.
function recipe.new(o, set)
  local self = setmetatable({o = o, set = set, one = set:batch{1}}, Recipe)
  vs.set_matmul_precision(o.precision)
  self.glove = o.glove ~= "" and check.done(vs.text.WordVectors(o.glove)) or nil
  if not self.one.image then o.flip, o.crop, o.channels, o.cnn = 0, 0, {}, "" end
  if o.cnn ~= "" then o.channels = {} end
  return self
end

return recipe
