-- The columns of a table in groups with a title, and sentences on what they mean.
local text = require "vesper.util.text"

local groups = {}

-- The groups of columns, and a sentence on each; needs: the field of a result's test without which
-- the sentence is left out.
local GROUPS = {
  {title = "Retrieval", keys = {"i2t1", "i2t5", "i2t10", "t2i1", "t2i5", "t2i10", "rsum", "folds"},
    compared = {"rsum"}, notes = {{needs = "retrieval",
      "R@k: the percentage of test images (i2t) or texts (t2i) whose own text or image is among "
      .. "the k nearest; rsum: the sum of the six."}}},
  {title = "Classification", keys = {"val", "test", "image", "image_shuffled", "text_shuffled"},
    compared = {"test", "image"}, majority = true, notes = {
      {needs = "accuracy", "val acc, test acc: percent, from image and text (Baseline: from the "
        .. "image). image alone: test accuracy from the image's shared embedding only, by the "
        .. "readout that is better on validation (Baseline: its only accuracy)."},
      {needs = "shuffled", "image shuffled, text shuffled: test accuracy when each sample has the "
        .. "image, or the text, of another one: what the other half alone is worth."}}},
  {title = "Search by category", keys = {"own_off", "own_on", "precision_off", "precision_on",
      "shift"}, compared = {}, notes = {{needs = "categories",
      "own R@10, precision: of the ten images found by a test text, whether its own is among them, "
      .. "and the share of its own image's category by the readout; by category: with DPM's search "
      .. "by categories, whose shift validation chose."}}},
  {title = "Training", keys = {"tuned", "best_epoch", "epochs", "parameters", "learning",
      "tensors", "seconds"}, compared = {}, notes = {{
      "best epoch, epochs: the epoch whose weights are used, and the epochs that were run. "
      .. "parameters, learning, tensors: all parameters, those that are not frozen, and the number "
      .. "of their tensors. seconds: training and validation."}}},
}

-- The accuracy of always naming the largest class, as a sentence; nil without labels.
local function majority_text(results)
  for _, r in ipairs(results) do
    if r.test.majority then
      return text.format("The largest class has %.1f %% of the test samples: the accuracy of "
        .. "always naming it.", r.test.majority)
    end
  end
end

-- The sentences of a group for these results.
local function notes_of(group, results)
  local list = {}
  for _, note in ipairs(group.notes) do
    local any = not note.needs
    for _, r in ipairs(results) do any = any or r.test[note.needs] end
    if any then list[#list + 1] = note[1] end
  end
  if group.majority then list[#list + 1] = majority_text(results) end
  return list
end

--- The sentences of all groups.
function groups.notes(results)
  local list = {}
  for _, group in ipairs(GROUPS) do
    for _, note in ipairs(notes_of(group, results)) do list[#list + 1] = note end
  end
  return list
end

-- The columns of `from` with these keys, and the first one.
local function columns_of(from, keys)
  local wanted, list = {}, {from[1]}
  for _, key in ipairs(keys) do wanted[key] = true end
  for i, column in ipairs(from) do
    if i > 1 and wanted[column[1]] then list[#list + 1] = column end
  end
  return list
end

local ENDINGS = {"", "_difference", "_difference_interval", "_p", "_p_sign"}

-- A table without the rows that have no value in it.
local function table_of(columns, rows)
  local list = {}
  for _, row in ipairs(rows) do
    local any = false
    for i = 2, #columns do any = any or row[columns[i][1]] ~= nil end
    if any then list[#list + 1] = row end
  end
  return {columns = columns, rows = list}
end

-- The part of a comparison for one figure; nil where it has nothing to show.
local function compared_of(shown, figure)
  local keys = {}
  for i, ending in ipairs(ENDINGS) do keys[i] = figure .. ending end
  local columns = columns_of(shown.columns, keys)
  return #columns > 1 and table_of(columns, shown.rows) or nil
end

--- A table in the groups that have a value: a list of {title =, tables = list of {columns =,
-- rows =}, notes = sentences}.  columns: those of the table; shown: a result of comparison.table,
-- or nil.
function groups.split(columns, rows, results, shown)
  local list = {}
  for _, group in ipairs(GROUPS) do
    local its = columns_of(columns, group.keys)
    if #its > 1 then
      local tables = {table_of(its, rows)}
      for _, figure in ipairs(shown and group.compared or {}) do
        tables[#tables + 1] = compared_of(shown, figure)
      end
      list[#list + 1] = {title = group.title, tables = tables, notes = notes_of(group, results)}
    end
  end
  return list
end

return groups
