-- Small data-set files for specs, made with data.Writer.
local vs = require "vesper"
local with = require "spec.support.with"

local dataset = {}

dataset.words = {"<pad>", "<unk>", "a", "blue", "cup", "hat", "red"}
dataset.classes = {"cup", "hat"}
-- image, label and tokens can be told from the number of the image
dataset.texts = {"a red hat", "a blue cup", "hat", "zebra", "", "a red red red cup", "blue hat"}

--- uint8 [3,h,w] in which every byte is `value`.
function dataset.picture(value, h, w)
  return vs.full({3, h or 4, w or 5}, value, {dtype = "uint8"})
end

--- Image i is filled with i and has label 1 or 2 and text i of the seven, in turn.
function dataset.item(i)
  return {
    image = dataset.picture(i % 256), label = i % 2 + 1, id = "img" .. i,
    captions = {dataset.texts[(i - 1) % #dataset.texts + 1]},
  }
end

--- A file with n images in split train and two in val.
function dataset.write(path, n, options)
  local w = assert(vs.data.Writer(path, with({
    name = "toy", classes = dataset.classes, vocab = dataset.words, split_seed = 3,
  }, options)))
  for i = 1, n do assert(w:add("train", dataset.item(i))) end
  for i = 1, 2 do assert(w:add("val", dataset.item(i))) end
  assert(w:close())
  return path
end

--- The texts of a split, sample by sample, and the set; an empty list where there is no such split.
function dataset.titles(path, split)
  local set = vs.data.open(path, split)
  local list = {}
  for i = 1, set and #set or 0 do list[i] = set:text(i) end
  return list, set
end

--- Bytes that this process has read from files, or nil where the system does not say.
function dataset.bytes_read()
  local file = io.open "/proc/self/io"
  local text = file and file:read "a"
  if file then file:close() end
  return text and tonumber(text:match "rchar: (%d+)")
end

--- The samples that a loader gives in one pass, batch by batch.
function dataset.pass(loader)
  local seen = {}
  for batch in loader do seen[#seen + 1] = batch.index:tolist() end
  return seen
end

--- One list of the lists.
function dataset.flat(batches)
  local all = {}
  for _, batch in ipairs(batches) do table.move(batch, 1, #batch, #all + 1, all) end
  return all
end

return dataset
