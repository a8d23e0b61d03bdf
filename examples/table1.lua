-- Table 1: image-text models over seeds on one data set, with the same budget for each.
--
--   lua5.4 examples/table1.lua DATA.h5 OUT [--rows=Baseline,VSE,CIM,...] [--seeds=1,2,3]
--       [--epochs=12] [--width=128] [--glove=FILE] [--bert=FOLDER] [--freeze=4] [--flip=0.5]
--       [--batch=64] [--objective=infonce|hinge] [--channels=24,48,96,192] [--pictures=yes]
--
-- What was stopped goes on when the line is typed again; more seeds or rows join what is there.
local vs = require "vesper"
local data, models, optim, experiment = vs.data, vs.models, vs.optim, vs.experiment

local ROWS = "Baseline,VSE,CIM,COOT,DPM,AttentionPooling,DenseProjection"
local o = {rows = ROWS, seeds = "1,2,3", epochs = "12", width = "128", flip = "0.5", batch = "64",
  channels = "24,48,96,192", objective = "infonce", glove = "", bert = "", freeze = "4",
  pictures = "yes", title = "Image-text models"}
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

-- Features that the file has (data.extract wrote them), its images, or both.
local one = sets.train:batch{1}
if not one.image then o.flip, o.pictures, o.channels = "0", "no", "" end
local function image_encoder(width)
  local C = one.regions and one.regions.shape[3] or one.feature and one.feature.shape[2]
  local features = C and models.RegionEncoder(width, {region_width = C, hidden = 4 * width,
    dropout = 0.2, pooling = one.regions and "gpo" or "mean"})
  local cnn = one.image and models.SmallCNN(width, {channels = numbers(o.channels)})
  return features and cnn and models.JoinedEncoder{features, cnn} or features or cnn
end

-- The same encoders, losses and options for every row.
local function options(seed)
  local text = {vocab_size = #sets.train:vocab(), word_dim = 100}
  if glove then
    local vocab = vs.text.Vocab.new(sets.train:vocab())
    text = {vectors = glove:matrix(vocab, {scale = 0.1, seed = seed})}
  end
  local width = math.tointeger(tonumber(o.width))
  return {classes = #sets.train:classes(), width = width, image = image_encoder(width),
    text = text, warmup = 2,
    weights = o.objective == "infonce" and {rank = 0, contrast = 1} or nil}
end

local makers = {
  Baseline = function(seed)
    local all = options(seed)
    return models.Baseline{classes = all.classes, width = all.width, image = all.image}
  end,
  DPM = function(seed)
    local all = options(seed)
    all.bert = assert(models.BERT.from_pretrained(o.bert)):freeze_layers(tonumber(o.freeze) // 1)
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
    row.options = name == "DPM" and {bert = o.bert:match "[^/]+/*$", freeze = o.freeze} or nil
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
    batch_size = batch, drop_last = true, flip = tonumber(o.flip)})}
end

local results = experiment.run{
  folder = out, rows = rows, seeds = numbers(o.seeds), epochs = epochs, loaders = loaders,
  data = file, settings = {width = o.width, batch = o.batch, flip = o.flip,
    channels = o.channels, objective = o.objective, optimizer = "Adam 1e-3, from 2/3 on 1e-4",
    word_vectors = glove and o.glove:match "[^/]*$" or "learned, 100"},
  optimizer = function(model) -- a BERT learns at a tenth of the rate
    local parameters = model.param_groups and model:param_groups(1e-3) or model:parameters()
    return optim.Adam(parameters, {lr = 1e-3})
  end,
  schedule = function(optimizer)
    return optim.lr_scheduler.MultiStepLR(optimizer, {milestones = {epochs * 2 // 3}})
  end,
}
local table_rows, protocol = experiment.report{folder = out, results = results, rows = rows,
  loaders = loaders, sets = sets, title = o.title, pictures = o.pictures == "yes"}
print("\n" .. experiment.text(table_rows, protocol))
print("report: " .. out .. "/index.html")
