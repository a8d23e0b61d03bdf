-- What the other files of a BERT's folder say that changes numbers: it is obeyed, or refused by
-- name.  Nothing is passed over in silence but what changes neither ids nor vectors.
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local settings = {}

-- name = the only value that is supported (absent is the same).
local CONFIG = {
  model_type = "bert", position_embedding_type = "absolute", is_decoder = false,
  add_cross_attention = false,
}
local TOKENIZER = {
  tokenize_chinese_chars = true, do_basic_tokenize = true, pad_token = "[PAD]",
  unk_token = "[UNK]", cls_token = "[CLS]", sep_token = "[SEP]", mask_token = "[MASK]",
  padding_side = "right", truncation_side = "right",
}
-- Whose pieces are those of BERT's tokenizer.
local CLASSES = {
  BertTokenizer = true, BertTokenizerFast = true, PreTrainedTokenizerFast = true,
  DistilBertTokenizer = true, DistilBertTokenizerFast = true,
}
local POOLING = {
  pooling_mode_mean_tokens = "mean", pooling_mode_cls_token = "cls",
  pooling_mode_max_tokens = "max",
}

-- A message on the first value, by name, that is not the supported one; or nil.
local function other_value(object, supported)
  for _, name in ipairs(tables.sorted_keys(supported)) do
    local value, only = object[name], supported[name]
    if type(value) == "table" and type(only) == "string" then value = value.content end
    if value ~= nil and value ~= only then
      return ("%s is %s, expected %s"):format(name, text.value(value), text.value(only))
    end
  end
end

-- A message if a table has an entry.
local function has_entry(object, name)
  local value = object[name]
  if value == nil or (type(value) == "table" and next(value) == nil) then return nil end
  return name .. " is not supported"
end

--- A message on what config.json has beside the sizes, or nil.
function settings.wrong_config(object)
  return other_value(object, CONFIG) or has_entry(object, "pruned_heads")
    or has_entry(object, "quantization_config") or has_entry(object, "auto_map")
end

--- A message on what tokenizer_config.json has beside what the tokenizer obeys, or nil.
function settings.wrong_tokenizer(object)
  local class = object.tokenizer_class
  if class ~= nil and not CLASSES[class] then
    return ("tokenizer_class is %s, expected 'BertTokenizer'"):format(text.value(class))
  end
  for _, name in ipairs {"do_lower_case", "strip_accents"} do
    if object[name] ~= nil and type(object[name]) ~= "boolean" then
      return ("%s is %s, expected a boolean"):format(name, text.value(object[name]))
    end
  end
  return other_value(object, TOKENIZER) or has_entry(object, "never_split")
end

--- The name of the pooling in 1_Pooling/config.json ("mean" if it names none), or nil and a
--- message.
function settings.pooling(object)
  local found
  for _, name in ipairs(tables.sorted_keys(object)) do
    if name:find "^pooling_mode_" and object[name] then
      if not POOLING[name] then return nil, name .. " is not supported" end
      if found then return nil, ("both %s and %s are set, expected one"):format(found, name) end
      found = name
    end
  end
  return found and POOLING[found] or "mean"
end

--- A message on a module of sentence-transformers' modules.json that embed does not compute, or
--- nil.
function settings.wrong_modules(list)
  for _, entry in ipairs(type(list) == "table" and list or {}) do
    local kind = type(entry) == "table" and entry.type
    local name = type(kind) == "string" and kind:match "[^.]*$"
    if name ~= "Transformer" and name ~= "Pooling" and name ~= "Normalize" then
      return ("the module %s is not supported"):format(text.value(kind))
    end
  end
end

return settings
