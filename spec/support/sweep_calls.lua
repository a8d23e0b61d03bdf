-- Right calls of tensors, layers, optimizers, files, images and text.  See sweep_objects.lua.
return function(vs, calls)
  local nn = vs.nn
  local args, inputs, objects, made = calls.args, calls.inputs, calls.objects, calls.values
  local picture, path, write = made.picture, made.path, made.write
  local fresh, dataset_file, loader, ids = made.fresh, made.dataset_file, made.loader, made.ids
  local WORDS, TEXTS, root = made.WORDS, made.TEXTS, made.root

  -- ---- vs, tensors ------------------------------------------------------------------------------

  args["vs.tensor"] = function() return {{{1, 2}, {3, 4}}} end
  for _, name in ipairs {"zeros", "ones", "empty", "rand", "randn"} do
    args["vs." .. name] = function() return {2, 3} end
  end
  args["vs.full"] = function() return {{2, 3}, 7} end
  args["vs.arange"] = function() return {1, 5, 1} end
  args["vs.linspace"] = function() return {0, 1, 5} end
  args["vs.logspace"] = function() return {0, 1, 5, 10} end
  args["vs.randint"] = function() return {1, 6, 2, 3} end
  args["vs.set_rng_state"] = function() return {vs.get_rng_state()} end
  args["vs.warn"] = function() return {"a warning"} end
  for _, name in ipairs {"no_grad", "enable_grad", "autocast"} do
    args["vs." .. name] = function() return {function(...) return ... end, 1} end
  end
  args["vs.meshgrid"] = function() return {{vs.rand(2), vs.rand(3)}} end
  args["vs.einsum"] = function() return {"ij,jk->ik", {vs.rand(2, 3), vs.rand(3, 2)}} end
  args["vs.save"] = function() return {fresh ".safetensors", {a = vs.rand(2)}, {k = "v"}} end
  args["vs.load"] = function()
    local at = path "w.safetensors"
    assert(vs.save(at, {a = vs.rand(2)}))
    return {at}
  end
  args["vs.load_pth"] = function() return {root .. "/spec/fixtures/pth/nested.pth"} end
  args["vs.is_tensor"] = function() return {1} end
  args["vs.is_layer"] = function() return {1} end
  args["vs.profile"] = function() return {function() vs.rand(2):exp() end} end
  args["vs.progress"] = function() return {loader(), "x", {quiet = true}} end
  args["Tensor:split"] = function() return {2, 1} end
  args["Tensor:t"] = function() return {} end
  args["Tensor:requires_grad_"] = function() return {true} end
  args["Tensor:backward"] = function() return {self = (vs.rand(2):requires_grad_() * 2):sum()} end
  args["Tensor:item"] = function() return {self = vs.tensor(1)} end
  args["Tensor:register_hook"] = function()
    return {function() end, self = vs.rand(2):requires_grad_()}
  end
  args["Tensor:register_post_accumulate_grad_hook"] = args["Tensor:register_hook"]
  args["Tensor:mm"] = function() return {vs.rand(4, 2)} end
  args["Tensor:mv"] = function() return {vs.rand(4)} end
  args["Tensor:bmm"] = function() return {vs.rand(2, 4, 3), self = vs.rand(2, 3, 4)} end
  args["Tensor:dot"] = function() return {vs.rand(3), self = vs.rand(3)} end
  args["Tensor:outer"] = function() return {vs.rand(2), self = vs.rand(3)} end
  args["Tensor:addmm"] = function() return {vs.rand(3, 2), vs.rand(2, 4)} end
  args["Tensor:baddbmm"] = function()
    return {vs.rand(2, 3, 2), vs.rand(2, 2, 4), self = vs.rand(2, 3, 4)}
  end
  args["Tensor:view"] = function() return {{4, 3}} end
  args["Tensor:lerp"] = function() return {vs.rand(3, 4), 0.5} end
  args["Tensor:kthvalue"] = function() return {2} end
  args["vs.autograd.Function"] = function()
    return {{forward = function(_, x) return x end, backward = function(_, d) return d end}}
  end
  inputs["vs.autograd.Function"] = function() return {vs.rand(2):requires_grad_()} end

  -- ---- nn ---------------------------------------------------------------------------------------

  local layers = {
    Linear = {{4, 2}, {2, 4}}, Conv1d = {{2, 3, 3}, {1, 2, 8}}, Conv2d = {{2, 3, 3}, {1, 2, 8, 8}},
    ConvTranspose1d = {{2, 3, 3}, {1, 2, 8}}, ConvTranspose2d = {{2, 3, 3}, {1, 2, 8, 8}},
    MaxPool2d = {{2}, {1, 2, 8, 8}}, AvgPool2d = {{2}, {1, 2, 8, 8}}, MaxPool1d = {{2}, {1, 2, 8}},
    AvgPool1d = {{2}, {1, 2, 8}}, AdaptiveAvgPool2d = {{2}, {1, 2, 8, 8}},
    AdaptiveMaxPool2d = {{2}, {1, 2, 8, 8}}, AdaptiveAvgPool1d = {{2}, {1, 2, 8}},
    AdaptiveMaxPool1d = {{2}, {1, 2, 8}}, Upsample = {{{4, 4}}, {1, 2, 2, 2}},
    BatchNorm1d = {{4}, {3, 4}}, BatchNorm2d = {{2}, {2, 2, 3, 3}}, LayerNorm = {{{4}}, {3, 4}},
    GroupNorm = {{2, 4}, {3, 4}}, RMSNorm = {{4}, {3, 4}}, LSTM = {{4, 3}, {2, 3, 4}},
    GRU = {{4, 3}, {2, 3, 4}}, Dropout2d = {{0.5}, {1, 2, 3, 3}},
  }
  for name, pair in pairs(layers) do
    args["nn." .. name] = function() return {table.unpack(pair[1])} end
    inputs["nn." .. name] = function() return {vs.rand(table.unpack(pair[2]))} end
  end
  args["nn.Embedding"] = function() return {4, 3} end
  for _, name in ipairs {"CrossEntropyLoss", "NLLLoss"} do
    inputs["nn." .. name] = function() return {vs.rand(2, 3), ids{1, 2}} end
  end
  inputs["nn.CosineEmbeddingLoss"] = function()
    return {vs.rand(2, 3), vs.rand(2, 3), vs.tensor{1, -1}}
  end
  args["nn.Sequential"] = function() return {{nn.Linear(4, 4), nn.ReLU()}} end
  inputs["nn.Sequential"] = function() return {vs.rand(2, 4)} end
  args["nn.Embedding.from_pretrained"] = function() return {vs.rand(4, 3)} end
  inputs["nn.Embedding.from_pretrained"] = function() return {ids{1, 2}} end
  inputs["nn.InfoNCE"] = function() return {vs.rand(3, 3)} end
  inputs["nn.SigmoidLoss"] = inputs["nn.InfoNCE"]
  inputs["nn.HingeRanking"] = function() return {vs.rand(3, 3), 1} end
  inputs["nn.CosineSimilarity"] = function() return {vs.rand(2, 3), vs.rand(2, 3)} end
  args["nn.MultiheadAttention"] = function() return {4, 2} end
  inputs["nn.MultiheadAttention"] = function() return {vs.rand(1, 3, 4), vs.rand(1, 3, 4)} end
  calls.takes["nn.MultiheadAttention"] = 4
  args["nn.TransformerEncoderLayer"] = function() return {4, 2} end
  inputs["nn.TransformerEncoderLayer"] = function() return {vs.rand(1, 3, 4)} end
  args["nn.TransformerEncoder"] = function() return {nn.TransformerEncoderLayer(4, 2), 2} end
  inputs["nn.TransformerEncoder"] = function() return {vs.rand(1, 3, 4)} end
  calls.takes["nn.TransformerEncoderLayer"], calls.takes["nn.TransformerEncoder"] = 2, 2
  args["nn.positional_encoding"] = function() return {3, 4} end
  args["nn.positional_encoding2d"] = function() return {2, 3, 4} end
  args["nn.GPO"] = function() return {4, 4} end
  inputs["nn.GPO"] = function() return {vs.rand(2, 3, 4)} end
  args["nn.summary"] = function() return {nn.Linear(4, 2), vs.rand(2, 4)} end
  args["nn.init.calculate_gain"] = function() return {"leaky_relu", 0.1} end
  args["Module:extend"] = function() return {"Net", self = nn.Module} end
  args["Module:register_buffer"] = function()
    return {"mean", vs.rand(2), self = nn.Sequential{nn.Linear(4, 4)}}
  end
  args["Module:load_state_dict"] = function()
    local net = nn.Sequential{nn.Linear(4, 4)}
    return {net:state_dict(), self = net}
  end

  -- ---- optim ------------------------------------------------------------------------------------

  for _, o in ipairs(vs.list_optims()) do
    args["optim." .. o.name] = function() return {{vs.rand(2):requires_grad_()}, {lr = 0.1}} end
  end
  args["optim.clip_grad_norm_"] = function() return {{vs.rand(2):requires_grad_()}, 1} end
  args["optim.clip_grad_value_"] = args["optim.clip_grad_norm_"]
  args["Optimizer:add_param_group"] = function()
    return {{params = {vs.rand(2):requires_grad_()}}}
  end
  args["Optimizer:load_state_dict"] = function()
    local o = objects.Optimizer()
    return {o:state_dict(), self = o}
  end
  args["Optimizer:state"] = function() return {1, 1} end
  args["Optimizer:set_state"] = function()
    local o = objects.Optimizer()
    local state, steps = o:state(1, 1)
    return {1, 1, state, steps, self = o}
  end
  args["Loader:part"] = function() return {0, 2, true} end
  args["dist.agree"] = function() return {"settings", {"a = 1"}} end
  args["dist.share"] = function() return {{1, 2, 3}} end
  args["dist.same"] = function() return {{image_index = vs.arange(3)}} end
  args["dist.DataParallel"] = function() return {nn.Linear(2, 2)} end
  args["DataParallel:loss"] = function()
    local model = nn.Module:extend "Model" ()
    function model.loss() return vs.ones(1) end
    return {self = vs.dist.DataParallel(model)}
  end
  args["optim.EMA"] = function() return {nn.Linear(2, 2)} end
  args["EMA:load_state_dict"] = function()
    local ema = objects.EMA()
    return {ema:state_dict(), self = ema}
  end
  local schedules = {StepLR = {2}, MultiStepLR = {{1, 2}}, ExponentialLR = {0.5}, LinearLR = {},
    PolynomialLR = {}, CosineAnnealingLR = {5}, OneCycleLR = {{max_lr = 1, total_steps = 10}},
    ReduceLROnPlateau = {}, LambdaLR = {function() return 1 end}}
  for name, rest in pairs(schedules) do
    args["optim.lr_scheduler." .. name] = function()
      local copy = {}
      for i, v in ipairs(rest) do
        copy[i] = type(v) == "table" and {table.unpack(v)} or v
        if type(v) == "table" then for k, x in pairs(v) do copy[i][k] = x end end
      end
      if name == "MultiStepLR" then copy = {{milestones = {1, 2}}} end
      return {objects.Optimizer(), table.unpack(copy)}
    end
  end
  args["optim.lr_scheduler.SequentialLR"] = function()
    local o, lr = objects.Optimizer(), vs.optim.lr_scheduler
    return {o, {schedulers = {lr.LinearLR(o), lr.StepLR(o, 2)}, milestones = {3}}}
  end
  args["Scheduler:load_state_dict"] = function()
    local s = objects.Scheduler()
    return {s:state_dict(), self = s}
  end

  -- ---- files, images, text ----------------------------------------------------------------------

  args["npy.load"] = function()
    assert(vs.npy.save(path "x.npy", vs.rand(2)))
    return {path "x.npy"}
  end
  args["npy.save"] = function() return {fresh ".npy", vs.rand(2)} end
  local function png()
    assert(vs.image.save(path "p.png", picture()))
    return path "p.png"
  end
  args["image.load"] = function() return {png()} end
  args["image.load_batch"] = function() return {{png(), png()}, {4, 4}} end
  args["image.decode"] = function() return {vs.image.encode(picture(), "png")} end
  args["image.info"] = args["image.load"]
  args["image.save"] = function() return {fresh ".jpg", picture()} end
  args["image.encode"] = function() return {picture(), "jpg"} end
  args["image.resize"] = function() return {picture(), {3, 3}, "box"} end
  args["image.crop"] = function() return {picture(), 1, 1, {2, 2}} end
  args["image.flip"] = function() return {picture()} end
  args["image.canvas"] = function() return {{4, 4}, {1, 2, 3}} end
  args["image.draw_text"] = function() return {picture(), 1, 1, "a"} end
  args["image.text_size"] = function() return {"a", 1} end
  args["image.draw_box"] = function() return {picture(), 1, 1, {2, 2}} end
  args["image.paste"] = function() return {picture(), picture(2, 2), 1, 1} end
  args["image.grid"] = function() return {{picture(), picture()}} end
  args["io.csv"] = function() return {write("a.csv", "a,b\n1,2\n")} end
  args["io.csv_rows"] = args["io.csv"]
  args["io.json_decode"] = function() return {"[1]"} end
  args["io.json_load"] = function() return {write("l.json", "[1, 2]")} end
  args["io.json_items"] = args["io.json_load"]
  args["io.h5"] = function() return {dataset_file()} end
  args["H5File:info"] = function() return {"train/label"} end
  args["H5File:read"] = function() return {"train/label", 1, 2} end
  args["io.json_encode"] = function() return {{1, 2}} end
  args["io.json_save"] = function() return {fresh ".json", {1, 2}} end
  args["io.array"] = function() return {{1}} end
  args["io.xml_texts"] = function() return {write("a.xml", "<a><b>x</b></a>")} end
  args["text.tokenize"] = function() return {"A red hat"} end
  args["text.Vocab.build"] = function() return {TEXTS} end
  args["text.Vocab.new"] = function() return {WORDS} end
  args["text.WordVectors"] = function() return {write("glove.txt", "hat 1 2\ncup 2 1\n")} end
  args["text.WordPiece"] = function() return {root .. "/spec/fixtures/bert/vocab.txt"} end
  args["Vocab:encode"] = function() return {"a hat"} end
  args["Vocab:encode_batch"] = function() return {{"a hat", "cup"}} end
  args["Vocab:decode"] = function() return {ids{3, 4}} end
  args["Vocab:id"] = function() return {"hat"} end
  args["Vocab:count"] = args["Vocab:id"]
  args["WordVectors:vector"], args["WordVectors:has"] = args["Vocab:id"], args["Vocab:id"]
  args["WordVectors:nearest"] = function() return {"hat", 1} end
  args["WordPiece:tokenize"] = function() return {"a hat"} end
  args["WordPiece:encode"] = args["WordPiece:tokenize"]
  args["WordPiece:encode_batch"] = function() return {{"a hat", "a"}} end
  args["WordPiece:id"] = args["Vocab:id"]
end
