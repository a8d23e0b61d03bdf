-- Reports on folders: models, checkpoints, BERTs, pictures; see init.lua.
local vs = require "vesper"
local file = require "vesper.util.file"
local files = require "vesper.cli.inspect.files"
local inputs = require "vesper.cli.inputs"
local text = require "vesper.util.text"

local folders = {}

local function new(kind, facts) return {kind = kind, facts = facts, rows = {}, notes = {},
  faults = {}} end

local function some(list, most)
  local shown = table.concat(list, ", ", 1, math.min(#list, most))
  return #list > most and ("%s, ... (%d)"):format(shown, #list) or shown
end

-- Faults: tensors of a module with numbers that are NaN or infinite.
local function check_numbers(path, dict, report)
  for name, x in pairs(dict) do
    local _, bad = files.range(x)
    if bad > 0 then
      table.insert(report.faults, ("%s: %s: %d of %d numbers are NaN or infinite"):format(path,
        name, bad, x:numel()))
    end
  end
  table.sort(report.faults)
end

local function of_model(path)
  local model, why = vs.models.load(path)
  if not model then return nil, why end
  local about = model.about or {}
  local report = new("model", {{"class", getmetatable(model).__name},
    {"parameters", model:num_parameters()}, {"width", model.width or "-"}})
  local facts = report.facts
  if about.image_size then facts[#facts + 1] = {"pictures", table.concat(about.image_size, "x")} end
  if about.vocab then facts[#facts + 1] = {"vocabulary", #about.vocab} end
  if model.class_names then facts[#facts + 1] = {"classes", some(model.class_names, 8)} end
  for _, name in ipairs {"max_words", "licence", "source"} do
    if about[name] then facts[#facts + 1] = {name:gsub("_", " "), about[name]} end
  end
  if model.encode_images and not about.image_size then
    report.notes[1] = "the size of its pictures is unknown, so it cannot encode files; see describe"
  end
  if model.encode_texts and not about.vocab then
    table.insert(report.notes, "its vocabulary is unknown, so it cannot encode texts; see describe")
  end
  check_numbers(path, model:state_dict(), report)
  return report
end

local function of_checkpoint(path)
  local found, why = vs.checkpoint.load(path)
  if not found then return nil, why end
  local report = new("checkpoint", {{"epoch", found.epoch or "-"}, {"best", found.best or "-"}})
  local history = type(found.extra) == "table" and found.extra.history
  for i, entry in ipairs(type(history) == "table" and history or {}) do
    if type(entry) == "table" and type(entry.loss) == "number" then
      report.rows[i] = text.format("epoch %d  loss %.4f  score %.2f", i, entry.loss,
        entry.score or 0 / 0)
    end
  end
  local weights = vs.load(vs._folder_current(path) .. "/weights.safetensors")
  if weights then check_numbers(path, weights, report) end
  return report
end

local function of_bert(path)
  local bert, why = vs.models.BERT.from_pretrained(path)
  if not bert then return nil, why end
  return new("BERT", {{"parameters", bert:num_parameters()}, {"layers", #bert.encoder.layer}})
end

local function of_pictures(path, o)
  local list, why = inputs.pictures {path}
  if not list then return nil, why end
  local report, sizes, one = new("pictures", {}), 0, {}
  local draw = require "vesper.util.bar".new "pictures"
  for i, name in ipairs(list) do
    local info, broken = vs.image.info(name)
    local picture = info and o.all and not vs.image.load(name)
    if picture then broken = select(2, vs.image.load(name)) end
    if broken then
      table.insert(report.faults, broken)
    else
      local size = ("%dx%d"):format(info.width, info.height)
      if not one[size] then sizes = sizes + 1 end
      one[size] = (one[size] or 0) + 1
    end
    if i <= o.rows then report.rows[i] = name end
    draw(i, #list)
  end
  report.facts = {{"pictures", #list}, {"sizes", sizes <= 6 and one or sizes .. " different"}}
  return report
end

--- The report on a folder.
function folders.report(path, o)
  local at = vs._folder_current(file.folder("inspect", path)) or path
  if file.exists(at .. "/model.json") then return of_model(path) end
  if file.exists(at .. "/state.json") then return of_checkpoint(path) end
  if file.exists(path .. "/config.json") then return of_bert(path) end
  return of_pictures(path, o)
end

return folders
