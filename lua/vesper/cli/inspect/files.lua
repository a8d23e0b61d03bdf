-- Reports on single files; see init.lua.  A function returns nil and a message where the file is
-- damaged.
local vs = require "vesper"
local dataset = require "vesper.cli.inspect.dataset"
local inputs = require "vesper.cli.inputs"
local failure = require "vesper.util.failure"
local text = require "vesper.util.text"
local tables = require "vesper.util.tables"

local files = {}

-- ---- tensors ------------------------------------------------------------------------------------

--- "min -1.2, mean 0.01, max 3.4" of a tensor of numbers, and how many are NaN or infinite.
function files.range(x)
  if x:numel() == 0 then return "empty", 0 end
  local dtype = x.dtype
  if dtype ~= "float32" then x = x:float() end
  local bad = x:isfinite():logical_not():sum():item()
  if bad > 0 then x = x:masked_select(x:isfinite()) end
  if x:numel() == 0 then return "no finite number", bad end
  return text.format("min %.4g, mean %.4g, max %.4g", x:min():item(), x:mean():item(),
    x:max():item()), bad
end

-- Rows and faults of named tensors.
local function tensors_report(kind, path, tensors, o)
  local report = {kind = kind, facts = {}, rows = {}, notes = {}, faults = {}}
  local names, numbers, bytes, by_type = tables.sorted_keys(tensors), 0, 0, {}
  local width = 0
  for _, name in ipairs(names) do width = math.max(width, #name) end
  for i, name in ipairs(names) do
    local x = tensors[name]
    local range, bad = files.range(x)
    numbers, by_type[x.dtype] = numbers + x:numel(), (by_type[x.dtype] or 0) + x:numel()
    if bad > 0 then
      report.faults[#report.faults + 1] = ("%s: %s: %d of %d numbers are NaN or infinite"):format(
        path, name, bad, x:numel())
    end
    if i <= o.rows then
      report.rows[i] = ("%-" .. math.min(width, 60) .. "s  %s %s  %s"):format(name, x.dtype,
        text.shape(x), range)
    elseif i == o.rows + 1 then
      report.rows[i] = ("... %d more"):format(#names - o.rows)
    end
  end
  local handle <close> = io.open(path, "rb")
  bytes = handle and handle:seek "end" or bytes
  report.facts = {{"tensors", #names}, {"numbers", numbers}, {"by type", by_type},
    {"bytes", bytes}}
  return report
end

function files.safetensors(path, o)
  local tensors, meta = vs.load(path)
  if not tensors then return nil, meta end
  local report = tensors_report("tensors (safetensors)", path, tensors, o)
  for _, key in ipairs(tables.sorted_keys(meta)) do
    local value = meta[key]
    report.facts[#report.facts + 1] = {key, #value > 60 and value:sub(1, 60) .. "..." or value}
  end
  return report
end

function files.pth(path, o)
  local tensors, values = vs.load_pth(path)
  if not tensors then return nil, values end
  local report = tensors_report("tensors (PyTorch)", path, tensors, o)
  report.facts[#report.facts + 1] = {"other values", #tables.sorted_keys(values)}
  return report
end

function files.npy(path)
  local x, why = vs.npy.load(path)
  if not x then return nil, why end
  local range, bad = files.range(x)
  local report = {kind = "array (.npy)", facts = {{"type", x.dtype}, {"shape", text.shape(x)},
    {"values", range}}, rows = {}, notes = {}, faults = {}}
  if x.ndim > 0 and x:numel() > 0 then
    local first = x.ndim > 1 and x[1]:flatten() or x
    local list = first:slice(1, 1, math.min(8, #first)):tolist()
    for i, value in ipairs(list) do list[i] = text.format("%s", value) end
    report.rows[1] = "first row: " .. table.concat(list, ", ") .. (#first > 8 and ", ..." or "")
  end
  if bad > 0 then
    report.faults[1] = ("%s: %d of %d numbers are NaN or infinite"):format(path, bad, x:numel())
  end
  return report
end

-- ---- data sets and other HDF5 files -------------------------------------------------------------

function files.h5(path, o) return dataset.report(path, o) end

-- ---- pictures -----------------------------------------------------------------------------------

function files.picture(path)
  local info, why = vs.image.info(path)
  if not info then return nil, why end
  local picture, broken = vs.image.load(path)
  if not picture then return nil, broken end
  local facts = {{"width", info.width}, {"height", info.height}, {"channels", info.channels}}
  local names = {"red", "green", "blue"}
  for c = 1, 3 do
    facts[#facts + 1] = {names[c], (files.range(picture[c]))}
  end
  local notes = {}
  local turned = vs.image.info(path, {apply_exif_orientation = true})
  if turned and turned.width ~= info.width then
    notes[1] = "its EXIF data says that it is turned; see apply_exif_orientation"
  end
  if picture:max():item() == picture:min():item() then notes[#notes + 1] = "has one colour" end
  return {kind = "picture", facts = facts, rows = {}, notes = notes, faults = {}}
end

-- ---- texts --------------------------------------------------------------------------------------

-- A .txt file without numbers: lines, such as `vesper encode` reads them.
local function plain_text(path, o)
  local lines, why = inputs.lines(path)
  if not lines then return nil, why end
  local empty, first, notes = 0, nil, {}
  for i, line in ipairs(lines) do
    if not line:find "%S" then empty, first = empty + 1, first or i end
  end
  if empty > 0 then notes[1] = ("%d lines are empty, the first is line %d"):format(empty, first) end
  return {kind = "text", facts = {{"lines", #lines}}, rows = {table.unpack(lines, 1,
    math.min(o.rows, #lines))}, notes = notes, faults = {}}
end

function files.vectors(path, o)
  local vectors, why = vs.text.WordVectors(path)
  if not vectors and path:find "%.txt$" and why:find "not word vectors" then
    return plain_text(path, o)
  elseif not vectors then
    return nil, why
  end
  local report = {kind = "word vectors", facts = {{"words", #vectors}, {"numbers", vectors:dim()}},
    rows = {}, notes = {}, faults = {}}
  for _, word in ipairs {"the", "red", "dog"} do
    local near = vectors:has(word) and vectors:nearest(word, 3)
    if near and #report.rows < o.rows then
      for i, one in ipairs(near) do near[i] = text.format("%s %.2f", one.word, one.score) end
      report.rows[#report.rows + 1] = ("%s: %s"):format(word, table.concat(near, ", "))
    end
  end
  return report
end

local function shape_of(value)
  if type(value) ~= "table" then return type(value) end
  local size = #tables.sorted_keys(value)
  local is_list = getmetatable(value) ~= nil or #value > 0
  return ("%s of %d"):format(is_list and "list" or "object", size)
end

function files.json(path, o)
  local value, why = vs.io.json_load(path)
  if value == nil then return nil, why end
  local report = {kind = "JSON", facts = {{"value", shape_of(value)}}, rows = {}, notes = {},
    faults = {}}
  for i, key in ipairs(type(value) == "table" and tables.sorted_keys(value) or {}) do
    if i > o.rows then break end
    local entry = value[key]
    local plain = type(entry) ~= "table" and text.value(entry) or shape_of(entry)
    report.rows[i] = ("%s: %s"):format(key, plain)
  end
  return report
end

function files.csv(path, o)
  local delimiter = path:find "%.tsv$" and "\t" or ","
  local reader, why = vs.io.csv(path, {delimiter = delimiter})
  if not reader then return nil, why end
  local columns, rows, count = reader:columns(), {}, 0
  local ok, failed = failure.attempt(function()
    for row in reader do
      count = count + 1
      if count <= o.rows then
        local cells = {}
        for i, name in ipairs(columns) do cells[i] = tostring(row[name]) end
        rows[count] = table.concat(cells, " | ")
      end
    end
  end)
  if not ok then return nil, failed end
  return {kind = "table (CSV)", facts = {{"columns", table.concat(columns, ", ")},
    {"rows", count}}, rows = rows, notes = {}, faults = {}}
end

return files
