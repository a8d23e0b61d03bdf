-- What is left of a table of experiments (experiment.lua): tables with their protocol, curves,
-- pictures of single models, and one page that shows all.
local core = require "vesper.core"
local report = require "vesper.report"
local train = require "vesper.train"

local experiment -- the module that these functions join

local written = {}

-- ---- words and tables ---------------------------------------------------------------------------

local function joined(list) return table.concat(list, ", ") end

local function settings_text(settings)
  local parts = {}
  for key, value in pairs(settings) do
    local text = type(value) == "string" and value or core.io.json_encode(value)
    parts[#parts + 1] = key:gsub("_", " ") .. " " .. text
  end
  table.sort(parts)
  return joined(parts)
end

-- The values of a field, each once, as they come.
local function different(results, key, default)
  local seen, list = {}, {}
  for _, r in ipairs(results) do
    local value = r[key] or default
    if not seen[value] then list[#list + 1], seen[value] = value, true end
  end
  return list
end

--- The protocol of a table in words, a list of sentences: data, seeds, epochs, how an epoch was
-- chosen, what the columns mean.  sizes = {train =, val =, test =}.
function written.protocol(results, sizes)
  local seeds, threads, retrieval = different(results, "seed"), different(results, "threads"), nil
  for _, r in ipairs(results) do
    retrieval = retrieval or (r.test.retrieval and r.test.retrieval.protocol)
  end
  local run, first = results[1].run, results[1]
  local data, file = run.data, ""
  if data then
    file = ("%s (%d bytes, checksum %s), "):format(data.name, data.bytes, data.checksum)
  end
  local list = {
    ("Data: %s%d train, %d validation, %d test."):format(file, sizes.train, sizes.val, sizes.test),
    ("Training: seed%s %s; %d epochs%s. The same for every row."):format(#seeds > 1 and "s" or "",
      joined(seeds), run.epochs, next(run.settings) and "; " .. settings_text(run.settings) or ""),
    "Of each run the epoch is taken that is best on validation by accuracy, and for models of text "
      .. "the mean recall beside it. Test data is looked at once, at the end, and chooses nothing.",
    "val acc, test acc: percent, from image and text (Baseline: from the image). image alone: test "
      .. "accuracy from the shared embedding of the image alone, by cosine to class prototypes "
      .. "(Baseline: its only accuracy). R@k and rsum: retrieval on the test set.",
  }
  if retrieval then list[#list + 1] = "Retrieval: " .. retrieval .. "." end
  if #seeds > 1 then
    list[#list + 1] = "Figures are means over the seeds, ± the deviation (n - 1)."
  end
  local precision = table.concat(different(results, "matmul_precision", "highest"), " or ")
  if precision ~= "highest" then
    list[#list + 1] = ("Matrix products at %s precision."):format(precision)
  end
  list[#list + 1] = ("vesper %s (%s), %s thread%s; seconds are those of training and validation.")
    :format(first.version, first.isa, table.concat(threads, " or "),
      #threads == 1 and threads[1] == 1 and "" or "s")
  return list
end

--- Published figures that stand beside a table as what they are: {model, val, test} each.
written.published = {
  {model = "CIM", val = 91.2, test = 88.8}, {model = "COOT", val = 90.4, test = 88.2},
  {model = "DPM", val = 92.5, test = 90.0},
  note = "Quoted: accuracy on MMFRB, a fashion benchmark that was never published. Another data "
    .. "set's figures, which nobody can reproduce, and not to be compared with those above.",
}

-- Every figure with its deviation, for programs.
local function csv_columns()
  local columns = {}
  for i, column in ipairs(report.columns) do
    local name = i == 1 and "model" or column[1]
    columns[#columns + 1] = {column[1], name}
    if i > 1 then columns[#columns + 1] = {column[1] .. "_deviation", name .. "_deviation"} end
  end
  columns[#columns + 1] = {"runs", "runs"}
  return columns
end

local function csv_rows(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = {model = row.model, runs = row.runs}
    for key, value in pairs(row.mean) do
      list[i][key] = ("%.6g"):format(value)
      list[i][key .. "_deviation"] = row.deviation[key] and ("%.6g"):format(row.deviation[key])
    end
  end
  return list
end

local QUOTED = {{"model", "quoted"}, {"val", "val acc"}, {"test", "test acc"}}

--- The table with its protocol and the published figures below it, as report.table's text,
-- markdown, latex or html.
function written.text(rows, protocol, format)
  local quoted, parts = written.published, {report.table(report.columns, rows, format)}
  local function add(sentence)
    sentence = report.escape(sentence, format)
    parts[#parts + 1] = format == "html" and "<p>" .. sentence .. "</p>\n" or sentence .. "\n"
  end
  for _, sentence in ipairs(protocol) do add(sentence) end
  parts[#parts + 1] = report.table(QUOTED, quoted, format)
  add(quoted.note)
  return table.concat(parts, format ~= "html" and "\n" or "")
end

local function runs_csv(results)
  local rows = {}
  for i, result in ipairs(results) do
    rows[i] = experiment.figures(result)
    rows[i].seed, rows[i].best_epoch = result.seed, result.best_epoch
    rows[i].seconds = ("%.1f"):format(result.seconds)
  end
  local columns = {{"model", "model"}, {"seed", "seed"}, {"best_epoch", "best_epoch"}}
  for i = 2, #report.columns do columns[i + 2] = {report.columns[i][1], report.columns[i][1]} end
  return report.table(columns, rows, "csv")
end

--- Writes table.txt, .md, .csv and .tex, runs.csv (a line a run) and curves.svg into a folder;
-- returns the rows of the summary and the protocol.
function written.write(folder, results, sizes)
  if #results == 0 then core._raise "experiment: there are no results" end
  local rows, protocol = experiment.summary(results), written.protocol(results, sizes)
  local function write(name, text) assert(report.write(folder, name, text)) end
  write("table.txt", written.text(rows, protocol))
  write("table.md", written.text(rows, protocol, "markdown"))
  write("table.csv", report.table(csv_columns(), csv_rows(rows), "csv"))
  write("table.tex", written.text(rows, protocol, "latex"))
  write("runs.csv", runs_csv(results))
  assert(report.curves(folder .. "/curves.svg", experiment.curves(results),
    {title = "Validation accuracy", x_label = "epoch", y_label = "percent"}))
  return rows, protocol
end

-- ---- pictures -----------------------------------------------------------------------------------

-- The model of a row with the weights that its run has left.
local function trained(o, row, seed)
  local model = row.make(seed)
  local path = experiment.folder(o.folder, row.name, seed) .. "/best.safetensors"
  model:load_state_dict(assert(core.load(path)))
  return model
end

-- Positions spread over the set.
local function spread(set, n)
  local list = {}
  for i = 1, math.min(n, #set) do list[i] = (i - 1) * (#set // math.min(n, #set)) + 1 end
  return list
end

-- The row whose validation result has the highest score(val); nil: it is none.
local function best_row(o, seed, score_of)
  local best, most
  for _, result in ipairs(o.results) do
    local row, score = o.by_name[result.row], score_of(result.val)
    if row and result.seed == seed and score and (not most or score > most) then
      best, most = row, score
    end
  end
  return best
end

local function add_picture(o, section, name, words, ok, why)
  if not ok then error(why, 0) end
  table.insert(section, {picture = name, words = words})
  o.files[#o.files + 1] = name
end

local function file_name(what, row, ending)
  return ("%s-%s.%s"):format(what, row.name:gsub("[^%w_.-]", "_"), ending)
end

local function add_confusion(o, section, row, result)
  local name = file_name("confusion", row, "svg")
  add_picture(o, section, name, row.name .. " on the test set", report.confusion(
    o.folder .. "/" .. name, result, o.sets.test:classes(), {title = "Confusion: " .. row.name}))
end

local function add_retrieved(o, section, row, result)
  local name = file_name("retrieved", row, "png")
  local words = "Captions of the test set and what is nearest to them: " .. row.name
  add_picture(o, section, name, words,
    report.retrieved(o.folder .. "/" .. name, o.sets.test, result.v, result.t,
      spread(o.sets.test, o.samples), math.min(8, #o.sets.test),
      {title = row.name .. ": captions and what they find",
        note = "Nearest test images by cosine; green frame: the caption's own"}))
end

local function add_attention(o, section, row, model)
  if not model.attention_map or model.image.encode_batch then return end -- features: no grid
  local name = file_name("attention", row, "png")
  add_picture(o, section, name, row.name .. ", test pictures", report.attention(
    o.folder .. "/" .. name, o.sets.test, model, spread(o.sets.test, o.samples),
    {title = row.name .. ": where words look",
      note = "One panel a word; the scale runs from the smallest (white) to the largest weight of "
        .. "each picture."}))
end

-- What category-specific retrieval (DPM) makes of the same captions.
local function add_retrieved_again(o, section, row, model)
  if not model.retrieve then return end
  local samples, set = spread(o.sets.test, o.samples), o.sets.test
  local asked, name = set:batch(samples), file_name("categories", row, "png")
  local index = model:index(o.loaders(o.results[1].seed).test)
  local found = model:retrieve({text = asked.text, tokens = asked.tokens, lengths = asked.lengths},
    index, {k = math.min(8, #set)})
  add_picture(o, section, name, "The same after the post-processing by categories: " .. row.name,
    report.found(o.folder .. "/" .. name, set, samples, found:tolist(),
      {title = row.name .. ": the same by categories",
        note = "Asked once for each of the most probable categories, merged by score times "
          .. "probability; green frame: the caption's own"}))
end

local function add_sheets(o, section)
  for _, sheet in ipairs(o.sheets) do
    add_picture(o, section, sheet.name, sheet.words or sheet.name, report.found(
      o.folder .. "/" .. sheet.name, o.sets.test, sheet.captions, sheet.found,
      {title = sheet.title, note = sheet.note}))
  end
end

local function pictures(o)
  local seed = o.results[1].seed
  local confusion, retrieval = {title = "Confusion"}, {title = "Retrieval"}
  local attention = {title = "Attention"}
  local best = best_row(o, seed, train.score)
  local finder = best_row(o, seed, function(val) return val.retrieval and val.retrieval.rsum end)
  for _, row in ipairs(o.rows) do
    if o.by_name[row.name] then
      local model = trained(o, row, seed)
      local finds = row == finder or model.retrieve
      if row == best or finds or row.name == "Baseline" then
        local result = train.evaluate(model, o.loaders(seed).test)
        add_confusion(o, confusion, row, result)
        if finds then add_retrieved(o, retrieval, row, result) end
        add_retrieved_again(o, retrieval, row, model)
      end
      add_attention(o, attention, row, model)
    end
  end
  add_sheets(o, retrieval)
  return {confusion, retrieval, attention}
end

-- ---- the page -----------------------------------------------------------------------------------

local function page(o, rows, protocol)
  local words = {title = "Protocol"}
  for i, sentence in ipairs(protocol) do words[i] = {text = sentence} end
  local sections = {
    {title = "Results", {table = {columns = report.columns, rows = rows}},
      {table = {columns = QUOTED, rows = written.published}}, {text = written.published.note}},
    words, {title = "Learning curves", {picture = "curves.svg",
      words = "Accuracy on validation by epoch, mean over the seeds"}},
  }
  for _, section in ipairs(pictures(o)) do
    if #section > 0 then sections[#sections + 1] = section end
  end
  assert(report.page(o.folder, "index.html", o.title, sections))
end

--- The report of a table in its folder: what experiment.write leaves, pictures of models of the
-- first seed, and index.html with all of it.  Options:
--   folder, results, rows, loaders    as experiment.run took and gave them
--   sets = {train =, val =, test =}   data sets
--   title = "Table 1", samples = 6    captions in a sheet
--   pictures = true                   false: tables and curves alone
--   sheets = {{name = file.png, title =, note =, words =, captions = {position, ...}, found =
--             {{position, ...}, ...}}, ...}     further sheets of what was found for captions
-- Which models are shown is decided on validation.  Returns the rows and the protocol.
function written.report(options)
  local o = {title = "Table 1", samples = 6, pictures = true, sheets = {}, files = {}, by_name = {}}
  for key, value in pairs(options) do o[key] = value end
  local sizes = {}
  for name, set in pairs(o.sets) do sizes[name] = #set end
  local rows, protocol = written.write(o.folder, o.results, sizes)
  local done = {}
  for _, result in ipairs(o.results) do done[result.row] = true end
  for _, row in ipairs(o.pictures and o.rows or {}) do
    if done[row.name] and row.make then o.by_name[row.name] = row end
  end
  page(o, rows, protocol)
  return rows, protocol
end

return function(joined_to)
  experiment = joined_to
  return written
end
