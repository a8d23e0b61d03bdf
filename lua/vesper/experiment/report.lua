-- experiment.report: the HTML page of a table, with figures of single models.
local core = require "vesper.core"
local groups = require "vesper.experiment.groups"
local runs = require "vesper.experiment.runs"
local summary = require "vesper.experiment.summary"
local tables = require "vesper.experiment.tables"
local report = require "vesper.report"
local heat = require "vesper.report.heat"
local maps = require "vesper.report.maps"
local sheet = require "vesper.report.sheet"
local train = require "vesper.train"
local check = require "vesper.util.check"
local options = require "vesper.util.options"

-- ---- figures ------------------------------------------------------------------------------------

-- The model of a row with the best weights of its run.
local function trained(o, row, seed)
  local model = row.make(seed)
  local path = runs.folder(o.folder, row.name, seed) .. "/best.safetensors"
  model:load_state_dict(check.done(core.load(path)))
  return model
end

-- n positions at equal distances over the set.
local function spread(set, n)
  local list = {}
  for i = 1, math.min(n, #set) do list[i] = (i - 1) * (#set // math.min(n, #set)) + 1 end
  return list
end

-- The row with the highest score_of(val) on validation; rows whose score is nil are skipped.
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
  if not result.predicted then return end
  local name = file_name("confusion", row, "svg")
  add_picture(o, section, name, row.name .. " on the test set", report.confusion(
    o.folder .. "/" .. name, result, o.sets.test:classes(), {title = "Confusion: " .. row.name}))
end

-- A sheet of retrieved images, inside the page.
local function add_sheet(section, set, captions, found, words)
  table.insert(section, {sheet = check.done(sheet.rows(set, captions, found)), words = words})
end

local function add_retrieved(o, section, row, result)
  local captions = spread(o.sets.test, o.samples)
  local found = sheet.nearest(result.v, result.t, captions, math.min(8, result.images),
    result.image_of)
  add_sheet(section, o.sets.test, captions, found, row.name .. ": captions of the test set and the "
    .. "nearest test images by cosine; green frame: the caption's own image")
end

local function add_attention(o, section, row, model)
  local features = model.image and model.image.encode_batch -- no grid
  if not (model.attention_map and model.classes) or features then return end
  local rows = maps.rows(o.sets.test, model, spread(o.sets.test, o.samples))
  table.insert(section, {sheet = heat.attention_rows(rows), words = row.name .. ", test images: "
    .. "one picture per word, coloured where the word's weights are large. The scale of each image "
    .. "is from its smallest (white) to its largest weight."})
end

-- The images that category-specific retrieval (DPM) finds for the same captions.
local function add_retrieved_again(o, section, row, model, images)
  local samples, set = spread(o.sets.test, o.samples), o.sets.test
  local asked = set:batch(samples)
  local index = model:index(o.loaders(o.results[1].seed).test)
  local found = model:retrieve({text = asked.text, tokens = asked.tokens, lengths = asked.lengths},
    index, {k = math.min(8, images)}):tolist()
  for _, list in ipairs(index.sample and found or {}) do
    for rank, image in ipairs(list) do list[rank] = index.sample[image] end
  end
  add_sheet(section, set, samples, found, row.name .. ": the same captions, category-specific "
    .. "retrieval: one search for each of the most probable categories, merged by score times "
    .. "probability")
end

local function add_sheets(o, section)
  for _, one in ipairs(o.sheets) do
    local words = {one.title}
    words[#words + 1] = one.words or one.note
    add_sheet(section, o.sets.test, one.captions, one.found, table.concat(words, ": "))
    if one.name then
      check.done(report.found(o.folder .. "/" .. one.name, o.sets.test, one.captions, one.found,
        {title = one.title, note = one.note}))
    end
  end
end

local function pictures(o)
  local seed = o.results[1].seed
  local confusion, retrieval = {title = "Confusion"}, {title = "Retrieved images"}
  local attention = {title = "Attention"}
  local best = best_row(o, seed, train.score)
  local finder = best_row(o, seed, function(val) return val.retrieval and val.retrieval.rsum end)
  for _, row in ipairs(o.rows) do
    if o.by_name[row.name] then
      local model = trained(o, row, seed)
      local by_category = model.retrieve and model.classes
      local finds = row == finder or by_category
      if row == best or finds or row.name == "Baseline" then
        local result = train.evaluate(model, o.loaders(seed).test)
        add_confusion(o, confusion, row, result)
        if finds then add_retrieved(o, retrieval, row, result) end
        if by_category then add_retrieved_again(o, retrieval, row, model, result.images) end
      end
      add_attention(o, attention, row, model)
    end
  end
  add_sheets(o, retrieval)
  return {confusion, retrieval, attention}
end

-- ---- the page -----------------------------------------------------------------------------------

-- The rows' descriptions, where they have one.
local function terms(o)
  local list, done = {}, {}
  for _, result in ipairs(o.results) do done[result.row] = true end
  for _, row in ipairs(o.rows) do
    if row.about and done[row.name] then list[#list + 1] = {row.name, row.about} end
  end
  return list
end

local function page(o, rows, protocol)
  local quoted, list = tables.quoted(rows), terms(o)
  local shown, notes = tables.compared(rows)
  local _, kind = summary.curves(o.results)
  local sections = {}
  local function add(section)
    if #section > 0 then sections[#sections + 1] = section end
  end
  if #list > 0 then add {title = "Rows", {terms = list}} end
  for _, group in ipairs(groups.split(tables.columns(rows), rows, o.results, shown)) do
    local section = {title = group.title, {tables = group.tables}}
    for _, note in ipairs(group.notes) do section[#section + 1] = {text = note} end
    add(section)
  end
  local comparison = {title = "Intervals and tests"}
  for _, note in ipairs(notes or {}) do table.insert(comparison, {text = note}) end
  add(comparison)
  add {title = "Learning curves", {picture = "curves.svg",
    words = ("Validation %s by epoch, mean over the seeds"):format(kind)}}
  for _, section in ipairs(pictures(o)) do add(section) end
  local words = {title = "Protocol"}
  for i, sentence in ipairs(protocol) do words[i] = {text = sentence} end
  add(words)
  if quoted then
    add {title = "Published figures", {table = {columns = quoted.columns, rows = quoted}},
      {text = quoted.note}}
  end
  check.done(report.page(o.folder, "index.html", o.title, sections))
end

local function check_options(o)
  local function fail(...) check.fail("experiment.report", ...) end
  for _, name in ipairs {"folder", "results", "rows", "loaders", "sets"} do
    if o[name] == nil then fail("option %s is missing", name) end
  end
  if #o.results == 0 then fail("results is empty, expected at least 1") end
  for _, name in ipairs {"train", "val", "test"} do
    if not o.sets[name] then fail("sets has no %s, expected {train =, val =, test =}", name) end
  end
end

--- Writes the report of a table into its folder: the files of experiment.write, figures of the
-- models of the first seed, and index.html with all of them.  Options:
--   folder, rows, loaders             the options of experiment.run; a row's `about` says on the
--                                     page what the row is
--   results                           the result of experiment.run
--   sets = {train =, val =, test =}   data sets
--   title = "Table 1"
--   reference = name                  the row that the others are compared with; default VSE
--   samples = 6                       captions per sheet
--   pictures = true                   false: only tables and curves
--   sheets = {{title =, words =, captions = {position, ...}, found = {{position, ...}, ...},
--             name = file, note =}, ...}     further sheets, as for report.found; with a name they
--                                     are also written to this file, .html or .png
-- The models to show are chosen on validation.  Confusion and attention are of models with
-- classes.  Returns the rows and the protocol.
return function(given)
  local o = options.read("experiment.report", given,
    {title = "Table 1", samples = 6, pictures = true, sheets = {}},
    {folder = "string", results = "list", rows = "list", loaders = "function", sets = "table",
     title = "string", reference = "string", samples = "count", pictures = "boolean",
     sheets = "list"})
  check_options(o)
  o.files, o.by_name = {}, {}
  local sizes = {}
  for name, set in pairs(o.sets) do sizes[name] = #set end
  local rows, protocol = tables.write(o.folder, o.results, sizes, {reference = o.reference})
  local done = {}
  for _, result in ipairs(o.results) do done[result.row] = true end
  for _, row in ipairs(o.pictures and o.rows or {}) do
    if done[row.name] and row.make then o.by_name[row.name] = row end
  end
  page(o, rows, protocol)
  return rows, protocol
end
