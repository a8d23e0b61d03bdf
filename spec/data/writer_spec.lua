-- The writer: what it refuses, and what is left behind.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

describe("data.Writer", function()
  local folder, path
  before_each(function()
    folder = temp.folder()
    path = folder .. "/out.h5"
  end)
  teardown(temp.remove)

  local function writer()
    return assert(data.Writer(path, {classes = dataset.classes, vocab = dataset.words}))
  end

  it("puts the file in its place only when it is closed", function()
    local w = writer()
    assert.is_true(w:add("train", dataset.item(1)))
    assert.equal(1, w:count "train")
    assert.equal(0, w:count "val")
    assert.is_nil(io.open(path))
    assert.equal(1, #temp.list(folder))
    assert.is_true(w:close())
    assert.is_true(w:close())
    assert.same({"out.h5"}, temp.list(folder))
    assert.error_matches(function() w:add("train", dataset.item(1)) end, "the writer is closed")
  end)

  it("leaves an old file alone until then, and nothing behind when it is dropped", function()
    temp.write(path, "old")
    do
      local w <close> = writer()
      assert(w:add("train", dataset.item(1)))
    end
    local dropped = writer()
    assert(dropped:add("train", dataset.item(1)))
    dropped = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.same({"out.h5"}, temp.list(folder))
    assert.equal("old", temp.read(path))
    dataset.write(path, 1)
    assert.equal(1, #assert(data.open(path)))
  end)

  it("gives nil and a message where it cannot write", function()
    local w, why = data.Writer(folder .. "/none/out.h5")
    assert.is_nil(w)
    assert.matches("none/out.h5.*No such file", why)
  end)

  it("refuses labels, tokens and pictures that do not fit, and goes on", function()
    local w = writer()
    local function refused(change, pattern)
      local item = with(dataset.item(2), change)
      assert.error_matches(function() w:add("train", item) end, pattern)
    end
    refused({label = 3}, "image 1 of train: label 3 is not in 1%.%.2")
    assert(w:add("train", dataset.item(1)))
    refused({label = 0}, "label is 0, expected an integer from 1")
    refused({label = "hat"}, "label is hat")
    refused({captions = {{text = "x", tokens = {3, 8}}}}, "caption 1: token 8 is not in 1%.%.7")
    refused({captions = {{text = "x", tokens = {0}}}}, "token 0 is not in 1%.%.7")
    refused({captions = {{text = "x", tokens = {1.5}}}}, "token 1 of caption 1 is not an integer")
    refused({captions = {7}}, "caption 1 is a number, expected a string")
    refused({captions = {"a \xff hat"}}, "image 2 of train: a caption: invalid UTF%-8 at byte 3")
    refused({captions = {{text = "a \xff", tokens = {3}}}}, "invalid UTF%-8 at byte 3")
    refused({captions = {"a \0 hat"}}, "zero byte")
    refused({captions = "a hat"}, "captions is a string, expected a list")
    refused({image = vs.zeros(3, 4, 5)}, "float32 %[3,4,5%], expected uint8 %[3,H,W%]")
    refused({image = vs.zeros({1, 4, 5}, {dtype = "uint8"})}, "uint8 %[1,4,5%]")
    refused({image = dataset.picture(1, 8, 8)}, "is %[3,8,8%], expected %[3,4,5%]")
    refused({image_bytes = "x"}, "one of image and image_bytes")
    refused({landmark = vs.zeros(2, 3)}, "has a field landmark, unlike earlier images")
    refused({boxes = vs.zeros(2, 4)}, "boxes")
    refused({caption = {"x"}}, "caption")
    local item = dataset.item(2)
    item.label = nil
    assert.error_matches(function() w:add("train", item) end, "has no field label")
    assert.error_matches(function() w:add("a/b", dataset.item(1)) end, "cannot be the name")
    assert.error_matches(function() w:add("vocab", dataset.item(1)) end, "cannot be the name")
    assert(w:add("train", dataset.item(2)))
    assert(w:close())
    local set = assert(data.open(path))
    assert.equal(2, #set)
    assert.same({"a red hat", "a blue cup"}, set:batch({1, 2}).text)
  end)

  it("stores items, tags, and boxes without regions", function()
    local w = assert(data.Writer(path, {tags = {"red", "round", "big"}, regions = 3}))
    local function box(n) return vs.arange(1, 4 * n):reshape({n, 4}):to "float32" end
    local picture = dataset.picture(1)
    assert(w:add("train", {image = picture, item = 7, tags = {3, 1}, boxes = box(2)}))
    local function refused(change, pattern)
      local item = {image = picture, item = 1, tags = {}, boxes = box(1)}
      for key, value in pairs(change) do item[key] = value or nil end
      assert.error_matches(function() w:add("train", item) end, pattern)
    end
    refused({tags = {4}}, "image 2 of train: tag 4 is not in 1%.%.3")
    refused({tags = {0}}, "tag 0 is not in 1%.%.3")
    refused({tags = {1.5}}, "tag 1 is not an integer")
    refused({tags = 3}, "tags is a number, expected a list")
    refused({tags = false}, "has no field tags, unlike earlier images")
    refused({item = 0}, "item is 0, expected an integer from 1")
    refused({item = "x"}, "item is x, expected an integer from 1")
    refused({item = 1 << 40}, "item 1099511627776 is not in 1%.%.2147483647")
    refused({item = false}, "has no field item, unlike earlier images")
    refused({boxes = box(4)}, "boxes is float%d+ %[4,4%]")
    refused({boxes = false}, "has no field boxes, unlike earlier images")
    refused({regions = vs.zeros(1, 2)}, "has a field regions, unlike earlier images")
    assert(w:add("train", {image = picture, item = 2, tags = {}, boxes = box(3)}))
    assert(w:add("other", {image = picture}))
    assert(w:close())
    local set = assert(data.open(path))
    assert.same({"red", "round", "big"}, set:tags())
    local batch = set:batch {2, 1}
    assert.same({2, 7}, batch.item:tolist())
    assert.same({{0, 0, 0}, {1, 0, 1}}, batch.tags:tolist())
    assert.equal(vs.zeros(1).dtype, batch.tags.dtype)
    assert.same({3, 2}, batch.region_count:tolist())
    assert.same({{1, 2, 3, 4}, {5, 6, 7, 8}, {0, 0, 0, 0}}, batch.boxes[2]:tolist())
    assert.is_nil(batch.regions)
    local broken = temp.patched(path, string.pack("<i4i4", 6, 1), string.pack("<i4i4", 6, -2))
    local none, why = data.open(broken)
    assert.is_nil(none)
    assert.matches("train/item: row 2 is %-2, not in 0%.%.2147483646", why)
    local other = assert(data.open(path, "other")):batch {1}
    assert.is_nil(other.item)
    assert.is_nil(other.tags)
    assert.is_nil(other.boxes)
    w = assert(data.Writer(path))
    assert.error_matches(function() w:add("train", {image = picture, tags = {}}) end,
      "has tags, but the Writer was given no list of tags")
    assert.error_matches(function() w:add("tags", {image = picture}) end, "cannot be the name")
    w:add("train", {image = picture})
    assert(w:close())
    assert.same({}, assert(data.open(path)):tags())
  end)

  it("refuses lists and vectors that do not fit", function()
    assert.error_matches(function() data.Writer(path, {vocab = {"a"}}) end, "<pad>")
    assert.error_matches(function() data.Writer(path, {classes = {1}}) end,
      "entry 1 of classes is a number")
    assert.error_matches(function()
      data.Writer(path, {vocab = dataset.words, vectors = vs.zeros(6, 2)})
    end, "vectors are float32 %[6,2%], expected float32 %[7,D%]")
    assert.error_matches(function() data.Writer(path, {image_size = 64}) end, "image_size")
    assert.error_matches(function() data.Writer(path, {size = 64}) end, "size")
    assert.same({}, temp.list(folder))
  end)

  it("stores vectors, a Vocab, and tokens of one's own", function()
    local vocab = vs.text.Vocab.new(dataset.words)
    local vectors = vs.arange(1, 14):reshape({7, 2}):to "float32"
    local w = assert(data.Writer(path, {vocab = vocab, vectors = vectors, max_words = 2}))
    assert(w:add("train", {image = dataset.picture(1), captions = {
      "a red hat", {text = "own", tokens = {7, 7, 7}},
      {tokens = vs.tensor({4, 5}, {dtype = "int64"})},
    }}))
    assert(w:close())
    local set = assert(data.open(path))
    assert.same(vectors:tolist(), set:vectors():tolist())
    assert.same(dataset.words, set:vocab())
    local b = set:batch {1, 2, 3}
    assert.same({{3, 7, 1}, {7, 7, 7}, {4, 5, 1}}, b.tokens:tolist())
    assert.same({"a red hat", "own", ""}, b.text)
  end)

  it("tells every refused allocation and leaves nothing behind", function()
    local refused, finished = 0, 0
    for nth = 1, 120 do
      vs._fail_allocation(nth)
      local fine, why = pcall(dataset.write, path, 2)
      vs._fail_allocation(0)
      collectgarbage()
      collectgarbage()
      if fine then
        finished = finished + 1
        assert.same({"out.h5"}, temp.list(folder))
        assert.equal(2, #assert(data.open(path)))
        os.remove(path)
      else
        refused = refused + 1
        assert.matches("out of memory", why)
        assert.same({}, temp.list(folder))
      end
    end
    assert.is_true(refused > 10 and finished > 10)
  end)

  it("allocates nothing for an item, whatever its strides, once its buffers are there", function()
    local w = assert(data.Writer(path, {tags = {"x", "y"}, half = true}))
    local function item(i)
      local square = dataset.picture(i)
      return {image = square:transpose(2, 3), label = 1, id = "p" .. i, tags = {2},
        captions = {"a red hat"}, landmark = vs.ones(3, 2):t(), regions = vs.ones(4, 2):t() * i,
        boxes = vs.ones(4, 2):t(), feature = vs.ones(5, 2):t()[1]}
    end
    assert(w:add("train", item(1)))
    local second = item(2)
    vs._fail_allocation(1, 1000)
    local fine, why = pcall(w.add, w, "train", second)
    assert.equal(0, vs._fail_allocation(0))
    assert.is_true(fine, why)
    assert(w:close())
    local set = assert(data.open(path))
    local batch = set:batch {1, 2}
    assert.same({"p1", "p2"}, {set:id(1), set:id(2)})
    assert.is_true(batch.image[2]:eq(second.image):all())
    assert.is_true(batch.regions[2]:eq(2):all())
    assert.same({0, 1}, batch.tags[2]:tolist())
  end)

  it("gives back more than its buffers hold, compressed or not", function()
    for _, compress in ipairs {0, 5} do
      local n = 3000
      local w = assert(data.Writer(path, {vocab = dataset.words, compress = compress}))
      for i = 1, n do
        assert(w:add("train", {
          image = dataset.picture(i % 251, 11, 13), label = i, id = ("n%05d"):format(i),
          captions = {{text = "text " .. i, tokens = {i % 5 + 3, i % 7 + 1}}},
        }))
      end
      assert(w:close())
      local set = assert(data.open(path))
      assert.equal(n, #set)
      for i = 1, n, 97 do
        local s = set[i]
        assert.equal(i, s.label)
        assert.equal("text " .. i, s.text)
        assert.equal(("n%05d"):format(i), set:id(i))
        assert.same({i % 5 + 3, i % 7 + 1}, s.tokens:tolist())
        assert.equal(i % 251, s.image:max():item())
        assert.equal(i % 251, s.image:min():item())
      end
    end
  end)
end)
