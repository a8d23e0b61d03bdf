-- Fuzz target: HDF5 files.  All that a script asks of a data set: batches in every way of taking
-- captions, texts, words, vectors, attributes.  Of any file: rows by name.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local path = (...) .. "/x.h5"

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
  local loader = vs.data.Loader(set, {batch_size = 3, shuffle = true, seed = 2, flip = 0.5})
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
    if set then use(set) elseif why:find "libhdf5" then break end -- that can take seconds each time
  end
  os.remove(path)
end
