-- What a version leaves for the later ones to read: a data set, a model's folder, a checkpoint,
-- a safetensors and a .npy file, and what the model computes.  spec/compat_spec.lua reads them.
--
--   lua5.4 spec/support/compat.lua spec/fixtures/0.2
local vs = require "vesper"
local toy_file = require "spec.support.toy_file"

local compat = {}

compat.TEXTS = {"a red hat", "a blue cup & more", "a red cup", "more hat"}
compat.EPOCH = 2

--- The parts of a run on a data set: {model, optimizer, loader, schedule, ema}.
function compat.parts(path, seed)
  vs.manual_seed(seed)
  local set = assert(vs.data.open(path, "train"))
  local model = vs.models.VSE{classes = 2, width = 16, channels = {4, 8},
    text = {vocab_size = #set:vocab(), word_dim = 8}}
  local optimizer = vs.optim.Adam(model:parameters(), {lr = 0.01})
  return {model = model, optimizer = optimizer,
    loader = vs.data.Loader(set, {batch_size = 4, shuffle = true, seed = 1}),
    schedule = vs.optim.lr_scheduler.StepLR(optimizer, {step_size = 1, gamma = 0.5}),
    ema = vs.optim.EMA(model, {decay = 0.9})}, set
end

--- One epoch; returns the last loss.
function compat.train(parts)
  local last
  for batch in parts.loader do
    local loss = parts.model:loss(batch, 2)
    parts.optimizer:zero_grad()
    loss:backward()
    parts.optimizer:step()
    parts.ema:update()
    last = loss:item()
  end
  parts.schedule:step()
  return last
end

--- What a model computes of the texts and of the pictures of a split.
function compat.outputs(model, path)
  local pictures = {}
  for batch in vs.data.Loader(assert(vs.data.open(path, "test")), {batch_size = 8}) do
    for i = 1, #batch.image do pictures[i] = batch.image[i] end
  end
  return {texts = model:encode_texts(compat.TEXTS), images = model:encode_images(pictures)}
end

local function write(folder)
  vs.set_num_threads(1)
  local data = toy_file(folder .. "/data.h5", {train = 8, val = 2, test = 4})
  local parts, set = compat.parts(data, 1)
  for _ = 1, compat.EPOCH do compat.train(parts) end
  local model = parts.model:describe{vocab = set:vocab(), image_size = 16, classes = set:classes()}
  assert(vs.models.save(model, folder .. "/model"))
  assert(vs.checkpoint.save(folder .. "/checkpoint", {model = model, optimizer = parts.optimizer,
    loader = parts.loader, schedule = parts.schedule, ema = parts.ema, epoch = compat.EPOCH,
    best = {rsum = 1.5}}))
  assert(vs.save(folder .. "/outputs.safetensors", compat.outputs(model, data), {by = "compat"}))
  assert(vs.npy.save(folder .. "/counts.npy", vs.tensor({{1, 2, 3}}, {dtype = "int64"})))
end

if arg and arg[0] and arg[0]:match "spec/support/compat%.lua$" then write((assert(arg[1]))) end

return compat
