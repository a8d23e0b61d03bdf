-- data.extract by several processes: who writes what, what is written again, what is refused.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local process = require "spec.support.process"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

local function means(images) return images:float():mean{3, 4} end

local Net = vs.nn.Module:extend "Net"

function Net:init() self.linear = vs.nn.Linear(3, 2) end

function Net:forward(images) return self.linear(means(images)) end

local function plain(batch)
  local all = {}
  for name, x in pairs(batch) do all[name] = vs.is_tensor(x) and x:tolist() or x end
  return all
end

describe("data.extract in shards", function()
  local folder, source, out
  before_each(function()
    folder = temp.folder()
    source, out = folder .. "/in.h5", folder .. "/out.h5"
    local w = assert(data.Writer(source, {name = "toy", source = "spec", split_seed = 3,
      classes = dataset.classes, vocab = dataset.words, vectors = vs.randn(7, 2)}))
    for i = 1, 17 do
      local item = dataset.item(i)
      if i % 3 == 0 then item.captions[2] = {text = "two of them", tokens = {3, 6, 2}} end
      if i == 4 then item.captions = {} end
      assert(w:add(i < 13 and "train" or "val", item))
    end
    assert(w:close())
  end)
  teardown(temp.remove)

  local function shard(k) return ("%s/out-%05d.h5"):format(folder, k) end

  local function shard_names()
    local list = {}
    for _, name in ipairs(temp.list(folder)) do
      if name:find "^out%-" then list[#list + 1] = name end
    end
    return list
  end

  -- The shards are what one call without shards writes.
  local function same_as_one(o)
    local one = folder .. "/one.h5"
    assert(data.extract(means, source, one, o))
    for _, split in ipairs {"train", "val"} do
      local want = assert(data.open(one, split))
      local got = assert(data.open(folder .. "/out-*.h5", split))
      assert.equal(#want, #got)
      assert.same({want:classes(), want:vocab()}, {got:classes(), got:vocab()})
      local all = vs.arange(1, #want)
      assert.same(plain(want:batch(all)), plain(got:batch(all)))
      for i = 1, #want do
        assert.same({want:id(i), want:captions(i)}, {got:id(i), got:captions(i)})
      end
    end
  end

  local function refused(want, o, model)
    local counts, why = data.extract(model or means, source, out, o)
    assert.is_nil(counts)
    assert.equal((want:gsub("DIR", function() return folder end)), why)
  end

  it("writes one shard a rank, together what one process writes", function()
    for _, flip in ipairs {false, true} do
      local sum = {train = 0, val = 0}
      for rank = 3, 0, -1 do
        local o = {rank = rank, size = 4, flip = flip, batch_size = 4}
        local counts = assert(data.extract(means, source, out, o))
        for split, n in pairs(counts) do sum[split] = sum[split] + n end
      end
      assert.same({train = flip and 24 or 12, val = 5}, sum)
      assert.same({"out-00001.h5", "out-00002.h5", "out-00003.h5", "out-00004.h5"}, shard_names())
      same_as_one {flip = flip}
      for k = 1, 4 do os.remove(shard(k)) end
    end
  end)

  it("divides more shards than ranks, for any number of ranks", function()
    assert.same({train = 7, val = 4},
      assert(data.extract(means, source, out, {rank = 0, size = 2, shards = 5})))
    assert.same({"out-00001.h5", "out-00003.h5", "out-00005.h5"}, shard_names())
    assert.same({train = 12, val = 5}, assert(data.extract(means, source, out, {shards = 5})))
    assert.equal(5, #shard_names())
    same_as_one()
    assert(data.extract(means, folder .. "/out-*.h5", folder .. "/x.h5", {splits = {"no"}}) == nil)
  end)

  it("writes one file for one process, as ever", function()
    assert.same({train = 12, val = 5},
      assert(data.extract(means, source, out, {rank = 0, size = 1})))
    assert.same({}, shard_names())
    assert.is_nil(assert(data.open(out)):attrs().note)
  end)

  it("reads a source in shards", function()
    assert(data.extract(means, source, out, {shards = 3, images = true}))
    assert(data.extract(means, {shard(1), shard(2), shard(3)}, folder .. "/again.h5"))
    local a, b = assert(data.open(folder .. "/out-*.h5")), assert(data.open(folder .. "/again.h5"))
    local all = vs.arange(1, #a)
    assert.same(a:batch(all).feature:tolist(), b:batch(all).feature:tolist())
  end)

  it("goes on where it stopped", function()
    local calls = 0
    local function counting(images)
      calls = calls + 1
      return means(images)
    end
    local function failing(images)
      calls = calls + 1
      if calls > 2 then error "stopped" end
      return means(images)
    end
    local o = {shards = 4}
    assert.error_matches(function() data.extract(failing, source, out, o) end, "stopped")
    collectgarbage()
    assert.same({"out-00001.h5", "out-00002.h5"}, shard_names())
    local first = temp.read(shard(1))
    calls = 0
    assert.same({train = 12, val = 5}, assert(data.extract(counting, source, out, o)))
    assert.is_true(calls < 5)
    assert.equal(first, temp.read(shard(1)))
    calls = 0
    assert.same({train = 12, val = 5}, assert(data.extract(counting, source, out, o)))
    assert.equal(0, calls)
    same_as_one()
  end)

  it("writes again what is missing, cut off or under a temporary name", function()
    local o = {shards = 3}
    assert(data.extract(means, source, out, o))
    local whole = temp.read(shard(2))
    os.remove(shard(3))
    temp.write(shard(3) .. ".4711-1.tmp", whole)
    temp.write(shard(2) .. ".cut", whole:sub(1, #whole // 2))
    assert(os.rename(shard(2) .. ".cut", shard(2)))
    assert(data.extract(means, source, out, o))
    assert.equal(whole, temp.read(shard(2)))
    same_as_one()
  end)

  it("numbers its files, so that a pattern sees which one is missing", function()
    assert(data.extract(means, source, out, {shards = 3}))
    for k, want in ipairs {"part 1 of the data set is missing before DIR/out-00002.h5",
      "part 2 of the data set is missing before DIR/out-00003.h5",
      "the parts of the data set behind DIR/out-00002.h5 are missing"} do
      assert(os.rename(shard(k), folder .. "/away"))
      local set, message = data.open(folder .. "/out-*.h5", "train")
      assert.is_nil(set)
      assert.equal("DIR/out-*.h5: " .. want, (message:gsub(folder:gsub("%p", "%%%0"), "DIR")))
      assert(os.rename(folder .. "/away", shard(k)))
    end
    assert(data.open(folder .. "/out-*.h5", "train"))
    for want, o in pairs {["part is 3 of 2 parts"] = {part = 3, parts = 2},
      ["part is 1 of 0 parts"] = {part = 1}, ["part is 0 of 2 parts"] = {parts = 2},
      ["part and shard, expected one of them"] = {part = 1, parts = 2, shard = 9}} do
      assert.error_matches(function() data.Writer(folder .. "/x.h5", o) end, "Writer: " .. want)
    end
  end)

  it("takes over from a process that was killed", function()
    local _, said = process.run(("lua5.4 '%s'"):format(temp.write(folder .. "/run.lua", ([[
      local vs = require "vesper"
      local n = 0
      vs.data.extract(function(images)
        n = n + 1
        if n == 4 then
          local status = io.open "/proc/self/stat"
          os.execute("kill -9 " .. status:read "n")
        end
        return images:float():mean{3, 4}
      end, %q, %q, {rank = 1, size = 2, batch_size = 2, shards = 4})
    ]]):format(source, out))))
    assert.matches("Killed", said)
    assert.same({"out-00002.h5"}, {shard_names()[1]})
    assert.is_nil(io.open(shard(4)))
    for rank = 0, 1 do
      assert(data.extract(means, source, out, {rank = rank, size = 2, shards = 4}))
    end
    same_as_one()
  end)

  it("refuses shards that were made otherwise", function()
    local net = Net()
    assert(data.extract(net, source, out, {shards = 2}))
    assert.same({train = 12, val = 5}, assert(data.extract(net, source, out, {shards = 2})))
    local function otherwise(want, o, model)
      refused("DIR/out-00001.h5: was made otherwise: " .. want
        .. "; remove it, or write to another name", with({shards = 2}, o), model or net)
    end
    otherwise("shards is 2, expected 3", {shards = 3})
    otherwise("half is true, expected false", {half = false})
    otherwise("images of val is 5, expected nil", {splits = {"train"}})
    otherwise("flip is false, expected true", {flip = true})
    otherwise("model is Net with 8 parameters, expected a function", {}, means)
    vs.no_grad(function() net.linear.weight:mul_(1.01) end)
    otherwise("its model has other weights", {}, net)
    refused("DIR/out-00002.h5: exists, but shards is 1; remove it, or write to another name",
      {shards = 1}, net)
    dataset.write(shard(1), 3)
    refused("DIR/out-00001.h5: exists and is no shard of data.extract; remove it, or write to "
      .. "another name", {shards = 2}, net)
  end)

  it("refuses ranks and numbers that make no sense", function()
    local function raises(want, o)
      assert.error_matches(function() data.extract(means, source, out, o) end, want)
    end
    raises("rank is 2, expected 0..1", {rank = 2, size = 2})
    raises("size is missing, expected rank and size", {rank = 0})
    raises("rank is missing, expected rank and size", {size = 2})
    raises("shards is 2, expected an integer >= 3", {rank = 0, size = 3, shards = 2})
    raises("shards is 18, expected at most the number of images, 17", {shards = 18})
    raises("rank", {rank = -1, size = 2})
    raises("size", {rank = 0, size = 0})
    raises("shards", {shards = 1.5})
    assert.error_matches(function()
      data.extract(function(x) return means(x):slice(1, 1, 1) end, source, out)
    end, "has 1 rows, expected 12, one an image")
    assert.same({}, shard_names())
  end)
end)
