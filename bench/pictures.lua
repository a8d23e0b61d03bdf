-- Pictures for W8 of `make bench`: N files of each kind, smooth colours with a noisy corner.
--
--   lua5.4 bench/pictures.lua FOLDER N
local vs = require "vesper"
local folder, n = arg[1], tonumber(arg[2])
vs.manual_seed(1)
for i = 1, n do
  local picture = vs.image.resize((vs.rand(3, 6, 6) * 255):to "uint8", {96, 96}, "bilinear")
  picture:slice(2, 1, 32):slice(3, 1, 32):copy_((vs.rand(3, 32, 32) * 255):to "uint8")
  for _, ending in ipairs{"jpg", "png"} do
    assert(vs.image.save(("%s/%05d.%s"):format(folder, i, ending), picture))
  end
end
