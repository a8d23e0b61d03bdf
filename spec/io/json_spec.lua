local vs = require "vesper"
local folder = require "spec.support.folder"

describe("vs.io JSON", function()
  local dir
  setup(function() dir = folder.new() end)
  teardown(function() dir:remove() end)

  local decode, encode = vs.io.json_decode, vs.io.json_encode

  it("reads every kind of value", function()
    assert.same({a = {1, 2.5, "x"}, b = {c = true, d = false}},
      decode '{"a": [1, 2.5, "x"], "b": {"c": true, "d": false}}')
    assert.equal("integer", math.type(decode "7"))
    assert.equal("float", math.type(decode "7.0"))
    assert.equal("é\0\"\\/\n😀", decode [["\u00e9\u0000\"\\\/\n\ud83d\ude00"]])
    assert.equal(9223372036854775807, decode "9223372036854775807")
    assert.equal(vs.io.null, decode "null")
    assert.same({1, vs.io.null, 3}, decode "[1, null, 3]")
    assert.same({}, decode "\xEF\xBB\xBF{}")
  end)

  it("writes sorted keys, lists and numbers that read back the same", function()
    assert.equal('{"a": 1, "b": [true, null], "c": "x\\"\\n\\u0001"}',
      encode {c = 'x"\n\1', b = {true, vs.io.null}, a = 1})
    for _, v in ipairs {0.1, 1 / 3, 1e300, -2.5e-9, 5e-324, 123456789.125, 3.0, -0.0} do
      local back = decode(encode(v))
      assert.equal(v, back)
      assert.equal("float", math.type(back))
    end
    assert.equal("0.1", encode(0.1))
    assert.equal(math.mininteger, decode(encode(math.mininteger)))
    assert.equal('"é😀"', encode "é😀")
  end)

  it("tells an empty list from an empty object", function()
    assert.equal("{}", encode {})
    assert.equal("[]", encode(vs.io.array {}))
    assert.equal('{"a": [], "b": {}}', encode(decode '{"b": {}, "a": []}'))
  end)

  it("indents when asked", function()
    assert.equal('{\n  "a": [\n    1,\n    2\n  ],\n  "b": {}\n}',
      encode({a = {1, 2}, b = {}}, {indent = 2}))
  end)

  it("saves and loads files", function()
    local path = dir:path("x.json")
    assert.is_true(vs.io.json_save(path, {loss = {1.5, 0.25}, name = "vse"}, {indent = 2}))
    assert.same({loss = {1.5, 0.25}, name = "vse"}, vs.io.json_load(path))
    assert.same({"x.json"}, dir:names())
    local ok, message = vs.io.json_save(dir:path("no/x.json"), {})
    assert.is_nil(ok)
    assert.matches("no/x%.json: cannot write: No such file", message)
  end)

  it("names file, line and column of what is broken", function()
    local value, message = vs.io.json_load(dir:write("bad.json", '{"a": 1,\n "b": }\n'))
    assert.is_nil(value)
    assert.matches("bad%.json: line 2, column 7: ", message)
    value, message = decode "[1, 2"
    assert.is_nil(value)
    assert.matches("^JSON: line 1, column %d+: ", message)
    for _, text in ipairs {"", "nul", "[1,]", '{"a":1,"a":2}', "[1] x", '"\xff"', "1e999",
                           "99999999999999999999", ("["):rep(5000)} do
      value, message = decode(text)
      assert.is_nil(value)
      assert.is_string(message)
    end
    value, message = vs.io.json_load(dir:path("none.json"))
    assert.is_nil(value)
    assert.matches("none%.json: No such file", message)
  end)

  it("limits depth both ways", function()
    assert.is_table(decode(("["):rep(1000) .. ("]"):rep(1000)))
    local value, message = decode(("["):rep(1001) .. ("]"):rep(1001))
    assert.is_nil(value)
    assert.matches("nested more than 1000 deep", message)
    local loop = {}
    loop.self = loop
    assert.error_matches(function() encode(loop) end, "nested more than 1000 deep")
  end)

  it("raises for values that JSON cannot hold", function()
    assert.error_matches(function() encode(0 / 0) end, "nan has no form")
    assert.error_matches(function() encode(math.huge) end, "infinity has no form")
    assert.error_matches(function() encode(print) end, "a function has no form")
    assert.error_matches(function() encode "\xff" end, "not UTF%-8")
    assert.error_matches(function() encode {1, 2, x = 3} end, "list 1%.%.n or has string keys")
    assert.error_matches(function() encode {[1] = 1, [3] = 3} end, "list 1%.%.n or has string keys")
    assert.error_matches(function() encode({}, {spaces = 2}) end, "unknown option 'spaces'")
  end)
end)
