-- data.extract: features of a data set in place of its images.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"

-- v [B,3]: the mean of each channel; U [B,4,3]: that of each quarter.
local Means = vs.nn.Module:extend "Means"

function Means:forward(images)
  self.seen = self.training
  local quarters = vs.nn.functional.adaptive_avg_pool2d(images:float(), {2, 2})
  return images:float():mean{3, 4}, quarters:flatten(3):transpose(2, 3)
end

-- Left half i, right half 200 in image i.
local function picture(i)
  local x = dataset.picture(i, 4, 6)
  x:slice(3, 4, 3):fill_(200)
  return x
end

describe("data.extract", function()
  local folder, source, out
  setup(function()
    folder = temp.folder()
    source, out = folder .. "/in.h5", folder .. "/out.h5"
    local w = assert(data.Writer(source, {name = "toy", source = "spec", split_seed = 3,
      classes = dataset.classes, vocab = dataset.words, vectors = vs.randn(7, 2)}))
    for i = 1, 9 do
      local item = dataset.item(i)
      item.image = picture(i)
      if i % 3 == 0 then item.captions[2] = {text = "two of them", tokens = {3, 6, 2}} end
      if i == 4 then item.captions = {} end
      assert(w:add(i < 8 and "train" or "val", item))
    end
    assert(w:close())
  end)
  teardown(temp.remove)

  it("keeps everything but the images, and adds the model's outputs", function()
    local model = Means():train()
    assert.same({train = 7, val = 2}, assert(data.extract(model, source, out, {batch_size = 3})))
    assert.is_false(model.seen)
    assert.is_true(model.training)
    for _, split in ipairs {"train", "val"} do
      local was, is = assert(data.open(source, split)), assert(data.open(out, split))
      assert.equal(#was, #is)
      assert.equal(was.images, is.images)
      assert.same({was:classes(), was:vocab(), was:attrs()}, {is:classes(), is:vocab(), is:attrs()})
      assert.same(was:vectors():tolist(), is:vectors():tolist())
      for i = 1, #was do
        local a, b = was:batch{i}, is:batch{i}
        assert.is_nil(b.image)
        for _, key in ipairs {"tokens", "lengths", "label", "index", "image_index"} do
          assert.same(a[key]:tolist(), b[key]:tolist(), key)
        end
        assert.same({a.text, was:id(i), was:captions(i)}, {b.text, is:id(i), is:captions(i)})
        local v, regions = model(a.image)
        assert.same({1, 3}, b.feature.shape)
        assert.same({1, 4, 3}, b.regions.shape)
        assert.same({4}, b.region_count:tolist())
        assert.is_true((b.feature - v):abs():max():item() < 0.06) -- halves of about 100
        assert.is_true((b.regions - regions):abs():max():item() < 0.1)
      end
    end
    local batch = data.Loader(assert(data.open(out, "train")), {batch_size = 4, workers = 1,
      shuffle = true, seed = 1}):batches()()
    assert.same({4, 3}, batch.feature.shape)
  end)

  it("stores float32, images and mirrored copies where they are asked for", function()
    local o = {half = false, images = true, flip = true, regions = false, splits = {"train"}}
    assert.same({train = 14}, assert(data.extract(Means(), source, out, o)))
    local set = assert(data.open(out, "train", {captions = "first"}))
    local whole = set:batch(vs.arange(1, 14))
    assert.is_nil(whole.regions)
    local v = whole.image:float():mean{3, 4}
    assert.is_true((whole.feature - v):abs():max():item() < 1e-4)
    for i = 1, 7 do
      assert.same(picture(i):flip{3}:tolist(), whole.image[i + 7]:tolist())
      assert.equal("img" .. i .. "#flip", set:id(i + 7))
      assert.same(set:captions(i), set:captions(i + 7))
    end
    local file, why = data.open(out, "val")
    assert.is_nil(file)
    assert.matches('no split "val"', why)
  end)

  it("mirrors landmarks with the images, left and right exchanged", function()
    local marked = folder .. "/marked.h5"
    local w = assert(data.Writer(marked, {landmark_pairs = {{1, 2}}}))
    for i = 1, 2 do
      assert(w:add("train", {image = picture(i), landmark = vs.tensor {{0.25, 0.5, 0},
        {0.5, 0.125 * i, 1}, {0, 0, 3}}}))
    end
    assert(w:close())
    assert.same({train = 4}, assert(data.extract(Means(), marked, out, {flip = true})))
    local set = assert(data.open(out))
    assert.same({{1, 2}}, set:landmark_pairs())
    local points = set:batch({1, 2, 3, 4}).landmark:tolist()
    assert.same({{0.25, 0.5, 0}, {0.5, 0.25, 1}, {0, 0, 3}}, points[2])
    assert.same({{0.5, 0.25, 1}, {0.75, 0.5, 0}, {0, 0, 3}}, points[4])
  end)

  it("takes a function for a model, and leaves nothing where it fails", function()
    local function mean(images) return images:float():mean{3, 4} end
    local done = {}
    local function progress(split, n) done[#done + 1] = split .. n end
    assert.same({train = 7, val = 2},
      assert(data.extract(mean, source, out, {batch_size = 4, progress = progress})))
    assert.same({"train4", "train7", "val2"}, done)
    local other = folder .. "/other.h5"
    local n, why = data.extract(mean, folder .. "/none.h5", other)
    assert.is_nil(n)
    assert.matches("none%.h5", why)
    n, why = data.extract(mean, source, other, {splits = {"test"}})
    assert.is_nil(n)
    assert.matches('no split "test"', why)
    n, why = data.extract(mean, out, other)
    assert.is_nil(n)
    assert.matches("out%.h5: split train has no images", why)
    assert.error_matches(function() data.extract(mean, source, other, {splt = 1}) end, "splt")
    assert.error_matches(function() data.extract(function() error "broken" end, source, other) end,
      "broken")
    assert.error_matches(function()
      data.extract(function(x) return x:float() end, source, other)
    end, "feature is float32 %[3,4,6%], expected float32 %[0%]")
    collectgarbage()
    for _, name in ipairs(temp.list(folder)) do assert.is_nil(name:find "other", name) end
  end)

  it("normalises by channel", function()
    local x = vs.tensor({0, 255, 51}, {dtype = "uint8"}):reshape(1, 3, 1, 1)
    local y = data.normalize(x):flatten():tolist()
    assert.near(-0.485 / 0.229, y[1], 1e-5)
    assert.near((1 - 0.456) / 0.224, y[2], 1e-5)
    assert.near((0.2 - 0.406) / 0.225, y[3], 1e-5)
    local half = {0.5, 0.5, 0.5}
    assert.same({-1, 1}, data.normalize(x, half, half):flatten():slice(1, 1, 2):tolist())
    assert.error_matches(function() data.normalize(x, {1}) end, "expected a list of three")
  end)
end)
