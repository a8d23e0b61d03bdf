-- A data set of two classes for tables: pictures of one grey value a class, and captions that name
-- the class.
local vs = require "vesper"

local CAPTIONS = {"a red hat", "a blue cup & more"}

--- Writes `path` with these numbers of images; returns it.  classes: two names.
return function(path, sizes, classes)
  local writer = assert(vs.data.Writer(path, {classes = classes or {"hat", "<cup>"},
    vocab = vs.text.Vocab.build(CAPTIONS)}))
  vs.manual_seed(1)
  local n = 0
  for _, split in ipairs {"train", "val", "test"} do
    for _ = 1, sizes[split] do
      n = n + 1
      local label = n % 2 + 1
      local picture = vs.full({3, 16, 16}, 40 + 150 * (label - 1)) + vs.rand(3, 16, 16) * 50
      assert(writer:add(split, {image = picture:byte(), label = label,
        captions = {CAPTIONS[label]}, id = "x" .. n}))
    end
  end
  assert(writer:close())
  return path
end
