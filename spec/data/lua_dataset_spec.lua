-- Data sets whose samples a Lua function makes.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local fails = require "spec.support.fails"
local temp = require "spec.support.temp"

local pass, flat = dataset.pass, dataset.flat

-- Sample i of `size`: every kind of field.
local function make(size, more)
  local options = {size = size, get = function(i)
    local tokens = {}
    for k = 1, i % 4 do tokens[k] = i + k end
    return {image = dataset.picture(i), label = i % 3 + 1, text = "text " .. i, tokens = tokens,
      weight = i / 2, point = {i, i + 1}, vector = vs.full({2}, i)}
  end}
  for key, value in pairs(more or {}) do options[key] = value end
  return data.LuaDataset(options)
end

-- A set of samples get(i), all of them as one batch.
local function all(n, get) return data.LuaDataset({size = n, get = get}):batch {1, 2, 3} end

describe("data.LuaDataset", function()
  it("makes batches of what the function returns", function()
    local set = make(9)
    assert.equal(9, #set)
    assert.equal(9, set.images)
    local b = set:batch {3, 4, -1}
    assert.same({{4, 5, 6}, {2, 1, 1}, {10, 1, 1}}, b.tokens:tolist())
    assert.same({3, 1, 1}, b.lengths:tolist())
    assert.same({1, 2, 1}, b.label:tolist())
    assert.equal("int64", b.label.dtype)
    assert.same({"text 3", "text 4", "text 9"}, b.text)
    assert.same({1.5, 2, 4.5}, b.weight:tolist())
    assert.equal(vs.zeros(1).dtype, b.weight.dtype)
    assert.same({{3, 4}, {4, 5}, {9, 10}}, b.point:tolist())
    assert.same({{3, 3}, {4, 4}, {9, 9}}, b.vector:tolist())
    assert.same({3, 3, 4, 5}, b.image.shape)
    assert.equal("uint8", b.image.dtype)
    for i, at in ipairs {3, 4, 9} do
      assert.same({at, at}, {b.image[i]:min():item(), b.image[i]:max():item()})
    end
    assert.same({3, 4, 9}, b.index:tolist())
    assert.is_nil(b.image_index)
    local sample = set[2]
    assert.same({2, 3, "text 2", 2, 2}, {sample.index, sample.label, sample.text, sample.lengths,
      #sample.tokens})
    assert.same({"image", "tokens", "lengths", "text", "label", "point", "vector", "weight",
      "index"}, set:fields())
    assert.equal(("LuaDataset: 9 samples; image uint8 [3,4,5], tokens, text, label, "
      .. "point int64 [2], vector R [2], weight R"):gsub("R", vs.zeros(1).dtype), tostring(set))
    assert.same({}, set:classes())
    assert.is_nil(set:text(1))
  end)

  it("knows classes, words, tags, pairs and images", function()
    local vocab = vs.text.Vocab.new(dataset.words)
    local set = make(6, {classes = {"a", "b", "c"}, vocab = vocab, tags = {"x"}, images = 2,
      landmark_pairs = {{1, 3}}})
    assert.same({"a", "b", "c"}, set:classes())
    assert.same(dataset.words, set:vocab())
    assert.same({"x"}, set:tags())
    assert.same({{1, 3}}, set:landmark_pairs())
    assert.equal(2, set.images)
    assert.matches("^LuaDataset: 6 samples of 2 images, 3 classes;", tostring(set))
    local b = all(3, function(i) return {item = i, image_index = i // 2 + 1.0, index = 10 * i} end)
    assert.same({{1, 2, 3}, {1, 2, 2}, {10, 20, 30}}, {b.item:tolist(), b.image_index:tolist(),
      b.index:tolist()})
  end)

  it("takes views, tensors without dimensions, tokens as tensors, one table for all", function()
    local kept = {}
    local b = all(3, function(i)
      kept.x = vs.tensor({{i, 2}, {3, 4}}):t()
      kept.n = vs.tensor(i, {dtype = "int64"})
      kept.tokens = vs.arange(1, i):long()
      return kept
    end)
    assert.same({{1, 3}, {2, 4}}, b.x[1]:tolist())
    assert.same({{3, 3}, {2, 4}}, b.x[3]:tolist())
    assert.same({1, 2, 3}, b.n:tolist())
    assert.same({{1, 1, 1}, {1, 2, 1}, {1, 2, 3}}, b.tokens:tolist())
  end)

  it("is shuffled, changed and continued by a loader like others", function()
    local n = 11
    local images = vs.stack((function()
      local list = {}
      for i = 1, n do list[i] = vs.arange(1, 60):reshape({3, 4, 5}):add(i):byte() end
      return list
    end)())
    local options = {batch_size = 4, shuffle = true, seed = 2, flip = 0.5, crop = 1}
    local tensors = data.TensorDataset {image = images}
    local set = data.LuaDataset {size = n, get = function(i) return {image = images[i]} end}
    local want, got = data.Loader(tensors, options), data.Loader(set, options)
    for _ = 1, 2 do
      local batches = {}
      for batch in want do batches[#batches + 1] = batch end
      for batch in got do
        local other = table.remove(batches, 1)
        assert.same(other.index:tolist(), batch.index:tolist())
        assert.is_true(other.image:eq(batch.image):all())
      end
    end
    local state, rest
    for batch in got do
      if state then rest[#rest + 1] = batch.index:tolist() end
      if not state then state, rest = got:state(), {} end
    end
    local other = data.Loader(set, options)
    other:load_state(state)
    assert.same(rest, pass(other))
    assert.equal(n, #flat(pass(other)))
    assert.same({}, pass(data.Loader(make(0))))
    assert.same({"index"}, make(0):fields())
  end)

  it("is read by fields", function()
    local set = make(5)
    local want = set:batch {5, 1}
    for _, name in ipairs {"tokens", "image", "text", "label", "lengths"} do
      local b = set:batch({5, 1}, {fields = {name}})
      if name == "text" then
        assert.same(want.text, b.text)
      else
        assert.same(want[name]:tolist(), b[name]:tolist())
      end
      assert.equal(name ~= "lengths" and name ~= "tokens", b.lengths == nil)
      assert.equal(name ~= "image", b.image == nil)
    end
    for batch in data.Loader(set, {fields = {"label"}}) do
      assert.equal(5, #batch.label)
      assert.is_nil(batch.tokens)
    end
  end)

  it("gives the function the epoch", function()
    local seen = {}
    local loader = data.Loader(data.LuaDataset {size = 2, get = function(i, epoch)
      seen[#seen + 1] = epoch
      return {x = i}
    end})
    pass(loader)
    pass(loader)
    assert.same({1, 1, 2, 2}, seen)
  end)

  it("names the sample where the function fails", function()
    local function failing(what)
      return data.LuaDataset {size = 3, get = function(i)
        if i == 2 then return what(i) end
        return {x = 1}
      end}
    end
    local function refused(message, what)
      local set = failing(what)
      fails("LuaDataset: sample 2: " .. message, set.batch, set, {1, 2})
      local given = 0
      fails("LuaDataset: sample 2: " .. message, function()
        for batch in data.Loader(set, {batch_size = 1}) do given = given + #batch.x end
      end)
      assert.equal(1, given)
      fails("LuaDataset: sample 2: " .. message, coroutine.wrap(function() set:batch {1, 2} end))
      assert.same({1, 1}, set:batch({1, 3}).x:tolist()) -- and can be used further
    end
    refused("spec/data/lua_dataset_spec.lua:", function() error "boom" end)
    refused("boom", function() error("boom", 0) end)
    refused("an error object", function() error {} end)
    refused("spec/data/lua_dataset_spec.lua:", function() return vs.zeros(2) + vs.zeros(3) end)
    refused("attempt to yield", function() coroutine.yield() end)
    refused("get returned a nothing, expected a table", function() end)
    refused("get returned a number, expected a table", function() return 3 end)
    refused("get returned a Tensor, expected a table", function() return vs.zeros(3) end)
    refused("has a key that is no name", function() return {3} end)
    refused("has no field x, unlike sample 1", function() return {} end)
    refused("has a field y, unlike sample 1", function() return {x = 1, y = 2} end)
    refused("x is a float, in sample 1 it is an integer", function() return {x = 1.5} end)
    refused("x is a boolean, expected a tensor, a number, a list of integers, or a string in text",
      function() return {x = true} end)
    refused("x is a string, expected", function() return {x = "a"} end)
    refused("entry 2 of x is not an integer", function() return {x = {1, 2.5}} end)
    refused("x is a list of 2 integers, in sample 1 it is an integer",
      function() return {x = {1, 2}} end)
    fails("sample 3: x is uint8 [3,4,6], in sample 1 it is uint8 [3,4,5]", all, 3, function(i)
      return {x = dataset.picture(1, 4, i == 3 and 6 or 5)}
    end)
    fails("sample 2: x is int64 [2], in sample 1 it is uint8 [2]", all, 3, function(i)
      return {x = i == 2 and vs.zeros(2):long() or vs.zeros(2):byte()}
    end)
    fails("sample 1: label is 1.5, expected an integer", all, 3,
      function() return {label = 1.5} end)
    fails("sample 1: has lengths, which are counted from tokens", all, 3,
      function() return {tokens = {3}, lengths = 1} end)
    fails("sample 1: has no fields", all, 3, function() return {} end)
    fails("sample 1: the name " .. ("x"):rep(40) .. " is too long", all, 3,
      function() return {[("x"):rep(40)] = 1} end)
    fails("sample 1: has more than 16 fields", all, 3, function()
      local sample = {}
      for i = 1, 17 do sample["x" .. i] = i end
      return sample
    end)
  end)

  it("has no workers", function()
    fails("Loader: workers is 2, but the samples of a LuaDataset are made by a Lua function, which "
      .. "the C threads of workers cannot call; use workers = 0", data.Loader, make(3),
      {workers = 2})
  end)

  it("refuses options that make no sense", function()
    local function get() return {x = 1} end
    fails("LuaDataset: size is missing", data.LuaDataset, {get = get})
    fails("option 'size': expected a whole number", data.LuaDataset, {size = -1, get = get})
    fails("LuaDataset: get is a nothing, expected a function", data.LuaDataset, {size = 1})
    fails("LuaDataset: unknown option 'n'", data.LuaDataset, {size = 1, n = 1, get = get})
    fails("LuaDataset: classes is a string, expected a list", data.LuaDataset,
      {size = 1, get = get, classes = "x"})
    fails("LuaDataset: options is missing", data.LuaDataset)
  end)

  it("may be closed, or its loader, while it makes a sample", function()
    local set, loader, other
    set = data.LuaDataset {size = 3, get = function(i)
      if i == 2 then local closing <close> = set end -- luacheck: ignore
      return {x = i}
    end}
    assert.same({1, 2, 3}, set:batch({1, 2, 3}).x:tolist())
    fails("this Dataset is closed", function() return set:batch {1} end)
    local action
    set = data.LuaDataset {size = 3, get = function(i)
      if i == 2 then action() end
      return {x = i}
    end}
    local function loop()
      loader = data.Loader(set)
      for _ in loader do collectgarbage() end
    end
    function action() loader:close() end
    fails("the loader was closed while it made a batch", loop)
    function action() local closing <close> = loader end -- luacheck: ignore
    fails("the loader was closed while it made a batch", loop)
    function action() loader:load_state {epoch = 3} end
    fails("the loader was closed while it made a batch", loop)
    function action() for _ in loader do action() end end
    fails("the loader was closed while it made a batch", loop)
    function action() other() end
    fails("this loop over a loader is already making its next batch", function()
      other = data.Loader(set):batches()
      other()
    end)
    function action() return set:batch {2} end
    fails("LuaDataset: sample 2: ", loop) -- until the stack of C is full
    function action() collectgarbage() end
    loop()
    set = data.LuaDataset {size = 3, get = function(i)
      if i == 2 then assert.same({1, 3}, set:batch({1, 3}).x:tolist()) end
      return {x = i}
    end}
    assert.same({1, 2, 3}, set:batch({1, 2, 3}).x:tolist())
  end)

  it("tries again after a refused allocation, and is collected with its function", function()
    local weak = setmetatable({}, {__mode = "v"})
    local refused = 0
    do
      local kept = {}
      weak[1] = kept
      local images = {}
      for i = 1, 8 do images[i] = dataset.picture(i) end
      for nth = 1, 60 do
        vs._fail_allocation(nth)
        local set = data.LuaDataset {size = 8, classes = {"a"}, get = function(i)
          kept[1] = i
          return {image = images[i], tokens = {i, 2}, text = "t", label = i}
        end}
        for b in data.Loader(set, {batch_size = 3, flip = 1}) do
          assert.equal(b.label[1]:item(), b.image[1]:max():item())
        end
        assert.same({{2, 2}}, set:batch({2}).tokens:tolist())
        refused = refused + vs._fail_allocation(0)
      end
    end
    assert(refused > 40, refused)
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)

  it("lives as long as a loader over it", function()
    local loader = data.Loader(make(4), {batch_size = 3})
    collectgarbage()
    collectgarbage()
    assert.same({{1, 2, 3}, {4}}, pass(loader))
    assert.same({2}, loader.set:batch({2}).index:tolist())
    temp.remove()
  end)
end)
