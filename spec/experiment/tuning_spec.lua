-- experiment.run{tune =}: the setting of each row is chosen on validation with the first seed.
local vs = require "vesper"
local small = require "spec.support.table"
local temp = require "spec.support.temp"

local experiment = vs.experiment

-- Runs the small table with settings of the learning rate; returns the results, the settings that
-- reached `make` and the number of calls of `evaluate`; or nil and a message.
local function run(folder, tune, more)
  local print_ = print
  _G.print = function() end
  local given, tested = {}, 0
  local options, sizes = small.options(folder, more)
  for _, row in ipairs(options.rows) do
    local make = row.make
    row.make = function(seed, setting)
      table.insert(given, ("%s %d %g"):format(row.name, seed, setting.rate))
      return make(seed)
    end
  end
  options.tune, options.schedule = tune, nil
  options.optimizer = function(model, setting)
    return vs.optim.SGD(model:parameters(), {lr = setting.rate})
  end
  options.evaluate = function(model, loaders)
    tested = tested + 1
    return vs.train.evaluate(model, loaders.test)
  end
  local ok, results = pcall(experiment.run, options)
  _G.print = print_
  if not ok then return nil, results end
  return results, given, tested, sizes
end

describe("experiment.run{tune =}", function()
  setup(function() vs.set_num_threads(1) end)
  teardown(temp.remove)

  it("gives each row the setting that is best on validation, and tests each run once", function()
    local folder = temp.folder()
    local tune = {{rate = 1e-6}, {rate = 0.05}}
    local results, given, tested, sizes = run(folder, tune, {epochs = 3})
    local first = results[1].row
    assert.equal(#results, tested)
    assert.equal(#results + #results, #given) -- two rows, two seeds: two more runs for each row
    assert.equal(("%s 1 1e-06"):format(first), given[1])
    assert.equal(("%s 1 0.05"):format(first), given[2])
    for _, r in ipairs(results) do
      local found = assert(vs.io.json_load(("%s/runs/%s.tuned.json"):format(folder, r.row)))
      local best = found.scores[1] >= found.scores[2] and 1 or 2
      assert.equal(best, found.chosen)
      assert.same(tune[best], r.run.setting)
      if r.seed == 1 then
        assert.equal(found.scores[best], r.history[r.best_epoch].score)
      end
      assert(vs.load(experiment.folder(folder, r.row, r.seed) .. "/best.safetensors"))
    end
    local rows, protocol = experiment.write(folder, results, sizes)
    assert.equal("rate " .. results[1].run.setting.rate, rows[1].tuned)
    assert.matches("best on validation with seed 1, of: rate 1e-06; rate 0.05.",
      table.concat(protocol, "\n"), 1, true)
    local again, made, more_tests = run(folder, tune, {epochs = 3})
    assert.same({0, 0}, {#made, more_tests})
    assert.same(results, again)
  end)

  it("resumes between the choice and the test", function()
    local folder = temp.folder()
    local tune = {{rate = 1e-6}, {rate = 0.05}}
    local want = run(folder, tune, {epochs = 2, patience = 1})
    local name = want[1].row
    assert(os.remove(experiment.folder(folder, name, 1) .. "/result.json"))
    local again = run(folder, tune, {epochs = 2, patience = 1})
    assert.same(want[1].test, again[1].test)
  end)

  it("refuses another choice in the same folder, and no choice", function()
    local folder = temp.folder()
    run(folder, {{rate = 0.01}, {rate = 0.05}}, {epochs = 1})
    local _, message = run(folder, {{rate = 0.01}, {rate = 0.1}}, {epochs = 1})
    assert.matches('tune is [{"rate": 0.01}, {"rate": 0.1}], expected ' ..
      '[{"rate": 0.01}, {"rate": 0.05}]', message, 1, true)
    _, message = run(temp.folder(), {}, {epochs = 1})
    assert.matches("tune is empty, expected at least 1 setting", message, 1, true)
    _, message = run(temp.folder(), {3}, {epochs = 1})
    assert.matches("tune[1] is 3, expected a table", message, 1, true)
  end)
end)
