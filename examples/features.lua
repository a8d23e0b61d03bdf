-- Computes the features of a pre-trained CNN once, so that models train on them in minutes.
--
--   lua5.4 examples/features.lua IMAGES.h5 WEIGHTS OUT.h5 [--option=value ...]
--
-- OUT.h5 can be used instead of a data set of images: vesper table OUT.h5 report
local vs = require "vesper"
local bar = require "vesper.util.bar"
local command = require "vesper.util.command"

local o = command.parse(arg, {
  name = "examples/features.lua",
  about = "Writes a data set with features of a pre-trained CNN instead of images.",
  places = {
    {"source", "a data set of images, .h5"},
    {"weights", ".pth or .safetensors; see docs/pretrained.md"},
    {"out", "the .h5 file to write"},
  },
  options = {
    {"cnn", "EfficientNetLite0", "the network",
      choices = {"EfficientNetLite0", "ResNet18", "ResNet34", "ResNet50"}},
    {"size", 128, "height and width of the resized images"},
    {"flip", false, "add mirror images of the training split"},
    {"images", false, "keep the images"}, {"regions", true, "write the cells of the last map"},
  },
})

local class = vs.models[o.cnn]
local cnn = assert(class.from_pretrained(o.weights, {size = o.size, num_classes = 0}))
local start, draw = vs.now(), bar.new "features"
local counts = assert(vs.data.extract(cnn:freeze(), o.source, o.out, {
  flip = o.flip, images = o.images, regions = o.regions,
  progress = function(split, done, total) draw(done, total, split) end,
}))
for _, split in ipairs{"train", "val", "test"} do
  if counts[split] then io.write(split, " ", counts[split], "  ") end
end
print(("-> %s in %.0f s"):format(o.out, vs.now() - start))
