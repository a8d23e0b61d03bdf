-- What a trained model is used for: embeddings of typed sentences and of picture files, classes by
-- name.
local vs = require "vesper"
local fails = require "spec.support.fails"
local heard = require "spec.support.heard"
local temp = require "spec.support.temp"
local toy = require "spec.support.toy"

local models = vs.models
local PAIRS = {"VSE", "CIM", "COOT", "AttentionPooling", "DenseProjection", "BERTFusion", "DPM"}
local WORDS = {"<pad>", "<unk>", "the", "big", "small", "with", "and", "red", "blue", "green",
  "hat", "dog"}
local TEXTS = {"the red hat", "Dog!", "a big green DOG with the small red hat", "",
  "zebra crossing", "the big"}

local function near(a, b, most)
  assert.same(a.shape, b.shape)
  assert(a:numel() == 0 or (a - b):abs():max():item() <= (most or 2e-6))
end

local function described(name, more)
  return toy.new(name, more):describe{vocab = WORDS, image_size = 16, classes = {"a", "b", "c"}}
end

local function colored(color, side)
  local picture = vs.zeros(3, side or 16, side or 16):byte()
  picture[color]:fill_(200)
  return picture
end

describe("a model", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  for _, name in ipairs(PAIRS) do
    it("of class " .. name .. " embeds sentences as a batch of a data set", function()
      local model = described(name)
      local all = model:encode_texts(TEXTS, {batch_size = 2})
      assert.same({#TEXTS, toy.WIDTH}, all.shape)
      assert.is_true(model.training)
      assert.is_false(all.requires_grad)
      local vocab = vs.text.Vocab.new(WORDS)
      local tokens, lengths = vocab:encode_batch(TEXTS)
      model:eval()
      local want = vs.no_grad(function()
        return model:embed_text{tokens = tokens, lengths = lengths, text = TEXTS}:normalize()
      end)
      near(want, all)
      near(all, model:encode_texts(TEXTS))
      near(all:slice(1, 2, 2), model:encode_texts{"Dog!"})
      assert.same({0, toy.WIDTH}, model:encode_texts({}).shape)
    end)
  end

  it("refuses what is no sentence, and names the entry", function()
    local model = described "VSE"
    local said = heard(model.encode_texts, model, {"dog", "xyzzy", "plugh xyzzy"})
    assert.matches("^vesper warning: .*: encode_texts: 2 of 3 texts have no word of the "
      .. "vocabulary, the first is 'xyzzy'\n$", said)
    assert.equal("", (heard(model.encode_texts, model, {"dog", "dog xyzzy"})))
    assert.error_matches(function() model:encode_texts{"a", 7} end,
      "encode_texts: entry 2 is a number, expected a string")
    assert.error_matches(function() model:encode_texts{"a", "\255"} end, "entry 2 is not UTF%-8")
    assert.error_matches(function() model:encode_texts "a" end, "texts is 'a', expected a list")
    assert.error_matches(function() toy.new("VSE"):encode_texts{"a"} end,
      "the vocabulary of the model is unknown, expected model:describe{vocab = words}", 1, true)
    assert.error_matches(function() model:encode_texts({"a"}, {size = 1}) end, "unknown option")
    model:describe{max_words = 1}
    near(model:encode_texts{"red"}, model:encode_texts{"red hat with the dog"})
  end)

  it("embeds files and tensors of any size as prepared pictures", function()
    local list, want = {}, {}
    for i = 1, 3 do
      local picture = (vs.rand(3, 20 + i, 31) * 255):byte()
      list[i] = ("%s/%d.png"):format(dir, i)
      assert(vs.image.save(list[i], picture))
      want[i] = vs.image.resize(picture, {16, 16}, "bilinear")
    end
    list[4], want[4] = "spec/fixtures/io/rgb.jpg",
      vs.image.resize(assert(vs.image.load "spec/fixtures/io/rgb.jpg"), {16, 16}, "bilinear")
    list[5], want[5] = want[1], want[1]
    list[6], want[6] = assert(vs.image.load(list[2])), want[2]
    for _, name in ipairs {"Baseline", "VSE", "CIM", "DPM"} do
      local model = described(name)
      local all = assert(model:encode_images(list, {batch_size = 4, workers = 3}))
      assert.is_true(model.training)
      model:eval()
      local v = vs.no_grad(function()
        local batch = vs.stack(want, 1)
        return (model.encode_image and model:encode_image(batch) or model{image = batch}.v)
      end)
      near(v:normalize(), all)
      assert.same({0, toy.WIDTH}, model:encode_images({}).shape)
    end
  end)

  it("returns nil and a message for a broken file, and raises for anything else", function()
    local model = described "VSE"
    local broken = temp.write(dir .. "/broken.png",
      temp.read("spec/fixtures/io/rgb.png"):sub(1, 60))
    for _, path in ipairs {broken, dir .. "/none.png", dir} do
      local none, why = model:encode_images{"spec/fixtures/io/rgb.png", path}
      assert.is_nil(none)
      assert.matches(path, why, 1, true)
    end
    for _, wrong in ipairs {7, vs.zeros(3, 4, 4), vs.zeros(4, 4):byte(), vs.zeros(1, 4, 4):byte(),
      vs.zeros(3, 0, 4):byte()} do
      assert.error_matches(function() model:encode_images{colored(1), wrong} end,
        "encode_images: entry 2 is .*, expected a path or uint8 %[3,H,W%]")
    end
    assert.error_matches(function() toy.new("VSE"):encode_images{colored(1)} end,
      "the picture size of the model is unknown")
  end)

  it("knows what its data set knows", function()
    local path = dir .. "/set.h5"
    local writer = assert(vs.data.Writer(path, {name = "toy", source = "made here",
      classes = {"cup", "hat"}, vocab = {"<pad>", "<unk>", "hat"}}))
    assert(writer:add("train", {image = colored(1, 8), label = 1, captions = {"hat"}}))
    assert(writer:close())
    local model = toy.new "VSE"
    assert.equal(model, models.describe(model, {set = assert(vs.data.open(path, "train"))}))
    assert.same({"cup", "hat"}, {table.unpack(model.class_names)})
    assert.same({8, 8}, {table.unpack(model.about.image_size)})
    assert.equal("made here", model.about.source)
    assert.equal(3, #model.about.vocabulary)
    -- a set in memory knows nothing
    local set = vs.data.TensorDataset{x = vs.ones(2, 3)}
    assert.is_nil(toy.new("VSE"):describe{set = set}.about.vocab)
    for words, given in pairs {["image_size%[1%] is 0"] = {image_size = {0, 3}},
      ["image_size is 'x'"] = {image_size = "x"},
      ["classes%[2%] is a number"] = {classes = {"a", 1}},
      ["licence is 1, expected a string"] = {licence = 1},
      ["unknown option 'words'"] = {words = {}},
      ["max_words is 0"] = {max_words = 0}} do
      assert.error_matches(function() model:describe(given) end, words)
    end
  end)

  describe("with classes by name", function()
    local model
    setup(function() -- the colour of a picture and the second word of its text agree
      model = described "VSE"
      toy.train(model, toy.pictures(24), 80)
    end)

    local function predicted(pictures)
      model:eval()
      return vs.no_grad(function()
        return model:classify_image(vs.stack(pictures, 1)):argmax(2):tolist()
      end)
    end

    it("predicts them, in any order and number", function()
      local pictures = {colored(1), colored(2), colored(3)}
      assert.equal(model, model:set_classes({"blue", "red", "green", "the dog"},
        {templates = {"the {}", "big {} hat"}}))
      assert.same({"blue", "red", "green", "the dog"}, {table.unpack(model.class_names)})
      assert.same({4, toy.WIDTH}, model.prototypes.shape)
      local want = model:encode_texts{"the blue", "big blue hat"}:mean(1):reshape(1, -1)
      near(want:normalize(), model.prototypes:slice(1, 1, 1))
      near(vs.ones(4), (model.prototypes * model.prototypes):sum(2))
      local of = predicted(pictures)
      assert.equal(3, #of)
      model:set_classes{"with %1 red"} -- no pattern
      assert.same({1, 1, 1}, predicted(pictures))
    end)

    it("keeps them in its folder", function()
      model:set_classes{"red", "blue"}
      local folder = dir .. "/named"
      assert(models.save(model, folder))
      local other = assert(models.load(folder))
      assert.same({"red", "blue"}, {table.unpack(other.class_names)})
      near(model.prototypes, other.prototypes, 0)
      other = assert(models.load(folder, {classes = {"red", "blue", "green"}}))
      assert.same({3, toy.WIDTH}, other.prototypes.shape)
    end)

    it("gives way to the model's own classes when it is trained on", function()
      local own = vs.models.VSE {classes = 2, width = toy.WIDTH, channels = {4},
        text = {vocab_size = #WORDS, word_dim = 4}}
      own:describe {vocab = WORDS}
      own:set_classes{"red", "blue", "green"}
      assert.same({3, toy.WIDTH}, own.prototypes.shape)
      local int64 = function(list) return vs.tensor(list, {dtype = "int64"}) end
      own:fit_prototypes(vs.data.Loader(vs.data.TensorDataset {tokens = int64{{3, 4}, {5, 6}},
        lengths = int64{2, 2}, label = int64{1, 2}}, {batch_size = 2}))
      assert.same({2, toy.WIDTH}, own.prototypes.shape)
      fails("fit_prototypes: the model has no classes", models.VSE.fit_prototypes,
        toy.new("VSE", {classes = false}), print)
    end)

    it("refuses names and templates that are none", function()
      for words, given in pairs {["names is empty"] = {{}}, ["name 2 is a number"] = {{"a", 2}},
        ["names is 'a'"] = {"a"}, ["template 1 is 'a', expected a text with {}"] =
          {{"a"}, {templates = {"a"}}}, ["templates is empty"] = {{"a"}, {templates = {}}}} do
        assert.error_matches(function() model:set_classes(table.unpack(given)) end, words)
      end
    end)
  end)
end)

describe("image.load_batch", function()
  it("is load and resize, for any number of workers", function()
    local names, paths = {"rgb.png", "rgb.jpg", "alpha.png"}, {}
    for i = 1, 9 do paths[i] = "spec/fixtures/io/" .. names[i % 3 + 1] end
    for workers = 1, 4 do
      local all = assert(vs.image.load_batch(paths, {7, 5}, {workers = workers}))
      assert.same({9, 3, 7, 5}, all.shape)
      for i, path in ipairs(paths) do
        local want = vs.image.resize(assert(vs.image.load(path)), {7, 5}, "bilinear")
        assert(all[i]:eq(want):all())
      end
    end
    assert.same({1, 1, 4, 4}, vs.image.load_batch({paths[1]}, {4, 4}, {channels = 1}).shape)
    assert.same({0, 3, 4, 4}, vs.image.load_batch({}, {4, 4}).shape)
  end)

  it("names the first file that fails", function()
    local paths = {"spec/fixtures/io/rgb.png", "no/a.png", "no/b.png"}
    local none, why = vs.image.load_batch(paths, {4, 4})
    assert.is_nil(none)
    assert.matches("^no/a.png: ", why)
    assert.error_matches(function() vs.image.load_batch({1}, {4, 4}) end, "path 1 is a number")
    assert.error_matches(function() vs.image.load_batch({"a\0b"}, {4, 4}) end, "zero byte")
    assert.error_matches(function() vs.image.load_batch({"a"}, {0, 4}) end, "expected 1 to 16384")
    assert.error_matches(function() vs.image.load_batch({"a"}, 4) end, "{height, width}")
  end)
end)
