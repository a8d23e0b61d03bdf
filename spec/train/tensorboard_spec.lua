-- vs.tensorboard: event files, byte for byte as TensorBoard's own classes write them
-- (spec/golden/events.py); what a writer refuses; what fit leaves in a folder.
local vs = require "vesper"
local process = require "spec.support.process"
local temp = require "spec.support.temp"

local TIME = 1234567890.25

-- The module with a clock that stands still.
local function with_fixed_clock(fn)
  local path = assert(package.searchpath("vesper.train.tensorboard", package.path))
  local now, time, clock = vs.now, os.time, 0
  vs.now = function() return clock end
  os.time = function() return TIME // 1 | 0 end -- luacheck: ignore
  local ok, message = pcall(function()
    local module = dofile(path)
    clock = TIME % 1
    fn(module)
  end)
  vs.now, os.time = now, time -- luacheck: ignore
  if not ok then error(message, 0) end
end

-- The data of the records of a file, which has to hold nothing else.
local function records(bytes)
  local list, at = {}, 1
  while at <= #bytes do
    local n = string.unpack("<I8", bytes, at)
    list[#list + 1] = bytes:sub(at + 12, at + 11 + n)
    at = at + 16 + n
  end
  assert(at == #bytes + 1, "the last record is cut off")
  return list
end

-- tag -> {{step, value}, ...} of the scalars of a folder's files.
local function scalars(folder)
  local found = {}
  for _, name in ipairs(temp.list(folder)) do
    for _, data in ipairs(records(temp.read(folder .. "/" .. name))) do
      -- 1: time, 2: step in one byte, 5: {1: {1: tag, 2: value}}
      local step, tag, value = data:match "^\9........\16(.)%*.\10.\10.(.-)\21(....)$"
      if tag then
        found[tag] = found[tag] or {}
        table.insert(found[tag], {step:byte(), (string.unpack("<f", value))})
      end
    end
  end
  return found
end

describe("SummaryWriter", function()
  local folder
  before_each(function() folder = temp.folder() .. "/a/b" end)
  teardown(temp.remove)

  it("writes what TensorBoard's own classes write", function()
    local encode = vs.image.encode
    finally(function() vs.image.encode = encode end)
    vs.image.encode = function() return temp.read "spec/fixtures/io/rgb.png" end
    with_fixed_clock(function(tensorboard)
      local writer <close> = assert(tensorboard.SummaryWriter(folder, {purge_step = 7}))
      assert.is_true(writer:add_scalar("train/loss", 0.1, 7))
      writer:add_scalar("zero", vs.tensor(0), 0)
      writer:add_scalar("größe", -1e30, -3)
      writer:add_scalar("inf", math.huge, 1 << 40)
      writer:add_scalar(("t"):rep(300), 2.5, 127)
      writer:add_scalar("t", 2.5, 128)
      assert.is_true(writer:add_image("picture", vs.zeros(3, 100, 300):byte(), 9))
    end)
    local names = temp.list(folder)
    assert.equal(1, #names)
    assert.matches("^events%.out%.tfevents%.1234567890%.", names[1])
    local got = temp.read(folder .. "/" .. names[1])
    local want = temp.read "spec/fixtures/tensorboard/events"
    local want_records, got_records = records(want), records(got)
    for i, data in ipairs(want_records) do assert.equal(data, got_records[i]) end
    assert(want == got, "records agree, their lengths or checks do not")
  end)

  it("checks records with CRC-32C", function()
    -- RFC 3720, B.4: 32 bytes of zeros 8a9136aa, of ones 62a8ab43, 0 to 31 46dd794e; and the
    -- usual check value of "123456789".  A record's check is that, rotated and shifted.
    local crc32c = require "vesper.train.tensorboard"._crc32c
    assert.equal(0xE3069283, crc32c "123456789")
    assert.equal(0x8A9136AA, crc32c(("\0"):rep(32)))
    assert.equal(0x62A8AB43, crc32c(("\255"):rep(32)))
    local rising = {}
    for i = 0, 31 do rising[i + 1] = string.char(i) end
    assert.equal(0x46DD794E, crc32c(table.concat(rising)))
    assert.equal(0, crc32c "")
  end)

  it("begins a new file each time, in the order of time", function()
    for i = 1, 3 do
      local writer = assert(vs.tensorboard.SummaryWriter(folder))
      writer:add_scalar("x", i, i)
      assert.is_true(writer:close())
      assert.is_true(writer:close())
    end
    assert.equal(3, #temp.list(folder))
    assert.same({{1, 1}, {2, 2}, {3, 3}}, scalars(folder).x)
  end)

  it("shows what was flushed", function()
    local writer <close> = assert(vs.tensorboard.SummaryWriter(folder, {flush_secs = 1000}))
    local path = folder .. "/" .. temp.list(folder)[1] -- popen, in it, flushes all files
    local begun = #temp.read(path)
    writer:add_scalar("x", 1, 1)
    assert.equal(begun, #temp.read(path))
    assert.is_true(writer:flush())
    assert(#temp.read(path) > begun)
    assert.same({{1, 1}}, scalars(folder).x)
    begun = #temp.read(path)
    writer.flush_secs = 0
    writer:add_scalar("y", 2, 2)
    assert(#temp.read(path) > begun)
  end)

  it("tells what it cannot do", function()
    local writer, message = vs.tensorboard.SummaryWriter(temp.write(temp.folder() .. "/file", ""))
    assert.is_nil(writer)
    assert.matches("/file: is not a folder", message, 1, true)
    writer, message = vs.tensorboard.SummaryWriter "/proc/none/such"
    assert.is_nil(writer)
    assert.matches("/proc/none: cannot make", message, 1, true)
    local function refused(want, fn, ...)
      local ok, why = pcall(fn, ...)
      assert.is_false(ok)
      assert.matches(want, why, 1, true)
    end
    local new = vs.tensorboard.SummaryWriter
    refused("folder is missing, expected a string", new)
    refused("unknown option 'purge', expected one of flush_secs, purge_step", new, folder,
      {purge = 1})
    refused("purge_step is 1.5, expected an integer", new, folder, {purge_step = 1.5})
    writer = assert(new(folder))
    refused("tag is 1, expected a string", writer.add_scalar, writer, 1, 1, 1)
    refused("step is 1.5, expected an integer", writer.add_scalar, writer, "x", 1, 1.5)
    refused("value of 'x' is '1', expected a number", writer.add_scalar, writer, "x", "1", 1)
    refused("a picture is", writer.add_image, writer, "x", vs.zeros(5, 2, 2):byte(), 1)
    writer:close()
    refused("the writer is closed", writer.add_scalar, writer, "x", 1, 1)
    refused("the writer is closed", writer.flush, writer)
    assert.equal(1, #records(temp.read(folder .. "/" .. temp.list(folder)[1])))
  end)

  it("tells when the disk is full", function()
    -- A limit on the size of files stands for the disk; without the signal writing just fails.
    local script = temp.write(temp.folder() .. "/full.lua", [[
      local vs = require "vesper"
      local writer = assert(vs.tensorboard.SummaryWriter(arg[1]))
      local ok, message
      for i = 1, 100000 do
        ok, message = writer:add_scalar("x", i, i)
        if not ok then break end
      end
      print(ok, message)
      os.exit(true)]])
    local command = "bash -c \"trap '' XFSZ; ulimit -f 64; lua5.4 %s %s\""
    local _, said = process.run(command:format(script, folder))
    assert.matches("^nil%s+File too large", said)
  end)
end)

describe("train.fit", function()
  teardown(temp.remove)

  it("leaves curves by epoch, and replaces those that a resumed run makes anew", function()
    local nn, folder = vs.nn, temp.folder()
    local Model = nn.Module:extend("Model")
    function Model:init() self.net = nn.Linear(3, 2) end
    function Model:forward(batch)
      local v = self.net(batch.x)
      return {v = v, logits = v}
    end
    function Model:loss(batch)
      return nn.functional.cross_entropy(self(batch).logits, batch.label)
    end
    local function fit(epochs)
      vs.manual_seed(4)
      local x, model = vs.randn(20, 3), Model()
      local loader = vs.data.Loader(
        vs.data.TensorDataset{x = x, label = x:slice(2, 1, 2):argmax(2)}, {batch_size = 10})
      return vs.train.fit(model, {train = loader, val = loader, epochs = epochs, quiet = true,
        optimizer = vs.optim.SGD(model:parameters(), {lr = 0.1}),
        checkpoint = folder .. "/run", resume = true, tensorboard = folder .. "/curves"})
    end
    fit(2)
    local history = fit(3)
    local curves = scalars(folder .. "/curves")
    for epoch, entry in ipairs(history) do
      assert.equal(epoch, curves.loss[epoch][1])
      assert.near(entry.loss, curves.loss[epoch][2], 1e-6)
      assert.equal(epoch, curves["val/accuracy"][epoch][1])
      assert.near(entry.val.accuracy, curves["val/accuracy"][epoch][2], 1e-4)
      assert.near(0.1, curves.lr[epoch][2], 1e-7)
    end
    assert.equal(3, #curves.loss)
    local names, first = temp.list(folder .. "/curves"), {}
    for i, name in ipairs(names) do
      local data = records(temp.read(folder .. "/curves/" .. name))[2]
      first[i] = data:match "^\9........\16(.)\58\2\8\1$":byte() -- 7: {1: 1}
    end
    assert.same({1, 3}, first) -- the steps from which on earlier files are forgotten
  end)
end)
