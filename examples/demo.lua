-- From pictures of emoji to a data set that models can be trained on.
--
--   lua5.4 examples/demo.lua FOLDER DATA.h5 [seed = 1]
--
-- FOLDER: where Debian's ruby-gemojione is unpacked (`make demo` does it, and goes on with
-- examples/table1.lua).  What is there already is kept.
local vs = require "vesper"

local folder, file, seed = arg[1], arg[2], tonumber(arg[3] or 1)
if not file then
  io.stderr:write("usage: lua5.4 examples/demo.lua FOLDER DATA.h5 [seed]\n")
  os.exit(2)
end
if not vs.data.open(file, "train") then
  local made = assert(vs.data.prepare.emoji(folder, file, {seed = seed}))
  print(("wrote %s: %d emoji in %d classes, %d words"):format(
    file, made.train + made.val + made.test, made.classes, made.vocab))
end
local train = assert(vs.data.open(file, "train"))
print(("for example: %s; %s; %s"):format(train:text(1), train:text(#train // 2),
  train:text(#train)))
