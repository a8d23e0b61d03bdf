-- vesper inspect: what a file or folder holds, and what is wrong with it.
local options = require "vesper.cli.options"

local what = {
  name = "inspect",
  about = "Says what a file or folder holds and what is wrong with it: a data set (every sample is "
    .. "read), .safetensors, .pth, .npy, .json and .csv files, word vectors, pictures, folders of "
    .. "pictures, of models, of checkpoints and of BERTs. It fails if something is wrong.",
  places = {{"files", "files and folders", many = true}},
  options = {{"rows", 3, "how many first rows to print", min = 0},
    {"all", true, "no: reads only the first samples of a data set"}, options.JSON},
  examples = {{"vesper inspect shop.h5", "a data set"}, {"vesper inspect shop.model", "a model"}},
}

local MOST = 12 -- entries of a table

-- "hat 12, cup 8" of {hat = 12, cup = 8}, the largest first
local function shown(value)
  if type(value) ~= "table" then return tostring(value) end
  local names, parts = require "vesper.util.tables".sorted_keys(value), {}
  local place = {}
  for i, name in ipairs(names) do place[name] = i end
  table.sort(names, function(a, b)
    if value[a] ~= value[b] then return value[a] > value[b] end
    return place[a] < place[b]
  end)
  for i = 1, math.min(#names, MOST) do parts[i] = ("%s %s"):format(names[i], value[names[i]]) end
  if #names > MOST then
    parts[MOST + 1] = ("%d more, the smallest %d"):format(#names - MOST, value[names[#names]])
  end
  return table.concat(parts, ", ")
end

local function print_report(path, report)
  local text = require "vesper.util.text"
  print(("%s: %s"):format(path, report.kind))
  local width = 0
  for _, fact in ipairs(report.facts) do width = math.max(width, #fact[1]) end
  for _, fact in ipairs(report.facts) do
    local indent = (" "):rep(width + 4)
    local value = text.wrap(shown(fact[2]), text.columns(100), indent):sub(#indent + 1)
    print(("  %-" .. width .. "s  %s"):format(fact[1], value))
  end
  for _, row in ipairs(report.rows) do print("  | " .. row) end
  for _, note in ipairs(report.notes) do print("  note: " .. note) end
  for _, fault in ipairs(report.faults) do print("  fault: " .. fault) end
end

local function plain(io, path, report)
  local facts = {}
  for _, fact in ipairs(report.facts) do facts[fact[1]] = fact[2] end
  return {path = path, kind = report.kind, facts = facts, rows = io.array(report.rows),
    notes = io.array(report.notes), faults = io.array(report.faults)}
end

function what.run(o)
  local vs = require "vesper"
  local inspect = require "vesper.cli.inspect"
  local failure = require "vesper.util.failure"
  local list, wrong = {}, 0
  for _, path in ipairs(o.files) do
    local called, report, why = failure.attempt(inspect.report, path, o)
    if not called then report, why = nil, ("%s: %s"):format(path, report) end
    if not report and failure.is_interrupt(why) then return nil, why end
    report = report or {kind = "damaged or unknown", facts = {}, rows = {}, notes = {},
      faults = {why}}
    if #report.faults > 0 then wrong = wrong + 1 end
    if o.json then
      list[#list + 1] = plain(vs.io, path, report)
    else
      print_report(path, report)
    end
  end
  if o.json then print(vs.io.json_encode(vs.io.array(list), {indent = 1})) end
  if wrong == 0 then return end
  return nil, ("%d of %d %s faults"):format(wrong, #o.files, wrong == 1 and "has" or "have")
end

return what
