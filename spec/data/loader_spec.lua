-- luacheck: ignore 512 (loops that are left at once are what is tested)
-- Loaders: what a pass gives must not depend on the workers, nor outlive a loop.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

local pass, flat = dataset.pass, dataset.flat

local function count_up(n)
  local set = {}
  for i = 1, n do set[i] = i end
  return data.TensorDataset {x = vs.tensor(set)}
end

describe("data.Loader", function()
  local path
  setup(function() path = dataset.write(temp.folder() .. "/toy.h5", 23) end)
  teardown(temp.remove)

  it("goes in order without shuffle, with a smaller batch at the end", function()
    local loader = data.Loader(count_up(7), {batch_size = 3})
    assert.equal(3, #loader)
    assert.same({{1, 2, 3}, {4, 5, 6}, {7}}, pass(loader))
    assert.same({{1, 2, 3}, {4, 5, 6}, {7}}, pass(loader))
    local short = data.Loader(count_up(7), {batch_size = 3, drop_last = true})
    assert.equal(2, #short)
    assert.same({{1, 2, 3}, {4, 5, 6}}, pass(short))
    assert.same({}, pass(data.Loader(count_up(2), {batch_size = 3, drop_last = true})))
    assert.same({{1, 2}}, pass(data.Loader(count_up(2), {batch_size = 3})))
  end)

  it("gives every sample once an epoch, in a new order each time", function()
    local loader = data.Loader(count_up(50), {batch_size = 8, shuffle = true, seed = 1})
    local first, second = flat(pass(loader)), flat(pass(loader))
    assert.not_same(first, second)
    for _, order in ipairs {first, second} do
      table.sort(order)
      for i = 1, 50 do assert.equal(i, order[i]) end
    end
    assert.equal(2, loader.epoch)
  end)

  it("is the same for the same seed, whatever the number of workers", function()
    local set = assert(data.open(path, "train"))
    local function epochs(workers, seed)
      local options = {batch_size = 4, shuffle = true, seed = seed, workers = workers}
      local loader = data.Loader(set, options)
      local all = {}
      for _ = 1, 3 do
        for b in loader do
          all[#all + 1] = {
            b.index:tolist(), b.image:tolist(), b.tokens:tolist(), b.lengths:tolist(),
            b.label:tolist(), b.text,
          }
        end
      end
      return all
    end
    local inline = epochs(0, 5)
    assert.equal(18, #inline)
    for _, workers in ipairs {1, 2, 5} do assert.same(inline, epochs(workers, 5)) end
    assert.not_same(inline, epochs(0, 6))
  end)

  it("starts a new epoch after a break", function()
    for _, workers in ipairs {0, 2} do
      local options = {batch_size = 4, shuffle = true, seed = 9, workers = workers}
      local loader = data.Loader(count_up(40), options)
      for _ in loader do break end
      local second = pass(loader)
      assert.equal(10, #second)
      local whole = data.Loader(count_up(40), options)
      pass(whole)
      assert.same(pass(whole), second)
      assert.equal(2, loader.epoch)
    end
  end)

  it("can be broken off, closed and collected at any point", function()
    local set = assert(data.open(path, "train"))
    for i = 0, 40 do
      local options = {batch_size = 1, workers = 3, shuffle = true, seed = i}
      local loader <close> = data.Loader(set, options)
      local n = 0
      for _ in loader do
        n = n + 1
        if n > i % 25 then break end
      end
      if i % 3 == 0 then loader:close() end
    end
    for i = 1, 20 do
      for _ in data.Loader(set, {batch_size = 2, workers = 2, seed = i}) do break end
      collectgarbage()
    end
    assert.same({}, pass(data.Loader(count_up(1), {batch_size = 2, workers = 2, drop_last = true})))
  end)

  it("takes a seed of the process-wide generator when none is given", function()
    vs.manual_seed(4)
    local a = pass(data.Loader(count_up(30), {shuffle = true}))
    local b = pass(data.Loader(count_up(30), {shuffle = true}))
    vs.manual_seed(4)
    assert.same(a, pass(data.Loader(count_up(30), {shuffle = true})))
    assert.not_same(a, b)
  end)

  it("goes on where a state was taken", function()
    local options = {batch_size = 4, shuffle = true, seed = 2, workers = 1}
    local loader = data.Loader(count_up(22), options)
    pass(loader)
    local state, rest = nil, {}
    for b in loader do
      if state then rest[#rest + 1] = b.index:tolist() end
      if not state and b.index.shape[1] == 4 then state = loader:state() end
    end
    local third = pass(loader)
    local function position(s) return {seed = s.seed, epoch = s.epoch, batch = s.batch} end
    assert.same({seed = 2, epoch = 2, batch = 1}, position(state))
    local other = data.Loader(count_up(22), options)
    other:load_state(state)
    assert.same(rest, pass(other))
    assert.same(third, pass(other))
    assert.same({seed = 2, epoch = 3, batch = 0}, position(other:state()))
    other:load_state {epoch = 1}
    assert.equal(1, other.epoch)
    other.epoch = 2
    assert.same(third, pass(other))
    assert.error_matches(function() other.seed = 3 end, "seed cannot be set")
    assert.error_matches(function() other.epoch = -1 end, "epoch is %-1")
  end)

  it("refuses a state taken with other settings", function()
    local function images(n)
      return data.TensorDataset {image = vs.zeros(n, 3, 4, 4, {dtype = "uint8"})}
    end
    local options = {batch_size = 2, shuffle = true, seed = 2, drop_last = true, chunks = 1,
      crop = 1, flip = 0.5, jitter = 0.25, erase = 0.125}
    local loader = data.Loader(images(6), options)
    local state = loader:state()
    assert.same({seed = 2, epoch = 0, batch = 0, samples = 6, batch_size = 2, shuffle = true,
      drop_last = true, chunks = 1, crop = 1, flip = 0.5, jitter = 0.25, erase = 0.125,
      fields = "all"}, state)
    local function refused(other, name, here, there)
      assert.equal(here, other[name])
      local before = other:state()
      assert.error_matches(function() other:load_state(state) end,
        ("load_state: %s is %s here, %s in the state"):format(name, here, there), 1, true)
      assert.same(before, other:state())
    end
    for name, value in pairs {batch_size = 3, drop_last = false, crop = 2, flip = 0.75,
      jitter = 0.0, erase = 1.0, chunks = 4} do
      local changed = with(options, {[name] = value})
      refused(data.Loader(images(6), changed), name, value, options[name])
    end
    refused(data.Loader(images(5), options), "samples", 5, 6)
    state = {shuffle = true}
    refused(data.Loader(images(6)), "shuffle", false, true)
  end)

  it("serves loops inside loops by batches()", function()
    local loader = data.Loader(count_up(6), {batch_size = 2})
    local pairs_seen = 0
    for _ in loader do
      for _ in loader:batches() do pairs_seen = pairs_seen + 1 end
      for _ in loader:batches() do break end
    end
    assert.equal(9, pairs_seen)
    assert.error_matches(function()
      for _ in loader do
        for _ in loader do pairs_seen = pairs_seen + 1 end
      end
    end, "already in another loop")
  end)

  it("throws at the batch that cannot be made", function()
    local bytes = temp.folder() .. "/bytes.h5"
    local png = vs.image.encode(dataset.picture(77, 16, 16), "png")
    local w = assert(data.Writer(bytes))
    for i = 1, 6 do
      local other = vs.image.encode(dataset.picture(i, 16, 16), "png")
      assert(w:add("train", {image_bytes = i == 4 and png or other}))
    end
    assert(w:close())
    local set = assert(data.open(temp.patched(bytes, png, png:sub(1, 40) .. ("x"):rep(#png - 40))))
    for _, workers in ipairs {0, 1, 3} do
      local given = 0
      assert.error_matches(function()
        for b in data.Loader(set, {batch_size = 1, workers = workers}) do
          given = given + #b.index
        end
      end, "train/image_bytes: image 4")
      assert.equal(3, given)
    end
  end)

  it("refuses options that make no sense", function()
    local set = count_up(3)
    assert.error_matches(function() data.Loader(set, {batch_size = 0}) end, "batch_size is 0")
    assert.error_matches(function() data.Loader(set, {workers = -1}) end, "workers is %-1")
    assert.error_matches(function() data.Loader(set, {worker = 1}) end, "worker")
    assert.error_matches(function() data.Loader(3) end, "Dataset")
  end)

  it("tries again after a refused allocation", function()
    local set = assert(data.open(path, "train"))
    for _, workers in ipairs {0, 2} do
      local options = {batch_size = 4, shuffle = true, seed = 3, workers = workers}
      local whole = pass(data.Loader(set, options))
      local refused = 0
      for nth = 1, 12 do
        local loader = data.Loader(set, options)
        vs._fail_allocation(nth)
        assert.same(whole, pass(loader))
        refused = refused + vs._fail_allocation(0)
      end
      assert.equal(12, refused)
    end
  end)

  it("keeps no memory from epoch to epoch", function()
    local set = assert(data.open(path, "train"))
    local loader = data.Loader(set, {batch_size = 4, shuffle = true, seed = 1, workers = 2})
    local function live()
      for _ = 1, 20 do pass(loader) end
      collectgarbage()
      collectgarbage()
      return vs.memory().live
    end
    local before = live()
    assert.equal(before, live())
  end)
end)
