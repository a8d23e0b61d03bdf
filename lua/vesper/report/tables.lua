-- Tables of rows as text, Markdown, CSV, LaTeX and HTML, and the columns of a comparison of models.
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local report = {}

local function cell(value)
  if value == nil then return "-" end
  if math.type(value) == "float" then return text.format("%.1f", value) end
  return tostring(value)
end

-- Counts characters, not bytes: "±" is one.
local function width_of(s) return utf8.len(s) or #s end

local function widths_of(lines)
  local widths = {}
  for _, line in ipairs(lines) do
    for c, value in ipairs(line) do widths[c] = math.max(widths[c] or 0, width_of(value)) end
  end
  return widths
end

local LATEX = {["\\"] = "\\textbackslash{}", ["{"] = "\\{", ["}"] = "\\}", ["$"] = "\\$",
  ["&"] = "\\&", ["#"] = "\\#", ["%"] = "\\%", ["_"] = "\\_", ["~"] = "\\textasciitilde{}",
  ["^"] = "\\textasciicircum{}", ["<"] = "\\textless{}", [">"] = "\\textgreater{}",
  ["|"] = "\\textbar{}", ["±"] = "$\\pm$"}

local FORMATS = {"text", "markdown", "csv", "latex", "html"}

-- Functions that escape a text for a format.
local escapes = {
  csv = text.csv,
  markdown = function(s) return (s:gsub("[\\|]", "\\%0"):gsub("[\r\n]+", " ")) end,
  latex = function(s) return (s:gsub("[%z\1-\127\194-\244][\128-\191]*", LATEX)) end,
  html = text.html,
  text = function(s) return s end,
}

--- A text escaped for text, markdown, csv, latex or html: "50 %" is "50 \%" in LaTeX.
function report.escape(s, format)
  format = format or "text"
  check.kind("report", "format", format, FORMATS)
  return escapes[format](s)
end

-- Pads the cells of each column to the same width, the first column left-aligned; returns the lines
-- and the widths.
local function aligned(lines, separator)
  local widths, list = widths_of(lines), {}
  for i, line in ipairs(lines) do
    local parts = {}
    for c, value in ipairs(line) do
      local space = (" "):rep(widths[c] - width_of(value))
      parts[c] = c == 1 and value .. space or space .. value
    end
    list[i] = table.concat(parts, separator)
  end
  return list, widths
end

-- lines[1] has the headings.
local layouts = {}

function layouts.text(lines)
  local list, widths = aligned(lines, "  ")
  local rules = {}
  for c, width in ipairs(widths) do rules[c] = ("-"):rep(width) end
  table.insert(list, 2, table.concat(rules, "  "))
  return list
end

function layouts.markdown(lines)
  local list, widths = aligned(lines, " | ")
  local rules = {}
  for c, width in ipairs(widths) do
    rules[c] = c == 1 and ("-"):rep(width) or ("-"):rep(width - 1) .. ":"
  end
  table.insert(list, 2, table.concat(rules, " | "))
  for i, line in ipairs(list) do list[i] = "| " .. line .. " |" end
  return list
end

function layouts.csv(lines)
  local list = {}
  for i, line in ipairs(lines) do list[i] = table.concat(line, ",") end
  return list
end

function layouts.latex(lines)
  local list = aligned(lines, " & ")
  for i, line in ipairs(list) do list[i] = line .. " \\\\" end
  list[1] = list[1] .. " \\hline"
  table.insert(list, 1, ("\\begin{tabular}{l%s} \\hline"):format(("r"):rep(#lines[1] - 1)))
  list[#list] = list[#list] .. " \\hline"
  list[#list + 1] = "\\end{tabular}"
  return list
end

function layouts.html(lines)
  local list = {"<table>"}
  for i, line in ipairs(lines) do
    local tag = i == 1 and "th" or "td"
    list[#list + 1] = ("<tr><%s>%s</%s></tr>"):format(tag,
      table.concat(line, ("</%s><%s>"):format(tag, tag)), tag)
  end
  list[#list + 1] = "</table>"
  return list
end

--- Rows as a table.  columns is a list of {key, heading}; the first is left-aligned.  format =
-- "text" | "markdown" | "csv" | "latex" (a tabular without packages) | "html".
function report.table(columns, rows, format)
  format = format or "text"
  check.list("report.table", "columns", columns)
  check.list("report.table", "rows", rows)
  local lines = {{}}
  for c, column in ipairs(columns) do
    if type(column) ~= "table" or type(column[2]) ~= "string" then
      check.fail("report.table", "column %d is %s, expected {key, heading}", c, text.value(column))
    end
  end
  for c, column in ipairs(columns) do lines[1][c] = report.escape(column[2], format) end
  for i, row in ipairs(rows) do
    local line = {}
    for c, column in ipairs(columns) do line[c] = report.escape(cell(row[column[1]]), format) end
    lines[i + 1] = line
  end
  return table.concat(layouts[format](lines), "\n") .. "\n"
end

--- The columns of a comparison of models: retrieval first, since a label may be stated by the text;
-- report.row fills them.
report.columns = {
  {"model", "model"}, {"i2t1", "i2t R@1"}, {"i2t5", "R@5"}, {"i2t10", "R@10"},
  {"t2i1", "t2i R@1"}, {"t2i5", "R@5"}, {"t2i10", "R@10"}, {"rsum", "rsum"},
  {"val", "val acc"}, {"test", "test acc"}, {"image", "image alone"},
  {"image_shuffled", "image shuffled"}, {"text_shuffled", "text shuffled"},
  {"own_off", "own R@10"}, {"own_on", "by category"}, {"precision_off", "precision"},
  {"precision_on", "by category"}, {"shift", "shift"},
  {"tuned", "tuned"}, {"best_epoch", "best epoch"}, {"epochs", "epochs"},
  {"parameters", "parameters"}, {"learning", "learning"}, {"tensors", "tensors"},
  {"seconds", "seconds"},
}

--- One row from the results of train.evaluate on validation and test; extra fields are added.
function report.row(name, val, test, extra)
  local row = {model = name, val = val.accuracy, test = test.accuracy, image = test.image_accuracy}
  local r = test.retrieval
  if r then
    row.i2t1, row.i2t5, row.i2t10 = r.i2t.r1, r.i2t.r5, r.i2t.r10
    row.t2i1, row.t2i5, row.t2i10 = r.t2i.r1, r.t2i.r5, r.t2i.r10
    row.rsum = r.rsum
  end
  local shuffled, found = test.shuffled or {}, test.categories
  row.image_shuffled, row.text_shuffled = shuffled.image, shuffled.text
  if found then
    row.own_off, row.precision_off = found.off.own, found.off.precision
    row.own_on, row.precision_on, row.shift = found.on.own, found.on.precision, found.shift
  end
  for key, value in pairs(extra or {}) do row[key] = value end
  return row
end

return report
