-- Table 1: image-text models over seeds on one data set, with the same budget for each.
--
--   lua5.4 examples/table1.lua DATA.h5 OUT [--rows=Baseline,VSE,CIM,...] [--seeds=1,2,3]
--       [--epochs=12] [--option=value ...]        all options: docs/table.md, and the list below
--
-- What was stopped goes on when the line is typed again; more seeds or rows join what is there.
local vs = require "vesper"
local data, models, optim, experiment = vs.data, vs.models, vs.optim, vs.experiment

local ROWS = "Baseline,VSE,CIM,COOT,DPM,AttentionPooling,DenseProjection"
local o = {rows = ROWS, seeds = "1,2,3", epochs = "12", batch = "64", title = "Image-text models",
  pictures = "yes",
  -- the models
  width = "128", channels = "24,48,96,192", cnn = "", size = "96x72", hidden = "",
  glove = "", bert = "", freeze = "4", visual = "yes",
  rnn = "LSTM", bidirectional = "no", pooling = "last", dropwords = "0",
  -- the training
  flip = "0.5", crop = "0", objective = "infonce", classify = "1",
  rate = "1e-3", cnnrate = "0.3", decay = "0", schedule = "step",
  -- the test
  mirror = "no", shift = "0", bank = ""}
local places = {}
for _, word in ipairs(arg) do
  local key, value = word:match "^%-%-(%w+)=(.*)$"
  if key and o[key] then o[key] = value else places[#places + 1] = word end
end
local file, out = places[1], places[2]
if #places ~= 2 or file:sub(1, 1) == "-" or out:sub(1, 1) == "-" then
  io.stderr:write("usage: lua5.4 examples/table1.lua DATA.h5 OUT [--option=value ...]\n")
  os.exit(2)
end
local function numbers(text)
  local list = {}
  for word in text:gmatch "[^,]+" do list[#list + 1] = assert(math.tointeger(tonumber(word))) end
  return list
end

local sets = {}
for _, split in ipairs {"train", "val", "test"} do sets[split] = assert(data.open(file, split)) end
local glove = o.glove ~= "" and assert(vs.text.WordVectors(o.glove)) or nil
local epochs, batch = math.tointeger(tonumber(o.epochs)), math.tointeger(tonumber(o.batch))

-- Features that the file has (data.extract wrote them), its images, or both.  The images go
-- through a small CNN, or through one with published weights that is fine-tuned.
local one = sets.train:batch{1}
if not one.image then o.flip, o.crop, o.pictures, o.channels, o.cnn = "0", "0", "no", "", "" end
if o.cnn ~= "" then o.channels = "" end
local function cnn_encoder(width)
  if o.cnn == "" then return models.SmallCNN(width, {channels = numbers(o.channels)}) end
  local height, across = o.size:match "^(%d+)x(%d+)$"
  assert(height, "--size: expected HEIGHTxWIDTH")
  return assert(models.EfficientNetLite0.from_pretrained(o.cnn, {num_classes = 0, width = width,
    size = {math.tointeger(height), math.tointeger(across)}}))
end
local function image_encoder(width)
  local C = one.regions and one.regions.shape[3] or one.feature and one.feature.shape[2]
  local features = C and models.RegionEncoder(width, {region_width = C,
    hidden = math.tointeger(tonumber(o.hidden)) or 4 * width,
    dropout = 0.2, pooling = one.regions and "gpo" or "mean"})
  local cnn = one.image and cnn_encoder(width)
  return features and cnn and models.JoinedEncoder{features, cnn} or features or cnn
end

-- The same encoders, losses and options for every row.
local function options(seed)
  local text = {vocab_size = #sets.train:vocab(), word_dim = 100}
  if glove then
    local vocab = vs.text.Vocab.new(sets.train:vocab())
    text = {vectors = glove:matrix(vocab, {scale = 0.1, seed = seed})}
  end
  text.rnn, text.bidirectional, text.pooling = o.rnn, o.bidirectional == "yes", o.pooling
  text.dropout = tonumber(o.dropwords)
  local width = math.tointeger(tonumber(o.width))
  local infonce = o.objective == "infonce"
  return {classes = #sets.train:classes(), width = width, image = image_encoder(width),
    text = text, warmup = 2, weights = {classify = tonumber(o.classify), rank = infonce and 0 or 1,
      contrast = infonce and 1 or 0}}
end

local makers = {
  Baseline = function(seed)
    local all = options(seed)
    return models.Baseline{classes = all.classes, width = all.width, image = all.image}
  end,
  DPM = function(seed)
    local all = options(seed)
    all.bert = assert(models.BERT.from_pretrained(o.bert)):freeze_layers(tonumber(o.freeze) // 1)
    all.visual = o.visual == "yes"
    return models.DPM(all)
  end,
}

local rows = {}
for name in o.rows:gmatch "[^,]+" do
  local row = {name = name}
  if not models[name] then
    row.missing = "there is no models." .. name
  elseif name == "DPM" and o.bert == "" then
    row.missing = "it needs --bert=FOLDER, a Hugging Face folder of a BERT"
  else
    row.options = name == "DPM" and {bert = o.bert:match "[^/]+/*$", freeze = o.freeze,
      visual = o.visual} or nil
    row.make = makers[name] or function(seed) return models[name](options(seed)) end
  end
  rows[#rows + 1] = row
end

local function loaders(seed)
  local function loader(split, more)
    local all = {batch_size = 200, workers = 1, seed = seed}
    for key, value in pairs(more or {}) do all[key] = value end
    return data.Loader(sets[split], all)
  end
  return {val = loader "val", test = loader "test", train = loader("train", {shuffle = true,
    batch_size = batch, drop_last = true, flip = tonumber(o.flip),
    crop = tonumber(o.crop) > 0 and math.tointeger(tonumber(o.crop)) or nil})}
end

-- What decides over the numbers; a table with other settings than its folder has is refused.
local settings = {optimizer = o.decay == "0" and "Adam" or "AdamW",
  word_vectors = glove and o.glove:match "[^/]*$" or "learned, 100",
  cnn = o.cnn ~= "" and o.cnn:match "[^/]*$" .. " at " .. o.size or "small"}
for _, name in ipairs {"width", "batch", "flip", "crop", "channels", "objective", "classify",
    "hidden", "rnn", "bidirectional", "pooling", "dropwords", "rate", "cnnrate", "decay",
    "schedule", "mirror", "shift", "bank"} do
  settings[name] = o[name] ~= "" and o[name] or nil
end

-- The test set's figures: --mirror=yes and --shift=3 have pictures looked at mirrored and moved
-- too, --bank=10 takes off the score of an item what training texts and images find in it, with
-- that beta.
local function evaluate(model, its)
  local mirror, bank = o.mirror == "yes", nil
  if o.bank ~= "" and model.encode_text then
    local plain = data.Loader(sets.train, {batch_size = 200, workers = 1})
    bank = vs.train.evaluate(model, plain, {mirror = mirror, retrieval = false})
  end
  return vs.train.evaluate(model, its.test, {mirror = mirror, shift = tonumber(o.shift),
    bank = bank, beta = tonumber(o.bank)})
end

local rate, steps = tonumber(o.rate), epochs * (#sets.train // batch)
local one_cycle = o.schedule == "cosine" -- up during the first tenth, then down along a cosine
assert(one_cycle or o.schedule == "step", "--schedule: expected step or cosine")
local results = experiment.run{
  folder = out, rows = rows, seeds = numbers(o.seeds), epochs = epochs, loaders = loaders,
  data = file, settings = settings,
  optimizer = function(model) -- a BERT learns at a tenth of the rate
    local groups = model:param_groups(rate, o.cnn ~= "" and {image = tonumber(o.cnnrate)} or nil)
    if o.decay == "0" then return optim.Adam(groups, {lr = rate}) end
    return optim.AdamW(groups, {lr = rate, weight_decay = tonumber(o.decay)})
  end,
  evaluate = evaluate, schedule_per = one_cycle and "batch" or "epoch",
  schedule = function(optimizer)
    if not one_cycle then
      return optim.lr_scheduler.MultiStepLR(optimizer, {milestones = {epochs * 2 // 3}})
    end
    local most = {}
    for i, group in ipairs(optimizer.param_groups) do most[i] = group.lr end
    return optim.lr_scheduler.OneCycleLR(optimizer, {max_lr = most, total_steps = steps,
      pct_start = 0.1, cycle_momentum = false})
  end,
}
local table_rows, protocol = experiment.report{folder = out, results = results, rows = rows,
  loaders = loaders, sets = sets, title = o.title, pictures = o.pictures == "yes"}
print("\n" .. experiment.text(table_rows, protocol))
print("report: " .. out .. "/index.html")
