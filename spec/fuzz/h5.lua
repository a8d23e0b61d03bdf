-- Fuzz target: HDF5 data sets.  All that a script asks of one: batches in every way of taking
-- captions, texts, words, vectors, attributes.
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

return function(bytes)
  support.write(path, bytes)
  for _, case in ipairs {{"train", "all"}, {"train", "first"}, {"val", "random"}} do
    local set <close>, why = support.try(vs.data.open, path, case[1], {captions = case[2]})
    if set then use(set) elseif why:find "libhdf5" then break end -- that can take seconds each time
  end
  os.remove(path)
end
