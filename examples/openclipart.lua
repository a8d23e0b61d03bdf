-- Writes a data set of the drawings in Debian's openclipart packages.
--
--   lua5.4 examples/openclipart.lua FOLDER OUT.h5 [SIZE] [SEED]
local vs = require "vesper"
local command = require "vesper.util.command"

local o = command.parse(arg, {
  name = "examples/openclipart.lua", about = "Writes a data set of drawings, titles and keywords.",
  places = {
    {"folder", "where openclipart-png and openclipart-svg are unpacked (make openclipart)"},
    {"out", "the .h5 file"}, {"size", "size of the images", 64}, {"seed", "seed of the splits", 1},
  },
})
local start = vs.now()
local made = assert(vs.data.prepare.openclipart(o.folder, o.out, {
  size = o.size, seed = o.seed,
  max_title = 20, -- 1,375 are called "gramastar", hundreds have the name of their theme
  skip_broken = true, -- fifteen have up to 20,990 x 29,700 pixels, more than vesper decodes
}))
print(("wrote %s: %d drawings in %d classes, %d words, %.0f s"):format(
  o.out, made.train + made.val + made.test, made.classes, made.vocab, vs.now() - start))
for _, name in ipairs {"train", "val", "test", "missing", "same_title", "rare", "broken"} do
  print(("  %-10s %6d"):format(name, made[name]))
end
