-- vesper inspect: what files and folders hold; every damaged file of the specs is named, with the
-- fault and its place.
local vs = require "vesper"
local inspect = require "vesper.cli.inspect"
local dataset = require "spec.support.dataset"
local failure = require "vesper.util.failure"
local run = require "spec.support.process".run
local shell = require "spec.support.shell"
local temp = require "spec.support.temp"
local toy_file = require "spec.support.toy_file"

local O = {all = true, rows = 3}

-- The faults of a path: those of its report, or why there is none.
local function faults_of(path)
  local report, why = inspect.report(path, O)
  return report and report.faults or {why}, report
end

-- The first fault has these words and names the path.
local function faulty(path, ...)
  local faults = faults_of(path)
  assert(#faults > 0, path .. " has no faults")
  assert(faults[1]:find(path, 1, true), faults[1])
  for _, words in ipairs {...} do assert.matches(words, faults[1], 1, true) end
end

local function fact(report, name)
  for _, entry in ipairs(report.facts) do
    if entry[1] == name then return entry[2] end
  end
end

describe("inspect names the fault of", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  local H5 = {
    other = "its attribute format is missing", version = "attribute version: only version 1",
    huge = "train/image: is written in part", dense = "train/image: is written in part",
    parts = "train/label: is written in part", zero_name = "attribute name: has a zero byte",
    grey = "train/image: is [2,1,4,4]", wide = "train/image: is [2,3,4,4] of 2-byte integers",
    tags = "train/tags: is [2,3]", flat = "train/image: shape is [2,48]",
    short = "train/label: 3 rows, expected 2", noimage = "train/image: no such data set",
    chunk = "train/image: chunks of 960000000 bytes", large = "attribute id is greater than",
    nooffset = "train/caption/offset: no such data set", values = "not a vesper data set",
    links = "is a link to another file", outside = "train/image: is a link to another file",
  }
  for name, words in pairs(H5) do
    it(name .. ".h5", function() faulty("spec/fixtures/io/" .. name .. ".h5", words) end)
  end

  for name, words in pairs {big_endian = "is big-endian", complex = "'<c8' is not supported",
      nine = "more than 8 dimensions", record = "byte 11", text = "'<U2' is not supported",
      signs = "2 of 4 numbers are NaN or infinite"} do
    it(name .. ".npy", function() faulty("spec/fixtures/npy/" .. name .. ".npy", words) end)
  end

  for name, words in pairs {bare = "contains no dictionary of tensors", whole = "pickle, byte 66",
      training = "pickle, byte 676", training_old = "pickle, byte 809"} do
    it(name .. ".pth", function() faulty("spec/fixtures/pth/" .. name .. ".pth", words) end)
  end

  for _, folder in ipairs {"h5", "image", "glove"} do
    for _, name in ipairs(temp.list("spec/fuzz/found/" .. folder)) do
      it("what the fuzzers found, " .. name, function()
        faulty(("spec/fuzz/found/%s/%s"):format(folder, name))
      end)
    end
  end

  for _, name in ipairs(temp.list "spec/fuzz/found/checkpoint") do
    it("the checkpoint " .. name, function()
      local bytes = temp.read("spec/fuzz/found/checkpoint/" .. name)
      local folder = ("%s/%s"):format(dir, name)
      temp.subfolder(folder)
      temp.write(folder .. "/state.json", bytes:sub(2))
      faulty(folder)
    end)
  end

  -- A path and what it is after a cut.
  local function cut(path, name)
    local bytes = temp.read(path)
    return temp.write(dir .. "/" .. name, bytes:sub(1, #bytes * 2 // 3))
  end

  it("files that were cut short", function()
    faulty(cut("spec/fixtures/npy/f4.npy", "cut.npy"), "")
    faulty(cut("spec/fixtures/pth/nested.pth", "cut.pth"), "")
    faulty(cut("spec/fixtures/bert/model.safetensors", "cut.safetensors"), "")
    faulty(cut("spec/fixtures/io/rgb.png", "cut.png"), "")
    faulty(cut("spec/fixtures/io/rgb.jpg", "cut.jpg"), "")
    faulty(cut("spec/fixtures/io/foreign.h5", "cut.h5"), "truncated file")
    faulty(temp.write(dir .. "/bad.json", '{"a": 1,\n "b": }\n'), "line 2")
    faulty(temp.write(dir .. "/bad.csv", "a,b\n1,2\n3\n"), "bad.csv:3: ")
    faulty(temp.write(dir .. "/glove.txt", "red 1 2\nhat 3\n"),
      "glove.txt:2: 1 numbers, the first line has 2")
    faulty(temp.write(dir .. "/what.xyz", "nothing"), "is none of the files that vesper reads")
    faulty(dir .. "/none.h5", "No such file")
  end)

  it("one damaged picture in a data set, and goes on behind it", function()
    local path = dir .. "/pictures.h5"
    local writer, png = assert(vs.data.Writer(path, {})), {}
    for i = 1, 4 do
      png[i] = vs.image.encode(vs.rand(3, 16, 16):mul(200):byte(), "png")
      assert(writer:add("train", {image_bytes = png[i]}))
    end
    assert(writer:close())
    local broken = path
    for _, i in ipairs {2, 4} do
      broken = temp.patched(broken, png[i], png[i]:sub(1, 40) .. ("x"):rep(#png[i] - 40))
    end
    local faults, report = faults_of(broken)
    assert.equal(2, #faults)
    for i, number in ipairs {2, 4} do
      assert.matches(".patched: train/image_bytes: image " .. number, faults[i], 1, true)
    end
    assert.matches("^4 images", fact(report, "train"))
  end)

  it("a data set whose features are no numbers", function()
    local path = dir .. "/nan.h5"
    local writer = assert(vs.data.Writer(path, {vocab = dataset.words}))
    for i = 1, 4 do
      assert(writer:add("train", {feature = vs.tensor {i, i == 3 and 0 / 0 or 1},
        captions = {"a hat"}}))
    end
    assert(writer:close())
    faulty(path, "train/feature: image 3 has numbers that are NaN or infinite")
  end)

  it("models and checkpoints", function()
    local model = vs.models.VSE{classes = 2, width = 8, channels = {4, 8}, text = {vocab_size = 4,
      word_dim = 4}}
    local folder = dir .. "/broken.model"
    assert(vs.models.save(model, folder))
    local _, report = faults_of(folder)
    assert.same({"VSE", 8, {}}, {fact(report, "class"), fact(report, "width"), report.faults})
    assert.matches("its vocabulary is unknown", table.concat(report.notes, "\n"), 1, true)
    vs.no_grad(function() model.fuse[1].bias:fill_(0 / 0) end)
    assert(vs.models.save(model, folder))
    faulty(folder, "fuse.0.bias: 8 of 8 numbers are NaN")
    local bytes = temp.read(folder .. "/model.safetensors")
    temp.write(folder .. "/model.safetensors", bytes:sub(1, -9))
    faulty(folder, "model.safetensors: ")
    temp.write(folder .. "/model.json", "[1, 2]")
    faulty(folder, "model.json: is not the description of a model")
    folder = dir .. "/run.checkpoint"
    assert(vs.checkpoint.save(folder, {model = model, epoch = 3}))
    temp.write(folder .. "/state.json", "{}")
    faulty(folder, "state.json: is not part of a checkpoint")
  end)

  it("damaged pictures in a folder", function()
    local folder = dir .. "/folder"
    temp.subfolder(folder)
    assert(vs.image.save(folder .. "/a.png", dataset.picture(9)))
    cut("spec/fixtures/io/rgb.png", "folder/b.png")
    local faults, report = faults_of(folder)
    assert.equal(2, fact(report, "pictures"))
    assert.equal(1, #faults)
    assert.matches("folder/b.png: ", faults[1], 1, true)
  end)
end)

describe("inspect says of", function()
  local dir, toy
  setup(function()
    dir = temp.folder()
    toy = toy_file(dir .. "/toy.h5", {train = 10, val = 3, test = 2})
  end)
  teardown(temp.remove)

  it("a data set: counts, classes, sizes, first rows, captions that occur twice", function()
    local report = assert(inspect.report(toy, O))
    assert.same({}, report.faults)
    assert.equal("data set", report.kind)
    assert.matches("image uint8 [3,16,16]", fact(report, "fields"), 1, true)
    assert.matches("^10 images, 10 samples", fact(report, "train"))
    assert.same({hat = 5, ["<cup>"] = 5}, fact(report, "train classes"))
    assert.same({hat = 1, ["<cup>"] = 2}, fact(report, "val classes"))
    assert.equal("train 1  x1  <cup>  a blue cup & more", report.rows[1])
    assert.equal("val: 2 of 2 different captions occur in train, too", report.notes[1])
  end)

  it("a data set in several files: that of one, and the number of files", function()
    local w = assert(vs.data.Writer(dir .. "/part.h5", {shard = 1, classes = dataset.classes,
      vocab = dataset.words}))
    for i = 1, 7 do assert(w:add("train", dataset.item(i))) end
    for i = 1, 2 do assert(w:add("val", dataset.item(i))) end
    assert(w:close())
    local report = assert(inspect.report(dir .. "/part-*.h5", O))
    local one = assert(inspect.report(dataset.write(dir .. "/one.h5", 7), O))
    assert.equal(9, fact(report, "files"))
    for _, name in ipairs {"fields", "train", "val", "train classes", "vocabulary"} do
      assert.same(fact(one, name), fact(report, name))
    end
    assert.same({one.rows, one.notes, one.faults}, {report.rows, report.notes, report.faults})
    os.remove(dir .. "/part-00004.h5")
    temp.write(dir .. "/part-00004.h5", "damaged")
    local none, why = inspect.report(dir .. "/part-*.h5", O)
    assert.is_nil(none)
    assert.matches("part%-00004%.h5: not an HDF5 file", why)
    none, why = inspect.report(dir .. "/none-*.h5", O)
    assert.is_nil(none)
    assert.matches("none%-%*%.h5: no file matches in the folder", why)
  end)

  it("a data set: empty captions, unknown words, pictures of one colour, missing splits", function()
    local path = dataset.write(dir .. "/words.h5", 7)
    local notes = table.concat(assert(inspect.report(path, O)).notes, "\n")
    for _, words in ipairs {"train: 7 pictures have one colour, the first is img1",
        "train: 1 captions have no words, the first is sample 5", "has no split test"} do
      assert.matches(words, notes, 1, true)
    end
  end)

  it("tensors, arrays, pictures, vectors, tables, texts and BERTs", function()
    assert(vs.save(dir .. "/x.safetensors", {w = vs.ones(2, 3), n = vs.tensor({1, 2},
      {dtype = "int64"})}, {note = "made here"}))
    local report = assert(inspect.report(dir .. "/x.safetensors", O))
    assert.same({2, 8, {float32 = 6, int64 = 2}, "made here"}, {fact(report, "tensors"),
      fact(report, "numbers"), fact(report, "by type"), fact(report, "note")})
    assert.matches("^w  float32 %[2,3%]  min 1, mean 1, max 1$", report.rows[2])
    report = assert(inspect.report("spec/fixtures/npy/f4.npy", O))
    assert.equal("float32", fact(report, "type"))
    report = assert(inspect.report("spec/fixtures/io/rgb.png", O))
    assert.same({18, 14}, {fact(report, "width"), fact(report, "height")})
    report = assert(inspect.report("spec/fixtures/text/hats.vec", O))
    assert(report.kind == "word vectors" and fact(report, "words") > 0)
    report = assert(inspect.report(temp.write(dir .. "/t.csv", "id,title\n1,red\n2,blue\n"), O))
    assert.same({2, "id, title", {"1 | red", "2 | blue"}}, {fact(report, "rows"),
      fact(report, "columns"), report.rows})
    report = assert(inspect.report(temp.write(dir .. "/t.txt", "a red hat\nblue\n"), O))
    assert.same({"text", 2}, {report.kind, fact(report, "lines")})
    assert.equal("BERT", assert(inspect.report("spec/fixtures/bert", O)).kind)
    report = assert(inspect.report("spec/fixtures/pth/module.pth", O))
    assert.equal(7, fact(report, "tensors"))
  end)

  it("a checkpoint: epoch and history", function()
    local folder = dir .. "/run.checkpoint"
    assert(vs.checkpoint.save(folder, {epoch = 2, best = 7.5, extra = {history = {
      {loss = 2, score = 5}, {loss = 1, score = 7.5}}}}))
    local report = assert(inspect.report(folder, O))
    assert.same({"checkpoint", 2, 7.5}, {report.kind, fact(report, "epoch"), fact(report, "best")})
    assert.equal("epoch 2  loss 1.0000  score 7.50", report.rows[2])
  end)
end)

describe("vesper inspect", function()
  local dir, toy
  setup(function()
    dir = temp.folder()
    toy = toy_file(dir .. "/toy.h5", {train = 10, val = 3, test = 2})
  end)
  teardown(temp.remove)

  it("prints a report, as JSON too", function()
    local text = shell.ok("inspect", toy, "--rows=1")
    assert.matches("toy.h5: data set\n", text, 1, true)
    assert.matches("\n  classes        2\n", text, 1, true)
    assert.matches("\n  | train 1  x1  <cup>  a blue cup & more\n  | val 1 ", text, 1, true)
    local list = assert(vs.io.json_decode(shell.ok("inspect", toy, "--json")))
    assert.same({"data set", 2, {}}, {list[1].kind, list[1].facts.classes,
      {table.unpack(list[1].faults)}})
  end)

  it("fails with 1 where something is wrong, and reports on the others", function()
    local status, out, err = shell.vesper {"inspect", "spec/fixtures/io/short.h5", toy}
    assert.equal(1, status)
    assert.matches("  fault: spec/fixtures/io/short.h5: train/label: 3 rows, expected 2\n", out, 1,
      true)
    assert.matches("toy.h5: data set\n", out, 1, true)
    assert.equal("vesper inspect: 1 of 2 has faults\n", err)
    status, out = shell.vesper {"inspect", "--json", dir .. "/none"}
    assert.equal(1, status)
    assert.matches("none: No such file", assert(vs.io.json_decode(out))[1].faults[1], 1, true)
  end)

  it("has no place of the program in a fault", function()
    local path = temp.write(dir .. "/quote.csv", 'a,b\n1,2\n"3,4\n')
    local status, out = shell.vesper {"inspect", path}
    assert.equal(1, status)
    assert.matches("\n  fault: " .. path .. ":3: ", out, 1, true)
  end)

  it("is stopped by Ctrl-C, and reads no other file", function()
    local path = temp.write(dir .. "/stopped.lua", [[
local vs = require "vesper"
local own = io.open "/proc/self/stat":read "n"
vs.data.open = function() io.popen("kill -INT " .. own):close() while true do end end
os.exit(require "vesper.cli".main(arg), true)]])
    local _, said, status = run(("lua5.4 %s inspect %s %s"):format(path, toy, toy))
    assert.same({130, "vesper inspect: interrupted\n"}, {status, said})
    assert.same({false, "x.csv:3: wrong"}, {failure.attempt(error, "x.csv:3: wrong", 0)})
    assert.has_error(function() failure.attempt(error, "interrupted", 0) end, "interrupted")
    assert.same({true, 1, nil, 2}, {failure.attempt(function() return 1, nil, 2 end)})
  end)

  it("names misuse", function()
    shell.refuses(2, "FILES is missing", "inspect")
    shell.refuses(2, "--rows is -1, expected at least 0", "inspect", toy, "--rows=-1")
    shell.refuses(2, "unknown option '--row'; did you mean --rows?", "inspect", toy, "--row=1")
  end)
end)
