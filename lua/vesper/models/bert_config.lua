-- The configuration of a BERT: Hugging Face's names and defaults, with checks.
local core = require "vesper.core"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"

local configs = {}

local function gelu_by_tanh(x) return core.gelu(x, "tanh") end

configs.activations = {
  gelu = core.gelu, relu = core.relu, silu = core.silu, swish = core.silu,
  gelu_new = gelu_by_tanh, gelu_pytorch_tanh = gelu_by_tanh, gelu_fast = gelu_by_tanh,
  gelu_python = core.gelu,
}

-- name = {kind of check.kind, default}.  Other keys of a config.json do not affect the encoder, or
-- are refused by models/bert_settings.lua.
local FIELDS = {
  vocab_size = {"count", 30522}, hidden_size = {"count", 768}, num_hidden_layers = {"count", 12},
  num_attention_heads = {"count", 12}, intermediate_size = {"count", 3072},
  max_position_embeddings = {"count", 512}, type_vocab_size = {"count", 2},
  pad_token_id = {"whole", 0}, -- from 0, as in Hugging Face's files
  layer_norm_eps = {"positive", 1e-12}, hidden_dropout_prob = {"probability", 0.1},
  attention_probs_dropout_prob = {"probability", 0.1},
  hidden_act = {tables.sorted_keys(configs.activations), "gelu"},
  add_pooling_layer = {"boolean", true}, -- not in files; false: no pooler
  pooling = {{"mean", "cls", "max"}, "mean"}, -- not in files; of embed
}

local function config_text(c)
  local parts = {}
  for i, name in ipairs(tables.sorted_keys(c)) do parts[i] = name .. " = " .. tostring(c[name]) end
  return "BertConfig: " .. table.concat(parts, ", ")
end

--- The fields of `given` with defaults, or nil and a message.  strict: other keys are errors.
function configs.read(given, strict)
  if type(given) ~= "table" then
    return nil, "config is a " .. type(given) .. ", expected a table"
  end
  -- With a metatable the traversal of modules ignores it.
  local c = tables.printed({}, "BertConfig", config_text)
  local wrong = strict and options.unknown(given, nil, FIELDS)
  if wrong then return nil, wrong end
  for _, name in ipairs(tables.sorted_keys(FIELDS)) do
    local value, field = given[name], FIELDS[name]
    if value == nil then value = field[2] end
    wrong = check.wrong(name, value, field[1])
    if wrong then return nil, wrong end
    c[name] = value
  end
  if c.hidden_size % c.num_attention_heads ~= 0 then
    return nil, ("hidden_size is %d, expected a multiple of num_attention_heads = %d"):format(
      c.hidden_size, c.num_attention_heads)
  elseif c.pad_token_id >= c.vocab_size then
    return nil, ("pad_token_id is %d, expected less than vocab_size = %d"):format(c.pad_token_id,
      c.vocab_size)
  end
  options.complete(given, tables.merge(c))
  return c
end

return configs
