-- Reads a BERT from a folder in Hugging Face's layout: config.json, vocab.txt or tokenizer.json,
-- model.safetensors or its shards or pytorch_model.bin; of sentence-transformers: its limit and its
-- pooling.
--
-- Every size in config.json is compared with the tensors in the file before anything is allocated.
local core = require "vesper.core"
local configs = require "vesper.models.bert_config"
local settings = require "vesper.models.bert_settings"
local state = require "vesper.nn.state"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local exists = file.exists

local LISTED = 20 -- names per kind in a message

-- ---- config.json --------------------------------------------------------------------------------

-- The value in a JSON file, or nil and a message.  Where a tokenizer has no limit its files say
-- "model_max_length": 1000000000000000019884624838656, an integer that the reader refuses.
local function load_json(path)
  local handle <close>, why = file.open_text(path)
  if not handle then return nil, why end
  local bytes = handle:read "a"
  local shorter, n = (bytes or ""):gsub('("model_max_length"%s*:%s*%d+)', function(entry)
    return #entry:match "%d+$" > 18 and entry:gsub("%d+$", tostring(math.maxinteger)) or entry
  end)
  if n == 0 then return core.io.json_load(path) end
  local value
  value, why = core.io.json_decode(shorter)
  if value == nil then return nil, path .. ": " .. why end
  return value
end

-- The object in folder/name without its null entries, or nil and a message; {} if the file is
-- optional and missing.  wrong: gives a message on the object, or nil.
local function read_object(folder, name, optional, wrong)
  local path = folder .. "/" .. name
  if optional and not exists(path) then return {} end
  local object, why = load_json(path)
  if object == nil then return nil, why end
  if type(object) ~= "table" or getmetatable(object) ~= nil then
    return nil, path .. ": is not a JSON object"
  end
  for key, value in pairs(object) do
    if value == core.io.null then object[key] = nil end
  end
  local what = wrong and wrong(object)
  if what then return nil, path .. ": " .. what end
  return object
end

-- The pooling of sentence-transformers' files, or nil and a message.
local function read_pooling(folder, hidden)
  local path, name, listed = folder .. "/modules.json", "1_Pooling/config.json", false
  if exists(path) then
    local modules, why = core.io.json_load(path)
    if modules == nil then return nil, why end
    local paths, wrong = settings.modules(modules)
    if not paths then return nil, path .. ": " .. wrong end
    name, listed = paths.Pooling .. "/config.json", true
  end
  local prompts, why = read_object(folder, "config_sentence_transformers.json", true,
    settings.wrong_prompts)
  if not prompts then return nil, why end
  local object
  object, why = read_object(folder, name, not listed)
  if not object then return nil, why end
  local width = object.word_embedding_dimension
  if width ~= nil and width ~= hidden then
    return nil, ("%s/%s: word_embedding_dimension is %s, expected %s, hidden_size of config.json")
      :format(folder, name, text.value(width), text.value(hidden))
  end
  local kind, wrong = settings.pooling(object)
  if not kind then return nil, ("%s/%s: %s"):format(folder, name, wrong) end
  return kind
end

local function read_config(folder, o)
  local path = folder .. "/config.json"
  local object, why = read_object(folder, "config.json", false, settings.wrong_config)
  if not object then return nil, why end
  object.add_pooling_layer, object.pooling = o.pooler, o.pooling
  if not o.pooling then
    object.pooling, why = read_pooling(folder, object.hidden_size or 768)
    if not object.pooling then return nil, why .. " (pooling: an option to choose another)" end
  end
  local c, wrong = configs.read(object)
  if not c then return nil, path .. ": " .. wrong end
  return c
end

-- ---- weights ------------------------------------------------------------------------------------

-- The name of a tensor in the model, or nil if the model does not have it: task heads,
-- position_ids.
local function name_of(theirs, prefixed)
  local name = theirs:match "^bert%.(.*)$"
  if prefixed and not name then return nil end
  name = name or theirs
  if name:find "^cls%." or name:find "position_ids$" then return nil end
  return (name:gsub("LayerNorm%.gamma$", "LayerNorm.weight")
    :gsub("LayerNorm%.beta$", "LayerNorm.bias"))
end

-- {our name = tensor} and the path, or nil and a message.
local function read_weights(folder)
  local path, load = folder .. "/model.safetensors", core.load
  local other = not exists(path) and file.first {path .. ".index.json",
    folder .. "/pytorch_model.bin", folder .. "/pytorch_model.bin.index.json"}
  if other then path = other end
  if other and path:find "%.bin" then load = core.load_pth end
  local tensors, why = load(path)
  if not tensors then return nil, why end
  local dict, from, prefixed = {}, {}, false
  for theirs in pairs(tensors) do prefixed = prefixed or theirs:find "^bert%." ~= nil end
  for theirs, tensor in pairs(tensors) do
    local name = name_of(theirs, prefixed)
    if name and from[name] then
      local both = {theirs, from[name]}
      table.sort(both, tables.before)
      return nil, ("%s: duplicate key %s, as %s"):format(path, name, table.concat(both, " and "))
    elseif name then
      dict[name], from[name] = tensor, theirs
    end
  end
  return dict, path
end

-- {name = shape} of every parameter of a BERT with this configuration.
local function shapes_of(c)
  local D, I, shapes = c.hidden_size, c.intermediate_size, {}
  local function linear(name, out, from)
    shapes[name .. ".weight"], shapes[name .. ".bias"] = {out, from}, {out}
  end
  local function norm(name) shapes[name .. ".weight"], shapes[name .. ".bias"] = {D}, {D} end
  shapes["embeddings.word_embeddings.weight"] = {c.vocab_size, D}
  shapes["embeddings.position_embeddings.weight"] = {c.max_position_embeddings, D}
  shapes["embeddings.token_type_embeddings.weight"] = {c.type_vocab_size, D}
  norm "embeddings.LayerNorm"
  for i = 0, c.num_hidden_layers - 1 do
    local layer = ("encoder.layer.%d."):format(i)
    for _, name in ipairs {"self.query", "self.key", "self.value", "output.dense"} do
      linear(layer .. "attention." .. name, D, D)
    end
    norm(layer .. "attention.output.LayerNorm")
    linear(layer .. "intermediate.dense", I, D)
    linear(layer .. "output.dense", D, I)
    norm(layer .. "output.LayerNorm")
  end
  if c.add_pooling_layer then linear("pooler.dense", D, D) end
  return shapes
end

local REAL = {float32 = true, float64 = true, float16 = true, bfloat16 = true}

-- A message if a tensor of the file does not have the shape of config.json or a float dtype, else
-- nil.
local function wrong_tensor(name, own, given)
  if text.shape(given) ~= text.shape(own.shape) then
    return ("%s is %s, expected %s by config.json"):format(name, text.shape(given),
      text.shape(own.shape))
  elseif not REAL[given.dtype] then
    return ("%s is %s, expected a float dtype"):format(name, given.dtype)
  end
end

-- nil if the tensors are those of a BERT with this configuration, else a message.
local function misfit(dict, c, path)
  local count, own, given = 0, {}, {}
  for name, tensor in pairs(dict) do
    count = count + 1
    if c.add_pooling_layer or not name:find "^pooler%." then given[name] = tensor end
  end
  if c.num_hidden_layers > count then -- avoids a huge list for a wrong number
    return ("%s: has %d tensors, too few for the %d layers of config.json"):format(path, count,
      c.num_hidden_layers)
  end
  for name, shape in pairs(shapes_of(c)) do own[name] = {shape = shape} end
  local lines = state.lines(state.compare(own, given, wrong_tensor), LISTED)
  if #lines == 0 then return nil end
  return path .. ": the tensors do not fit config.json\n" .. table.concat(lines, "\n")
end

-- ---- the tokenizer ------------------------------------------------------------------------------

local function read_tokenizer(folder, c, o)
  local given, why = read_object(folder, "tokenizer_config.json", true, settings.wrong_tokenizer)
  if not given then return nil, why end
  local sentences, special, added
  sentences, why = read_object(folder, "sentence_bert_config.json", true, settings.wrong_sentences)
  if not sentences then return nil, why end
  special, why = read_object(folder, "special_tokens_map.json", true, settings.wrong_special)
  if not special then return nil, why end
  added, why = read_object(folder, "added_tokens.json", true, settings.added_token)
  if not added then return nil, why end
  local list, lower, most = folder .. "/vocab.txt", o.lowercase, o.max_len
  local path = exists(folder .. "/tokenizer.json") and folder .. "/tokenizer.json" or list
  local strip = given.strip_accents
  if o.strip_accents ~= nil then strip = o.strip_accents end
  if lower == nil then lower = given.do_lower_case end
  if sentences.do_lower_case == true and lower == false and o.lowercase == nil then
    lower, strip = true, strip or false -- texts are lowered before the tokenizer
  end
  local limit = sentences.max_seq_length or given.model_max_length or given.max_len
  if not most and math.type(limit) == "integer" and limit >= 3 then most = limit end
  local tokenizer
  tokenizer, why = core.text.WordPiece(path, {lowercase = lower, invalid = o.invalid,
    strip_accents = strip,
    max_len = math.min(most or c.max_position_embeddings, c.max_position_embeddings)})
  if not tokenizer then return nil, why end
  if path ~= list and exists(list) then
    local other, broken = core.text.WordPiece(list)
    if not other then return nil, broken end
    local a, b = tokenizer:tokens(), other:tokens()
    for i = 1, math.max(#a, #b) do
      if a[i] ~= b[i] then
        return nil, ("%s: piece %d is %s, in vocab.txt it is %s"):format(path, i, text.value(a[i]),
          text.value(b[i]))
      end
    end
  end
  if #tokenizer > c.vocab_size then
    return nil, ("%s: has %d tokens, expected at most %d, vocab_size of config.json"):format(path,
      #tokenizer, c.vocab_size)
  end
  return tokenizer
end

-- ---- the model ----------------------------------------------------------------------------------


--- A model of this class in evaluation mode, with its tokenizer; or nil and a message.  Options:
-- lowercase, strip_accents, max_len, invalid of text.WordPiece; pooler = false: without the pooler;
-- pooling: of embed, instead of what the folder says.
return function(class, folder, given)
  check.kind("from_pretrained", "folder", folder, "string")
  local o = options.read("from_pretrained", given, {pooler = true},
    {pooler = "boolean", lowercase = "boolean", strip_accents = "boolean", max_len = true,
      invalid = true, pooling = {"mean", "cls", "max"}})
  local c, why = read_config(folder, o)
  if not c then return nil, why end
  local dict, path = read_weights(folder)
  if not dict then return nil, path end
  local wrong = misfit(dict, c, path)
  if wrong then return nil, wrong end
  local tokenizer
  tokenizer, why = read_tokenizer(folder, c, o)
  if not tokenizer then return nil, why end
  local bert = class(tables.merge(c)) -- a plain table, which is recorded
  core.no_grad(function()
    for _, pair in ipairs(bert:named_parameters()) do pair[2]:copy_(dict[pair[1]]) end
  end)
  bert.tokenizer = tokenizer
  return bert:eval()
end
