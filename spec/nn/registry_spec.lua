-- Every layer and optimizer of the C tables has golden values of PyTorch, so none lands unmeasured.
local vs = require "vesper"

-- Names of cases where they are not the layer's own in small letters.
local CASES = {
  Conv2d = "conv", MaxPool2d = "max_pool", AvgPool2d = "avg_pool", AdaptiveAvgPool2d = "adaptive",
  BatchNorm1d = "batch1d", BatchNorm2d = "batch2d", LayerNorm = "layer", LeakyReLU = "leaky_relu",
  LogSoftmax = "log_softmax",
  -- of the functions; spec/nn/loss_spec.lua compares the layers
  CrossEntropyLoss = "cross_entropy", NLLLoss = "nll_loss", BCEWithLogitsLoss = "bce",
  MSELoss = "mse_loss", L1Loss = "l1_loss", SmoothL1Loss = "smooth_l1_loss", HuberLoss = "huber",
  KLDivLoss = "kl_div", CosineEmbeddingLoss = "cosine_embedding_loss",
  TripletMarginLoss = "triplet",
}
-- Random, or not in PyTorch 1.13 (RMSNorm): specs of their own check what can be checked.
local ELSEWHERE = {Dropout = true, Dropout2d = true, RMSNorm = true}

local cases = {}
for _, file in ipairs{"rnn", "cnn", "layers", "optim"} do
  for key in pairs(assert(vs.load("spec/golden/" .. file .. ".safetensors"))) do
    cases[key:match("^([%a%d_]+)")] = true
  end
end

describe("golden values", function()
  for _, list in ipairs{vs.list_layers(), vs.list_optims()} do
    for _, def in ipairs(list) do
      it("there are some for " .. def.name, function()
        local case = CASES[def.name] or def.name:lower()
        assert.is_true(ELSEWHERE[def.name] or cases[case] or false,
          def.name .. " has no case in spec/golden (write one, or name it here)")
      end)
    end
  end
end)
