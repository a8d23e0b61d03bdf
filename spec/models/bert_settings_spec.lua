-- models.BERT.from_pretrained: settings in the folder that change ids or embeddings.
local vs = require "vesper"
local fails = require "spec.support.fails"
local folders = require "spec.support.bert_folders"
local temp = require "spec.support.temp"

local BERT, FOLDER = vs.models.BERT, folders.FOLDER
local read, load, config_with = folders.read, folders.load, folders.config_with
local folder_with = folders.with

describe("the settings of a BERT's folder", function()
  teardown(temp.remove)

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
end)
