-- models.BERT against PyTorch (values of spec/golden/bert.py): hidden states, pooled output,
-- gradients of every parameter and of the extra embedding, sentence embeddings.
local vs = require "vesper"
local golden = require "spec.support.golden"

local FOLDER = "spec/fixtures/bert"
local values = golden.load "bert"

local function load() return assert(vs.models.BERT.from_pretrained(FOLDER)) end

-- The error of each gradient by the largest gradient of all: that of a key's bias is 0 but for
-- rounding.
local function check_gradients(case, bert)
  local most = 0
  for _, pair in ipairs(bert:named_parameters()) do
    most = math.max(most, values[case .. "/d." .. pair[1]]:abs():max():item())
  end
  for _, pair in ipairs(bert:named_parameters()) do
    local want = values[case .. "/d." .. pair[1]]
    assert.same(want.shape, pair[2].grad.shape)
    local off = (pair[2].grad - want):abs():max():item() / most
    assert(off <= 1e-5, ("gradient of %s is off by %.3g"):format(pair[1], off))
  end
end

local function check(case, mask_of)
  local bert, ids, mask = load(), values[case .. "/ids"], values[case .. "/mask"]
  local extra = values[case .. "/extra"]
  extra = extra and extra:to("float32"):clone():requires_grad_()
  local hidden, pooled = bert(ids, mask_of(mask), values[case .. "/types"], extra)
  golden.near("hidden", hidden, values[case .. "/hidden"])
  golden.near("pooled", pooled, values[case .. "/pooled"])
  local back = (hidden * values[case .. "/cot1"]):sum() + (pooled * values[case .. "/cot2"]):sum()
  back:backward()
  check_gradients(case, bert)
  if extra then golden.near("gradient of extra", extra.grad, values[case .. "/dextra"]) end
end

local function as_mask(mask) return mask end
local function as_lengths(mask) return mask:long():sum(2):long() end

describe("models.BERT as PyTorch's", function()
  it("without padding", function() check("plain", function() return nil end) end)
  it("with a mask and types", function() check("masked", as_mask) end)
  it("with lengths and types", function() check("masked", as_lengths) end)
  it("with an embedding behind [CLS]", function() check("extra", as_mask) end)

  it("has no types unless given: the first", function()
    local bert = load()
    local ids = values["plain/ids"]
    assert.same(bert(ids, nil, vs.ones_like(ids)):tolist(), bert(ids):tolist())
  end)

  it("embeds sentences", function()
    local bert, texts = load(), assert(vs.io.json_load(FOLDER .. "/texts.json"))
    for _, size in ipairs {1, 3, 32} do
      local got = bert:embed(texts, {batch_size = size})
      assert.same({#texts, 8}, got.shape)
      for i, text in ipairs(texts) do
        local name = "sentences/" .. i
        assert.same(values[name .. ".ids"]:tolist(), bert.tokenizer:encode(text):tolist())
        golden.near(text, got[i], values[name])
      end
    end
  end)
end)
