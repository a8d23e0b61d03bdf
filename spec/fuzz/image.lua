-- Fuzz target: pictures, decoded as grey, RGB and RGBA, turned as EXIF says, and made smaller.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local path = (...) .. "/x.png"
local LARGE = 1 << 18 -- pixels; such a picture is decoded once
vs.image.set_max_pixels(1 << 21) -- bombs.lua has larger ones

return function(bytes)
  local picture = support.try(vs.image.decode, bytes)
  local info = support.try(vs.image.info, support.write(path, bytes))
  os.remove(path)
  assert(info or not picture)
  if not picture then return end
  local shape = picture.shape
  assert(shape[1] == 3 and shape[2] == info.height and shape[3] == info.width)
  if picture:numel() > 3 * LARGE then return end
  local grey = assert(vs.image.decode(bytes, {channels = 1}))
  local whole = assert(vs.image.decode(bytes, {channels = 4, background = {1, 2, 3}}))
  assert(grey.shape[1] == 1 and whole.shape[1] == 4)
  local turned = assert(vs.image.decode(bytes, {apply_exif_orientation = true})).shape
  assert(turned[2] * turned[3] == shape[2] * shape[3]
    and (turned[2] == shape[2] or turned[2] == shape[3]))
  local small = vs.image.resize(picture, {7, 9})
  assert(#small == 3)
  if picture:numel() > 3 << 12 then return end
  assert(tostring(vs.image.decode(bytes)) == tostring(picture), "reads otherwise at each load")
  local copy = assert(vs.image.decode(vs.image.encode(picture, "png")))
  assert(tostring(copy) == tostring(picture), "reads otherwise than it was written")
  vs.image.resize(picture, {40, 30}, "bicubic")
  support.read(vs.image.flip(grey))
end
