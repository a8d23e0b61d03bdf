-- EfficientNet-Lite0: inverted bottlenecks with depthwise convolutions, ReLU6, no
-- squeeze-and-excitation.  Tan and Le, EfficientNet, ICML 2019, the Lite variant of the authors'
-- repository; parameter names are those of lukemelas' PyTorch port, as in the packaged weights.
local core = require "vesper.core"
local nn = require "vesper.nn"
local through = require "vesper.nn.through"
local pretrained = require "vesper.models.pretrained"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local EPS, MOMENTUM = 1e-3, 0.01
local MEAN, STD = {127 / 255, 127 / 255, 127 / 255}, {128 / 255, 128 / 255, 128 / 255}

local function norm(channels) return nn.BatchNorm2d(channels, {eps = EPS, momentum = MOMENTUM}) end

-- ---- convolution with TensorFlow's padding ------------------------------------------------------

-- With stride 1 the padding is (kernel - 1) / 2 on both sides; otherwise `pad_same` pads first.
local function conv(from, to, kernel, stride, groups)
  return nn.Conv2d(from, to, kernel, {stride = stride, groups = groups or 1, bias = false,
    padding = stride == 1 and kernel // 2 or 0})
end

-- The padding before and after n positions that gives ceil(n / stride) outputs; if it is odd, the
-- padding after is larger by one.
local function around(n, kernel, stride)
  local all = math.max(((n + stride - 1) // stride - 1) * stride + kernel - n, 0)
  return all // 2, all - all // 2
end

-- The padding of a convolution with a stride above 1.
local function pad_same(kernel, stride)
  return through.plain(function(x)
    local left, right = around(x.shape[4], kernel, stride)
    local top, bottom = around(x.shape[3], kernel, stride)
    return x:pad{left, right, top, bottom}
  end)
end

-- ---- the block ----------------------------------------------------------------------------------

local MBConv = nn.Module:extend "MBConv"

--- A 1x1 convolution to `expand` times the channels, a depthwise convolution, a 1x1 convolution;
-- with a shortcut if the shape stays the same.  drop: probability of using only the shortcut for a
-- sample in training.
function MBConv:init(from, to, kernel, stride, expand, drop)
  local wide = from * expand
  if expand ~= 1 then self._expand_conv, self._bn0 = conv(from, wide, 1, 1), norm(wide) end
  self._depthwise_conv, self._bn1 = conv(wide, wide, kernel, stride, wide), norm(wide)
  self._project_conv, self._bn2 = conv(wide, to, 1, 1), norm(to)
  self.pad, self.drop = stride > 1 and pad_same(kernel, stride) or nil, drop
  self.residual = stride == 1 and from == to
end

function MBConv:forward(x)
  local calls = self._expand_conv and {self._expand_conv, false, self._bn0, "relu6"} or {}
  local function add(module, argument)
    calls[#calls + 1], calls[#calls + 2] = module, argument
  end
  if self.pad then add(self.pad, false) end
  add(self._depthwise_conv, false)
  add(self._bn1, "relu6")
  add(self._project_conv, false)
  add(self._bn2, false)
  local y = through.all(x, calls)
  if not self.residual then return y end
  if self.training and self.drop > 0 then
    local kept = core.rand(y.shape[1], 1, 1, 1):ge(self.drop):float() / (1 - self.drop)
    y = y * kept
  end
  return y + x
end

-- ---- the network --------------------------------------------------------------------------------

local EfficientNet = nn.Module:extend "EfficientNetLite0"

-- Lite0: repeats, kernel, stride of the first repeat, expansion, channels.
local BLOCKS = {
  {1, 3, 1, 1, 16}, {2, 3, 2, 6, 24}, {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112},
  {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320},
}

--- Options (with their defaults):
--   blocks = those of Lite0, stem = 32, head = 1280     the channels
--   num_classes = 1000        size of the head `_fc`; 0: no head
--   dropout = 0.2             before the head
--   drop_connect = 0.2        `drop` of a last block; it grows linearly from 0 over the blocks
--   width = D                 adds a linear map of the pooled vector to D
--   size = nil                size of the resized images; nil: not resized
--   mean, std                 for normalisation; default 127/255 and 128/255, as in training
function EfficientNet:init(given)
  local o = options.read("EfficientNetLite0", given, {blocks = BLOCKS, stem = 32, head = 1280,
    num_classes = 1000, dropout = 0.2, drop_connect = 0.2},
    {width = true, size = true, blocks = "list", mean = "list", std = "list"})
  self._conv_stem, self._bn0 = conv(3, o.stem, 3, 2), norm(o.stem)
  self._blocks = {}
  local from, all = o.stem, 0
  for i, b in ipairs(o.blocks) do
    if not check.is(b, "list of counts") or #b ~= 5 then
      check.fail("EfficientNetLite0", "blocks[%d] is %s, expected "
        .. "{repeats, kernel, stride, expansion, channels}", i, text.value(b))
    end
    all = all + b[1]
  end
  for _, b in ipairs(o.blocks) do
    local repeats, kernel, stride, expand, to = table.unpack(b)
    for i = 1, repeats do
      local drop = o.drop_connect * #self._blocks / all
      table.insert(self._blocks, MBConv(from, to, kernel, i == 1 and stride or 1, expand, drop))
      from = to
    end
  end
  self._conv_head, self._bn1 = conv(from, o.head, 1, 1), norm(o.head)
  self.region_width = o.head
  self.dropout = nn.Dropout(o.dropout)
  if o.num_classes > 0 then self._fc = nn.Linear(o.head, o.num_classes) end
  if o.width then self.out = nn.Linear(o.head, o.width) end
  self.size, self.mean, self.std = o.size, o.mean or MEAN, o.std or STD
end

--- The last feature map [B,C,H',W'] of images uint8 or float 0..255 [B,3,H,W].
function EfficientNet:features(images)
  local x = pretrained.prepare(images, self)
  x = through.all(x, {pad_same(3, 2), false, self._conv_stem, false, self._bn0, "relu6"})
  for _, block in ipairs(self._blocks) do x = block(x) end
  return through.all(x, {self._conv_head, false, self._bn1, "relu6"})
end

--- images -> v [B,C] (or [B,width]), U [B,R,C] (the cells of the last feature map, row by row), and
-- its {height, width}
function EfficientNet:forward(images)
  return pretrained.pooled(self:features(images), self.out)
end

--- images -> the logits of the head [B,num_classes]
function EfficientNet:logits(images)
  if not self._fc then core._raise "logits: num_classes is 0, so the network has no head" end
  return self._fc(self.dropout(self:features(images):flatten(3):mean(3)))
end

--- Loads weights from a .safetensors or .pth file: lua/vesper/models/pretrained.lua, `load`.
function EfficientNet.from_pretrained(path, given)
  return pretrained.load(EfficientNet, "_fc", path, given)
end

return {EfficientNetLite0 = EfficientNet}
