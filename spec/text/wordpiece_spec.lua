-- BERT's tokenizer against the ids that Hugging Face's `tokenizers` gave for the same vocabulary.
local vs = require "vesper"
local temp = require "spec.support.temp"

local WordPiece = vs.text.WordPiece

local folder = "spec/fixtures/text/"
local golden = assert(loadfile(folder .. "wordpiece_golden.lua"))()

local function flat(t) return t:reshape({-1}):tolist() end

local dir
setup(function() dir = temp.folder() end)
teardown(temp.remove)

local function write(content) return temp.write(dir .. "/vocab.txt", content) end

describe("text.WordPiece", function()
  local wp = assert(WordPiece(folder .. "wordpiece_vocab.txt"))
  local cased = assert(WordPiece(folder .. "wordpiece_vocab.txt", {lowercase = false}))

  it("gives the reference's ids plus 1", function()
    for _, case in ipairs(golden.lower) do
      assert.same(case.ids, wp:encode(case.text):tolist(), case.text)
    end
    for _, case in ipairs(golden.cased) do
      assert.same(case.ids, cased:encode(case.text):tolist(), case.text)
    end
  end)

  it("treats random Unicode as the reference does, cased or not, with accents or not", function()
    local random = assert(vs.io.json_load(folder .. "unicode_golden.json"))
    local modes = {{}, {lowercase = false}, {strip_accents = false},
      {lowercase = false, strip_accents = true}}
    assert(#random.rows > 200)
    for m, options in ipairs(modes) do
      local tokenizer = assert(WordPiece(random.pieces, options))
      for _, row in ipairs(random.rows) do
        assert.equal(row[m + 1], table.concat(tokenizer:tokenize(row[1]), " "))
      end
    end
  end)

  it("lowers U+0130 to i and a dot above", function()
    local pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "i", "##i", "##\u{307}", "##x"}
    local kept = assert(WordPiece(pieces, {strip_accents = false}))
    assert.same({"i", "##\u{307}", "##x", "##i", "##\u{307}"}, kept:tokenize "İxİ")
    assert.same({"i", "##x", "##i"}, assert(WordPiece(pieces)):tokenize "İxİ")
    assert.same({"[UNK]"}, kept:tokenize(("İ"):rep(300000)))
  end)

  it("steps over a byte order mark", function()
    local lines = temp.read(folder .. "wordpiece_vocab.txt")
    local marked = assert(WordPiece(write("\u{FEFF}" .. lines)))
    assert.same(wp:tokens(), marked:tokens())
    local ids = {}
    for i, piece in ipairs(wp:tokens()) do ids[piece] = i - 1 end
    local json = vs.io.json_encode {model = {type = "WordPiece", vocab = ids}}
    assert.same(wp:tokens(), assert(WordPiece(write("\u{FEFF}" .. json))):tokens())
  end)

  it("strips accents apart from lowering letters, as told", function()
    local pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "cafe", "café", "Cafe", "Café"}
    local function first(options)
      return assert(WordPiece(pieces, options)):tokenize("Café CAFÉ")
    end
    assert.same({"cafe", "cafe"}, first())
    assert.same({"café", "café"}, first {strip_accents = false})
    assert.same({"Café", "[UNK]"}, first {lowercase = false})
    assert.same({"Cafe", "[UNK]"}, first {lowercase = false, strip_accents = true})
    local ids = {}
    for i, piece in ipairs(pieces) do ids[piece] = i - 1 end
    local function json(normalizer, model)
      local whole = {normalizer = normalizer, model = {type = "WordPiece", vocab = ids}}
      for key, value in pairs(model or {}) do whole.model[key] = value end
      return WordPiece(write(vs.io.json_encode(whole)))
    end
    local function of(normalizer) return assert(json(normalizer)):tokenize("Café") end
    assert.same({"café"}, of {type = "BertNormalizer", strip_accents = false, lowercase = true})
    assert.same({"cafe"}, of {strip_accents = vs.io.null, lowercase = true, clean_text = true})
    assert.same({"Café"}, of {lowercase = false})
    local function says(part, normalizer, model)
      local none, why = json(normalizer, model)
      assert.is_nil(none)
      assert(why:find(part, 1, true), why)
    end
    says("normalizer.type is not supported unless it is BertNormalizer", {type = "Sequence"})
    says("normalizer.handle_chinese_chars is not supported unless it is true",
      {handle_chinese_chars = false})
    says("model.continuing_subword_prefix is not supported", nil,
      {continuing_subword_prefix = "@@"})
    says("normalizer.lowercase is not true, false or null", {lowercase = "no"})
    says("normalizer.strip_accents is not true, false or null", {strip_accents = 0})
    local function part(name, value)
      return WordPiece(write(vs.io.json_encode {model = {vocab = ids}, [name] = value}))
    end
    local function refused(message, name, value)
      local none, why = part(name, value)
      assert.is_nil(none)
      assert(why:find(message, 1, true), why)
    end
    refused("normalizer is not supported unless it is an object", "normalizer", vs.io.null)
    refused("pre_tokenizer is not supported unless it is an object", "pre_tokenizer", vs.io.null)
    refused("pre_tokenizer.type is not supported unless it is BertPreTokenizer", "pre_tokenizer",
      {type = "Whitespace"})
    local array = vs.io.array
    refused("post_processor is not supported", "post_processor", vs.io.null)
    local function frame(start) return {type = "TemplateProcessing", single = array {
      {SpecialToken = {id = start, type_id = 0}}, {Sequence = {id = "A", type_id = 0}},
      {SpecialToken = {id = "[SEP]", type_id = 0}}}} end
    refused("post_processor is not supported", "post_processor", frame "<s>")
    assert(part("post_processor", frame "[CLS]"))
    assert(part("post_processor", {type = "BertProcessing", sep = array {"[SEP]", 3},
      cls = array {"[CLS]", 2}}))
    refused("post_processor is not supported", "post_processor", {type = "BertProcessing",
      sep = array {"</s>", 3}, cls = array {"[CLS]", 2}})
    assert(part("added_tokens", array {{id = 0, content = "[PAD]", lstrip = false}}))
    refused("added_tokens: '[X]' is not supported", "added_tokens", array {{content = "[X]"}})
    refused("added_tokens: the id of [CLS] is not that of", "added_tokens",
      array {{id = 0, content = "[CLS]"}})
    refused("added_tokens: lstrip of [SEP] is not supported unless it is false", "added_tokens",
      array {{id = 3, content = "[SEP]", lstrip = true}})
    refused("added_tokens is not a list", "added_tokens", 3)
    says("model.max_input_chars_per_word is not supported unless it is 100", nil,
      {max_input_chars_per_word = 50})
  end)

  it("is made again of its pieces and settings", function()
    for _, one in ipairs {wp, cased, assert(WordPiece(folder .. "wordpiece_vocab.txt",
      {max_len = 7, invalid = "replace"}))} do
      local again = assert(WordPiece(one:tokens(), one:settings()))
      assert.same(one:settings(), again:settings())
      assert.same(one:tokens(), again:tokens())
      for _, case in ipairs(golden.lower) do
        assert.same(one:encode(case.text):tolist(), again:encode(case.text):tolist())
      end
    end
    assert.same({max_len = 512, lowercase = false, strip_accents = false, invalid = "error"},
      cased:settings())
    local none, why = WordPiece{"[PAD]", "a"}
    assert.is_nil(none)
    assert.matches("the list: not a WordPiece vocabulary: no piece %[UNK%]", why)
    assert.matches("already on line 1", select(2, WordPiece{"a", "a"}), 1, true)
    assert.error_matches(function() WordPiece{"a", 1} end, "WordPiece")
  end)

  it("encodes pairs, cut to max_len, with the type of each token", function()
    for _, case in ipairs(golden.pairs) do
      local ids, types = wp:encode(case.a, {pair = case.b, max_len = case.max_len})
      assert.same(case.ids, ids:tolist(), case.a .. "|" .. case.b)
      assert.same(case.types, types:tolist())
    end
  end)

  it("names the pieces", function()
    assert.same({"un", "##p", "##l", "##a", "##y", "##able"}, wp:tokenize "Unplayable")
    assert.same({"[UNK]", "hat"}, wp:tokenize "\u{e000}😀 hat")
    assert.same({}, wp:tokenize " \t")
    assert.equal(5, wp:id "[SEP]")
    assert.is_nil(wp:id "zebra")
    assert.equal("[SEP]", wp:token(5))
    assert.equal(196, #wp)
    assert.matches("196 pieces", tostring(wp))
  end)

  it("cuts to max_len and keeps [CLS] and [SEP]", function()
    local ids = wp:encode("the red hat and the blue cup", {max_len = 4})
    assert.equal("[CLS] the red [SEP]", wp:decode(ids, {special = true}))
    assert.equal(6, #assert(WordPiece(folder .. "wordpiece_vocab.txt", {max_len = 6}))
      :encode(("hat "):rep(50)))
    assert.error_matches(function() wp:encode("a", {pair = "b", max_len = 2}) end, "at least 3")
  end)

  it("encodes a batch: ids, mask, lengths, types", function()
    local ids, mask, lengths, types = wp:encode_batch {"the red hat", "", "a cup"}
    assert.same({3, 5}, {ids.shape[1], ids.shape[2]})
    assert.same({4, 7, 9, 11, 5, 4, 5, 1, 1, 1, 4, 8, 13, 5, 1}, flat(ids))
    assert.same({5, 2, 4}, lengths:tolist())
    assert.equal("bool", mask.dtype)
    local m = flat(mask)
    for i, id in ipairs(flat(ids)) do assert.equal(id ~= 1, m[i] == true or m[i] == 1) end
    for _, t in ipairs(flat(types)) do assert.equal(1, t) end
    local _, _, n, second = wp:encode_batch({"a", "a"}, {pairs = {"cup", "red hat"}})
    assert.same({5, 6}, n:tolist())
    assert.same({1, 1, 1, 2, 2, 1, 1, 1, 1, 2, 2, 2}, flat(second))
    assert.error_matches(function() wp:encode_batch({"a"}, {pairs = {}}) end, "1 texts, but 0 p")
    assert.error_matches(function() wp:encode_batch {} end, "empty")
  end)

  it("decodes", function()
    local ids = wp:encode_batch {"The red hats!", "playing with cafés"}
    assert.equal("the red hats !", wp:decode(ids[1]))
    assert.equal("playing with cafes", wp:decode(ids[2]))
    assert.equal("[CLS] a [SEP]", wp:decode(wp:encode "a", {special = true}))
    assert.error_matches(function() wp:decode(vs.tensor({197}, {dtype = "int64"})) end,
      "decode: id 197 is not in 1%.%.196")
    assert.error_matches(function() wp:token(0) end, "id 0 is not in")
  end)

  it("names the byte of invalid UTF-8, or leaves it out when told to", function()
    assert.error_matches(function() wp:encode "red [MASK] \xff" end, "invalid UTF%-8 at byte 12")
    assert.error_matches(function() wp:encode_batch {"a", "\xe2\x82"} end, "text 2: invalid UTF%-8")
    local lax = assert(WordPiece(folder .. "wordpiece_vocab.txt", {invalid = "replace"}))
    assert.same({"hat"}, lax:tokenize "ha\xfft")
  end)

  it("gives nil and a message for files that are no vocabulary", function()
    local function refused(content, pattern)
      local w, message = WordPiece(content and write(content) or "/nowhere/vocab.txt")
      assert.is_nil(w)
      assert.matches(pattern, message)
    end
    refused(nil, "^/nowhere/vocab.txt: No such file")
    refused("", "no piece %[PAD%]")
    refused("[PAD]\n[UNK]\n[CLS]\nhat\n", "no piece %[SEP%]")
    refused("[PAD]\n[UNK]\n[CLS]\n[SEP]\nhat\ncup\nhat", "line 7: \"hat\" is already on line 5")
    refused("[PAD]\n\n[UNK]\n", "line 2 is empty")
    local w, message = WordPiece "spec"
    assert.is_nil(w)
    assert.matches("not a file", message)
    assert.equal(4, #assert(WordPiece(write "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n")))
  end)

  it("reads the vocabulary of a tokenizer.json", function()
    local function json(vocab, more)
      return write(([[{"normalizer": {"lowercase": false}, "model": {"vocab": {%s}%s}}]])
        :format(vocab, more or ""))
    end
    local specials = [["[UNK]": 1, "[PAD]": 0, "[SEP]": 3, "[CLS]": 2]]
    local tok = assert(WordPiece(json(specials .. [[, "Hat": 5, "hat": 4]])))
    assert.same({3, 6, 5, 4}, tok:encode "Hat hat":tolist())
    assert.same({3, 5, 5, 4},
      assert(WordPiece(json(specials .. [[, "Hat": 5, "hat": 4]]), {lowercase = true}))
        :encode "Hat hat":tolist())
    local function refused(path, pattern)
      local w, message = WordPiece(path)
      assert.is_nil(w)
      assert.matches(pattern, message)
    end
    refused(json(specials .. [[, "a": 3]]), "id of \"[^\"]+\" is not in 0%.%.4 or is used twice")
    refused(json(specials .. [[, "a": 5]]), "the id of \"a\"")
    refused(json(specials .. [[, "a": "4"]]), "the id of \"a\"")
    refused(json [["a": 0]], "no piece %[PAD%]")
    refused(json(specials, [[, "type": "BPE"]]), "model.type")
    refused(write "{}", "no object model.vocab")
    refused(write "{\"model\":", "line 1")
  end)

  it("reads long texts", function()
    local ids = wp:encode(("red hat, "):rep(20000), {max_len = 100000})
    assert.equal(60002, #ids)
    assert.same({"[UNK]"}, wp:tokenize(("z"):rep(1000000)))
  end)
end)
