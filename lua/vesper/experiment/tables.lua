-- The files of a table: the table with protocol and published figures, CSV files, curves.
local comparison = require "vesper.experiment.comparison"
local groups = require "vesper.experiment.groups"
local rows_of = require "vesper.experiment.rows"
local summary = require "vesper.experiment.summary"
local report = require "vesper.report"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local experiment = {}

local WIDTH = 100 -- columns of sentences in a text

local function joined(list) return table.concat(list, ", ") end

-- "12 epochs", or "at most 60 epochs, until ...".
local function length_text(run)
  if not run.patience then return run.epochs .. " epochs" end
  return ("at most %d epochs, until validation has not improved for %d"):format(run.epochs,
    run.patience)
end

-- The distinct values of a field, in order.
local function different(results, key, default)
  local seen, list = {}, {}
  for _, r in ipairs(results) do
    local value = r[key] or default
    if not seen[value] then list[#list + 1], seen[value] = value, true end
  end
  return list
end

--- The protocol of a table as a list of sentences: data, seeds, epochs, choice of the epoch,
-- meaning of the columns.  sizes = {train =, val =, test =}.
function experiment.protocol(results, sizes)
  if check.list("experiment.protocol", "results", results) == 0 then
    check.fail("experiment.protocol", "results is empty, expected at least 1")
  end
  for i, r in ipairs(results) do
    check.fields("experiment.protocol", ("results[%d]"):format(i), r, {test = "table",
      run = "table"})
  end
  check.fields("experiment.protocol", "sizes", sizes, {train = "whole", val = "whole",
    test = "whole"})
  local seeds, threads, retrieval = different(results, "seed"), different(results, "threads"), nil
  for _, r in ipairs(results) do
    retrieval = retrieval or (r.test.retrieval and r.test.retrieval.protocol)
  end
  local run, first = results[1].run, results[1]
  local labels, folds = first.test.accuracy ~= nil, first.test.folds
  local data, file = run.data, ""
  if data then
    file = ("%s (%s%d bytes, checksum %s), "):format(data.name,
      data.files and data.files .. " files, " or "", data.bytes, data.checksum)
  end
  local list = {
    ("Data: %s%d train, %d validation, %d test."):format(file, sizes.train, sizes.val, sizes.test),
    ("Training: seed%s %s; %s%s. The same for every row."):format(#seeds > 1 and "s" or "",
      joined(seeds), length_text(run), next(run.settings) and "; " .. text.settings(run.settings)
      or ""),
    ("Each run uses its best epoch on validation, by %s. Test data is used once, at the end, and "
      .. "for no choice."):format(labels
      and "accuracy; for models with text, by accuracy plus mean recall" or "rsum"),
  }
  for _, note in ipairs(groups.notes(results)) do list[#list + 1] = note end
  if run.tune then
    local parts = {}
    for i, setting in ipairs(run.tune) do parts[i] = text.settings(setting) end
    list[#list + 1] = ("tuned: the setting that was best on validation with seed %s, of: %s.")
      :format(seeds[1], table.concat(parts, "; "))
  end
  if folds then list[#list + 1] = "rsum of parts: " .. folds.protocol .. "." end
  if retrieval then list[#list + 1] = "Retrieval: " .. retrieval .. "." end
  if #seeds > 1 then
    list[#list + 1] = "Figures are means over the seeds, ± the standard deviation (n - 1)."
  end
  local precision = table.concat(different(results, "matmul_precision", "highest"), " or ")
  if precision ~= "highest" then
    list[#list + 1] = ("Matrix products at %s precision."):format(precision)
  end
  list[#list + 1] = ("vesper %s (%s), %s thread%s.")
    :format(first.version, first.isa, table.concat(threads, " or "),
      #threads == 1 and threads[1] == 1 and "" or "s")
  return list
end

--- Published figures shown below a table: {model, val, test} each.
experiment.published = {
  columns = {{"model", "quoted"}, {"val", "val acc"}, {"test", "test acc"}},
  {model = "CIM", val = 91.2, test = 88.8}, {model = "COOT", val = 90.4, test = 88.2},
  {model = "DPM", val = 92.5, test = 90.0},
  note = "Quoted: accuracy on MMFRB, a fashion benchmark that was never published. These figures "
    .. "are for another data set, cannot be reproduced and do not compare with those above.",
}

--- The published figures to show below these rows: nil where no row has an accuracy.
function experiment.quoted(rows)
  check.kind("experiment.quoted", "rows", rows, "list")
  for _, row in ipairs(rows) do
    if row.test ~= nil then return experiment.published end
  end
end

-- report.columns and that of folds.
local function all_columns()
  local columns = {}
  for _, column in ipairs(report.columns) do
    columns[#columns + 1] = column
    if column[1] == "rsum" then columns[#columns + 1] = {"folds", "rsum of parts"} end
  end
  return columns
end

--- The columns of a table for readers: those in which some row has a value.
function experiment.columns(rows)
  check.list("experiment.columns", "rows", rows)
  return rows_of.filled(all_columns(), rows)
end

-- The columns of every figure and its deviation, and of the comparison.
local function csv_columns()
  local columns = {}
  for i, column in ipairs(all_columns()) do
    local name = i == 1 and "model" or column[1]
    columns[#columns + 1] = {column[1], name}
    if i > 1 and column[1] ~= "tuned" then
      columns[#columns + 1] = {column[1] .. "_deviation", name .. "_deviation"}
    end
  end
  columns[#columns + 1] = {"runs", "runs"}
  for _, key in ipairs(comparison.keys()) do columns[#columns + 1] = {key, key} end
  return columns
end

local function csv_rows(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = {model = row.model, runs = row.runs, tuned = row.tuned}
    for _, key in ipairs(comparison.keys()) do
      local value = rows.compared[i][key]
      list[i][key] = value and text.format("%.6g", value)
    end
    for key, value in pairs(row.mean) do
      list[i][key] = text.format("%.6g", value)
      list[i][key .. "_deviation"] = row.deviation[key]
        and text.format("%.6g", row.deviation[key])
    end
  end
  return list
end

--- The comparison below a table: {columns =, rows =} for report.table and a list of sentences; nil
-- for rows that were not compared, or where there is nothing to show.
function experiment.compared(rows)
  check.list("experiment.compared", "rows", rows)
  local shown = rows.compared and comparison.table(rows.compared)
  if not shown then return nil end
  return shown, comparison.notes(rows.compared)
end

-- The table and its comparison in parts that fit a terminal.
local function in_parts(rows, compared)
  local parts = {}
  for _, group in ipairs(groups.split(experiment.columns(rows), rows, {}, compared)) do
    for i, one in ipairs(group.tables) do
      parts[#parts + 1] = (i == 1 and group.title .. "\n\n" or "")
        .. report.table(one.columns, one.rows)
    end
  end
  return parts
end

-- The same as two tables with all columns.
local function as_wholes(rows, compared, format)
  local parts = {report.table(experiment.columns(rows), rows, format)}
  if compared then parts[2] = report.table(compared.columns, compared.rows, format) end
  return parts
end

--- The table, the comparison of rows from experiment.write, the protocol and, below accuracies, the
-- published figures, as text, markdown, latex or html.  As text the columns are divided into
-- retrieval, classification and training, so that the tables fit a terminal.
function experiment.text(rows, protocol, format)
  check.list("experiment.text", "rows", rows)
  check.list("experiment.text", "protocol", protocol)
  for i, sentence in ipairs(protocol) do
    check.kind("experiment.text", ("protocol[%d]"):format(i), sentence, "string")
  end
  local quoted, compared, notes = experiment.quoted(rows), experiment.compared(rows)
  local plain = format == nil or format == "text"
  local parts = plain and in_parts(rows, compared) or as_wholes(rows, compared, format)
  local function add(sentence)
    sentence = plain and text.wrap(sentence, WIDTH, "") or report.escape(sentence, format)
    parts[#parts + 1] = format == "html" and "<p>" .. sentence .. "</p>\n" or sentence .. "\n"
  end
  for _, sentence in ipairs(protocol) do add(sentence) end
  for _, sentence in ipairs(notes or {}) do add(sentence) end
  if quoted then
    parts[#parts + 1] = report.table(quoted.columns, quoted, format)
    add(quoted.note)
  end
  return table.concat(parts, format ~= "html" and "\n" or "")
end

local function runs_csv(results)
  local rows = {}
  for i, result in ipairs(results) do
    rows[i] = summary.figures(result)
    rows[i].seed, rows[i].seconds = result.seed, text.format("%.1f", result.seconds)
  end
  local columns = {{"model", "model"}, {"seed", "seed"}}
  for i, column in ipairs(all_columns()) do
    if i > 1 then columns[i + 1] = {column[1], column[1]} end
  end
  return report.table(columns, rows, "csv")
end

--- Writes table.txt, .md, .csv and .tex, runs.csv (one line per run) and curves.svg into a folder;
-- returns the rows of the summary and the protocol.  given: options of experiment.compare, whose
-- result is the field `compared` of the rows.
function experiment.write(folder, results, sizes, given)
  if check.list("experiment", "results", results) == 0 then
    check.fail("experiment", "results is empty, expected at least 1")
  end
  local rows, protocol = summary.summary(results), experiment.protocol(results, sizes)
  rows.compared = comparison.compare(results, given)
  local function write(name, words) check.done(report.write(folder, name, words)) end
  write("table.txt", experiment.text(rows, protocol))
  write("table.md", experiment.text(rows, protocol, "markdown"))
  write("table.csv", report.table(csv_columns(), csv_rows(rows), "csv"))
  write("table.tex", experiment.text(rows, protocol, "latex"))
  write("runs.csv", runs_csv(results))
  local curves, kind = summary.curves(results)
  check.done(report.curves(folder .. "/curves.svg", curves, {title = "Validation " .. kind,
    x_label = "epoch", y_label = kind == "accuracy" and "percent" or "rsum"}))
  return rows, protocol
end

return experiment
