-- Features of a CNN with published weights, computed once, so that models train on them in minutes.
--
--   lua5.4 examples/features.lua IMAGES.h5 WEIGHTS OUT.h5 [--cnn=EfficientNetLite0] [--size=128]
--       [--flip=no] [--images=no] [--regions=yes]
--
-- WEIGHTS is a .pth or .safetensors file (docs/pretrained.md says where to find one).  size: what
-- pictures are resized to; flip: train's once more, mirrored; images: OUT keeps the pictures too.
-- OUT goes where a data set of images would: examples/table1.lua OUT.h5 report
local vs = require "vesper"

local o = {cnn = "EfficientNetLite0", size = "128", flip = "no", images = "no", regions = "yes"}
local places = {}
for _, word in ipairs(arg) do
  local key, value = word:match "^%-%-(%w+)=(.*)$"
  if key and o[key] then o[key] = value else places[#places + 1] = word end
end
local source, weights, out = table.unpack(places)
local class = vs.models[o.cnn]
local size = math.tointeger(tonumber(o.size))
if #places ~= 3 or not (size and class and class.from_pretrained) then
  io.stderr:write("usage: lua5.4 examples/features.lua IMAGES.h5 WEIGHTS OUT.h5 [--option=value]\n")
  os.exit(2)
end

local cnn = assert(class.from_pretrained(weights, {size = size, num_classes = 0}))
local start = vs.now()
local counts = assert(vs.data.extract(cnn:freeze(), source, out, {
  flip = o.flip == "yes", images = o.images == "yes", regions = o.regions == "yes",
  progress = function(split, done) io.stderr:write(("\r%s %d "):format(split, done)) end,
}))
for _, split in ipairs{"train", "val", "test"} do
  if counts[split] then io.write(split, " ", counts[split], "  ") end
end
print(("-> %s in %.0f s"):format(out, vs.now() - start))
