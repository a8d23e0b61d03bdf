-- From pictures of emoji to a data set that models can be trained on.
--
--   lua5.4 examples/demo.lua FOLDER DATA.h5 [SEED]
--
-- `make demo` unpacks the pictures, runs this, and goes on with examples/table1.lua.
local vs = require "vesper"
local command = require "vesper.util.command"

local o = command.parse(arg, {
  name = "examples/demo.lua",
  about = "Pictures of emoji and their names as a data set. A data set that is there is kept.",
  places = {{"folder", "where Debian's ruby-gemojione is unpacked"}, {"data", "the .h5 file"},
    {"seed", "of the splits", 1}},
})
if not vs.data.open(o.data, "train") then
  local made = assert(vs.data.prepare.emoji(o.folder, o.data, {seed = o.seed}))
  print(("wrote %s: %d emoji in %d classes, %d words"):format(
    o.data, made.train + made.val + made.test, made.classes, made.vocab))
end
local train = assert(vs.data.open(o.data, "train"))
print(("for example: %s; %s; %s"):format(train:text(1), train:text(#train // 2),
  train:text(#train)))
