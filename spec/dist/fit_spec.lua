local mpi = require "spec.support.mpi"
local process = require "spec.support.process"
local temp = require "spec.support.temp"
local kill_dist = require "spec.support.kill_dist"

local describe_mpi = mpi.there() and describe or pending

local PROGRAM = "spec/support/dist_fit.lua"

local MODEL = [[
  vs.manual_seed(1)
  local nn = vs.nn
  local model = nn.Module:extend "Model" ()
  model.linear = nn.Linear(3, 2)
  function model:forward(batch) return {logits = self.linear(batch.x)} end
  function model:loss(batch)
    return nn.functional.cross_entropy(self.linear(batch.x), batch.label)
  end
]]

describe_mpi("train.fit{dist = true}", function()
  local folder
  setup(function() folder = temp.folder() end)
  teardown(temp.remove)

  -- Runs the training on n ranks in a folder of the data set; returns what it wrote.
  local function run(n, name, arguments, environment)
    local path = folder .. "/" .. name
    temp.subfolder(path)
    local command = n == 1 and ("env OMP_NUM_THREADS=1 lua5.4 %s %s %s"):format(PROGRAM, path,
      arguments) or mpi.command(n, PROGRAM, path .. " " .. arguments)
    local ok, said = process.run((environment or "") .. " " .. command)
    return ok, said, path
  end
  local function works(...)
    local ok, said, path = run(...)
    if not ok then error(said, 2) end
    return said, temp.read(path .. "/result.safetensors")
  end
  local function loss(said) return tonumber(said:match "loss ([%d.]+)") end

  it("is one process with the joined batch, up to rounding", function()
    local one = works(1, "one", "3 8", "DROPOUT=0")
    for _, n in ipairs {2, 4} do
      local several = works(n, "of" .. n, ("3 %d"):format(8 // n), "DROPOUT=0")
      assert.near(loss(one), loss(several), 2e-3)
      assert.equal(one:match "accuracy (%S+)", several:match "accuracy (%S+)")
    end
    -- two batches a step
    local steps = works(1, "steps", "2 8 2", "DROPOUT=0")
    assert.is_true(math.abs(loss(steps) - loss(works(2, "steps2", "2 4 2", "DROPOUT=0"))) < 2e-3)
  end)

  it("resumes with the same bits, and with other numbers of ranks", function()
    local _, want = works(2, "straight", "4 4")
    works(2, "resumed", "2 4")
    local _, got = works(2, "resumed", "4 4")
    assert.is_true(want == got)
    works(2, "other", "1 4")
    local said = works(3, "other", "2 4", "QUIET=0")
    assert.matches("written by 2 ranks, goes on with 3", said, 1, true)
    said = works(1, "other", "3 4", "QUIET=0")
    assert.matches("written by 3 ranks, goes on with 1", said, 1, true)
    said = works(2, "other", "4 4", "QUIET=0")
    assert.matches("written by 1 rank, goes on with 2", said, 1, true)
    local rows = 0
    for _ in io.lines(folder .. "/other/log.csv") do rows = rows + 1 end
    assert.equal(5, rows)
    -- a folder that rank 1 does not see
    local ok, seen = run(2, "unseen", "1 4", "ELSEWHERE=1")
    assert(ok, seen)
    ok, seen = run(2, "unseen", "2 4", "ELSEWHERE=1")
    assert.is_false(ok)
    assert.matches("rank 0: epochs in the checkpoint = 1 .-"
      .. "rank 1: epochs in the checkpoint = 0", seen)
  end)

  it("goes on with the same bits after a kill while a checkpoint is written", function()
    local _, want = works(2, "whole", "3 4")
    for _, place in ipairs {"stage", "write", "commit", "after"} do
      local name = "stopped_" .. place
      temp.subfolder(folder .. "/" .. name)
      local ok, said = process.run(("STOP=%s %s"):format(place,
        mpi.command(2, "spec/support/dist_stop.lua", ("%s/%s 3 4"):format(folder, name), 30)))
      assert.is_false(ok)
      assert.matches("exited on signal 9", said, 1, true)
      local _, got = works(2, name, "3 4")
      assert.is_true(want == got, place)
    end
  end)

  it("ends as a whole when a rank is killed, and goes on with the same bits", function()
    kill_dist.run(4, 3, function() end)
  end)

  it("keeps the weights of machines that round differently together", function()
    local path = folder .. "/mixed"
    temp.subfolder(path)
    local command = mpi.command(1, PROGRAM, path .. " 2 4")
    local ok, said = process.run(("%s : -n 1 env VESPER_ISA=generic lua5.4 %s %s 2 4"):format(
      command, PROGRAM, path)) -- compares the weights at its end
    assert(ok, said)
  end)

  it("warns where each process would train by itself", function()
    local program = MODEL .. [[
      local set = vs.data.TensorDataset{x = vs.rand(4, 3), label = vs.ones(4):long()}
      vs.train.fit(model, {epochs = 1, quiet = true, dist = %s, train = vs.data.Loader(set),
        val = vs.data.Loader(set), optimizer = vs.optim.SGD(model:parameters(), {lr = 0.1})})
    ]]
    assert.matches("rank 0 on %S+: %S+:%d+: fit: this is one of 2 processes of an MPI job, and "
      .. "trains by itself", mpi.works(2, program:format "nil"))
    for _, given in ipairs {"true", "false"} do
      assert.not_matches("trains by itself", mpi.works(2, program:format(given)))
    end
  end)

  it("refuses to evaluate data that differ", function()
    local ok, said = mpi.run(2, [[
      local nn = vs.nn
      local model = nn.Module:extend "Model" ()
      model.linear = nn.Linear(3, 2)
      function model:forward(batch) return {logits = self.linear(batch.x)} end
      local function loader(n)
        return vs.data.Loader(vs.data.TensorDataset{x = vs.ones(n, 3), label = vs.ones(n):long()})
      end
      assert(vs.train.evaluate(model, loader(1), {dist = true}).n == 1) -- fewer than ranks
      assert(vs.train.evaluate(model, loader(7), {dist = true}).n == 7)
      vs.train.evaluate(model, loader(7 + rank), {dist = true})
    ]])
    assert.is_false(ok)
    assert.matches("evaluate: the ranks differ\n  rank 0: data = 7 samples, %x+ %(%S+%)\n"
      .. "  rank 1: data = 8 samples", said)
  end)

  it("refuses options, data and files that differ", function()
    local function refused(want, program, ranks)
      local ok, said = mpi.run(ranks or 2, (MODEL .. [[
        local function set(n)
          return vs.data.TensorDataset{x = vs.rand(n, 3), label = vs.ones(n):long()}
        end
        local o = {epochs = 1, quiet = true, dist = true,
          optimizer = vs.optim.SGD(model:parameters(), {lr = 0.1}),
          train = vs.data.Loader(set(8), {batch_size = 2}), val = vs.data.Loader(set(4))}
        local function step(n)
          return vs.optim.lr_scheduler.StepLR(o.optimizer, {step_size = n})
        end
        %s
        vs.train.fit(model, o)
      ]]):format(program))
      assert(not ok, "not refused: " .. want)
      assert.matches(want, said)
    end
    refused("fit: the ranks differ\n  rank 0: epochs = 1 %(%S+%)\n  rank 1: epochs = 2 %(%S+%)",
      "o.epochs = rank + 1")
    refused("rank 1: group 1 of the optimizer, lr = 0.2",
      "if rank == 1 then o.optimizer.lr = 0.2 end")
    refused("rank 0: data of train = 8 samples, %x+ .-rank 1: data of train = 8 samples, %x+",
      "vs.manual_seed(rank) o.train = vs.data.Loader(set(8), {batch_size = 2})")
    refused("fit: the ranks differ\n  rank 0: schedule = nil .-rank 1: schedule = StepLR",
      "if rank == 1 then o.schedule = step(1) end")
    refused("rank 1: schedule, step_size = 2", "o.schedule = step(1 + rank)")
    refused("rank 1: ema, decay = 0.6", "o.ema = vs.optim.EMA(model, {decay = 0.5 + rank / 10})")
    refused("rank 1 on %S+: %S+:%d+: fit: linear.%w+ is off by %S+ from that of rank 0",
      "o.schedule = function() return 0.1 * (rank + 1) end")
    refused("rank 0: agree of fit .-rank 1: the end of the script",
      "if rank == 1 then o.dist = nil end")
    refused("dist is 5, expected true or options of dist.DataParallel", "o.dist = 5", 1)
    refused("unknown option 'batchnorm', expected", "o.dist = {batchnorm = true}", 1)
    refused("train has 8 samples, expected at least 10",
      "o.train = vs.data.Loader(set(8), {batch_size = 5, drop_last = true})")
    refused("order%[2%] is 1, as order%[1%] is", "o.dist = {order = {1, 1}}")
    refused("rank 0: order = 1 2 .-rank 1: order = 2 1",
      "o.dist = {order = {1 + rank, 2 - rank}}")
    refused("rank 1 on %S+: %S+:%d+: fit: train is part 0 of 2, expected part 1 of 2",
      "o.train = vs.data.Loader(set(8), {batch_size = 2, rank = 0, ranks = 2})")
    refused("rank 1: train.batch_size = 3",
      "o.train = vs.data.Loader(o.train.set, {batch_size = 2 + rank})")
    refused("/none/x.h5: No such file.-vesper: rank 1 of 2 on %S+ ended with status 1", [[
      if rank == 1 then assert(vs.data.open("/none/x.h5", "train")) end]])
    refused("the loss of epoch 1, batch 1 is NaN", [[
      if rank == 1 then vs.no_grad(function() model.linear.weight:fill_(0/0) end) end
      function model:loss(batch) return self.linear(batch.x):sum() * (rank == 1 and 0/0 or 1) end]])
  end)
end)
