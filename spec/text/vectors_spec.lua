-- Word vectors: text formats, fastText models (against the program's own output), broken files.
local vs = require "vesper"
local temp = require "spec.support.temp"

local WordVectors, Vocab = vs.text.WordVectors, vs.text.Vocab

local folder, dir = "spec/fixtures/text/", temp.folder()
teardown(temp.remove)

local written = 0
local function write(content, ending)
  written = written + 1
  return temp.write(("%s/%d%s"):format(dir, written, ending or ".txt"), content)
end

local function refused(path, pattern)
  local wv, message = WordVectors(path)
  assert.is_nil(wv)
  assert.matches(pattern, message)
end

local function near(want, got, limit)
  assert.equal(#want, #got)
  for i, w in ipairs(want) do
    assert(math.abs(w - got[i]) <= limit, ("number %d is %.9g, expected %.9g"):format(i, got[i], w))
  end
end

local glove = "the 0.5 -1 2e-1\nhat 1 2 3\n. . 4 5 6\ncafé -0.25 +7 1E2\n2008 0 0 1\n"

describe("text.WordVectors, text files", function()
  it("reads GloVe lines, numbers from the right", function()
    local wv = assert(WordVectors(write(glove)))
    assert.equal(5, #wv)
    assert.equal(3, wv:dim())
    assert.matches("5 words, 3 numbers", tostring(wv))
    near({0.5, -1, 0.2}, wv:vector "the":tolist(), 1e-7)
    assert.same({4, 5, 6}, wv:vector ". .":tolist())
    assert.same({-0.25, 7, 100}, wv:vector "café":tolist())
    assert.same({0, 0, 1}, wv:vector "2008":tolist())
    assert.is_nil(wv:vector "zebra")
    assert.is_true(wv:has "hat")
    assert.is_false(wv:has "Hat")
    assert.equal(vs.zeros(1).dtype, wv:vector "hat".dtype)
  end)

  it("steps over a byte order mark", function()
    local wv = assert(WordVectors(write("\u{FEFF}" .. glove)))
    assert.same({#wv, true}, {5, wv:has "the"})
    wv = assert(WordVectors(write("\u{FEFF}2 3\nred 1 2 3\nhat 4 5 6\n", ".vec")))
    assert.same({4, 5, 6}, wv:vector "hat":tolist())
    refused(write "\u{FEFF}", "the file is empty")
  end)

  it("reads word2vec and fastText .vec files with a first line of sizes", function()
    local wv = assert(WordVectors(write("2 3\nred 1 2 3 \nhat 4 5 6 \r\n", ".vec")))
    assert.equal(2, #wv)
    assert.same({4, 5, 6}, wv:vector "hat":tolist())
    local real = assert(WordVectors(folder .. "hats.vec"))
    assert.equal(42, #real)
    assert.equal(4, real:dim())
    assert.equal(1, assert(WordVectors(write "2 1\na 5\nb 7\n")):dim())
  end)

  it("reads a last line without its end, and takes the first of a repeated word", function()
    local wv = assert(WordVectors(write "a 1 2\nb 3 4\na 5 6\nc 7 8"))
    assert.equal(3, #wv)
    assert.same({1, 2}, wv:vector "a":tolist())
    assert.same({7, 8}, wv:vector "c":tolist())
  end)

  it("reads numbers as Lua does", function()
    local numbers = {"0", "-0.0", "1", "0.1", "123456.789", "1e-30", "-2.5E+3", "3.4028234e38",
      "1e-45", "0.000012345678901234567890123", "12345678901234567890123", "-.5", "5.",
      "9007199254740993", "1.17549435e-38", "0.30000001192092896"}
    local lines = {}
    for i, s in ipairs(numbers) do lines[i] = "w" .. i .. " " .. s .. " 1" end
    local wv = assert(WordVectors(write(table.concat(lines, "\n"))))
    for i, s in ipairs(numbers) do
      local want = string.unpack("f", string.pack("f", tonumber(s)))
      assert.equal(want, wv:vector("w" .. i)[1]:item(), s)
    end
  end)

  it("does not depend on the number of threads", function()
    local lines = {}
    for i = 1, 40000 do lines[i] = ("w%d %d %d.5 -%d"):format(i, i, i % 7, i % 11) end
    local wv = assert(WordVectors(write(table.concat(lines, "\n") .. "\n")))
    assert.equal(40000, #wv)
    for i = 1, 40000, 997 do
      assert.same({i, i % 7 + 0.5, -(i % 11)}, wv:vector("w" .. i):tolist())
    end
    lines[39000], lines[39500] = "w 1 2", "v 1"
    refused(write(table.concat(lines, "\n")), "%.txt:39000: 2 numbers, the first line has 3")
  end)

  it("names file and line of a broken line", function()
    refused(write "a 1 2 3\nb 1 2\n", "%.txt:2: 2 numbers, the first line has 3")
    refused(write "a 1 2 3\nb 1 2 3 4\n", "%.txt:2: 4 numbers, the first line has 3")
    refused(write "a 1 2 3\nb\n", "%.txt:2: 0 numbers, the first line has 3")
    refused(write "a 1 2 3\n7 1 2\n", "%.txt:2: 2 numbers, the first line has 3")
    refused(write "a 1 2 3\nb 1 x 3\n", "%.txt:2: \"x\" is not a number")
    refused(write "a 1 2 3\nb 1 nan 3\n", "%.txt:2: \"nan\" is not a number")
    refused(write "a 1 2 3\nb 1 1e999 3\n", "%.txt:2: \"1e999\" is not a number")
    refused(write "a 1 2 3\n\nb 1 2 3\n", "%.txt:2: empty line")
    refused(write("2 3\na 1 2 3\nb 1 2\n", ".vec"), "%.vec:3: 2 numbers, the first line says 3")
    refused(write("3 3\na 1 2 3\nb 1 2 3\n", ".vec"), "line 1 says 3 words, but 2 lines follow")
    refused(write "2 0\na\nb\n", "no numbers")
    refused(write "", "the file is empty")
    refused(write "just some text\n", "no numbers on line 1")
    refused(write("\0\1\2\255"), "no numbers on line 1")
    refused("/nowhere/glove.txt", "^/nowhere/glove.txt: No such file")
    refused("spec", "not a file")
  end)

  it("allocates nothing for what a file cannot hold", function()
    refused(write("w" .. (" 1"):rep(20000) .. "\n" .. ("w 1\n"):rep(50000)),
      "%.txt:2: 1 numbers, the first line has 20000")
    refused(write "5 999999999999\na 1 2\n", "line 1 says 5 words")
    refused(write "1 999999999999\na 1 2\n", ":2: 2 numbers, the first line says 999999999999")
  end)
end)

describe("WordVectors:matrix", function()
  local wv = assert(WordVectors(write(glove)))
  local vocab = Vocab.build {"the red hat", "a café"}

  it("has a row for each id: zeros, numbers drawn, or the word's vector", function()
    local m, found = wv:matrix(vocab, {seed = 3})
    assert.equal(3, found)
    assert.same({#vocab, 3}, {m.shape[1], m.shape[2]})
    assert.same({0, 0, 0}, m[1]:tolist())
    assert.same({1, 2, 3}, m[vocab:id "hat"]:tolist())
    assert.same({-0.25, 7, 100}, m[vocab:id "café"]:tolist())
    assert.is_true(m[2]:abs():sum():item() > 0)
  end)

  it("draws the same numbers for the same seed", function()
    local a, b = wv:matrix(vocab, {seed = 3}), wv:matrix(vocab, {seed = 3})
    assert.is_true(a:eq(b):all())
    assert.is_false(a:eq((wv:matrix(vocab, {seed = 4}))):all())
    vs.manual_seed(5)
    local c, d = wv:matrix(vocab), wv:matrix(vocab)
    assert.is_false(c:eq(d):all())
    vs.manual_seed(5)
    assert.is_true(c:eq((wv:matrix(vocab))):all())
  end)

  it("draws with the scale asked for", function()
    local words = {}
    for i = 1, 3000 do words[i] = "word" .. i end
    local big = Vocab.build {table.concat(words, " ")}
    local m, found = wv:matrix(big, {scale = 0.5, seed = 1})
    assert.equal(0, found)
    local drawn = m:slice(1, 2, #big)
    assert.near(0, drawn:mean():item(), 0.02)
    assert.near(0.25, drawn:square():mean():item(), 0.01)
  end)

  it("refuses other types and options", function()
    assert.error_matches(function() wv:matrix(7) end, "expected a Vocab")
    assert.error_matches(function() wv:matrix(vocab, {std = 1}) end, "unknown option 'std'")
    assert.error_matches(function() wv:matrix(vocab, {scale = "a"}) end, "scale is a string")
    assert.error_matches(function() wv:matrix(vocab, {seed = 0.5}) end, "seed")
  end)
end)

describe("WordVectors:nearest", function()
  local wv = assert(WordVectors(write "a 1 0\nb 2 0.1\nc 0 1\nd -1 0\ne 1 0\nzero 0 0\n"))

  it("lists other words by cosine", function()
    local list = wv:nearest("a", 3)
    assert.same({"e", "b", "c"}, {list[1].word, list[2].word, list[3].word})
    assert.near(1, list[1].score, 1e-6)
    assert.near(2 / math.sqrt(4.01), list[2].score, 1e-6)
    assert.equal(5, #wv:nearest("a", 100))
  end)

  it("gives nil and a message for a word it does not know", function()
    local list, message = wv:nearest "zebra"
    assert.is_nil(list)
    assert.matches("zebra", message)
    assert.error_matches(function() wv:nearest("a", 0) end, "k is 0, expected at least 1")
  end)
end)

-- A vector as fasttext prints it: five digits, a space after each number.
local function printed(vector)
  local s = {}
  for i, x in ipairs(vector:tolist()) do s[i] = ("%.5g "):format(x) end
  return table.concat(s)
end

-- A fastText .bin file of format 12, every part of which a test may change.
local function bin(o)
  o = o or {}
  local dim, bucket, words = o.dim or 2, o.bucket or 3, o.words or {"ab", "</s>"}
  local n = {string.pack("<i4i4", o.magic or 793712314, o.version or 12),
    string.pack("<i4i4i4i4i4i4i4i4i4i4i4i4d", dim, 5, 5, 1, 5, 1, 2, 2, bucket, o.minn or 1,
      o.maxn or 2, 100, 0),
    string.pack("<i4i4i4i8i8", o.size or #words, o.nwords or #words, 0, 10, o.pruned or -1)}
  for _, word in ipairs(words) do n[#n + 1] = string.pack("<zi8i1", word, 1, 0) end
  local rows = o.rows or #words + bucket
  n[#n + 1] = string.pack("<i1i8i8", o.quantised or 0, rows, o.columns or dim)
  for i = 1, (#words + bucket) * dim do n[#n + 1] = string.pack("<f", i) end
  return table.concat(n)
end

describe("text.WordVectors, fastText models", function()
  local wv = assert(WordVectors(folder .. "hats.bin"))

  it("gives what the program fasttext prints, for unknown words too", function()
    local lines = 0
    for line in io.lines(folder .. "hats.golden") do
      local word, numbers = line:match "^(%S+) (.*)$"
      assert.equal(numbers, printed(wv:vector(word)))
      lines = lines + 1
    end
    assert.equal(27, lines) -- seen and unseen, in several scripts, some of 180 bytes and more
    assert.equal(42, #wv)
    assert.equal(4, wv:dim())
    assert.is_true(wv:has "hatless")
    assert.matches("n%-grams", tostring(wv))
  end)

  it("agrees with the .vec file of the same model", function()
    local vec, seen = assert(WordVectors(folder .. "hats.vec")), 0
    for line in io.lines(folder .. "hats.vec") do
      local word = line:match "^%S+"
      if vec:has(word) then
        assert.equal(printed(vec:vector(word)), printed(wv:vector(word)))
        seen = seen + 1
      end
    end
    assert.equal(42, seen)
    local m, found = wv:matrix(Vocab.build {"hat hatless"}, {seed = 1})
    assert.equal(2, found)
    assert.is_true(m[3]:eq(wv:vector "hat"):all())
    assert.equal(3, #wv:nearest("hatless", 3))
  end)

  it("means a word's row and its n-grams' rows", function()
    local one = assert(WordVectors(write(bin {bucket = 1, minn = 2, maxn = 2}, ".bin")))
    -- "<ab>": "<a", "ab", "b>" are all in the one bucket, row 3 = {5, 6}
    near({(1 + 3 * 5) / 4, (2 + 3 * 6) / 4}, one:vector "ab":tolist(), 1e-6)
    near({5, 6}, one:vector "xyz":tolist(), 1e-6)
    assert.same({3, 4}, one:vector "</s>":tolist())
    local none = assert(WordVectors(write(bin {bucket = 0, maxn = 0}, ".bin")))
    assert.same({1, 2}, none:vector "ab":tolist())
    assert.is_nil(none:vector "xyz")
  end)

  it("refuses quantised models and other formats", function()
    refused(write(bin {quantised = 1}, ".ftz"), "quantised model")
    refused(write(bin {pruned = 4}, ".bin"), "quantised model")
    refused(write(bin {magic = 7}, ".bin"), "not a fastText model: it starts with 7")
    refused(write(bin {version = 11}, ".bin"), "format version 11, only 12")
    refused(write("no model, but text", ".bin"), "not a fastText model")
    refused(write("2 x, no head of word2vec's", ".bin"), "not a fastText model")
    refused(write("", ".bin"), "truncated")
  end)

  it("refuses numbers that do not fit together, before allocating for them", function()
    refused(write(bin {dim = -1}, ".bin"), "broken settings: dim %-1")
    refused(write(bin {dim = 0}, ".bin"), "broken settings: dim 0")
    refused(write(bin {bucket = -5, rows = 2, words = {"a", "b", "c", "d", "e", "f"}}, ".bin"),
      "bucket %-5")
    refused(write(bin {size = 3}, ".bin"), "broken dictionary: 3 entries, 2 words")
    refused(write(bin {size = 1 << 30, nwords = 1 << 30}, ".bin"), "dictionary")
    refused(write(bin {rows = 1 << 40}, ".bin"), "matrix %[1099511627776,2%], expected %[5,2%]")
    refused(write(bin {columns = 3}, ".bin"), "matrix %[5,3%], expected %[5,2%]")
    refused(write(bin {words = {"ab", "ab"}}, ".bin"), "word 2, \"ab\", is out of place")
  end)

  it("refuses a file cut anywhere", function()
    local whole = bin()
    assert(WordVectors(write(whole, ".bin")))
    for n = 0, #whole - 1 do refused(write(whole:sub(1, n), ".bin"), "truncated") end
    local real = temp.read(folder .. "hats.bin")
    for n = 0, #real // 2, 41 do refused(write(real:sub(1, n), ".bin"), "truncated") end
  end)
end)
