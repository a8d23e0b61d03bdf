-- Broken HDF5 files: one clear message each, never a crash.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"

-- What is searched for and patched in the file.
local function int32(...) return string.pack("<" .. ("i4"):rep(select("#", ...)), ...) end
local function int64(...) return string.pack("<" .. ("i8"):rep(select("#", ...)), ...) end

local function refused(path, pattern, split)
  local set, why = data.open(path, split or "train")
  assert.is_nil(set)
  assert.is_string(why)
  assert.equal(path .. ": ", why:sub(1, #path + 2))
  assert.matches(pattern, why)
end

describe("a broken data-set file", function()
  local folder, path
  setup(function()
    folder = temp.folder()
    path = folder .. "/whole.h5"
    local w = assert(data.Writer(path, {
      classes = dataset.classes, vocab = dataset.words, vectors = vs.ones(7, 2),
    }))
    local captions = {{"a a red red hat hat", "a"}, {"blue"}, {"cup cup"}, {"hat"}, {"red"}}
    for i, list in ipairs(captions) do
      assert(w:add("train", {image = dataset.picture(i), label = i % 2 + 1, captions = list}))
    end
    assert(w:close())
  end)
  teardown(temp.remove)

  it("is fine before it is broken", function() assert.equal(6, #assert(data.open(path))) end)

  it("is not HDF5 at all", function()
    refused(temp.write(folder .. "/text.h5", "id,title\n1,hat\n"), "not an HDF5 file %(15 bytes%)")
    refused(temp.write(folder .. "/empty.h5", ""), "not an HDF5 file %(0 bytes%)")
    refused(folder, "not a file")
  end)

  it("is truncated, wherever it was cut", function()
    local bytes = temp.read(path)
    for _, part in ipairs {0.001, 0.1, 0.5, 0.9, 0.999} do
      local cut = temp.write(folder .. "/cut.h5", bytes:sub(1, (#bytes * part) // 1))
      refused(cut, part < 0.01 and "HDF5 file" or "truncated file")
    end
  end)

  it("has a wrong byte in its structure, which checksums tell", function()
    refused(temp.patched(path, "vesper-dataset", "juniper-bucket"), "checksum")
  end)

  it("holds a token beyond the vocabulary, or below 0", function()
    local row = {2, 2, 6, 6, 5, 5}
    local old = int32(table.unpack(row))
    row[4] = 7
    refused(temp.patched(path, old, int32(table.unpack(row))),
      "train/caption/tokens: token 4 is 7, not in 0%.%.6")
    row[4] = -1
    refused(temp.patched(path, old, int32(table.unpack(row))),
      "train/caption/tokens: token 4 is %-1, not in 0%.%.6")
  end)

  it("holds a label beyond the classes", function()
    refused(temp.patched(path, int32(1, 0, 1, 0, 1), int32(1, 0, 2, 0, 1)),
      "train/label: row 3 is 2, not in 0%.%.1")
  end)

  it("holds offsets that fall, or do not end at the last token", function()
    local old = int64(0, 6, 7, 8, 10, 11, 12)
    refused(temp.patched(path, old, int64(0, 8, 7, 8, 10, 11, 12)),
      "train/caption/offset: row 3 is less than the row before it")
    refused(temp.patched(path, old, int64(0, 6, 7, 8, 10, 11, 11)),
      "train/caption/offset: does not go from 0 to 12")
    refused(temp.patched(path, old, int64(0, 6, 7, 8, 10, 99, 12)),
      "train/caption/offset: row 6 is 99, not in 0%.%.12")
  end)

  it("holds a caption of an image that is not there", function()
    refused(temp.patched(path, int64(0, 0, 1, 2, 3, 4), int64(0, 0, 1, 2, 3, 5)),
      "train/caption/image: row 6 is 5, not in 0%.%.4")
  end)

  it("never crashes, whichever byte is wrong", function()
    local bytes = temp.read(path)
    local opened = 0
    for i = 1, 300 do
      local at = (i * 7919 * 13) % #bytes + 1
      local byte = string.char(bytes:byte(at) ~ (1 << i % 8))
      local changed = bytes:sub(1, at - 1) .. byte .. bytes:sub(at + 1)
      local broken = temp.write(folder .. "/bytes.h5", changed)
      local set, why = data.open(broken)
      if set then
        opened = opened + 1
        local fine, batch = pcall(set.batch, set, {1, 2, 3, 4, 5})
        assert.is_true(fine or type(batch) == "string")
      else
        assert.is_string(why)
      end
    end
    assert.is_true(opened > 0 and opened < 300)
  end)
end)

describe("a file of another hand", function()
  local function fixture(name) return "spec/fixtures/io/" .. name .. ".h5" end

  it("is read: other integers, strings of varying length, half floats, old format", function()
    local set = assert(data.open(fixture "foreign"))
    assert.same({"cup", "hat"}, set:classes())
    assert.same({"<pad>", "<unk>", "red"}, set:vocab())
    assert.equal(0.5, set:attrs().rate)
    local b = set:batch {2, 1}
    assert.same({"très red", "red"}, b.text)
    assert.same({{2, 3}, {3, 1}}, b.tokens:tolist())
    assert.same({1, 2}, b.image_index:tolist())
    assert.same({2, 1}, b.label:tolist())
    assert.same({0, 1}, b.image[1][1][1]:tolist())
    assert.same({{{0.5, -2}}, {{65504, 2 ^ -24}}}, b.regions:tolist())
    assert.same({1, 1}, b.region_count:tolist())
    assert.equal("bb", set:id(1))
  end)

  for name, pattern in pairs {
    other = 'not a vesper data set: its attribute format is missing, not "vesper%-dataset"',
    version = "attribute version: only version 1 is supported",
    huge = "train/image: is written in part: of the shape %[1000000000,3,640,480%] the file",
    dense = "train/image: is written in part: of the shape %[1000000000,3,4,4%] the file holds %d",
    parts = "train/label: is written in part: of the shape %[10%] the file holds 16 bytes",
    zero_name = "attribute name: has a zero byte",
    grey = "train/image: is %[2,1,4,4%] of 1%-byte integers, expected uint8 %[N,3,H,W%]",
    wide = "train/image: is %[2,3,4,4%] of 2%-byte integers, expected uint8 %[N,3,H,W%]",
    tags = "train/tags: is %[2,3%], expected %[N,2%] for the 2 names in tags",
    flat = "train/image: shape is %[2,48%], expected 4 dimensions",
    short = "train/label: 3 rows, expected 2",
    noimage = "train/image: no such data set",
    chunk = "train/image: chunks of 960000000 bytes, the file holds 96",
    nooffset = "train/caption/offset: no such data set",
    outside = "train/image: is a link to another file, which is not supported: 'foreign.h5'",
    large = "attribute id is greater than 2%^63%-1",
  } do
    it("is refused: " .. name, function() refused(fixture(name), pattern) end)
  end

  it("follows links inside the file", function()
    for _, split in ipairs {"train", "val"} do
      local set = assert(data.open(fixture "links", split))
      assert.same({2, 1}, set:batch {1, 2}.label:tolist())
      assert.same({"cup", "hat"}, set:classes())
    end
    local f = assert(vs.io.h5(fixture "links"))
    assert.same({1, 0}, f:read "val/label":tolist())
    assert.is_nil(f:read "val/none")
  end)

  it("refuses links that lead out of the file, nowhere or in a circle", function()
    local path = fixture "links"
    refused(path, "nowhere/label: is a link to something that is not there: '/store/lost'",
      "nowhere")
    refused(path, "circle/label: links lead in a circle", "circle")
    refused(path, "away/label: is a link to another file, .*: 'foreign.h5'", "away")
    refused(path, "gone: is a link to another file, .*: 'foreign.h5'", "gone")
    refused(path, 'no split "none"; it has away, circle, nowhere, store, train, val', "none")
  end)

  it("is read where it was written in part, the rest being fill values", function()
    local f = assert(vs.io.h5(fixture "parts"))
    assert.is_true(f:info "rows".partial)
    assert.is_nil(f:info "half".partial)
    local rows = f:read "rows"
    assert.same({100, 4}, rows.shape)
    assert.same({{7, 7, 7, 7}, {0, 1, 2, 3}}, rows:slice(1, 20, 21):tolist())
    assert.same(rows:slice(1, 23, 27):tolist(), f:read("rows", 23, 27):tolist())
    assert.same({{0, 0}, {0, 0}, {0, 0}}, f:read "nothing":tolist())
    assert.same({1.5, 0}, {f:read "packed"[10][2]:item(), f:read "packed"[11][2]:item()})
    assert.same({"a", "bc", "", "", ""}, f:read "ids")
    refused(fixture "parts", "val/image: is written in part: of the shape %[10,3,2,2%] the file "
      .. "holds 84 bytes", "val")
    assert.equal(4, #assert(data.open(fixture "parts", "test")))
    -- no memory by a shape that has no bytes in the file
    f = assert(vs.io.h5(fixture "huge"))
    assert.same({1, 3, 640, 480}, f:read("train/image", 7, 7).shape)
    local none, why = f:read("train/image")
    assert.is_nil(none)
    assert.matches("train/image: is written in part: 1000000000 rows are more than the file holds",
      why, 1, true)
  end)

  it("is read where a data set is a scalar", function()
    local f = assert(vs.io.h5(fixture "parts"))
    assert.same({}, f:info "number".shape)
    assert.same({"int64", {}, -3}, {f:read "number".dtype, f:read "number".shape,
      f:read "number":item()})
    assert.equal(0.5, f:read "half":item())
    assert.is_true(f:read("yes", 1, 1):item())
    assert.same({"red"}, f:read "word")
    assert.error_matches(function() f:read("number", 1, 2) end, "rows 1 to 2 are not in 1..1")
    assert.matches("empty: has no elements", select(2, f:read "empty"))
  end)

  it("has attributes with zero bytes as they are", function()
    assert.equal("a\0b", assert(data.open(fixture "parts", "test")):attrs().zero)
  end)

  it("is read with numbers, strings and booleans as they are", function()
    local f = assert(vs.io.h5(fixture "values"))
    assert.same({1, math.maxinteger}, f:read "ids":tolist())
    local none, why = f:read "large"
    assert.is_nil(none)
    assert.matches("large: rows 1 to 2 have a number that signed integers of 8 bytes cannot hold",
      why)
    assert.same({1}, f:read("large", 1, 1):tolist())
    assert.same({"a\0b", "\0c", "abc", ""}, f:read "bytes")
    assert.same({"a", "b  "}, f:read "ended")
    assert.same({"a\0b", " b"}, f:read "spaced")
    local x = f:read "bool"
    assert.equal("bool", x.dtype)
    assert.same({{true, false}, {false, true}}, x:tolist())
    assert.equal("booleans", f:info "bool".kind)
    assert.equal("other", f:info "colour".kind)
    local set = assert(data.open(fixture "tagged"))
    assert.same({{1, 0}, {1, 1}}, set:batch {1, 2}.tags:tolist())
  end)

  -- The old format has no checksums.  These are foreign.h5 with one byte changed.
  for _, name in ipairs {"attribute-crashes", "group-crashes", "endless", "much-memory"} do
    it("is refused where libhdf5 breaks on it: " .. name, function()
      refused("spec/fuzz/found/h5/" .. name, "damaged %(libhdf5 ")
    end)
  end
end)

describe("reading one file many times", function()
  teardown(temp.remove)

  it("works from several handles at once", function()
    local path = dataset.write(temp.folder() .. "/toy.h5", 9, {compress = 6})
    for _ = 1, 50 do
      local a <close> = assert(data.open(path, "train"))
      local b <close> = assert(data.open(path, "val"))
      assert.equal(9, a:batch({9}).image:max():item())
      assert.equal(2, b:batch({2}).image:max():item())
    end
  end)
end)
