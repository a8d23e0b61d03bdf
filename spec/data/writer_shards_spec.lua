-- The writer of shards: which files it makes, and what is left behind.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local process = require "spec.support.process"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

local HEAD = {name = "toy", source = "spec", split_seed = 3, classes = dataset.classes,
  vocab = dataset.words, tags = {"odd", "even"}, landmark_pairs = {{1, 2}},
  vectors = vs.arange(1, 14):reshape({7, 2}):to "float32"}

local function item(i)
  local captions = {}
  for k = 1, i % 4 do captions[k] = "a red hat number " .. k end
  return with(dataset.item(i), {captions = captions, tags = {i % 2 + 1}, feature = vs.full({3}, i),
    regions = vs.full({i == 1 and 3 or 2, 2}, i), landmark = vs.full({2, 3}, i / 64)})
end

-- Items first to last, every fifth in val; captions begin with the third.
local function add(w, first, last)
  for i = first, last do assert(w:add(i % 5 == 0 and "val" or "train", item(i + 2))) end
end

local function write(path, options)
  local w = assert(data.Writer(path, with(HEAD, options)))
  add(w, 1, 41)
  assert(w:close())
  return w
end

local function plain(batch)
  local all = {}
  for name, x in pairs(batch) do all[name] = vs.is_tensor(x) and x:tolist() or x end
  return all
end

describe("data.Writer with shard", function()
  local folder
  before_each(function() folder = temp.folder() end)
  teardown(temp.remove)

  local function same(pattern)
    for _, split in ipairs {"train", "val"} do
      local one = assert(data.open(folder .. "/one.h5", split))
      local set = assert(data.open(pattern, split))
      assert.equal(#one, #set)
      assert.same({one:classes(), one:vocab(), one:tags(), one:attrs(), one:landmark_pairs()},
        {set:classes(), set:vocab(), set:tags(), set:attrs(), set:landmark_pairs()})
      assert.same(one:vectors():tolist(), set:vectors():tolist())
      local order = vs.arange(1, #one)
      assert.same(plain(one:batch(order)), plain(set:batch(order)))
      for i = 1, #one do assert.equal(one:id(i), set:id(i)) end
    end
  end

  it("makes files that are one data set, each with captions of whole images", function()
    write(folder .. "/one.h5")
    local w = write(folder .. "/hats.h5", {shard = 2000})
    local files = w:files()
    assert.equal(folder .. "/hats-00001.h5", files[1])
    assert.is_true(#files > 3)
    assert.equal(("Writer hats.h5 (%d files): train 33, val 8"):format(#files), tostring(w))
    assert.same(files, assert(data.files(folder .. "/hats-*.h5")))
    same(folder .. "/hats-*.h5")
    local images = 0
    for _, path in ipairs(files) do
      local set = assert(data.open(path, "train"))
      images = images + set.images
      assert.equal(set.images, #set:view {captions = "first"})
    end
    assert.equal(33, images)
  end)

  it("makes the same bytes from the same data", function()
    local a = write(folder .. "/a.h5", {shard = 3000, compress = 3}):files()
    local b = write(folder .. "/b.h5", {shard = 3000, compress = 3}):files()
    assert.equal(#a, #b)
    for i = 1, #a do assert.equal(temp.read(a[i]), temp.read(b[i])) end
  end)

  it("names files by the path, also one without an ending", function()
    local w, why = data.Writer(folder .. "/x.y/no", {shard = 1})
    assert.is_nil(w)
    assert.matches("x%.y/no%-00001.*No such file", why)
    temp.subfolder(folder .. "/x.y")
    w = assert(data.Writer(folder .. "/x.y/no", with(HEAD, {shard = 1})))
    add(w, 1, 3)
    assert(w:close())
    assert.same({"no-00001", "no-00002", "no-00003"}, temp.list(folder .. "/x.y"))
    w = assert(data.Writer(folder .. "/.hidden", {shard = 1 << 40}))
    assert(w:close())
    assert.same({folder .. "/.hidden-00001"}, w:files())
  end)

  it("begins a split in the file where its first image is", function()
    local w = assert(data.Writer(folder .. "/x.h5", {shard = 1}))
    for _, split in ipairs {"train", "val", "train"} do
      assert(w:add(split, {image = dataset.picture(1), captions = split == "val" and {"x"} or {}}))
    end
    assert(w:close())
    assert.equal(2, assert(data.open(folder .. "/x-*.h5", "train")).images)
    assert.equal(1, #assert(data.open(folder .. "/x-*.h5", "val")))
    local none, why = data.open(folder .. "/x-00002.h5", "train")
    assert.is_nil(none)
    assert.matches('no split "train"; it has val', why, 1, true)
  end)

  it("has captions though the first image has none, where it is told which splits have", function()
    local w = assert(data.Writer(folder .. "/x.h5", {shard = 1, captions = {"train"}, note = "y"}))
    for i = 1, 3 do
      assert(w:add("train", {image = dataset.picture(i), captions = i == 2 and {"x"} or {}}))
    end
    assert(w:add("val", {image = dataset.picture(4)}))
    assert(w:close())
    local set = assert(data.open(w:files()))
    assert.same({2}, set:batch({1}).image_index:tolist())
    assert.equal("y", set:attrs().note)
    assert.equal(1, #assert(data.open(w:files(), "val")))
    w = assert(data.Writer(folder .. "/y.h5"))
    assert(w:add("train", {image = dataset.picture(1), captions = {}}))
    assert.error_matches(function()
      w:add("train", {image = dataset.picture(1), captions = {"x"}})
    end, "has captions, unlike earlier images")
  end)

  it("puts nothing in its place before it is closed, and leaves nothing when it is dropped",
    function()
      temp.write(folder .. "/x-00001.h5", "old")
      do
        local w <close> = assert(data.Writer(folder .. "/x.h5", with(HEAD, {shard = 1000})))
        add(w, 1, 20)
        assert.is_true(#w:files() > 3)
        assert.equal(#w:files() + 1, #temp.list(folder))
        local none, why = data.open(folder .. "/x-*", "train")
        assert.is_nil(none)
        assert.matches("x%-00001%.h5: not an HDF5 file", why) -- what is unfinished is not seen
      end
      assert.same({"x-00001.h5"}, temp.list(folder))
      assert.equal("old", temp.read(folder .. "/x-00001.h5"))
    end)

  it("replaces an older set of more files", function()
    local before = write(folder .. "/x.h5", {shard = 1000}):files()
    temp.write(folder .. "/x-99999.h5", "another's")
    local after = write(folder .. "/x.h5", {shard = 4000}):files()
    assert.is_true(#after < #before)
    assert.equal(#after + 1, #temp.list(folder))
  end)

  it("leaves nothing, and says why, where the disk is full", function()
    write(folder .. "/x.h5", {shard = 1 << 40})
    -- files cannot grow beyond 0, 4, ... kB
    for _, blocks in ipairs {0, 8, 40, 200} do
      local ok, said = process.run(("trap '' XFSZ; ulimit -f %d; lua5.4 '%s'"):format(blocks,
        temp.write(folder .. "/run.lua", ([[
        local vs = require "vesper"
        local w, why = vs.data.Writer(%q, {shard = 1 << 17})
        local image = vs.full({3, 64, 64}, 7, {dtype = "uint8"})
        for _ = 1, 20 do
          if why then break end
          _, why = w:add("train", {image = image})
        end
        if w then
          local first, second = w:close(), w:close()
          assert(not first and not second)
        end
        print(why)
      ]]):format(folder .. "/x.h5"))))
      assert.is_true(ok, said)
      assert.matches("x%-0000%d%.h5%.[%d-]+%.tmp: .*cannot be %w+: File too large\n$", said)
      assert.same({"run.lua", "x-00001.h5"}, temp.list(folder))
      assert.equal(33, assert(data.open(folder .. "/x-00001.h5", "train")).images)
    end
  end)

  it("numbers its files: a pattern finds all of them, or says which one is missing", function()
    local files = write(folder .. "/x.h5", {shard = 2000}):files()
    write(folder .. "/y.h5", {shard = 2000})
    local n, pattern = #files, folder .. "/x-*.h5"
    assert.is_true(n > 3)
    assert.equal(66, assert(data.open(folder .. "/*.h5", "train")).images) -- both sets
    assert.is_nil(assert(data.open(pattern)):attrs().shard)
    assert.equal(2, assert(data.open(files[2])):attrs().shard)
    assert.equal(n, assert(data.open(files[n])):attrs().shards)
    local function without(k, want)
      assert(os.rename(files[k], folder .. "/away"))
      for _, name in ipairs {pattern, folder .. "/*.h5"} do
        local set, why = data.open(name)
        assert.is_nil(set)
        assert.equal(name .. ": " .. want, why)
      end
      assert.is_true(assert(data.open(data.files(pattern))).images < 33) -- a list is as it is
      assert(os.rename(folder .. "/away", files[k]))
    end
    without(1, "part 1 of the data set is missing before " .. files[2])
    without(3, "part 3 of the data set is missing before " .. files[4])
    assert.equal(33, assert(data.open(pattern, "train")).images)
    assert.is_true(assert(data.open(folder .. "/x-0000[23].h5")).images < 33)
    os.remove(files[n])
    local set, why = data.open(pattern)
    assert.is_nil(set)
    assert.equal(("%s: the parts of the data set behind %s are missing"):format(pattern,
      files[n - 1]), why)
  end)

  it("checks items as with one file", function()
    local w = assert(data.Writer(folder .. "/x.h5", with(HEAD, {shard = 1})))
    add(w, 1, 3)
    local function refused(change, pattern)
      assert.error_matches(function() w:add("train", with(item(3), change)) end, pattern)
    end
    refused({label = 3}, "image 4 of train: label 3 is not in 1%.%.2")
    refused({image = dataset.picture(1, 2, 2)}, "image 4 of train is %[3,2,2%], expected %[3,4,5%]")
    refused({feature = vs.ones(2)}, "feature is float%d+ %[2%], expected float%d+ %[3%]")
    refused({landmark = vs.ones(1, 3)}, "fewer points than in earlier images")
    local bare = item(3)
    bare.id = nil
    assert.error_matches(function() w:add("train", bare) end, "has no field id")
    assert(w:add("train", item(6)))
    assert(w:close())
    assert.equal(4, assert(data.open(folder .. "/x-*.h5")).images)
    assert.error_matches(function() data.Writer(folder .. "/y.h5", {shard = 0}) end,
      "option 'shard': expected a whole number from 1")
  end)

  it("tells every refused allocation and leaves nothing behind", function()
    local refused, finished = 0, 0
    for nth = 1, 250, 5 do
      vs._fail_allocation(nth)
      local fine, why = pcall(write, folder .. "/x.h5", {shard = 4000})
      vs._fail_allocation(0)
      collectgarbage()
      collectgarbage()
      if fine then
        finished = finished + 1
        assert.equal(33, assert(data.open(folder .. "/x-*.h5", "train")).images)
        for _, path in ipairs(data.files(folder .. "/x-*.h5")) do os.remove(path) end
      else
        refused = refused + 1
        assert.matches("out of memory", why)
      end
      assert.same({}, temp.list(folder))
    end
    assert.is_true(refused > 5 and finished > 5)
  end)
end)
