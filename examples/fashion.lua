-- A visual-semantic embedding of fashion products: classes from image and title, retrieval of
-- images by title and of titles by image.  The data is a folder with products.csv (id, split,
-- title, sub_category, ...) and images/ID.jpg; the word vectors are in GloVe's text format, 100
-- numbers.
--
--   lua5.4 examples/fashion.lua FOLDER GLOVE [EPOCHS] [SEED] [fashion.h5]
local vs = require "vesper"
local nn, optim, data, text, metrics = vs.nn, vs.optim, vs.data, vs.text, vs.metrics
local F = nn.functional

local o = require "vesper.util.command".parse(arg, {
  name = "examples/fashion.lua", about = "A visual-semantic embedding of fashion products.",
  places = {{"folder", "with products.csv and images/"}, {"glove", "word vectors, 100 numbers"},
    {"epochs", "epochs of training", 8}, {"seed", "seed of all random numbers", 1},
    {"file", "the data set; written if it does not exist", optional = true}},
})
local epochs, seed, file = o.epochs, o.seed, o.file or os.tmpname() .. ".h5"

if not data.open(file, "train") then -- written once, then reused
  print(("writing %s"):format(file))
  assert(data.prepare.folder(o.folder, file, {
    label = "sub_category", split = "split", size = {64, 48}, min_count = 2, max_words = 16,
    seed = seed,
  }))
end
local sets = {}
for _, split in ipairs{"train", "val", "test"} do sets[split] = assert(data.open(file, split)) end
vs.manual_seed(seed)
local vocab, classes = text.Vocab.new(sets.train:vocab()), sets.train:classes()
local vectors, found = assert(text.WordVectors(o.glove)):matrix(vocab, {scale = 0.1, seed = seed})
print(("train %d val %d test %d, %d classes, %d words (%d with GloVe vectors)"):format(
  #sets.train, #sets.val, #sets.test, #classes, #vocab, found))

local function block(from, to)
  return nn.Sequential{nn.Conv2d(from, to, 3, {padding = 1, bias = false}),
    nn.BatchNorm2d(to), nn.ReLU(), nn.MaxPool2d(2)}
end

local VSE = nn.Module:extend("VSE")

function VSE:init()
  self.cnn = nn.Sequential{block(3, 32), block(32, 64), block(64, 128), block(128, 256),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 256)}
  self.words = nn.Embedding.from_pretrained(vectors, {freeze = false})
  self.rnn = nn.LSTM(100, 256)
  self.mlp = nn.Sequential{nn.Linear(512, 256), nn.ReLU(), nn.Dropout(0.2),
    nn.Linear(256, #classes)}
end

-- image uint8 [B,3,64,48], tokens int64 [B,T], lengths int64 [B]
-- -> v [B,256], t [B,256], logits [B,classes]
function VSE:forward(batch)
  local v = self.cnn(batch.image:float() * (4 / 255) - 2)
  local _, t = self.rnn(self.words(batch.tokens), batch.lengths)
  return v, t, self.mlp(vs.cat({v, t}, 2))
end

local model = VSE()
local parameters, ranking = model:parameters(), nn.HingeRanking{margin = 0.2}
local opt = optim.Adam(parameters, {lr = 1e-3})

local function evaluate(set)
  model:eval()
  local v, t, predicted, label = {}, {}, {}, {}
  vs.no_grad(function()
    for batch in data.Loader(set, {batch_size = 250}) do
      local i = #v + 1
      local logits
      v[i], t[i], logits = model(batch)
      predicted[i], label[i] = logits:argmax(2), batch.label
    end
  end)
  return metrics.accuracy(vs.cat(predicted), vs.cat(label)), metrics.retrieval(vs.cat(v), vs.cat(t))
end

local loader = data.Loader(sets.train,
  {batch_size = 128, shuffle = true, seed = seed, drop_last = true, workers = 1})
for epoch = 1, epochs do
  local start = vs.now()
  model:train()
  opt.lr = epoch <= epochs * 2 // 3 and 1e-3 or 1e-4
  for batch, bar in vs.progress(loader, ("epoch %d"):format(epoch)) do
    local v, t, logits = model(batch)
    local scores = v:normalize():matmul(t:normalize():t())
    local loss = F.cross_entropy(logits, batch.label) + ranking(scores, epoch)
    opt:zero_grad()
    loss:backward()
    optim.clip_grad_norm_(parameters, 2.0)
    opt:step()
    bar.loss = loss:item()
  end
  local accuracy, r = evaluate(sets.val)
  print(("epoch %d  val accuracy %.1f  rsum %.1f  %.1f s"):format(
    epoch, accuracy, r.rsum, vs.now() - start))
end

local accuracy, r = evaluate(sets.test)
print(("TEST seed %d accuracy %.1f rsum %.1f  %s"):format(
  seed, accuracy, r.rsum, metrics.format(r)))
