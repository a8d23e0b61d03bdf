-- What `make bench` times, vesper's half: name -> function that makes the workload.  Each is
-- {weights = state_dict, inputs = {name = tensor}, step = function, check = function -> list of
-- numbers, flops = of the products and convolutions in one step}.  The other half, of the same
-- names, is peer.py.  Dropout is 0 unless the name says otherwise; it is off where losses are
-- compared.
local vs = require "vesper"
local nn, optim, models = vs.nn, vs.optim, vs.models

local W = {cast = function(fn) return fn() end} -- what the models compute in: that, or vs.autocast

local function ids(n, ...) return vs.randint(2, n, {...}) end
local function full(B, T) return vs.full({B}, T):long() end

-- Training: forward, backward, clipping at 2, Adam.
local function training(model, inputs, loss_of, flops, dropout)
  local parameters = model:parameters()
  local optimizer = optim.Adam(parameters, {lr = 1e-4})
  model:train()
  local function step()
    local loss = W.cast(loss_of)
    optimizer:zero_grad()
    loss:backward()
    optim.clip_grad_norm_(parameters, 2.0)
    optimizer:step()
    return loss
  end
  return {model = model, weights = model:state_dict(), inputs = inputs, flops = 3 * flops,
    step = step,
    check = function()
      local losses = {}
      model:train((dropout or 0) == 0)
      for i = 1, 3 do losses[i] = step():item() end
      model:train()
      return losses
    end}
end

-- make(rate) makes the workload.
local function with_dropout(name, make)
  W[name] = function() return make(0) end
  W[name .. ", dropout 0.1"] = function() return make(0.1) end
end

-- Inference: run() -> tensor.
local function inference(model, inputs, run, flops)
  model:eval()
  local function step() return vs.no_grad(W.cast, run) end
  return {weights = model:state_dict(), inputs = inputs, flops = flops, step = step,
    check = function()
      local y = step()
      local list = y:flatten():slice(1, 1, math.min(8, y:numel())):tolist()
      list[#list + 1] = y:abs():sum():item()
      return list
    end}
end

-- ---- W1: VSE++ on features ----------------------------------------------------------------------

local Features = nn.Module:extend "Features"
function Features:init(cell)
  self.image = nn.Linear(2048, 1024)
  self.words = nn.Embedding(8000, 300)
  self.rnn = nn[cell](300, 1024)
  self.ranking = nn.HingeRanking{warmup = 0}
end
function Features:forward(x)
  local v = self.image(x.feature):normalize()
  local _, t = self.rnn(self.words(x.tokens), x.lengths)
  return self.ranking(v:matmul(t:normalize():t()))
end

local function features(cell, gates)
  return function()
    local B, T = 128, 32
    local model = Features(cell)
    local x = {feature = vs.randn(B, 2048), tokens = ids(8000, B, T), lengths = full(B, T)}
    local flops = 2 * B * (2048 * 1024 + T * gates * 1024 * (300 + 1024)) + 2 * B * B * 1024
    return training(model, x, function() return model(x) end, flops)
  end
end
W["W1 VSE++ LSTM"], W["W1 VSE++ GRU"] = features("LSTM", 4), features("GRU", 3)

-- ---- W2: pictures and titles --------------------------------------------------------------------

local CLASSES, VOCABULARY = 40, 8000

local function vse(class, more)
  local o = {classes = CLASSES, width = 512, dropout = 0, warmup = 0, norm = false,
    text = {vocab_size = VOCABULARY, word_dim = 300}}
  for key, value in pairs(more) do o[key] = value end
  return class(o)
end

local function labels(B) return vs.randint(1, CLASSES, {B}) end

local function conv_flops(B, from, to, k, h, w) return 2 * B * from * to * k * k * h * w end

-- Of ResNet-18 on s x s, without the head.
local function resnet_flops(B, s)
  local sum, from = conv_flops(B, 3, 64, 7, s // 2, s // 2), 64
  for stage = 1, 4 do
    local to, m = 32 << stage, s >> (stage + 1)
    sum = sum + conv_flops(B, from, to, 3, m, m) + 3 * conv_flops(B, to, to, 3, m, m)
    if stage > 1 then sum = sum + conv_flops(B, from, to, 1, m, m) end
    from = to
  end
  return sum
end

local function lstm_flops(B, T, E, H) return 2 * B * T * 4 * H * (E + H) end

local function small_flops(B, h, w, channels)
  local sum, from = 0, 3
  for _, to in ipairs(channels) do
    sum = sum + conv_flops(B, from, to, 3, h, w)
    from, h, w = to, h // 2, w // 2
  end
  return sum
end

W["W2 ResNet-18 + LSTM"] = function()
  local B, T, D = 32, 32, 512
  local model = vse(models.VSE, {image = models.ResNet18{num_classes = 0, width = D}})
  local x = {image = vs.randint(0, 255, {B, 3, 128, 128}):to "uint8",
    tokens = ids(VOCABULARY, B, T), lengths = full(B, T), label = labels(B)}
  return training(model, x, function() return (model:loss(x, 2)) end,
    resnet_flops(B, 128) + lstm_flops(B, T, 300, D))
end

W["W2 small CNN + LSTM"] = function()
  local B, T, D = 128, 16, 256
  local model = vse(models.VSE, {width = D, text = {vocab_size = VOCABULARY, word_dim = 100},
    image = models.SmallCNN(D, {channels = {32, 64, 128, 256}})})
  local x = {image = vs.randint(0, 255, {B, 3, 64, 48}):to "uint8", tokens = ids(VOCABULARY, B, T),
    lengths = full(B, T), label = labels(B)}
  return training(model, x, function() return (model:loss(x, 2)) end,
    small_flops(B, 64, 48, {32, 64, 128, 256}) + lstm_flops(B, T, 100, D))
end

-- ---- W3, W4: attention over regions -------------------------------------------------------------

local function regions(B, R, T)
  return {regions = vs.randn(B, R, 2048), tokens = ids(VOCABULARY, B, T), lengths = full(B, T),
    label = labels(B)}
end

with_dropout("W3 CIM", function(dropout)
  local B, R, T, D = 64, 36, 32, 512
  local model = vse(models.CIM, {width = D, heads = 8, attention_dropout = dropout,
    dropout = dropout, image = models.RegionEncoder(D, {region_width = 2048})})
  local x = regions(B, R, T)
  local inputs = {positions = nn.positional_encoding(T, D)}
  for key, tensor in pairs(x) do inputs[key] = tensor end
  local n = R + T -- the regions once alone, and once with their words
  local intra = 2 * B * (2 * R * 2048 * D + T * 300 * D) + 2 * B * (R + n) * 4 * D * D
    + 4 * B * (R * R + n * n) * D + 2 * B * 2 * R * 4 * D * D
  return training(model, inputs, function() return (model:loss(x, 2)) end,
    intra + lstm_flops(B, T, 300, D) + 2 * B * 2048 * D, dropout)
end)

with_dropout("W4 COOT", function(dropout)
  local B, R, T, D = 64, 36, 32, 512
  local model = vse(models.COOT, {width = D, iterations = 3, dropout = dropout,
    image = models.RegionEncoder(D, {region_width = 2048})})
  local x = regions(B, R, T)
  return training(model, x, function() return (model:loss(x, 2)) end,
    lstm_flops(B, T, 300, D) + 2 * B * (2048 * D + 20 * D * D), dropout)
end)

-- ---- W5: BERT -----------------------------------------------------------------------------------

local function base(dropout)
  return {hidden_dropout_prob = dropout, attention_probs_dropout_prob = dropout}
end
local function mini(dropout)
  return {hidden_size = 384, num_hidden_layers = 6, intermediate_size = 1536,
    hidden_dropout_prob = dropout, attention_probs_dropout_prob = dropout}
end

local function bert_flops(B, T, D, layers)
  return layers * (2 * B * T * 12 * D * D + 4 * B * T * T * D)
end

-- DPM's own step, without its tokenizer: the pieces come ready.
local Fusion = nn.Module:extend "Fusion"
function Fusion:init(dropout)
  self.bert = models.BERT(mini(dropout))
  self.image, self.to_bert = nn.Linear(2048, 512), nn.Linear(512, 384)
  self.from_bert, self.text_of_bert = nn.Linear(384, 512), nn.Linear(384, 512)
  self.fuse = nn.Sequential{nn.Linear(3 * 512, 512), nn.ReLU(), nn.Linear(512, CLASSES)}
  self.ranking = nn.HingeRanking{warmup = 0}
end
function Fusion:forward(x)
  local v = self.image(x.feature)
  local t = self.text_of_bert(self.bert(x.tokens, x.lengths):mean(2))
  local _, pooled = self.bert(x.tokens, x.lengths, nil, self.to_bert(v):unsqueeze(2))
  local logits = self.fuse(vs.cat({v, t, self.from_bert(pooled)}, 2))
  return nn.functional.cross_entropy(logits, x.label)
    + self.ranking(v:normalize():matmul(t:normalize():t()))
end

with_dropout("W5 DPM, 6 layers of 384", function(dropout)
  local B, T = 32, 64
  local model = Fusion(dropout)
  local x = {feature = vs.randn(B, 2048), tokens = ids(30522, B, T), lengths = full(B, T),
    label = labels(B)}
  return training(model, x, function() return model(x) end, 2 * bert_flops(B, T, 384, 6), dropout)
end)

with_dropout("W5 BERT-base", function(dropout)
  local B, T = 16, 64
  local model = nn.Module:extend "Classifier"()
  model.bert, model.head = models.BERT(base(dropout)), nn.Linear(768, CLASSES)
  local x = {tokens = ids(30522, B, T), lengths = full(B, T), label = labels(B)}
  return training(model, x, function()
    local _, pooled = model.bert(x.tokens, x.lengths)
    return nn.functional.cross_entropy(model.head(pooled), x.label)
  end, bert_flops(B, T, 768, 12), dropout)
end)

-- ---- W6: inference ------------------------------------------------------------------------------

for _, B in ipairs{1, 64} do
  W["W6 images, ResNet-18, batch " .. B] = function()
    local model = models.ResNet18{num_classes = 0, width = 512}
    local x = {image = vs.randint(0, 255, {B, 3, 128, 128}):to "uint8"}
    return inference(model, x, function() return (model(x.image)) end, resnet_flops(B, 128))
  end
  W["W6 images, small CNN, batch " .. B] = function()
    local model = models.SmallCNN(256, {channels = {32, 64, 128, 256}})
    local x = {image = vs.randint(0, 255, {B, 3, 64, 48}):to "uint8"}
    return inference(model, x, function() return (model(x.image)) end,
      small_flops(B, 64, 48, {32, 64, 128, 256}))
  end
  W["W6 captions, LSTM, batch " .. B] = function()
    local model = models.TextEncoder(512, {vocab_size = VOCABULARY, word_dim = 300})
    local x = {tokens = ids(VOCABULARY, B, 32), lengths = full(B, 32)}
    return inference(model, x, function() return (model(x.tokens, x.lengths)) end,
      lstm_flops(B, 32, 300, 512))
  end
  W["W6 captions, BERT of 6 layers, batch " .. B] = function()
    local model = models.BERT(mini(0))
    local x = {tokens = ids(30522, B, 64), lengths = full(B, 64)}
    return inference(model, x, function() return (select(2, model(x.tokens, x.lengths))) end,
      bert_flops(B, 64, 384, 6))
  end
end

-- ---- W7: retrieval ------------------------------------------------------------------------------

W["W7 top-10 of 1,000 x 100,000 x 512"] = function()
  local x = {queries = vs.randn(1000, 512), gallery = vs.randn(100000, 512)}
  local function run() return vs.metrics.topk(x.queries, x.gallery, 10) end
  return {inputs = x, step = run, flops = 2 * 1000 * 100000 * 512, check = function()
    local places, scores = run()
    local list = places:slice(1, 1, 2):flatten():tolist()
    list[#list + 1] = scores:sum():item()
    return list
  end}
end

return W
