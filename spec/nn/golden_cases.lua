-- The layers, losses and functions that spec/nn/golden_spec.lua compares with PyTorch: for each
-- file of spec/golden its cases, each a function that makes the layer, or the function to call.
local vs = require "vesper"
local golden = require "spec.support.golden"

local nn = vs.nn
local weight = golden.load "rnn"["cross_entropy.weight"]:to("float32")

-- fn with the options behind its arguments.
local function with(fn, options)
  return function(...)
    local args = {...}
    args[#args + 1] = options
    return fn(table.unpack(args))
  end
end

local layers = {}

layers.rnn = {
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
  ["gelu.tanh"] = function() return nn.GELU {approximate = "tanh"} end,
  silu = function() return nn.SiLU() end,
  tanh = function() return nn.Tanh() end,
  sigmoid = function() return nn.Sigmoid() end,
  softplus = function() return nn.Softplus() end,
  flatten = function() return nn.Flatten() end,
  softmax = function() return nn.Softmax(2) end,
  log_softmax = function() return nn.LogSoftmax() end,
  identity = function() return nn.Identity() end,
}

layers.cnn = {
  ["conv.plain"] = function() return nn.Conv2d(3, 5, 3) end,
  ["conv.padded"] = function() return nn.Conv2d(4, 18, 3, {padding = 1, bias = false}) end,
  ["conv.stride"] = function() return nn.Conv2d(3, 8, 3, {stride = 2, padding = 1}) end,
  ["conv.stem"] = function() return nn.Conv2d(3, 6, 7, {stride = 2, padding = 3, bias = false}) end,
  ["conv.pairs"] = function()
    return nn.Conv2d(4, 6, {3, 2}, {stride = {1, 3}, padding = {2, 1}, dilation = {2, 1}})
  end,
  ["conv.dilated"] = function()
    return nn.Conv2d(2, 3, 3, {stride = 2, padding = 2, dilation = 2})
  end,
  ["conv.one"] = function() return nn.Conv2d(7, 33, 1) end,
  ["conv.one.stride"] = function() return nn.Conv2d(7, 4, 1, 2) end,
  ["conv.groups"] = function() return nn.Conv2d(6, 9, 3, {padding = 1, groups = 3}) end,
  ["conv.depthwise"] = function()
    return nn.Conv2d(5, 5, 3, {stride = 2, padding = 1, groups = 5})
  end,
  ["conv.deep"] = function() return nn.Conv2d(70, 20, 3, {padding = 1}) end,
  max_pool = function() return nn.MaxPool2d(2) end,
  ["max_pool.odd"] = function() return nn.MaxPool2d(2) end,
  ["max_pool.resnet"] = function() return nn.MaxPool2d(3, {stride = 2, padding = 1}) end,
  ["max_pool.pairs"] = function() return nn.MaxPool2d({3, 2}, {stride = {1, 2}}) end,
  avg_pool = function() return nn.AvgPool2d(2) end,
  ["avg_pool.padded"] = function() return nn.AvgPool2d(3, {stride = 2, padding = 1}) end,
  adaptive = function() return nn.AdaptiveAvgPool2d() end,
  ["adaptive.pair"] = function() return nn.AdaptiveAvgPool2d({3, 4}) end,
  batch2d = function() return nn.BatchNorm2d(5) end,
  ["batch2d.bare"] = function() return nn.BatchNorm2d(4, {affine = false, momentum = 0.3}) end,
  ["batch2d.untracked"] = function()
    return nn.BatchNorm2d(4, {eps = 1e-3, track_running_stats = false}):eval()
  end,
  ["batch2d.eval"] = function() return nn.BatchNorm2d(3):eval() end,
  batch1d = function() return nn.BatchNorm1d(6) end,
  ["batch1d.time"] = function() return nn.BatchNorm1d(4) end,
  ["batch1d.eval"] = function() return nn.BatchNorm1d(6):eval() end,
  layer = function() return nn.LayerNorm(37) end,
  ["layer.two"] = function() return nn.LayerNorm({3, 5}, {eps = 1e-3}) end,
  ["layer.bare"] = function() return nn.LayerNorm(9, {elementwise_affine = false}) end,
}

layers.layers = {
  conv1d = function() return nn.Conv1d(3, 5, 4, {stride = 2, padding = 3, dilation = 2}) end,
  ["conv1d.groups"] = function()
    return nn.Conv1d(6, 9, 3, {padding = 1, groups = 3, bias = false})
  end,
  ["conv1d.depthwise"] = function() return nn.Conv1d(5, 5, 5, {stride = 3, groups = 5}) end,
  convtranspose2d = function() return nn.ConvTranspose2d(3, 5, 3) end,
  ["convtranspose2d.stride"] = function()
    return nn.ConvTranspose2d(4, 18, 4, {stride = 2, padding = 1, bias = false})
  end,
  ["convtranspose2d.pairs"] = function()
    return nn.ConvTranspose2d(4, 6, {3, 2}, {stride = {2, 3}, padding = {2, 1},
      output_padding = {1, 2}, dilation = {2, 1}})
  end,
  ["convtranspose2d.groups"] = function()
    return nn.ConvTranspose2d(6, 9, 3, {stride = 2, padding = 1, output_padding = 1, groups = 3})
  end,
  ["convtranspose2d.depthwise"] = function()
    return nn.ConvTranspose2d(5, 5, 3, {stride = 2, padding = 1, groups = 5})
  end,
  ["convtranspose2d.wide"] = function()
    return nn.ConvTranspose2d(2, 3, 2, {stride = 3, output_padding = 2})
  end,
  convtranspose1d = function()
    return nn.ConvTranspose1d(3, 5, 4, {stride = 2, padding = 1})
  end,
  ["convtranspose1d.groups"] = function()
    return nn.ConvTranspose1d(4, 6, 3, {stride = 3, output_padding = 2, groups = 2, dilation = 2,
      bias = false})
  end,
  ["conv1d.reflect"] = function()
    return nn.Conv1d(3, 4, 5, {padding = 2, padding_mode = "reflect"})
  end,
  ["conv2d.replicate"] = function()
    return nn.Conv2d(3, 4, 3, {stride = 2, padding = {2, 1}, padding_mode = "replicate"})
  end,
  maxpool1d = function() return nn.MaxPool1d(2) end,
  ["maxpool1d.ceil"] = function()
    return nn.MaxPool1d(3, {stride = 2, padding = 1, ceil_mode = true})
  end,
  avgpool1d = function() return nn.AvgPool1d(3, 2, 1) end,
  ["avgpool1d.ceil"] = function() return nn.AvgPool1d(3, 2, 1, true, false) end,
  adaptiveavgpool1d = function() return nn.AdaptiveAvgPool1d(3) end,
  adaptivemaxpool1d = function() return nn.AdaptiveMaxPool1d(4) end,
  ["maxpool2d.ceil"] = function() return nn.MaxPool2d(2, {ceil_mode = true}) end,
  ["maxpool2d.ceil.padded"] = function()
    return nn.MaxPool2d(3, {stride = 2, padding = 1, ceil_mode = true})
  end,
  ["avgpool2d.ceil"] = function()
    return nn.AvgPool2d(3, {stride = 2, padding = 1, ceil_mode = true})
  end,
  ["avgpool2d.inside"] = function()
    return nn.AvgPool2d({3, 2}, {stride = {2, 1}, padding = 1, ceil_mode = true,
      count_include_pad = false})
  end,
  ["avgpool2d.dropped"] = function()
    return nn.AvgPool2d(2, {stride = 3, padding = 1, ceil_mode = true})
  end,
  groupnorm = function() return nn.GroupNorm(3, 6) end,
  ["groupnorm.one"] = function() return nn.GroupNorm(1, 5, {eps = 1e-3}) end,
  ["groupnorm.bare"] = function() return nn.GroupNorm(4, 4, {affine = false}) end,
  upsample = function() return nn.Upsample {scale_factor = 2} end,
  ["upsample.nearest"] = function() return nn.Upsample {size = {7, 3}} end,
  ["upsample.bilinear"] = function() return nn.Upsample {scale_factor = 2, mode = "bilinear"} end,
  ["upsample.size"] = function() return nn.Upsample {size = {7, 3}, mode = "bilinear"} end,
  ["upsample.factors"] = function()
    return nn.Upsample {scale_factor = {1.7, 0.6}, mode = "bilinear"}
  end,
  adaptivemaxpool2d = function() return nn.AdaptiveMaxPool2d() end,
  ["adaptivemaxpool2d.pair"] = function() return nn.AdaptiveMaxPool2d({3, 4}) end,
  hardsigmoid = function() return nn.Hardsigmoid() end,
  hardswish = function() return nn.Hardswish() end,
  mish = function() return nn.Mish() end,
  softsign = function() return nn.Softsign() end,
  selu = function() return nn.SELU() end,
  prelu = function() return nn.PReLU() end,
  ["prelu.channels"] = function() return nn.PReLU(5, 0.1) end,
  info_nce = function() return nn.InfoNCE() end,
}

local functions = {}

functions.rnn = {
  logsumexp = with(vs.logsumexp, {dim = 2, keepdim = true}),
  normalize = with(vs.normalize, {dim = 2}),
  ["normalize.1"] = with(vs.normalize, {p = 1}),
  ["cross_entropy.mean"] = vs.cross_entropy,
  ["cross_entropy.sum"] = with(vs.cross_entropy, {reduction = "sum"}),
  ["cross_entropy.none"] = with(vs.cross_entropy, {reduction = "none"}),
  ["cross_entropy.weighted"] = with(vs.cross_entropy, {weight = weight}),
  ["cross_entropy.ignoring"] = with(vs.cross_entropy, {ignore_index = 4}),
  ["cross_entropy.smooth"] = with(vs.cross_entropy, {label_smoothing = 0.2}),
  ["cross_entropy.all"] = with(vs.cross_entropy,
    {weight = weight, ignore_index = 4, label_smoothing = 0.2}),
  nll_loss = with(vs.nll_loss, {weight = weight}),
  mse_loss = vs.mse_loss,
  l1_loss = with(vs.l1_loss, {reduction = "sum"}),
  smooth_l1_loss = with(vs.smooth_l1_loss, {beta = 0.7}),
  bce = vs.binary_cross_entropy_with_logits,
  ["cosine_embedding_loss.0.0"] = vs.cosine_embedding_loss,
  ["cosine_embedding_loss.-0.3"] = with(vs.cosine_embedding_loss, {margin = -0.3}),
  ["hinge_ranking.sum"] = vs.hinge_ranking,
  ["hinge_ranking.hardest"] = with(vs.hinge_ranking, {negatives = "hardest"}),
}

functions.layers = {
  huber = with(vs.huber_loss, {delta = 0.7}),
  ["huber.none"] = with(vs.huber_loss, {reduction = "none"}),
  kl_div = with(vs.kl_div, {reduction = "batchmean"}),
  ["kl_div.mean"] = vs.kl_div,
  ["kl_div.log"] = with(vs.kl_div, {reduction = "sum", log_target = true}),
  triplet = vs.triplet_margin_loss,
  ["triplet.swap"] = with(vs.triplet_margin_loss, {margin = 1.5, swap = true, reduction = "none"}),
}

-- Losses as layers, over the values of the functions.
local losses = {}

losses.rnn = {
  ["cross_entropy.mean"] = function() return nn.CrossEntropyLoss() end,
  ["cross_entropy.none"] = function() return nn.CrossEntropyLoss {reduction = "none"} end,
  ["cross_entropy.all"] = function()
    return nn.CrossEntropyLoss(weight, {ignore_index = 4, label_smoothing = 0.2})
  end,
  nll_loss = function() return nn.NLLLoss {weight = weight} end,
  bce = function() return nn.BCEWithLogitsLoss() end,
  mse_loss = function() return nn.MSELoss() end,
  l1_loss = function() return nn.L1Loss("sum") end,
  smooth_l1_loss = function() return nn.SmoothL1Loss {beta = 0.7} end,
  ["cosine_embedding_loss.-0.3"] = function() return nn.CosineEmbeddingLoss(-0.3) end,
}

losses.layers = {
  huber = function() return nn.HuberLoss {delta = 0.7} end,
  ["huber.none"] = function() return nn.HuberLoss("none") end,
  kl_div = function() return nn.KLDivLoss("batchmean") end,
  ["kl_div.log"] = function() return nn.KLDivLoss {reduction = "sum", log_target = true} end,
  triplet = function() return nn.TripletMarginLoss() end,
  ["triplet.swap"] = function()
    return nn.TripletMarginLoss(1.5, {swap = true, reduction = "none"})
  end,
}

losses.ops = {
  ["cosine_similarity.rows"] = function() return nn.CosineSimilarity() end,
  ["cosine_similarity.last"] = function() return nn.CosineSimilarity(-1, 1e-3) end,
}

return {layers = layers, functions = functions, losses = losses}
