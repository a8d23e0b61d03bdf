-- The word tokenizer.
local vs = require "vesper"
local tokenize = vs.text.tokenize

describe("text.tokenize", function()
  it("gives lower-case runs of letters, digits and apostrophes", function()
    assert.same({"mom's", "new", "hats", "2", "for", "1"}, tokenize "Mom's NEW hats: 2-for-1!")
    assert.same({"a", "b"}, tokenize "a_b")
    assert.same({"'"}, tokenize " ' ")
    assert.same({}, tokenize "")
    assert.same({}, tokenize " .,;!\n\t\0 ")
  end)

  it("keeps and lowers letters, marks and digits beyond ASCII", function()
    assert.same({"café", "straße", "ökol"}, tokenize "Café STRAßE–ÖKOL")
    assert.same({"привет", "мир"}, tokenize "ПРИВЕТ, мир")
    assert.same({"日本語", "のtシャツ"}, tokenize "日本語。のTシャツ")
    assert.same({"e\u{301}te\u{301}"}, tokenize "E\u{301}te\u{301}")
    assert.same({"٣"}, tokenize "٣")
    assert.same({"x", "y"}, tokenize "x²y", "a superscript is no decimal digit")
    assert.same({"a", "b"}, tokenize "a\u{2019}b 😀")
  end)

  it("names the byte where invalid UTF-8 stands, or reads over it when told to", function()
    assert.error_matches(function() tokenize "red \xff hat" end, "invalid UTF%-8 at byte 5")
    local wrong = {"\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80", "\xe2\x82"}
    for _, bad in ipairs(wrong) do
      assert.error_matches(function() tokenize("ab" .. bad) end, "at byte 3")
      assert.same({"ab", "cd"}, tokenize("AB" .. bad .. "CD", {invalid = "replace"}))
    end
  end)

  it("refuses other types and options", function()
    assert.error_matches(function() tokenize {} end, "text is a table, expected a string")
    assert.error_matches(function() tokenize("a", {invalid = "drop"}) end, "expected \"error\"")
    assert.error_matches(function() tokenize("a", {lower = true}) end, "unknown option 'lower'")
  end)

  it("reads a megabyte without a separator", function()
    local words = tokenize(("é"):rep(500000))
    assert.equal(1, #words)
    assert.equal(1000000, #words[1])
  end)
end)
