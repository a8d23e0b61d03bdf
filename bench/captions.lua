-- An epoch of VSE on made-up captions: 6,000 images with one vector of 2,048 numbers and five
-- captions each, then validation on 1,000 images; bench/captions_torch.py does the same in PyTorch.
--
--   lua5.4 bench/captions.lua FOLDER --threads=2             # writes the data into FOLDER once
--   /usr/bin/python3 bench/captions_torch.py FOLDER --threads=2
--
-- Prints a line for each epoch (seconds with validation, rsum) and the peak memory.  The data take
-- 120 MB: captions.h5 for vesper, train_ims.npy and val_ims.npy for PyTorch.
local vs = require "vesper"
local data = vs.data

local o = require "vesper.util.command".parse(arg, {
  name = "bench/captions.lua", about = "Seconds and memory of an epoch of VSE on made-up captions.",
  places = {{"folder", "for the data, which are written if they do not exist"}},
  options = {{"epochs", 2, "epochs"}, {"threads", 2, "threads"}, {"workers", 0, "of the loader"},
    {"images", 6000, "images of train; a sixth as many for validation"}, {"seed", 1, "seed"}},
})
local path = o.folder .. "/captions.h5"

-- ---- data ---------------------------------------------------------------------------------------

local WORDS, CLASSES, OWN = 8000, 500, 12 -- vocabulary, classes, words of a class

-- An image is the centre of its class and noise.  Six words of ten in a caption are drawn from
-- those of the class, the others from all.
local function write()
  vs.manual_seed(7)
  local vocab, words = {"<pad>", "<unk>"}, {}
  for i = 3, WORDS do vocab[i] = "w" .. i end
  local centres = vs.randn(CLASSES, 2048)
  for class = 1, CLASSES do words[class] = vs.randint(3, WORDS, OWN):tolist() end
  local writer = assert(data.Writer(path, {vocab = vocab}))
  for _, split in ipairs {"train", "val"} do
    local n = split == "train" and o.images or o.images // 6
    local features = vs.empty(n, 2048)
    for i = 1, n do
      local class, captions = (i - 1) % CLASSES + 1, {}
      features[i]:copy_(centres[class] + vs.randn(2048))
      for k = 1, 5 do
        local tokens = {}
        for t = 1, vs.randint(8, 14, 1):item() do
          local own = vs.rand(1):item() < 0.6
          tokens[t] = own and words[class][vs.randint(1, OWN, 1):item()]
            or vs.randint(3, WORDS, 1):item()
        end
        captions[k] = {text = "", tokens = tokens}
      end
      assert(writer:add(split, {feature = features[i], captions = captions}))
    end
    assert(vs.npy.save(("%s/%s_ims.npy"):format(o.folder, split), features))
  end
  assert(writer:close())
end

if not io.open(path) then
  write()
  print(("wrote %s; run the same command again to measure"):format(path))
  os.exit(0, true) -- the peak memory of a run is to be that of the training
end

-- ---- training -----------------------------------------------------------------------------------

vs.set_num_threads(o.threads)
vs.manual_seed(o.seed)
local function loader(split, shuffle)
  return data.Loader(assert(data.open(path, split)), {batch_size = 128, shuffle = shuffle,
    seed = o.seed, workers = o.workers, fields = {"feature", "tokens"}})
end
local train, val = loader("train", true), loader("val")
local model = vs.models.VSE{width = 512, warmup = 1, margin = 0.2,
  image = vs.models.RegionEncoder(512, {region_width = 2048}),
  text = {vocab_size = #train.set:vocab(), word_dim = 300, rnn = "GRU", hidden = 512,
    projection = false}}
print(("vesper, %d threads, %d pairs of %d images"):format(o.threads, #train.set,
  train.set.images))
local history = vs.train.fit(model, {train = train, val = val, epochs = o.epochs, clip = 2.0,
  optimizer = vs.optim.Adam(model:parameters(), {lr = 2e-4}), quiet = true})
for _, epoch in ipairs(history) do
  print(("epoch %d  %.2f s  loss %.3f  val rsum %.1f"):format(epoch.epoch, epoch.seconds,
    epoch.loss, epoch.val.retrieval.rsum))
end
for line in io.lines "/proc/self/status" do
  local kilobytes = line:match "^VmHWM:%s*(%d+)"
  if kilobytes then print(("peak memory %.0f MiB"):format(kilobytes / 1024)) end
end
