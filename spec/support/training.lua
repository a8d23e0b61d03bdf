-- A small training run that is killed and resumed by specs (checkpoint_spec.lua, kill.lua).
--
--   lua5.4 spec/support/training.lua FOLDER RESULT EVERY STEPS [FROM]
--
-- Trains STEPS steps of a net with dropout and batch norm on shuffled batches with Adam, a warm-up
-- and a cosine, averages of the weights, and a running mean in the script's own table; writes
-- FOLDER/run every EVERY steps and goes on from it when it is there, or from the checkpoint FROM;
-- writes weights, averages and the rate to RESULT.  With EVERY = 0 a checkpoint FOLDER/K is left
-- after every step K.  Prints where it begins and what it saved.
local vs = require "vesper"
local nn, optim, data = vs.nn, vs.optim, vs.data

local folder, result, every, steps = arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4])
local from = arg[5] or folder .. "/run"

vs.set_num_threads(1)
vs.manual_seed(5)
local x = vs.randn(30, 6)
local label = x:slice(2, 1, 3):argmax(2)
local net = nn.Sequential{nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3),
  nn.Linear(8, 3)}
local opt = optim.Adam(net:parameters(), {lr = 0.01})
local loader = data.Loader(data.TensorDataset{x = x, label = label},
  {batch_size = 4, shuffle = true, workers = 2})

local lr_scheduler = optim.lr_scheduler
local schedule = lr_scheduler.SequentialLR(opt, {milestones = {5}, schedulers = {
  lr_scheduler.LinearLR(opt, {start_factor = 0.1, total_iters = 5}),
  lr_scheduler.CosineAnnealingLR(opt, {T_max = 50})}})
local ema = optim.EMA(net, {decay = 0.95, warmup = true, buffers = true})

local parts = {model = net, optimizer = opt, loader = loader, schedule = schedule, ema = ema}
local own = {step = 0, mean = 0}
if vs.checkpoint.exists(from) then own = assert(vs.checkpoint.load(from, parts)).extra end
if own.step ~= schedule.last_epoch then error "the schedule lost its count" end
if own.step ~= ema.updates then error "the averages lost their count" end
io.stdout:setvbuf "line"
print("begins", own.step)

local function keep(name)
  parts.extra = own
  assert(vs.checkpoint.save(folder .. "/" .. name, parts))
  print("saved", own.step)
end

while own.step < steps do
  for batch in loader do
    local loss = nn.functional.cross_entropy(net(batch.x), batch.label)
    opt:zero_grad()
    loss:backward()
    opt:step()
    schedule:step()
    ema:update()
    own.step, own.mean = own.step + 1, 0.9 * own.mean + 0.1 * loss:item()
    if every == 0 then
      keep(own.step)
    elseif own.step % every == 0 then
      keep "run"
    end
    if own.step == steps then break end
  end
end

local dict = net:state_dict()
for name, tensor in pairs(ema:state_dict().state) do dict["ema." .. name] = tensor end
dict.mean = vs.tensor({own.mean}, {dtype = "float64"})
dict.rate = vs.tensor({opt.lr}, {dtype = "float64"})
assert(vs.save(result, dict))
