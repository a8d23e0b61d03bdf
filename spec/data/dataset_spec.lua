-- Readers: what data sets give, and what they refuse.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"

local function ints(...) return vs.tensor({...}, {dtype = "int64"}) end

describe("data.open", function()
  local path
  setup(function() path = dataset.write(temp.folder() .. "/toy.h5", 7) end)
  teardown(temp.remove)

  it("tells what the file holds", function()
    local set = assert(data.open(path, "train"))
    assert.equal(7, #set)
    assert.equal(7, set.images)
    assert.equal("toy", set.name)
    assert.equal("train", set.split)
    assert.equal(path, set.path)
    assert.same(dataset.classes, set:classes())
    assert.same(dataset.words, set:vocab())
    assert.is_nil(set:vectors())
    assert.equal("vesper-dataset", set:attrs().format)
    assert.equal(3, set:attrs().split_seed)
    assert.equal("img2", set:id(2))
    assert.equal("blue hat", set:text(-1))
    assert.same({"zebra"}, set:captions(4))
    assert.equal("Dataset toy.h5 train: 7 images, 7 captions, 2 classes; image uint8 [3,4,5], "
      .. "tokens, text, label", tostring(set))
    assert.equal(2, #assert(data.open(path, "val")))
    assert.equal(7, #assert(data.open(path)))
  end)

  it("gives a sample with labels and tokens counted from 1", function()
    local set = assert(data.open(path, "train"))
    local sample = set[6]
    assert.same({3, 4, 5}, {sample.image.shape[1], sample.image.shape[2], sample.image.shape[3]})
    assert.equal("uint8", sample.image.dtype)
    assert.equal(6, sample.image:max():item())
    assert.equal(1, sample.label)
    assert.same({3, 7, 7, 7, 5}, sample.tokens:tolist())
    assert.equal(5, sample.lengths)
    assert.equal("a red red red cup", sample.text)
    assert.equal(6, sample.index)
    assert.equal(6, sample.image_index)
    assert.equal(7, set[-1].index)
    assert.is_nil(set[8])
    assert.is_nil(set[-8])
    assert.error_matches(function() return set[0] end, "sample 0 is not in 1..7")
  end)

  it("pads a batch with 1 and stands one unknown word for no words", function()
    local set = assert(data.open(path, "train"))
    local b = set:batch {5, 1, 4}
    assert.same({{2, 1, 1}, {3, 7, 6}, {2, 1, 1}}, b.tokens:tolist())
    assert.same({1, 3, 1}, b.lengths:tolist())
    assert.same({2, 2, 1}, b.label:tolist())
    assert.same({5, 1, 4}, b.index:tolist())
    assert.same({"", "a red hat", "zebra"}, b.text)
    for i, at in ipairs {5, 1, 4} do assert.equal(at, b.image[i]:max():item()) end
    assert.same({2, 7}, set:batch(ints(2, -1)).index:tolist())
  end)

  it("reads any order and repeats alike", function()
    local set = assert(data.open(path, "train"))
    local order = {7, 3, 3, 4, 1, 2, 7, 5, 6, 4}
    local b = set:batch(order)
    for i, at in ipairs(order) do
      assert.equal(at, b.image[i]:min():item())
      assert.equal(at, b.image[i]:max():item())
    end
  end)

  it("tries again after a refused allocation", function()
    local refused = 0
    for nth = 1, 60 do
      vs._fail_allocation(nth)
      local set = assert(data.open(path, "train"))
      assert.same({7, 1}, set:batch({7, 1}).index:tolist())
      assert.equal(3, set[3].index)
      refused = refused + vs._fail_allocation(0)
    end
    assert(refused > 10, refused)
  end)

  it("refuses samples that are not there", function()
    local set = assert(data.open(path, "train"))
    assert.error_matches(function() set:batch {8} end, "sample 8 is not in 1..7")
    assert.error_matches(function() set:batch {0} end, "sample 0 is not in 1..7")
    assert.error_matches(function() set:batch {} end, "list of samples is empty")
    assert.error_matches(function() set:batch(vs.zeros(2)) end, "float32 %[2%], expected int64")
    assert.error_matches(function() set:text(9) end, "sample 9 is not in 1..7")
  end)

  it("gives nil and a message for a split or a file that is not there", function()
    local set, why = data.open(path, "dev")
    assert.is_nil(set)
    assert.equal(path .. ': no split "dev"; it has train, val', why)
    set, why = data.open(path .. ".not", "train")
    assert.is_nil(set)
    assert.equal(path .. ".not: No such file or directory", why)
    assert.error_matches(function() data.open(path, "train", {caption = "all"}) end, "caption")
    assert.error_matches(function() data.open(path, "a/b") end, "cannot be the name of a split")
  end)
end)

describe("data.open with several captions an image", function()
  local path
  setup(function()
    path = temp.folder() .. "/many.h5"
    local w = assert(data.Writer(path, {vocab = dataset.words}))
    local captions = {{"a red hat", "hat", "red"}, {}, {"a blue cup", "cup"}}
    for i, list in ipairs(captions) do
      w:add("train", {image = dataset.picture(i), captions = list})
    end
    assert(w:close())
  end)
  teardown(temp.remove)

  it("counts captions as samples, or images", function()
    local all = assert(data.open(path, "train"))
    assert.equal(5, #all)
    assert.equal(3, all.images)
    assert.same({1, 1, 1, 3, 3}, all:batch({1, 2, 3, 4, 5}).image_index:tolist())
    assert.equal("cup", all:text(5))
    assert.same({"a blue cup", "cup"}, all:captions(4))
    local first = assert(data.open(path, "train", "first"))
    assert.equal(3, #first)
    assert.same({"a red hat", "", "a blue cup"}, first:batch({1, 2, 3}).text)
    assert.same({1, 2, 3}, first:batch({1, 2, 3}).image_index:tolist())
    assert.is_nil(first:text(2))
    assert.same({2, 1, 1}, first:batch({2, 1}).tokens:tolist()[1])
  end)

  it("picks at random by seed and epoch alone", function()
    local one = assert(data.open(path, {split = "train", captions = "random", seed = 1}))
    local same = assert(data.open(path, {split = "train", captions = "random", seed = 1}))
    local seen = {}
    for epoch = 1, 20 do
      local text = one:batch({1, 3}, epoch).text
      assert.same(text, same:batch({1, 3}, epoch).text)
      seen[text[1]] = true
    end
    assert.same({["a red hat"] = true, hat = true, red = true}, seen)
  end)
end)

describe("data.open with regions, boxes and landmarks", function()
  teardown(temp.remove)

  it("gives them with counts, padded with zeros", function()
    local path = temp.folder() .. "/regions.h5"
    local w = assert(data.Writer(path, {regions = 3}))
    local regions = {vs.full({3, 2}, 0.5), vs.full({1, 2}, 2)}
    for i, r in ipairs(regions) do
      assert(w:add("train", {
        image = dataset.picture(i), regions = r, boxes = vs.ones(r.shape[1], 4) * i,
        landmark = vs.tensor {{i, 2, 0}, {3, 4, 1}},
      }))
    end
    assert(w:close())
    local b = assert(data.open(path)):batch {2, 1}
    assert.same({{{2, 2}, {0, 0}, {0, 0}}, {{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}}},
      b.regions:tolist())
    assert.same({1, 3}, b.region_count:tolist())
    assert.same({0, 0, 0, 0}, b.boxes:tolist()[1][2])
    assert.same({1, 1, 1, 1}, b.boxes:tolist()[2][3])
    assert.same({{2, 2, 0}, {3, 4, 1}}, b.landmark:tolist()[1])
    assert.is_nil(b.label)
    assert.is_nil(b.tokens)
  end)
end)

describe("data.open with pictures as files", function()
  teardown(temp.remove)
  local function encode(value, h, w) return vs.image.encode(dataset.picture(value, h, w), "png") end

  it("decodes them, and resizes to the size of the set", function()
    local path = temp.folder() .. "/bytes.h5"
    local w = assert(data.Writer(path, {image_size = {4, 5}}))
    for i = 1, 3 do
      assert(w:add("train", {image_bytes = encode(i * 10, 4 * i, 5 * i), label = i}))
    end
    assert(w:close())
    local b = assert(data.open(path)):batch {3, 1, 2}
    local shape = b.image.shape
    assert.same({3, 3, 4, 5}, {shape[1], shape[2], shape[3], shape[4]})
    for i, at in ipairs {3, 1, 2} do
      assert.equal(at * 10, b.image[i]:min():item())
      assert.equal(at * 10, b.image[i]:max():item())
    end
  end)

  it("refuses a truncated picture when it is added, and names a broken one in a file", function()
    local path = temp.folder() .. "/bytes.h5"
    local png = encode(77, 16, 16)
    local w = assert(data.Writer(path))
    assert.error_matches(function() w:add("train", {image_bytes = png:sub(1, -20)}) end,
      "image 1 of train")
    assert(w:add("train", {image_bytes = png}))
    assert(w:close())
    local broken = temp.patched(path, png, png:sub(1, 40) .. ("x"):rep(#png - 40))
    local set = assert(data.open(broken))
    assert.error_matches(function() set:batch {1} end, "train/image_bytes: image 1")
  end)
end)

describe("data.TensorDataset", function()
  it("is rows of named tensors", function()
    local x, y = vs.tensor {{1, 2}, {3, 4}, {5, 6}}, ints(1, 2, 1)
    local set = data.TensorDataset {x = x, y = y}
    assert.equal(3, #set)
    local b = set:batch {3, 1}
    assert.same({{5, 6}, {1, 2}}, b.x:tolist())
    assert.same({1, 1}, b.y:tolist())
    assert.same({3, 1}, b.index:tolist())
    assert.same({3, 4}, set[2].x:tolist())
    assert.equal(2, set[2].y)
    assert.is_nil(set.name)
    assert.same({}, set:classes())
  end)

  it("takes views and other dtypes", function()
    local x = vs.tensor({{1, 2, 3}, {4, 5, 6}}, {dtype = "uint8"}):transpose(1, 2)
    assert.same({{3, 6}, {1, 4}}, data.TensorDataset({x = x}):batch({3, 1}).x:tolist())
  end)

  it("refuses what does not fit together", function()
    assert.error_matches(function() data.TensorDataset {x = vs.zeros(3), y = vs.zeros(2, 3)} end,
      "x is %[3%] but y is %[2,3%]")
    assert.error_matches(function() data.TensorDataset {} end, "no tensors")
    assert.error_matches(function() data.TensorDataset {x = 3} end, "x is a number")
    assert.error_matches(function() data.TensorDataset {x = vs.tensor(3)} end, "no dimensions")
  end)
end)

describe("data.readers", function()
  it("lists every reader with what it takes and does, and each is reachable", function()
    local tested = {open = true, TensorDataset = true}
    for _, reader in ipairs(data.readers()) do
      assert.is_function(data[reader.name])
      assert.is_true(#reader.doc > 40)
      assert(tested[reader.name], reader.name .. " has no spec: describe it here and list it")
      tested[reader.name] = nil
    end
    assert.is_nil(next(tested))
  end)
end)
