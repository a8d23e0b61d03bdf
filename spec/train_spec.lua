-- train.fit: early stopping, logs, checkpoints that it goes on from; train.write_log.
local vs = require "vesper"
local temp = require "spec.support.temp"

local nn, train = vs.nn, vs.train

-- A model for fit: one linear layer with dropout on features.
local Model = nn.Module:extend("Model")

function Model:init()
  self.net = nn.Sequential{nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3)}
end

function Model:forward(batch)
  local v = self.net(batch.x)
  return {v = v, logits = v}
end

function Model:loss(batch) return nn.functional.cross_entropy(self(batch).logits, batch.label) end

-- Model and options, the same at every call.
local function setting(epochs)
  vs.manual_seed(11)
  local x = vs.randn(40, 4)
  local set = vs.data.TensorDataset{x = x, label = x:slice(2, 1, 3):argmax(2)}
  local model = Model()
  return model, {
    train = vs.data.Loader(set, {batch_size = 8, shuffle = true}), epochs = epochs, quiet = true,
    val = vs.data.Loader(set, {batch_size = 16}),
    optimizer = vs.optim.Adam(model:parameters(), {lr = 0.05}),
    schedule = function(epoch) return 0.05 / epoch end,
  }
end

local function bytes_of(model, folder)
  assert(vs.save(folder .. "/bytes", model:state_dict()))
  return temp.read(folder .. "/bytes")
end

-- The columns of a history that do not depend on the clock.
local function numbers_of(history)
  local list = {}
  for i, e in ipairs(history) do list[i] = {e.epoch, e.loss, e.lr, e.score, e.val} end
  return list
end

describe("train.fit", function()
  local folder
  before_each(function() folder = temp.folder() end)
  teardown(temp.remove)

  it("ends with the same bytes wherever it was stopped", function()
    local model, options = setting(6)
    local history, best = train.fit(model, options)
    local want = bytes_of(model, folder)
    for stop = 1, 6 do
      model, options = setting(6)
      options.checkpoint, options.resume = folder .. "/run" .. stop, true
      local save = vs.checkpoint.save
      vs.checkpoint.save = function(...) -- dies after it wrote epoch `stop`
        assert(save(...))
        if select(2, ...).epoch == stop then error "stopped" end
        return true
      end
      local ok, message = pcall(train.fit, model, options)
      vs.checkpoint.save = save
      assert.is_false(ok)
      assert.matches("stopped", message)
      model, options = setting(6)
      options.checkpoint, options.resume = folder .. "/run" .. stop, true
      local again, best_again = train.fit(model, options)
      assert.same(numbers_of(history), numbers_of(again))
      assert.equal(best, best_again)
      assert.equal(want, bytes_of(model, folder))
    end
  end)

  it("starts anew unless it is told to resume", function()
    local model, options = setting(2)
    options.checkpoint = folder .. "/run"
    train.fit(model, options)
    local want = bytes_of(model, folder)
    model, options = setting(2)
    options.checkpoint = folder .. "/run"
    assert.equal(2, #train.fit(model, options))
    assert.equal(want, bytes_of(model, folder))
  end)

  it("does not go on from what does not fit", function()
    local model, options = setting(1)
    options.checkpoint, options.resume = folder .. "/run", true
    assert(vs.checkpoint.save(options.checkpoint, {model = model}))
    local ok, message = pcall(train.fit, model, options)
    assert.is_false(ok)
    assert.matches("has no optimizer", message, 1, true)
    options.checkpoint = nil
    ok, message = pcall(train.fit, model, options)
    assert.is_false(ok)
    assert.matches("fit: resume needs a checkpoint", message, 1, true)
  end)

  it("stops when nothing better came for `patience` epochs", function()
    local model, options = setting(50)
    local scores, n = {1, 3, 2, 3, 1, 9}, 0
    options.patience = 3
    options.score = function()
      n = n + 1
      return scores[n]
    end
    local history, best = train.fit(model, options)
    assert.equal(5, #history)
    assert.equal(2, best)
    assert.same(3, history[2].score)
  end)

  it("writes the best weights and a log", function()
    local model, options = setting(3)
    options.weights, options.log = folder .. "/best.safetensors", folder .. "/log.csv"
    local history = train.fit(model, options)
    local tensors = assert(vs.load(options.weights))
    assert.same(model:state_dict()["net.0.weight"]:tolist(), tensors["net.0.weight"]:tolist())
    local rows, columns = vs.io.csv_rows(options.log)
    assert.equal("epoch", columns[1])
    assert.equal(3, #rows)
    for i, row in ipairs(rows) do
      assert.equal(tostring(i), row.epoch)
      assert.equal(history[i].val.accuracy, tonumber(row["val.accuracy"]))
      assert(tonumber(row.seconds) >= 0)
    end
  end)

  it("wants a number of epochs", function()
    local model, options = setting(0)
    local ok, message = pcall(train.fit, model, options)
    assert.is_false(ok)
    assert.matches("fit: epochs is 0, expected an integer from 1", message, 1, true)
  end)
end)

describe("train.write_log", function()
  local folder
  setup(function() folder = temp.folder() end)
  teardown(temp.remove)
  local history = {{epoch = 1, loss = 0.5, val = {name = 'a "b", c', deep = {r1 = 0 / 0}}},
    {epoch = 2, loss = 1e-10, lr = 0.1}}

  it("writes lines of JSON", function()
    assert(train.write_log(folder .. "/log.jsonl", history))
    local rows = {}
    for line in io.lines(folder .. "/log.jsonl") do
      rows[#rows + 1] = assert(vs.io.json_decode(line))
    end
    assert.equal(2, #rows)
    assert.equal('a "b", c', rows[1]["val.name"])
    assert.matches("nan", rows[1]["val.deep.r1"])
    assert.equal(1e-10, rows[2].loss)
    assert.same({"log.jsonl"}, temp.list(folder))
  end)

  it("writes CSV with a column for every name", function()
    assert(train.write_log(folder .. "/log.csv", history))
    local rows, columns = vs.io.csv_rows(folder .. "/log.csv")
    assert.same({"epoch", "loss", "lr", "val.deep.r1", "val.name"}, columns)
    assert.equal('a "b", c', rows[1]["val.name"])
    assert.equal("", rows[1].lr)
    assert.equal("0.1", rows[2].lr)
  end)

  it("refuses other names, and tells what the system says", function()
    assert.has_error(function() train.write_log(folder .. "/log.txt", history) end)
    local ok, message = train.write_log(folder .. "/none/log.csv", history)
    assert.is_nil(ok)
    assert.matches("No such file", message)
  end)
end)
