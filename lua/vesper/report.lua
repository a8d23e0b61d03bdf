-- What is left of an experiment: a table of rows with its protocol, learning curves, and a sheet of
-- the images that sample captions retrieve.
local core = require "vesper.core"
local metrics = require "vesper.metrics"
local plot = require "vesper.plot"

local report = {}

-- ---- tables -------------------------------------------------------------------------------------

local function cell(value)
  if value == nil then return "-" end
  if math.type(value) == "float" then return ("%.1f"):format(value) end
  return tostring(value)
end

-- Letters, not bytes: "±" is one.
local function width_of(text) return utf8.len(text) or #text end

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

local MARKUP = {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;"}

-- How a cell is written so that its format takes it for text.
local escapes = {
  csv = function(text)
    return text:find '[",\r\n]' and '"' .. text:gsub('"', '""') .. '"' or text
  end,
  markdown = function(text) return (text:gsub("[\\|]", "\\%0"):gsub("[\r\n]+", " ")) end,
  latex = function(text) return (text:gsub("[%z\1-\127\194-\244][\128-\191]*", LATEX)) end,
  html = function(text) return (text:gsub('[&<>"]', MARKUP)) end,
  text = function(text) return text end,
}

--- A text as text, markdown, csv, latex or html takes it: "50 %" is "50 \%" in LaTeX.
function report.escape(text, format)
  local escape = escapes[format or "text"]
  if not escape then
    core._raise(("report: format is '%s', expected text, markdown, csv, latex or html"):format(
      tostring(format)))
  end
  return escape(text)
end

-- Cells of one width below each other, the first column to the left; returns the lines.
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

-- lines[1] holds the headings.
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

--- Rows as a table.  columns is a list of {key, heading}; the first is set to the left.  format =
-- "text" | "markdown" | "csv" | "latex" (a tabular, which needs no package) | "html".
function report.table(columns, rows, format)
  format = format or "text"
  local lines = {{}}
  for c, column in ipairs(columns) do lines[1][c] = report.escape(column[2], format) end
  for i, row in ipairs(rows) do
    local line = {}
    for c, column in ipairs(columns) do line[c] = report.escape(cell(row[column[1]]), format) end
    lines[i + 1] = line
  end
  return table.concat(layouts[format](lines), "\n") .. "\n"
end

--- The columns of a comparison of models; report.row fills them.
report.columns = {
  {"model", "model"}, {"val", "val acc"}, {"test", "test acc"}, {"image", "image alone"},
  {"i2t1", "i2t R@1"}, {"i2t5", "R@5"}, {"i2t10", "R@10"},
  {"t2i1", "t2i R@1"}, {"t2i5", "R@5"}, {"t2i10", "R@10"}, {"rsum", "rsum"},
  {"parameters", "parameters"}, {"seconds", "seconds"},
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
  for key, value in pairs(extra or {}) do row[key] = value end
  return row
end

-- ---- pictures -----------------------------------------------------------------------------------

--- Learning curves of several histories (train.fit) as SVG: validation accuracy by epoch.
function report.curves(path, histories, options)
  local series = {}
  for _, h in ipairs(histories) do
    local line = {name = h.name, x = {}, y = {}}
    for i, entry in ipairs(h.history) do line.x[i], line.y[i] = entry.epoch, h.value(entry) end
    series[#series + 1] = line
  end
  return plot.lines(path, series, options)
end

--- A contact sheet: for each of the captions (positions in the set) the images that were found for
-- it, found = {{position, ...}, ...}, best first; its own framed in green.
function report.found(path, set, captions, found, options)
  local classes, rows = set:classes(), {}
  for i, at in ipairs(captions) do
    local images = {}
    for rank, position in ipairs(found[i]) do
      local sample = set[position]
      images[rank] = {image = sample.image, correct = position == at, label = classes[sample.label]}
    end
    rows[i] = {caption = set:text(at), images = images}
  end
  return plot.contact_sheet(path, rows, options)
end

--- The same with the k images whose embeddings are nearest to the caption's.  v, t [N,D] in the
-- order of the set.
function report.retrieved(path, set, v, t, captions, k, options)
  local index = core.tensor(captions, {dtype = "int64"})
  return report.found(path, set, captions,
    metrics.topk(t:index_select(1, index), v, k):tolist(), options)
end

-- The words that the model saw of caption i: the text's own, where they are as many as its tokens.
local function words_of(set, i, tokens)
  local words = core.text.tokenize(set:text(i))
  if #words >= #tokens then return table.move(words, 1, #tokens, 1, {}) end
  local vocab = set:vocab()
  for t, id in ipairs(tokens) do words[t] = vocab[id] end
  return words
end

--- Which word of a caption attends to which part of its image, for samples of a set (positions) and
-- a model with attention_map over a grid (CIM, AttentionPooling).
function report.attention(path, set, model, samples, options)
  local batch, rows, was_training = set:batch(samples), {}, model.training
  model:eval()
  local weights, grid = core.no_grad(function() return model:attention_map(batch) end)
  model:train(was_training)
  for i, at in ipairs(samples) do
    local tokens = batch.tokens[i]:slice(1, 1, batch.lengths[i]:item()):tolist()
    rows[i] = {image = batch.image[i], words = words_of(set, at, tokens), weights = weights[i],
      grid = grid}
  end
  return plot.attention(path, rows, options)
end

--- Which class was taken for which, from what train.evaluate returned.
function report.confusion(path, result, classes, options)
  return plot.confusion(path, metrics.confusion(result.predicted, result.label, #classes), classes,
    options)
end

--- Writes folder/name, an HTML page that needs no network.  sections is a list of {title =, parts
-- ...}; a part is {text = "..."}, {table = {columns =, rows =}} or {picture = path from the folder,
-- words = "..."}.
function report.page(folder, name, title, sections)
  return report.write(folder, name, require "vesper.page".html(title, sections))
end

--- Writes text to folder/name, or returns nil and a message.
function report.write(folder, name, text)
  local file, why = io.open(folder .. "/" .. name, "w")
  if not file then return nil, why end
  file:write(text)
  return file:close()
end

return report
