-- One data set in several files: the same samples as in one file, and what does not fit together.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

local TRAIN, VAL, PER_FILE = 23, 4, 7

-- An item with every kind of field; image 5 has no caption, every third has two.
local function full_item(i)
  local captions = {dataset.texts[(i - 1) % #dataset.texts + 1]}
  if i % 3 == 0 then captions[2] = {text = "two of them", tokens = {3, 6, 2}} end
  return with(dataset.item(i), {
    captions = i == 5 and {} or captions, item = i % 4 + 1, tags = {i % 2 + 1},
    regions = vs.full({i % 3 + 1, 2}, i), boxes = vs.full({i % 3 + 1, 4}, i / 64),
    landmark = vs.full({2, 3}, i / 32), feature = vs.full({3}, i),
  })
end

local HEAD = {name = "toy", classes = dataset.classes, vocab = dataset.words,
  tags = {"odd", "even"}, vectors = vs.arange(1, 14):reshape({7, 2}):to "float32", regions = 3,
  split_seed = 3, landmark_pairs = {{1, 2}}}

-- One file with images first to last of train, and of val if it has those.
local function write(path, first, last, options, item, val)
  local w = assert(data.Writer(path, with(HEAD, options)))
  for i = first, last do assert(w:add("train", (item or full_item)(i))) end
  for i = 1, val or 0 do assert(w:add("val", (item or full_item)(100 + i))) end
  assert(w:close())
  return path
end

-- The same images in one file and in several; val is in the last one.
local function write_both(folder, options, item)
  write(folder .. "/whole.h5", 1, TRAIN, options, item, VAL)
  local k = 0
  for first = 1, TRAIN, PER_FILE do
    k = k + 1
    local last = math.min(first + PER_FILE - 1, TRAIN)
    write(("%s/part-%d.h5"):format(folder, k), first, last, options, item, last == TRAIN and VAL)
  end
end

local function plain(batch)
  local all = {}
  for name, x in pairs(batch) do all[name] = vs.is_tensor(x) and x:tolist() or x end
  return all
end

local function batches(set, options)
  local list = {}
  for batch in data.Loader(set, options) do list[#list + 1] = plain(batch) end
  return list
end

describe("a data set in several files", function()
  local folder, whole, parts
  setup(function()
    folder = temp.folder()
    write_both(folder)
    whole, parts = folder .. "/whole.h5", folder .. "/part-*.h5"
  end)
  teardown(temp.remove)

  it("tells what it holds", function()
    local one, set = assert(data.open(whole)), assert(data.open(parts))
    assert.equal(#one, #set)
    assert.equal(TRAIN, set.images)
    assert.equal("toy", set.name)
    assert.equal(parts, set.path)
    assert.equal("Dataset part-*.h5 (4 files) train: 23 images, 29 captions, 2 classes; image "
      .. "uint8 [3,4,5], feature float32 [3], regions float32 [3,2], boxes float32 [3,4], "
      .. "landmark float32 [2,3], tokens, text, label, item, tags float32 [2]",
      (tostring(set):gsub("float64", "float32")))
    assert.same({one:classes(), one:vocab(), one:tags(), one:attrs(), one:fields()},
      {set:classes(), set:vocab(), set:tags(), set:attrs(), set:fields()})
    assert.same(one:vectors():tolist(), set:vectors():tolist())
    assert.same(one:landmark_pairs(), set:landmark_pairs())
    assert.same({whole}, one:files())
    assert.same({folder .. "/part-1.h5", folder .. "/part-2.h5", folder .. "/part-3.h5",
      folder .. "/part-4.h5"}, set:files())
    local listed = assert(data.open(set:files(), "train"))
    assert.equal(folder .. "/part-1.h5 and 3 more", listed.path)
    assert.same(plain(set:batch {1, 20}), plain(listed:batch {1, 20}))
  end)

  it("gives the samples of one file, in every order and mode", function()
    for _, mode in ipairs {"all", "first", "random"} do
      local o = {captions = mode, seed = 9}
      local one, set = assert(data.open(whole, "train", o)), assert(data.open(parts, "train", o))
      local order = data.permutation(#one, 4)
      table.move(order, 1, 9, #order + 1, order) -- some of them twice
      for epoch = 1, 3 do
        assert.same(plain(one:batch(order, epoch)), plain(set:batch(order, epoch)))
      end
      for i = 1, #one do
        assert.same({one:id(i), one:text(i), one:captions(i)},
          {set:id(i), set:text(i), set:captions(i)})
      end
      local fields = {fields = {"label", "feature"}}
      assert.same(plain(one:batch({3, 20}, 0, fields)), plain(set:batch({3, 20}, 0, fields)))
    end
    local view = assert(data.open(parts)):view {captions = "first"}
    assert.equal(TRAIN, #view)
    assert.equal("img" .. TRAIN, view:id(-1))
    assert.error_matches(function() view:batch {TRAIN + 1} end, "sample 24 is not in 1%.%.23")
  end)

  it("is shuffled and augmented as one file, whatever the workers", function()
    local one, set = assert(data.open(whole)), assert(data.open(parts))
    for workers = 0, 3 do
      local o = {batch_size = 4, shuffle = true, seed = 5, workers = workers, flip = 0.5, crop = 1,
        captions = "random"}
      local loader, other = data.Loader(set, o), data.Loader(one, o)
      for _ = 1, 2 do
        local next_one = other:batches()
        for batch in loader do assert.same(plain(next_one()), plain(batch)) end
        assert.is_nil(next_one())
      end
    end
    local loader, state = data.Loader(set, {batch_size = 4, shuffle = true, seed = 5}), nil
    for _ in loader do
      state = loader:state()
      if state.batch == 3 then break end
    end
    local resumed = data.Loader(one, {batch_size = 4, shuffle = true, seed = 5})
    resumed:load_state(state)
    local rest = {}
    for batch in resumed do rest[#rest + 1] = batch.index:tolist() end
    local all = dataset.pass(data.Loader(set, {batch_size = 4, shuffle = true, seed = 5}))
    assert.same({table.unpack(all, 4)}, rest)
  end)

  it("takes a split from the files that have it", function()
    local one, set = assert(data.open(whole, "val")), assert(data.open(parts, "val"))
    assert.equal(VAL, set.images)
    assert.same(plain(one:batch(vs.arange(1, #one))), plain(set:batch(vs.arange(1, #set))))
    local none, why = data.open(parts, "test")
    assert.is_nil(none)
    assert.equal(parts .. ': no split "test"; it has train, val', why)
  end)

  it("reads encoded pictures, which say their file when they are broken", function()
    local dir = temp.folder()
    local function item(i)
      return {image_bytes = vs.image.encode(dataset.picture(i, 8, 8), "png"), id = "i" .. i}
    end
    local function one_file(path, first, last)
      local w = assert(data.Writer(path, {image_size = {8, 8}}))
      for i = first, last do assert(w:add("train", item(i))) end
      assert(w:close())
    end
    one_file(dir .. "/whole.h5", 1, 9)
    one_file(dir .. "/p-1.h5", 1, 4)
    one_file(dir .. "/p-2.h5", 5, 9)
    do
      local one = assert(data.open(dir .. "/whole.h5"))
      local set <close> = assert(data.open(dir .. "/p-*.h5"))
      assert.same(batches(one, {batch_size = 2, shuffle = true, seed = 1}),
        batches(set, {batch_size = 2, shuffle = true, seed = 1, workers = 2}))
    end
    collectgarbage() -- the loaders too: libhdf5 shares what it knows of a file that is open
    collectgarbage()
    local png = item(7).image_bytes
    local damaged = png:sub(1, 20) .. "\255\255" .. png:sub(23)
    temp.write(dir .. "/p-2.h5", (temp.read(dir .. "/p-2.h5"):gsub(png:gsub("%W", "%%%0"),
      (damaged:gsub("%%", "%%%%")))))
    local set = assert(data.open(dir .. "/p-*.h5"))
    assert.equal(6, set:batch({6}).image:min():item())
    assert.error_matches(function() set:batch {7} end, "p%-2%.h5: train/image_bytes: image 3: ")
  end)

  it("shuffles by chunks as one file does whose chunks are the same", function()
    local dir = temp.folder()
    local function item(i) return {image = dataset.picture(i % 256), label = 1} end
    for _, case in ipairs {{"whole", 1, 160}, {"p-1", 1, 64}, {"p-2", 65, 96}, {"p-3", 97, 160}} do
      local w = assert(data.Writer(("%s/%s.h5"):format(dir, case[1]), {chunk = 16, compress = 3}))
      for i = case[2], case[3] do assert(w:add("train", item(i))) end
      assert(w:close())
    end
    local one, set = assert(data.open(dir .. "/whole.h5")), assert(data.open(dir .. "/p-*.h5"))
    local o = {batch_size = 8, shuffle = true, seed = 3, chunks = 2, workers = 1}
    assert.same(batches(one, o), batches(set, o))
    -- other chunks: other windows, but every sample once
    set = assert(data.open({dir .. "/p-2.h5", dir .. "/p-1.h5"}))
    local seen = dataset.flat(dataset.pass(data.Loader(set, o)))
    table.sort(seen)
    local all = {}
    for i = 1, 96 do all[i] = i end
    assert.same(all, seen)
  end)

  it("reads chunks of features without pictures", function()
    local path = temp.folder() .. "/features.h5"
    local w = assert(data.Writer(path, {chunk = 4}))
    for i = 1, 40 do assert(w:add("train", {regions = vs.full({2, 3}, i)})) end
    assert(w:close())
    local o = {batch_size = 5, shuffle = true, seed = 1, chunks = 2}
    local seen = dataset.flat(dataset.pass(data.Loader(assert(data.open(path)), o)))
    assert.equal(40, #seen)
  end)
end)

describe("files of a data set", function()
  local folder
  before_each(function() folder = temp.folder() end)
  teardown(temp.remove)

  local function names(list)
    for i, path in ipairs(list) do list[i] = path:match "[^/]*$" end
    return list
  end

  local function small(name, options, change)
    return write(folder .. "/" .. name, 1, 2, options, function(i)
      return with(full_item(i), change)
    end)
  end

  local function refused(want, path, split)
    local set, why = data.open(path, split or "train")
    assert.is_nil(set)
    assert.equal((want:gsub("DIR", function() return folder end)), why)
  end

  it("come in the order of the numbers in their names", function()
    for _, name in ipairs {"p-10.h5", "p-9.h5", "p-0009.h5", "p-1.h5", "p-b.h5", "p-B.h5", "p-.h5",
      "p-100000000000000000000000.h5", "q-1.h5", "p-1.h5.77-1.tmp", ".p-1.h5"} do
      temp.write(folder .. "/" .. name, "")
    end
    assert.same({"p-.h5", "p-1.h5", "p-0009.h5", "p-9.h5", "p-10.h5",
      "p-100000000000000000000000.h5", "p-B.h5", "p-b.h5"}, names(data.files(folder .. "/p-*")))
    assert.same({"q-1.h5", "p-9.h5", "p-10.h5"},
      names(data.files {folder .. "/q*", folder .. "/p-9.h5", folder .. "/p-1[0-9].h5"}))
    assert.same({"p-1.h5", "p-9.h5", "p-B.h5", "p-b.h5"}, names(data.files(folder .. "/p-?.h5")))
  end)

  it("are in any folder that a pattern names", function()
    for _, name in ipairs {"a", "b"} do
      temp.subfolder(folder .. "/" .. name)
      small(name .. "/x.h5")
    end
    assert.equal(4, assert(data.open(folder .. "/*/x.h5")).images)
  end)

  it("may have a name with the characters of patterns", function()
    small "a[1]*.h5"
    small "a1x.h5"
    local set = assert(data.open(folder .. "/a[1]*.h5"))
    assert.same({"a[1]*.h5"}, names(set:files()))
    assert.same({"a1x.h5"}, names(data.files(folder .. "/a[1]?.h5")))
  end)

  it("are missed with pattern and folder", function()
    refused("DIR/none-*.h5: no file matches in the folder DIR", folder .. "/none-*.h5")
    refused("DIR/x/none-*.h5: no file matches; there is no folder DIR/x/",
      folder .. "/x/none-*.h5")
    local _, why = data.open "none-*-of-vesper.h5"
    assert.matches("^none%-%*%-of%-vesper%.h5: no file matches in the folder /.", why)
    temp.write(folder .. "/y.h5.3-1.tmp", "half")
    refused("DIR/y*: no file matches in the folder DIR", folder .. "/y*")
    refused("DIR/a.h5: No such file or directory", {small "b.h5", folder .. "/a.h5"})
    assert.error_matches(function() data.open({}, "train") end,
      "open: path is an empty list, expected at least 1 file")
    assert.error_matches(function() data.open({"a", 1}, "train") end,
      "element 2 of path is a number, expected a string")
    assert.error_matches(function() data.open(7, "train") end,
      "path is 7, expected string or list of strings")
  end)

  it("are files, not folders or links that lead nowhere", function()
    small "p-1.h5"
    temp.subfolder(folder .. "/p-2.h5")
    refused("DIR/p-2.h5: not a file", folder .. "/p-*.h5")
    assert(os.execute(("cd '%s' && rmdir p-2.h5 && ln -s none p-2.h5"):format(folder)))
    refused("DIR/p-2.h5: No such file or directory", folder .. "/p-*.h5")
  end)

  it("may be links, but no file may occur twice", function()
    small "p-1.h5"
    small "other.h5"
    assert(os.execute(("cd '%s' && ln -s other.h5 p-2.h5"):format(folder)))
    assert.equal(4, assert(data.open(folder .. "/p-*.h5")).images)
    assert(os.execute(("cd '%s' && ln -sf p-1.h5 p-2.h5"):format(folder)))
    refused("DIR/p-2.h5: is the same file as DIR/p-1.h5", folder .. "/p-*.h5")
    assert(os.execute(("cd '%s' && ln -f p-1.h5 p-2.h5"):format(folder)))
    refused("DIR/p-2.h5: is the same file as DIR/p-1.h5", folder .. "/p-*.h5")
    refused("DIR/p-1.h5: is given twice", {folder .. "/p-1.h5", folder .. "/p-1.h5"})
  end)

  it("are named when one of many is damaged", function()
    for i = 1, 70 do small(("p-%d.h5"):format(i)) end
    do
      local set <close> = assert(data.open(folder .. "/p-*.h5"))
      assert.equal(140, set.images)
    end
    local path = folder .. "/p-33.h5"
    local bytes = temp.read(path)
    temp.write(path, bytes:sub(1, #bytes // 2))
    local set, why = data.open(folder .. "/p-*.h5")
    assert.is_nil(set)
    assert.matches("/p%-33%.h5: ", why)
    temp.write(path, "")
    refused("DIR/p-33.h5: not an HDF5 file (0 bytes)", folder .. "/p-*.h5")
  end)

  local function one_caption(i) return with(full_item(i), {captions = {"a hat"}}) end

  it("are opened again when there are more than stay open, and have to be the same", function()
    for i = 1, 140 do write(("%s/p-%d.h5"):format(folder, i), i, i, nil, one_caption) end
    local set = assert(data.open(folder .. "/p-*.h5", "train", {captions = "first"}))
    local o = {batch_size = 16, shuffle = true, seed = 1, workers = 2}
    for _ = 1, 2 do
      for batch in data.Loader(set, o) do
        for i, at in ipairs(batch.index:tolist()) do
          assert.equal(at, batch.image[i]:min():item())
          assert.equal(at, batch.feature[i]:max():item())
        end
      end
    end
    set:batch(vs.arange(5, 140)) -- so that the first files are closed
    write(folder .. "/p-1.h5", 3, 3, nil, one_caption)
    local fine, why = pcall(set.batch, set, {1})
    assert.is_false(fine)
    assert.matches("p%-1%.h5: is not the file that it was when the data set was opened", why)
    os.remove(folder .. "/p-2.h5")
    fine, why = pcall(set.batch, set, {2})
    assert.is_false(fine)
    assert.matches("p%-2%.h5: No such file", why)
    assert.equal(5, set:batch({5}).image:max():item())
  end)

  it("have the same names and words", function()
    local a = small "a.h5"
    local function differs(want, options)
      refused("DIR/b.h5: " .. want .. ", unlike DIR/a.h5", {a, small("b.h5", options)})
    end
    differs("entry 2 of classes is 'scarf', expected 'hat'", {classes = {"cup", "scarf"}})
    differs("classes has 3 entries, expected 2", {classes = {"cup", "hat", "tie"}})
    differs("entry 1 of tags is 'x', expected 'odd'", {tags = {"x", "even"}})
    local words = {table.unpack(dataset.words)}
    words[5] = "mug"
    differs("entry 5 of vocab/words is 'mug', expected 'cup'", {vocab = words})
    differs("vocab/vectors has other numbers", {vectors = vs.ones(7, 2)})
    differs("vocab/vectors is [7,3], expected [7,2]", {vectors = vs.ones(7, 3)})
    differs("attribute landmark_pairs has other pairs", {landmark_pairs = {{2, 1}}})
    -- these may differ; the first file's are given
    local set = assert(data.open({a, small("b.h5", {name = "other", split_seed = 7})}))
    assert.equal("toy", set.name)
    assert.equal(3, set:attrs().split_seed)
  end)

  it("have the same fields, shapes and dtypes", function()
    local a = small "a.h5"
    local function differs(want, options, change)
      local b = small("b.h5", options, change)
      refused("DIR/b.h5: " .. want .. ", unlike DIR/a.h5", {a, b})
    end
    local function without(name)
      local b = write(folder .. "/b.h5", 1, 2, nil, function(i)
        local item = full_item(i)
        item[name] = nil
        return item
      end)
      return {a, b}
    end
    refused("DIR/b.h5: has no train/label, unlike DIR/a.h5", without "label")
    refused("DIR/b.h5: has no train/item, unlike DIR/a.h5", without "item")
    refused("DIR/b.h5: has no train/tags, unlike DIR/a.h5", without "tags")
    refused("DIR/b.h5: has no train/image_id, unlike DIR/a.h5", without "id")
    refused("DIR/b.h5: has no train/caption, unlike DIR/a.h5", without "captions")
    refused("DIR/b.h5: has no train/image, unlike DIR/a.h5", without "image")
    refused("DIR/b.h5: has no train/landmark, unlike DIR/a.h5", without "landmark")
    local list = without "feature"
    refused("DIR/b.h5: has no train/feature, unlike DIR/a.h5", list)
    refused("DIR/a.h5: has train/feature, unlike DIR/b.h5", {list[2], list[1]})
    differs("train/image is uint8 [N,3,2,2], expected uint8 [N,3,4,5]", nil,
      {image = dataset.picture(1, 2, 2)})
    differs("train/feature is float32 [N,4], expected float32 [N,3]", nil, {feature = vs.ones(4)})
    differs("train/region/feature is float16 [N,3,2], expected float32 [N,3,2]", {half = true})
    differs("train/region/feature is float32 [N,4,2], expected float32 [N,3,2]", {regions = 4})
  end)

  it("are read after every refused allocation", function()
    for i = 1, 3 do small(("p-%d.h5"):format(i)) end
    local refusals = 0
    for nth = 1, 150, 7 do
      vs._fail_allocation(nth)
      local set = assert(data.open(folder .. "/p-*.h5", "train", {captions = "first"}))
      assert.same({6, 1}, set:batch({6, 1}).index:tolist())
      refusals = refusals + vs._fail_allocation(0)
    end
    assert(refusals > 10, refusals)
  end)
end)
