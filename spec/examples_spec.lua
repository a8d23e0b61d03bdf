-- Every example answers --help, and refuses what it does not know before it does anything; those
-- of retrieval learn.
local vs = require "vesper"
local features = require "spec.support.features"
local run = require "spec.support.process".run
local temp = require "spec.support.temp"
local toy_file = require "spec.support.toy_file"

local examples = {}
local _, listing = run "ls examples"
for name in listing:gmatch "[^\n]+%.lua" do examples[#examples + 1] = name end

describe("an example", function()
  it("is there", function() assert(#examples >= 5) end)

  for _, name in ipairs(examples) do
    local script = "lua5.4 examples/" .. name

    it(name .. " answers --help", function()
      local _, text, status = run(script .. " --help")
      assert.equal(0, status, text)
      assert.matches("^usage: lua5.4 examples/" .. name:gsub("%p", "%%%0"), text)
    end)

    it(name .. " refuses an unknown option, and a line without what it needs", function()
      local _, text, status = run(script .. " a b c d e --nonsense=true")
      assert.equal(2, status, text)
      assert.matches("unknown option '--nonsense', expected one of --", text, 1, true)
      _, text, status = run(script)
      assert.equal(2, status, text)
      assert.matches(" is missing\nusage: ", text, 1, true)
    end)
  end
end)

-- On made-up features: 32 images of the test are of eight kinds and four colours.
describe("an example of retrieval", function()
  local folder
  setup(function() folder = features({train = 128, dev = 32, test = 32}, 4, 12) end)
  teardown(temp.remove)

  local SMALL = " --epochs=4 --width=32 --words=16 --batch=32 --rate=5e-3 --folds=2 "

  -- What a script prints, and the numbers after "loss" and "rsum" in it.
  local function run_example(command)
    local ok, text = run("lua5.4 examples/" .. command)
    assert(ok, text)
    local function numbers(word)
      local list = {}
      for number in text:gmatch(word .. " +([%d.]+)") do list[#list + 1] = tonumber(number) end
      return list
    end
    return text, numbers "loss", numbers "rsum"
  end

  -- Four losses, the first with all negatives and the others with the hardest; rsum of four epochs
  -- and of the test.  Chance is about 150.
  local function assert_learned(text, loss, rsum)
    assert.equal(4, #loss, text)
    assert(loss[2] < loss[1] and loss[3] < loss[2] and loss[4] < loss[3], text)
    assert(rsum[4] > rsum[1] and rsum[5] > 400, text)
  end

  local function refused(want, command)
    local ok, text = run("lua5.4 examples/" .. command)
    assert.is_false(ok)
    assert.matches(want, text, 1, true)
  end

  it("scan.lua learns, and tests the weights that it wrote", function()
    local set = "scan.lua " .. folder .. " " .. folder .. "/scan.h5"
    local text, loss, rsum = run_example(set .. SMALL)
    assert_learned(text, loss, rsum)
    assert.matches("TEST, mean of 2 parts: i2t", text, 1, true)
    local _, _, again = run_example(set .. SMALL .. "--epochs=0")
    assert.same({rsum[5]}, again)
    assert_learned(run_example(set .. SMALL .. "--lse=6"))
  end)

  it("scan.lua names a file that does not fit", function()
    refused("none/test_ims.npy: No such file", "scan.lua none " .. folder .. "/none.h5")
    refused("train_caps.txt: not an HDF5 file", ("scan.lua %s %s/train_caps.txt"):format(folder,
      folder))
    local path = folder .. "/plain.h5"
    local writer = assert(vs.data.Writer(path, {vocab = {"<pad>", "<unk>", "red"}}))
    assert(writer:add("train", {feature = vs.ones(3), captions = {"red"}}))
    assert(writer:close())
    refused("plain.h5: has no regions", "scan.lua none " .. path)
  end)

  it("vse_infinity.lua learns, and resumes", function()
    local command = "vse_infinity.lua " .. folder .. SMALL .. "--out=" .. folder .. "/run"
    local text, loss, rsum = run_example(command)
    assert_learned(text, loss, rsum)
    assert.matches("mean of 2 parts: i2t", text, 1, true)
    local said, none = run_example(command)
    assert.matches("already complete, 4 epochs", said, 1, true)
    assert.equal(0, #none)
    assert.equal(text:match "TEST.*", said:match "TEST.*")
  end)

  it("vse_infinity.lua names a file that does not fit", function()
    refused("none/train_caps.txt' (No such file", "vse_infinity.lua none")
    local other = features({train = 8}, 2, 3)
    refused(other .. "/dev_ims.npy: No such file", "vse_infinity.lua " .. other)
    temp.write(other .. "/train_caps.txt", "one\ntwo\nthree\n")
    refused("train_caps.txt: 3 captions, expected a multiple of 8", "vse_infinity.lua " .. other)
    assert(vs.npy.save(other .. "/train_ims.npy", vs.ones(3, 2)))
    refused("train_ims.npy: expected [N,R,D]", "vse_infinity.lua " .. other)
  end)
end)

describe("table1.lua", function()
  local folder, path
  setup(function()
    folder = temp.folder()
    path = toy_file(folder .. "/toy.h5", {train = 24, val = 12, test = 12})
  end)
  teardown(temp.remove)

  local function make(name, more)
    local out = folder .. "/" .. name
    local ok, text = run(("lua5.4 examples/table1.lua %s %s --rows=VSE --seeds=1 --epochs=2 "
      .. "--width=8 --channels=4,8 --batch=6 --pictures=no %s"):format(path, out, more))
    assert(ok, text)
    local its = vs.experiment.folder(out, "VSE", 1)
    return assert(vs.load(its .. "/best.safetensors")), assert(vs.io.json_load(its .. "/run.json")),
      text
  end

  it("ends each run when validation has stopped improving", function()
    local _, its, text = make("patience",
      "--epochs=40 --patience=2 --schedule=plateau --rate=0.02 --fold=2")
    assert.equal(2, its.patience)
    local run_of = vs.experiment.folder(folder .. "/patience", "VSE", 1)
    local result = assert(vs.io.json_load(run_of .. "/result.json"))
    assert.equal(result.best_epoch + 2, result.epochs)
    assert(result.epochs < 40 and result.history[result.epochs].lr <= 0.02)
    assert.matches("at most 40 epochs, until validation has not improved for 2;", text, 1, true)
    assert.matches("mean over 6 parts; the first: 2 image-text pairs", text, 1, true)
    local heads = {}
    for head in text:gmatch "\n(model[^\n]*)" do heads[#heads + 1] = head end
    heads = table.concat(heads, "\n")
    for _, head in ipairs {"R@10 +rsum +rsum of parts", "\nmodel +val acc +test acc +image alone",
      "\nmodel +best epoch +epochs +parameters +learning +tensors +seconds"} do
      assert.matches(head, heads)
    end
  end)

  it("has the optimizer that is asked for", function()
    local adamw, its = make("adamw", "")
    local adam, same = make("adam", "--optimizer=adam")
    assert.equal("Adam", its.settings.optimizer)
    assert.same(its.settings, same.settings) -- AdamW without decay is Adam
    local sgd, of_sgd = make("sgd", "--optimizer=sgd --rate=0.05")
    local decayed, of_decayed = make("decay", "--decay=0.5")
    assert.same({"SGD, momentum 0.9", "AdamW", "weights"}, {of_sgd.settings.optimizer,
      of_decayed.settings.optimizer, of_decayed.settings.decay_of})
    local name = "text.out.weight"
    assert.same(adam[name]:tolist(), adamw[name]:tolist())
    for _, other in ipairs {sgd, decayed} do
      assert((other[name] - adam[name]):abs():max():item() > 1e-4)
    end
  end)
end)
