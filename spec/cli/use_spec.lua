-- vesper train, evaluate, encode and search, on a small set.
local vs = require "vesper"
local shell = require "spec.support.shell"
local temp = require "spec.support.temp"
local toy_file = require "spec.support.toy_file"

local SMALL = {"--width=8", "--channels=4,8", "--batch=12", "--epochs=2"}

-- The words of `vesper train` with a small model.
local function training(...)
  local words = {"train", ...}
  table.move(SMALL, 1, #SMALL, #words + 1, words)
  return table.unpack(words)
end

local function decoded(text) return assert(vs.io.json_decode(text)) end

describe("vesper train", function()
  local dir, data
  setup(function()
    dir = temp.folder()
    data = toy_file(dir .. "/toy.h5", {train = 24, val = 12, test = 12})
  end)
  teardown(temp.remove)

  it("writes a model that library and commands load, and removes what it resumed from", function()
    local out, err = shell.ok(training(data, dir .. "/one"))
    assert.matches("one: VSE with %d+ parameters, epoch %d, accuracy ", out)
    assert.matches("epoch 2/2", err)
    assert.is_nil(err:find "[\r\27]")
    local model = assert(vs.models.load(dir .. "/one"))
    assert.same({"hat", "<cup>"}, {table.unpack(model.class_names)})
    assert.same({"one", "toy.h5"}, temp.list(dir))
    shell.refuses(1, "one: exists; --replace trains it again", training(data, dir .. "/one"))
  end)

  it("prints JSON and nothing else", function()
    local out, err = shell.ok(training(data, dir .. "/json", "--model=CIM", "--json"))
    local result = decoded(out)
    assert.same({"CIM", 2, ""}, {result.model, #result.history, err})
    assert(result.best_epoch <= 2 and result.rsum > 0 and result.accuracy > 0)
  end)

  it("trains again with --replace, and gives the same numbers", function()
    local function history(...)
      local list = decoded(shell.ok(training(data, dir .. "/again", "--json", ...))).history
      for _, entry in ipairs(list) do entry.seconds = nil end
      return list
    end
    local first = history()
    assert.same(first, history "--replace")
    assert.are_not.same(first, history("--replace", "--seed=2"))
  end)

  -- Killed after its first epoch; the rest gives what a whole run gives.
  it("resumes, but not with other settings", function()
    local its = dir .. "/whole"
    shell.ok(training(data, its))
    local words = {training(data, dir .. "/part")}
    for i, word in ipairs(words) do words[i] = "'" .. word .. "'" end
    local process = require "spec.support.process"
    process.run(("lua5.4 -e '"
      .. 'local vs = require "vesper"; local save = vs.checkpoint.save; '
      .. 'package.loaded["vesper.train.checkpoint"].save = '
      .. 'function(...) save(...); os.exit(9) end; '
      .. 'require "vesper.cli".main(arg)' .. "' - %s"):format(table.concat(words, " ")))
    assert(vs.checkpoint.exists(dir .. "/part.checkpoint"))
    assert.is_nil(vs.models.load(dir .. "/part"))
    shell.refuses(1, "part.checkpoint: was started with seed '1', expected '2'",
      training(data, dir .. "/part", "--seed=2"))
    local _, err = shell.ok(training(data, dir .. "/part"))
    assert.matches("resumed at epoch 2", err)
    local a = assert(vs.load(its .. "/model.safetensors"))
    local b = assert(vs.load(dir .. "/part/model.safetensors"))
    for name, x in pairs(a) do assert(x:equal(b[name]), name) end
    assert.is_false(vs.checkpoint.exists(dir .. "/part.checkpoint"))
  end)

  it("trains on captions without classes", function()
    local path = dir .. "/captions.h5"
    local writer = assert(vs.data.Writer(path, {vocab = {"<pad>", "<unk>", "red", "blue"}}))
    for i = 1, 24 do
      assert(writer:add(i <= 16 and "train" or "val", {
        image = vs.full({3, 8, 8}, i * 9, {dtype = "uint8"}),
        captions = {i % 2 == 0 and "red" or "blue", "red blue"}}))
    end
    assert(writer:close())
    local out = shell.ok(training(path, dir .. "/captions.model", "--captions=random"))
    assert.is_nil(out:find "accuracy")
    shell.refuses(1, "has no classes, which a Baseline learns",
      training(path, dir .. "/none.model", "--model=Baseline"))
    assert.is_nil(vs._folder_current(dir .. "/none.model"))
  end)

  it("names misuse and failures", function()
    shell.refuses(2, "DATA is missing", "train")
    for option, why in pairs {["--epochs=0"] = "--epochs is 0, expected at least 1",
      ["--width=0"] = "--width is 0, expected at least 1", ["--channels=4,0"] = "--channels is 0",
      ["--flip=-1"] = "--flip is -1, expected 0 to 1",
      ["--dropwords=2"] = "--dropwords is 2, expected 0 to 1",
      ["--rate=0"] = "--rate is 0, expected more than 0",
      ["--rate=1e400"] = "--rate is '1e400', expected a number",
      ["--size=0x4"] = "--size is '0x4', expected HEIGHTxWIDTH",
      ["--memory=image,word"] = "--memory is 'word'; did you mean words?",
      ["--log=run.txt"] = "--log is 'run.txt', expected a name that ends in .csv or .jsonl",
      ["--log=" .. dir .. "/none/run.csv"] = "none/ is no folder"} do
      shell.refuses(2, why, "train", data, dir .. "/x", option)
    end
    shell.refuses(2, "toy.h5 is a file, expected the name of a folder", "train", data, data)
    for _, command in ipairs {"train", "table"} do
      local status, _, said = shell.vesper({command, data, data .. ".none"},
        "OMPI_COMM_WORLD_SIZE=2")
      assert.equal(2, status)
      assert.matches("this is one of 2 processes of an MPI job", said, 1, true)
    end
    shell.refuses(2, "toy.h5 is a file, expected", "train", data, data, "--replace")
    shell.refuses(2, "--model is 'CIN'; did you mean CIM?", training(data, "x", "--model=CIN"))
    shell.refuses(2, "DPM needs --bert=FOLDER", training(data, "x", "--model=DPM"))
    shell.refuses(1, "none.h5: No such file", training("none.h5", dir .. "/x"))
    shell.refuses(1, 'no split "vals"; it has test, train, val',
      training(data, dir .. "/x", "--val=vals"))
    shell.refuses(1, "vesper train: none: No such file", training(data, dir .. "/x",
      "--glove=none"))
    shell.refuses(1, "vesper train: --batch is 500, expected at most the number", "train", data,
      dir .. "/x", "--batch=500", "--width=8", "--channels=4,4")
    assert.is_nil(io.open(dir .. "/x.settings.json"))
  end)
end)

describe("a trained model", function()
  local dir, data, model, pictures
  setup(function()
    dir = temp.folder()
    data = toy_file(dir .. "/toy.h5", {train = 24, val = 12, test = 12})
    model = dir .. "/toy.model"
    shell.ok(training(data, model))
    pictures = dir .. "/pictures"
    temp.subfolder(pictures)
    for i = 1, 6 do
      local grey = vs.full({3, 20, 20}, i % 2 == 0 and 60 or 200, {dtype = "uint8"})
      assert(vs.image.save(("%s/%d.png"):format(pictures, i), grey))
    end
    temp.write(dir .. "/texts.txt", "a red hat\na blue cup\r\n")
  end)
  teardown(temp.remove)

  it("is evaluated", function()
    local text = shell.ok("evaluate", model, data)
    assert.matches("12 images, 12 samples, accuracy .* rsum ", text)
    local result = decoded(shell.ok("evaluate", model, data, "--split=val", "--json"))
    assert.same({"val", 12}, {result.split, result.images})
    assert(result.retrieval.rsum > 0 and result.accuracy)
    shell.refuses(1, 'no split "x"', "evaluate", model, data, "--split=x")
    shell.refuses(1, "none: No such file or directory", "evaluate", "none", data)
    shell.refuses(2, "DATA is missing", "evaluate", model)
    shell.refuses(2, "--batch is 0, expected at least 1", "evaluate", model, data, "--batch=0")
    shell.refuses(2, "--folds is 0, expected at least 1", "evaluate", model, data, "--folds=0")
  end)

  it("is not evaluated on a set of other words or classes", function()
    local other = toy_file(dir .. "/other.h5", {train = 2, val = 2, test = 4}, {"cap", "<cup>"})
    shell.refuses(1, "its classes are not the model's: class 1 is 'cap', expected 'hat'",
      "evaluate", model, other)
    local path = dir .. "/words.h5"
    local writer = assert(vs.data.Writer(path, {vocab = {"<pad>", "<unk>", "zebra"}}))
    assert(writer:add("test", {image = vs.full({3, 8, 8}, 9, {dtype = "uint8"}),
      captions = {"zebra"}}))
    assert(writer:close())
    shell.refuses(1, "its vocabulary is not the model's: word 3 is 'zebra', expected",
      "evaluate", model, path)
  end)

  it("encodes pictures and texts, as the library does", function()
    local loaded = assert(vs.models.load(model))
    local out = shell.ok("encode", model, pictures, pictures .. "/1.png", dir .. "/p.safetensors")
    assert.matches("p.safetensors: 7 images, 8 numbers each\n$", out)
    local tensors, meta = vs.load(dir .. "/p.safetensors")
    local names = decoded(meta.names)
    assert.same({7, pictures .. "/1.png", "image"}, {#names, names[7], meta.kind})
    assert(tensors.embeddings:allclose(assert(loaded:encode_images(names)), {atol = 1e-6}))
    local result = decoded(shell.ok("encode", model, dir .. "/texts.txt", dir .. "/t.npy",
      "--json"))
    assert.same({kind = "text", out = dir .. "/t.npy", rows = 2, width = 8}, result)
    assert.equal("a red hat\na blue cup\n", temp.read(dir .. "/t.npy.names.txt"))
    local t = assert(vs.npy.load(dir .. "/t.npy"))
    assert(t:allclose(loaded:encode_texts {"a red hat", "a blue cup"}, {atol = 1e-6}))
  end)

  it("leaves other files as they are when it encodes", function()
    local words = temp.write(dir .. "/query.txt", "a red hat\nhat\n")
    shell.ok("encode", model, words, dir .. "/query.npy")
    assert.equal("a red hat\nhat\n", temp.read(words))
    temp.subfolder(dir .. "/taken.npy")
    shell.refuses(1, "taken.npy: ", "encode", model, words, dir .. "/taken.npy")
    assert.is_nil(io.open(dir .. "/taken.npy.names.txt"))
    temp.subfolder(dir .. "/names.npy.names.txt")
    shell.refuses(1, "names.npy.names.txt: ", "encode", model, words, dir .. "/names.npy")
    assert.is_nil(io.open(dir .. "/names.npy"))
  end)

  it("refuses empty lines, and names with a line break beside a .npy file", function()
    local gaps = temp.write(dir .. "/gaps.txt", "hat\n \ncup\n")
    shell.refuses(1, "gaps.txt:2: is empty", "encode", model, gaps, dir .. "/gaps.npy")
    local folder = dir .. "/lines"
    temp.subfolder(folder)
    temp.write(folder .. "/a\nb.png", temp.read(pictures .. "/1.png"))
    shell.refuses(1, "a\\nb.png\" has a line break", "encode", model, folder,
      dir .. "/gaps.npy")
    assert.is_nil(io.open(dir .. "/gaps.npy"))
    shell.ok("encode", model, folder, dir .. "/gaps.safetensors")
    assert.matches("a\nb.png", shell.ok("search", model, dir .. "/gaps.safetensors", "hat"), 1,
      true)
  end)

  it("reads the names that vesper 0.2 wrote", function()
    shell.ok("encode", model, pictures, dir .. "/old.npy")
    assert(os.rename(dir .. "/old.npy.names.txt", dir .. "/old.txt"))
    assert.matches("1.png", shell.ok("search", model, dir .. "/old.npy", "hat"), 1, true)
  end)

  it("encodes lines of standard input", function()
    local status = shell.vesper({"encode", model, "-", dir .. "/in.npy"}, "printf 'a hat\\n' |")
    assert.equal(0, status)
    assert.same({1, 8}, assert(vs.npy.load(dir .. "/in.npy")).shape)
    local closed, _, err = shell.vesper({"encode", model, "-", dir .. "/in.npy"}, "exec <&-;")
    assert.equal(1, closed)
    assert.equal("vesper encode: standard input: Bad file descriptor\n", err)
  end)

  it("refuses what it cannot encode", function()
    shell.refuses(2, "OUT is 'x.csv', expected a name that ends in .npy or .safetensors",
      "encode", model, pictures, "x.csv")
    shell.refuses(2, "OUT is missing", "encode", model, pictures)
    shell.refuses(2, "--batch is 0, expected at least 1", "encode", model, pictures, "x.npy",
      "--batch=0")
    shell.refuses(2, "unexpected argument '" .. pictures, "encode", model, dir .. "/texts.txt",
      pictures, dir .. "/x.npy")
    local broken = temp.write(dir .. "/broken.png", "\x89PNG no picture")
    shell.refuses(1, "broken.png: ", "encode", model, broken, dir .. "/x.npy")
    shell.refuses(1, "none.png: No such file", "encode", model, "none.png", dir .. "/x.npy")
    shell.refuses(1, "latin.txt:1: is not UTF-8", "encode", model,
      temp.write(dir .. "/latin.txt", "caf\xe9\n"), dir .. "/x.npy")
    assert.is_nil(io.open(dir .. "/x.npy"))
  end)

  it("searches folders and encoded files, by texts and by pictures", function()
    shell.ok("encode", model, pictures, dir .. "/s.npy")
    local by_folder = decoded(shell.ok("search", model, pictures, "a red hat", "--json")).found
    local by_file = decoded(shell.ok("search", model, dir .. "/s.npy", "a red hat", "--json")).found
    assert.equal(6, #by_folder)
    for i, one in ipairs(by_file) do
      assert(math.abs(one.cosine - by_folder[i].cosine) < 1e-5)
    end
    for i = 2, 6 do assert(by_folder[i].cosine <= by_folder[i - 1].cosine) end
    local lines = shell.ok("search", model, pictures, pictures .. "/3.png", "--top=3",
      "--page=" .. dir .. "/found.html")
    for line in lines:gmatch "[^\n]+" do assert.matches("^ 1%.000  .*/[135]%.png$", line) end
    local page = temp.read(dir .. "/found.html")
    assert.equal(3, select(2, page:gsub("<img ", "")))
  end)

  it("refuses what it cannot search", function()
    shell.refuses(2, "QUERY is missing", "search", model, pictures)
    shell.refuses(2, "QUERY is empty", "search", model, pictures, " ")
    shell.refuses(2, "QUERY is not UTF-8", "search", model, pictures, "caf\xe9")
    shell.refuses(1, "'zzzz qqqq' has no word of the model's vocabulary", "search", model, pictures,
      "zzzz qqqq")
    local status, _, err = shell.vesper {"search", model, pictures, "hat", "--show"}
    assert.same({1, "vesper search: --show: standard output is no terminal\n"}, {status, err})
    shell.refuses(2, "--top is 0, expected at least 1", "search", model, pictures, "hat", "--top=0")
    shell.refuses(2, "--page is 'x.foo', expected a name that ends in .html", "search", model,
      pictures, "hat", "--page=x.foo")
    shell.refuses(2, "/nope/ is no folder", "search", model, pictures, "hat",
      "--page=" .. dir .. "/nope/x.html")
    assert(vs.save(dir .. "/other.safetensors", {x = vs.ones(2)}))
    shell.refuses(1, "other.safetensors: has no embeddings with names", "search", model,
      dir .. "/other.safetensors", "hat")
    assert(vs.npy.save(dir .. "/wide.npy", vs.ones(2, 9)))
    temp.write(dir .. "/wide.txt", "a\nb\n")
    shell.refuses(1, "wide.npy: has 9 numbers a row, the model 8", "search", model,
      dir .. "/wide.npy", "hat")
    temp.subfolder(dir .. "/empty")
    shell.refuses(1, "empty: has no pictures", "search", model, dir .. "/empty", "hat")
  end)
end)
