-- Layers, functions and losses against PyTorch (values of spec/golden/rnn.py): outputs, gradients
-- of inputs and of parameters.
local vs = require "vesper"
local golden = require "spec.support.golden"

local nn = vs.nn
local values = golden.load "rnn"

local function params_of(case)
  local params, prefix = {}, case .. "/param."
  for name, t in pairs(values) do
    if name:sub(1, #prefix) == prefix then params[name:sub(#prefix + 1)] = t end
  end
  return params
end

local layers = {
  ["lstm.plain"] = function() return nn.LSTM(6, 9) end,
  ["lstm.full"] = function() return nn.LSTM(6, 9) end,
  ["lstm.bare"] = function() return nn.LSTM(6, 17, {bias = false}) end,
  ["lstm.deep"] = function() return nn.LSTM(6, 5, {num_layers = 2, bidirectional = true}) end,
  ["lstm.state"] = function() return nn.LSTM(6, 5, {num_layers = 2, bidirectional = true}) end,
  ["gru.plain"] = function() return nn.GRU(6, 9) end,
  ["gru.full"] = function() return nn.GRU(6, 9) end,
  ["gru.bare"] = function() return nn.GRU(6, 17, {bias = false}) end,
  ["gru.deep"] = function() return nn.GRU(6, 5, {num_layers = 2, bidirectional = true}) end,
  ["gru.state"] = function() return nn.GRU(6, 5, {num_layers = 2, bidirectional = true}) end,
  linear = function() return nn.Linear(7, 5) end,
  ["linear.bare"] = function() return nn.Linear(7, 5, {bias = false}) end,
  embedding = function() return nn.Embedding(6, 5) end,
  ["embedding.padded"] = function() return nn.Embedding(6, 5, {padding_idx = 3}) end,
  relu = function() return nn.ReLU() end,
  relu6 = function() return nn.ReLU6() end,
  leaky_relu = function() return nn.LeakyReLU(0.2) end,
  elu = function() return nn.ELU(0.7) end,
  gelu = function() return nn.GELU() end,
  silu = function() return nn.SiLU() end,
  tanh = function() return nn.Tanh() end,
  sigmoid = function() return nn.Sigmoid() end,
  softplus = function() return nn.Softplus() end,
  flatten = function() return nn.Flatten() end,
  softmax = function() return nn.Softmax(2) end,
  log_softmax = function() return nn.LogSoftmax() end,
  identity = function() return nn.Identity() end,
}

describe("layers as PyTorch's", function()
  for case, make in pairs(layers) do
    it(case, function()
      local layer, params, n = make(), params_of(case), 0
      for _, pair in ipairs(layer:named_parameters()) do
        local name, p = table.unpack(pair)
        golden.near(name, p:detach() * 0, params[name] * 0) -- name and shape
        n = n + 1
      end
      for _ in pairs(params) do n = n - 1 end
      assert.are.equal(0, n)
      layer:load_state_dict(params)
      local inputs = golden.inputs(values, case)
      golden.check(values, case, {layer(table.unpack(inputs))}, inputs)
      for _, pair in ipairs(layer:named_parameters()) do
        local name, p = table.unpack(pair)
        golden.near("gradient of " .. name, p.grad, values[case .. "/dparam." .. name])
      end
    end)
  end
end)

local function same(fn, options)
  return function(...)
    local args = {...}
    args[#args + 1] = options
    return fn(table.unpack(args))
  end
end

local weight = values["cross_entropy.weight"]:to("float32")
local functions = {
  logsumexp = same(vs.logsumexp, {dim = 2, keepdim = true}),
  normalize = same(vs.normalize, {dim = 2}),
  ["normalize.1"] = same(vs.normalize, {p = 1}),
  ["cross_entropy.mean"] = vs.cross_entropy,
  ["cross_entropy.sum"] = same(vs.cross_entropy, {reduction = "sum"}),
  ["cross_entropy.none"] = same(vs.cross_entropy, {reduction = "none"}),
  ["cross_entropy.weighted"] = same(vs.cross_entropy, {weight = weight}),
  ["cross_entropy.ignoring"] = same(vs.cross_entropy, {ignore_index = 4}),
  ["cross_entropy.smooth"] = same(vs.cross_entropy, {label_smoothing = 0.2}),
  ["cross_entropy.all"] = same(vs.cross_entropy,
    {weight = weight, ignore_index = 4, label_smoothing = 0.2}),
  nll_loss = same(vs.nll_loss, {weight = weight}),
  mse_loss = vs.mse_loss,
  l1_loss = same(vs.l1_loss, {reduction = "sum"}),
  smooth_l1_loss = same(vs.smooth_l1_loss, {beta = 0.7}),
  bce = vs.binary_cross_entropy_with_logits,
  ["cosine_embedding_loss.0.0"] = vs.cosine_embedding_loss,
  ["cosine_embedding_loss.-0.3"] = same(vs.cosine_embedding_loss, {margin = -0.3}),
  ["hinge_ranking.sum"] = vs.hinge_ranking,
  ["hinge_ranking.hardest"] = same(vs.hinge_ranking, {negatives = "hardest"}),
}

describe("functions and losses as PyTorch's", function()
  for case, fn in pairs(functions) do
    it(case, function()
      local inputs = golden.inputs(values, case)
      golden.check(values, case, {fn(table.unpack(inputs))}, inputs)
    end)
  end
end)

it("every golden case is used", function()
  for name in pairs(values) do
    local case = name:match "^(.*)/out1$"
    assert(not case or layers[case] or functions[case], "nothing compares " .. tostring(case))
  end
end)
