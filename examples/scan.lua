-- SCAN, stacked cross attention from text to image (Lee et al., ECCV 2018), on region features.
-- The defaults are the published settings for Flickr30K, and one epoch of warm-up:
--   lua5.4 examples/scan.lua FOLDER FILE.h5 [--option=value ...]
local vs = require "vesper"
local nn, data = vs.nn, vs.data

local o = require "vesper.util.command".parse(arg, {
  name = "examples/scan.lua", about = "Stacked cross attention (SCAN); writes FILE.safetensors.",
  places = {{"folder", "region features: train_ims.npy, train_caps.txt, dev_..., test_..."},
    {"file", "the data set, .h5; written from the folder if it does not exist"}},
  options = {{"epochs", 30, "epochs; 0: the test alone"}, {"rate", 2e-4, "learning rate"},
    {"step", 15, "epochs before a tenth of it"}, {"batch", 128, "pairs per step"},
    {"clip", 2.0, "norm of the gradients"}, {"margin", 0.2, "of the loss"}, {"seed", 1, "a number"},
    {"warmup", 1, "epochs with all negatives, then the hardest"}, {"width", 1024, "of the space"},
    {"words", 300, "of word vectors"}, {"lambda", 9.0, "inverse temperature of the attention"},
    {"lse", 0.0, "lambda of LogSumExp pooling, published 6; 0: mean"}, {"quiet", false, "no bar"},
    {"test", "test", "files of the test, or testall"}, {"folds", 1, "parts of it; COCO 1K: 5"}},
})

if not io.open(o.file) then
  assert(data.prepare.precomputed(o.folder, o.file,
    {half = true, splits = {train = "train", val = "dev", test = o.test}}))
end
local function batches(split, captions, fields)
  return data.Loader(assert(data.open(o.file, split)), {batch_size = o.batch, workers = 1,
    captions = captions, fields = fields, shuffle = split == "train", seed = o.seed})
end
local regions = assert(data.open(o.file, "train")):batch{1}.regions
assert(regions, o.file .. ": has no regions")
local train = batches("train", "all", {"regions", "tokens"})
vs.manual_seed(o.seed)

local SCAN = nn.Module:extend "SCAN"
function SCAN:init()
  self.project = nn.Linear(regions.shape[3], o.width)
  self.words = nn.Embedding(#train.set:vocab(), o.words)
  nn.init.uniform_(self.words.weight, -0.1, 0.1)
  self.rnn = nn.GRU(o.words, o.width, {bidirectional = true})
end

-- Regions [B,R,D] and words [B,T,D] of length 1; words after the end of a caption are zeros.
function SCAN:image(b) return self.project(b.regions):normalize() end
function SCAN:text(b)
  local states = self.rnn(self.words(b.tokens), b.lengths)
  return (states:slice(3, 1, o.width) + states:slice(3, o.width + 1)):normalize(), b.lengths
end

-- Scores [B,C] of regions v [B,R,D] (counts int64 [B]) and words t [C,T,D] (lengths int64 [C]).
-- With the weights a of a word over the regions, its cosine with sum_r a_r v_r is
-- sum_r a_r (v_r . t) over the root of a' (v v') a: no attended vectors [B,C,T,D] are in memory.
function SCAN.scores(v, counts, t, lengths)
  local B, R, C, T = v.shape[1], v.shape[2], t.shape[1], t.shape[2]
  local absent = vs.arange(R):unsqueeze(1):gt(counts:unsqueeze(2)):unsqueeze(3) -- [B,R,1]
  local s = v:matmul(t:reshape(C * T, -1):t())                                  -- [B,R,C*T]
  local a = s:leaky_relu(0.1):reshape(B, R, C, T):normalize():reshape(B, R, C * T)
  a = (a * o.lambda):masked_fill(absent, -math.huge):softmax(2)
  local norm = (a * v:matmul(v:transpose(2, 3)):matmul(a)):sum(2):clamp_min(1e-12):sqrt()
  local cosine = ((a * s):sum(2) / norm):reshape(B, C, T) -- 0 after the end of a caption
  if o.lse == 0 then return cosine:sum(3) / lengths:float() end
  local ended = vs.arange(T):unsqueeze(1):gt(lengths:unsqueeze(2)) -- [C,T]
  return (cosine * o.lse):masked_fill(ended, -math.huge):logsumexp(3) / o.lse
end

local model, ranking, best = SCAN(), nn.HingeRanking{margin = o.margin, warmup = o.warmup}, -1
local opt, weights = vs.optim.Adam(model:parameters(), {lr = o.rate}), o.file .. ".safetensors"

-- Each image and each caption is embedded once; every batch of images meets every one of captions.
local function evaluate(split, folds)
  local rows, texts, image_of = {}, {}, {}
  for b in batches(split, "all", {"tokens"}) do
    texts[#texts + 1], image_of[#image_of + 1] = {model:text(b)}, b.image_index
  end
  for b in batches(split, "first", {"regions"}) do
    local v, columns = model:image(b), {}
    for i, t in ipairs(texts) do columns[i] = SCAN.scores(v, b.region_count, t[1], t[2]) end
    rows[#rows + 1] = vs.cat(columns, 2)
  end
  return vs.metrics.retrieval_of_scores(vs.cat(rows), {image_of = vs.cat(image_of), folds = folds})
end

for epoch = 1, o.epochs do
  opt.lr = epoch <= o.step and o.rate or o.rate / 10
  for b, bar in vs.progress(train, "epoch " .. epoch, {quiet = o.quiet}) do
    local scores = SCAN.scores(model:image(b), b.region_count, model:text(b))
    local same = b.image_index:unsqueeze(2):eq(b.image_index:unsqueeze(1)) -- no negatives
    local loss = ranking(scores, epoch, same) * #same -- the sum over pairs, as published
    opt:zero_grad()
    loss:backward()
    vs.optim.clip_grad_norm_(model:parameters(), o.clip)
    opt:step()
    bar.loss = loss:item() / #same
  end
  local r = vs.no_grad(evaluate, "val")
  print(("epoch %d  val %s"):format(epoch, r))
  if r.rsum > best then best = assert(vs.save(weights, model:state_dict())) and r.rsum end
end
if io.open(weights) then model:load_state_dict(assert(vs.load(weights))) end
print(("TEST, mean of %d parts: %s"):format(o.folds, vs.no_grad(evaluate, "test", o.folds)))
return SCAN.scores -- for its spec
