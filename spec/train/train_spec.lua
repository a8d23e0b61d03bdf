-- train.fit: schedules, averages, accumulation, early stopping, logs, checkpoints that it goes on
-- from; train.write_log.
local vs = require "vesper"
local temp = require "spec.support.temp"

local nn, optim, train = vs.nn, vs.optim, vs.train
local lr_scheduler = optim.lr_scheduler

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
    optimizer = optim.Adam(model:parameters(), {lr = 0.05}),
    schedule = function(epoch) return 0.05 / epoch end,
  }
end

-- What setting may have on top: f(model, options).
local variants = {
  ["a function as schedule"] = function() end,
  ["a schedule by epochs, averages"] = function(model, o)
    o.schedule = lr_scheduler.StepLR(o.optimizer, {step_size = 2, gamma = 0.5})
    o.ema = optim.EMA(model, {decay = 0.9, warmup = true})
  end,
  ["a schedule by batches, three to a step"] = function(_, o)
    o.schedule = lr_scheduler.OneCycleLR(o.optimizer, {max_lr = 0.1, total_steps = 12})
    o.schedule_per, o.accumulate = "batch", 3
  end,
  ["a schedule by the score, averages"] = function(model, o)
    o.schedule = lr_scheduler.ReduceLROnPlateau(o.optimizer, {mode = "max", patience = 0})
    o.ema = optim.EMA(model, {decay = 0.99})
  end,
  ["a model that embeds texts"] = function(model)
    function model:forward(batch)
      local v = self.net(batch.x)
      return {v = v, t = v + batch.x:slice(2, 1, 3), logits = v}
    end
  end,
}

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

  it("computes losses under autocast where that is asked for", function()
    for _, asked in ipairs {true, false} do
      local model, options = setting(1)
      local seen = {}
      function model:loss(batch)
        seen[vs.get_matmul_precision()] = true
        return Model.loss(self, batch)
      end
      options.autocast = asked
      train.fit(model, options)
      assert.same({[asked and "medium" or "highest"] = true}, seen)
      assert.equal("highest", vs.get_matmul_precision())
    end
  end)

  for what, change in pairs(variants) do
    it("ends with the same bytes wherever it was stopped: " .. what, function()
      local function made(name)
        local model, options = setting(6)
        change(model, options)
        if name then options.checkpoint, options.resume = folder .. "/" .. name, true end
        return model, options
      end
      local model, options = made()
      local history, best = train.fit(model, options)
      local want, rate = bytes_of(model, folder), options.optimizer.lr
      for stop = 1, 6 do
        model, options = made("run" .. stop)
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
        model, options = made("run" .. stop)
        local again, best_again = train.fit(model, options)
        assert.same(numbers_of(history), numbers_of(again))
        assert.equal(best, best_again)
        assert.equal(rate, options.optimizer.lr)
        assert.equal(want, bytes_of(model, folder))
      end
    end)
  end

  it("steps a schedule by epochs, by steps of the optimizer, by the score", function()
    local function rates(epochs, change)
      local model, options = setting(epochs)
      change(options)
      local list = {}
      for i, entry in ipairs((train.fit(model, options))) do list[i] = entry.lr end
      return list, options
    end
    assert.same({0.05, 0.025, 0.0125}, (rates(3, function(o)
      o.schedule = lr_scheduler.ExponentialLR(o.optimizer, 0.5)
    end)))
    local _, by_batch = rates(2, function(o)
      o.schedule = lr_scheduler.ExponentialLR(o.optimizer, 0.5)
      o.schedule_per = "batch"
    end)
    assert.equal(10, by_batch.schedule.last_epoch) -- 5 batches an epoch
    _, by_batch = rates(2, function(o)
      o.schedule = lr_scheduler.ExponentialLR(o.optimizer, 0.5)
      o.schedule_per, o.accumulate = "batch", 3
    end)
    assert.equal(4, by_batch.schedule.last_epoch) -- 3 batches, then the 2 that are left
    local scores, n = {5, 4, 6, 6}, 0
    assert.same({0.05, 0.05, 0.025, 0.025}, (rates(4, function(o)
      o.schedule = lr_scheduler.ReduceLROnPlateau(o.optimizer,
        {mode = "max", factor = 0.5, patience = 0})
      o.score = function()
        n = n + 1
        return scores[n]
      end
    end)))
  end)

  it("takes one step for the mean of several batches", function()
    -- without dropout and shuffling: all batches of an epoch in one step are one large batch
    local function weights(batch_size, accumulate)
      vs.manual_seed(3)
      local x = vs.randn(30, 4)
      local set = vs.data.TensorDataset{x = x, label = x:slice(2, 1, 3):argmax(2)}
      local model = Model()
      model.net = nn.Linear(4, 3)
      local loader = vs.data.Loader(set, {batch_size = batch_size})
      train.fit(model, {train = loader, val = loader, epochs = 1, quiet = true, clip = false,
        optimizer = optim.SGD(model:parameters(), {lr = 0.5}), accumulate = accumulate})
      return model.net.weight
    end
    local whole = weights(30, 1)
    assert((weights(10, 3) - whole):abs():max():item() < 1e-6)
    assert((weights(10, 7) - whole):abs():max():item() < 1e-6) -- fewer than 7 are left
    assert((weights(10, 1) - whole):abs():max():item() > 1e-3)
  end)

  it("validates and keeps the averages", function()
    local model, options = setting(3)
    local ema = optim.EMA(model, {decay = 0.5})
    options.ema, options.weights = ema, folder .. "/best.safetensors"
    local weight, seen = model.net[1].weight, {}
    options.score = function()
      seen[#seen + 1] = weight:clone()
      return #seen
    end
    local averages = {}
    local update = ema.update
    function ema:update()
      update(self)
      averages[#averages + 1] = self.average["net.0.weight"]:clone()
    end
    train.fit(model, options)
    assert.equal(15, #averages) -- 3 epochs of 5 batches
    for epoch = 1, 3 do assert(seen[epoch]:eq(averages[5 * epoch]):all()) end
    assert(weight:eq(averages[15]):all())
    assert(assert(vs.load(options.weights))["net.0.weight"]:eq(averages[15]):all())
    assert.is_false(ema.swapped)
  end)

  it("refuses schedules that it would use wrongly", function()
    local function refused(want, change)
      local model, options = setting(1)
      change(options)
      local ok, message = pcall(train.fit, model, options)
      assert.is_false(ok)
      assert.matches(want, message, 1, true)
    end
    refused("schedule is a number, expected one of optim.lr_scheduler, or a function",
      function(o) o.schedule = 0.1 end)
    refused("schedule_per is 'day', expected epoch or batch",
      function(o) o.schedule_per = "day" end)
    refused("expected 'epoch' for a schedule that is a function", function(o)
      o.schedule_per = "batch"
    end)
    refused("with mode 'min', expected 'max'",
      function(o) o.schedule = lr_scheduler.ReduceLROnPlateau(o.optimizer) end)
    refused("expected 'epoch' for ReduceLROnPlateau", function(o)
      o.schedule = lr_scheduler.ReduceLROnPlateau(o.optimizer, {mode = "max"})
      o.schedule_per = "batch"
    end)
    refused("schedule belongs to another optimizer", function(o)
      o.schedule = lr_scheduler.StepLR(optim.SGD({vs.ones(1):requires_grad_()}, {lr = 1}), 1)
    end)
    refused("accumulate is 0.5, expected an integer",
      function(o) o.accumulate = 0.5 end)
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
    assert.matches("fit: checkpoint is nil, expected a folder", message, 1, true)
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

  it("tells the accuracy of images alone only where the model has it", function()
    local model, options = setting(1)
    assert.is_nil(train.evaluate(model, options.val).image_accuracy)
    function model:forward(batch)
      return {v = self.net(batch.x), logits = batch.x, image_logits = -batch.x}
    end
    local result = train.evaluate(model, options.val)
    local x, right = options.val.set:batch(vs.arange(40)), {0, 0}
    for i = 1, 40 do
      local row = x.x[i]
      if row:argmax(1):item() == x.label[i]:item() then right[1] = right[1] + 1 end
      if row:argmin(1):item() == x.label[i]:item() then right[2] = right[2] + 1 end
    end
    assert.near(100 * right[1] / 40, result.accuracy, 1e-9)
    assert.near(100 * right[2] / 40, result.image_accuracy, 1e-9)
  end)

  it("looks at pictures both ways round when asked to", function()
    local model = setting(1)
    function model:forward(batch)
      local v = batch.image:float():mean(2):select(2, 1) -- the first row of pixels
      return {v = v, t = v * 2, logits = batch.image:float():sum(2):sum(2)}
    end
    local set = vs.data.TensorDataset{image = vs.randint(0, 255, {6, 3, 2, 4}):to "uint8",
      label = vs.ones(6):long()}
    local loader = vs.data.Loader(set, {batch_size = 4})
    local one, both = train.evaluate(model, loader), train.evaluate(model, loader, {mirror = true})
    local want = one.v:normalize() + one.v:flip{2}:normalize()
    assert.is_true((both.v - want):abs():max():item() < 1e-6)
    local moved = train.evaluate(model, loader, {shift = 1})
    local first = set:batch{1}.image:float():mean(2):squeeze(1) -- [2,4], the first of six
    local function unit(row) return row:normalize{dim = 1} end
    local up, down = first[1], first[2]                     -- its rows
    local left = vs.cat({up:slice(1, 2, 4), up:slice(1, 4, 4)}, 1)
    local right = vs.cat({up:slice(1, 1, 1), up:slice(1, 1, 3)}, 1)
    local sum = unit(up) + unit(down) + unit(up) + unit(left) + unit(right)
    assert((moved.v[1] - sum):abs():max():item() < 1e-6)
    assert.is_nil(train.evaluate(model, loader, {retrieval = false}).retrieval)
    local banked = train.evaluate(model, loader, {bank = {v = one.v, t = one.t}, beta = 3})
    assert.matches("beta 3", banked.retrieval.protocol)
    assert.error_matches(function() train.evaluate(model, loader, {mirrored = true}) end,
      "unknown option 'mirrored'")
  end)

  it("wants a number of epochs", function()
    local model, options = setting(0)
    local ok, message = pcall(train.fit, model, options)
    assert.is_false(ok)
    assert.matches("fit: epochs is 0, expected an integer >= 1", message, 1, true)
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
