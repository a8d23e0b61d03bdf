-- vesper: tensors, autograd, layers, data sets and image-text models for Lua 5.4.
--
-- Returns the table of the C module with the parts written in Lua added.  Parts that few scripts
-- need (models, plot, train, ...) are loaded on first use.
local vs = require "vesper.core"

-- Error messages name the line of the user's script: stack frames of this folder are skipped.
local here = debug.getinfo(1, "S").source:match("^@(.*)init%.lua$")
if here then vs._set_own_folder(here) end

local guard = require "vesper.util.guard"
local warnings = require "vesper.util.warn"
require "vesper.tensor"
vs.autograd = guard.part("vs.autograd", require "vesper.autograd")
require "vesper.functions"
vs.warn = guard.value("vs.warn", warnings.warn)
vs.set_warnings = guard.value("vs.set_warnings", warnings.set_warnings)
require "vesper.shards"
vs.nn = require "vesper.nn"
vs.optim = require "vesper.optim"
vs.data = require "vesper.data"

local on_demand = {
  metrics = "vesper.metrics", models = "vesper.models", plot = "vesper.report.plot",
  progress = "vesper.train.progress", help = "vesper.help", train = "vesper.train",
  report = "vesper.report", experiment = "vesper.experiment",
  checkpoint = "vesper.train.checkpoint", tensorboard = "vesper.train.tensorboard",
  profile = "vesper.profile", dist = "vesper.dist",
}

guard.ready = true

return setmetatable(vs, {
  __index = function(t, key)
    local name = on_demand[key]
    if not name then return nil end
    local part = require(name)
    if type(part) == "function" then
      part = guard.value("vs." .. key, part)
    else
      guard.part(key, part)
    end
    rawset(t, key, part)
    return part
  end,
})
