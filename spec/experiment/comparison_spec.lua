-- experiment.compare: what runs keep of each test sample, intervals and differences from it.
local vs = require "vesper"
local fails = require "spec.support.fails"
local samples = require "vesper.experiment.samples"
local small = require "spec.support.table"
local temp = require "spec.support.temp"

local experiment, metrics = vs.experiment, vs.metrics

local function ints(list) return vs.tensor(list, {dtype = "int64"}) end

-- A result of train.evaluate: n images with `each` captions each, some of them right.
local function evaluated(n, each, seed)
  vs.manual_seed(seed)
  local image_of = {}
  for i = 1, n * each do image_of[i] = (i - 1) // each + 1 end
  image_of = ints(image_of)
  local v = vs.randn(n, 8)
  local t = v:index_select(1, image_of) + vs.randn(n * each, 8) * 1.5
  local label = vs.randint(1, 3, n * each)
  local result = {v = v, t = t, images = n, n = n * each, label = label,
    predicted = vs.where(vs.rand(n * each):lt(0.7), label, label % 3 + 1),
    image_of = each > 1 and image_of or nil}
  result.retrieval = metrics.retrieval(v, t, {image_of = result.image_of})
  result.accuracy = metrics.accuracy(result.predicted, label)
  return result
end

-- A run of a row with such a result, as it is read from result.json.
local function run_of(name, seed, result)
  return {row = name, seed = seed, val = {accuracy = 0}, history = {}, epochs = 1, best_epoch = 1,
    test = {accuracy = result.accuracy, image_accuracy = result.image_accuracy,
      retrieval = result.retrieval},
    samples = assert(vs.io.json_decode(vs.io.json_encode(samples.of(result))))}
end

local function near(want, got)
  assert(math.abs(want - got) < 1e-3, ("%g, expected %g"):format(got, want))
end

describe("what a run keeps of each test sample", function()
  for each = 1, 3, 2 do
    it("gives its figures, with captions an image: " .. each, function()
      local result = evaluated(20, each, 1)
      result.image_right = vs.rand(20):lt(0.5)
      local x, has = samples.mean_per_image{run_of("VSE", 1, result)}
      assert.same({20, #samples.columns}, {x.shape[1], x.shape[2]})
      local sum = {}
      for c, name in ipairs(samples.columns) do
        assert(has[name], name)
        sum[name] = x:select(2, c):sum():item()
      end
      assert.same({20 * each, 20 * each}, {sum.samples, sum.captions})
      near(result.accuracy, 100 * sum.right / sum.samples)
      near(100 * result.image_right:float():mean():item(), 100 * sum.image_right / 20)
      for _, k in ipairs {1, 5, 10} do
        near(result.retrieval.i2t["r" .. k], 100 * sum["i2t" .. k] / 20)
        near(result.retrieval.t2i["r" .. k], 100 * sum["t2i" .. k] / sum.captions)
      end
    end)
  end

  it("leaves out ranks that are not those of the result", function()
    local result = evaluated(20, 1, 1)
    local bank = {v = vs.randn(9, 8), t = vs.randn(9, 8)}
    result.retrieval = metrics.retrieval(result.v, result.t, {bank = bank, beta = 30})
    local ranks = metrics.retrieval_ranks(result.v, result.t, {bank = bank, beta = 30})
    result.ranks = ranks
    assert.same(ranks.i2t:tolist(), samples.of(result).i2t)
    result.ranks = nil
    result.retrieval.i2t.r10 = result.retrieval.i2t.r10 + 1
    assert.is_nil(samples.of(result).i2t)
    assert.equal(20, #samples.of(result).right)
  end)

  it("copes with models without text or classes, and with nothing", function()
    local result = evaluated(12, 1, 2)
    local x, has = samples.mean_per_image{run_of("Baseline", 1, {predicted = result.predicted,
      label = result.label, v = result.v})}
    assert.equal(12, #x)
    assert.same({right = true, samples = true}, has)
    local only = run_of("VSE", 1, {v = result.v, t = result.t, retrieval = result.retrieval})
    x, has = samples.mean_per_image{only}
    assert(has.i2t1 and not has.right and #x == 12)
    assert.is_nil(samples.mean_per_image{{row = "old"}})
    assert.is_nil(samples.mean_per_image{only, {row = "old"}})
    assert.is_nil(samples.mean_per_image{only, run_of("VSE", 2, evaluated(11, 1, 2))})
    assert.is_nil((samples.per_image {}))
  end)

  it("knows the share of the largest class", function()
    assert.equal(75, samples.majority{label = ints {1, 2, 2, 2}})
    assert.is_nil(samples.majority {})
  end)
end)

describe("experiment.compare", function()
  local results
  setup(function()
    results = {}
    for seed = 1, 3 do
      for i, name in ipairs {"VSE", "other"} do
        results[#results + 1] = run_of(name, seed, evaluated(200, 1, 10 * seed + i))
      end
    end
  end)
  teardown(temp.remove)

  it("has intervals around the means, as wide as theory says", function()
    local compared = experiment.compare(results)
    local rows = experiment.summary(results)
    assert.same({"VSE", 2000, 1, 0.95, 200, 3}, {compared.reference, compared.resamples,
      compared.seed, compared.level, compared.images, compared.seeds})
    for i, row in ipairs(compared) do
      assert.equal(rows[i].model, row.model)
      for _, figure in ipairs {"i2t1", "t2i5", "t2i10", "rsum", "test"} do
        local low, high, mean = row[figure .. "_low"], row[figure .. "_high"], rows[i].mean[figure]
        assert(low < mean and mean < high, figure)
        assert(math.abs((low + high) / 2 - mean) < 0.1 * (high - low), figure)
      end
      assert.is_nil(row.image_low)
    end
    -- one run: the normal interval of a share
    local one = experiment.compare({results[1]}, {reference = "VSE"})[1]
    local share = results[1].test.accuracy / 100
    local half = 196 * math.sqrt(share * (1 - share) / 200)
    assert(math.abs((one.test_high - one.test_low) / 2 - half) < 0.1 * half)
    assert.is_nil(one.test_difference)
    local narrow = experiment.compare({results[1]}, {level = 0.5})[1]
    assert(narrow.test_high - narrow.test_low < 0.5 * (one.test_high - one.test_low))
    assert.same(experiment.compare(results), compared)
    assert.are_not.same(experiment.compare(results, {seed = 2})[1].rsum_low, compared[1].rsum_low)
  end)

  it("compares with the reference seed by seed", function()
    local row = experiment.compare(results)[2]
    local a, b = {}, {}
    for _, r in ipairs(results) do
      table.insert(r.row == "VSE" and b or a, r.test.retrieval.rsum)
    end
    local test = experiment.paired_t_test(a, b)
    assert.same({test.mean, test.deviation, test.t, test.p, 3}, {row.rsum_difference,
      row.rsum_difference_deviation, row.rsum_t, row.rsum_p, row.rsum_pairs})
    assert.equal((experiment.sign_flip_test(a, b)), row.rsum_p_sign)
    assert(row.rsum_difference_low < test.mean and test.mean < row.rsum_difference_high)
    local turned = experiment.compare(results, {reference = "other"})
    assert.equal(-test.mean, turned[1].rsum_difference)
    near(-row.rsum_difference_high, turned[1].rsum_difference_low)
    assert.is_nil(turned[2].rsum_difference)
  end)

  it("pairs the seeds that both rows have, and does without samples", function()
    local some = {results[1], results[2], results[4], results[6]}
    local row = experiment.compare(some)[2]
    assert.same({1, nil}, {row.rsum_pairs, row.rsum_p})
    local old = {}
    for i, r in ipairs(results) do
      old[i] = {row = r.row, seed = r.seed, val = r.val, test = r.test, history = {}}
    end
    local compared = experiment.compare(old)
    assert.is_nil(compared[1].rsum_low)
    assert.is_nil(compared.images)
    assert(compared[2].rsum_p and not compared[2].rsum_difference_low)
    local none = experiment.compare{results[2], results[4]}
    assert.is_nil(none.reference)
    assert(none[1].rsum_low and not none[1].rsum_difference)
  end)

  it("checks its arguments", function()
    fails("experiment.compare: reference is 'CIM', expected one of VSE, other", experiment.compare,
      results, {reference = "CIM"})
    fails("resamples is 0, expected", experiment.compare, results, {resamples = 0})
    fails("unknown option 'seeds'", experiment.compare, results, {seeds = 1})
  end)

  it("is part of the table's files", function()
    local folder, print_ = temp.folder(), print
    _G.print = function() end
    local options, sizes = small.options(folder)
    options.rows[1].name = "VSE"
    local made = experiment.run(options)
    _G.print = print_
    local rows, protocol = experiment.write(folder, made, sizes)
    local text = experiment.text(rows, protocol)
    for line in text:gmatch "[^\n]+" do assert(#line <= 100, line) end
    for _, words in ipairs {"^Retrieval\n\nmodel +i2t R@1 ",
      "\n\nmodel +rsum, 95 %% +rsum %- VSE +95 %% +p\n",
      "\nClassification\n\nmodel .-\n\nmodel +test acc, 95 %%", "\nTraining\n\nmodel +best epoch",
      "VSE +[%d.]+ %.%. [%d.]+ +%- ", "two +[%d.]+ %.%. [%d.]+ +[+-][%d.]+ +[+-]"} do
      assert.matches(words, text)
    end
    local joined = text:gsub("(%S)\n(%S)", "%1 %2")
    for _, words in ipairs {"2000 resamples of the 16 test images (seed 1)",
      "paired t-test over 2 seeds (1 degree", "mean difference above 8.98 of its",
      "of 2 seeds cannot have p below 0.5:", "The largest class has 56.2 % of the test samples"} do
      assert(joined:find(words, 1, true), words)
    end
    local csv = vs.io.csv_rows(folder .. "/table.csv")
    near(rows.compared[2].rsum_p, tonumber(csv[2].rsum_p))
    assert.same({"-", "-"}, {csv[1].rsum_p, csv[1].image_low})
    assert(tonumber(csv[1].i2t5_low) <= tonumber(csv[1].i2t5))
    assert(experiment.text(rows, protocol, "latex"):find("rsum - VSE", 1, true))
    rows = experiment.write(folder, made, sizes, {reference = "two"})
    assert.equal("two", rows.compared.reference)
    local shown, notes = experiment.compared(rows)
    assert.equal(2, #shown.rows)
    assert(#notes == 3)
    assert.is_nil(experiment.compared(experiment.summary(made)))
    assert.is_nil(experiment.text(experiment.summary(made), protocol):find("rsum, 95 %", 1, true))
  end)

  it("says what one seed, and many, show", function()
    local function notes_of(list)
      local rows = experiment.summary(list)
      rows.compared = experiment.compare(list, {resamples = 20})
      local shown, notes = experiment.compared(rows)
      return table.concat(notes, "\n"), shown
    end
    local one = notes_of{results[1], results[2]}
    assert.matches("With one seed there is no test over seeds", one, 1, true)
    local many = {}
    for seed = 1, 6 do
      for i, name in ipairs {"VSE", "other"} do
        many[#many + 1] = run_of(name, seed, evaluated(30, 1, 10 * seed + i))
      end
    end
    local text, shown = notes_of(many)
    assert.matches("above 1.05 of its standard deviations. p, sign flips: the exact", text, 1, true)
    local titles = {}
    for i, column in ipairs(shown.columns) do titles[i] = column[2] end
    assert.matches("p|p, sign flips|", table.concat(titles, "|"), 1, true)
  end)
end)
