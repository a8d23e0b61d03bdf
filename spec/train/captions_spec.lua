-- Training and evaluation with any number of captions an image, with and without labels.
local vs = require "vesper"
local fails = require "spec.support.fails"
local process = require "spec.support.process"
local sets = require "spec.support.sets"
local temp = require "spec.support.temp"
local tiny_bert = require "spec.support.tiny_bert"

local data, models, nn, train = vs.data, vs.models, vs.nn, vs.train

local WORDS = {"<pad>", "<unk>", "red", "green", "blue", "dark", "pale", "square", "thing"}
local COLOURS = {{230, 30, 30}, {30, 230, 30}, {30, 30, 230}}
local CAPTIONS = {"%s square", "%s thing", "pale %s", "%s", "dark %s square"}

-- A file of n pictures of one colour a split, each with its captions; labels: the colour.
local function write(path, n, each, labels)
  local w = assert(data.Writer(path, {vocab = WORDS,
    classes = labels and {"red", "green", "blue"} or nil}))
  for _, split in ipairs {"train", "val"} do
    for i = 1, n do
      local colour, captions = (i - 1) % 3 + 1, {}
      for k = 1, each do captions[k] = CAPTIONS[k]:format(WORDS[colour + 2]) end
      local image = vs.tensor(COLOURS[colour]):reshape(3, 1, 1):expand(3, 8, 8)
        + vs.randint(-20, 20, {3, 8, 8}):float()
      assert(w:add(split, {image = image:clamp(0, 255):byte(), captions = captions,
        label = labels and colour or nil}))
    end
  end
  assert(w:close())
end

local function open(path, split, captions, options)
  local set = assert(data.open(path, split, {captions = captions, seed = 1}))
  options = options or {}
  options.batch_size = options.batch_size or 6
  return data.Loader(set, options)
end

local TEXT = {vocab_size = #WORDS, word_dim = 8}

local function make(name, classes)
  local o = {classes = classes, width = 16, channels = {8, 8}, text = TEXT, warmup = 1}
  if name == "BERTFusion" or name == "DPM" then
    o.bert, o.weights, o.max_words = tiny_bert(), {match = 1, masked = 1}, 8
  end
  return models[name](o)
end

local NAMES = {"VSE", "CIM", "COOT", "AttentionPooling", "DenseProjection", "BERTFusion", "DPM"}

describe("several captions an image", function()
  local folder, labelled, plain
  setup(function()
    folder = temp.folder()
    labelled, plain = folder .. "/labelled.h5", folder .. "/plain.h5"
    vs.manual_seed(1)
    write(labelled, 12, 5, true)
    write(plain, 12, 5, false)
  end)
  teardown(temp.remove)

  -- Knows which image a sample is of: embeddings are rows of a random matrix.
  local Oracle = nn.Module:extend "Oracle"
  function Oracle:init(classes)
    self.classes = classes
    self:register_buffer("rows", vs.randn(40, 32))
  end
  function Oracle:forward(batch)
    local v = self.rows:index_select(1, batch.image_index)
    return {v = v, t = v * 2, logits = self.classes and vs.zeros(#v, 3)}
  end

  it("gives a perfect model 600, labelled or not, in any order", function()
    for _, path in ipairs {labelled, plain} do
      for _, options in ipairs {{}, {shuffle = true, seed = 2}} do
        local r = train.evaluate(Oracle(), open(path, "val", "all", options))
        assert.equal(600, r.retrieval.rsum)
        assert.same({60, 12, 60, 60}, {r.n, r.images, #r.t, #r.image_of})
        assert.same({12, 32}, r.v.shape)
        assert.is_nil(r.accuracy)
      end
    end
    local r = train.evaluate(Oracle(3), open(labelled, "val", "all"))
    assert.equal(60, #r.predicted)
    assert.near(100 / 3, r.accuracy, 1e-4) -- always the first class
    assert.is_nil(train.evaluate(Oracle(), open(plain, "val", "first")).image_of)
  end)

  it("evaluates as an independent formula does", function()
    vs.manual_seed(3)
    local model = make("VSE", 3)
    model:fit_prototypes(open(labelled, "train", "all"))
    local r = train.evaluate(model, open(labelled, "val", "all"), {folds = 3})
    model:eval()
    local set = assert(data.open(labelled, "val"))
    local v, t, of, right, alone = {}, {}, {}, 0, 0
    vs.no_grad(function()
      for i = 1, #set do
        local batch = set:batch {i}
        local out, image = model(batch), batch.image_index:item()
        t[i], of[i] = out.t, image
        if not v[image] then
          alone = alone
            + (model:class_cosines(out.v):argmax(2):item() == batch.label:item() and 1 or 0)
        end
        v[image] = out.v
        right = right + (out.logits:argmax(2):item() == batch.label:item() and 1 or 0)
      end
    end)
    local want = vs.metrics.retrieval(vs.cat(v), vs.cat(t),
      {image_of = vs.tensor(of, {dtype = "int64"}), folds = 3})
    assert.near(100 * right / 60, r.accuracy, 1e-9)
    assert.near(100 * alone / 12, r.image_accuracy, 1e-9)
    assert.near(want.whole.rsum, r.retrieval.rsum, 1e-9)
    assert.near(want.rsum, r.folds.rsum, 1e-9)
  end)

  it("embeds each image once where classes are not asked for, with the same result", function()
    vs.manual_seed(3)
    local model, seen = make("VSE"), 0
    local plain_encode = model.encode_image
    function model:encode_image(batch)
      seen = seen + #batch.image
      return plain_encode(self, batch)
    end
    local r = train.evaluate(model, open(plain, "val", "all"))
    assert.equal(12, seen)
    local list = {}
    for batch in open(plain, "val", "all") do list[#list + 1] = batch end
    local pairs_ = train.evaluate(model, setmetatable(list, {__call = function(t, _, last)
      t.at = last and t.at + 1 or 1
      return t[t.at]
    end}))
    assert.equal(12 + 60, seen)
    assert.near(pairs_.retrieval.rsum, r.retrieval.rsum, 1e-9)
    assert(vs.allclose(pairs_.v, r.v, 1e-4, 1e-5) and vs.allclose(pairs_.t, r.t, 1e-4, 1e-5))
    assert(pairs_.image_of:eq(r.image_of):all())
    assert.same({pairs_.n, pairs_.images}, {r.n, r.images})
  end)

  for _, name in ipairs(NAMES) do
    it(name .. " learns without labels, and with them", function()
      for _, path in ipairs {plain, labelled} do
        vs.manual_seed(1)
        local model = make(name, path == labelled and 3 or nil)
        local loader = open(path, "train", "random", {shuffle = true, seed = 1})
        local history, best = train.fit(model, {train = loader, val = open(path, "val", "all"),
          optimizer = vs.optim.Adam(model:parameters(), {lr = 3e-3}), epochs = 4, quiet = true})
        local last = history[4]
        assert(last.loss < history[1].loss, name)
        assert.equal(path == labelled, last.val.accuracy ~= nil)
        assert.equal(path == labelled and last.val.accuracy + last.val.retrieval.rsum / 6
          or last.val.retrieval.rsum, last.score)
        assert(best >= 1 and best <= 4)
        for _, p in ipairs(model:named_parameters()) do -- nothing is made that does not learn
          assert(p[2].grad or name == "DPM" or name == "BERTFusion", p[1])
        end
        assert.matches("epoch +loss", tostring(history))
      end
    end)
  end

  it("masks pairs of one image, of one item and of equal texts, once a batch", function()
    local same_of = require "vesper.models.same"
    local function ints(x) return vs.tensor(x, {dtype = "int64"}) end
    local batch = {image_index = ints {1, 2, 1, 3, 4}, item = ints {1, 2, 3, 4, 4},
      tokens = ints {{3, 4}, {5, 1}, {6, 1}, {5, 6}, {5, 1}}}
    local same = same_of(batch)
    assert.same({{true, false, true, false, false}, {false, true, false, false, true},
      {true, false, true, false, false}, {false, false, false, true, true},
      {false, true, false, true, true}}, same:tolist())
    assert(rawequal(same, same_of(batch)))
    assert.is_nil(same_of {image = vs.ones(2, 3)})
  end)

  it("is refused where it does not fit", function()
    fails("VSE weights: classify is 1, expected 0: the model has no classes", models.VSE,
      {width = 8, text = TEXT, weights = {classify = 1}})
    local model = make("VSE", 3)
    local loss = {train = open(plain, "train", "random"), val = open(plain, "val", "all"),
      optimizer = vs.optim.Adam(model:parameters()), epochs = 1, quiet = true}
    fails("loss: weights.classify is 1, but the batch has no label", train.fit, model, loss)
    fails("class_cosines: the model has no classes", make("VSE").class_cosines, make("VSE"),
      vs.ones(1, 16))
  end)
end)

-- A run of fit on a set of Karpathy's splits, in a process of its own: lua5.4 SCRIPT SET FOLDER
-- STOP kills itself (SIGKILL) before batch STOP of all that are drawn.
local KARPATHY = [[
  local vs = require "vesper"
  local path, folder, stop = arg[1], arg[2], tonumber(arg[3])
  vs.set_num_threads(1)
  vs.manual_seed(3)
  local set = assert(vs.data.open(path, "train"))
  local model = vs.models.CIM{width = 8, channels = {4, 8}, heads = 2,
    text = {vocab_size = #set:vocab(), word_dim = 6}, weights = {contrast = 1}}
  local drawn, plain = 0, model.loss
  function model:loss(batch, epoch)
    drawn = drawn + 1
    if drawn == stop then os.execute("kill -9 $PPID") end
    return plain(self, batch, epoch)
  end
  local train = vs.data.Loader(set, {captions = "random", batch_size = 2, shuffle = true, seed = 5,
    flip = 0.5, workers = 1})
  local val = vs.data.Loader(assert(vs.data.open(path, "val")), {captions = "all"})
  local opt = vs.optim.AdamW(model:parameters(), {lr = 1e-2})
  local history = vs.train.fit(model, {train = train, val = val, optimizer = opt, epochs = 4,
    checkpoint = folder .. "/run", resume = true, quiet = true})
  for _, e in ipairs(history) do
    io.write(("%d %a %a "):format(e.epoch, e.loss, e.val.retrieval.rsum))
  end
  for _, p in ipairs(model:named_parameters()) do io.write(("%a "):format(p[2]:sum():item())) end
]]

describe("train.fit on Karpathy's splits", function()
  teardown(temp.remove)

  it("ends with the same bits after it was killed", function()
    local folder = temp.folder()
    local path, script = folder .. "/set.h5", folder .. "/run.lua"
    local source = sets.copy "karpathy"
    assert(data.prepare.karpathy(source .. "/dataset_coco.json", source, path,
      {size = 8, min_count = 1}))
    temp.write(script, KARPATHY)
    local function run(name, stop)
      return process.run(("mkdir -p %s/%s && lua5.4 %s %s %s/%s %d"):format(folder, name, script,
        path, folder, name, stop))
    end
    local ok, want = run("whole", 0)
    assert(ok, want)
    for _, stop in ipairs {1, 4, 8} do -- two batches an epoch
      local name = "stop" .. stop
      assert.is_false((run(name, stop)))
      local again, got = run(name, 0)
      assert(again, got)
      assert.equal(want, got)
    end
  end)
end)

describe("train.fit", function()
  local folder, path
  setup(function()
    folder = temp.folder()
    path = folder .. "/set.h5"
    write(path, 6, 2, false)
  end)
  teardown(temp.remove)

  local function arguments(more)
    local model = make("VSE")
    local o = {train = open(path, "train", "all"), val = open(path, "val", "all"), epochs = 1,
      optimizer = vs.optim.Adam(model:parameters()), quiet = true}
    for key, value in pairs(more or {}) do o[key] = value end
    return model, o
  end

  local function refused(message, more, model)
    local own, o = arguments(more)
    fails("fit: " .. message, train.fit, model or own, o)
  end

  it("checks its arguments before the first batch", function()
    refused("train is a table, expected a Loader", {train = {}})
    refused("val is a Dataset, expected a Loader", {val = assert(data.open(path, "val"))})
    refused("train is empty: Loader: 0 batches", {train = open(path, "train", "all",
      {batch_size = 50, drop_last = true})})
    refused("optimizer is a table, expected an Optimizer", {optimizer = {}})
    refused("model is 3, expected a Module", nil, 3)
    refused("epochs is 0, expected", {epochs = 0})
    refused("patience is 0, expected", {patience = 0})
    refused("weights is 1, expected a string", {weights = 1})
    refused("unknown option 'epoch', expected one of accumulate", {epoch = 3})
    local model, o = arguments()
    function model.loss() return 3 end
    fails("fit: model:loss returned a number, expected a tensor with 1 element", train.fit,
      model, o)
    model.embed_text = false -- one pass over pairs
    function model.forward() return vs.ones(1) end
    fails("evaluate: the model returned float", train.evaluate, model, o.val)
    model, o = arguments {score = function() end}
    fails("fit: score returned nil, expected a number", train.fit, model, o)
  end)

  it("refuses pictures of 0..1 where 0..255 is meant", function()
    local set = data.TensorDataset {image = vs.rand(4, 3, 8, 8), tokens = vs.ones(4, 2):long(),
      lengths = vs.ones(4):long()}
    local model, o = arguments()
    o.train = data.Loader(set, {batch_size = 2})
    fails("expected 0..255", train.fit, model, o)
    fails("evaluate: image is float", train.evaluate, model, o.train)
  end)

  it("says how it goes, where it resumes, and why it stops", function()
    local script = folder .. "/run.lua"
    temp.write(script, ([[
      local vs = require "vesper"
      local path, folder, epochs = %q, %q, tonumber(arg[1])
      vs.manual_seed(1)
      local model = vs.models.VSE{width = 8, channels = {4}, text = {vocab_size = 9, word_dim = 4}}
      local function loader(split) return vs.data.Loader(vs.data.open(path, split)) end
      vs.train.fit(model, {train = loader "train", val = loader "val", epochs = epochs,
        optimizer = vs.optim.SGD(model:parameters(), {lr = 0}), patience = 2, label = "toy",
        checkpoint = folder .. "/run", resume = true})
    ]]):format(path, folder))
    local _, said = process.run("lua5.4 " .. script .. " 2")
    assert.matches("toy epoch 1/2  1 batches .* loss .*|  val rsum %d+%.%d  best\n", said)
    _, said = process.run("lua5.4 " .. script .. " 9")
    assert.matches("/run: resumed at epoch 3\n", said)
    assert.matches("stopped early: no better score for 2 epochs; best was epoch 1\n", said)
    _, said = process.run("lua5.4 " .. script .. " 9")
    assert.matches("/run: already complete, 3 epochs, stopped early\n", said)
    _, said = process.run("lua5.4 " .. script .. " 3")
    assert.matches("/run: already complete, 3 epochs\n", said)
  end)
end)
