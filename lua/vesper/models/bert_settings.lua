-- What the other files of a BERT's folder say that changes numbers: it is obeyed, or refused by
-- name.  Nothing is passed over in silence but what changes neither ids nor vectors.
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local settings = {}

-- name = the only value that is supported (absent is the same).
local CONFIG = {
  model_type = "bert", position_embedding_type = "absolute", is_decoder = false,
  add_cross_attention = false, is_encoder_decoder = false,
}
local TOKENIZER = {
  tokenize_chinese_chars = true, do_basic_tokenize = true, pad_token = "[PAD]",
  unk_token = "[UNK]", cls_token = "[CLS]", sep_token = "[SEP]", mask_token = "[MASK]",
  padding_side = "right", truncation_side = "right", clean_text = true, wordpieces_prefix = "##",
  truncation_strategy = "longest_first", split_special_tokens = false,
}
-- Of special_tokens_map.json.
local SPECIAL = {pad_token = true, unk_token = true, cls_token = true, sep_token = true,
  mask_token = true}
-- Whose pieces are those of BERT's tokenizer.
local CLASSES = {
  BertTokenizer = true, BertTokenizerFast = true, PreTrainedTokenizerFast = true,
  DistilBertTokenizer = true, DistilBertTokenizerFast = true,
}
local POOLING = {
  pooling_mode_mean_tokens = "mean", pooling_mode_cls_token = "cls",
  pooling_mode_max_tokens = "max",
}

-- The name of a flag that changes where a token is found in a text, or nil.
local function token_flag(token)
  for _, flag in ipairs {"lstrip", "rstrip", "single_word"} do
    if token[flag] == true then return flag end
  end
end

-- A message on the first value, by name, that is not the supported one; or nil.
local function other_value(object, supported)
  for _, name in ipairs(tables.sorted_keys(supported)) do
    local value, only = object[name], supported[name]
    if type(value) == "table" and type(only) == "string" then
      local flag = token_flag(value)
      if flag then return ("%s of %s is not supported"):format(flag, name) end
      value = value.content
    end
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
    or has_entry(object, "additional_special_tokens") or has_entry(object, "extra_special_tokens")
    or settings.added_token(object.added_tokens_decoder)
end

--- A message on the first token of {id = {content =}} or {content = id} that is none of BERT's
--- special ones, or nil.
function settings.added_token(list)
  if list == nil or type(list) ~= "table" then return end
  local special = {}
  for name in pairs(SPECIAL) do special[TOKENIZER[name]] = true end
  for _, key in ipairs(tables.sorted_keys(list)) do
    local token = type(list[key]) == "table" and list[key].content or key
    if not special[token] then
      return ("the added token %s is not supported"):format(text.value(token))
    end
    local flag = type(list[key]) == "table" and token_flag(list[key])
    if flag then return ("%s of %s is not supported"):format(flag, text.value(token)) end
  end
end

--- A message on special_tokens_map.json, or nil.
function settings.wrong_special(object)
  local own = {}
  for name in pairs(SPECIAL) do own[name] = TOKENIZER[name] end
  return other_value(object, own) or has_entry(object, "additional_special_tokens")
end

--- A message on sentence_bert_config.json beside its limit and its case, or nil.
function settings.wrong_sentences(object)
  for _, name in ipairs {"model_args", "tokenizer_args", "config_args"} do
    local wrong = has_entry(object, name)
    if wrong then return wrong end
  end
  local limit = object.max_seq_length
  if limit ~= nil and math.type(limit) ~= "integer" then
    return ("max_seq_length is %s, expected an integer"):format(text.value(limit))
  end
  return other_value(object, {do_lower_case = object.do_lower_case == true})
end

--- A message on config_sentence_transformers.json, or nil.
function settings.wrong_prompts(object)
  return has_entry(object, "default_prompt_name") or has_entry(object, "truncate_dim")
    or other_value(object, {model_type = "SentenceTransformer"})
end

--- The name of the pooling in 1_Pooling/config.json ("mean" if it names none), or nil and a
--- message.
function settings.pooling(object)
  local found, off
  local word = object.pooling_mode
  if word ~= nil then
    if word == "mean" or word == "cls" or word == "max" then return word end
    return nil, ("pooling_mode is %s, expected mean, cls or max"):format(text.value(word))
  end
  for _, name in ipairs(tables.sorted_keys(object)) do
    if name:find "^pooling_mode_" and object[name] then
      if not POOLING[name] then return nil, name .. " is not supported" end
      if found then return nil, ("both %s and %s are set, expected one"):format(found, name) end
      found = name
    end
    off = off or name == "pooling_mode_mean_tokens"
  end
  if off and not found then return nil, "no pooling mode is true" end
  return found and POOLING[found] or "mean"
end

--- The folders of the encoder and of the pooling by sentence-transformers' modules.json, a list
--- of modules; or nil and a message on what embed does not compute.
function settings.modules(list)
  local paths, last = {}, 0
  local order = {Transformer = 1, Pooling = 2, Normalize = 3}
  for _, entry in ipairs(type(list) == "table" and list or {}) do
    local kind = type(entry) == "table" and entry.type
    local name = type(kind) == "string" and kind:match "[^.]*$"
    if not order[name] then
      return nil, ("the module %s is not supported"):format(text.value(kind))
    elseif order[name] <= last then
      return nil, ("the module %s is not supported at position %d"):format(text.value(kind),
        #paths + 1)
    end
    last = order[name]
    paths[#paths + 1], paths[name] = name, entry.path or ""
  end
  if not paths.Transformer or not paths.Pooling then
    return nil, "expected the modules Transformer and Pooling"
  elseif paths.Transformer ~= "" then
    return nil, ("the module Transformer is in %s, expected the folder itself"):format(
      text.value(paths.Transformer))
  elseif type(paths.Pooling) ~= "string" or not paths.Pooling:find "^[%w_-]+$" then
    return nil, ("the module Pooling is in %s, expected a folder in this one"):format(
      text.value(paths.Pooling))
  end
  return paths
end

return settings
