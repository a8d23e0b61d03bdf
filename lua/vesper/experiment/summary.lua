-- Statistics of runs over seeds: mean and standard deviation, rows of a table, learning curves.
local rows_of = require "vesper.experiment.rows"
local report = require "vesper.report"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local experiment = {}

--- Mean and standard deviation (over n - 1) of a list of numbers; the deviation of one number is
-- nil.
function experiment.mean(list)
  check.list("experiment.mean", "list", list)
  local sum, squares = 0, 0
  for i, x in ipairs(list) do
    check.kind("experiment.mean", ("list[%d]"):format(i), x, "number")
    sum = sum + x
  end
  local mean = sum / #list
  for _, x in ipairs(list) do squares = squares + (x - mean) ^ 2 end
  return mean, #list > 1 and math.sqrt(squares / (#list - 1)) or nil
end

-- The figures shown with their deviation; a CSV file has the deviation of every figure.
local SPREAD = {val = true, test = true, image = true, rsum = true, folds = true,
  own_off = true, own_on = true}

--- The figures of one result by the keys of report.columns.
function experiment.figures(result)
  check.fields("experiment.figures", "result", result, {row = "string", val = "table",
    test = "table"})
  local folds, setting = result.test.folds, result.run and result.run.setting
  return report.row(result.row, result.val, result.test, {folds = folds and folds.rsum,
    tuned = setting and text.settings(setting),
    best_epoch = result.best_epoch, epochs = result.epochs, parameters = result.parameters,
    learning = result.learning, tensors = result.tensors, seconds = result.seconds})
end

-- The figures shown as whole numbers where their mean is one.
local WHOLE = {best_epoch = true, epochs = true, parameters = true, learning = true, tensors = true}

local function shown(key, mean, deviation)
  if key == "seconds" then return math.floor(mean + 0.5) end
  if WHOLE[key] then return math.tointeger(mean) or mean end
  if not (deviation and SPREAD[key]) then return mean end
  return text.format("%.1f ± %.1f", mean, deviation)
end

--- One row for report.table per name in the results, with "mean ± deviation" over its seeds for
-- report.columns; .mean and .deviation have the numbers, .runs the number of runs.
function experiment.summary(results)
  local list, names = rows_of.by_name("experiment.summary", results)
  local rows = {}
  for i, name in ipairs(names) do
    local row = {model = name, runs = #list[name], mean = {}, deviation = {}}
    local values = {}
    for _, result in ipairs(list[name]) do
      local figures = experiment.figures(result)
      row.tuned = figures.tuned
      for key, value in pairs(figures) do
        if type(value) == "number" then
          values[key] = values[key] or {}
          table.insert(values[key], value)
        end
      end
    end
    for key, numbers in pairs(values) do
      row.mean[key], row.deviation[key] = experiment.mean(numbers)
      row[key] = shown(key, row.mean[key], row.deviation[key])
    end
    rows[i] = row
  end
  return rows
end

-- The number of epochs of the longest run.
local function longest(results)
  local most = 0
  for _, result in ipairs(results) do most = math.max(most, #result.history) end
  return most
end

--- Mean validation accuracy, or rsum where there are no labels, over the seeds by epoch, one curve
-- per row, for report.curves; and whether it is "accuracy" or "rsum".  After the end of a run that
-- stopped early its best epoch counts.
function experiment.curves(results)
  local list, names = rows_of.by_name("experiment.curves", results)
  local lines, kind = {}, results[1].history[1].val.accuracy and "accuracy" or "rsum"
  for i, name in ipairs(names) do
    local history = {}
    for epoch = 1, longest(list[name]) do
      local values = {}
      for _, result in ipairs(list[name]) do
        local val = (result.history[epoch] or result.history[result.best_epoch]).val
        values[#values + 1] = kind == "accuracy" and val.accuracy or val.retrieval.rsum
      end
      history[epoch] = {epoch = epoch, mean = (experiment.mean(values))}
    end
    lines[i] = {name = name, history = history, value = function(entry) return entry.mean end}
  end
  return lines, kind
end

return experiment
