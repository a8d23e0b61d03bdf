-- vs.data: data sets, loaders, the writer, and preparers that convert published data sets.
--
-- Readers, Loader and Writer are C (csrc/data); a preparer is a Lua file in this folder, loaded on
-- first use.
local core = require "vesper.core"
local check = require "vesper.util.check"
local guard = require "vesper.util.guard"
local data = core.data

--- Preparers: prepare.NAME(source, out, options) writes the HDF5 file `out` and returns a summary
--- {train=, val=, test=, captions=, classes=, vocab=, skipped=, vectors_found=}, which prints as a
--- line of text, or nil and a message.
data.prepare = setmetatable({}, {
  __index = function(prepare, name)
    local known = {
      coco = true, emoji = true, fashiongen = true, folder = true, inshop = true, karpathy = true,
      openclipart = true, precomputed = true, visual_genome = true,
    }
    if not known[name] then return nil end
    prepare[name] = guard.value("data.prepare." .. name, require("vesper.data." .. name))
    return prepare[name]
  end,
})

--- Mean and standard deviation of ImageNet's images by channel (red, green, blue), values 0..1.
data.IMAGENET = {mean = {0.485, 0.456, 0.406}, std = {0.229, 0.224, 0.225}}

local function by_channel(list, what)
  if type(list) == "table" then check.list("normalize", what, list) end
  if type(list) ~= "table" or #list ~= 3 then
    core._raise(("normalize: %s is %s, expected a list of three numbers"):format(what,
      type(list) == "table" and "a list of " .. #list or "a " .. type(list)))
  end
  return core.tensor(list):reshape(1, 3, 1, 1)
end

--- images uint8 or float 0..255 [B,3,H,W] -> float32, (x / 255 - mean) / std by channel.
data.normalize = guard.value("data.normalize", function(images, mean, std)
  mean = by_channel(mean or data.IMAGENET.mean, "mean")
  std = by_channel(std or data.IMAGENET.std, "std")
  return (images:float() - mean * 255) / (std * 255)
end)

--- extract(model, source, out, options): lua/vesper/data/extract.lua.
data.extract = guard.value("data.extract", function(...)
  return require "vesper.data.extract"(...)
end)

return data
