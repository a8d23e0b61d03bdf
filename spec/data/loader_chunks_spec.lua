-- Loaders that read chunk by chunk: which order they give, and that each chunk is read once.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"

local pass, flat, bytes_read = dataset.pass, dataset.flat, dataset.bytes_read

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

  it("reads only the rows of a batch where chunks are not compressed", function()
    if not bytes_read() then return pending "no /proc/self/io" end
    local path = folder .. "/plain.h5"
    local w = assert(data.Writer(path))
    for i = 1, 2000 do assert(w:add("train", {feature = vs.full({512}, i)})) end -- 16 rows a chunk
    assert(w:close())
    local loader = data.Loader(assert(data.open(path)), {shuffle = true, seed = 1, batch_size = 64})
    local before, batch = bytes_read(), loader:batches()()
    local read, wanted = bytes_read() - before, 64 * 512 * 4
    assert.same({64, 512}, batch.feature.shape)
    assert(batch.feature:amax(2):eq(batch.feature:amin(2)):all())
    assert.is_true(read >= wanted and read < 1.5 * wanted, read / wanted)
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
    end, "Loader: 46 chunks of train/image in .*large.h5 take 1104 MB of memory, the limit is 1073")
    local wide = assert(data.Writer(folder .. "/wide.h5", {chunk = 4096}))
    local ok, message = pcall(wide.add, wide, "train", {image = dataset.picture(0, 100, 100)})
    assert.is_false(ok)
    assert.matches("4096 rows of 30000 bytes are too large for a chunk", message)
  end)

  it("keeps nothing of files that are not compressed, however large", function()
    local w = assert(data.Writer(folder .. "/one.h5", {chunk = 16}))
    local blank = dataset.picture(0, 512, 512)
    for _ = 1, 16 do assert(w:add("train", {image = blank})) end
    assert(w:close())
    assert(os.execute(("cd '%s' && for i in $(seq 90); do "
      .. "cp --sparse=always one.h5 part-$i.h5; done"):format(folder)))
    local set <close> = assert(data.open(folder .. "/part-*.h5"))
    assert(90 * 16 * blank:numel() > 1 << 30)
    local loader = data.Loader(set, {shuffle = true, seed = 1, chunks = 1000, batch_size = 4})
    assert.equal(360, #loader)
    assert.same({4, 3, 512, 512}, loader:batches()().image.shape)
  end)
end)
