-- models.save and models.load: the same bits in another process, and damaged or hostile folders.
local vs = require "vesper"
local process = require "spec.support.process"
local temp = require "spec.support.temp"
local toy = require "spec.support.toy"

local models, nn = vs.models, vs.nn

local PAIRS = {"VSE", "CIM", "COOT", "AttentionPooling", "DenseProjection", "BERTFusion", "DPM"}
local WORDS = {"<pad>", "<unk>", "on", "the", "big", "red", "hat"}

-- A module's results for pictures, text and word pieces, by name.
local INPUT = {
  image = function(model, batch) return (model(batch.image)) end,
  tokens = function(model, batch) return (model(batch.tokens, batch.lengths)) end,
  regions = function(model, batch) return (model(batch.regions, batch.region_count)) end,
  landmark = function(model, batch) return (model(batch.regions:slice(2, 1, 3):slice(3, 1, 3))) end,
  both = function(model, batch) return (model:encode_batch(batch)) end,
  pieces = function(model) return model:embed{"a red hat", "two dogs"} end,
}

local function regions(batch)
  for key, value in pairs(toy.with_regions(batch)) do batch[key] = value end
  return batch
end

local function tiny_bert() return require "spec.support.tiny_bert"() end

-- name = {model, kind of input}; those of the library that are no image-text models
local function encoders()
  local cnn = {num_classes = 0, width = 8, size = 32}
  return {
    SmallCNN = {models.SmallCNN(8, {channels = {4, 6}, pooling = "gpo"}), "image"},
    ResNet18 = {models.ResNet18(cnn), "image"},
    ResNet34 = {models.ResNet34(cnn), "image"},
    ResNet50 = {models.ResNet50{num_classes = 3}, "image"},
    ResNet = {models.ResNet{layers = {1, 1}, base = 4}, "image"},
    EfficientNetLite0 = {models.EfficientNetLite0(cnn), "image"},
    RegionEncoder = {models.RegionEncoder(8, {region_width = toy.REGION, hidden = 4}), "regions"},
    LandmarkEncoder = {models.LandmarkEncoder(8, {points = 3, hidden = 5}), "landmark"},
    JoinedEncoder = {models.JoinedEncoder{models.RegionEncoder(8, {region_width = toy.REGION}),
      models.SmallCNN(8, {channels = {4}})}, "both"},
    TextEncoder = {models.TextEncoder(8, {vectors = vs.randn(toy.WORDS, 5), rnn = "GRU",
      freeze = true, bidirectional = true, pooling = "gpo"}), "tokens"},
    BERT = {tiny_bert(), "pieces"},
  }
end

describe("models.save and models.load", function()
  local dir, folder
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)
  before_each(function() folder = temp.folder() .. "/model" end)

  -- The results that another process computes, {name .. "." .. key = tensor}.
  local function elsewhere(body)
    process.lua(([[
      local vs = require "vesper"
      vs.set_num_threads(%d)
      local out = {}
      local batch = assert(vs.load "%s/batch")
      batch.text = assert(vs.io.json_load "%s/text.json")
      local function load(name)
        local model = assert(vs.models.load("%s/" .. name))
        assert(not model.training)
        return model
      end
      %s
      assert(vs.save("%s/out", out))]]):format(vs.get_num_threads(), dir, dir, dir, body, dir))
    return assert(vs.load(dir .. "/out"))
  end

  local function same_bits(want, got)
    assert(next(want))
    for name, x in pairs(want) do
      assert(got[name], name)
      assert(x:eq(got[name]):all(), name .. " differs")
    end
  end

  local function keep(batch)
    local tensors = {}
    for key, value in pairs(batch) do if vs.is_tensor(value) then tensors[key] = value end end
    assert(vs.save(dir .. "/batch", tensors))
    assert(vs.io.json_save(dir .. "/text.json", vs.io.array(batch.text)))
    return batch
  end

  it("give the bits of every image-text model in another process", function()
    local batch, want = keep(toy.pictures(6)), {}
    for _, name in ipairs {"Baseline", table.unpack(PAIRS)} do
      local model = toy.new(name, {weights = toy.every_term(name)})
      toy.train(model, batch, 3)
      if model.fit_readout then
        local kinds = {name == "CIM" and "prototype" or "linear"}
        model:fit_readout(toy.loader(batch, 3), {kinds = kinds})
      end
      assert(models.save(model, dir .. "/" .. name))
      local out = toy.outputs(model, batch)
      for _, key in ipairs {"v", "t", "logits"} do want[name .. "." .. key] = out[key] end
      want[name .. ".p"] = vs.no_grad(function() return model:classify_image(batch.image) end)
    end
    same_bits(want, elsewhere [[
      for _, name in ipairs {"Baseline", "VSE", "CIM", "COOT", "AttentionPooling",
        "DenseProjection", "BERTFusion", "DPM"} do
        local model = load(name)
        local result = vs.no_grad(function() return model(batch) end)
        for _, key in ipairs {"v", "t", "logits"} do out[name .. "." .. key] = result[key] end
        out[name .. ".p"] = vs.no_grad(function() return model:classify_image(batch.image) end)
      end]])
  end)

  it("give the bits of every encoder", function()
    local batch = regions(keep(toy.pictures(4)))
    for name, pair in pairs(encoders()) do
      local model, run = pair[1], INPUT[pair[2]]
      assert(models.save(model, folder))
      local other = assert(models.load(folder))
      assert.equal(models[name], getmetatable(other))
      local function result(m) return vs.no_grad(function() return run(m:eval(), batch) end) end
      same_bits({[name] = result(model)}, {[name] = result(other)})
      assert.equal(tostring(model), tostring(other))
    end
  end)

  it("read folders of version 1, which know no norm, as they were", function()
    local Mine = models.VSE:extend "Mine"
    for name, class in pairs {Baseline = models.Baseline, COOT = models.COOT, Mine = Mine} do
      local o = {classes = 3, width = 8, channels = {4}, norm = false}
      if name ~= "Baseline" then o.text = {vocab_size = toy.WORDS, word_dim = 4} end
      local model, batch = class(o), toy.pictures(4)
      assert(models.save(model, folder))
      local json, left = temp.read(folder .. "/model.json"):gsub('"version": 2', '"version": 1')
      json = json:gsub('"norm": false,%s*', "")
      assert(left == 1 and not json:find "norm")
      temp.write(folder .. "/model.json", json)
      local other = assert(models.load(folder, {modules = {Mine = Mine}}))
      toy.same_outputs(toy.outputs(model, batch), toy.outputs(other, batch))
    end
  end)

  it("keep encoders that are options, and defaults", function()
    local made = {channels = {4}}
    local model = models.CIM{classes = 3, width = 8, image = models.JoinedEncoder{
      models.RegionEncoder(8, {region_width = toy.REGION}), models.SmallCNN(8, made)},
      text = {vectors = vs.randn(toy.WORDS, 5)}, warmup = math.huge}
    made.channels = nil -- the record is a copy
    assert(models.save(model, folder))
    local other = assert(models.load(folder))
    local batch = regions(toy.pictures(4))
    toy.same_outputs(toy.outputs(model, batch), toy.outputs(other, batch))
    local options = assert(vs.io.json_load(folder .. "/model.json")).model.args[1]
    assert.equal(0.2, options.margin)
    assert.equal(4, options.heads)
    assert.equal("LSTM", options.text.rnn)
    assert.same({["$tensor"] = {toy.WORDS, 5}}, options.text.vectors)
    assert.same({["$number"] = "inf"}, options.warmup)
    assert.equal("mean", options.image["$module"].args[1][2]["$module"].args[2].pooling)
  end)

  it("keep what the model knows of its data", function()
    local model = toy.new "VSE"
    model:describe{vocab = WORDS, classes = {"a", "b", "c"}, image_size = 16, max_words = 9}
    assert(models.save(model, folder, {licence = "CC0", source = "a test"}))
    local other = assert(models.load(folder))
    assert.same(WORDS, {table.unpack(other.about.vocab)})
    assert.same({"a", "b", "c"}, {table.unpack(other.class_names)})
    assert.same({16, 16}, {table.unpack(other.about.image_size)})
    assert.same({9, "CC0", "a test"}, {other.about.max_words, other.about.licence,
      other.about.source})
    assert(models.save(other, folder)) -- and once more
    assert.same(WORDS, {table.unpack(assert(models.load(folder)).about.vocab)})
  end)

  describe("with classes of one's own", function()
    local Tower = nn.Module:extend "Tower"
    function Tower:init(width, options)
      self.out, self.region_width, self.shift = nn.Linear(3, width), 3, options.shift
    end
    function Tower:forward(x)
      local v = self.out(x:float():mean({3, 4}) + self.shift)
      return v, x:float():flatten(3):transpose(2, 3), {x.shape[3], x.shape[4]}
    end

    it("need them by name", function()
      local model = models.VSE{classes = 3, width = 8, image = Tower(8, {shift = 2}),
        text = {vocab_size = toy.WORDS}}
      assert(models.save(model, folder))
      local none, why = models.load(folder)
      assert.is_nil(none)
      assert.matches("model.json: VSE.image is a 'Tower', which vs.models does not have", why, 1,
        true)
      assert.matches("modules = {Tower = ...}", why, 1, true)
      local other = assert(models.load(folder, {modules = {Tower = Tower}}))
      local batch = toy.pictures(3)
      toy.same_outputs(toy.outputs(model, batch), toy.outputs(other, batch))
      assert.error_matches(function() models.load(folder, {modules = {Tower = 1}}) end,
        "modules.Tower is a number, expected a class")
    end)

    it("refuse arguments that cannot be written", function()
      local Own = nn.Module:extend "Own"
      function Own:init(x) self.x = x end
      for words, value in pairs {["is a function"] = print, ["is a tensor"] = vs.ones(2),
        ["is the layer Linear"] = nn.Linear(2, 2), ["is a text that is not UTF"] = "\255",
        ["is a FILE*"] = io.stdout, ["has the key 7"] = {[7] = 1},
        ["has the key '$x'"] = {["$x"] = 1}} do
        local ok, why = pcall(models.save, Own(value), folder)
        assert(not ok)
        assert.matches(words, why, 1, true)
        assert.matches("Own, argument 1", why, 1, true)
      end
      local deep = {}
      deep.x = deep
      assert.error_matches(function() models.save(Own(deep), folder) end, "nested too deeply")
      local shared = models.SmallCNN(4, {channels = {2}})
      assert.error_matches(function()
        models.save(models.JoinedEncoder{shared, shared}, folder)
      end, "is the same module as")
      assert.is_nil(io.open(folder .. "/model.json"))
      assert.error_matches(function() models.save(1, folder) end, "model is 1, expected a Module")
      assert.error_matches(function() models.save(shared, "..") end, "the name of a folder")
    end)
  end)

  it("replace a folder as a whole, one process at a time", function()
    local model = toy.new "Baseline"
    assert(models.save(model, folder))
    local ok, why
    do
      local lock <close> = assert(vs._lock(folder))
      ok, why = models.save(toy.new("Baseline", nil, 2), folder)
      assert.is_nil(ok)
      assert.equal(folder .. ": is being written by another process", why)
      assert.matches("another process", process.lua(([[
        print(select(2, require "vesper"._lock "%s"))]]):format(folder)))
      assert(models.load(folder) and lock)
    end
    assert(models.save(model, folder))
    -- a lock's file that a killed process left is taken over
    temp.write(folder .. ".lock", "")
    assert(models.save(model, folder))
    assert.same({"model"}, temp.list(folder:match "(.*)/"))
    temp.write(folder .. "/mine.txt", "x")
    ok, why = models.save(model, folder)
    assert.is_nil(ok)
    assert.matches("contains 'mine.txt', which vesper did not write", why, 1, true)
    os.remove(folder .. "/mine.txt")
    assert.same({"model.json", "model.safetensors"}, temp.list(folder))
  end)

  describe("refuse", function()
    local text, bytes, model
    before_each(function()
      model = toy.new "VSE"
      assert(models.save(model, folder, {vocab = WORDS, classes = {"a", "b", "c"}}))
      text = temp.read(folder .. "/model.json")
      bytes = temp.read(folder .. "/model.safetensors")
    end)

    local function refused(...)
      local live = vs.memory().live
      local none, why = models.load(folder)
      assert.is_nil(none)
      for _, words in ipairs {folder, ...} do assert.matches(words, why, 1, true) end
      assert(not why:find("lua/vesper", 1, true), why)
      collectgarbage()
      assert(vs.memory().live <= live + #bytes)
    end

    local function edited(old, new, ...)
      local from, to = text:find(old, 1, true)
      assert(from, old)
      temp.write(folder .. "/model.json", text:sub(1, from - 1) .. new .. text:sub(to + 1))
      refused("model.json", ...)
    end

    it("files that are missing, cut short or no files", function()
      for name, content in pairs {["model.json"] = text, ["model.safetensors"] = bytes} do
        local path = folder .. "/" .. name
        os.remove(path)
        refused(name, "No such file")
        for _, n in ipairs {0, 3, #content // 2, #content - 3} do
          temp.write(path, content:sub(1, n))
          refused(name)
        end
        os.remove(path)
        assert(os.execute(("mkdir '%s'"):format(path)))
        refused(name, "is not a plain file")
        assert(os.execute(("rmdir '%s'"):format(path)))
        temp.write(folder .. "/../elsewhere", content)
        assert(os.execute(("ln -s ../elsewhere '%s'"):format(path)))
        refused(name, "is not a plain file")
        os.remove(path)
        temp.write(path, content)
      end
      assert(models.load(folder))
      assert.matches("none: No such file", select(2, models.load(folder .. "/none")), 1, true)
      assert.matches("model.json: is not a folder",
        select(2, models.load(folder .. "/model.json")), 1, true)
    end)

    it("files of different models", function()
      assert(models.save(model, folder))
      temp.write(folder .. "/model.safetensors", bytes)
      refused("model.safetensors: belongs to another model than model.json")
    end)

    it("descriptions that are wrong", function()
      edited('"vesper model"', '"vesper checkpoint"', "is not the description of a model")
      edited('"version": 2', '"version": 3', "version is 3, expected 2 or 1")
      edited('"version": 2', '"version": "2"', "version is '2', expected 2 or 1")
      edited('"class": "VSE"', '"class": "Baseline"', "the model cannot be made", "unknown option")
      edited('"class": "VSE"', '"class": "os.execute"', "is a 'os.execute', which vs.models does")
      edited('"class": "VSE"', '"class": "../../evil"', "which vs.models does not have")
      edited('"class": "VSE"', '"class": "save"', "which vs.models does not have")
      edited('"class": "VSE"', '"class": 7', "has no class")
      edited('"width": 16', '"width": 1000000000', "width is 1000000000, expected at most 65536")
      edited('"width": 16', '"width": 60000', "cannot be made", "could not be allocated")
      edited('"width": 16', '"width": -16', "cannot be made")
      edited('"width": 16', '"width": 17', "do not fit", "mismatched")
      edited('"width": 16', '"width": "NaN"', "cannot be made")
      edited('"width": 16', '"width": {"$number": "nan"}', "cannot be made")
      edited('"width": 16', '"width": {"$number": "many"}', "has an invalid number 'many'")
      edited('"width": 16', '"width": {"$tensor": [1e9, 3]}', "expected at most")
      edited('"width": 16', '"width": {"$tensor": [60000, 60000]}', "could not be allocated")
      edited('"width": 16', '"width": ' .. ("["):rep(90) .. ("]"):rep(90), "nested too deeply")
      edited('"width": 16', '"width": ' .. ("["):rep(2000) .. ("]"):rep(2000), "model.json")
      edited('"vocab_size": 12', '"vocab_size": 11', "do not fit")
      edited('"rnn": "LSTM"', '"rnn": "Module"', "cannot be made", "rnn is 'Module'")
      edited('"bidirectional": false', '"bidirectional": true', "missing", "mismatched")
      edited('"channels": [', '"channels": [[', "model.json")
      edited('"vocab": [', '"vocab": [7,', "describe: vocab[1] is a number, expected a string")
      edited('"<unk>"', '"<pad>"', "model.json")
      edited('"hat"', ('"hat"' .. (', "x%d"'):rep(9)):format(1, 2, 3, 4, 5, 6, 7, 8, 9),
        "vocab has 16 words, expected at most 12")
      temp.write(folder .. "/model.json", "[1, 2]")
      refused("model.json: is not the description of a model")
    end)

    it("tensors that are missing, unexpected, of another shape or dtype", function()
      local id = assert(vs.io.json_decode(text)).id
      local function with_tensors(change, ...)
        local tensors = assert(vs.load(folder .. "/model.safetensors"))
        change(tensors)
        assert(vs.save(folder .. "/model.safetensors", tensors, {id = id}))
        refused("do not fit", ...)
        temp.write(folder .. "/model.safetensors", bytes)
      end
      with_tensors(function(t) t["fuse.0.bias"] = nil end, "missing: fuse.0.bias")
      with_tensors(function(t) t.extra = vs.ones(2) end, "unexpected: extra")
      with_tensors(function(t) t["fuse.0.bias"] = vs.ones(3) end, "fuse.0.bias is [3], expected [")
      with_tensors(function(t) t["fuse.0.bias"] = t["fuse.0.bias"]:long() end,
        "fuse.0.bias is int64")
    end)

    it("every value of another kind, without an error", function()
      local tree, path = vs.io.json_decode(text), folder .. "/model.json"
      local function visit(t)
        for key, old in pairs(t) do
          for _, new in ipairs {vs.io.null, 7, -1, "s", true, {}, {x = {1}}, vs.io.array {},
            vs.io.array {1, "a"}, 1e300, {["$module"] = {}}, {["$tensor"] = vs.io.array {2, 0}}} do
            t[key] = new
            assert(vs.io.json_save(path, tree))
            local ok, found, message = pcall(models.load, folder)
            assert(ok, found)
            assert(found or #message > 0)
            assert(found or not message:find("lua/vesper", 1, true), message)
          end
          t[key] = old
          if type(old) == "table" then visit(old) end
        end
      end
      visit(tree)
    end)
  end)
end)
