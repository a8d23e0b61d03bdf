-- vesper prepare and vesper table.
local vs = require "vesper"
local prepare = require "vesper.cli.commands.prepare"
local command = require "vesper.util.command"
local dataset = require "spec.support.dataset"
local shell = require "spec.support.shell"
local temp = require "spec.support.temp"
local toy_file = require "spec.support.toy_file"

-- A folder of 20 pictures and its table.
local function shop(dir)
  local lines = {"id,title,label"}
  temp.subfolder(dir .. "/images")
  for i = 1, 20 do
    lines[#lines + 1] = ("%d,thing number %d,%s"):format(i, i, i % 2 == 0 and "cup" or "hat")
    assert(vs.image.save(("%s/images/%d.png"):format(dir, i), dataset.picture(i, 8, 10)))
  end
  temp.write(dir .. "/products.csv", table.concat(lines, "\n") .. "\n")
  return dir
end

describe("vesper prepare", function()
  local dir
  setup(function() dir = shop(temp.folder()) end)
  teardown(temp.remove)

  it("has every preparer as a kind, with its options", function()
    local names = {}
    for _, name in ipairs(prepare.commands.names) do
      names[name] = true
      assert(vs.data.prepare[name], name)
      local text = shell.ok("prepare", name, "--help")
      assert.matches("^usage: vesper prepare " .. name .. " [A-Z ]+ OUT %[", text)
      assert.matches("\n  %-%-seed +of the splits %(1%)", text)
    end
    local path = package.searchpath("vesper.data.init", package.path):gsub("init%.lua$", "")
    for _, file in ipairs(temp.list(path)) do
      local handle = assert(io.open(path .. file))
      if handle:read "l":find "^%-%- prepare%." then
        assert(names[file:match "^(.*)%.lua$"], file)
      end
      handle:close()
    end
  end)

  it("writes what the library writes, and prints its summary", function()
    local out = shell.ok("prepare", "folder", dir, dir .. "/a.h5", "--image=images/{id}.png",
      "--size=6x8", "--min_count=1")
    assert(vs.data.prepare.folder(dir, dir .. "/b.h5", {image = "images/{id}.png", size = {6, 8},
      min_count = 1}))
    assert.equal(temp.read(dir .. "/b.h5"), temp.read(dir .. "/a.h5"))
    assert.matches("a.h5: 20 images (train 16, val 2, test 2), 20 captions, 2 classes", out, 1,
      true)
    local counts = assert(vs.io.json_decode(shell.ok("prepare", "folder", dir, dir .. "/c.h5",
      "--image=images/{id}.png", "--label=no", "--json")))
    assert.same({16, 0, 20}, {counts.train, counts.classes, counts.captions})
  end)

  it("names misuse with 2", function()
    shell.refuses(2, "KIND is missing", "prepare")
    shell.refuses(2, "unknown kind 'fodler'; did you mean folder?", "prepare", "fodler", "a", "b")
    shell.refuses(2, "vesper prepare folder: OUT is missing", "prepare", "folder", dir)
    shell.refuses(2, "unknown option '--sise'; did you mean --size", "prepare", "folder", dir, "b",
      "--sise=3")
    shell.refuses(2, "--size is '3y4', expected a size, or HEIGHTxWIDTH", "prepare", "folder", dir,
      "b", "--size=3y4")
    shell.refuses(2, "--size is '0', expected", "prepare", "folder", dir, "b", "--size=0")
    shell.refuses(2, "--compress is 10, expected 0 to 9", "prepare", "folder", dir, "b",
      "--compress=10")
    shell.refuses(2, "--restval is 'tran'; did you mean train?", "prepare", "karpathy", "a", "b",
      "c", "--restval=tran")
  end)

  it("fails with 1 and names the file", function()
    shell.refuses(1, "vesper prepare folder: " .. dir .. "/none.csv: No such file", "prepare",
      "folder", dir, dir .. "/x.h5", "--csv=none.csv")
    shell.refuses(1, "no column 'color'", "prepare", "folder", dir, dir .. "/x.h5",
      "--label=color")
    shell.refuses(1, "none: No such file", "prepare", "emoji", "none", dir .. "/x.h5")
    assert.is_nil(io.open(dir .. "/x.h5"))
  end)

  it("leaves a file that exists, without --replace", function()
    local out = temp.write(dir .. "/mine.h5", "mine")
    local words = {"prepare", "folder", dir, out, "--image=images/{id}.png"}
    shell.refuses(1, "mine.h5: exists; --replace writes it again", table.unpack(words))
    assert.equal("mine", temp.read(out))
    shell.ok("prepare", "folder", dir, out, "--image=images/{id}.png", "--replace")
    assert(vs.data.open(out, "train"))
  end)

  it("reads options of every kind", function()
    local function read(kind, ...)
      return assert(command.read({"a", "b", ...}, prepare.commands.get(kind)))
    end
    assert.same({32, {6, 8}}, {read("folder", "--size=32").size, read("folder", "--size=6x8").size})
    for text, want in pairs {yes = true, no = false, all = "all"} do
      assert.equal(want, read("folder", "--without_label_words=" .. text).without_label_words)
    end
    assert.same({"brand", "kind"},
      read("folder", "--without_label_words=brand,kind").without_label_words)
    assert.is_false(read("folder", "--label=no").label)
    assert.same({train = "a.npy", val = "b.npy"},
      read("coco", "--features=train=a.npy,val=b.npy").features)
    assert.same({false, 10}, {read("precomputed", "--dev=no").dev,
      read("precomputed", "--dev=10").dev})
    assert.same({0.25, 12}, {read("inshop", "--val=0.25").val,
      read("openclipart", "--max_title=12").max_title})
    assert.is_nil(read("openclipart").max_title)
    local of_karpathy = assert(command.read({"x.json", "b", "c"}, prepare.commands.get "karpathy"))
    assert.same({"x.json", false}, {of_karpathy.file, of_karpathy.json})
  end)
end)

describe("vesper table", function()
  local dir, data
  setup(function()
    dir = temp.folder()
    data = toy_file(dir .. "/toy.h5", {train = 24, val = 12, test = 12})
  end)
  teardown(temp.remove)

  it("prints a table, and the same rows as JSON", function()
    local words = {"table", data, dir .. "/report", "--rows=VSE,DPM", "--seeds=1", "--epochs=1",
      "--width=8", "--channels=4,8", "--batch=6", "--pictures=no"}
    local text, warned = shell.ok(table.unpack(words))
    assert.matches("vesper warning: .*DPM is skipped: needs %-%-bert=FOLDER", warned)
    assert.matches("\nVSE ", text, 1, true)
    words[#words + 1] = "--json"
    local out, err = shell.ok(table.unpack(words))
    local result = assert(vs.io.json_decode(out))
    assert.same({1, "VSE", "needs --bert=FOLDER, a Hugging Face folder of a BERT", ""},
      {#result.rows, result.rows[1].model, result.skipped.DPM, err})
  end)

  it("names misuse and failures", function()
    shell.refuses(2, "OUT is missing", "table", data)
    shell.refuses(2, "--precision is 'hihg'; did you mean high", "table", data, "x",
      "--precision=hihg")
    shell.refuses(1, "vesper table: none.h5: No such file", "table", "none.h5", dir .. "/x")
    shell.refuses(2, "--rows is 'CIN'; did you mean CIM", "table", data, "x", "--rows=VSE,CIN")
    shell.refuses(2, "--reference is 'Foo', expected one of Baseline, VSE", "table", data, "x",
      "--rows=Baseline,VSE", "--reference=Foo")
    shell.refuses(2, "--reference is 'DPM', which needs --bert=FOLDER", "table", data, "x",
      "--rows=VSE,DPM", "--reference=DPM")
    shell.refuses(2, "toy.h5 is a file, expected the name of a folder", "table", data, data)
    shell.refuses(2, "--seeds is '', expected integers", "table", data, "x", "--seeds=")
    shell.refuses(2, "--rows is '', expected words", "table", data, "x", "--rows=")
    shell.refuses(2, "--rate is 0, expected more than 0", "table", data, "x", "--rate=1e-3,0")
    shell.refuses(1, "was started with different settings: epochs is 2, expected 1", "table", data,
      dir .. "/report", "--rows=VSE", "--seeds=1", "--epochs=2", "--width=8", "--channels=4,8",
      "--batch=6", "--pictures=no")
  end)
end)
