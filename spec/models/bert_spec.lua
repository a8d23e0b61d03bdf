-- models.BERT: padding, dropout, freezing, learning, and what it refuses.
local vs = require "vesper"
local fails = require "spec.support.fails"

local nn, BERT = vs.nn, vs.models.BERT
local FOLDER = "spec/fixtures/bert"

local function config(more)
  local c = {vocab_size = 20, hidden_size = 16, num_hidden_layers = 3, num_attention_heads = 4,
    intermediate_size = 24, max_position_embeddings = 12}
  for key, value in pairs(more or {}) do c[key] = value end
  return c
end

local function tiny(more)
  vs.manual_seed(3)
  return BERT(config(more))
end

local function biggest(t) return t:abs():max():item() end
local function differs(a, b) return biggest(a - b) > 0 end

describe("a BERT", function()
  it("has Hugging Face's names and first values", function()
    local bert = tiny()
    local state = bert:state_dict()
    local padding = state["embeddings.word_embeddings.weight"][1]
    assert.equal(0, biggest(padding))
    assert.equal(0, biggest(state["encoder.layer.2.attention.self.query.bias"]))
    assert.equal(1, state["encoder.layer.0.output.LayerNorm.weight"]:min():item())
    local deviation = state["encoder.layer.1.intermediate.dense.weight"]:std():item()
    assert(deviation > 0.015 and deviation < 0.025, deviation)
    assert.equal(5 + 3 * 16 + 2, #bert:named_parameters())
    assert.matches("BertLayer", tostring(bert), 1, true)
  end)

  it("does not see padding", function()
    local bert = tiny():eval()
    local ids = vs.randint(2, 20, 3, 5)
    local hidden, pooled = bert(ids)
    for n = 1, 7 do
      local longer = vs.cat({ids, vs.randint(1, 20, 3, n)}, 2)
      local h, p = bert(longer, vs.tensor({5, 5, 5}, {dtype = "int64"}))
      assert(biggest(h:slice(2, 1, 5) - hidden) <= 1e-6 * biggest(hidden))
      assert(biggest(p - pooled) <= 1e-6 * biggest(pooled))
      assert.equal(0, biggest(h:slice(2, 6)))
    end
  end)

  it("gives texts of different lengths in one batch what each has alone, gradients too", function()
    local bert = tiny():eval()
    local ids, lengths = vs.randint(2, 20, 4, 7), {7, 2, 1, 3}
    local function gradients(run)
      for _, p in ipairs(bert:parameters()) do p.grad = nil end
      run():backward()
      local all = {}
      for _, p in ipairs(bert:parameters()) do all[#all + 1] = p.grad and p.grad:flatten() end
      return vs.cat(all)
    end
    local function score(hidden, pooled) return (hidden * hidden):sum() + pooled:sum() end
    local together = {}
    local got = gradients(function()
      together = {bert(ids, vs.tensor(lengths, {dtype = "int64"}))}
      return score(table.unpack(together))
    end)
    local want = gradients(function()
      local sum
      for i, n in ipairs(lengths) do
        local hidden, pooled = bert(ids:slice(1, i, i):slice(2, 1, n))
        local whole = together[1]:slice(1, i, i):slice(2, 1, n)
        assert(biggest(hidden - whole) <= 1e-6 * biggest(hidden))
        assert(biggest(pooled - together[2]:slice(1, i, i)) <= 1e-6 * biggest(pooled))
        sum = sum and sum + score(hidden, pooled) or score(hidden, pooled)
      end
      return sum
    end)
    assert(biggest(got - want) <= 1e-5 * biggest(want))
  end)

  it("gives zeros where there is nothing but padding, and gradients that are numbers", function()
    local bert = tiny()
    local ids, mask = vs.ones(2, 4):long(), vs.tensor {{true, true, false, false},
      {false, false, false, false}}
    local hidden, pooled = bert(ids, mask)
    assert.equal(0, biggest(hidden[2]))
    assert.equal(0, biggest(pooled[2]))
    assert.equal(0, biggest(BERT.mean_pool(hidden, mask)[2]))
    BERT.mean_pool(hidden, mask):normalize():sum():backward()
    for _, pair in ipairs(bert:named_parameters()) do
      local grad = pair[2].grad
      assert(not grad or biggest(grad) < math.huge, pair[1])
    end
  end)

  it("drops hidden states and attention in training alone", function()
    local ids = vs.randint(2, 20, 2, 6)
    local both = {hidden_dropout_prob = 0, attention_probs_dropout_prob = 0}
    local bert = tiny(both)
    assert(not differs((bert(ids)), (bert(ids))))
    for name in pairs(both) do
      local options = {hidden_dropout_prob = 0, attention_probs_dropout_prob = 0, [name] = 0.3}
      bert = tiny(options)
      assert(differs((bert(ids)), (bert(ids))), name)
      bert:eval()
      assert(not differs((bert(ids)), (bert(ids))), name)
    end
  end)

  it("knows the activations of published models", function()
    local ids, outputs = vs.randint(2, 20, 2, 6), {}
    for _, act in ipairs {"gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "swish"} do
      outputs[act] = (tiny {hidden_act = act}:eval()(ids))
    end
    assert(differs(outputs.gelu, outputs.gelu_new))
    assert(biggest(outputs.gelu - outputs.gelu_new) < 1e-3)
    assert(biggest(outputs.gelu - outputs.relu) > 1e-3)
    assert(not differs(outputs.gelu_new, outputs.gelu_pytorch_tanh))
    assert(not differs(outputs.silu, outputs.swish))
  end)

  it("may have no pooler", function()
    local bert = tiny {add_pooling_layer = false}
    local hidden, pooled = bert(vs.ones(1, 3):long())
    assert.same({1, 3, 16}, hidden.shape)
    assert.is_nil(pooled)
  end)

  it("refuses what does not fit, at the caller's line", function()
    local bert, ids = tiny(), vs.ones(2, 5):long()
    local function refused(want, ...)
      local arguments = {...}
      local message = fails(want, function() bert(table.unpack(arguments, 1, 4)) end)
      assert.matches("bert_spec", message, 1, true)
    end
    refused("ids is float32 [5], expected int64 [B,T]", vs.ones(5))
    refused("ids is int64 [2,0], expected int64 [B,T]", vs.ones(2, 0):long())
    refused("ids is missing")
    refused("mask is bool [2,4], expected bool [2,5], or lengths int64 [2]", ids,
      vs.ones(2, 4):bool())
    refused("mask is float32 [2,5]", ids, vs.ones(2, 5))
    refused("mask is a table", ids, {5, 5})
    refused("types is int64 [2,4], expected int64 [2,5]", ids, nil, vs.ones(2, 4):long())
    refused("extra is float32 [2,16], expected [2,1,16]", ids, nil, nil, vs.ones(2, 16))
    refused("ids have 13 positions, expected at most max_position_embeddings = 12",
      vs.ones(1, 13):long())
    refused("13 positions", vs.ones(1, 12):long(), nil, nil, vs.ones(1, 1, 16))
    refused("21", vs.full({1, 3}, 21):long())
    fails("freeze_layers: n is 4, expected 0..3", bert.freeze_layers, bert, 4)
    fails("embed: tokenizer is nil", bert.embed, bert, {"a"})
    for want, more in pairs {
      ["hidden_size is -4, expected an integer >= 1"] = {hidden_size = -4},
      ["num_hidden_layers is 0"] = {num_hidden_layers = 0},
      ["num_attention_heads is 2.5"] = {num_attention_heads = 2.5},
      ["hidden_size is 16, expected a multiple of num_attention_heads = 3"] =
        {num_attention_heads = 3},
      ["pad_token_id is 20, expected less than vocab_size = 20"] = {pad_token_id = 20},
      ["hidden_dropout_prob is 1, expected"] = {hidden_dropout_prob = 1},
      ["layer_norm_eps is 'a', expected a finite number > 0"] = {layer_norm_eps = "a"},
      ["hidden_act is 'sin', expected gelu, "] = {hidden_act = "sin"},
      ["unknown option 'layers'"] = {layers = 2},
    } do
      local message = fails("BERT: " .. want, function() BERT(config(more)) end)
      assert.matches("bert_spec", message, 1, true)
    end
    fails("config is 3, expected a table", BERT, 3)
  end)
end)

describe("bert:embed", function()
  local bert
  setup(function() bert = assert(BERT.from_pretrained(FOLDER)) end)

  it("gives rows of length 1 in the order of the texts", function()
    local texts = {"the big red dog is on the small cup", "a", "", "the red hat", "a"}
    local e = bert:embed(texts, {batch_size = 2})
    assert(biggest((e * e):sum(2) - 1) < 1e-6)
    for i, text in ipairs(texts) do
      assert(biggest(bert:embed {text}[1] - e[i]) < 1e-6, text)
    end
    assert(biggest(e[1] - e[4]) > 1e-2)
    assert.is_false(e.requires_grad)
    local hidden = bert(vs.ones(1, 3):long())
    assert.is_true(hidden.requires_grad)
    assert.same({0, 8}, bert:embed({}).shape)
  end)

  it("cuts what is too long", function()
    local words = {}
    for i = 1, 50 do words[i] = "hat" end
    local long = table.concat(words, " ")
    local short = table.concat(words, " ", 1, 14)
    assert(biggest(bert:embed {long} - bert:embed {short}) < 1e-6)
    local two = table.concat(words, " ", 1, 2)
    assert(biggest(bert:embed({long}, {max_len = 4}) - bert:embed {two}) < 1e-6)
  end)

  it("leaves the mode as it was, after an error too", function()
    for _, on in ipairs {true, false} do
      bert:train(on)
      bert:embed {"a"}
      fails("17 positions", bert.embed, bert, {("hat "):rep(40)}, {max_len = 17})
      assert.equal(on, bert.training)
      assert.equal(on, bert.encoder.layer[1].training)
    end
    bert:eval()
  end)

  it("says what is wrong with texts", function()
    fails("texts is 'a', expected a list", bert.embed, bert, "a")
    fails("item 2", bert.embed, bert, {"a", 3})
    fails("text 2: invalid UTF-8", bert.embed, bert, {"a", "\xff"})
    fails("batch_size is 0", bert.embed, bert, {"a"}, {batch_size = 0})
  end)
end)

-- Texts of two kinds by the colour named in them; a linear map over the pooled output tells them
-- apart.
describe("fine-tuning", function()
  local texts, labels = {}, {}
  for i, thing in ipairs {"hat", "cup", "dog", "cat", "bird"} do
    texts[2 * i - 1], labels[2 * i - 1] = "the red " .. thing, 1
    texts[2 * i], labels[2 * i] = "the blue " .. thing, 2
  end
  local label = vs.tensor(labels, {dtype = "int64"})

  local function train(bert, steps)
    local head = nn.Linear(8, 2)
    local opt = vs.optim.AdamW({
      {params = bert:parameters(true), lr = 0.005},
      {params = head:parameters(), lr = 0.05},
    }, {weight_decay = 0.01})
    local warm = vs.optim.lr_scheduler.LinearLR(opt, {start_factor = 0.1, total_iters = 5})
    local ids, mask = bert.tokenizer:encode_batch(texts)
    local first, loss
    bert:train()
    for _ = 1, steps do
      local _, pooled = bert(ids, mask)
      loss = nn.functional.cross_entropy(head(pooled), label)
      opt:zero_grad()
      loss:backward()
      vs.optim.clip_grad_norm_(bert:parameters(), 1)
      opt:step()
      warm:step()
      first = first or loss:item()
    end
    bert:eval()
    local _, pooled = bert(ids, mask)
    local last = nn.functional.cross_entropy(head(pooled), label):item()
    return first, last, opt.param_groups
  end

  it("learns, with learning rates of its own and a warm-up", function()
    vs.manual_seed(1)
    local first, last, groups = train(assert(BERT.from_pretrained(FOLDER)), 100)
    assert(first > 0.4, tostring(first))
    assert(last < 0.2, tostring(last))
    assert.equal(0.005, groups[1].lr)
    assert.equal(0.05, groups[2].lr)
  end)

  it("leaves frozen layers as they are, to the bit", function()
    for n = 0, 2 do
      vs.manual_seed(2)
      local bert = assert(BERT.from_pretrained(FOLDER)):freeze_layers(n)
      local before = {}
      for name, t in pairs(bert:state_dict()) do before[name] = t:clone() end
      train(bert, 3)
      for name, t in pairs(bert:state_dict()) do
        local layer = tonumber(name:match "layer%.(%d+)")
        local frozen = name:find "^embeddings" or layer and layer < n
        if name:find "key%.bias" then frozen = nil end -- what is left of it is rounding
        assert.equal(not frozen, not t:eq(before[name]):all() or name:find "key%.bias" ~= nil,
          name)
      end
      bert:unfreeze()
      assert.equal(bert:num_parameters(), bert:num_parameters(true))
    end
  end)
end)
