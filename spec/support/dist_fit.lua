-- A small run of train.fit that specs start on several ranks, kill and resume (fit_spec.lua,
-- kill_dist.lua):
--
--   mpirun -n 2 lua5.4 spec/support/dist_fit.lua FOLDER EPOCHS BATCH [ACCUMULATE]
--
-- Trains a VSE with a CNN, dropout and batch norm on FOLDER/set.h5, which the first rank writes
-- where it is not there; the checkpoint is FOLDER/run.  Rank 0 writes FOLDER/result.safetensors and
-- prints what differs between runs of one and of several processes only by rounding.
local vs = require "vesper"
local toy_file = require "spec.support.toy_file"

local folder, epochs, batch = arg[1], tonumber(arg[2]), tonumber(arg[3])
local dist = vs.dist
local path = folder .. "/set.h5"
local sizes = {train = 48, val = 13, test = 2}
local function file_exists()
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end
if dist.rank() == 0 and not file_exists() then
  toy_file(path .. ".part", sizes)
  assert(os.rename(path .. ".part", path))
end
dist.barrier()
vs.manual_seed(5)

local model = vs.models.VSE{classes = 2, width = 8, channels = {4, 4}, text = {vocab_size = 20,
  word_dim = 6, hidden = 8}, weights = {contrast = 1, sigmoid = 0.1},
  dropout = tonumber(os.getenv "DROPOUT" or "0.2")}
local opt = vs.optim.Adam(model:parameters(), {lr = 0.01})
local function loader(split, more)
  local o = {batch_size = batch, workers = 1}
  for key, value in pairs(more or {}) do o[key] = value end
  return vs.data.Loader(assert(vs.data.open(path, split)), o)
end
local history = vs.train.fit(model, {
  train = loader("train", {shuffle = true, seed = 2}), val = loader "val", optimizer = opt,
  epochs = epochs, resume = true,
  checkpoint = folder .. (os.getenv "ELSEWHERE" and dist.rank() > 0 and "/none" or "/run"),
  quiet = os.getenv "QUIET" ~= "0",
  ema = vs.optim.EMA(model, {decay = 0.9, warmup = true, buffers = true}),
  schedule = vs.optim.lr_scheduler.CosineAnnealingLR(opt, {T_max = 8}), dist = {batch_norm = true},
  accumulate = tonumber(arg[4] or "1"), log = folder .. "/log.csv",
})
local result = vs.train.evaluate(model, loader "val", {dist = true})
local state = model:state_dict()
local names = {}
for name in pairs(state) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do -- all ranks have the same bits
  local own = state[name]
  assert(dist.broadcast(own):eq(own):all(), name)
end
if dist.rank() == 0 then
  assert(vs.save(folder .. "/result.safetensors", state))
  print(("epochs %d loss %.5f n %d accuracy %.2f"):format(#history, history[#history].loss,
    result.n, result.accuracy))
end
