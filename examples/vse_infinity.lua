-- VSE-infinity (Chen et al., CVPR 2021) on region features: generalized pooling of regions and of
-- words, which are dropped at random in training.  The defaults are the published settings.
--
--   lua5.4 examples/vse_infinity.lua FOLDER [--option=value ...]
--
-- The features are not copied: NAME_ims.npy is mapped, and a batch reads the rows that it needs.
local vs = require "vesper"
local nn, data, text = vs.nn, vs.data, vs.text

local o = require "vesper.util.command".parse(arg, {
  name = "examples/vse_infinity.lua", about = "Image-text retrieval by VSE-infinity.",
  places = {{"folder", "NAME_ims.npy [N,R,D] and NAME_caps.txt of train, dev and test"}},
  options = {{"epochs", 25, "epochs of training"}, {"batch", 128, "pairs per step"},
    {"rate", 5e-4, "learning rate"}, {"textrate", 1.0, "its factor for the text encoder"},
    {"step", 15, "epochs before a tenth of the rate"}, {"decay", 1e-4, "weight decay"},
    {"clip", 2.0, "maximal norm of the gradients"}, {"margin", 0.2, "of the hinge loss"},
    {"warmup", 1, "epochs with all negatives; then the hardest"},
    {"drop", 0.2, "probability that a region or a word is dropped in training"},
    {"width", 1024, "width of the shared space"}, {"words", 300, "width of word vectors"},
    {"glove", "", "initial word vectors"}, {"test", "test", "NAME of the test; testall for COCO"},
    {"folds", 1, "parts of the test; COCO 1K: 5"}, {"seed", 1, "seed of random numbers"},
    {"out", "", "folder of the run, which is resumed"}, {"quiet", false, "no progress bar"}},
})
vs.manual_seed(o.seed)

-- An order of 1..n in which those that stay come first, and how many stay; never none.
local function thinned(n, drop)
  local stay = vs.rand(n):ge(drop)
  local count = stay:sum():item()
  return stay:long():argsort{descending = true}, count > 0 and count or n
end

local function lines_of(path)
  local list = {}
  for line in io.lines(path) do list[#list + 1] = line end
  return list
end

local vocab = text.Vocab.build(lines_of(o.folder .. "/train_caps.txt"), {min_count = 4})

-- A sample is a caption with the regions of its image; captions are in the order of the images.
local function batches(name, drop, shuffle)
  local path = ("%s/%s"):format(o.folder, name)
  local features, captions = assert(vs.npy.load(path .. "_ims.npy")), lines_of(path .. "_caps.txt")
  local n, each = #features, #captions // #features
  assert(features.ndim == 3, path .. "_ims.npy: expected [N,R,D]")
  assert(#captions == n * each and each > 0, ("%s_caps.txt: %d captions, expected a multiple of %d")
    :format(path, #captions, n))
  local function get(i)
    local image, tokens = (i - 1) // each + 1, vocab:encode(captions[i])
    local regions, count = thinned(features.shape[2], drop)
    local words, length = thinned(#tokens, drop)
    return {regions = features[image]:float():index_select(1, regions), region_count = count,
      tokens = tokens:index_select(1, words:slice(1, 1, length)), image_index = image}
  end
  local set = data.LuaDataset{size = #captions, images = n, get = get}
  return data.Loader(set, {batch_size = o.batch, shuffle = shuffle, seed = o.seed}), features
end

local Regions = nn.Module:extend "Regions"
function Regions:init(from)
  local half = o.width // 2
  self.linear, self.pool = nn.Linear(from, o.width), nn.GPO()
  self.mlp = nn.Sequential{nn.Linear(from, half), nn.BatchNorm1d(half), nn.ReLU(),
    nn.Linear(half, o.width)}
end
function Regions:encode_batch(batch)
  local x = batch.regions:flatten(1, 2) -- [B*R,D]
  local y = (self.linear(x) + self.mlp(x)):reshape(#batch.regions, -1, o.width)
  return (self.pool(y, batch.region_count))
end

local Words = nn.Module:extend "Words"
function Words:init()
  local vectors = o.glove ~= "" and assert(text.WordVectors(o.glove)):matrix(vocab)
  self.words = vectors and nn.Embedding.from_pretrained(vectors, {freeze = false})
    or nn.Embedding(#vocab, o.words)
  self.rnn = nn.GRU(self.words.embedding_dim, o.width, {bidirectional = true})
  self.pool = nn.GPO()
end
function Words:forward(tokens, lengths)
  local states = self.rnn(self.words(tokens), lengths)
  local mean = (states:slice(3, 1, o.width) + states:slice(3, o.width + 1)) / 2
  return (self.pool(mean, lengths))
end

local train, features = batches("train", o.drop, true)
local model = vs.models.VSE{image = Regions(features.shape[3]), text = Words(), margin = o.margin,
  warmup = o.warmup, weights = {rank = o.batch}} -- the published loss is a sum over the batch
local optimizer = vs.optim.AdamW(model:param_groups(o.rate, {text = o.textrate}),
  {lr = o.rate, weight_decay = o.decay})
local resumed = o.out ~= "" or nil
vs.train.fit(model, {train = train, val = batches("dev", 0), epochs = o.epochs, clip = o.clip,
  optimizer = optimizer, schedule = vs.optim.lr_scheduler.MultiStepLR(optimizer,
    {milestones = {o.step}}), checkpoint = resumed and o.out, resume = resumed, quiet = o.quiet})
local r = vs.train.evaluate(model, batches(o.test, 0), {folds = o.folds})
print(("TEST %s"):format(r.retrieval))
if r.folds then print(("mean of %d parts: %s"):format(o.folds, r.folds)) end
