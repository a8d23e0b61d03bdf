-- numpy's files: those that numpy wrote (spec/fixtures/npy, made by spec/golden/npy_files.py),
-- those that vesper writes, and broken ones.
local vs = require "vesper"
local temp = require "spec.support.temp"

local function fixture(name) return "spec/fixtures/npy/" .. name .. ".npy" end

local function counted(n) -- 0 .. n-1 as [2,3,4]
  local list, at = {}, -1
  for i = 1, 2 do
    list[i] = {}
    for j = 1, 3 do
      list[i][j] = {}
      for k = 1, 4 do
        at = at + 1
        list[i][j][k] = at
      end
    end
  end
  assert(at == n - 1)
  return list
end

describe("vs.npy", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  it("reads every dtype as numpy wrote it, mapped and not", function()
    local names = {f4 = "float32", f8 = "float64", f2 = "float16", i8 = "int64", i4 = "int32",
      u1 = "uint8"}
    for name, dtype in pairs(names) do
      for _, mmap in ipairs {true, false} do
        local x = assert(vs.npy.load(fixture(name), {mmap = mmap}))
        assert.equal(dtype, x.dtype)
        assert.same({{0, 1, 2}, {3, 4, 250}}, x:tolist())
      end
    end
    local mask = assert(vs.npy.load(fixture "b1"))
    assert.equal("bool", mask.dtype)
    assert.same({true, false, true}, mask:tolist())
    assert.same({9007199254740993, math.mininteger, math.maxinteger},
      assert(vs.npy.load(fixture "large")):tolist())
    local signs = assert(vs.npy.load(fixture "signs")):tolist()
    assert.same({-1.5, 0.25, math.huge}, {signs[1][1], signs[1][2], signs[2][1]})
    assert(signs[2][2] ~= signs[2][2])
  end)

  it("reads shapes without dimensions and without elements", function()
    local one = assert(vs.npy.load(fixture "one"))
    assert.same({}, one.shape)
    assert.equal(2.5, one:item())
    assert.same({0, 4}, assert(vs.npy.load(fixture "none")).shape)
  end)

  it("reads both orders", function()
    assert.same(counted(24), assert(vs.npy.load(fixture "cube")):tolist())
    for _, mmap in ipairs {true, false} do
      local x = assert(vs.npy.load(fixture "fortran", {mmap = mmap}))
      assert.same({2, 3, 4}, x.shape)
      assert.same(counted(24), x:tolist())
      assert.equal(not mmap, x:is_contiguous())
      assert.equal(276, x:sum():item())
      assert.same({{0, 1, 2}, {3, 4, 5}},
        assert(vs.npy.load(fixture "fortran_i8", {mmap = mmap})):tolist())
    end
  end)

  it("reads versions 2 and 3", function()
    for _, name in ipairs {"version2", "version3"} do
      assert.same({0, 1, 2, 3, 4}, assert(vs.npy.load(fixture(name))):tolist())
    end
  end)

  it("writes what numpy writes, byte by byte", function()
    for _, name in ipairs {"f4", "f8", "f2", "i8", "i4", "u1", "b1", "large", "one", "none",
      "cube"} do
      local path = dir .. "/" .. name .. ".npy"
      assert.is_true(vs.npy.save(path, assert(vs.npy.load(fixture(name)))))
      assert(temp.read(fixture(name)) == temp.read(path), name)
    end
  end)

  it("writes views as they look", function()
    local path = dir .. "/view.npy"
    local x = vs.arange(1, 6):reshape(2, 3)
    assert(vs.npy.save(path, x:t()))
    assert.same({{1, 4}, {2, 5}, {3, 6}}, assert(vs.npy.load(path)):tolist())
  end)

  it("keeps loaded tensors apart from the file, and the mapping while one lives", function()
    local path = dir .. "/life.npy"
    assert(vs.npy.save(path, vs.ones(1000)))
    local bytes = temp.read(path)
    local x = assert(vs.npy.load(path))
    x:fill_(3)
    assert.equal(bytes, temp.read(path))
    assert(vs.npy.save(path, x * 2)) -- over the file that is mapped
    local row = x:reshape(10, 100)[2]
    os.remove(path)
    x = nil
    collectgarbage()
    collectgarbage()
    assert.equal(3, row:max():item())
    assert.is_nil(x)
  end)

  it("takes no tensor memory for a mapped file", function()
    local path = dir .. "/big.npy"
    assert(vs.npy.save(path, vs.zeros(1 << 20)))
    collectgarbage()
    local before = vs.memory().live
    local x = assert(vs.npy.load(path))
    assert(vs.memory().live - before < 1 << 20)
    local dense = assert(vs.npy.load(path, {mmap = false}))
    assert(vs.memory().live - before >= 4 << 20)
    assert.equal(x:numel(), dense:numel())
  end)

  local function file(header, data, version)
    local format = (version or 1) == 1 and "<s2" or "<s4"
    return "\x93NUMPY" .. string.char(version or 1, 0) .. string.pack(format, header)
      .. (data or "")
  end

  local function dict(shape, descr, order)
    return ("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }"):format(descr or "<f4",
      order or "False", shape)
  end

  local function load(text) return vs.npy.load(temp.write(dir .. "/x.npy", text)) end

  local function refuses(text, pattern)
    local x, message = load(text)
    assert(x == nil, "it was read; expected: " .. pattern)
    assert(message:find("x.npy: ", 1, true) and message:find(pattern, 1, true),
      "expected: " .. pattern .. "\ngot: " .. message)
  end

  it("reads headers that others write: any order of keys, unaligned data", function()
    local x = assert(load(file('{"shape":(2,),"descr":"<i8","fortran_order":False}',
      string.pack("<i8i8", 5, -6))))
    assert.same({5, -6}, x:tolist())
    x = assert(load(file(" {'fortran_order':True , 'descr':'=f4','shape':(2L, 1L)} \n",
      string.pack("<ff", 0.5, 2))))
    assert.same({{0.5}, {2}}, x:tolist())
    assert.same({7}, assert(load(file(dict("(1,)", "<u1"), "\7", 3))):tolist())
    assert.equal(1, assert(load(file(dict("()"), string.pack("<f", 1)))):item())
  end)

  it("reads integers that have no dtype as int64", function()
    assert.equal("int64", assert(vs.npy.load(fixture "i2")).dtype)
    for descr, case in pairs {
      ["|i1"] = {"<i1", {-128, 0, 127}}, ["<i2"] = {"<i2", {-32768, 0, 32767}},
      ["<u2"] = {"<I2", {1, 2, 65535}}, ["<u4"] = {"<I4", {1, 2, 4294967295}},
      ["<u8"] = {"<I8", {1, 2, math.maxinteger}},
    } do
      local data = {}
      for i, value in ipairs(case[2]) do data[i] = string.pack(case[1], value) end
      for _, mmap in ipairs {true, false} do
        local x = assert(load(file(dict("(3,)", descr), table.concat(data)), {mmap = mmap}))
        assert.equal("int64", x.dtype)
        assert.same(case[2], x:tolist())
      end
    end
    refuses(file(dict("(1,)", "<u8"), string.pack("<i8", -2)), "18446744073709551614, more than")
    refuses(file(dict("(1,)", ">u2"), "12"), "big-endian")
  end)

  it("refuses what is no .npy file", function()
    refuses("", "truncated: 0 bytes, a .npy file has at least 10")
    refuses("\x93NUMPY\1\0\0", "truncated: 9 bytes")
    refuses("PK\3\4" .. ("x"):rep(100), "not a .npy file")
    refuses("\x93NUMPX\1\0\0\0\0", "not a .npy file")
    refuses("\x93NUMPY\4\0\0\0\0\0", "version 4.0, supported are 1.0, 2.0 and 3.0")
    refuses("\x93NUMPY\1\1\0\0\0\0", "version 1.1")
    refuses("\x93NUMPY\2\0\0\0", "truncated in the length of its header")
    refuses("\x93NUMPY\1\0\xff\xff{}", "the header takes 65535 bytes, the file has 2")
    refuses("\x93NUMPY\2\0\xff\xff\xff\xff{}", "the header takes 4294967295 bytes")
    refuses("\x93NUMPY\1\0\0\0", "header, byte 1: expected a {")
  end)

  it("refuses data that does not fit the shape, before it allocates", function()
    refuses(file(dict "(3,)", "12345678"), "<f4 [3] takes 12 bytes, the file has 8")
    refuses(file(dict "(3,)", ("x"):rep(13)), "1 bytes follow the array <f4 [3]")
    refuses(file(dict "(0,)", "x"), "1 bytes follow the array")
    refuses(file(dict "(1099511627776,)", "1234"), "truncated: <f4 [1099511627776] takes")
    refuses(file(dict "(4611686018427387904,)", "1234"), "is too large")
    refuses(file(dict "(4294967296, 4294967296)", ""), "is too large")
    refuses(file(dict "(99999999999999999999,)", ""), "a size in its shape is too large")
    refuses(file(dict "(-1,)", ""), "expected a size")
    refuses(file(dict("(2,)", "|b1"), "\1\2"), "a bool (b1) is 2")
  end)

  it("refuses broken headers and tells where", function()
    refuses(file "{", "header, byte 2: expected a key")
    refuses(file "{}", "header: no descr")
    refuses(file "{'descr': '<f4', 'shape': (1,)}", "header: no fortran_order")
    refuses(file "{'descr': '<f4', 'fortran_order': False}", "header: no shape")
    refuses(file "{'descr': '<f4', 'descr': '<f4'}", "duplicate key 'descr'")
    refuses(file "{'color': 1}", "unknown key 'color'")
    refuses(file "{'descr' '<f4'}", "expected a colon")
    refuses(file "{'descr: '<f4'}", "unknown key 'descr: '")
    refuses(file "{'descr': '<f4", "the name of a plain dtype")
    refuses(file "{'descr': '<f4' 'shape'", "a comma or the }")
    refuses(file(dict("(1,)", "<f4", "Maybe")), "expected True or False")
    refuses(file(dict "(1)"), "a comma after the only size")
    refuses(file(dict "(1 2)"), "a comma")
    refuses(file(dict "(,)"), "expected a size")
    refuses(file(dict "(1,,)"), "expected a size")
    refuses(file(dict "(1.5,)"), "a comma")
    refuses(file(dict "[1]"), "the ( of a shape")
    refuses(file(dict "(1, 2"), "expected a size")
    refuses(file "{'shape': (1, 2", "a comma or the ) of the shape")
    refuses(file(dict "(1,)" .. "x", "1234"), "nothing after the }")
    refuses(file("{'descr': '<f4', 'shape': (1,), 'fortran_order': False\0"), "a comma or the }")
    refuses(file(dict("(1,)", "\0f4"), "1234"), "is not supported")
  end)

  it("refuses what has no dtype here", function()
    local function refused(name, pattern)
      local x, message = vs.npy.load(fixture(name))
      assert.is_nil(x)
      assert(message:find(pattern, 1, true), message)
    end
    refused("big_endian", "dtype >f4 is big-endian, only little-endian is supported")
    refused("text", "dtype '<U2' is not supported (f4 f8 f2 i1 i2 i4 i8 u1 u2 u4 u8 b1 are)")
    refused("record", "records are not supported")
    refused("complex", "dtype '<c8' is not supported")
    refused("nine", "more than 8 dimensions")
  end)

  it("reads no part of a file cut anywhere, nor one with a byte changed in its header", function()
    local whole = temp.read(fixture "fortran_i8")
    for n = 0, #whole - 1 do assert.is_nil((load(whole:sub(1, n)))) end
    local kept = 0
    for at = 1, 128 do
      for _, byte in ipairs {0, 32, 39, 48, 57, 125, 255} do
        local x, message = load(whole:sub(1, at - 1) .. string.char(byte) .. whole:sub(at + 1))
        assert(x or message:find("x.npy: ", 1, true))
        if x then
          kept = kept + 1
          assert.equal(6, x:numel())
        end
      end
    end
    assert(kept > 0 and kept < 600, kept)
  end)

  it("tells about files and arguments", function()
    local x, message = vs.npy.load(dir .. "/missing.npy")
    assert.is_nil(x)
    assert.matches("missing%.npy: No such file", message)
    x, message = vs.npy.load(dir)
    assert.is_nil(x)
    assert.matches("not a file", message)
    x, message = vs.npy.save(dir .. "/no/x.npy", vs.ones(1))
    assert.is_nil(x)
    assert.matches("no/x%.npy: cannot write: No such file", message)
    local function raises(pattern, ...)
      local ok, said = pcall(...)
      assert.is_false(ok)
      assert(said:find(pattern, 1, true), said)
    end
    raises("npy.save: bfloat16 cannot be stored in .npy", vs.npy.save, dir .. "/b.npy",
      vs.ones(1):to "bfloat16")
    raises("npy.load: path is a number, expected a string", vs.npy.load, 1)
    raises("'map'", vs.npy.load, fixture "f4", {map = true})
    raises("npy.save: argument 2: expected a Tensor, got number", vs.npy.save, "/nowhere", 1)
  end)
end)
