-- Fuzz target: a checkpoint folder.  The first byte says which of its files the others replace, and
-- whether they are left out or taken as they are; the rest of the folder is whole.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local folder = (...) .. "/run"
local FILES = {"state.json", "weights.safetensors", "optimizer.safetensors", "extra.safetensors"}
local whole = {}

-- Everything that a checkpoint can hold.
local function make()
  vs.manual_seed(1)
  local model = vs.nn.Sequential {vs.nn.Linear(3, 2), vs.nn.BatchNorm1d(2)}
  local optimizer = vs.optim.Adam(model:parameters(), {lr = 0.125})
  local set = vs.data.TensorDataset {x = vs.arange(1, 30):float():reshape(10, 3)}
  return {model = model, optimizer = optimizer,
    schedule = vs.optim.lr_scheduler.StepLR(optimizer, 2),
    loader = vs.data.Loader(set, {batch_size = 3, shuffle = true, seed = 7})}
end

-- A folder whose id is the same in every run, so that inputs can hold it.
local function prepare(parts)
  parts.model(parts.loader:batches()().x):sum():backward()
  parts.optimizer:step()
  assert(vs.checkpoint.save(folder, {model = parts.model, optimizer = parts.optimizer, epoch = 2,
    loader = parts.loader, schedule = parts.schedule, best = 0.5,
    extra = {list = {1, 2.5, "three"}, seen = vs.ones(2), [7] = math.huge}}))
  local id = assert(vs.io.json_load(folder .. "/state.json")).id
  for _, name in ipairs(FILES) do
    whole[name] = support.with_fixed_id(support.read_file(folder .. "/" .. name), id)
    support.write(folder .. "/" .. name, whole[name])
  end
end

local parts = make()
prepare(parts)
assert(vs.checkpoint.load(folder, parts))

local target = {}

function target.run(bytes)
  local place = bytes:byte() or 0
  local name = FILES[place % 4 + 1]
  local content = support.safetensors(bytes:sub(2))
  if name == FILES[1] then content = bytes:sub(2) end
  support.write(folder .. "/" .. name, content)
  support.try(vs.checkpoint.load, folder, parts)
  support.try(vs.checkpoint.load, folder)
  assert(vs.checkpoint.exists(folder))
  support.write(folder .. "/" .. name, whole[name])
end

--- The inputs that leave the folder as it is.
function target.seeds()
  local list = {}
  for i, name in ipairs(FILES) do
    local bytes = whole[name]
    if i > 1 then
      local length = string.unpack("<I8", bytes)
      bytes = bytes:sub(9, 8 + length) .. "\n" .. bytes:sub(9 + length)
    end
    list[i] = i - 1 .. bytes
  end
  return list
end

return target.run, target.seeds
