-- Table 1: compares image-text models on one data set, with several seeds and the same budget.
--
--   lua5.4 examples/table1.lua DATA.h5 OUT [--option=value ...]      (--help lists the options)
local vs = require "vesper"
local command = require "vesper.util.command"
local data, models, optim, experiment = vs.data, vs.models, vs.optim, vs.experiment

local o = command.parse(arg, {
  name = "examples/table1.lua",
  about = "Compares image-text models on one data set, with several seeds and the same budget; "
    .. "writes a table and a page. The same command resumes an interrupted table; you can add "
    .. "seeds or rows later.",
  places = {{"data", "a data set, .h5"}, {"out", "the folder of runs and report"}},
  options = {
    {"rows", {"Baseline", "TextOnly", "VSE", "CIM", "COOT", "DPM", "AttentionPooling",
      "DenseProjection"}, "models; also FrozenBERT, VSEWithoutNorm, COOTOfAll"},
    {"seeds", {1, 2, 3}, "one run per row and seed"}, {"epochs", 12, "epochs of each run"},
    {"patience", 0, "a run ends after this number of epochs without a better validation; 0: never"},
    {"batch", 64, "samples per step"}, {"title", "Image-text models", "title of the page"},
    {"reference", "", "the row that the others are compared with; default VSE"},
    {"pictures", true, "figures with images on the page"},
    -- the models
    {"width", 128, "width of the shared space"},
    {"channels", {24, 48, 96, 192}, "channels of the small CNN"},
    {"cnn", "", "weights of an EfficientNet-Lite0 to fine-tune instead of the small CNN"},
    {"size", "96x72", "height x width of the images of --cnn"},
    {"hidden", 0, "units of the layer over features; 0: four times the width"},
    {"glove", "", "initial word vectors"}, {"bert", "", "folder of a BERT, for DPM"},
    {"freeze", 4, "number of frozen layers of the BERT of DPM, which needs two that learn"},
    {"memory", {"image"}, "what COOT's memory holds: image, regions, words"},
    {"visual", true, "the image is a token of the BERT's input"},
    {"rnn", "LSTM", "recurrent layer over the words", choices = {"LSTM", "GRU"}},
    {"bidirectional", false, "use both directions"}, {"pooling", "last", "pooling over the words"},
    {"dropwords", 0.0, "dropout of word embeddings"},
    -- the training
    {"flip", 0.5, "probability of mirroring an image"}, {"crop", 0, "maximal shift in pixels"},
    {"objective", "infonce", "the ranking loss", choices = {"infonce", "hinge"}},
    {"classify", 1.0, "weight of the classification loss"},
    {"rate", {1e-3}, "learning rate; of several, each row has the one that is best on validation "
      .. "with the first seed; SGD needs a larger one, such as 0.05"},
    {"cnnrate", 0.3, "its factor for the CNN of --cnn"},
    {"optimizer", "adamw", "adamw without --decay is adam; sgd has momentum 0.9",
      choices = {"adam", "adamw", "sgd"}},
    {"precision", "highest", "of matrix products, as of vs.set_matmul_precision",
      choices = {"highest", "high", "medium"}},
    {"decay", 0.0, "weight decay of weights; biases, norms and temperatures have none"},
    {"schedule", "step", "learning-rate schedule", choices = {"step", "cosine", "plateau"}},
    -- the test
    {"mirror", false, "average each image with its mirror image"},
    {"shift", 0, "average over images shifted by this number of pixels"},
    {"bank", 0.0, "beta of a query bank from the training set; 0: none"},
    {"fold", 1000, "retrieval also in parts of this number of images, if there are five; 0: no"},
  },
})
local file, out = o.data, o.out

local sets = {}
for _, split in ipairs {"train", "val", "test"} do sets[split] = assert(data.open(file, split)) end
local glove = o.glove ~= "" and assert(vs.text.WordVectors(o.glove)) or nil
local epochs, batch = o.epochs, o.batch
vs.set_matmul_precision(o.precision)

-- Encodes the file's features (of data.extract), its images, or both.  The images are encoded by a
-- small CNN, or by a fine-tuned pre-trained one.
local one = sets.train:batch{1}
if not one.image then o.flip, o.crop, o.pictures, o.channels, o.cnn = 0, 0, false, {}, "" end
if o.cnn ~= "" then o.channels = {} end
local function cnn_encoder(width)
  if o.cnn == "" then return models.SmallCNN(width, {channels = o.channels}) end
  local height, across = o.size:match "^(%d+)x(%d+)$"
  assert(height, "--size: expected HEIGHTxWIDTH")
  return assert(models.EfficientNetLite0.from_pretrained(o.cnn, {num_classes = 0, width = width,
    size = {math.tointeger(height), math.tointeger(across)}}))
end
local function image_encoder(width)
  local C = one.regions and one.regions.shape[3] or one.feature and one.feature.shape[2]
  local features = C and models.RegionEncoder(width, {region_width = C,
    hidden = o.hidden > 0 and o.hidden or 4 * width,
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
  text.rnn, text.bidirectional, text.pooling = o.rnn, o.bidirectional, o.pooling
  text.dropout = o.dropwords
  local width, infonce = o.width, o.objective == "infonce"
  return {classes = #sets.train:classes(), width = width, image = image_encoder(width),
    text = text, warmup = 2, weights = {classify = o.classify, rank = infonce and 0 or 1,
      contrast = infonce and 1 or 0}}
end

local makers = {
  Baseline = function(seed)
    local all = options(seed)
    return models.Baseline{classes = all.classes, width = all.width, image = all.image}
  end,
  TextOnly = function(seed)
    local all = options(seed)
    return models.TextOnly{classes = all.classes, text = {vectors = all.text.vectors,
      vocab_size = all.text.vocab_size, word_dim = all.text.word_dim, dropout = o.dropwords}}
  end,
  VSEWithoutNorm = function(seed)
    local all = options(seed)
    all.norm = false
    return models.VSE(all)
  end,
  COOT = function(seed)
    local all = options(seed)
    all.memory = o.memory
    return models.COOT(all)
  end,
  COOTOfAll = function(seed)
    local all = options(seed)
    all.memory = {"image", "regions", "words"}
    return models.COOT(all)
  end,
  DPM = function(seed) -- goes on from the VSE of the same seed
    local all, vse = options(seed), models.VSE(options(seed))
    local path = experiment.folder(out, "VSE", seed) .. "/best.safetensors"
    vse:load_state_dict(assert(vs.load(path)))
    all.bert = assert(models.BERT.from_pretrained(o.bert)):freeze_layers(o.freeze)
    assert(#all.bert.encoder.layer - o.freeze >= 2, "--freeze: at least two layers have to learn")
    all.visual, all.weights.match, all.weights.masked = o.visual, 1, 0.2
    return models.DPM(all):start_from(vse)
  end,
  FrozenBERT = function(seed)
    local all = options(seed)
    all.bert, all.visual = assert(models.BERT.from_pretrained(o.bert)):freeze(), o.visual
    return models.BERTFusion(all)
  end,
}

local names = {FrozenBERT = "VSE + frozen BERT", VSEWithoutNorm = "VSE without norms",
  COOTOfAll = "COOT, whole memory"}
local about = {
  Baseline = "a CNN that classifies images; it reads no text",
  TextOnly = "the mean of the word vectors and one linear layer; it sees no image",
  VSE = "visual-semantic embedding: image and text are mapped to nearby vectors of one space; "
    .. "the class is predicted from both",
  VSEWithoutNorm = "VSE whose classifier reads the vectors without layer norm",
  CIM = "VSE with intra-attention: attention between words and image regions gives the weights of "
    .. "the regions",
  COOT = "VSE with inter-attention: the vector of image and text attends to a memory, three times",
  COOTOfAll = "COOT whose memory holds the image, its regions and the words",
  DPM = "VSE with a fine-tuned BERT; it goes on from the VSE of the same seed, with matching and "
    .. "masked words, and searches by categories",
  FrozenBERT = "VSE with a BERT that does not learn",
  AttentionPooling = "VSE whose image regions attend to the words",
  DenseProjection = "VSE with a network that maps the words into the space of the images",
}
local rows, listed = {}, {}
for _, name in ipairs(o.rows) do
  listed[name] = true
  local row = {name = names[name] or name, about = about[name]}
  local bert = name == "DPM" or name == "FrozenBERT"
  if not models[name] and not makers[name] then
    row.missing = "unknown model models." .. name
  elseif bert and o.bert == "" then
    row.missing = "needs --bert=FOLDER, a Hugging Face folder of a BERT"
  elseif name == "DPM" and not listed.VSE then
    row.missing = "needs the row VSE before it, from which it goes on"
  else
    row.options = bert and {bert = o.bert:match "[^/]+/*$", visual = o.visual,
      freeze = name == "DPM" and o.freeze or nil} or name == "COOT" and {memory =
      table.concat(o.memory, "+")} or nil
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
    batch_size = batch, drop_last = true, flip = o.flip,
    crop = o.crop > 0 and o.crop or nil})}
end

-- The settings that affect the results; a folder with runs of other settings is an error.
local settings = {optimizer = ({adam = "Adam", sgd = "SGD, momentum 0.9",
    adamw = o.decay == 0 and "Adam" or "AdamW"})[o.optimizer],
  rate = #o.rate == 1 and o.rate[1] or nil,
  decay_of = o.decay > 0 and "weights" or nil,
  precision = o.precision ~= "highest" and o.precision or nil,
  word_vectors = glove and o.glove:match "[^/]*$" or "learned, 100",
  cnn = o.cnn ~= "" and o.cnn:match "[^/]*$" .. " at " .. o.size or "small"}
for _, name in ipairs {"width", "batch", "flip", "crop", "channels", "objective", "classify",
    "hidden", "rnn", "bidirectional", "pooling", "dropwords", "cnnrate", "decay",
    "schedule", "mirror", "shift", "bank"} do
  local typed = command.shown(o[name])
  settings[name] = typed ~= "" and typed or nil
end

-- The results on the test set.  With --bank an item's score is lowered by its similarity to
-- training texts and images.
local function evaluate(model, its)
  local bank
  if o.bank > 0 and model.encode_text then
    local plain = data.Loader(sets.train, {batch_size = 200, workers = 1})
    bank = vs.train.evaluate(model, plain, {mirror = o.mirror, retrieval = false})
  end
  if model.choose_shift then model:choose_shift(its.val) end
  local result = vs.train.evaluate(model, its.test, {mirror = o.mirror, shift = o.shift,
    folds = experiment.parts(its.test, o.fold), bank = bank, beta = bank and o.bank})
  result.ranks = bank and vs.metrics.retrieval_ranks(result.v, result.t,
    {image_of = result.image_of, bank = bank, beta = o.bank})
  result.categories = model.measure and model:measure(its.test)
  return result
end

local steps, tune = epochs * (#sets.train // batch), nil
if #o.rate > 1 then
  tune = {}
  for i, rate in ipairs(o.rate) do tune[i] = {rate = rate} end
end
local one_cycle = o.schedule == "cosine" -- warm-up for the first tenth, then a cosine
local results = experiment.run{
  folder = out, rows = rows, seeds = o.seeds, epochs = epochs, loaders = loaders,
  data = file, settings = settings, patience = o.patience > 0 and o.patience or nil, tune = tune,
  optimizer = function(model, setting) -- BERT's learning rate is a tenth
    local rate = setting and setting.rate or o.rate[1]
    local groups = model:param_groups(rate, o.cnn ~= "" and {image = o.cnnrate} or nil,
      o.decay > 0 and {decay = o.decay} or nil)
    local its = {lr = rate, weight_decay = o.decay, momentum = o.optimizer == "sgd" and 0.9 or nil}
    return optim[({adam = "Adam", adamw = "AdamW", sgd = "SGD"})[o.optimizer]](groups, its)
  end,
  evaluate = evaluate, schedule_per = one_cycle and "batch" or "epoch",
  schedule = function(optimizer)
    if o.schedule == "step" then
      return optim.lr_scheduler.MultiStepLR(optimizer, {milestones = {epochs * 2 // 3}})
    elseif o.schedule == "plateau" then -- a tenth of the rate where validation stops improving
      return optim.lr_scheduler.ReduceLROnPlateau(optimizer, {mode = "max",
        patience = o.patience // 2})
    end
    local most = {}
    for i, group in ipairs(optimizer.param_groups) do most[i] = group.lr end
    return optim.lr_scheduler.OneCycleLR(optimizer, {max_lr = most, total_steps = steps,
      pct_start = 0.1, cycle_momentum = false})
  end,
}
local table_rows, protocol = experiment.report{folder = out, results = results, rows = rows,
  loaders = loaders, sets = sets, title = o.title, pictures = o.pictures,
  reference = o.reference ~= "" and o.reference or nil}
print("\n" .. experiment.text(table_rows, protocol))
print("report: " .. out .. "/index.html")
