-- Losses as layers: PyTorch's values (those of spec/golden/rnn.py and layers.py for the functions),
-- what they were made with as fields, and weights as buffers.
local vs = require "vesper"
local golden = require "spec.support.golden"

local nn = vs.nn
local files = {golden.load "rnn", golden.load "layers", golden.load "ops"}
local weight = files[1]["cross_entropy.weight"]:to("float32")

local cases = {
  ["cross_entropy.mean"] = nn.CrossEntropyLoss(),
  ["cross_entropy.none"] = nn.CrossEntropyLoss {reduction = "none"},
  ["cross_entropy.all"] = nn.CrossEntropyLoss(weight, {ignore_index = 4, label_smoothing = 0.2}),
  nll_loss = nn.NLLLoss {weight = weight},
  bce = nn.BCEWithLogitsLoss(),
  mse_loss = nn.MSELoss(),
  l1_loss = nn.L1Loss("sum"),
  smooth_l1_loss = nn.SmoothL1Loss {beta = 0.7},
  huber = nn.HuberLoss {delta = 0.7},
  ["huber.none"] = nn.HuberLoss("none"),
  kl_div = nn.KLDivLoss("batchmean"),
  ["kl_div.log"] = nn.KLDivLoss {reduction = "sum", log_target = true},
  ["cosine_embedding_loss.-0.3"] = nn.CosineEmbeddingLoss(-0.3),
  triplet = nn.TripletMarginLoss(),
  ["triplet.swap"] = nn.TripletMarginLoss(1.5, {swap = true, reduction = "none"}),
  ["cosine_similarity.rows"] = nn.CosineSimilarity(),
  ["cosine_similarity.last"] = nn.CosineSimilarity(-1, 1e-3),
}

describe("losses as layers", function()
  for case, loss in pairs(cases) do
    it(case .. " as PyTorch's", function()
      for _, values in ipairs(files) do
        if values[case .. "/out1"] then
          local inputs = golden.inputs(values, case)
          golden.check(values, case, {loss(table.unpack(inputs))}, inputs)
          return
        end
      end
      error("no golden values for " .. case)
    end)
  end

  it("show what they were made with", function()
    local loss = nn.CrossEntropyLoss {label_smoothing = 0.1, reduction = "sum"}
    assert.equal("CrossEntropyLoss(reduction = sum, label_smoothing = 0.1)", tostring(loss))
    assert.equal("sum", loss.reduction)
    assert.is_nil(loss.weight)
    assert.is_nil(loss.ignore_index)
    assert.same({}, loss:parameters())
  end)

  it("keep a copy of their weights, as a buffer", function()
    local given = vs.ones(3)
    local loss = nn.BCEWithLogitsLoss {pos_weight = given}
    given:fill_(5)
    assert.same({1, 1, 1}, loss.pos_weight:tolist())
    assert.same({}, loss:parameters())
    assert.equal("pos_weight", (next(loss:state_dict())))
  end)

  it("name what is wrong", function()
    local ok, message = pcall(nn.MSELoss(), vs.ones(2), vs.ones(3))
    assert.is_false(ok)
    assert.matches("mse_loss: x is [2] but target is [3]", message, 1, true)
    assert.has_error(function() nn.MSELoss("most") end)
    assert.has_error(function() nn.CrossEntropyLoss(3) end)
  end)
end)
