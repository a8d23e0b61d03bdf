-- The drawings of Debian's openclipart packages as a data set.
--
--   lua5.4 examples/openclipart.lua FOLDER OUT.h5 [size = 64] [seed = 1]
--
-- FOLDER: where openclipart-png and openclipart-svg are unpacked (`make openclipart` does it).
local vs = require "vesper"

local folder, out, size, seed = arg[1], arg[2], tonumber(arg[3] or 64), tonumber(arg[4] or 1)
if not out then
  io.stderr:write("usage: lua5.4 examples/openclipart.lua FOLDER OUT.h5 [size] [seed]\n")
  os.exit(2)
end
local start = vs.now()
local made = assert(vs.data.prepare.openclipart(folder, out, {
  size = size, seed = seed,
  max_title = 20, -- 1,375 are called "gramastar", and hundreds after the theme they belong to
  skip_broken = true, -- fifteen have up to 20,990 x 29,700 pixels, more than vesper decodes
}))
print(("wrote %s: %d drawings in %d classes, %d words, %.0f s"):format(
  out, made.train + made.val + made.test, made.classes, made.vocab, vs.now() - start))
for _, name in ipairs {"train", "val", "test", "missing", "same_title", "rare", "broken"} do
  print(("  %-10s %6d"):format(name, made[name]))
end
