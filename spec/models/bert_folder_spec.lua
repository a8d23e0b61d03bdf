-- models.BERT.from_pretrained: what folders it reads, and what it says of broken ones.
local vs = require "vesper"
local fails = require "spec.support.fails"
local folders = require "spec.support.bert_folders"
local temp = require "spec.support.temp"

local BERT, FOLDER = vs.models.BERT, folders.FOLDER
local read, load, config_with = folders.read, folders.load, folders.config_with
local folder_with = folders.with

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
    for name in pairs(assert(vs.load_pth(FOLDER .. "/pytorch_model.bin"))) do
      map[name] = "x.bin"
    end
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
    for _, name in ipairs(folders.FILES) do
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
    for _, name in ipairs(folders.FILES) do
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
    for want, arguments in pairs {["folder is missing"] = {}, ["folder is 3"] = {3},
      ["unknown option 'pool'"] = {FOLDER, {pool = false}}} do
      local ok, message = pcall(function() BERT.from_pretrained(table.unpack(arguments, 1, 2)) end)
      assert.is_false(ok)
      assert.matches(want, message, 1, true)
      assert.matches("bert_folder_spec", message, 1, true)
    end
  end)
end)
