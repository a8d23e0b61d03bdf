-- Fuzz target: HDF5 files.  All that a script asks of a data set: batches in every way of taking
-- captions, texts, words, vectors, attributes.  The same of the file and a copy of it as one set,
-- and of a seed with the file behind it.  Of any file: rows by name.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local path, copy = (...) .. "/x.h5", (...) .. "/y.h5"
local SEED = "spec/fuzz/seeds/h5/plain"

-- Some batches of a loader.
local function load_batches(set, options)
  local loader = support.try(vs.data.Loader, set, options)
  if not loader then return end
  support.try(function()
    for batch in loader do
      for _, value in pairs(batch) do
        if vs.is_tensor(value) then support.read(value) end
      end
      if loader:state().batch == 4 then break end
    end
  end)
  loader:close()
end

local function use(set)
  set:classes()
  set:attrs()
  local words = set:vocab()
  if words then support.try(vs.text.Vocab.new, words) end
  local vectors = set:vectors()
  if vectors then support.read(vectors) end
  for i = 1, math.min(#set, 4) do
    set:captions(i)
    set:text(i)
    set:id(i)
    support.try(set.batch, set, {i, -i})
  end
  load_batches(set, {batch_size = 3, shuffle = true, seed = 2, flip = 0.5})
end

-- The input as one of two files.
local function join(bytes)
  support.write(copy, bytes)
  for _, list in ipairs {{path, copy}, {SEED, path}} do
    local set <close> = support.try(vs.data.open, list, "train", {captions = "random"})
    if set then
      use(set)
      load_batches(set, {batch_size = 3, shuffle = true, chunks = 2, seed = 2})
    end
  end
  os.remove(copy)
end

-- Names in spec/fuzz/seeds/h5.
local NAMES = {"train/image", "train/label", "train/caption/tokens", "vocab/words", "val/label",
  "rows", "nothing", "packed", "ids", "number", "half", "yes", "word", "bytes", "flags", "large"}

-- Rows of any file; whether libhdf5 broke on it.
local function read_rows()
  local file, why = support.try(vs.io.h5, path)
  if not file then return why:find "libhdf5" ~= nil end
  for _, name in ipairs(NAMES) do
    local info = support.try(file.info, file, name)
    local most = info and math.min(info.shape[1] or 1, 4)
    local rows = most and support.try(file.read, file, name, 1, most)
    if vs.is_tensor(rows) then support.read(rows) end
  end
  file:close()
  return false
end

return function(bytes)
  support.write(path, bytes)
  if read_rows() then
    os.remove(path)
    return
  end
  for _, case in ipairs {{"train", "all"}, {"train", "first"}, {"val", "random"}} do
    local set <close>, why = support.try(vs.data.open, path, case[1], {captions = case[2]})
    if set then
      use(set)
      if case[2] == "all" then join(bytes) end
    elseif why:find "libhdf5" then
      break -- that can take seconds each time
    end
  end
  os.remove(path)
end
