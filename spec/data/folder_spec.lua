-- prepare.folder: a folder of pictures with a CSV file.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

describe("data.prepare.folder", function()
  local root, out
  before_each(function()
    root = temp.folder()
    out = root .. "/out.h5"
    temp.subfolder(root .. "/images")
  end)
  teardown(temp.remove)

  local function make(rows, header)
    local lines = {header or "id,split,title,kind"}
    for i, row in ipairs(rows) do
      lines[#lines + 1] = row
      local id = row:match "^[^,]*"
      if not row:find("nopicture", 1, true) then
        assert(vs.image.save(root .. "/images/" .. id .. ".png", dataset.picture(i, 6, 8)))
      end
    end
    temp.write(root .. "/products.csv", table.concat(lines, "\n") .. "\n")
  end
  local options = {
    image = "images/{id}.png", label = "kind", split = "split", size = {3, 4}, min_count = 1,
  }

  it("a title with bytes that are not UTF-8 is written without them and counted", function()
    make {"1,train,caf\xE9 noir,cup", "2,train,caf\xC3\xA9 noir,cup", "3,train,red\xFF\xFEhat,hat",
      "4,val,\xC3,hat", "5,val,plain,hat"}
    local s = assert(data.prepare.folder(root, out, options))
    assert.equal(3, s.invalid)
    local list, set = dataset.titles(out, "train")
    assert.same({"caf\u{FFFD} noir", "caf\u{E9} noir", "red\u{FFFD}\u{FFFD}hat"}, list)
    assert.same({"<pad>", "<unk>", "caf", "caf\u{E9}", "hat", "noir", "red"}, set:vocab())
    assert.same({3, 6}, set[1].tokens:tolist())
    assert.same({"\u{FFFD}", "plain"}, (dataset.titles(out, "val")))
  end)

  it("writes what the table says", function()
    make {"1,train,A red hat,hat", "2,train,\"Cup, blue\",cup", "3,test,A green HAT,hat",
      "4,,left out,hat", "5,train,nopicture,hat", "6,val,red,cup"}
    local steps = 0
    local function progress() steps = steps + 1 end
    local s = assert(data.prepare.folder(root, out, with(options, {progress = progress})))
    assert.same({
      train = 2, val = 1, test = 1, classes = 2, vocab = 7, broken = 0, missing = 1,
      unassigned = 1, skipped = 2, invalid = 0, captions = 4,
    }, s)
    assert.equal(4, steps)
    local list, set = dataset.titles(out, "train")
    assert.same({"A red hat", "Cup, blue"}, list)
    assert.same({"cup", "hat"}, set:classes())
    assert.same({"<pad>", "<unk>", "a", "blue", "cup", "hat", "red"}, set:vocab())
    assert.same({2, 1}, set:batch({1, 2}).label:tolist())
    assert.same({3, 3, 4}, {set[1].image.shape[1], set[1].image.shape[2], set[1].image.shape[3]})
    assert.equal(2, set[2].image:max():item())
    assert.equal("2", set:id(2))
    local test = assert(data.open(out, "test"))
    assert.same({3, 2, 6}, test[1].tokens:tolist())
  end)

  it("splits by seed where there is no column, never one title across", function()
    local rows = {}
    for i = 1, 60 do
      rows[i] = ("%d,,Title %d,%s"):format(i, i // 3, i % 2 == 0 and "hat" or "cup")
    end
    make(rows)
    local s = assert(data.prepare.folder(root, out, with(options, {split = false, seed = 3})))
    assert.equal(60, s.train + s.val + s.test)
    assert.equal(21, s.groups)
    assert.matches(", 21 groups of images with equal titles", tostring(s))
    assert.is_true(s.train >= 42 and s.train <= 54 and s.val >= 3 and s.test >= 3)
    local where = {}
    for _, split in ipairs {"train", "val", "test"} do
      for _, title in ipairs(dataset.titles(out, split)) do
        assert.is_true(where[title] == nil or where[title] == split)
        where[title] = split
      end
    end
    local first = temp.read(out)
    assert(data.prepare.folder(root, out, with(options, {split = false, seed = 3})))
    assert.equal(#first, #temp.read(out))
    local again = {}
    for _, split in ipairs {"train", "val", "test"} do
      for _, title in ipairs(dataset.titles(out, split)) do again[title] = split end
    end
    assert.same(where, again)
  end)

  it("stops at a row with too few fields, naming file and line", function()
    make {"1,train,red,hat", "2,train,hat", "3,train,red,hat"}
    local s, why = data.prepare.folder(root, out, options)
    assert.is_nil(s)
    assert.matches("products.csv:3: 3 fields, the header has 4", why)
    assert.is_nil(io.open(out))
  end)

  it("stops at a broken picture, or counts it", function()
    make {"1,train,red,hat", "2,train,blue,hat"}
    local png = temp.read(root .. "/images/2.png")
    temp.write(root .. "/images/2.png", png:sub(1, #png // 2))
    local s, why = data.prepare.folder(root, out, options)
    assert.is_nil(s)
    assert.matches("images/2.png: .*%(.*products.csv, row 2%)", why)
    assert.is_nil(io.open(out))
    s = assert(data.prepare.folder(root, out, with(options, {skip_broken = true})))
    assert.equal(1, s.train)
    assert.equal(1, s.broken)
    assert.equal(1, s.skipped)
  end)

  it("tells what is missing", function()
    make {"1,train,red,hat"}
    local _, why = data.prepare.folder(root, out, with(options, {label = "sort"}))
    assert.matches("no column 'sort', expected one of id, split, title, kind (option label; "
      .. "label = false makes no classes)", why, 1, true)
    _, why = data.prepare.folder(root, out, with(options, {image = "images/{sku}.png"}))
    assert.matches("no column 'sku', expected one of id, split, title, kind (option image = "
      .. "'images/{sku}.png')", why, 1, true)
    _, why = data.prepare.folder(root, out, with(options, {id = "idd"}))
    assert.matches("no column 'idd', expected one of id, split, title, kind (option id)", why, 1,
      true)
    _, why = data.prepare.folder(root .. "/none", out, options)
    assert.matches("none/products.csv: No such file", why)
    _, why = data.prepare.folder(root, root .. "/none/out.h5", options)
    assert.matches("none/out.h5", why)
    assert.error_matches(function() data.prepare.folder(root, out, {colum = 1}) end,
      "unknown option 'colum'")
    local image = "images/{id}.gif"
    _, why = data.prepare.folder(root, out, with(options, {image = image}))
    assert.matches("products.csv: all 1 pictures are missing, the first is .*/images/1.gif", why)
  end)

  it("says when ids are the numbers of the rows", function()
    make({"1,train,red,hat", "2,val,blue,cup", "3,test,green,cup"}, "sku,split,title,kind")
    local s = assert(data.prepare.folder(root, out, with(options, {image = "images/{sku}.png"})))
    assert.matches("; no column 'id': ids are the numbers of the rows$", tostring(s))
    assert.equal("1", assert(data.open(out, "train")):id(1))
  end)

  it("makes rows of one picture one image with several captions", function()
    make {"1,train,A red hat,hat", "2,val,blue,cup"}
    local table_rows = {"id,split,title,kind", "1,train,A red hat,hat", "2,val,blue,cup",
      "1,train,\"Hat, red\",hat", "9,train,gone,hat", "2,val,a cup,cup", "1,train,red,hat"}
    local csv = root .. "/products.csv"
    temp.write(csv, table.concat(table_rows, "\n") .. "\n")
    local s = assert(data.prepare.folder(root, out, options))
    assert.same({1, 1, 0, 5, 1, 1}, {s.train, s.val, s.test, s.captions, s.missing, s.skipped})
    assert.equal("2 images (train 1, val 1, test 0), 5 captions, 2 classes, vocabulary of 5 words; "
      .. "left out: 1 missing", tostring(s))
    local list, set = dataset.titles(out, "train")
    assert.same({"A red hat", "Hat, red", "red"}, list)
    assert.equal(1, set.images)
    assert.equal("1", set:id(2))
    assert.same({"blue", "a cup"}, assert(data.open(out, "val")):captions(1))
    local function refused(row, message)
      temp.write(csv, table.concat(table_rows, "\n") .. "\n" .. row .. "\n")
      local none, why = data.prepare.folder(root, out, options)
      assert.is_nil(none)
      assert.matches(message, why, 1, true)
    end
    refused("1,train,red,cup", "products.csv: rows 1 and 7 have the same image ")
    refused("1,train,red,cup", "/images/1.png, but kind 'hat' and 'cup'")
    refused("2,train,red,cup", "rows 2 and 7 have the same image ")
    refused("2,train,red,cup", "/images/2.png, but split 'val' and 'train'")
  end)

  it("makes a table of captions alone a set without classes", function()
    local rows, pictures = {}, {}
    for i = 1, 40 do
      pictures[i] = i .. ",,first"
      rows[2 * i - 1] = ("%d,Picture number %d!"):format(i, i)
      rows[2 * i] = ("%d,%s  NUMBER %d"):format(i, i % 2 == 0 and "picture" or "Picture-",
        i + i % 2)
    end
    make(pictures)
    temp.write(root .. "/captions.csv", "id,title\n" .. table.concat(rows, "\n") .. "\n")
    local plain = {csv = "captions.csv", image = "images/{id}.png", label = false, size = {3, 4},
      min_count = 1, seed = 2}
    local s = assert(data.prepare.folder(root, out, plain))
    assert.same({40, 80, 0}, {s.train + s.val + s.test, s.captions, s.classes})
    assert.matches("^40 images %(train %d+, val %d+, test %d+%), 80 captions, no classes, ",
      tostring(s))
    assert(s.val > 0 and s.test > 0)
    local where, number = {}, {}
    for _, split in ipairs {"train", "val", "test"} do
      local list, set = dataset.titles(out, split)
      assert.is_nil(set[1].label)
      assert.same({}, set:classes())
      for i, title in ipairs(list) do
        local name = title:lower():gsub("[%p%s]", "")
        assert(where[name] == nil or where[name] == split, title)
        assert(number[set:id(i)] == nil or number[set:id(i)] == split)
        where[name], number[set:id(i)] = split, split
      end
    end
    assert.equal(number["3"], number["4"]) -- "Picture-  NUMBER 4" and "picture  NUMBER 4"
    local _, why = data.prepare.folder(root, out, with(plain, {label = "kind"}))
    assert.matches("no column 'kind', expected one of id, title", why)
  end)

  it("splits titles that differ in case alone as it always has", function()
    local rows = {}
    for i = 1, 30 do rows[i] = ("%d,,Title %d,%s"):format(i, i // 2, i % 2 == 0 and "a" or "b") end
    make(rows)
    assert(data.prepare.folder(root, out, with(options, {split = false, seed = 5})))
    local ids = {}
    for _, split in ipairs {"val", "test"} do
      local set = assert(data.open(out, split))
      for i = 1, #set do ids[#ids + 1] = split .. set:id(i) end
    end
    assert.same({"val6", "val7", "val20", "val21", "test18", "test19"}, ids)
  end)

  it("stores word vectors beside the vocabulary", function()
    make {"1,train,red hat,hat", "2,train,red cup,hat"}
    local glove = temp.write(root .. "/glove.txt", "red 1 2 3\nhat 4 5 6\n")
    local vectors = assert(vs.text.WordVectors(glove))
    local s = assert(data.prepare.folder(root, out, with(options, {vectors = vectors})))
    assert.equal(2, s.vectors_found)
    assert.equal("2 images (train 2, val 0, test 0), 2 captions, 1 class, vocabulary of 5 words, "
      .. "2 with a vector",
      tostring(s))
    local set = assert(data.open(out))
    assert.same({{4, 5, 6}, {1, 2, 3}}, set:vectors():slice(1, 4, 5):tolist())
  end)

  it("reads word vectors from a path", function()
    make {"1,train,red hat,hat", "2,train,red cup,hat"}
    local glove = temp.write(root .. "/glove.txt", "red 1 2 3\nhat 4 5 6\n")
    local s = assert(data.prepare.folder(root, out, with(options, {vectors = glove})))
    assert.equal(2, s.vectors_found)
    assert.same({{4, 5, 6}, {1, 2, 3}},
      assert(data.open(out)):vectors():slice(1, 4, 5):tolist())
    local none, why = data.prepare.folder(root, out, with(options, {vectors = root .. "/no.txt"}))
    assert.is_nil(none)
    assert.matches("no.txt: No such file", why)
    assert.error_matches(function()
      data.prepare.folder(root, out, with(options, {vectors = 7}))
    end, "data.prepare.folder: vectors is 7, expected a string or a WordVectors")
  end)

  it("leaves no split empty where classes are small", function()
    local rows = {}
    for i = 1, 4 do rows[i] = ("%d,,hat %d,kind%d"):format(i, i, i) end
    make(rows)
    for seed = 1, 5 do
      local s = assert(data.prepare.folder(root, out,
        {image = options.image, label = "kind", size = 8, seed = seed}))
      assert.same({2, 1, 1}, {s.train, s.val, s.test})
    end
  end)
end)
