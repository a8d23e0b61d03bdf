-- The report on a data set of one file or several: what each split holds, and what is wrong in it;
-- see init.lua.
local vs = require "vesper"
local bar = require "vesper.util.bar"
local failure = require "vesper.util.failure"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local dataset = {}

local LISTED = 20 -- faults of one split
local BATCH = 64

-- The names of a file's splits, those that are usual first.  A file that is no data set gives nil
-- and a message.
local function splits_of(path)
  local set, why = vs.data.open(path, "\1")
  if set then return {"\1"} end
  local listed = why:match 'no split ".-"; it has (.*)$'
  if not listed then return nil, why end
  local names, seen = {}, {}
  for name in (listed .. ","):gmatch "([^,]+)," do seen[name:match "^%s*(.-)%s*$"] = true end
  for _, name in ipairs {"train", "val", "test"} do
    if seen[name] then names[#names + 1], seen[name] = name, nil end
  end
  for _, name in ipairs(tables.sorted_keys(seen)) do names[#names + 1] = name end
  return names
end

-- ---- samples ------------------------------------------------------------------------------------

local function add_fault(found, message)
  found.wrong = found.wrong + 1
  if found.wrong <= LISTED then table.insert(found.faults, message) end
end

-- Counts of one batch: labels, words, unknown words, numbers that are none, blank pictures.
local function count(set, batch, found)
  for i, label in ipairs(batch.label and batch.label:tolist() or {}) do
    if not found.seen[batch.image_index[i]:item()] then
      found.labels[label] = (found.labels[label] or 0) + 1
    end
  end
  for i, image in ipairs(batch.image_index:tolist()) do
    local fresh = not found.seen[image]
    found.seen[image] = true
    local picture = fresh and batch.image and batch.image[i]
    if picture and picture:max():item() == picture:min():item() then
      found.blank = found.blank + 1
      found.first_blank = found.first_blank or set:id(batch.index[i]:item()) or image
    end
  end
  for _, name in ipairs {"feature", "regions", "boxes", "landmark"} do
    local x = batch[name]
    local bad = x and x:isfinite():logical_not()
    if bad and bad:any() then
      local row = bad:flatten(2):any(2):long():argmax(1):item()
      add_fault(found, ("%s: %s/%s: image %d has numbers that are NaN or infinite"):format(
        set.path, set.split, name, batch.image_index[row]:item()))
    end
  end
  if batch.lengths then
    for _, n in ipairs(batch.lengths:tolist()) do
      found.words, found.longest = found.words + n, math.max(found.longest, n)
    end
    found.unknown = found.unknown + batch.tokens:eq(2):long():sum():item()
  end
  for i, caption in ipairs(batch.text or {}) do
    found.texts[caption] = true
    if not caption:find "%S" then
      found.empty = found.empty + 1
      found.first_empty = found.first_empty or batch.index[i]:item()
    end
  end
end

-- Reads samples first to last; where the batch fails, one by one.
local function read(set, first, last, found)
  local ok, batch = failure.attempt(set.batch, set, vs.arange(first, last))
  if ok then return count(set, batch, found) end
  for i = first, last do
    local fine, one = failure.attempt(set.batch, set, {i})
    if fine then
      count(set, one, found)
    else
      add_fault(found, one)
    end
  end
end

local function scan(set, o, path)
  local found = {labels = {}, seen = {}, texts = {}, faults = {}, words = 0, longest = 0, empty = 0,
    unknown = 0, blank = 0, wrong = 0}
  local last = o.all and #set or math.min(#set, 4 * BATCH)
  local draw = bar.new(("%s, %s"):format(path:match "[^/]*$", set.split))
  for first = 1, last, BATCH do
    read(set, first, math.min(first + BATCH - 1, last), found)
    draw(math.min(first + BATCH - 1, last), last)
  end
  found.samples = last
  return found
end

-- ---- report -------------------------------------------------------------------------------------

local function fields_of(set)
  local list, one = {}, #set > 0 and select(2, failure.attempt(set.batch, set, {1}))
  for _, name in ipairs(set:fields()) do
    local x = type(one) == "table" and one[name]
    if name ~= "index" and name ~= "image_index" and name ~= "lengths" then
      local shape = vs.is_tensor(x) and x.shape or {}
      table.remove(shape, 1)
      local sized = #shape > 0 and name ~= "tokens"
      list[#list + 1] = name .. (sized and (" %s %s"):format(x.dtype, text.shape(shape)) or "")
    end
  end
  return table.concat(list, ", ")
end

local function class_counts(classes, found)
  local counts = {}
  for label, name in ipairs(classes) do counts[name] = found.labels[label] or 0 end
  return counts
end

local function first_rows(set, o)
  local rows, classes = {}, set:classes()
  for i = 1, math.min(o.rows, #set) do
    local ok, one = failure.attempt(set.batch, set, {i}, 0, {fields = {"label"}})
    local label = ok and one.label and classes[one.label[1]:item()]
    local parts = {set.split .. " " .. i, set:id(i), label or nil, set:text(i)}
    local shown = {}
    for k = 1, 4 do shown[#shown + 1] = parts[k] end
    rows[i] = table.concat(shown, "  ")
  end
  return rows
end

-- Notes on one split.
local function notes_of(set, found, notes)
  local where = set.split .. ": "
  local function note(format, ...) notes[#notes + 1] = where .. format:format(...) end
  if found.blank > 0 then
    note("%d pictures have one colour, the first is %s", found.blank, found.first_blank)
  end
  if found.empty > 0 then
    note("%d captions have no words, the first is sample %d", found.empty, found.first_empty)
  end
  if found.words > 0 and found.unknown > found.words / 5 then
    note("%.0f %% of the words are not in the vocabulary", 100 * found.unknown / found.words)
  end
  for label, name in ipairs(set:classes()) do
    if set.split == "train" and found.samples == #set and not found.labels[label] then
      note("the class '%s' has no images", name)
    end
  end
end

-- Texts of validation and test that occur in training, too.
local function leaks(scans, notes)
  local train = scans.train
  for _, name in ipairs {"val", "test"} do
    local n, same = 0, 0
    for caption in pairs(train and scans[name] and scans[name].texts or {}) do
      n, same = n + 1, same + (train.texts[caption] and 1 or 0)
    end
    if same > 0 then
      notes[#notes + 1] = ("%s: %d of %d different captions occur in train, too"):format(name, same,
        n)
    end
  end
end

local function add_split(report, set, o, scans)
  local found = scan(set, o, set.path)
  scans[set.split] = found
  local facts = report.facts
  local words = found.words > 0 and (", %.1f words on average, at most %d, %.1f %% unknown"):format(
    found.words / found.samples, found.longest, 100 * found.unknown / found.words) or ""
  facts[#facts + 1] = {set.split, ("%d images, %d samples%s"):format(set.images, #set, words)}
  if next(found.labels) then
    facts[#facts + 1] = {set.split .. " classes", class_counts(set:classes(), found)}
  end
  table.move(found.faults, 1, #found.faults, #report.faults + 1, report.faults)
  if found.wrong > LISTED then
    report.faults[#report.faults + 1] = ("%s: %s: %d more"):format(set.path, set.split,
      found.wrong - LISTED)
  end
  notes_of(set, found, report.notes)
  table.move(first_rows(set, o), 1, o.rows, #report.rows + 1, report.rows)
end

--- The report on a data set; o.all: reads every sample.  Nil and a message where it cannot be
-- opened.
function dataset.report(path, o)
  local names, why = splits_of(path)
  if not names then return nil, why end
  local report = {kind = "data set", facts = {}, rows = {}, notes = {}, faults = {}}
  local scans, described, has = {}, false, {}
  for _, name in ipairs(names) do
    local set, broken = vs.data.open(path, name)
    has[name] = true
    if not set then
      report.faults[#report.faults + 1] = broken
    else
      if not described then
        local attrs, facts = set:attrs(), report.facts
        for _, key in ipairs {"name", "source", "licence"} do
          if attrs[key] and attrs[key] ~= "" then facts[#facts + 1] = {key, attrs[key]} end
        end
        if #set:files() > 1 then facts[#facts + 1] = {"files", #set:files()} end
        facts[#facts + 1] = {"fields", fields_of(set)}
        facts[#facts + 1] = {"vocabulary", #set:vocab()}
        facts[#facts + 1] = {"classes", #set:classes()}
        described = true
      end
      add_split(report, set, o, scans)
    end
  end
  for _, name in ipairs {"train", "val", "test"} do
    if not has[name] then table.insert(report.notes, "has no split " .. name) end
  end
  leaks(scans, report.notes)
  return report
end

return dataset
