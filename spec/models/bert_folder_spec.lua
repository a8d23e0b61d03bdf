-- models.BERT.from_pretrained: what folders it reads, and what it says of broken ones.
local vs = require "vesper"
local fails = require "spec.support.fails"
local temp = require "spec.support.temp"

local BERT = vs.models.BERT
local FOLDER = "spec/fixtures/bert"
local FILES = {"config.json", "vocab.txt", "model.safetensors"}

local function read(name) return temp.read(FOLDER .. "/" .. name) end

-- A folder like the fixture, with other bytes for some files (false: without it).
local function folder_with(changes)
  local folder = temp.folder()
  for _, name in ipairs(FILES) do
    if changes[name] == nil then temp.write(folder .. "/" .. name, read(name)) end
  end
  for name, bytes in pairs(changes) do
    if bytes then temp.write(folder .. "/" .. name, bytes) end
  end
  return folder
end

local function load(changes, options) return BERT.from_pretrained(folder_with(changes), options) end

-- config.json with other values; vs.io.null takes a key away.
local function config_with(changes)
  local c = assert(vs.io.json_load(FOLDER .. "/config.json"))
  for key, value in pairs(changes) do c[key] = value end
  return {["config.json"] = vs.io.json_encode(c)}
end

-- A folder whose tensors are change(name, tensor) -> name, tensor; more: further ones.
local function weights_with(change, more)
  local dict = {}
  for name, tensor in pairs(assert(vs.load(FOLDER .. "/model.safetensors"))) do
    name, tensor = change(name, tensor)
    if name then dict[name] = tensor end
  end
  for name, tensor in pairs(more or {}) do dict[name] = tensor end
  local folder = folder_with {["model.safetensors"] = false}
  assert(vs.save(folder .. "/model.safetensors", dict))
  return folder
end

local function keep(name, tensor) return name, tensor end

local IDS
local function hidden_of(bert) return (bert(IDS)):tolist() end

describe("models.BERT.from_pretrained", function()
  local plain
  setup(function()
    IDS = vs.tensor({{3, 9, 12, 4}}, {dtype = "int64"})
    plain = hidden_of(assert(BERT.from_pretrained(FOLDER)))
  end)
  teardown(temp.remove)

  it("gives a model in evaluation with its tokenizer", function()
    local bert = assert(BERT.from_pretrained(FOLDER))
    assert.is_false(bert.training)
    assert.equal(8, bert.config.hidden_size)
    assert.same({3, 10, 11, 14, 4}, bert.tokenizer:encode "The red hat":tolist())
    assert.equal(16, #bert.tokenizer:encode(("hat "):rep(40)))
  end)

  it("knows the names of older files, and leaves out what is no part of it", function()
    local folder = weights_with(function(name, tensor)
      name = name:gsub("LayerNorm.weight", "LayerNorm.gamma")
      return "bert." .. name:gsub("LayerNorm.bias", "LayerNorm.beta"), tensor
    end, {["cls.predictions.bias"] = vs.zeros(32), ["classifier.weight"] = vs.zeros(2, 8),
      ["bert.embeddings.position_ids"] = vs.arange(16):reshape(1, 16)})
    assert.same(plain, hidden_of(assert(BERT.from_pretrained(folder))))
  end)

  it("reads pytorch_model.bin where there is no model.safetensors", function()
    local old = read "pytorch_model.bin"
    local tensors = assert(vs.load_pth(FOLDER .. "/pytorch_model.bin"))
    assert.equal("int64", tensors["bert.embeddings.position_ids"].dtype)
    local folder = folder_with {["model.safetensors"] = false, ["pytorch_model.bin"] = old}
    local bert = assert(BERT.from_pretrained(folder))
    assert.same(plain, hidden_of(bert))
    for name, tensor in pairs(assert(vs.load(FOLDER .. "/model.safetensors"))) do
      assert.is_true(bert:state_dict()[name]:eq(tensor):all(), name)
    end
    -- the weights are the model's own, not the file's
    vs.no_grad(function() bert.pooler.dense.weight:zero_() end)
    assert.equal(old, temp.read(folder .. "/pytorch_model.bin"))
    -- the other one goes first
    assert.same(plain, hidden_of(assert(load {["pytorch_model.bin"] = "broken"})))
  end)

  it("reads shards by their index, of both kinds", function()
    local tensors, map, parts = assert(vs.load(FOLDER .. "/model.safetensors")), {}, {{}, {}}
    for name, tensor in pairs(tensors) do
      local part = name:find "^encoder" and 1 or 2
      parts[part][name], map[name] = tensor, ("model-%d.safetensors"):format(part)
    end
    local folder = folder_with {["model.safetensors"] = false,
      ["model.safetensors.index.json"] = vs.io.json_encode {weight_map = map}}
    fails("model-1.safetensors: No such file", BERT.from_pretrained, folder)
    for i, part in ipairs(parts) do
      assert(vs.save(("%s/model-%d.safetensors"):format(folder, i), part))
    end
    assert.same(plain, hidden_of(assert(BERT.from_pretrained(folder))))
    map = {}
    for name in pairs(assert(vs.load_pth(FOLDER .. "/pytorch_model.bin"))) do map[name] = "x.bin" end
    assert.same(plain, hidden_of(assert(load {["model.safetensors"] = false,
      ["x.bin"] = read "pytorch_model.bin",
      ["pytorch_model.bin.index.json"] = vs.io.json_encode {weight_map = map}})))
  end)

  it("reads weights of half precision", function()
    for dtype, limit in pairs {float16 = 0.01, bfloat16 = 0.1, float64 = 0} do
      local bert = assert(BERT.from_pretrained(weights_with(function(name, tensor)
        return name, tensor:to(dtype)
      end)))
      assert.equal("float32", bert.pooler.dense.weight.dtype)
      local off = ((bert(IDS)) - vs.tensor(plain)):abs():max():item()
      assert(off <= limit, ("%s is off by %g"):format(dtype, off))
    end
  end)

  it("takes null and absent keys of config.json as the defaults", function()
    local bert = assert(load(config_with {hidden_act = vs.io.null, layer_norm_eps = vs.io.null,
      type_vocab_size = vs.io.null, position_embedding_type = vs.io.null}))
    assert.same(plain, hidden_of(bert))
  end)

  it("may leave out the pooler", function()
    local folder = weights_with(function(name, tensor)
      if not name:find "^pooler" then return name, tensor end
    end)
    fails("missing: pooler.dense.bias, pooler.dense.weight", BERT.from_pretrained, folder)
    local bert = assert(BERT.from_pretrained(folder, {pooler = false}))
    assert.same(plain, hidden_of(bert))
    assert.is_nil(assert(BERT.from_pretrained(FOLDER, {pooler = false})).pooler)
  end)

  it("obeys the pooling of sentence-transformers, or refuses it by name", function()
    local TEXTS = {"the red hat", "a cup"}
    local function pooling(modes, options)
      local folder = folder_with {}
      temp.subfolder(folder .. "/1_Pooling")
      temp.write(folder .. "/1_Pooling/config.json", vs.io.json_encode(modes))
      return BERT.from_pretrained(folder, options)
    end
    local bert = assert(BERT.from_pretrained(FOLDER))
    local ids, mask = bert.tokenizer:encode_batch(TEXTS)
    local hidden = vs.no_grad(function() return bert(ids, mask) end)
    local function same(want, model) assert.is_true(want:allclose(model:embed(TEXTS), 1e-6)) end
    local cls = hidden:slice(2, 1, 1):squeeze(2):normalize()
    local most = {}
    for i, length in ipairs(mask:long():sum(2):tolist()) do
      most[i] = (hidden[i]:slice(1, 1, length):max(1)):normalize({dim = 1}):tolist()
    end
    local mean = BERT.mean_pool(hidden, mask):normalize()
    same(mean, bert)
    same(mean, assert(pooling {pooling_mode_mean_tokens = true, pooling_mode_cls_token = false}))
    same(cls, assert(pooling {pooling_mode_mean_tokens = false, pooling_mode_cls_token = true}))
    same(vs.tensor(most), assert(pooling {pooling_mode_max_tokens = true}))
    same(cls, assert(pooling({pooling_mode_lasttoken = true}, {pooling = "cls"})))
    fails("1_Pooling/config.json: pooling_mode_lasttoken is not supported", pooling,
      {pooling_mode_lasttoken = true})
    fails("both pooling_mode_cls_token and pooling_mode_mean_tokens are set", pooling,
      {pooling_mode_cls_token = true, pooling_mode_mean_tokens = true})
    fails("modules.json: the module 'sentence_transformers.models.Dense' is not supported", load,
      {["modules.json"] = '[{"type": "sentence_transformers.models.Dense"}]'})
    fails("default_prompt_name is not supported", load,
      {["config_sentence_transformers.json"] = '{"default_prompt_name": "query"}'})
  end)

  it("refuses settings that it does not obey", function()
    fails("config.json: is_decoder is true, expected false", load, config_with {is_decoder = true})
    fails("config.json: pruned_heads is not supported", load,
      config_with {pruned_heads = {["0"] = {1}}})
    fails("config.json: auto_map is not supported", load,
      config_with {auto_map = {AutoModel = "own.Model"}})
    assert(load(config_with {pruned_heads = {}, is_decoder = false}))
    local function tokenizer(json) return load {["tokenizer_config.json"] = json} end
    assert(tokenizer '{"unk_token": {"content": "[UNK]"}, "tokenizer_class": "BertTokenizerFast"}')
    for json, part in pairs {
      ['{"tokenize_chinese_chars": false}'] = "tokenize_chinese_chars is false, expected true",
      ['{"tokenizer_class": "MPNetTokenizer"}'] = "tokenizer_class is 'MPNetTokenizer'",
      ['{"unk_token": "<unk>"}'] = "unk_token is '<unk>', expected '[UNK]'",
      ['{"strip_accents": 1}'] = "strip_accents is 1, expected a boolean",
      ['{"never_split": ["hat"]}'] = "never_split is not supported",
      ['{"clean_text": false}'] = "clean_text is false, expected true",
      ['{"do_basic_tokenize": false}'] = "do_basic_tokenize is false, expected true",
      ['{"wordpieces_prefix": "@@"}'] = "wordpieces_prefix is '@@', expected '##'",
      ['{"padding_side": "left"}'] = "padding_side is 'left', expected 'right'",
      ['{"additional_special_tokens": ["[X]"]}'] = "additional_special_tokens is not supported",
      ['{"mask_token": {"content": "[MASK]", "lstrip": true}}'] = "lstrip of mask_token is not",
      ['{"added_tokens_decoder": {"7": {"content": "[X]"}}}'] = "the added token '[X]' is not",
      ['{"added_tokens_decoder": {"7": {"content": "[CLS]", "single_word": true}}}'] =
        "single_word of '[CLS]' is not supported",
    } do
      fails("tokenizer_config.json: " .. part, tokenizer, json)
    end
    assert(tokenizer [[{"added_tokens_decoder": {"0": {"content": "[PAD]", "lstrip": false}},
      "additional_special_tokens": [], "clean_text": true, "wordpieces_prefix": "##"}]])
    for name, cases in pairs {
      ["special_tokens_map.json"] = {
        ['{"sep_token": "</s>"}'] = "sep_token is '</s>', expected '[SEP]'",
        ['{"additional_special_tokens": ["[X]"]}'] = "additional_special_tokens is not supported",
      },
      ["added_tokens.json"] = {['{"[X]": 32}'] = "the added token '[X]' is not supported"},
      ["sentence_bert_config.json"] = {
        ['{"max_seq_length": "8"}'] = "max_seq_length is '8', expected an integer",
        ['{"tokenizer_args": {"do_lower_case": false}}'] = "tokenizer_args is not supported",
        ['{"do_lower_case": "no"}'] = "do_lower_case is 'no', expected false",
      },
      ["config_sentence_transformers.json"] = {
        ['{"truncate_dim": 4}'] = "truncate_dim is not supported",
        ['{"model_type": "SparseEncoder"}'] = "model_type is 'SparseEncoder', expected 'Sentence",
      },
      ["config.json"] = {
        ['{"model_type": "bert", "add_cross_attention": true}'] = "add_cross_attention is true",
        ['{"model_type": "bert", "is_encoder_decoder": true}'] = "is_encoder_decoder is true",
        ['{"model_type": "bert", "quantization_config": {"bits": 8}}'] = "quantization_config is",
      },
    } do
      for json, part in pairs(cases) do fails(name .. ": " .. part, load, {[name] = json}) end
    end
    assert(load {["special_tokens_map.json"] = '{"unk_token": {"content": "[UNK]"}}',
      ["added_tokens.json"] = '{"[MASK]": 4}', ["sentence_bert_config.json"] =
        '{"max_seq_length": null, "do_lower_case": false, "model_args": {}}',
      ["config_sentence_transformers.json"] = '{"prompts": {}, "default_prompt_name": null}'})
  end)

  it("reads sentence-transformers' list of modules", function()
    local function modules(list, pooling)
      local folder = folder_with {["modules.json"] = vs.io.json_encode(list)}
      temp.subfolder(folder .. "/5_Pooling")
      temp.write(folder .. "/5_Pooling/config.json", pooling
        or '{"word_embedding_dimension": 8, "pooling_mode_cls_token": true}')
      return BERT.from_pretrained(folder)
    end
    local function module(name, path)
      return {type = "sentence_transformers.models." .. name, path = path}
    end
    local plain_list = {module("Transformer", ""), module("Pooling", "5_Pooling"),
      module("Normalize", "6_Normalize")}
    assert.equal("cls", assert(modules(plain_list)).config.pooling)
    assert.equal("max", assert(modules(plain_list, '{"pooling_mode": "max"}')).config.pooling)
    local function refused(part, ...) fails(part, modules, ...) end
    refused("5_Pooling/config.json: word_embedding_dimension is 9, expected 8", plain_list,
      '{"word_embedding_dimension": 9}')
    refused("5_Pooling/config.json: no pooling mode is true", plain_list,
      '{"pooling_mode_mean_tokens": false}')
    refused("pooling_mode is 'lasttoken', expected mean, cls or max", plain_list,
      '{"pooling_mode": "lasttoken"}')
    refused("modules.json: the module 'sentence_transformers.models.Pooling' is not supported at "
      .. "position 3", {plain_list[1], plain_list[2], plain_list[2]})
    refused("at position 3", {plain_list[1], plain_list[3], plain_list[2]})
    refused("expected the modules Transformer and Pooling", {plain_list[1]})
    refused("the module Transformer is in '0_BERT', expected", {module("Transformer", "0_BERT"),
      plain_list[2]})
    refused("the module Pooling is in '../x', expected", {plain_list[1], module("Pooling", "../x")})
    refused("9_Pooling/config.json: No such file", {plain_list[1], module("Pooling", "9_Pooling")})
  end)

  it("reads tokenizer.json beside vocab.txt, which have to agree", function()
    local map = {}
    local pieces = {}
    for piece in read "vocab.txt":gmatch "[^\n]+" do pieces[#pieces + 1] = piece end
    for i, piece in ipairs(pieces) do map[piece] = i - 1 end
    local function json(change)
      local value = {normalizer = {type = "BertNormalizer", lowercase = true},
        model = {type = "WordPiece", vocab = map}}
      if change then change(value) end
      return {["tokenizer.json"] = vs.io.json_encode(value)}
    end
    assert.is_true(assert(load(json())).tokenizer:settings().lowercase)
    local cased = json(function(v) v.normalizer.lowercase = false end)
    assert.is_false(assert(load(cased)).tokenizer:settings().lowercase)
    cased["tokenizer_config.json"] = '{"do_lower_case": true}'
    assert.is_true(assert(load(cased)).tokenizer:settings().lowercase)
    fails("tokenizer.json: normalizer is not supported unless it is an object", load,
      json(function(v) v.normalizer = vs.io.null end))
    local last = pieces[#pieces]
    map[last], map.other = nil, #pieces - 1
    fails(("tokenizer.json: piece %d is 'other', in vocab.txt it is '%s'"):format(#pieces, last),
      load, json())
  end)

  it("obeys strip_accents and the limits of the tokenizer's files", function()
    local function of(json, options)
      return assert(load({["tokenizer_config.json"] = json}, options)).tokenizer:settings()
    end
    assert.is_true(of("{}").strip_accents)
    assert.is_false(of('{"strip_accents": false}').strip_accents)
    assert.is_true(of('{"strip_accents": false}').lowercase)
    assert.is_true(of('{"strip_accents": false}', {strip_accents = true}).strip_accents)
    assert.is_false(of('{"do_lower_case": false}').strip_accents)
    assert.equal(7, of('{"model_max_length": 7}').max_len)
    assert.equal(16, of('{"model_max_length": 1000000000000000019884624838656}').max_len)
    local lowered = assert(load {["tokenizer_config.json"] = '{"do_lower_case": false}',
      ["sentence_bert_config.json"] = '{"do_lower_case": true}'}).tokenizer:settings()
    assert.same({true, false}, {lowered.lowercase, lowered.strip_accents})
  end)

  it("sets up the tokenizer by the folder's files and by options", function()
    local function pieces(changes, text, options)
      return assert(load(changes, options)).tokenizer:encode(text):tolist()
    end
    local lower = {3, 14, 4}
    assert.same(lower, pieces({}, "HAT"))
    assert.same({3, 2, 4}, pieces({["tokenizer_config.json"] = '{"do_lower_case": false}'}, "HAT"))
    assert.same(lower, pieces({["tokenizer_config.json"] = '{"do_lower_case": false}'}, "HAT",
      {lowercase = true}))
    assert.same(lower, pieces({["sentence_bert_config.json"] = '{"max_seq_length": 3}'}, "hat cup"))
    assert.same(lower, pieces({}, "hat cup", {max_len = 3}))
    assert.equal(16, #pieces({["sentence_bert_config.json"] = '{"max_seq_length": 600}'},
      ("hat "):rep(30)))
    assert.same(lower, pieces({}, "hat\xff", {invalid = "replace"}))
    local vocab = {}
    for piece in read "vocab.txt":gmatch "[^\n]+" do vocab[#vocab + 1] = piece end
    local map = {}
    for i, piece in ipairs(vocab) do map[piece] = i - 1 end
    local json = vs.io.json_encode {model = {type = "WordPiece", vocab = map}}
    assert.same(lower, pieces({["vocab.txt"] = false, ["tokenizer.json"] = json}, "hat"))
  end)
end)

describe("a broken folder", function()
  teardown(temp.remove)

  local function refused(want, changes, options)
    local bert, message = load(changes, options)
    assert.is_nil(bert)
    assert.matches(want, message, 1, true)
    return message
  end

  it("is named with pytorch_model.bin and what is wrong with it", function()
    local old = read "pytorch_model.bin"
    local function refused_with(bytes, want)
      refused("pytorch_model.bin: " .. want,
        {["model.safetensors"] = false, ["pytorch_model.bin"] = bytes})
    end
    refused_with("", "truncated: 0 bytes")
    refused_with(old:sub(1, -2), "zip: no directory at its end")
    refused_with(old:sub(1, #old // 2), "zip: no directory at its end")
    refused_with(temp.read "spec/fixtures/pth/whole.pth", "pickle, byte 66: it names torch.nn")
    refused_with(temp.read "spec/fixtures/pth/module.pth",
      "the tensors do not fit config.json")
  end)

  it("is named with the file that is missing", function()
    for _, name in ipairs(FILES) do
      local message = refused(name, {[name] = false})
      assert.matches("No such file", message, 1, true)
    end
    assert.matches("/nowhere/config.json: No such file",
      select(2, BERT.from_pretrained "/nowhere"), 1, true)
  end)

  it("says what is wrong in config.json", function()
    for want, changes in pairs {
      ["config.json: hidden_size is -8, expected an integer >= 1"] = {hidden_size = -8},
      ["config.json: hidden_size is '8', expected"] = {hidden_size = "8"},
      ["config.json: hidden_size is 8.5, expected"] = {hidden_size = 8.5},
      ["config.json: hidden_size is a table, expected"] = {hidden_size = {8}},
      ["config.json: vocab_size is true"] = {vocab_size = true},
      ["config.json: num_attention_heads is 0"] = {num_attention_heads = 0},
      ["num_attention_heads = 3"] = {num_attention_heads = 3},
      ["config.json: pad_token_id is 32, expected less than vocab_size = 32"] = {pad_token_id = 32},
      ["config.json: pad_token_id is -1"] = {pad_token_id = -1},
      ["config.json: hidden_act is 'mish', expected gelu"] = {hidden_act = "mish"},
      ["config.json: layer_norm_eps is 0"] = {layer_norm_eps = 0},
      ["config.json: hidden_dropout_prob is 1.5"] = {hidden_dropout_prob = 1.5},
      ["config.json: model_type is 'gpt2', expected 'bert'"] = {model_type = "gpt2"},
      ["position_embedding_type is 'relative_key'"] = {position_embedding_type = "relative_key"},
    } do
      refused(want, config_with(changes))
    end
    refused("model_type is", {["config.json"] = '{"model_type": "a\\u0000b"}'})
    refused("config.json: is not a JSON object", {["config.json"] = "[1]"})
    refused("config.json: is not a JSON object", {["config.json"] = "null"})
    refused("config.json: is not a JSON object", {["config.json"] = "3"})
    refused("tokenizer_config.json: is not a JSON object", {["tokenizer_config.json"] = "[]"})
  end)

  it("makes nothing by sizes that the weights do not have", function()
    local huge = 2 ^ 62 | 0
    for _, key in ipairs {"vocab_size", "hidden_size", "intermediate_size",
      "max_position_embeddings", "type_vocab_size", "num_hidden_layers"} do
      local message = refused("model.safetensors: ", config_with {[key] = huge})
      assert.matches(key == "num_hidden_layers" and "too few for the 4611686018427387904 layers"
        or tostring(huge), message, 1, true)
    end
    refused("missing: encoder.layer.2.", config_with {num_hidden_layers = 3})
    refused("unexpected: encoder.layer.1.", config_with {num_hidden_layers = 1})
  end)

  it("lists what is missing, unexpected and mismatched", function()
    local folder = weights_with(function(name, tensor)
      if name == "embeddings.LayerNorm.bias" then return "embeddings.LayerNorm.shift", tensor end
      if name == "pooler.dense.weight" then return name, tensor:slice(1, 1, 7):clone() end
      if name == "encoder.layer.1.output.dense.bias" then return name, tensor:long() end
      return name, tensor
    end)
    local message = fails("model.safetensors: the tensors do not fit", BERT.from_pretrained,
      folder)
    assert.matches("\n  missing: embeddings.LayerNorm.bias\n", message, 1, true)
    assert.matches("\n  unexpected: embeddings.LayerNorm.shift\n", message, 1, true)
    assert.matches("\n  mismatched: encoder.layer.1.output.dense.bias is int64, expected a float "
      .. "dtype, pooler.dense.weight is [7,8], expected [8,8] by config.json", message, 1, true)
  end)

  it("lists at most twenty names of a kind", function()
    local message = fails("and 19 more", BERT.from_pretrained, weights_with(function(name, tensor)
      return "model." .. name, tensor
    end))
    assert(#message < 3000)
  end)

  it("tells of a tensor under two names", function()
    fails("duplicate key embeddings.LayerNorm.weight, as embeddings.LayerNorm.gamma and "
      .. "embeddings.LayerNorm.weight", BERT.from_pretrained,
      weights_with(keep, {["embeddings.LayerNorm.gamma"] = vs.zeros(8)}))
  end)

  it("says when the vocabulary is not the weights'", function()
    refused("vocab.txt: has 33 tokens, expected at most 32",
      {["vocab.txt"] = read "vocab.txt" .. "one\nmore\n"})
    refused("vocab.txt: not a WordPiece vocabulary", {["vocab.txt"] = "hat\n"})
  end)

  it("gives a message for files cut anywhere", function()
    for _, name in ipairs(FILES) do
      local bytes = read(name)
      local step = name == "model.safetensors" and 397 or 7
      for n = 0, #bytes - 2, step do
        local bert, message = load {[name] = bytes:sub(1, n)}
        -- A vocabulary may end early: then it is a smaller one.
        assert(bert == nil or name == "vocab.txt", n)
        assert(bert or message:find(name, 1, true), message)
      end
      temp.remove()
    end
  end)

  it("gives a message, or a model, for config.json with any byte changed", function()
    local bytes, models = read "config.json", 0
    local folder = folder_with {}
    for i = 1, #bytes, 2 do
      for _, c in ipairs {"9", '"', "\xff"} do
        temp.write(folder .. "/config.json", bytes:sub(1, i - 1) .. c .. bytes:sub(i + 1))
        local bert, message = BERT.from_pretrained(folder)
        models = models + (bert and 1 or 0)
        assert(bert or message:find(folder, 1, true), message)
      end
    end
    assert(models > 0)
  end)

  it("is told from a mistake in the script", function()
    for want, arguments in pairs {["folder is nil"] = {}, ["folder is 3"] = {3},
      ["unknown option 'pool'"] = {FOLDER, {pool = false}}} do
      local ok, message = pcall(function() BERT.from_pretrained(table.unpack(arguments, 1, 2)) end)
      assert.is_false(ok)
      assert.matches(want, message, 1, true)
      assert.matches("bert_folder_spec", message, 1, true)
    end
  end)
end)
