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
    refuses(file "{\"x\"", "line 1, column")
    refuses(file "[]", "the header is not an object")
    refuses(file "", "line 1")
    refuses(file '{"x":[]}', "entry 'x' is not an object")
    refuses(file '{"x":{}}', "'x': no dtype")
    local x = '"x":' .. entry("F32", "[1]", 0, 4)
    refuses(file("{" .. x .. "," .. x .. "}", "1234"), "duplicate")
    refuses(file '{"__metadata__":{"a":1}}', "__metadata__ 'a' is not a string")
  end)

  it("refuses entries that do not fit the data", function()
    local function one(e, data) return file('{"x":' .. e .. "}", data) end
    refuses(one(entry("I8", "[4]", 0, 4), "1234"), "'x': dtype I8 is not supported")
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
