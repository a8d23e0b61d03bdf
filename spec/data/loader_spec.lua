-- luacheck: ignore 512 (loops that are left at once are what is tested)
-- Loaders: what a pass gives must not depend on the workers, nor outlive a loop.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

-- The order of the samples, batch by batch.
local function pass(loader)
  local seen = {}
  for batch in loader do seen[#seen + 1] = batch.index:tolist() end
  return seen
end

local function count_up(n)
  local set = {}
  for i = 1, n do set[i] = i end
  return data.TensorDataset {x = vs.tensor(set)}
end

local function flat(batches)
  local all = {}
  for _, b in ipairs(batches) do
    for _, i in ipairs(b) do all[#all + 1] = i end
  end
  return all
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
      drop_last = true, chunks = 1, crop = 1, flip = 0.5, jitter = 0.25, erase = 0.125}, state)
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

describe("data.Loader over chunks", function()
  local folder
  setup(function() folder = temp.folder() end)
  teardown(temp.remove)

  -- 26 images, four a chunk: the last one holds two
  local function small(options)
    local path = folder .. "/small.h5"
    dataset.write(path, 26, {chunk = 4, compress = 6})
    return assert(data.open(path, options))
  end

  local function chunks_of(samples)
    local seen, n = {}, 0
    for _, i in ipairs(samples) do
      local c = (i - 1) // 4
      if not seen[c] then n = n + 1 end
      seen[c] = true
    end
    return n
  end

  it("shuffles the chunks, and the samples of a few at a time", function()
    local set = small()
    local loader = data.Loader(set, {shuffle = true, seed = 5, chunks = 2, batch_size = 3})
    local first, second = flat(pass(loader)), flat(pass(loader))
    assert.not_same(first, second)
    for _, order in ipairs {first, second} do
      local at, window, starts = 1, {}, {}
      while at <= 26 do -- seven chunks: windows of two, two, two and one
        repeat
          window[#window + 1] = order[at]
          at = at + 1
        until at > 26 or chunks_of({order[at], table.unpack(window)}) > 2
        assert.is_true(#window <= 8)
        starts[#starts + 1] = chunks_of(window)
        window = {}
      end
      assert.same({2, 2, 2, 1}, starts)
      table.sort(order)
      for i = 1, 26 do assert.equal(i, order[i]) end
    end
    local function all(options)
      options.shuffle, options.batch_size = true, 26
      return pass(data.Loader(set, options))[1]
    end
    assert.same(all {seed = 5, chunks = 7}, all {seed = 5}) -- all in one window
    assert.not_same(all {seed = 5, chunks = 2}, all {seed = 6, chunks = 2})
  end)

  it("gives the same whatever the workers, also from a state on", function()
    local function loader(workers)
      return data.Loader(small(), {shuffle = true, seed = 3, chunks = 2, batch_size = 5,
        workers = workers})
    end
    local want = pass(loader(0))
    for _, workers in ipairs {1, 3} do assert.same(want, pass(loader(workers))) end
    local one, rest, state = loader(1), {}, nil
    for b in one do
      if state then rest[#rest + 1] = b.index:tolist() end
      state = state or one:state()
      assert.equal(b.image_index[1]:item(), b.image[1][1][1][1]:item())
    end
    assert.equal(5, #rest)
    local two = loader(2)
    two:load_state(state)
    assert.same(rest, pass(two))
  end)

  it("counts the captions of an image to its chunk, and encoded pictures by their bytes", function()
    local path = folder .. "/captions.h5"
    local w = assert(data.Writer(path, {vocab = dataset.words, chunk = 2}))
    for i = 1, 6 do
      assert(w:add("train", {image = dataset.picture(i), captions = {"a hat", "red", "blue"}}))
    end
    assert(w:close())
    local set = assert(data.open(path))
    local order = flat(pass(data.Loader(set, {shuffle = true, seed = 1, chunks = 1})))
    assert.equal(18, #order)
    for at = 1, 18, 6 do -- six samples each of images 1, 2; 3, 4; 5, 6
      local piece = {table.unpack(order, at, at + 5)}
      table.sort(piece)
      assert.equal(5, piece[6] - piece[1])
      assert.equal(1, piece[1] % 6)
    end
    path = folder .. "/bytes.h5"
    w = assert(data.Writer(path, {}))
    local png = vs.image.encode(dataset.picture(3), "png")
    for _ = 1, 9 do assert(w:add("train", {image_bytes = png})) end
    assert(w:close())
    order = pass(data.Loader(assert(data.open(path)), {shuffle = true, seed = 1, chunks = 1}))[1]
    table.sort(order)
    assert.same({1, 2, 3, 4, 5, 6, 7, 8, 9}, order)
  end)

  it("reads chunks that cut rows apart, and goes by the longest of an image's parts", function()
    local set = assert(data.open "spec/fixtures/io/pieces.h5")
    local loader = data.Loader(set, {shuffle = true, seed = 2, chunks = 1, batch_size = 7})
    local order, seen = {}, {}
    for b in loader do
      local image, regions = b.image:to "float", b.regions
      for i = 1, b.index.shape[1] do
        local at = b.index[i]:item()
        order[#order + 1] = at
        for _, t in ipairs {image[i], regions[i]} do
          assert.same({at - 1, at - 1}, {t:min():item(), t:max():item()})
        end
      end
    end
    local runs = 0 -- features have 16 rows a chunk: 1 to 16, 17 to 32, 33 to 48, 49 to 50
    for i, at in ipairs(order) do
      local chunk = (at - 1) // 16
      if i == 1 or chunk ~= (order[i - 1] - 1) // 16 then runs = runs + 1 end
      seen[at] = true
    end
    assert.same({50, 50, 4}, {#order, #seen, runs})
  end)

  -- Bytes that this process has read from files, or nil where the system does not say.
  local function bytes_read()
    local file = io.open "/proc/self/io"
    local text = file and file:read "a"
    if file then file:close() end
    return text and tonumber(text:match "rchar: (%d+)")
  end

  it("reads and inflates each chunk once", function()
    if not bytes_read() then return pending "no /proc/self/io" end
    local path = folder .. "/noise.h5"
    local w = assert(data.Writer(path, {chunk = 64, compress = 1}))
    local noise = vs.zeros(64, 3, 64, 64, {dtype = "uint8"}) -- 100 chunks of 0.8 MB
    noise:slice(3, 1, 8):copy_((vs.rand(64, 3, 8, 64) * 255):to "uint8")
    for i = 1, 6400 do assert(w:add("train", {image = noise[(i - 1) % 64 + 1]})) end
    assert(w:close())
    local size = #temp.read(path)
    local function cost(options, batches)
      collectgarbage()
      local set = assert(data.open(path))
      options.shuffle, options.seed, options.workers, options.batch_size = true, 1, 2, 32
      local before, loader, n = bytes_read(), data.Loader(set, options), 0
      for batch in loader do
        assert(batch.image:sum():item() > 0)
        n = n + 1
        if n == batches then break end
      end
      loader:close()
      return (bytes_read() - before) / size
    end
    assert.is_true(cost {chunks = 8} < 1.1)
    assert.is_true(cost {chunks = 48} < 1.1) -- more than stays in memory unasked
    assert.is_true(cost({}, 15) > 2) -- what a twelfth of an epoch is otherwise
  end)

  it("refuses what makes no sense, or takes too much memory", function()
    local set = small()
    assert.error_matches(function() data.Loader(set, {chunks = 2}) end,
      "Loader: chunks is 2, but shuffle is off")
    assert.error_matches(function() data.Loader(set, {shuffle = true, chunks = -1}) end,
      "Loader: chunks is %-1, expected 0 to")
    local path = folder .. "/large.h5"
    local w = assert(data.Writer(path, {chunk = 40, compress = 1, image_size = {400, 500}}))
    local blank = dataset.picture(0, 400, 500)
    for _ = 1, 46 * 40 do assert(w:add("train", {image = blank})) end
    assert(w:close())
    assert.error_matches(function()
      data.Loader(assert(data.open(path)), {shuffle = true, chunks = 23})
    end, "Loader: 46 chunks of train/image in .*large.h5 are 1104 MB in memory, the limit is 1073")
    local wide = assert(data.Writer(folder .. "/wide.h5", {chunk = 4096}))
    local ok, message = pcall(wide.add, wide, "train", {image = dataset.picture(0, 100, 100)})
    assert.is_false(ok)
    assert.matches("4096 rows of 30000 bytes are too large for a chunk", message)
  end)
end)
