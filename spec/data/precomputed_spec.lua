-- prepare.precomputed on made-up files that numpy wrote in the layout of SCAN's f30k_precomp: image
-- k has the features 100 k + 10 region + place, is 10 k wide and 20 high.
local vs = require "vesper"
local heard = require "spec.support.heard"
local sets = require "spec.support.sets"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

describe("data.prepare.precomputed", function()
  local folder, out
  before_each(function()
    folder, out = sets.copy "precomputed", temp.folder() .. "/out.h5"
  end)
  teardown(temp.remove)

  local function prepare(options)
    return vs.data.prepare.precomputed(folder, out, with({min_count = 1}, options))
  end
  local function refused(want, options) sets.refused(want, out, prepare(options)) end
  local function path(name) return folder .. "/" .. name end
  local function save(name, x) assert(vs.npy.save(path(name), x)) end
  local function drop(...)
    for _, name in ipairs {...} do assert(os.remove(path(name))) end
  end
  local function lines(name, list)
    temp.write(path(name), table.concat(list, "\n") .. (#list > 0 and "\n" or ""))
  end

  -- train with rows of two features, each image as often as `times`.
  local function flat(times, images)
    os.remove(path "train_boxes.npy")
    local rows = {}
    for i = 1, images or 4 do
      for _ = 1, times do rows[#rows + 1] = {100 * i, 100 * i + 1} end
    end
    save("train_ims.npy", vs.tensor(rows))
    return rows
  end
  local function of_train() return prepare {splits = {train = "train"}} end

  it("says how many images have the features of an image of another split", function()
    local said, s = heard(prepare, {splits = {train = "train", val = "train", test = "test"}})
    assert.equal(4, s.crossing)
    assert.matches("^vesper warning: .*: prepare.precomputed: 4 images have the features of an "
      .. "image of another split\n$", said)
  end)

  it("reads regions, boxes, captions and ids of all splits", function()
    assert.same({
      train = 4, val = 2, test = 1, classes = 0, vocab = 2 + 11, undescribed = 0, blank = 0,
      crossing = 0, cut = 0, broken = 0, invalid = 0, captions = 35,
    }, prepare())
    local list, set = sets.samples(out, "train")
    assert.same({"1001", "1002", "1003", "1004"},
      {list[1].id, list[2].id, list[3].id, list[4].id})
    assert.same({{300, 301}, {310, 311}, {320, 321}}, list[3].regions:tolist())
    assert.equal(3, list[3].region_count)
    assert.same({{0.125, 0.125, 0.5, 0.5}, {0, 0, 1, 1}, {0, 0.25, 1, 0.75}},
      (list[4].boxes * 8):round():div(8):tolist())
    assert.near(0.1, list[4].boxes[1][1]:item(), 1e-6)
    assert.equal("A red hat, no. 5 of image 2.", set:captions(2)[5])
    assert.equal("copy", set.name)
    assert.equal(20, #vs.data.open(out, "train"))
    local test = sets.samples(out, "test")
    assert.same({{700, 701}, {710, 711}, {720, 721}}, test[1].regions:tolist())
  end)

  it("steps over a byte order mark", function()
    local first = temp.read(path "train_caps.txt")
    temp.write(path "train_caps.txt", "\u{FEFF}" .. first)
    assert(prepare())
    temp.write(path "train_caps.txt", first)
    local _, set = sets.samples(out, "train")
    assert.equal(first:match "^%C+", set:captions(1)[1])
  end)

  it("counts words of train alone", function()
    assert(prepare())
    local words = {}
    for _, word in ipairs(vs.data.open(out, "test"):vocab()) do words[word] = true end
    assert.is_true(words.red and words.hat)
    assert.is_nil(words.green or words.blue or words["7"])
    assert.equal(2 + 10, prepare({min_count = 5}).vocab) -- "5" stands there four times
  end)

  it("takes other files for a split", function()
    local s = assert(prepare {splits = {train = "train", test = "testall"}, half = true})
    assert.same({4, 0, 3}, {s.train, s.val, s.test})
    assert.is_nil(vs.data.open(out, "val"))
    local test = sets.samples(out, "test")
    assert.same({900, 901}, test[3].regions[1]:float():tolist())
  end)

  it("cuts dev to its first captions", function()
    local s = assert(prepare {dev = 7})
    assert.same({4, 2, 3}, {s.train, s.val, s.cut})
    local _, set = sets.samples(out, "val")
    assert.same({5, 2}, {#set:captions(1), #set:captions(2)})
    assert.same({1, 5}, {assert(prepare {dev = 5}).val, assert(prepare {dev = 5}).cut})
    -- by default 5,000 of them, as VSE++ has it
    local texts = {}
    for i = 1, 5010 do texts[i] = "caption " .. i end
    drop("dev_boxes.npy", "dev_ids.txt")
    save("dev_ims.npy", vs.ones(1002, 2))
    lines("dev_caps.txt", texts)
    assert.same({1000, 10}, {assert(prepare()).val, assert(prepare()).cut})
    assert.same({1002, 0}, {assert(prepare {dev = false}).val, assert(prepare {dev = false}).cut})
    assert.equal(5010, #vs.data.open(out, "val"))
  end)

  it("takes one of five rows where each image is repeated", function()
    flat(5)
    local s = assert(of_train())
    assert.equal(4, s.train)
    local list, set = sets.samples(out, "train")
    assert.same({300, 301}, list[3].feature:tolist())
    assert.equal("1003", list[3].id)
    assert.equal(5, #set:captions(3))
  end)

  it("asks the ids of all rows before the features", function()
    local rows, ids = flat(5), {}
    for i, row in ipairs(rows) do
      row[2], ids[i] = i, "id " .. (i - 1) // 5
    end
    save("train_ims.npy", vs.tensor(rows))
    lines("train_ids.txt", ids)
    assert.equal(4, assert(of_train()).train)
    local list = sets.samples(out, "train")
    assert.same({200, 6}, list[2].feature:tolist())
    assert.equal("id 1", list[2].id)
    -- ids of captions say nothing, and these rows differ
    for i in ipairs(rows) do ids[i] = "caption " .. i end
    lines("train_ids.txt", ids)
    assert.equal(20, assert(of_train()).train)
    list = sets.samples(out, "train")
    assert.same({"caption 20", 400, 20},
      {list[20].id, list[20].feature[1]:item(), list[20].feature[2]:item()})
    -- unless it is said
    assert.equal(4, assert(prepare {splits = {train = "train"}, repeated = true}).train)
  end)

  it("takes images with one caption each", function()
    flat(1, 20)
    drop "train_ids.txt"
    assert.equal(20, assert(of_train()).train)
    local list, set = sets.samples(out, "train")
    assert.same({700, 701}, list[7].feature:tolist())
    assert.same({"A red hat, no. 2 of image 2."}, set:captions(7))
    flat(5)
    assert.equal(4, assert(of_train()).train)
    assert.equal(20, assert(prepare {splits = {train = "train"}, repeated = false}).train)
    -- two captions an image
    flat(1, 10)
    assert.equal(10, assert(prepare {splits = {train = "train"}, captions = 2}).train)
  end)

  it("reads boxes of repeated rows, or of the images", function()
    local ims = assert(vs.npy.load(path "train_ims.npy"))
    save("train_ims.npy", vs.cat({ims, ims, ims, ims, ims}, 2):reshape(20, 3, 2))
    for _, times in ipairs {1, 5} do
      local boxes, frames = {}, {}
      for i = 1, 4 do
        for _ = 1, times do
          boxes[#boxes + 1] = {{0, 0, i, i}, {0, 0, 0, 0}, {0, 0, 8, 4}}
          frames[#frames + 1] = {8, 4}
        end
      end
      save("train_boxes.npy", vs.tensor(boxes, {dtype = "int64"}))
      save("train_img_sizes.npy", vs.tensor(frames))
      assert.equal(4, assert(of_train()).train)
      local list = sets.samples(out, "train")
      assert.same({{0, 0, 0.25, 0.5}, {0, 0, 0, 0}, {0, 0, 1, 1}}, list[2].boxes:tolist())
      assert.same({{200, 201}, {210, 211}, {220, 221}}, list[2].regions:tolist())
    end
    drop "train_boxes.npy"
    assert(of_train())
    assert.is_nil(sets.samples(out, "train")[1].boxes)
  end)

  it("takes other dtypes and orders of arrays", function()
    flat(1)
    local x = vs.tensor {{1, 2}, {3, 4}, {5, 6}, {7, 8.5}}
    for _, dtype in ipairs {"float64", "float16"} do
      save("train_ims.npy", x:to(dtype))
      assert(of_train())
      assert.same({7, 8.5}, sets.samples(out, "train")[4].feature:tolist())
    end
    temp.write(path "train_ims.npy", "\x93NUMPY\1\0" .. string.pack("<s2",
      "{'descr': '<f4', 'fortran_order': True, 'shape': (4, 2), }\n")
      .. string.pack("<ffffffff", 1, 3, 5, 7, 2, 4, 6, 8.5))
    assert(of_train())
    assert.same({7, 8.5}, sets.samples(out, "train")[4].feature:tolist())
  end)

  it("leaves out captions without a word, and mends bytes", function()
    local texts = {}
    for line in io.lines(path "train_caps.txt") do texts[#texts + 1] = line .. "\r" end
    for i = 1, 5 do texts[i] = i == 3 and " \t" or "" end
    texts[7], texts[20] = "", "caf\xE9"
    lines("train_caps.txt", texts)
    local s = assert(prepare())
    assert.same({3, 1, 6, 1}, {s.train, s.undescribed, s.blank, s.invalid})
    local list, set = sets.samples(out, "train")
    assert.same({"1002", {{200, 201}, {210, 211}, {220, 221}}},
      {list[1].id, list[1].regions:tolist()})
    assert.same({"A red hat, no. 1 of image 2.", "A red hat, no. 3 of image 2."},
      {set:captions(1)[1], set:captions(1)[2]})
    assert.equal("caf\u{FFFD}", set:captions(3)[5])
  end)

  it("never holds an array in memory", function()
    drop("dev_boxes.npy", "dev_ids.txt")
    local n, d = 64, 1 << 16
    save("dev_ims.npy", vs.ones(n, d)) -- 16 MiB
    lines("dev_caps.txt", {("a hat\n"):rep(n - 1) .. "a hat"})
    collectgarbage()
    local before, most = vs.memory(), 0
    local function look()
      collectgarbage() -- what stays is what is held
      most = math.max(most, vs.memory().live)
    end
    assert(vs.data.prepare.precomputed(folder, out, {splits = {train = "dev"}, repeated = false,
      progress = look}))
    local more = most - before.live
    assert.is_true(most > 0 and more < 8 << 20, ("%d bytes"):format(more))
  end)

  it("names files that are missing, cut, or of another kind", function()
    local whole = temp.read(path "dev_ims.npy")
    sets.cut(path "dev_ims.npy", #whole - 1)
    refused "dev_ims.npy: truncated: <f4 [2,3,2] takes 48 bytes, the file has 47"
    sets.cut(path "dev_ims.npy", 40)
    refused "dev_ims.npy: truncated"
    temp.write(path "dev_ims.npy", "")
    refused "dev_ims.npy: "
    save("dev_ims.npy", vs.zeros(2, 3, 2):to "int64")
    refused "dev_ims.npy: is int64, expected float32, float64 or float16"
    save("dev_ims.npy", vs.zeros(2, 3, 2, 1))
    refused "dev_ims.npy: is [2,3,2,1], expected [N,D] or [N,R,D]"
    save("dev_ims.npy", vs.zeros(0, 2))
    refused "dev_ims.npy: is [0,2], expected"
    save("dev_ims.npy", vs.zeros(2, 3, 4))
    refused "dev_ims.npy: is [2,3,4], expected 2 values as in another split"
    temp.write(path "dev_ims.npy", (whole:gsub("<f4", "|O8", 1)))
    refused "dev_ims.npy: dtype '|O8' is not supported"
    temp.write(path "dev_ims.npy", whole:sub(1, -5) .. string.pack("<f", 0 / 0))
    refused "dev_ims.npy, row 2: has values that are not finite"
    temp.write(path "dev_ims.npy", whole)
    for _, name in ipairs {"dev_ims.npy", "test_caps.txt", "train_img_sizes.npy"} do
      local bytes = temp.read(path(name))
      drop(name)
      refused(name .. ": No such file or directory")
      temp.write(path(name), bytes)
    end
    temp.subfolder(path "more_caps.txt")
    os.rename(path "test_ims.npy", path "more_ims.npy")
    refused("more_caps.txt: Is a directory", {splits = {train = "train", test = "more"}})
    folder = folder .. "/none"
    refused "none/test_ims.npy: No such file"
  end)

  it("names counts that do not fit", function()
    local texts = {}
    for line in io.lines(path "train_caps.txt") do texts[#texts + 1] = line end
    texts[21] = "one more"
    lines("train_caps.txt", texts)
    refused "train_caps.txt: has 21 captions for the 4 rows of "
    refused "train_ims.npy, expected 20 or 4"
    lines("train_caps.txt", {})
    refused "train_caps.txt: has 0 captions for"
    texts[21] = nil
    texts[9] = ("long "):rep(13200)
    lines("train_caps.txt", texts)
    refused "train_caps.txt, line 9: has 66000 bytes, expected at most 65535"
    texts[9] = "short"
    lines("train_caps.txt", texts)
    lines("train_ids.txt", {"1", "2", "3"})
    refused "train_ids.txt: has 3 ids, expected 4"
    drop "train_ids.txt"
    save("train_boxes.npy", vs.zeros(4, 2, 4))
    refused "train_boxes.npy: is [4,2,4], expected [4,3,4] for [4,3,2] of "
    save("train_boxes.npy", vs.zeros(3, 3, 4))
    refused "train_boxes.npy: is [3,3,4], expected [4,3,4]"
    save("train_boxes.npy", vs.zeros(4, 3, 4):bool())
    refused "train_boxes.npy: is bool, expected numbers"
    save("train_boxes.npy", vs.full({4, 3, 4}, math.huge))
    refused "train_boxes.npy, row 1: has values that are not finite"
    save("train_boxes.npy", vs.zeros(4, 3, 4))
    save("train_img_sizes.npy", vs.ones(4, 3))
    refused "train_img_sizes.npy: is [4,3], expected [4,2]"
    save("train_img_sizes.npy", vs.tensor {{1, 2}, {3, 4}, {5, 0}, {7, 8}})
    refused "train_img_sizes.npy, row 3: size is 5 x 0, expected numbers > 0"
    assert(prepare {boxes = false})
    os.remove(out)
    for _, name in ipairs {"train", "dev", "test"} do
      local n = vs.npy.load(path(name .. "_ims.npy")).shape[1]
      save(name .. "_ims.npy", vs.zeros(n, 2))
    end
    refused "test_boxes.npy: boxes need regions, but "
    assert(prepare {boxes = false})
  end)

  it("refuses seven rows for five captions each", function()
    flat(1, 7)
    lines("train_caps.txt", {"a", "b", "c", "d", "e", "f", "g"})
    drop "train_ids.txt"
    assert.equal(7, assert(of_train()).train)
    os.remove(out)
    refused("train_ims.npy: has 7 rows, expected a multiple of 5", {repeated = true})
  end)

  it("raises for options that make no sense", function()
    local function raises(options, want)
      assert.error_matches(function() prepare(options) end, want)
    end
    raises({size = 64}, "unknown option 'size'")
    raises({captions = 0}, "captions is 0, expected an integer")
    raises({dev = 0.5}, "dev is 0.5, expected an integer")
    raises({repeated = 5}, "repeated is 5, expected true or false")
    raises({splits = {val = "dev"}}, "splits.train is nil")
  end)
end)
