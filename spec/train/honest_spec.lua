-- What a table compares with: readouts of the image alone, text alone, images and texts shuffled.
local vs = require "vesper"
local fails = require "spec.support.fails"
local temp = require "spec.support.temp"

local data, models, train = vs.data, vs.models, vs.train
local readout = require "vesper.models.readout"

local function int64(list) return vs.tensor(list, {dtype = "int64"}) end

describe("the linear readout", function()
  local function blobs(n, classes, width, seed)
    vs.manual_seed(seed)
    local label = vs.randint(1, classes, {n}):long()
    local centres = vs.randn(classes, width) * 1.5
    return centres:index_select(1, label) * 2 + vs.randn(n, width) * 3 + 5, label
  end

  it("is the minimum of logistic regression: its gradient is 0", function()
    local v, label = blobs(200, 4, 6, 1)
    local W, b = readout.logistic(v, label, 4)
    local mean, std = v:mean(1), v:std(1)
    local x = (v - mean) / std
    -- in terms of standardised embeddings, where the squares are weighed by 1e-3
    local Ws, bs = (W * std):requires_grad_(), (b + W:matmul(mean)):requires_grad_()
    local loss = vs.cross_entropy(x:matmul(Ws:t()) + bs, label) + Ws:pow(2):sum() * 0.5e-3
    loss:backward()
    assert(Ws.grad:abs():max():item() < 1e-4, Ws.grad:abs():max():item())
    assert(bs.grad:abs():max():item() < 1e-4)
    for _ = 1, 5 do -- any other point is higher
      local W2 = Ws:detach() + vs.randn(4, 6) * 0.05
      local other = vs.cross_entropy(x:matmul(W2:t()) + bs, label) + W2:pow(2):sum() * 0.5e-3
      assert(other:item() > loss:item() - 1e-5)
    end
  end)

  it("predicts what can be told, also for features of very different scales", function()
    local v, label = blobs(300, 3, 5, 2)
    v = v * vs.tensor {1e-3, 1, 1e3, 1, 0} + vs.tensor {0, 0, 1e4, 0, 7}
    local W, b, right = readout.logistic(v, label, 3, {v = v, label = label})
    local p = v:matmul(W:t()) + b
    assert.near(right, vs.metrics.accuracy(p, label), 1e-4)
    assert(right > 60, right)
  end)
end)

-- A set whose text states the label and whose picture states the other half: colour by picture,
-- shape by text.  label = colour.
local function write(path, each)
  local WORDS = {"<pad>", "<unk>", "red", "green", "blue", "thing"}
  local w = assert(data.Writer(path, {vocab = WORDS, classes = {"red", "green", "blue"}}))
  for _, split in ipairs {"train", "val"} do
    for i = 1, 24 do
      local colour, captions = (i - 1) % 3 + 1, {}
      for k = 1, each do captions[k] = WORDS[colour + 2] .. (k == 1 and " thing" or "") end
      local image = vs.randint(0, 60, {3, 8, 8})
      image[colour]:add_(150)
      assert(w:add(split, {image = image:byte(), captions = captions, label = colour}))
    end
  end
  assert(w:close())
end

describe("honest rows", function()
  local path
  setup(function()
    path = temp.folder() .. "/set.h5"
    vs.manual_seed(1)
    write(path, 2)
  end)
  teardown(temp.remove)

  local function open(split, more)
    local o = {batch_size = 8}
    for key, value in pairs(more or {}) do o[key] = value end
    return data.Loader(assert(data.open(path, split, {captions = "all"})), o)
  end
  local TEXT = {vocab_size = 6, word_dim = 8}

  local function fitted(model, epochs, more)
    local o = {train = open("train", {shuffle = true, seed = 1}), val = open "val", epochs = epochs,
      optimizer = vs.optim.Adam(model:parameters(), {lr = 0.01}), quiet = true}
    for key, value in pairs(more or {}) do o[key] = value end
    return vs.train.fit(model, o)
  end

  it("fit ends with the better readout, which is stored with the model", function()
    vs.manual_seed(2)
    local model = models.VSE{classes = 3, width = 16, channels = {4, 8}, text = TEXT}
    fails("has no readout", function() model:classify_image(vs.zeros(1, 3, 8, 8)) end)
    local folder = temp.folder()
    local history, best = fitted(model, 3, {weights = folder .. "/w.safetensors"})
    assert.equal("linear", model:readout_kind())
    assert(history[best].val.image_accuracy > 90)
    local r = train.evaluate(model, open "val")
    assert.near(history[best].val.image_accuracy, r.image_accuracy, 1e-4)
    assert(models.save(model, folder .. "/model"))
    local batch = open("val"):batches()()
    model:eval()
    local want = vs.no_grad(function() return model:classify_image(batch) end)
    local other = assert(models.load(folder .. "/model"))
    assert.same(want:tolist(),
      vs.no_grad(function() return other:classify_image(batch) end):tolist())
    local third = models.VSE{classes = 3, width = 16, channels = {4, 8}, text = TEXT}
    third:load_state_dict(assert(vs.load(folder .. "/w.safetensors")))
    third:eval()
    assert.same(want:tolist(),
      vs.no_grad(function() return third:classify_image(batch) end):tolist())
    -- names in place of the readout; training forgets both
    model:describe{vocab = {"<pad>", "<unk>", "red", "green", "blue", "thing"}}
    model:set_classes{"red", "blue"}
    assert.equal("prototype", model:readout_kind())
    assert.same({8, 2}, vs.no_grad(function() return model:classify_image(batch) end).shape)
    model:clear_readout()
    assert.is_nil(model:readout_kind())
  end)

  it("chooses the kind on validation", function()
    vs.manual_seed(3)
    local model = models.VSE{classes = 3, width = 16, channels = {4}, text = TEXT}
    local kind, right = model:fit_readout(open "train", {val = open "val"})
    assert.equal(right.prototype > right.linear and "prototype" or "linear", kind)
    assert.equal("prototype", (model:fit_readout(open "train", {kinds = {"prototype"}})))
    fails("kinds[1] is linaer, expected linear or prototype", model.fit_readout, model,
      open "train", {kinds = {"linaer"}})
    fails("fit_readout: the model has no classes", models.VSE.fit_readout,
      models.VSE{width = 8, channels = {4}, text = TEXT}, open "train")
  end)

  it("text alone learns what the text states", function()
    vs.manual_seed(1)
    local model = models.TextOnly{classes = 3, text = TEXT}
    local history, best = fitted(model, 6)
    assert.equal(100, history[best].val.accuracy)
    local r = train.evaluate(model, open "val")
    assert.same({48, 24, 100}, {r.n, r.images, r.accuracy})
    assert.is_nil(r.v or r.retrieval or r.image_accuracy)
    assert.equal(100, train.evaluate(model, open "val", {shuffle = "image"}).accuracy)
    assert(train.evaluate(model, open "val", {shuffle = "text"}).accuracy < 60)
    local p = model:classify_text(int64{{3, 6}}, int64{2})
    assert.same({1, 3}, p.shape)
    fails("TextOnly text: vectors and vocab_size are nil", models.TextOnly,
      {classes = 3, text = {}})
    local folder = temp.folder() .. "/text"
    assert(models.save(model, folder))
    assert.equal(100, train.evaluate(assert(models.load(folder)), open "val").accuracy)
  end)

  it("shuffled images and texts are those of other images", function()
    local change = require "vesper.train.shuffle"
    for _, captions in ipairs {"all", "first"} do
      local loader = data.Loader(assert(data.open(path, "val", {captions = captions})),
        {batch_size = 7})
      local seen = {}
      for _, kind in ipairs {"image", "text"} do
        local fn = change(loader, kind)
        for batch in loader do
          local own = {image = batch.image:clone(), tokens = batch.tokens:clone(),
            lengths = batch.lengths:tolist()}
          local index = batch.image_index:tolist()
          local other = fn(batch)
          assert.same(index, other.image_index:tolist())
          for i = 1, #index do
            local same = (own.image[i]:float() - other.image[i]:float()):abs():max():item() == 0
            assert.equal(kind == "text", same)
            local longest = other.lengths:max():item()
            assert(longest <= other.tokens.shape[2] and own.tokens.shape[1] == #other.lengths)
            if kind == "image" then assert.same(own.lengths, other.lengths:tolist()) end
            if kind == "image" then
              local key = ("%d %.3f"):format(index[i], other.image[i]:float():mean():item())
              seen[index[i]] = seen[index[i]] or key
              assert.equal(seen[index[i]], key) -- all captions of an image get the same other one
            end
          end
        end
      end
    end
    local Image = models.Baseline{classes = 3, width = 16, channels = {4, 8}}
    fitted(Image, 6)
    assert.equal(100, train.evaluate(Image, open "val").accuracy)
    assert(train.evaluate(Image, open "val", {shuffle = "image"}).accuracy < 60)
    assert.equal(100, train.evaluate(Image, open "val", {shuffle = "text"}).accuracy)
    assert.is_nil(train.evaluate(models.VSE{width = 8, channels = {4}, text = TEXT}, open "val",
      {shuffle = "image"}).retrieval)
    fails("shuffle is 'image', but the loader is not a data.Loader", train.evaluate, Image,
      open("val"):batches(), {shuffle = "image"})
    fails("shuffle", train.evaluate, Image, open "val", {shuffle = "both"})
    local grey = vs.full({4, 3, 8, 8}, 9, {dtype = "uint8"})
    local plain = data.Loader(data.TensorDataset{image = grey,
      tokens = int64{{3, 4}, {5, 3}, {2, 2}, {3, 3}}, lengths = int64{2, 2, 1, 2},
      label = int64{1, 2, 3, 1}}, {batch_size = 3}) -- each sample is an image
    assert(train.evaluate(Image, plain, {shuffle = "text"}).accuracy)
  end)
end)
