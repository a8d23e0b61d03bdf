-- Vocabularies: ids, encoding, batches, errors.
local vs = require "vesper"
local Vocab = vs.text.Vocab

local texts = {"a red hat", "a blue hat", "The red CUP", "a cup"}

local function flat(t) return t:reshape({-1}):tolist() end
local function shape(t)
  local s = {}
  for i = 1, #t.shape do s[i] = t.shape[i] end
  return s
end

describe("text.Vocab", function()
  it("numbers words in byte order after <pad> and <unk>", function()
    local v = Vocab.build(texts)
    assert.same({"<pad>", "<unk>", "a", "blue", "cup", "hat", "red", "the"}, v:words())
    assert.equal(8, #v)
    assert.equal(3, v:id "a")
    assert.is_nil(v:id "zebra")
    assert.equal("hat", v:word(6))
    assert.equal(3, v:count "a")
    assert.equal(0, v:count "zebra")
    assert.matches("8 words", tostring(v))
  end)

  it("does not depend on the order of the texts", function()
    local turned = {}
    for i = #texts, 1, -1 do turned[#turned + 1] = texts[i] end
    assert.same(Vocab.build(texts):words(), Vocab.build(turned):words())
  end)

  it("leaves out rare words, and keeps the most frequent ones up to max_size ids", function()
    assert.same({"<pad>", "<unk>", "a", "cup", "hat", "red"},
      Vocab.build(texts, {min_count = 2}):words())
    assert.same({"<pad>", "<unk>", "a", "cup"}, Vocab.build(texts, {max_size = 4}):words())
    assert.equal(8, #Vocab.build(texts, {max_size = 100}))
    assert.equal(2, #Vocab.build({}))
    assert.error_matches(function() Vocab.build(texts, {max_size = 2}) end, "max_size")
  end)

  it("encodes a text as int64 ids from 1", function()
    local v = Vocab.build(texts)
    local ids = v:encode "A red zebra, the cup!"
    assert.equal("int64", ids.dtype)
    assert.same({3, 7, 2, 8, 5}, ids:tolist())
    assert.same({3, 7}, v:encode("a red zebra", {max_len = 2}):tolist())
    assert.same({2}, v:encode(""):tolist())
    assert.same({2}, v:encode("?!"):tolist())
  end)

  it("encodes a batch padded with 1, and its lengths", function()
    local tokens, lengths = Vocab.build(texts):encode_batch({"a", "the red hat", ""}, {max_len = 3})
    assert.same({3, 3}, shape(tokens))
    assert.same({3, 1, 1, 8, 7, 6, 2, 1, 1}, flat(tokens))
    assert.same({1, 3, 1}, lengths:tolist())
    assert.equal("int64", lengths.dtype)
  end)

  it("decodes what it encoded, padding left out", function()
    local v = Vocab.build(texts)
    local tokens = v:encode_batch {"a red hat", "cup"}
    assert.equal("a red hat", v:decode(tokens[1]))
    assert.equal("cup", v:decode(tokens[2]))
    assert.equal("red <unk>", v:decode(v:encode "red zebra"))
    assert.equal("a", v:decode(tokens:transpose(1, 2)[1]:slice(1, 1, 1)), "of any strides")
  end)

  it("is made of a list of words in id order", function()
    local v = Vocab.new {"<pad>", "<unk>", "zebra", "ant"}
    assert.equal(3, v:id "zebra")
    assert.is_nil(v:count "zebra")
    assert.same(v:words(), Vocab.new(v:words()):words())
    assert.error_matches(function() Vocab.new {"a", "b"} end, "word 1 is \"a\", expected \"<pad>\"")
    assert.error_matches(function() Vocab.new {"<pad>", "<unk>", "x", "x"} end, "is already word 3")
    assert.error_matches(function() Vocab.new {"<pad>"} end, "1 words")
  end)

  it("refuses ids outside its range", function()
    local v = Vocab.build(texts)
    for _, id in ipairs {0, -1, 9, math.maxinteger} do
      assert.error_matches(function() v:word(id) end, "is not in 1%.%.8")
      local ids = vs.tensor({3, id}, {dtype = "int64"})
      assert.error_matches(function() v:decode(ids) end, "decode: id %-?%d+ is not in 1%.%.8")
    end
  end)

  it("says which text is not valid UTF-8 or not a string", function()
    local v, bad = Vocab.build(texts), {"a", "hat \xfe"}
    assert.error_matches(function() Vocab.build(bad) end,
      "Vocab.build: text 2: invalid UTF%-8 at byte 5")
    assert.error_matches(function() v:encode_batch(bad) end, "text 2: invalid UTF%-8 at byte 5")
    assert.error_matches(function() v:encode(bad[2]) end, "encode: invalid UTF%-8 at byte 5")
    local _, lengths = v:encode_batch(bad, {invalid = "replace"})
    assert.same({1, 1}, lengths:tolist())
    assert.error_matches(function() v:encode_batch {"a", 7} end, "item 2 of the list is a number")
    assert.error_matches(function() v:encode_batch {} end, "empty")
    assert.error_matches(function() v:decode(vs.tensor {1, 2}) end, "expected int64")
    assert.error_matches(function() v:encode("a", {max_length = 3}) end,
      "unknown option 'max_length'")
  end)

  it("agrees with counting in Lua on many words", function()
    local list, count, seed = {}, {}, 1
    for i = 1, 300 do
      local words = {}
      for j = 1, 40 do
        seed = seed * 48271 % 2147483647
        words[j] = "w" .. seed % 2000
        count[words[j]] = (count[words[j]] or 0) + 1
      end
      list[i] = table.concat(words, " ")
    end
    local want = {}
    for word, n in pairs(count) do if n >= 5 then want[#want + 1] = word end end
    table.sort(want)
    local v = Vocab.build(list, {min_count = 5})
    assert.same(want, table.move(v:words(), 3, #v, 1, {}))
    for i, word in ipairs(want) do
      assert.equal(i + 2, v:id(word))
      assert.equal(count[word], v:count(word))
    end
  end)
end)
