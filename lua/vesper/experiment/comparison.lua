-- The rows of a table compared: bootstrap intervals of their figures, and differences from a
-- reference row with paired tests over the seeds.
local rows_of = require "vesper.experiment.rows"
local samples = require "vesper.experiment.samples"
local statistics = require "vesper.experiment.statistics"
local summary = require "vesper.experiment.summary"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local comparison = {}

-- The figures with an interval, in the order of the columns.
local FIGURES = {"i2t1", "i2t5", "i2t10", "t2i1", "t2i5", "t2i10", "rsum", "test", "image"}
-- Those that are compared with the reference.
local COMPARED = {"rsum", "test", "image"}

local SHARES = {test = {"right", "samples"}, image = {"image_right"}, t2i1 = {"t2i1", "captions"},
  t2i5 = {"t2i5", "captions"}, t2i10 = {"t2i10", "captions"}, i2t1 = {"i2t1"}, i2t5 = {"i2t5"},
  i2t10 = {"i2t10"}}
local SIX = {"i2t1", "i2t5", "i2t10", "t2i1", "t2i5", "t2i10"}

-- ---- bootstrap ----------------------------------------------------------------------------------

-- {figure = tensor [resamples]} of the mean over a row's runs; nil without samples.  images: the
-- number of images of the rows so far.
local function resampled(results, o)
  local x, has = samples.mean_per_image(results)
  if not x then return nil end
  local sums, at = statistics.bootstrap(x, {resamples = o.resamples, seed = o.seed}), {}
  for c, name in ipairs(samples.columns) do at[name] = has[name] and sums:select(2, c) end
  local found, rsum = {images = #x}, nil
  for figure, parts in pairs(SHARES) do
    local part, of = at[parts[1]], parts[2] and at[parts[2]]
    if part then found[figure] = part * 100 / (of or #x) end
  end
  for _, figure in ipairs(SIX) do
    local one = found[figure]
    rsum = one and (rsum and rsum + one or one)
  end
  found.rsum = rsum
  return found
end

local function add_interval(row, figure, values, level)
  row[figure .. "_low"], row[figure .. "_high"] = statistics.interval(values:tolist(), level)
end

-- ---- differences --------------------------------------------------------------------------------

-- The values of a figure of two rows for the seeds that both have.
local function paired(results, others, figure)
  local of, a, b = {}, {}, {}
  for i, result in ipairs(results) do
    check.fields("experiment.compare", ("results[%d]"):format(i), result, {seed = "integer"})
  end
  for i, result in ipairs(others) do
    check.fields("experiment.compare", ("results[%d]"):format(i), result, {seed = "integer"})
  end
  for _, result in ipairs(others) do of[result.seed] = summary.figures(result)[figure] end
  for _, result in ipairs(results) do
    local value = summary.figures(result)[figure]
    if value and of[result.seed] then a[#a + 1], b[#b + 1] = value, of[result.seed] end
    of[result.seed] = nil -- a seed counts once
  end
  return a, b
end

local function add_difference(row, figure, results, others)
  local a, b = paired(results, others, figure)
  if #a == 0 then return end
  local test, name = statistics.paired_t_test(a, b), figure .. "_difference"
  row[name], row[name .. "_deviation"] = test.mean, test.deviation
  row[figure .. "_pairs"], row[figure .. "_t"], row[figure .. "_p"] = #a, test.t, test.p
  if #a > 1 and #a <= 20 then row[figure .. "_p_sign"] = statistics.sign_flip_test(a, b) end
end

--- Compares the rows of a table.  Returns a list with one entry per row: {model = name, and for the
-- figures f of report.columns
--   f_low, f_high           f = i2t1 ... rsum, test, image: a bootstrap interval of the mean over
--                           the seeds.  The images of the test set are resampled; the captions of
--                           an image stay with it.  Absent for results that kept no samples
--   f_difference            f = rsum, test, image: the mean difference from the reference row over
--                           the f_pairs seeds that both rows have, and f_difference_deviation
--   f_difference_low, _high its bootstrap interval, from the same resamples of both rows
--   f_t, f_p                the paired t-test over the seeds
--   f_p_sign                p of the exact sign-flip test over the seeds}
-- Fields of the list: reference (its name or nil), resamples, seed, level, images, seeds.  Options:
--   reference = "VSE"       a row's name; default: VSE, if there is such a row
--   resamples = 2000, seed = 1, level = 0.95
function comparison.compare(results, given)
  local what = "experiment.compare"
  local o = options.read(what, given, {resamples = 2000, seed = 1, level = 0.95},
    {reference = "string", resamples = "count", seed = "integer", level = "probability"})
  local list, names = rows_of.by_name(what, results)
  if o.reference and not list[o.reference] then
    check.fail(what, "reference is '%s', expected one of %s", o.reference,
      table.concat(names, ", "))
  end
  local reference = o.reference or list.VSE and "VSE" or nil
  local base = reference and resampled(list[reference], o)
  local rows = {reference = reference, resamples = o.resamples, seed = o.seed, level = o.level,
    seeds = 0}
  for i, name in ipairs(names) do
    local row, own = {model = name}, name == reference and base or resampled(list[name], o)
    rows[i], rows.images = row, rows.images or own and own.images
    for _, figure in ipairs(own and FIGURES or {}) do
      if own[figure] then add_interval(row, figure, own[figure], o.level) end
    end
    for _, figure in ipairs(name ~= reference and reference and COMPARED or {}) do
      add_difference(row, figure, list[name], list[reference])
      rows.seeds = math.max(rows.seeds, row[figure .. "_pairs"] or 0)
      local both = own and base and own.images == base.images and own[figure] and base[figure]
      if both then
        add_interval(row, figure .. "_difference", own[figure] - base[figure], o.level)
      end
    end
  end
  return rows
end

-- ---- for readers --------------------------------------------------------------------------------

local NAMES = {rsum = "rsum", test = "test acc", image = "image alone"}

local function interval_text(row, name, sign)
  local low, high = row[name .. "_low"], row[name .. "_high"]
  local form = sign and "%+.1f .. %+.1f" or "%.1f .. %.1f"
  return low and text.format(form, low, high)
end

--- The keys of a comparison for CSV files, in order.
function comparison.keys()
  local keys = {}
  for _, figure in ipairs(FIGURES) do
    table.move({figure .. "_low", figure .. "_high"}, 1, 2, #keys + 1, keys)
  end
  for _, figure in ipairs(COMPARED) do
    for _, key in ipairs {"difference", "difference_deviation", "difference_low",
      "difference_high", "pairs", "t", "p", "p_sign"} do
      keys[#keys + 1] = figure .. "_" .. key
    end
  end
  return keys
end

local function p_text(p)
  if not p then return nil end
  return p < 0.001 and "<0.001" or text.format("%.3f", p)
end

--- A comparison as rows and columns for report.table; nil if it has nothing to show.
function comparison.table(compared)
  local percent = text.format("%g %%", 100 * compared.level)
  local columns, rows = {{"model", "model"}}, {}
  local function add(key, title) columns[#columns + 1] = {key, title} end
  for _, figure in ipairs(COMPARED) do
    local name = NAMES[figure]
    add(figure, name .. ", " .. percent)
    add(figure .. "_difference", ("%s - %s"):format(name, compared.reference))
    add(figure .. "_difference_interval", percent)
    add(figure .. "_p", "p")
    if compared.seeds >= 6 then add(figure .. "_p_sign", "p, sign flips") end
  end
  for i, row in ipairs(compared) do
    local shown = {model = row.model}
    for _, figure in ipairs(COMPARED) do
      local difference = row[figure .. "_difference"]
      shown[figure] = interval_text(row, figure)
      shown[figure .. "_difference"] = difference and text.format("%+.1f", difference)
      shown[figure .. "_difference_interval"] = interval_text(row, figure .. "_difference", true)
      shown[figure .. "_p"] = p_text(row[figure .. "_p"])
      shown[figure .. "_p_sign"] = p_text(row[figure .. "_p_sign"])
    end
    rows[i] = shown
  end
  columns = rows_of.filled(columns, rows)
  return #columns > 1 and {columns = columns, rows = rows} or nil
end

-- What n seeds can show.
local function power_text(n)
  local least = statistics.critical_t(n - 1, 0.05) / math.sqrt(n)
  local words = text.format("p: paired t-test over %d seeds (%d degree%s of freedom), which takes "
    .. "the differences to be normal; p < 0.05 needs a mean difference above %.2f of its standard "
    .. "deviations. ", n, n - 1, n == 2 and "" or "s", least)
  if n < 6 then
    words = words .. text.format("An exact sign-flip test of %d seeds cannot have p below %.3g: "
      .. "with so few seeds no test without this assumption can show a difference at 5 %%. ", n,
      2 / (1 << n))
  else
    words = words .. "p, sign flips: the exact permutation test of the signs of these differences. "
  end
  return words .. "p is not corrected for the number of rows."
end

--- Sentences on the meaning of a comparison's table.
function comparison.notes(compared)
  local list, any = {}, false
  local percent = text.format("%g %%", 100 * compared.level)
  for _, row in ipairs(compared) do any = any or row.rsum_low or row.test_low end
  if any then
    list[1] = ("%s: percentile bootstrap over %d resamples of the %d test images (seed %d); the "
      .. "captions of an image stay with it, the gallery is the whole test set. It says how far "
      .. "the mean over the seeds depends on the choice of test images, not on the training.")
      :format(percent, compared.resamples, compared.images, compared.seed)
  end
  if compared.reference and compared.seeds > 0 then
    list[#list + 1] = ("- %s: mean difference from this row over the seeds%s."):format(
      compared.reference, any and "; its interval is from the same resamples of both rows" or "")
  end
  if compared.seeds > 1 then
    list[#list + 1] = power_text(compared.seeds)
  elseif compared.reference and compared.seeds == 1 then
    list[#list + 1] = "With one seed there is no test over seeds: how much a figure depends on the "
      .. "seed is not known."
  end
  return list
end

return comparison
