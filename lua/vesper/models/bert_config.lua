-- What sizes a BERT has: Hugging Face's names, defaults and bounds.
local core = require "vesper.core"

local configs = {}

-- 0.79788... is sqrt(2 / pi).
local function gelu_by_tanh(x)
  return x * (((x ^ 3 * 0.044715 + x) * 0.7978845608028654):tanh() + 1) / 2
end

configs.activations = {
  gelu = core.gelu, relu = core.relu, silu = core.silu, swish = core.silu,
  gelu_new = gelu_by_tanh, gelu_pytorch_tanh = gelu_by_tanh,
}

-- name = {kind, default}.  Other keys of a config.json say nothing about the encoder.
local FIELDS = {
  vocab_size = {"count", 30522}, hidden_size = {"count", 768}, num_hidden_layers = {"count", 12},
  num_attention_heads = {"count", 12}, intermediate_size = {"count", 3072},
  max_position_embeddings = {"count", 512}, type_vocab_size = {"count", 2},
  pad_token_id = {"id", 0}, -- from 0, as in their files
  layer_norm_eps = {"positive", 1e-12}, hidden_dropout_prob = {"probability", 0.1},
  attention_probs_dropout_prob = {"probability", 0.1}, hidden_act = {"activation", "gelu"},
  add_pooling_layer = {"switch", true}, -- not in files: without it there is no pooler
}

local function is_whole(x, least) return math.type(x) == "integer" and x >= least end

local KINDS = {
  count = {"a whole number from 1", function(x) return is_whole(x, 1) end},
  id = {"a whole number from 0", function(x) return is_whole(x, 0) end},
  positive = {"a number above 0",
    function(x) return type(x) == "number" and x > 0 and x < math.huge end},
  probability = {"a number 0 <= p < 1",
    function(x) return type(x) == "number" and x >= 0 and x < 1 end},
  activation = {"gelu, gelu_new, gelu_pytorch_tanh, relu, silu or swish",
    function(x) return configs.activations[x] ~= nil end},
  switch = {"true or false", function(x) return type(x) == "boolean" end},
}

--- A value in a message.
function configs.shown(x)
  if type(x) == "string" then return "'" .. x:sub(1, 40) .. "'" end
  return type(x) == "table" and "a table" or tostring(x)
end

--- The fields of `given` over the defaults, or nil and a message.  strict: other keys are refused.
function configs.read(given, strict)
  if type(given) ~= "table" then return nil, "config is a " .. type(given) .. ", not a table" end
  -- Its metatable tells the walk over modules that there is nothing to find in it.
  local c = setmetatable({}, {__name = "BertConfig"})
  for name in pairs(strict and given or {}) do
    if not FIELDS[name] then return nil, ("unknown option '%s'"):format(tostring(name)) end
  end
  for name, field in pairs(FIELDS) do
    local value, kind = given[name], KINDS[field[1]]
    if value == nil then value = field[2] end
    if not kind[2](value) then
      return nil, ("%s is %s, expected %s"):format(name, configs.shown(value), kind[1])
    end
    c[name] = value
  end
  if c.hidden_size % c.num_attention_heads ~= 0 then
    return nil, ("hidden_size %d is not a multiple of num_attention_heads, %d"):format(
      c.hidden_size, c.num_attention_heads)
  elseif c.pad_token_id >= c.vocab_size then
    return nil, ("pad_token_id is %d, vocab_size %d"):format(c.pad_token_id, c.vocab_size)
  end
  return c
end

return configs
