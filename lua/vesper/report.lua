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

local function widths_of(columns, rows)
  local widths = {}
  for c, column in ipairs(columns) do
    widths[c] = #column[2]
    for _, row in ipairs(rows) do widths[c] = math.max(widths[c], #cell(row[column[1]])) end
  end
  return widths
end

local function pad(text, width, left)
  local space = (" "):rep(width - #text)
  return left and text .. space or space .. text
end

--- Rows as aligned text or Markdown.  columns is a list of {key, heading}; the first is set to the
-- left.  format = "text" | "markdown" | "csv".
function report.table(columns, rows, format)
  local lines, widths = {}, widths_of(columns, rows)
  local function line(values, separator)
    local parts = {}
    for c, value in ipairs(values) do
      parts[c] = format == "csv" and value or pad(value, widths[c], c == 1)
    end
    return table.concat(parts, separator)
  end
  local function add(values)
    if format == "csv" then
      for c, value in ipairs(values) do
        if value:find('[",\n]') then values[c] = '"' .. value:gsub('"', '""') .. '"' end
      end
      lines[#lines + 1] = line(values, ",")
    elseif format == "markdown" then
      lines[#lines + 1] = "| " .. line(values, " | ") .. " |"
    else
      lines[#lines + 1] = line(values, "  ")
    end
  end
  local headings, rules = {}, {}
  for c, column in ipairs(columns) do
    headings[c] = column[2]
    rules[c] = ("-"):rep(widths[c] - 1) .. (format == "markdown" and c > 1 and ":" or "-")
  end
  add(headings)
  if format ~= "csv" then add(rules) end
  for _, row in ipairs(rows) do
    local values = {}
    for c, column in ipairs(columns) do values[c] = cell(row[column[1]]) end
    add(values)
  end
  return table.concat(lines, "\n") .. "\n"
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

--- A contact sheet: for each of the captions (positions in the set), the k images whose embeddings
-- are nearest to the caption's; the right one framed.  v, t [N,D] in the order of the set.
function report.retrieved(path, set, v, t, captions, k, options)
  local index = core.tensor(captions, {dtype = "int64"})
  local nearest = metrics.topk(t:index_select(1, index), v, k):tolist()
  local rows = {}
  for i, at in ipairs(captions) do
    local images = {}
    for rank, found in ipairs(nearest[i]) do
      local sample = set[found]
      local label = set:classes()[sample.label]
      images[rank] = {image = sample.image, correct = found == at, label = label}
    end
    rows[i] = {caption = set:text(at), images = images}
  end
  return plot.contact_sheet(path, rows, options)
end

--- Writes text to folder/name, or returns nil and a message.
function report.write(folder, name, text)
  local file, why = io.open(folder .. "/" .. name, "w")
  if not file then return nil, why end
  file:write(text)
  return file:close()
end

return report
