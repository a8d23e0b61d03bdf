-- prepare.folder's option without_label_words: captions that do not state their label.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local fails = require "spec.support.fails"
local label_words = require "vesper.data.label_words"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

describe("label_words.remove", function()
  local function left(caption, ...)
    return (label_words.remove(caption, label_words.set {...}))
  end

  it("takes out words without case, in singular and plural", function()
    assert.equal("a hat", left("A RED hat", "Red"))
    assert.equal("a of", left("A pair of shoes", "Shoe", "PAIRS"))
    assert.equal("men running", left("Men Sports running", "sport"))
    assert.equal("two", left("two dresses", "dress"))
    assert.equal("the", left("the dress", "Dresses"))
    assert.equal("one", left("one box", "boxes"))
    assert.equal("a", left("a watch", "Watches"))
    assert.equal("s of the", left("s of the body", "Bodies"))
    assert.equal("the is nice", left("The woman's is nice", "womans"))
    assert.equal("a glass", left("a glass", "Glas"))
  end)

  it("finds a label that is written as one word or as several", function()
    for _, label in ipairs {"T-Shirts", "tshirt", "T shirt"} do
      for _, title in ipairs {"men tshirts", "Men T-Shirt", "men t shirts"} do
        assert.equal("men", left(title, label), title .. " / " .. label)
      end
    end
    assert.equal("", left("Navy Blue", "Navy Blue"))
    assert.equal("bag", left("Blue bag", "Navy Blue"))
  end)

  it("leaves other words, and says how many it took", function()
    assert.same({"reddish hat bus stop", 0}, {label_words.remove("Reddish hat, bus stop",
      label_words.set {"Red"})})
    assert.same({"and", 3}, {label_words.remove("red and RED reds", label_words.set {"Red"})})
    assert.same({"", 0}, {label_words.remove("", label_words.set {"Red"})})
    assert.same({"red hat", 0}, {label_words.remove("red hat", label_words.set {""})})
    assert.equal("caf\u{E9}", left("Caf\u{E9} \u{C9}t\u{E9}", "\u{E9}t\u{E9}"))
  end)
end)

describe("prepare.folder without the words of the label", function()
  local root, out
  before_each(function()
    root = temp.folder()
    out = root .. "/out.h5"
    temp.subfolder(root .. "/images")
  end)
  teardown(temp.remove)

  local function make(rows)
    for i, row in ipairs(rows) do
      local id = row:match "^[^,]*"
      assert(vs.image.save(root .. "/images/" .. id .. ".png", dataset.picture(i, 6, 8)))
    end
    temp.write(root .. "/products.csv", "id,split,title,colour,kind\n"
      .. table.concat(rows, "\n") .. "\n")
  end
  local ROWS = {"1,train,Red Hat by Blue Inc,Red,Hats", "2,train,\"Blue hats, big\",Blue,Hats",
    "3,train,Plain cup,Red,Cups", "4,val,RED,Red,Hats", "5,test,Cups: navy blue,Navy Blue,Cups"}
  local options = {image = "images/{id}.png", label = "colour", split = "split", size = {3, 4},
    min_count = 1}

  local function titles(more)
    local summary = assert(data.prepare.folder(root, out, with(options, more)))
    local all = {}
    for _, split in ipairs {"train", "val", "test"} do
      for _, title in ipairs((dataset.titles(out, split))) do all[#all + 1] = title end
    end
    return all, summary
  end

  it("has other captions, vocabulary and summary", function()
    make(ROWS)
    local plain, its = titles()
    assert.equal("Red Hat by Blue Inc", plain[1])
    assert.same({nil, nil}, {its.reduced, its.majority})
    local all, summary = titles {without_label_words = true}
    assert.same({"hat by blue inc", "hats big", "plain cup", "", "cups"}, all)
    assert.same({4, 60}, {summary.reduced, summary.majority})
    assert.matches("4 captions lost words of their label, the largest class has 60.0 %% of the "
      .. "images", tostring(summary))
    local set = assert(data.open(out, "train"))
    assert.same({"<pad>", "<unk>", "big", "blue", "by", "cup", "hat", "hats", "inc", "plain"},
      set:vocab())
    assert.same({"Blue", "Navy Blue", "Red"}, set:classes())
    local batch = assert(data.open(out, "val")):batch {1}
    assert.same({{2}, {1}}, {batch.tokens:flatten():tolist(), batch.lengths:tolist()})
  end)

  it("takes out the values of columns, or the words of every label", function()
    make(ROWS)
    assert.same({"by blue inc", "big", "plain", "", ""},
      (titles {without_label_words = {"colour", "kind"}}))
    assert.same({"red by blue inc", "blue big", "plain", "red", "navy blue"},
      (titles {without_label_words = {"kind"}}))
    assert.same({"hat by inc", "hats big", "plain cup", "", "cups"},
      (titles {without_label_words = "all"}))
  end)

  it("takes the words of each row of an image, and puts equal remainders into one split", function()
    make {"1,,Red one,Red,Hats", "1,,big red hat,Red,Hats"}
    assert.same({"one", "big hat"}, (titles {split = false, without_label_words = true}))
    local rows = {}
    for i = 1, 40 do
      local colour = i % 2 == 0 and "Red" or "Blue"
      rows[i] = ("%d,,%s thing %d,%s,x"):format(i, colour, (i + 1) // 2, colour)
    end
    make(rows)
    local _, summary = titles {split = false, without_label_words = true}
    assert.equal(20, summary.groups)
    _, summary = titles {split = false}
    assert.equal(40, summary.groups)
  end)

  it("names what is wrong with the option", function()
    make(ROWS)
    local found, why = data.prepare.folder(root, out, with(options,
      {without_label_words = {"color"}}))
    assert.is_nil(found)
    assert.matches("no column 'color', expected one of id, split, title", why, 1, true)
    local function refused(words, more)
      fails("prepare.folder: without_label_words is " .. words, data.prepare.folder, root, out,
        with(options, more))
    end
    refused("true, but there is no label", {label = false, without_label_words = true})
    refused("'some', expected true, 'all' or a list", {without_label_words = "some"})
    refused("a table, expected true", {without_label_words = {}})
  end)
end)
