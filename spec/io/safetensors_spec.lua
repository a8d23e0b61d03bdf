local vs = require "vesper"
local temp = require "spec.support.temp"

-- The bytes of a file with that header text and data.
local function file(header, data) return string.pack("<s8", header) .. (data or "") end

describe("vs.save and vs.load", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  local function load(text) return vs.load(temp.write(dir .. "/x.safetensors", text)) end

  -- Loading must fail with a message that names the file and matches.
  local function refuses(text, pattern)
    local values, message = load(text)
    assert.is_nil(values)
    assert.matches("x%.safetensors: ", message)
    assert.matches(pattern, message)
  end

  it("brings back names, dtypes, shapes and values", function()
    local path = dir .. "/all.safetensors"
    local values = {}
    for _, dtype in ipairs {"float32", "float64", "float16", "bfloat16", "int64", "int32",
                            "uint8"} do
      values["x." .. dtype] = vs.tensor({{1, 2, 3}, {4, 5, 6}}, {dtype = dtype})
    end
    values.mask = vs.tensor({1, 0, 1}, {dtype = "uint8"}):to("bool")
    values.one = vs.tensor(2.5)
    values.none = vs.zeros(0, 4)
    values["0.weight"] = vs.tensor({7}, {dtype = "uint8"})
    assert.is_true(vs.save(path, values, {format = "pt", note = 'a "quote" é'}))
    local back, meta = assert(vs.load(path))
    assert.same({format = "pt", note = 'a "quote" é'}, meta)
    for name, t in pairs(values) do
      local b = assert(back[name], name)
      assert.equal(t.dtype, b.dtype)
      assert.same(t.shape, b.shape)
      assert.same(t:tolist(), b:tolist())
    end
    for name in pairs(back) do assert(values[name], name) end
  end)

  it("writes a header that others read: aligned, padded, in a fixed order", function()
    local path = dir .. "/plain.safetensors"
    assert(vs.save(path, {b = vs.tensor({1, 2}, {dtype = "int64"}),
      c = vs.tensor({3}, {dtype = "uint8"}), a = vs.tensor({4}, {dtype = "int64"})}))
    local text = temp.read(path)
    local header = string.unpack("<s8", text)
    assert.equal(0, #header % 8)
    assert.equal('{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},'
      .. '"b":{"dtype":"I64","shape":[2],"data_offsets":[8,24]},'
      .. '"c":{"dtype":"U8","shape":[1],"data_offsets":[24,25]}}', (header:gsub(" +$", "")))
    assert.equal(string.pack("<i8i8i8I1", 4, 1, 2, 3), text:sub(9 + #header))
  end)

  it("writes views as they look, and keeps loaded tensors apart from the file", function()
    local path = dir .. "/view.safetensors"
    local x = vs.tensor({{1, 2, 3}, {4, 5, 6}}, {dtype = "int64"})
    assert(vs.save(path, {t = x:transpose(1, 2), row = x[2]}))
    local before = temp.read(path)
    local back = assert(vs.load(path))
    assert.same({{1, 4}, {2, 5}, {3, 6}}, back.t:tolist())
    assert.same({4, 5, 6}, back.row:tolist())
    back.t:zero_()
    back.row:fill_(9)
    assert.equal(before, temp.read(path))
    assert(vs.save(path, back)) -- over the file that is mapped
    assert.same({9, 9, 9}, assert(vs.load(path)).row:tolist())
    assert.same({9, 9, 9}, back.row:tolist())
  end)

  it("keeps the mapping while one tensor lives", function()
    local path = dir .. "/life.safetensors"
    assert(vs.save(path, {a = vs.ones(1000), b = vs.zeros(1000)}))
    local a = assert(vs.load(path)).a
    os.remove(path)
    collectgarbage()
    collectgarbage()
    assert.equal(1000, a:sum():item())
  end)

  it("reads data that another writer left unaligned", function()
    local header = '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
      .. '"y":{"dtype":"I64","shape":[2],"data_offsets":[1,17]}}'
    local back = assert(load(file(header, string.pack("<I1i8i8", 5, -1, 77))))
    assert.same({5}, back.x:tolist())
    assert.same({-1, 77}, back.y:tolist())
  end)

  it("reads integers that have no dtype as int64", function()
    local header = '{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},'
      .. '"b":{"dtype":"I16","shape":[2,1],"data_offsets":[2,6]},'
      .. '"c":{"dtype":"U16","shape":[1],"data_offsets":[6,8]},'
      .. '"d":{"dtype":"U32","shape":[],"data_offsets":[8,12]},'
      .. '"e":{"dtype":"U64","shape":[1],"data_offsets":[12,20]}}'
    local data = string.pack("<i1i1i2i2I2I4", -128, 127, -32768, 32767, 65535, 4294967295)
    for _, mmap in ipairs {true, false} do
      local back = assert(vs.load(temp.write(dir .. "/narrow.safetensors",
        file(header, data .. string.pack("<I8", math.maxinteger))), {mmap = mmap}))
      for _, t in pairs(back) do assert.equal("int64", t.dtype) end
      assert.same({-128, 127}, back.a:tolist())
      assert.same({{-32768}, {32767}}, back.b:tolist())
      assert.same({65535}, back.c:tolist())
      assert.equal(4294967295, back.d:item())
      assert.same({math.maxinteger}, back.e:tolist())
    end
    refuses(file(header, data .. string.pack("<i8", -1)), "18446744073709551615, more than int64")
  end)

  it("reads headers that others write: spaces, any order of members, escapes", function()
    local back, meta = assert(load(file('\xEF\xBB\xBF { "\\u0061\\n" : { "shape" : [ 1 , 1 ] ,'
      .. ' "data_offsets":[ 0, 4 ], "note":{"x":[1,"}"]}, "dty\\u0070e":"F32" } ,\n'
      .. '"é":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}, "__metadata__":{"k":"\\u00e9"}}  ',
      string.pack("<f", 2))))
    assert.same({{2.0}}, back["a\n"]:tolist())
    assert.same({0}, back["é"].shape)
    assert.same({k = "é"}, meta)
  end)

  it("reads hundreds of thousands of names, and sees one that is there twice", function()
    local n, parts = 300000, {}
    for i = 1, n do
      parts[i] = ('"layer.%d.w":{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]}'):format(i,
        4 * i - 4, 4 * i)
    end
    local data = string.pack("<f", 1.5):rep(n)
    local back = assert(load(file("{" .. table.concat(parts, ",") .. "}", data)))
    local count = 0
    for _ in pairs(back) do count = count + 1 end
    assert.equal(n, count)
    assert.equal(1.5, back["layer.299999.w"]:item())
    parts[n] = parts[n]:gsub("layer%.%d+", "layer.77")
    refuses(file("{" .. table.concat(parts, ",") .. "}", data), "duplicate name 'layer.77.w'")
    assert.is_true(collectgarbage "isrunning")
  end)

  it("reads an empty file of tensors", function()
    local back, meta = assert(load(file "{}"))
    assert.same({}, back)
    assert.same({}, meta)
  end)

  local function entry(dtype, shape, first, last)
    return ('{"dtype":"%s","shape":%s,"data_offsets":[%s,%s]}'):format(dtype, shape, first, last)
  end

  it("refuses broken headers", function()
    refuses("", "truncated: 0 bytes")
    refuses("1234567", "truncated: 7 bytes")
    refuses(string.pack("<I8", 100) .. "{}", "truncated: the header takes 100 bytes")
    refuses(string.pack("<i8", -1) .. "{}", "not a safetensors file")
    refuses(string.pack("<I8", 200 << 20) .. "{}", "not a safetensors file")
    refuses(file "{\"x\"", "header, byte 5: expected :")
    refuses(file "[]", "the header is not an object")
    refuses(file "", "the header is empty")
    refuses(file '{"x":{"dtype":"F32"}}', "'x': no shape")
    refuses(file '{"x":{"dtype":"F32","shape":[]}}', "'x': no data_offsets")
    refuses(file '{"x":{"dtype":"F32","dtype":"F32"}}', "'x': a duplicate member")
    refuses(file '{"x":{"a":{"b":[}}}', "header, byte 11: JSON: ")
    refuses(file '{"x":{"a":', "header, byte 11: JSON: ")
    refuses(file "{}x", "text after the end")
    refuses(file '{"x\ty":1}', "header, byte 2: JSON: ")
    refuses(file '{"x', "header, byte 2: JSON: ")
    refuses(file '{"\xff":1}', "header, byte 2: JSON: ")
    refuses(file '{"x\\u0000":{}}', "a name contains a zero byte")
    refuses(file '{"x":[]}', "entry 'x' is not an object")
    refuses(file '{"x":{}}', "'x': no dtype")
    local x = '"x":' .. entry("F32", "[1]", 0, 4)
    refuses(file("{" .. x .. "," .. x .. "}", "1234"), "duplicate")
    refuses(file '{"__metadata__":{"a":1}}', "__metadata__ 'a' is not a string")
  end)

  it("refuses entries that do not fit the data", function()
    local function one(e, data) return file('{"x":' .. e .. "}", data) end
    refuses(one(entry("F8_E4M3", "[4]", 0, 4), "1234"), "'x': dtype F8_E4M3 is not supported")
    refuses(one(entry("F32", "[2]", 0, 4), "1234"), "F32 %[2%] does not have 4 bytes")
    refuses(one(entry("F32", "[1]", 0, 4), "123"), "ends at byte 4, the file has 3")
    refuses(one(entry("F32", "[1]", 4, 0), "1234"), "run backwards")
    refuses(one(entry("F32", "[1]", -4, 0), "1234"), "run backwards")
    refuses(one(entry("F32", "[-1]", 0, 4), "1234"), "not a whole number")
    refuses(one(entry("F32", "[1.0]", 0, 4), "1234"), "not a whole number")
    refuses(one(entry("F32", "[1]", "0.0", 4), "1234"), "not two whole numbers")
    refuses(one(entry("F32", "[1]", 0, 4), "12345"), "1 bytes after the last tensor")
    refuses(one(entry("F32", "[1]", 1, 5), "12345"), "the one before it ends at byte 0")
    refuses(one(entry("F32", "[4294967296,4294967296]", 0, 0), ""), "does not have 0 bytes")
    refuses(one(entry("F32", "[2305843009213693952,2]", 0, 0), ""), "does not have 0 bytes")
    refuses(one(entry("F32", "[1,1,1,1,1,1,1,1,1]", 0, 4), "1234"), "9 dimensions, at most 8")
    refuses(one(entry("BOOL", "[2]", 0, 2), "\1\2"), "a BOOL is 2")
    local x, y = '"x":' .. entry("F32", "[1]", 0, 4), '"y":' .. entry("F32", "[1]", 2, 6)
    refuses(file("{" .. x .. "," .. y .. "}", "123456"),
      "'y' starts at byte 2 of the data, the one before it ends at byte 4")
  end)

  it("gives nil and a message for missing files and unwritable places", function()
    local values, message = vs.load(dir .. "/none.safetensors")
    assert.is_nil(values)
    assert.matches("none%.safetensors: No such file", message)
    local ok
    ok, message = vs.save(dir .. "/no/x.safetensors", {a = vs.zeros(1)})
    assert.is_nil(ok)
    assert.matches("no/x%.safetensors: cannot write: No such file", message)
  end)

  it("raises for what is no table of tensors, and leaves no file behind", function()
    local path = dir .. "/never.safetensors"
    assert.error_matches(function() vs.save(path, {a = 1}) end, "entry 'a' is a number")
    assert.error_matches(function() vs.save(path, {vs.zeros(1)}) end, "names must be strings")
    assert.error_matches(function() vs.save(path, {["\xff"] = vs.zeros(1)}) end, "not UTF%-8")
    assert.error_matches(function() vs.save(path, {}, {a = 1}) end, "a table of strings")
    for _, name in ipairs(temp.list(dir)) do
      assert.is_nil(name:find("never", 1, true), name)
      assert.is_nil(name:find("tmp", 1, true), name)
    end
  end)

  it("copies with mmap = false, so that a file that shrinks does no harm", function()
    local path = dir .. "/shrinks.safetensors"
    local values = vs.arange(1, 5000)
    vs.save(path, {a = values}, {note = "x"})
    local found, meta = vs.load(path, {mmap = false})
    temp.write(path, "")
    assert.is_true(found.a:equal(values))
    assert.equal("x", meta.note)
    assert.error_matches(function() vs.load(path, {map = false}) end, "unknown option 'map'")
  end)
end)
