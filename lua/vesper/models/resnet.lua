-- ResNet-18, -34 and -50 with torchvision's parameter names.  He et al., Deep Residual Learning for
-- Image Recognition, CVPR 2016; a bottleneck's stride is in its 3x3 convolution.
local core = require "vesper.core"
local nn = require "vesper.nn"
local through = require "vesper.nn.through"
local pretrained = require "vesper.models.pretrained"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"

local function conv(from, to, kernel, stride)
  return nn.Conv2d(from, to, kernel,
    {stride = stride, padding = kernel // 2, bias = false})
end

-- The projection of the shortcut if the shape changes; nil for the identity.
local function shortcut(from, to, stride)
  if stride == 1 and from == to then return nil end
  return nn.Sequential{conv(from, to, 1, stride), nn.BatchNorm2d(to)}
end

-- ---- blocks -------------------------------------------------------------------------------------

local BasicBlock = nn.Module:extend "BasicBlock"
BasicBlock.expansion = 1

--- Two 3x3 convolutions and a shortcut: [B,from,H,W] -> [B,width,H/stride,W/stride].
function BasicBlock:init(from, width, stride)
  self.conv1, self.bn1 = conv(from, width, 3, stride), nn.BatchNorm2d(width)
  self.conv2, self.bn2 = conv(width, width, 3, 1), nn.BatchNorm2d(width)
  self.downsample = shortcut(from, width, stride)
end

function BasicBlock:forward(x)
  local y = through.all(x, {self.conv1, false, self.bn1, "relu", self.conv2, false, self.bn2,
    false})
  return (y + (self.downsample and self.downsample(x) or x)):relu()
end

local Bottleneck = nn.Module:extend "Bottleneck"
Bottleneck.expansion = 4

--- 1x1, 3x3, 1x1 convolutions and a shortcut: [B,from,H,W] -> [B,4 width,H/stride,W/stride].
function Bottleneck:init(from, width, stride)
  local to = 4 * width
  self.conv1, self.bn1 = conv(from, width, 1, 1), nn.BatchNorm2d(width)
  self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
  self.conv3, self.bn3 = conv(width, to, 1, 1), nn.BatchNorm2d(to)
  self.downsample = shortcut(from, to, stride)
end

function Bottleneck:forward(x)
  local y = through.all(x, {self.conv1, false, self.bn1, "relu", self.conv2, false, self.bn2,
    "relu", self.conv3, false, self.bn3, false})
  return (y + (self.downsample and self.downsample(x) or x)):relu()
end

-- ---- the network --------------------------------------------------------------------------------

local ResNet = nn.Module:extend "ResNet"

--- Options (with their defaults):
--   block = BasicBlock, layers = {2, 2, 2, 2}   number of blocks of each stage
--   base = 64                 channels of the first stage; each next stage has twice as many
--   num_classes = 1000        size of the head `fc`; 0: no head
--   width = D                 adds a linear map of the pooled vector to D
--   size = nil                size of the resized images; nil: not resized
--   mean, std                 for normalisation; default ImageNet's
function ResNet:init(given)
  local o = options.read("ResNet", given, {layers = {2, 2, 2, 2}, base = 64, num_classes = 1000},
    {block = "class", layers = "list of counts",
    width = true, size = true, mean = "list", std = "list"})
  local block = o.block or BasicBlock
  self.conv1, self.bn1 = conv(3, o.base, 7, 2), nn.BatchNorm2d(o.base)
  self.maxpool = nn.MaxPool2d(3, {stride = 2, padding = 1})
  local from = o.base
  for stage, blocks in ipairs(o.layers) do
    local list, width = {}, o.base << (stage - 1)
    for i = 1, blocks do
      list[i] = block(from, width, i == 1 and stage > 1 and 2 or 1)
      from = width * block.expansion
    end
    self["layer" .. stage] = nn.Sequential(list)
  end
  self.stages, self.region_width = #o.layers, from
  if o.num_classes > 0 then self.fc = nn.Linear(from, o.num_classes) end
  if o.width then self.out = nn.Linear(from, o.width) end
  self.size, self.mean, self.std = o.size, o.mean, o.std
  self:apply(function(module)
    if module.weight and #module.weight.shape == 4 then
      nn.init.kaiming_normal_(module.weight, {mode = "fan_out", nonlinearity = "relu"})
    end
  end)
end

--- The last feature map [B,C,H',W'] of images uint8 or float 0..255 [B,3,H,W].
function ResNet:features(images)
  local x = pretrained.prepare(images, self)
  x = through.all(x, {self.conv1, false, self.bn1, "relu", self.maxpool, false})
  for stage = 1, self.stages do x = self["layer" .. stage](x) end
  return x
end

--- images -> v [B,C] (or [B,width]), U [B,R,C] (the cells of the last feature map, row by row), and
-- its {height, width}
function ResNet:forward(images)
  return pretrained.pooled(self:features(images), self.out)
end

--- images -> the logits of the head [B,num_classes]
function ResNet:logits(images)
  if not self.fc then core._raise "logits: num_classes is 0, so the network has no head" end
  return self.fc(self:features(images):flatten(3):mean(3))
end

-- ---- sizes --------------------------------------------------------------------------------------

local function named(name, block, layers)
  local class = ResNet:extend(name)
  function class:init(given)
    ResNet.init(self, tables.merge({block = block, layers = layers}, given))
  end
  --- Loads weights from a .safetensors or .pth file: lua/vesper/models/pretrained.lua, `load`.
  function class.from_pretrained(path, given)
    return pretrained.load(class, "fc", path, given)
  end
  return class
end

return {
  ResNet = ResNet, BasicBlock = BasicBlock, Bottleneck = Bottleneck,
  ResNet18 = named("ResNet18", BasicBlock, {2, 2, 2, 2}),
  ResNet34 = named("ResNet34", BasicBlock, {3, 4, 6, 3}),
  ResNet50 = named("ResNet50", Bottleneck, {3, 4, 6, 3}),
}
