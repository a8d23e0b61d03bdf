-- experiment: training until validation has stopped improving, and retrieval in parts.
local vs = require "vesper"
local small = require "spec.support.table"
local temp = require "spec.support.temp"

local experiment = vs.experiment

-- Runs the small table without what it prints; returns the results and the sizes of its sets, or
-- nil and a message.
local function run(folder, more)
  local print_ = print
  _G.print = function() end
  local options, sizes = small.options(folder, more)
  local ok, results = pcall(experiment.run, options)
  _G.print = print_
  if ok then return results, sizes end
  return nil, results
end

describe("experiment", function()
  setup(function() vs.set_num_threads(1) end)
  teardown(temp.remove)

  it("stops every row by the same patience, and draws what each run delivers", function()
    local folder = temp.folder()
    local score = function(val) return -math.abs(val.accuracy) end -- mostly the first is best
    local more = {epochs = 30, patience = 2, score = score}
    local stopped, sizes = run(folder, more)
    local most = 0
    for _, r in ipairs(stopped) do
      assert.equal(math.min(30, r.best_epoch + 2), r.epochs)
      assert.equal(2, r.run.patience)
      most = math.max(most, r.epochs)
    end
    local _, message = run(folder, {epochs = 30, patience = 3, score = score})
    assert.matches("patience is 3, expected 2", message, 1, true)
    _, message = run(folder, {epochs = 30, score = score})
    assert.matches("patience is nothing, expected 2", message, 1, true)
    local lines = experiment.curves(stopped)
    for i, line in ipairs(lines) do
      local a, b = stopped[i], stopped[i + 2]
      assert.equal(math.max(a.epochs, b.epochs), #line.history)
      local function at(r, epoch)
        return (r.history[epoch] or r.history[r.best_epoch]).val.accuracy
      end
      for epoch, entry in ipairs(line.history) do
        assert.equal((at(a, epoch) + at(b, epoch)) / 2, entry.mean)
      end
    end
    local protocol = table.concat(experiment.protocol(stopped, sizes), "\n")
    assert.matches("at most 30 epochs, until validation has not improved for 2;", protocol, 1, true)
  end)

  it("says how many parts a test set has", function()
    local function loader(images) return {set = {images = images}} end
    assert.equal(5, experiment.parts(loader(5000), 1000))
    assert.equal(1, experiment.parts(loader(4999), 1000))
    assert.equal(7, experiment.parts(loader(7999), 1000))
    assert.equal(1, experiment.parts(loader(7999), 0))
    assert.equal(1, experiment.parts({}, 1000))
    assert.error_matches(function() experiment.parts({}, -1) end, "size is %-1, expected an")
  end)

  it("measures retrieval in parts where there are five", function()
    for size, parts in pairs {[3] = 5, [4] = 1, [0] = 1} do
      local one = run(temp.folder(), {seeds = {1}, epochs = 1, fold_size = size})[1]
      assert.equal(parts > 1, one.test.folds ~= nil, size)
      if parts > 1 then assert.matches("mean over 5 parts", one.test.folds.protocol, 1, true) end
      assert.is_nil(one.val.folds)
    end
  end)
end)
