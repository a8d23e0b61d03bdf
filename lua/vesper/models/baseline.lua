-- Baseline: classification of the image alone, for comparison with the models that use text.
local nn = require "vesper.nn"
local encoders = require "vesper.models.encoders"
local use = require "vesper.models.use"
local options = require "vesper.util.options"

local Baseline = nn.Module:extend("Baseline")

--- Baseline{classes = C, width = 256, channels = {32, 64, 128, 256}, hidden = width, dropout = 0.2,
-- norm = true}.  norm: a layer norm of v before the classifier, as in the other models.
function Baseline:init(given)
  local o = options.read("Baseline", given, {width = 256, dropout = 0.2, norm = true},
    {classes = true, channels = true, hidden = true, image = true, norm = "boolean"})
  local hidden = o.hidden or o.width
  self.width = o.width
  self.image = o.image or encoders.SmallCNN(o.width, {channels = o.channels})
  if o.norm then self.norm_v = nn.LayerNorm(o.width) end
  self.head = nn.Sequential{nn.Linear(o.width, hidden), nn.ReLU(), nn.Dropout(o.dropout),
    nn.Linear(hidden, o.classes)}
end

-- The logits [B,C] of v [B,D].
local function classify(self, v) return self.head(self.norm_v and self.norm_v(v) or v) end

--- batch -> {v = [B,D], logits = [B,C], image_logits = logits}
function Baseline:forward(batch)
  local v = encoders.encode(self.image, batch)
  local logits = classify(self, v)
  return {v = v, logits = logits, image_logits = logits}
end

--- Class probabilities of images (or of a batch), [B,C].
function Baseline:classify_image(images)
  return classify(self, (encoders.encode(self.image, images))):softmax(2)
end

--- The options of one in a model folder of version 1.
Baseline.version_1 = {norm = false}

use.of_labels(Baseline)
use.of_images(Baseline)

return Baseline
