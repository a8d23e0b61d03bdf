-- The image-text models: each learns, gives gradients to all it has, does not see padding, copes
-- with what is missing, and can be stored.
local vs = require "vesper"
local fails = require "spec.support.fails"
local numbers = require "spec.support.numbers"
local temp = require "spec.support.temp"
local toy = require "spec.support.toy"
local with = require "spec.support.with"

local models, optim = vs.models, vs.optim
local WORDS, CLASSES, WIDTH, REGION = toy.WORDS, toy.CLASSES, toy.WIDTH, toy.REGION
local new, pictures, with_regions, padded = toy.new, toy.pictures, toy.with_regions, toy.padded
local spelled, loader, region_encoder = toy.spelled, toy.loader, toy.region_encoder
local train, outputs, every_term = toy.train, toy.outputs, toy.every_term
local finite, same, same_outputs, check_step = toy.finite, toy.same, toy.same_outputs,
  toy.check_step

local TEXT_MODELS = {"VSE", "CIM", "COOT", "AttentionPooling", "DenseProjection", "BERTFusion",
  "DPM"}
local ALL = {"Baseline", table.unpack(TEXT_MODELS)}

describe("models", function()
  teardown(temp.remove)

  for _, name in ipairs(ALL) do
    describe(name, function()
      it("learns a small set", function()
        local model, batch = new(name), pictures(12)
        local first, last = train(model, batch, 60)
        assert(last < 0.5 * first, ("loss from %g to %g"):format(first, last))
        local right = vs.metrics.accuracy(outputs(model, batch).logits, batch.label)
        assert(right > 90, right .. " percent right")
      end)

      it("learns it under autocast, from nearly the same loss", function()
        local batch, weights = pictures(12), every_term(name)
        local want = train(new(name, {weights = weights}), batch, 1)
        local first, last = train(new(name, {weights = weights}), batch, 60, vs.autocast)
        assert(math.abs(first - want) < 0.02 * want, ("%g instead of %g"):format(first, want))
        assert(last < 0.6 * first, ("loss from %g to %g"):format(first, last))
      end)

      it("gives every parameter a gradient", function()
        local model = new(name, {weights = every_term(name)})
        model:train()
        model:loss(pictures(12), 1):backward()
        for _, pair in ipairs(model:named_parameters()) do
          local grad = pair[2].grad
          assert(grad, pair[1] .. " has no gradient")
          assert(finite(grad), pair[1] .. " has a gradient that is not finite")
          -- A bias of all keys moves no attention: what is left of it is rounding.
          assert(pair[1]:find "key%.bias$" or grad:abs():max():item() > 1e-8,
            pair[1] .. " has a gradient of zeros")
        end
      end)

      it("is stored and read back", function()
        local one, other, batch = new(name), new(name, nil, 2), pictures(6)
        local want = outputs(one, batch)
        assert((outputs(other, batch).logits - want.logits):abs():max():item() > 1e-3)
        local path = temp.folder() .. "/model.safetensors"
        assert(vs.save(path, one:state_dict()))
        other:load_state_dict(assert(vs.load(path)))
        assert.same(want.logits:tolist(), outputs(other, batch).logits:tolist())
      end)

      it("goes on from a checkpoint with the same numbers", function()
        local batch, folder = pictures(6), temp.folder() .. "/run"
        local function step(model, opt)
          local loss = model:loss(batch, 2)
          opt:zero_grad()
          loss:backward()
          opt:step()
          return loss:item()
        end
        local model = new(name, {dropout = 0.3})
        local opt = optim.Adam(model:parameters(), {lr = 0.01})
        step(model, opt)
        assert(vs.checkpoint.save(folder, {model = model, optimizer = opt}))
        local want = {step(model, opt), step(model, opt)}
        local again = new(name, {dropout = 0.3}, 5)
        local opt2 = optim.Adam(again:parameters(), {lr = 0.01})
        assert(vs.checkpoint.load(folder, {model = again, optimizer = opt2}))
        assert.same(want, {step(again, opt2), step(again, opt2)})
      end)

      it("tells which option it does not know", function()
        assert.error_matches(function() new(name, {depth = 3}) end, "unknown option 'depth'")
      end)
    end)
  end

  for _, name in ipairs(TEXT_MODELS) do
    describe(name, function()
      it("does not see padded words", function()
        local batch = pictures(6)
        for _, more in ipairs {{}, {text = {vocab_size = WORDS, word_dim = 8, pooling = "gpo",
          bidirectional = true, rnn = "GRU"}}} do
          local model = new(name, more)
          same_outputs(outputs(model, batch), outputs(model, padded(batch)))
        end
      end)

      it("does not see padded regions", function()
        for _, pooling in ipairs {"mean", "max", "gpo"} do
          local model = new(name, {image = region_encoder{pooling = pooling}})
          local batch = with_regions(pictures(6))
          same_outputs(outputs(model, batch), outputs(model, padded(batch)))
        end
      end)

      it("takes captions of one word", function()
        local batch, model = pictures(4), new(name)
        batch.tokens = batch.tokens:slice(2, 2, 2)
        batch.lengths = vs.ones(4):long()
        spelled(batch)
        check_step(model, batch)
        local out = outputs(model, batch)
        assert(finite(out.logits))
        same_outputs(out, outputs(model, padded(batch)))
      end)

      it("takes long captions, and those beyond its limit as if they ended there", function()
        local batch = pictures(4)
        batch.tokens, batch.lengths = vs.randint(2, WORDS, 4, 40), vs.full({4}, 40):long()
        local text = spelled(batch).text
        for _, more in ipairs {{}, models[name].start_from and {max_words = 6}} do
          local model = new(name, more)
          check_step(model, batch)
          local out = outputs(model, batch)
          same_outputs(out, outputs(model, padded(batch)))
          if model.max_words then -- BERT has 12 positions, one of them the image's
            local limit = more.max_words or 11
            local function cut(n)
              local words = {}
              for i, line in ipairs(text) do
                words[i] = line:match(("%S+ "):rep(n - 1) .. "%S+")
              end
              return outputs(model, setmetatable({text = words}, {__index = batch}))
            end
            same_outputs(out, cut(limit - 2)) -- without [CLS] and [SEP]
            assert((out.t - cut(limit - 3).t):abs():max():item() > 1e-5)
          end
        end
      end)

      it("takes captions without words", function()
        local batch, pooled = pictures(4), {text = {vocab_size = WORDS, word_dim = 8,
          pooling = "mean"}}
        batch.lengths = vs.tensor({0, 2, 4, 0}, {dtype = "int64"})
        spelled(batch)
        for _, more in ipairs {{}, pooled} do
          local model = new(name, more)
          check_step(model, batch)
          local out, other = outputs(model, batch), with(batch, {tokens = batch.tokens:clone()})
          for _, key in ipairs {"v", "t", "logits"} do assert(finite(out[key]), key) end
          other.tokens[1]:fill_(5) -- none of them is there
          same_outputs(out, outputs(model, other))
          same_outputs(out, outputs(model, padded(batch)))
          if model.attention_map then assert(finite((model:attention_map(batch)))) end
        end
      end)

      it("takes images without regions", function()
        local batch = with_regions(pictures(4), {0, 2, 0, 5})
        local model = new(name, {image = region_encoder()})
        check_step(model, batch)
        local out = outputs(model, batch)
        for _, key in ipairs {"v", "t", "logits"} do assert(finite(out[key]), key) end
        batch.regions = batch.regions:clone()
        batch.regions[1]:fill_(100) -- none of them is there
        same_outputs(out, outputs(model, batch))
        same_outputs(out, outputs(model, padded(batch)))
      end)

      it("classifies images alone, by the readout that was fitted", function()
        local model, batch = new(name), pictures(12)
        fails("classify_image: the model has no readout", model.classify_image, model, batch.image)
        train(model, batch, 60)
        for _, kind in ipairs {"linear", "prototype"} do
          model:fit_readout(loader(batch, 5), {kinds = {kind}})
          assert.equal(kind, model:readout_kind())
          model:eval()
          local p = vs.no_grad(function() return model:classify_image(batch.image) end)
          assert.same({12, CLASSES}, p.shape)
          numbers.same(vs, p:sum(2), vs.ones(12):tolist(), {12})
          assert(vs.metrics.accuracy(p, batch.label) > (kind == "linear" and 90 or 50))
        end
      end)
    end)
  end

  for _, name in ipairs {"CIM", "AttentionPooling"} do
    it(name .. " shows which word looks where", function()
      local model, batch = new(name), pictures(6)
      model:eval()
      local map, grid = model:attention_map(batch)
      assert.same({6, 4, 16}, map.shape)
      assert.same({4, 4}, grid)
      assert(map:min():item() >= 0 and map:max():item() <= 1)
      if name == "AttentionPooling" then -- a region's weights over the words that are there are one
        numbers.same(vs, map[1]:slice(1, 1, 3):sum(1), vs.ones(16):tolist(), {16})
        assert(map[1][4]:max():item() == 0)
      else
        assert(map[1][2]:sum():item() > 0.1)
      end
      local regions = new(name, {image = region_encoder()})
      local _, counts = regions:eval():attention_map(with_regions(batch))
      assert.equal("int64", counts.dtype)
    end)
  end

  it("classify what layer norms of v and t give, or v and t themselves", function()
    local batch = with_regions(pictures(6))
    local function logits(name, factor, o)
      vs.manual_seed(3)
      local model = new(name, with({image = region_encoder()}, o)):eval()
      vs.no_grad(function()
        for _, key in ipairs {"weight", "bias"} do
          model.image.out[key]:mul_(factor)
          model.text.out[key]:mul_(factor)
        end
      end)
      return outputs(model, batch).logits
    end
    for _, name in ipairs {"VSE", "COOT"} do
      local function moved(o)
        return (logits(name, 1, o) - logits(name, 4, o)):abs():max():item()
      end
      local normed, plain = moved(), moved {norm = false}
      assert(normed < 0.01 * plain, ("%s: %g, %g"):format(name, normed, plain))
    end
    for _, name in ipairs(ALL) do
      local old, now = new(name, {norm = false}):state_dict(), new(name):state_dict()
      local added = 0
      for key in pairs(now) do
        if not old[key] then
          assert(key:find "norm", key)
          added = added + 1
        end
      end
      assert(added >= 2, name)
      fails("norm_v.weight", function() new(name):load_state_dict(old) end)
    end
  end)

  it("COOT attends to all that its memory holds", function()
    local batch = with_regions(pictures(4), {0, 2, 1, 5})
    local R, T = batch.regions.shape[2], batch.tokens.shape[2]
    for parts, sizes in pairs {image = {1, 2}, regions = {R, R}, words = {T, T},
        ["image regions"] = {1 + R, 2 + R}, ["image regions words"] = {1 + R + T, 2 + R + T}} do
      local memory = {}
      for part in parts:gmatch "%a+" do memory[#memory + 1] = part end
      local model = new("COOT", {image = region_encoder(), iterations = 2, memory = memory})
      local out = outputs(model, batch)
      for k = 1, 2 do assert.same({4, sizes[k]}, out.scores[k].shape, parts) end
      same_outputs(out, outputs(model, padded(batch)))
      local images = parts:find "image" and 2 or 0
      if parts:find "regions" then -- of 0, 2, 1, 5
        assert.equal(0, out.scores[2]:slice(2, images + 1, images + R)[1]:max():item())
        assert(out.scores[2]:slice(2, images + 1, images + R)[4]:min():item() > 0)
      end
      model:train()
      model:loss(batch, 1):backward()
      for _, pair in ipairs(model:named_parameters()) do
        if pair[1]:find "^inter" then assert(pair[2].grad, parts .. ": " .. pair[1]) end
      end
    end
    fails("InterAttention: memory[2] is pictures, expected one of: image, regions, words", new,
      "COOT", {memory = {"image", "pictures"}})
    fails("memory is empty", new, "COOT", {memory = {}})
  end)

  it("COOT gives the scores of every iteration, and attends over regions", function()
    local batch = with_regions(pictures(4), {0, 2, 1, 5})
    for _, over in ipairs {false, true} do
      local model = new("COOT", {image = region_encoder(), iterations = 2, over_regions = over})
      local out = outputs(model, batch)
      assert.equal(2, #out.scores)
      assert.same({4, 2}, out.scores[2].shape)
      assert(out.scores[2]:min():item() > 0 and out.scores[2]:max():item() < 1)
      same_outputs(out, outputs(model, padded(batch)))
    end
  end)

  it("AttentionPooling pools the best k words alone", function()
    local batch = pictures(4)
    local all, one = new("AttentionPooling"), new("AttentionPooling", {best = 1})
    one:load_state_dict(all:state_dict())
    one:eval()
    local map = one:attention_map(batch)
    for i = 1, 4 do
      local used = 0
      for t = 1, 4 do if map[i][t]:max():item() > 0 then used = used + 1 end end
      assert.equal(1, used)
    end
    local four = new("AttentionPooling", {best = 4})
    four:load_state_dict(all:state_dict())
    same_outputs(outputs(all, batch), outputs(four, batch))
  end)

  it("take features, one vector an image, and features beside images", function()
    local batch = pictures(6)
    vs.manual_seed(3)
    local features = vs.randn(6, REGION)
    for _, name in ipairs(ALL) do
      vs.manual_seed(1)
      local cnn = models.SmallCNN(WIDTH, {channels = {4}})
      local encoder = models.JoinedEncoder{region_encoder{hidden = 6, dropout = 0.5}, cnn}
      local model = new(name, {channels = nil, image = encoder})
      local both = with(batch, {feature = features})
      model:loss(both, 1):backward()
      assert.is_true(encoder.parts[1].mlp[1].weight.grad:abs():sum():item() > 0)
      assert.is_true(cnn.out.weight.grad:abs():sum():item() > 0)
      local out = outputs(model, both)
      local alone = vs.no_grad(function()
        return encoder.parts[1](features:unsqueeze(2)) + (cnn(batch.image))
      end)
      if name ~= "CIM" then same(out.v, alone) end -- whose v is attended
      if model.fit_readout then
        model:fit_readout(coroutine.wrap(function() coroutine.yield(both) end))
      end
      model:eval()
      assert.same({6, CLASSES}, model:classify_image(both).shape)
    end
    assert.error_matches(function() region_encoder():encode_batch(batch) end,
      "RegionEncoder: the batch has neither regions nor feature")
    assert.error_matches(function() models.JoinedEncoder{} end,
      "JoinedEncoder: encoders is empty, expected a list")
  end)

  it("take nothing for a class that had no text", function()
    local model = new "VSE"
    model.prototypes:fill_(-0.1)
    model.prototypes[2]:zero_()
    local e = vs.rand(5, WIDTH) + 0.1                       -- cosines to the others are negative
    local cosines = model:class_cosines(e)
    assert.is_true(cosines:select(2, 2):eq(-1):all())
    assert.is_true(cosines:argmax(2):ne(2):all())
  end)

  it("Baseline knows images alone", function()
    local model, batch = new("Baseline"), pictures(6)
    local out = outputs(model, batch)
    assert(out.t == nil and out.logits == out.image_logits)
    same(out.logits:softmax(2), vs.no_grad(function() return model:classify_image(batch.image) end))
  end)

  it("are modules of one class tree", function()
    for _, name in ipairs(TEXT_MODELS) do
      assert.equal(models.VSE.fit_prototypes, models[name].fit_prototypes)
      assert.equal(models.VSE.classify_image, models[name].classify_image)
    end
    assert.is_nil(models.NoSuchModel)
  end)
end)
