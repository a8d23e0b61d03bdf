-- The drawings of Debian's openclipart packages as a data set.
--
--   lua5.4 examples/openclipart.lua FOLDER OUT.h5 [SIZE] [SEED]
local vs = require "vesper"
local command = require "vesper.util.command"

local o = command.parse(arg, {
  name = "examples/openclipart.lua", about = "Drawings, titles and keywords as a data set.",
  places = {
    {"folder", "where openclipart-png and openclipart-svg are unpacked (make openclipart)"},
    {"out", "the .h5 file"}, {"size", "of the pictures", 64}, {"seed", "of the splits", 1},
  },
})
local start = vs.now()
local made = assert(vs.data.prepare.openclipart(o.folder, o.out, {
  size = o.size, seed = o.seed,
  max_title = 20, -- 1,375 are called "gramastar", and hundreds after the theme they belong to
  skip_broken = true, -- fifteen have up to 20,990 x 29,700 pixels, more than vesper decodes
}))
print(("wrote %s: %d drawings in %d classes, %d words, %.0f s"):format(
  o.out, made.train + made.val + made.test, made.classes, made.vocab, vs.now() - start))
for _, name in ipairs {"train", "val", "test", "missing", "same_title", "rare", "broken"} do
  print(("  %-10s %6d"):format(name, made[name]))
end
