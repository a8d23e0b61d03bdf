-- Writes a data set of emoji images and their names.
--
--   lua5.4 examples/demo.lua FOLDER DATA.h5 [SEED]
--
-- `make demo` unpacks the images, runs this script, then examples/table1.lua.
local vs = require "vesper"
local command = require "vesper.util.command"

local o = command.parse(arg, {
  name = "examples/demo.lua",
  about = "Writes a data set of emoji images and their names. An existing data set is kept.",
  places = {{"folder", "where Debian's ruby-gemojione is unpacked"}, {"data", "the .h5 file"},
    {"seed", "seed of the splits", 1}},
})
if not vs.data.open(o.data, "train") then
  local made = assert(vs.data.prepare.emoji(o.folder, o.data, {seed = o.seed}))
  print(("wrote %s: %d emoji in %d classes, %d words"):format(
    o.data, made.train + made.val + made.test, made.classes, made.vocab))
end
local train = assert(vs.data.open(o.data, "train"))
print(("for example: %s; %s; %s"):format(train:text(1), train:text(#train // 2),
  train:text(#train)))
