-- nn.TransformerEncoderLayer and nn.TransformerEncoder for x [B,T,D].
local core = require "vesper.core"
local attention = require "vesper.nn.attention"
local module = require "vesper.nn.module"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local layers = core.layers

local Layer = module.Module:extend "TransformerEncoderLayer"

local LAYER = {dim_feedforward = 2048, dropout = 0.1, activation = "relu", layer_norm_eps = 1e-5,
  norm_first = false}

--- Self-attention and a feed-forward net, each with a residual connection, followed by a layer norm
-- (preceded by it with norm_first).  activation is the name of an op: relu, gelu.
function Layer:init(d_model, nhead, given)
  local o = options.read("TransformerEncoderLayer", given, LAYER)
  self.another = function() return Layer(d_model, nhead, o) end
  self.activation, self.norm_first = o.activation, o.norm_first
  if type(core[o.activation]) ~= "function" then
    check.fail("TransformerEncoderLayer", "activation is %s, expected the name of an op",
      text.value(o.activation))
  end
  self.self_attn = attention.MultiheadAttention(d_model, nhead, {dropout = o.dropout})
  self.linear1 = layers.Linear(d_model, o.dim_feedforward)
  self.linear2 = layers.Linear(o.dim_feedforward, d_model)
  self.norm1 = layers.LayerNorm(d_model, {eps = o.layer_norm_eps})
  self.norm2 = layers.LayerNorm(d_model, {eps = o.layer_norm_eps})
  self.dropout, self.dropout1, self.dropout2 =
    layers.Dropout(o.dropout), layers.Dropout(o.dropout), layers.Dropout(o.dropout)
end

local function attend(self, x, masks)
  return self.dropout1((self.self_attn(x, masks)))
end

local function feed_forward(self, x)
  return self.dropout2(self.linear2(self.dropout(core[self.activation](self.linear1(x)))))
end

--- x [B,T,D] -> [B,T,D].  Options: key_padding_mask, attn_mask, is_causal of MultiheadAttention.
function Layer:forward(x, masks)
  if self.norm_first then
    x = x + attend(self, self.norm1(x), masks)
    return x + feed_forward(self, self.norm2(x))
  end
  x = self.norm1(x + attend(self, x, masks))
  return self.norm2(x + feed_forward(self, x))
end

local Encoder = module.Module:extend "TransformerEncoder"

--- num_layers layers: the given one, then newly initialised ones with its settings; then norm, if
-- given.
function Encoder:init(layer, num_layers, norm)
  if getmetatable(layer) ~= Layer then
    core._raise(("TransformerEncoder: layer is %s, expected a TransformerEncoderLayer"):format(
      text.kind(layer)))
  end
  check.whole("TransformerEncoder", "num_layers", num_layers, 1)
  self.layers = {layer}
  for i = 2, num_layers do self.layers[i] = layer.another() end
  self.norm = norm
end

function Encoder:forward(x, masks)
  for _, layer in ipairs(self.layers) do x = layer(x, masks) end
  return self.norm and self.norm(x) or x
end

return {TransformerEncoderLayer = Layer, TransformerEncoder = Encoder}
