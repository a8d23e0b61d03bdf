-- A small table that specs stop and go on with (experiment_spec.lua).
--
--   lua5.4 spec/support/table.lua FOLDER [STOP]
--
-- Rows "one" and "two", seeds 1 and 2, three epochs each, with dropout and shuffled batches.  With
-- STOP the process kills itself when the validation number STOP of this process is over, before its
-- checkpoint is written.  Prints "begins ROW SEED" when a run is made.
local vs = require "vesper"
local with = require "spec.support.with"
local nn = vs.nn

local table_ = {}

local Model = nn.Module:extend("Model")

function Model:init(hidden)
  self.net = nn.Sequential{nn.Linear(4, hidden), nn.ReLU(), nn.Dropout(0.3), nn.Linear(hidden, 3)}
end

function Model:forward(batch)
  local v = self.net(batch.x)
  return {v = v, t = v + batch.x:slice(2, 1, 3), logits = v}
end

function Model:loss(batch) return nn.functional.cross_entropy(self(batch).logits, batch.label) end

local function set_of(n, seed)
  vs.manual_seed(seed)
  local x = vs.randn(n, 4)
  return vs.data.TensorDataset{x = x, label = x:slice(2, 1, 3):argmax(2)}
end

--- Options of experiment.run; more are laid over them.
function table_.options(folder, more)
  local sets = {train = set_of(40, 1), val = set_of(24, 2), test = set_of(16, 3)}
  local function row(name, hidden)
    return {name = name, options = {hidden = hidden}, make = function(seed)
      print("begins", name, seed)
      return Model(hidden)
    end}
  end
  return with({
    folder = folder, seeds = {1, 2}, epochs = 3, quiet = true, settings = {rate = 0.05},
    rows = {row("one", 8), row("two", 16)},
    loaders = function(seed)
      return {val = vs.data.Loader(sets.val, {batch_size = 16}),
        test = vs.data.Loader(sets.test, {batch_size = 16}),
        train = vs.data.Loader(sets.train, {batch_size = 8, shuffle = true, seed = seed})}
    end,
    optimizer = function(model) return vs.optim.Adam(model:parameters(), {lr = 0.05}) end,
    schedule = function() return function(epoch) return 0.05 / epoch end end,
  }, more), {train = 40, val = 24, test = 16}
end

if arg and arg[0] and arg[0]:match "support/table%.lua$" then
  local stop, validations = tonumber(arg[2]), 0
  io.stdout:setvbuf "line"
  vs.set_num_threads(1)
  vs.experiment.run(table_.options(arg[1], {score = function(val)
    validations = validations + 1
    if validations == stop then os.execute "kill -KILL $PPID" end
    return vs.train.score(val)
  end}))
  print "ends"
end

return table_
