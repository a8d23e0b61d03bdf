-- Loaders that read some fields, and views of one open file with other modes of captions.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local fails = require "spec.support.fails"
local temp = require "spec.support.temp"

local FIELDS = {"image", "feature", "regions", "region_count", "boxes", "landmark", "tokens",
  "lengths", "text", "label", "item", "tags", "index", "image_index"}
local CAPTIONS = {{"a red hat", "hat", "red"}, {"a blue cup"}, {"cup", "a cup"}, {"blue", "red"},
  {"a hat"}}

-- A file with every kind of field: five images, nine captions.
local function write_all(path)
  local w = assert(data.Writer(path, {vocab = dataset.words, classes = dataset.classes,
    tags = {"x", "y"}, regions = 3, landmark_pairs = {{1, 2}}}))
  for i, captions in ipairs(CAPTIONS) do
    local rows = i % 3 + 1
    assert(w:add("train", {image = dataset.picture(i), feature = vs.full({4}, i),
      tags = {i % 2 + 1}, regions = vs.full({rows, 2}, i), boxes = vs.full({rows, 4}, i / 8),
      label = i % 2 + 1,
      landmark = vs.full({2, 3}, i / 8), item = i, captions = captions}))
  end
  assert(w:close())
  return path
end

local function same(a, b)
  if type(a) == "table" then return assert.same(a, b) end
  assert.equal(a.dtype, b.dtype)
  assert.same(a.shape, b.shape)
  assert.is_true(a:eq(b):all())
end

-- Both have the same names, and those values.
local function assert_some(all, some, names)
  local got = {}
  for name, value in pairs(some) do
    got[#got + 1] = name
    same(all[name], value)
  end
  table.sort(got)
  table.sort(names)
  assert.same(names, got)
end

describe("fields that are read", function()
  local path, set
  setup(function()
    path = write_all(temp.folder() .. "/all.h5")
    set = assert(data.open(path))
  end)
  teardown(temp.remove)

  it("are named by the set", function()
    assert.same(FIELDS, set:fields())
    assert.same({"image", "label", "index"}, data.TensorDataset({
      image = vs.zeros(2, 3, 4, 4), label = vs.tensor({1, 2}, {dtype = "int64"}),
    }):fields())
    assert.equal("Dataset all.h5 train: 5 images, 9 captions, 2 classes; image uint8 [3,4,5], "
      .. ("feature R [4], regions R [3,2], boxes R [3,4], landmark R [2,3], tokens, text, label, "
      .. "item, tags R [2]"):gsub("R", vs.zeros(1).dtype), tostring(set))
  end)

  it("are the same as those of a whole batch, each alone", function()
    local order = {9, 2, 2, 5, 1}
    local all = set:batch(order)
    local comes = {tokens = {"lengths"}, regions = {"region_count"}, boxes = {"region_count"}}
    for _, name in ipairs(FIELDS) do
      local names = {name, "index", "image_index"}
      if name:find "index" then table.remove(names, 1) end
      table.move(comes[name] or {}, 1, 1, #names + 1, names)
      assert_some(all, set:batch(order, 0, {fields = {name}}), names)
    end
    assert_some(all, set:batch(order, {fields = {}}), {"index", "image_index"})
    assert_some(all, set:batch(order, nil, {fields = FIELDS}), {table.unpack(FIELDS)})
  end)

  it("are the same in a loader, whatever the workers", function()
    for _, workers in ipairs {0, 1, 3} do
      local options = {batch_size = 4, shuffle = true, seed = 3, workers = workers}
      local whole = data.Loader(set, options)
      options.fields = {"feature", "tokens", "text", "tokens"}
      local some = data.Loader(set, options)
      assert.same({"feature", "tokens", "lengths", "text", "index", "image_index"}, some.fields)
      assert.same(FIELDS, whole.fields)
      local batches = {}
      for batch in whole do batches[#batches + 1] = batch end
      for batch in some do
        assert_some(table.remove(batches, 1), batch, {table.unpack(some.fields)})
      end
      assert.equal(0, #batches)
    end
  end)

  it("of tensors are picked too", function()
    local plain = data.TensorDataset {x = vs.arange(1, 3), y = vs.arange(4, 6)}
    assert_some(plain:batch {3, 1}, plain:batch({3, 1}, {fields = {"y"}}), {"y", "index"})
    assert.same({"x", "index"}, data.Loader(plain, {fields = {"x"}}).fields)
  end)

  it("have to be there", function()
    fails("Loader: the data set has no field 'tokns'; it has image, feature, regions, region_count",
      data.Loader, set, {fields = {"tokns"}})
    fails("batch: the data set has no field 'y'; it has x, index", function()
      data.TensorDataset({x = vs.zeros(2)}):batch({1}, {fields = {"x", "y"}})
    end)
    fails("no field '" .. ("x"):rep(40), data.Loader, set, {fields = {("x"):rep(40)}})
    fails("Loader: element 2 of fields is a number, expected a string", data.Loader, set,
      {fields = {"image", 3}})
    fails("Loader: fields is 'image', expected list of strings", data.Loader, set,
      {fields = "image"})
    for _, option in ipairs {"crop", "flip", "jitter", "erase"} do
      fails(("Loader: %s changes image, but fields does not name image"):format(option),
        data.Loader, set, {fields = {"tokens", "boxes"}, [option] = 1})
    end
    assert(data.Loader(set, {fields = {"image"}, flip = 1}))
  end)

  it("leave the others unread", function()
    local bytes_read = dataset.bytes_read
    if not bytes_read() then return pending "no /proc/self/io" end
    local large = temp.folder() .. "/large.h5"
    local w = assert(data.Writer(large, {vocab = dataset.words}))
    for i = 1, 400 do
      assert(w:add("train", {image = dataset.picture(i % 256, 64, 64), captions = {"a red hat"}}))
    end
    assert(w:close())
    local function cost(fields)
      local loader = data.Loader(assert(data.open(large)), {fields = fields, batch_size = 50})
      collectgarbage()
      local before, live = bytes_read(), vs.memory().live
      local most = 0
      for _ in loader do most = math.max(most, vs.memory().live - live) end
      return bytes_read() - before, most
    end
    local all, allocated = cost()
    local some, little = cost {"tokens"}
    assert(all > 400 * 3 * 64 * 64 and some < 1e4, all .. " " .. some)
    assert(allocated > 50 * 3 * 64 * 64 and little < 1e5, allocated .. " " .. little)
  end)

  it("are settings of a state", function()
    local options = {batch_size = 2, shuffle = true, seed = 1, fields = {"tokens", "label"}}
    local loader = data.Loader(set, options)
    local state = loader:state()
    assert.equal("tokens,label", state.fields)
    assert.equal("all", state.captions)
    assert.equal("all", data.Loader(set):state().fields)
    options.fields = {"label", "tokens"}
    data.Loader(set, options):load_state(state)
    options.fields = {"label"}
    fails("load_state: fields is label here, tokens,label in the state", function()
      data.Loader(set, options):load_state(state)
    end)
    options.fields, options.captions = nil, "random"
    fails("load_state: samples is 5 here, 9 in the state", function()
      data.Loader(set, options):load_state(state)
    end)
    state.samples, state.fields = nil, nil
    fails("load_state: captions is random here, all in the state", function()
      data.Loader(set, options):load_state(state)
    end)
    state.captions = nil -- as an older vesper wrote it
    data.Loader(set, options):load_state(state)
  end)

  it("are settings of a checkpoint, and older checkpoints do not have them", function()
    local folder = temp.folder() .. "/run"
    local options = {batch_size = 2, shuffle = true, seed = 1, fields = {"tokens"}}
    assert(vs.checkpoint.save(folder, {loader = data.Loader(set, options)}))
    assert(vs.checkpoint.load(folder, {loader = data.Loader(set, options)}))
    options.fields = nil
    local loaded, why = vs.checkpoint.load(folder, {loader = data.Loader(set, options)})
    assert.is_nil(loaded)
    assert.matches("fields of loader 'loader' is tokens, expected all", why, 1, true)
    local state = assert(vs.io.json_load(folder .. "/state.json"))
    state.loaders.loader.fields, state.loaders.loader.captions = nil, nil
    assert(vs.io.json_save(folder .. "/state.json", state))
    assert(vs.checkpoint.load(folder, {loader = data.Loader(set, options)}))
  end)

  it("are tried again after a refused allocation", function()
    local whole = set:batch({3, 4}, {fields = {"tokens", "regions"}})
    local refused = 0
    for nth = 1, 40 do
      vs._fail_allocation(nth)
      local loader = data.Loader(set, {fields = {"tokens", "regions"}, captions = "random"})
      for batch in loader do assert.equal(5, #batch.index) end
      assert_some(whole, set:batch({3, 4}, {fields = {"tokens", "regions"}}),
        {"tokens", "lengths", "regions", "region_count", "index", "image_index"})
      assert.same(FIELDS, set:fields())
      assert.equal(5, #set:view {captions = "first"})
      refused = refused + vs._fail_allocation(0)
    end
    assert(refused > 20, refused)
  end)
end)

describe("views of a data set", function()
  local path
  setup(function() path = write_all(temp.folder() .. "/all.h5") end)
  teardown(temp.remove)

  it("give what a file opened in that mode gives", function()
    local set = assert(data.open(path))
    for _, mode in ipairs {"all", "first", "random"} do
      local opened = assert(data.open(path, "train", {captions = mode, seed = 7}))
      local view = set:view {captions = mode, seed = 7}
      assert.equal(#opened, #view)
      assert.equal(tostring(opened), tostring(view))
      assert.same({view.name, view.path, view.images}, {opened.name, opened.path, opened.images})
      for epoch = 1, 3 do
        local want, got = opened:batch({1, 5, 3}, epoch), view:batch({1, 5, 3}, epoch)
        assert.same(want.text, got.text)
        assert.same(want.image_index:tolist(), got.image_index:tolist())
      end
      assert.same(opened:text(2), view:text(2))
      assert.same(opened:captions(2), view:captions(2))
      assert.same(#opened, #view:view {seed = 3})
    end
    assert.equal("Dataset all.h5 train: 5 images, 9 captions (first), 2 classes",
      tostring(set:view {captions = "first"}):match "^[^;]*")
  end)

  it("live without each other", function()
    local view
    do
      local set <close> = assert(data.open(path))
      view = set:view {captions = "first"}
    end
    collectgarbage()
    collectgarbage()
    assert.same({"a red hat", "a hat"}, view:batch({1, 5}).text)
    local third = view:view {captions = "all"}
    do local closed <close> = view end -- luacheck: ignore
    assert.equal("red", third:text(3))
    assert.same(dataset.classes, third:classes())
    assert.same({{1, 2}}, third:landmark_pairs())
  end)

  it("are what a loader makes for its own mode", function()
    local set = assert(data.open(path))
    local drawn = assert(data.open(path, {captions = "random", split = "train", seed = 1}))
    for _, workers in ipairs {0, 1, 3} do
      local options = {batch_size = 2, shuffle = true, seed = 5, workers = workers}
      local want = data.Loader(drawn, options)
      options.captions = "random"
      local got = data.Loader(set, options)
      assert.equal("random", got.captions)
      assert.equal(5, got.samples)
      assert.equal(5, #got.set)
      for _ = 1, 3 do
        local texts = {}
        for batch in want do texts[#texts + 1] = batch.text end
        for batch in got do assert.same(table.remove(texts, 1), batch.text) end
        assert.equal(0, #texts)
      end
    end
    assert.equal("all", data.Loader(set).captions)
    assert.equal(9, #set)
  end)

  it("are read in loops at the same time", function()
    local set = assert(data.open(path))
    local options = {batch_size = 1, workers = 2, captions = "first", fields = {"text", "image"}}
    local first, all = data.Loader(set, options), data.Loader(set, {batch_size = 1, workers = 2})
    set = nil -- luacheck: ignore
    collectgarbage()
    local seen = 0
    for a in first do
      for b in all:batches() do
        seen = seen + 1
        assert.equal(b.image_index:item(), b.image:max():item())
      end
      assert.equal(a.index:item(), a.image:max():item())
      assert.equal(CAPTIONS[a.index:item()][1], a.text[1])
    end
    assert.equal(45, seen)
  end)

  it("are not for sets without captions", function()
    local plain = data.TensorDataset {x = vs.zeros(3)}
    fails("Loader: a TensorDataset has no captions to choose from", data.Loader, plain,
      {captions = "first"})
    fails("view: a TensorDataset has no captions", plain.view, plain, {captions = "all"})
    fails("captions is 'some', expected all|first|random", data.Loader, plain, {captions = "some"})
    assert.is_nil(data.Loader(plain).captions)
    assert.is_nil(data.Loader(plain):state().captions)
  end)
end)

describe("printing", function()
  it("lists the fields of batches, samples and loaders", function()
    local path = dataset.write(temp.folder() .. "/toy.h5", 5)
    local set = assert(data.open(path))
    assert.equal("Batch: image uint8 [2,3,4,5], tokens int64 [2,3], lengths int64 [2], "
      .. "text list [2], label int64 [2], index int64 [2], image_index int64 [2]",
      tostring(set:batch {1, 2}))
    assert.equal('Sample: image uint8 [3,4,5], tokens int64 [3], lengths 3, text "a red hat", '
      .. "label 2, index 1, image_index 1", tostring(set[1]))
    local loader = data.Loader(set, {batch_size = 2, shuffle = true, workers = 1,
      fields = {"image", "tokens"}})
    assert.equal("Loader: 3 batches of 2, 5 samples shuffled, 1 workers, epoch 0; "
      .. "image uint8 [3,4,5], tokens", tostring(loader))
    loader:close()
    local closed = set:view()
    do local c <close> = closed end -- luacheck: ignore
    assert.equal("Dataset (closed)", tostring(closed))
    temp.remove()
  end)

  it("leaves batches tables like any other", function()
    local batch = data.TensorDataset({x = vs.zeros(2), label = vs.zeros(2)}):batch {1, 2}
    local names = {}
    for name in pairs(batch) do names[name] = true end
    assert.same({x = true, label = true, index = true}, names)
    assert.equal("table", type(batch))
    assert.is_true(next(batch) ~= nil)
    assert.is_nil(batch.image)
    batch.extra, batch.y, batch.odd = true, 0.5, {}
    assert.matches("^Batch: label %S+ %[2%], extra boolean, odd list %[0%], x %S+ %[2%], y 0.5, "
      .. "index int64 %[2%]$", tostring(batch))
    local folder = temp.folder() .. "/point"
    batch.odd = nil
    assert(vs.checkpoint.save(folder, {extra = {batch = batch}}))
    local loaded = assert(vs.checkpoint.load(folder, {}))
    assert.same({1, 2}, loaded.extra.batch.index:tolist())
    temp.remove()
  end)
end)
