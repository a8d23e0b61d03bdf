-- The entries of vesper.help.entries, and the functions and tables that they document.
local entries = require "vesper.help.entries"

local reference = {sections = entries.sections, entries = entries.entries}

-- The paths of classes written in Lua; classes implemented in C are in Lua's registry.
local classes = {Module = "nn.Module", InfoNCE = "nn.InfoNCE",
  ResNet = "models.ResNet", ResNet18 = "models.ResNet18", ResNet34 = "models.ResNet34",
  ResNet50 = "models.ResNet50", EfficientNetLite0 = "models.EfficientNetLite0",
  Baseline = "models.Baseline", TextOnly = "models.TextOnly", VSE = "models.VSE",
  CIM = "models.CIM", COOT = "models.COOT",
  AttentionPooling = "models.AttentionPooling", BERTFusion = "models.BERTFusion",
  DPM = "models.DPM", BERT = "models.BERT",
  RegionEncoder = "models.RegionEncoder", LandmarkEncoder = "models.LandmarkEncoder",
  JoinedEncoder = "models.JoinedEncoder",
  EMA = "optim.EMA", DataParallel = "dist.DataParallel",
  SummaryWriter = "tensorboard.SummaryWriter",
  Scheduler = "optim.lr_scheduler.Scheduler"}

--- The function or table that an entry documents; nil for fields of objects.
function reference.live(name)
  if name == "vs" then return require "vesper" end
  local class, key = name:match "^(%u%w*)[.:]([%w_]+)$"
  if class and not classes[class] then
    local meta = debug.getregistry()["vesper." .. class]
    return meta and meta.methods and meta.methods[key]
  end
  local value = require "vesper"
  local path = class and classes[class] .. "." .. key or name:gsub("^vs%.", "")
  for part in path:gmatch "[%w_]+" do
    if type(value) ~= "table" then return nil end
    value = value[part]
  end
  return value
end

return reference
