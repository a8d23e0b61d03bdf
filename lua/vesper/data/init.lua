-- vs.data: data sets, loaders, the writer, and preparers that turn published data into files.
--
-- Readers, Loader and Writer are C (csrc/data); a preparer is a Lua file beside this one that is
-- loaded when it is first called.
local data = require("vesper.core").data

--- Preparers: prepare.NAME(source, out, options) writes the HDF5 file `out` and returns a summary
--- {train=, val=, test=, classes=, vocab=, skipped=}, or nil and a message.
data.prepare = setmetatable({}, {
  __index = function(prepare, name)
    local known = {
      emoji = true, fashiongen = true, folder = true, inshop = true, karpathy = true,
      openclipart = true, visual_genome = true,
    }
    if not known[name] then return nil end
    prepare[name] = require("vesper.data." .. name)
    return prepare[name]
  end,
})

return data
