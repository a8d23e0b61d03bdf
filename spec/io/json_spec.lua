local vs = require "vesper"
local temp = require "spec.support.temp"
local memory = require "spec.support.memory"

describe("vs.io JSON", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

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
    local path = dir .. "/x.json"
    assert.is_true(vs.io.json_save(path, {loss = {1.5, 0.25}, name = "vse"}, {indent = 2}))
    assert.same({loss = {1.5, 0.25}, name = "vse"}, vs.io.json_load(path))
    assert.same({"x.json"}, temp.list(dir))
    local ok, message = vs.io.json_save(dir .. "/no/x.json", {})
    assert.is_nil(ok)
    assert.matches("no/x%.json: cannot write: No such file", message)
  end)

  it("names file, line and column of what is broken", function()
    local value, message = vs.io.json_load(temp.write(dir .. "/bad.json", '{"a": 1,\n "b": }\n'))
    assert.is_nil(value)
    assert.matches("bad%.json: line 2, column 7: ", message)
    value, message = decode "[1, 2"
    assert.is_nil(value)
    assert.matches("^JSON: line 1, column %d+: ", message)
    for _, text in ipairs {"", "nul", "[1,]", '{"a":1,"a":2}', "[1] x", '"\xff"', "1e999",
                           "99999999999999999999", ("["):rep(5000)} do
      value, message = decode(text)
      assert.is_nil(value)
      assert.matches("^JSON: line 1, column %d+: ", message)
    end
    value, message = vs.io.json_load(dir .. "/none.json")
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
    assert.error_matches(function() encode(0 / 0) end, "nan cannot be written")
    assert.error_matches(function() encode(math.huge) end, "infinity cannot be written")
    assert.error_matches(function() encode(print) end, "a function cannot be written")
    assert.error_matches(function() encode "\xff" end, "not UTF%-8")
    assert.error_matches(function() encode {1, 2, x = 3} end, "1%.%.n or have only string keys")
    assert.error_matches(function() encode {[1] = 1, [3] = 3} end, "1%.%.n or have only string")
    assert.error_matches(function() encode({}, {spaces = 2}) end, "unknown option 'spaces'")
  end)
end)

describe("io.json_items", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  -- How many elements there are before the message, or all of them.
  local function read(text, options)
    local items <close> = assert(vs.io.json_items(temp.write(dir .. "/items.json", text), options))
    local list = {}
    while true do
      local value, message = items:read()
      if value == nil then return list, message end
      list[#list + 1] = value
    end
  end

  it("gives the elements of an array one after the other", function()
    assert.same({}, read "[]")
    assert.same({}, read " [\n] \n")
    assert.same({1, 2.5, "x", true, vs.io.null}, read "\xEF\xBB\xBF[1 ,2.5,\"x\", true,null]")
    assert.same({{a = {{1}, {}}}, {{2, "]"}}, {['"}'] = "\\\"[,"}},
      read [==[[{"a": [[1], []]}, [[2, "]"]],{"\"}": "\\\"[,"}]]==])
    local list = {}
    for value in vs.io.json_items(temp.write(dir .. "/x.json", "[1, {\"a\": 2}]")) do
      list[#list + 1] = value
    end
    assert.same({1, {a = 2}}, list)
  end)

  it("reads what json_load reads", function()
    local parts = {}
    for i = 1, 3000 do
      parts[i] = vs.io.json_encode {id = i, text = ("é]}\"\\"):rep(i % 90), list = {i, {i}}}
    end
    local text = "[" .. table.concat(parts, ",\n") .. "]"
    local list = read(text)
    assert.equal(3000, #list)
    assert.same(vs.io.json_load(temp.write(dir .. "/many.json", text)), list)
  end)

  it("names element and byte of what is broken, after the elements before it", function()
    local function refused(count, want, text)
      local list, message = read(text)
      assert.equal(count, #list)
      assert.matches("items.json: " .. want, message, 1, true)
    end
    refused(0, "byte 1: expected [, an array", "")
    refused(0, "byte 2: expected [, an array", " {}")
    refused(0, "element 1, byte 2: the file ends here", "[")
    refused(1, "element 2, byte 4: the file ends here", "[1,")
    refused(0, "element 1, byte 3: the file ends here", "[1")
    refused(1, "element 2, byte 12: the file ends here", '[1,{"a": "]')
    refused(1, "element 2, byte 4: expected a value", "[1,]")
    refused(1, "element 2, byte 4: expected a value", "[1,,2]")
    refused(1, "element 2, byte 9: unexpected token", '[1,{"a":}]')
    refused(0, "element 1, byte 3: unmatched closing bracket", "[1}")
    refused(0, "element 1, byte 4: end of file expected", "[1 2]")
    refused(0, "byte 4: text after the end", "[1]x")
    refused(0, "element 1, byte 5: unable to decode byte 0xe9", '["caf\xE9"]')
    refused(0, "element 1, byte 3002: nested too deep",
      "[" .. ("["):rep(1500) .. ("]"):rep(1500) .. "]")
    refused(0, "element 1, byte 13: duplicate object key", '[{"a": 1, "a": 2}]')
  end)

  it("finds the array under a key", function()
    local whole = '{"info": {"images": [7], "x": "}\\""}, "images" : [{"a": 1}, [2]], "b": [1, 2]}'
    assert.same({{a = 1}, {2}}, read(whole, {key = "images"}))
    assert.same({1, 2}, read(whole, {key = "b"}))
    assert.same({}, read('{"images":[]}', {key = "images"}))
    local function refused(want, text, key)
      local _, message = read(text, {key = key or "images"})
      assert.matches("items.json: " .. want, message, 1, true)
    end
    refused('has no "sentences"', whole, "sentences")
    refused('has no "images"', "{}")
    refused('has no "images"', '{"images\\u0000": [1]}')
    refused("byte 1: expected {, an object", "[]")
    refused("byte 11: expected [, an array", '{"images":{}}')
    refused("byte 2: invalid token", "{x: 1}")
    refused("byte 15: text after the end", '{"images":[]} x')
    refused("byte 13: expected }, the object's end", '{"images":[]]')
    assert.error_matches(function() vs.io.json_items("x", {name = "y"}) end, "name")
    for n = 0, #whole - 1 do
      refused("", whole:sub(1, n))
    end
  end)

  it("refuses a file cut anywhere", function()
    local whole = '[{"a": "x\\"]"}, [1, 2], "é"]'
    for n = 0, #whole - 1 do
      local _, message = read(whole:sub(1, n))
      assert.matches("items.json: ", message, 1, true)
    end
    assert.is_nil((select(2, read(whole))))
  end)

  it("raises in a loop, and goes on failing", function()
    local path = temp.write(dir .. "/cut.json", "[1, 2")
    local seen = 0
    assert.error_matches(function()
      for _ in vs.io.json_items(path) do seen = seen + 1 end
    end, "cut.json: element 2, byte 6: the file ends here")
    assert.equal(1, seen)
    local items <close> = assert(vs.io.json_items(path))
    assert.equal(1, items:read())
    assert.is_nil(items:read())
    assert.matches("an earlier read failed", select(2, items:read()))
    assert.matches("No such file", select(2, vs.io.json_items(dir .. "/none.json")))
    assert.matches("not a file", select(2, vs.io.json_items "spec"))
    items:close()
    assert.error_matches(function() items:read() end, "closed")
  end)

  it("holds one element at a time, and none that is too long", function()
    local path = dir .. "/long.json"
    local file = assert(io.open(path, "wb"))
    local element = '{"id": 1, "text": "' .. ("x"):rep(1 << 16) .. '"}'
    file:write("[", element)
    for _ = 2, 400 do file:write(",", element) end -- 25 MiB
    file:write(',"')
    for _ = 1, 1025 do file:write(("y"):rep(1 << 16)) end
    file:write('"]')
    file:close()
    local before, n = memory.resident(), 0
    local items <close> = assert(vs.io.json_items(path))
    local message
    repeat
      local value
      value, message = items:read()
      n = n + (value and 1 or 0)
      if n % 40 == 0 then collectgarbage() end
      assert.is_true(memory.sanitized or not value or memory.resident() - before < 8 * 1024 * 1024)
    until not value
    assert.equal(400, n)
    assert.matches("element 401, byte %d+: more than 67108864 bytes in one element", message)
  end)
end)
