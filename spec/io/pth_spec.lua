-- PyTorch's own files: those that PyTorch wrote (spec/fixtures/pth, made by
-- spec/golden/pth_files.py), and broken and hostile ones that are made here.
local vs = require "vesper"
local temp = require "spec.support.temp"

local function fixture(name) return "spec/fixtures/pth/" .. name .. ".pth" end

-- ---- files of one's own -------------------------------------------------------------------------

local MAGIC = "\x80\2\x8a\10\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
local VERSION, SYSTEM = "\x80\2M\xe9\3.", "\x80\2}."

local function text(s) return string.pack("<c1s4", "X", s) end
local function int(n) return string.pack("<c1i4", "J", n) end
local function tuple(...) return "(" .. table.concat {...} .. "t" end

-- The older form around a pickle without PROTO and STOP; keys and data of its storages behind it.
local function old(pickle, keys, data)
  return MAGIC .. VERSION .. SYSTEM .. "\x80\2" .. pickle .. "."
    .. "\x80\2](" .. (keys or "") .. "e." .. (data or "")
end

local function storage(type_, key, n)
  return tuple(text "storage", "ctorch\n" .. type_ .. "\n", text(key), text "cpu", n) .. "Q"
end

local function tensor(store, offset, shape, stride)
  return "ctorch._utils\n_rebuild_tensor_v2\n"
    .. tuple(store, offset, tuple(table.unpack(shape)), tuple(table.unpack(stride)), "\x89", "}")
    .. "R"
end

-- {x = a tensor over a float32 storage of n elements that says it has `said`}
local function one(offset, shape, stride, n, said)
  local store = storage("FloatStorage", "7", int(said or n))
  return old("}" .. text "x" .. tensor(store, int(offset), shape, stride) .. "s", text "7",
    string.pack("<i8", n) .. ("\0"):rep(4 * n))
end

local function crc32(s)
  local crc = 0xffffffff
  for i = 1, #s do
    crc = crc ~ s:byte(i)
    for _ = 1, 8 do crc = crc >> 1 ~ ((crc & 1) * 0xedb88320) end
  end
  return ~crc & 0xffffffff
end

-- A zip archive of {name, data, change = {...}}; what an entry's record says can be changed.
local function zip(entries, count)
  local body, directory = "", ""
  for _, e in ipairs(entries) do
    local r = {method = 0, flags = 0, size = #e[2], packed = #e[2], crc = crc32(e[2]), at = #body,
      name = e[1]}
    for key, value in pairs(e.change or {}) do r[key] = value end
    body = body .. string.pack("<I4I2I2I2I4I4I4I4I2I2", 0x04034b50, 20, 0, r.method, 0, r.crc,
      r.packed, r.size, #e[1], 0) .. e[1] .. e[2]
    directory = directory .. string.pack("<I4I2I2I2I2I4I4I4I4I2I2I2I2I2I4I4", 0x02014b50, 20, 20,
      r.flags, r.method, 0, r.crc, r.packed, r.size, #r.name, 0, 0, 0, 0, 0, r.at) .. r.name
  end
  return body .. directory .. string.pack("<I4I2I2I2I2I4I4I2", 0x06054b50, 0, 0, #entries,
    count or #entries, #directory, #body, 0)
end

-- One entry with the sizes and places of 64 bits that files over 4 GiB have; `where` of its end
-- record and `at` of the entry can be changed.
local function zip64(name, data, where, at)
  local all = 0xffffffff
  local body = string.pack("<I4I2I2I2I4I4I4I4I2I2", 0x04034b50, 45, 0, 0, 0, crc32(data), all, all,
    #name, 0) .. name .. data
  local directory = string.pack("<I4I2I2I2I2I4I4I4I4I2I2I2I2I2I4I4", 0x02014b50, 45, 45, 0, 0, 0,
    crc32(data), all, all, #name, 28, 0, 0, 0, 0, all) .. name
    .. string.pack("<I2I2I8I8I8", 1, 24, #data, #data, at or 0)
  local ending = string.pack("<I4I8I2I2I4I4I8I8I8I8", 0x06064b50, 44, 45, 45, 0, 0, 1, 1,
    #directory, #body)
  return body .. directory .. ending
    .. string.pack("<I4I4I8I4", 0x07064b50, 0, where or #body + #directory, 1)
    .. string.pack("<I4I2I2I2I2I4I4I2", 0x06054b50, 0, 0, 0xffff, 0xffff, all, all, 0)
end

local EMPTY = "\x80\2}."

-- ---- expectations -------------------------------------------------------------------------------

describe("vs.load_pth", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  local function load(bytes) return vs.load_pth(temp.write(dir .. "/x.pth", bytes)) end

  local function refuses(bytes, ...)
    local values, message = load(bytes)
    assert(values == nil, "was read")
    for _, part in ipairs {"x.pth: ", ...} do
      assert(message:find(part, 1, true), ("expected: %s\ngot: %s"):format(part, message))
    end
  end

  local function check_state(t, prefix)
    local cube, n = {}, -1
    for i = 1, 2 do
      cube[i] = {}
      for j = 1, 3 do
        cube[i][j] = {}
        for k = 1, 4 do
          n = n + 1
          cube[i][j][k] = n
        end
      end
    end
    local function is(name, dtype, want)
      local x = assert(t[prefix .. name], name)
      assert.equal(dtype, x.dtype)
      assert.same(want, x:tolist())
    end
    is("cube", "float32", cube)
    assert.same({4, 2, 3}, t[prefix .. "swapped"].shape)
    assert.same(cube, t[prefix .. "swapped"]:permute(2, 3, 1):tolist())
    is("tail", "float32", {20, 21, 22, 23})
    is("every", "float32", {1, 4, 7, 10, 13, 16, 19, 22})
    is("one", "float32", 2.5)
    assert.same({0, 4}, t[prefix .. "none"].shape)
    is("weight", "float32", {1.5, -2})
    for _, dtype in ipairs {"float64", "float16", "bfloat16", "int64", "int32", "uint8"} do
      is(dtype, dtype, {{0, 1, 2}, {3, 4, 250}})
    end
    is("bool", "bool", {true, false, true})
    is("large", "int64", {9007199254740993, math.mininteger, math.maxinteger})
  end

  it("reads both forms as PyTorch wrote them, and protocol 4", function()
    for _, name in ipairs {"nested", "nested_old", "protocol4"} do
      local t, values = assert(vs.load_pth(fixture(name)))
      check_state(t, "state_dict.")
      assert.same({0.5}, t["optimizer.state.0.exp_avg"]:tolist())
      assert.same({
        epoch = 3, best = -0.75, done = true, name = "a net é", ["size.0"] = 3, ["size.1"] = 4,
        ["optimizer.state.0.step"] = 1 << 40, ["optimizer.param_groups.0.lr"] = 0.01,
        ["optimizer.param_groups.0.betas.0"] = 0.5, ["optimizer.param_groups.0.betas.1"] = -1,
      }, values)
      assert.equal("integer", math.type(values.epoch))
    end
  end)

  it("takes one entry of the outermost dictionary", function()
    for _, name in ipairs {"nested", "nested_old"} do
      local t, values = assert(vs.load_pth(fixture(name), {key = "state_dict"}))
      check_state(t, "")
      assert.same({}, values)
      local none, message = vs.load_pth(fixture(name), {key = "model"})
      assert.is_nil(none)
      assert.matches("has no entry 'model'; it has state_dict, epoch, best", message)
    end
  end)

  it("cuts a prefix off names that have it", function()
    local two = "}(" .. text "m.x" .. "K\1" .. text "m" .. "K\2" .. text "m." .. "K\3u"
    local path = temp.write(dir .. "/x.pth", old(two))
    local _, values = assert(vs.load_pth(path, {strip_prefix = "m."}))
    assert.same({x = 1, m = 2, [""] = 3}, values)
    path = temp.write(dir .. "/x.pth", old("}(" .. text "m.x" .. "K\1" .. text "x" .. "K\2u"))
    local none, message = vs.load_pth(path, {strip_prefix = "m."})
    assert.is_nil(none)
    assert.matches("x.pth: two entries have the name 'x'", message, 1, true)
    assert.error_matches(function() vs.load_pth(path, {strip_prefix = 1}) end,
      "strip_prefix is a number")
  end)

  it("refuses two entries of one name", function()
    refuses(old("}(" .. text "a.b" .. "K\1" .. text "a" .. "}" .. text "b" .. "K\2su"),
      "two entries have the name 'a.b'")
    refuses(old("}(" .. text "0" .. "K\1K\0K\2u"), "two entries have the name '0'")
  end)

  it("reads the state of a module", function()
    for _, name in ipairs {"module", "module_old"} do
      local t, values = assert(vs.load_pth(fixture(name)))
      local net = vs.nn.Sequential{vs.nn.Linear(2, 3), vs.nn.BatchNorm1d(3)}
      net:load_state_dict(t)
      assert.same({}, values)
      assert.near(0.36434609, t["0.weight"]:tolist()[1][1], 1e-7)
      assert.near(-0.31210154, t["0.weight"]:tolist()[1][2], 1e-7)
    end
  end)

  it("gives tensors that share memory as they did, apart from the file", function()
    local path = temp.write(dir .. "/shared.pth", temp.read(fixture "nested"))
    local before = temp.read(path)
    local t = assert(vs.load_pth(path, {key = "state_dict"}))
    t.cube:fill_(9)
    assert.same({9, 9, 9, 9}, t.tail:tolist())
    assert.equal(before, temp.read(path))
    assert.equal(20, assert(vs.load_pth(path)) ["state_dict.tail"]:tolist()[1])
  end)

  it("runs nothing: other globals and opcodes are refused by name and place", function()
    local call = "cos\nsystem\n" .. text "echo ran > " .. "\x85R"
    refuses(old("}" .. text "x" .. call .. "s"), "byte 34: it names os.system", "nothing was run")
    refuses(zip {{"a/data.pkl", "\x80\2" .. call .. "."}}, "byte 42: it names os.system")
    refuses(old(text "builtins" .. text "eval" .. "\x93"), "it names builtins.eval")
    refuses(old("ctorch\n_C\n"), "it names torch._C")
    refuses(old("ccollections\nOrderedDictionary\n"), "it names collections.OrderedDictionary")
    refuses(old("(ios\nsystem\n"), "opcode INST")
    refuses(old("(cos\nsystem\no"), "opcode OBJ")
    refuses(old("}" .. text "x" .. "cos\nsystem\n)\x81s"), "byte 34: it names os.system")
    refuses(old("}" .. text "x" .. "cos\nsystem\n)}\x92s"), "byte 34: it names os.system")
    refuses(old("}" .. text "x" .. call .. "}bs"), "byte 34: it names os.system")
    refuses(old("}" .. text "x" .. call .. "(KKu" .. "s"), "byte 34: it names os.system")
    refuses(old("}" .. text "x" .. "}}\x81s"), "the value of opcode NEWOBJ")
    refuses(old("}" .. text "x" .. "C\1as"), "the value of opcode SHORT_BINBYTES")
    refuses(old("}" .. text "x" .. "\x8f(K\1\x90s"), "the value of opcode EMPTY_SET")
    refuses(old("](K\1\x90"), "appends to something that is not a list")
    refuses(old("\x91"), "the mark is missing")
    refuses(old("0"), "takes more from the stack")
    refuses(old("1"), "the mark is missing")
    refuses(old("B\255\255\255\255"), "reaches past the end")
    assert(load(old("N0}")))
    assert(load(old("(NN1}")))
    assert(load(old("(0}")))
    refuses(old("Pid\n"), "opcode PERSID")
    refuses(old("\x82\1"), "opcode EXT1")
    refuses(old("\xff"), "unknown opcode 0xff")
    refuses(old("}" .. ")R"), "calls something that is not a function of a state dict")
    refuses(old(text "os.system" .. text "x" .. "\x85R"), "calls something that is not a function")
    refuses(old("ctorch\nFloatStorage\n)R"), "calls a storage type")
    refuses(old("ctorch._utils\n_rebuild_tensor_v2\n)R"), "a tensor has the wrong number of values")
    refuses(old("ctorch._utils\n_rebuild_parameter\n(NNNtR"), "a parameter is not a tensor")
    refuses(old("]}b"), "BUILD sets attributes of something that is not a dictionary")
    refuses(temp.read(fixture "whole"), "it names torch.nn.modules.container.Sequential")
    refuses(temp.read(fixture "bare"), "contains no dictionary of tensors")
  end)

  it("refuses pickles that do not hold together", function()
    refuses(old ".", "does not end with one value")
    refuses(old "(", "does not end with one value")
    refuses(old "NN", "does not end with one value")
    refuses(old "N(u", "sets items of something that is not a dict")
    refuses(old "}(Nu", "a key without a value")
    refuses(old "u", "the mark is missing")
    refuses(old "(\x86", "takes more from the stack")
    refuses(old "R", "takes more from the stack")
    refuses(old "(a", "takes more from the stack")
    refuses(old "NNa", "appends to something that is not a list")
    refuses(old "h\0", "reads a memo entry that was not stored")
    refuses(old "}q\5", "the memo is filled out of order")
    refuses(old "}r\255\255\255\255", "the memo is filled out of order")
    refuses(old "\x8a\x09123456789", "a number of more than 64 bits")
    refuses(old "X\255\255\255\255abc", "reaches past the end")
    refuses(old "U\255abc", "reaches past the end")
    refuses(old "cos", "a name without an end")
    refuses(old "\x80\9", "its protocol is not 2, 3 or 4")
    refuses(old("}" .. "NNs"), "neither a text nor a whole number")
    refuses(old("}(" .. text "a.b" .. "K\1" .. text "a" .. "}" .. text "b" .. "K\2su"),
      "two entries have the name 'a.b'")
    refuses(old("}" .. text "a\0b" .. "K\1s"), "a zero byte or is longer than 255")
    refuses(old("}" .. text(("n"):rep(256)) .. "K\1s"), "a zero byte or is longer than 255")
  end)

  it("stays small on nests, knots and doublings", function()
    refuses(old(("]"):rep(100000) .. ("a"):rep(99999)), "no dictionary")
    refuses(old("}" .. text "x" .. ("]"):rep(100000) .. ("a"):rep(99999) .. "s"), "32 deep")
    refuses(old("}q\0" .. text "x" .. "h\0s"), "32 deep") -- holds itself
    local doubled = "K\1\x85q\0"
    for i = 1, 30 do doubled = doubled .. "h" .. string.char(i - 1) .. "\x86q" .. string.char(i) end
    refuses(old("}" .. text "x" .. doubled .. "s"), "more than 1048576 entries")
    refuses(old(("N"):rep(17 << 20)), "longer than 16 MiB")
  end)

  it("refuses tensors that do not lie inside their storage", function()
    local function k(n) return int(n) end
    assert.same({0, 0}, assert(load(one(2, {k(2)}, {k(1)}, 4))).x
      :tolist())
    local wide = assert(load(one(3, {k(3), k(1 << 20)}, {k(0), k(0)}, 4))).x
    assert.same({3, 1 << 20}, wide.shape)
    assert.equal(0, wide:sum():item())
    refuses(one(3, {k(17), k(1 << 20)}, {k(0), k(0)}, 4), "does not fit its storage of 4")
    refuses(one(3, {k(2)}, {k(1)}, 4), "a tensor [2] from 3 on does not fit its storage of 4")
    refuses(one(0, {k(2)}, {k(4)}, 4), "does not fit its storage of 4")
    refuses(one(0, {k(5), k(2)}, {k(1), k(0)}, 4), "does not fit its storage")
    refuses(one(5, {k(0)}, {k(1)}, 4), "does not fit its storage")
    local huge = "\x8a\8" .. string.pack("<i8", math.maxinteger)
    refuses(one(0, {huge, huge}, {k(0), k(0)}, 4), "does not fit its storage")
    refuses(one(0, {k(2)}, {huge}, 4), "does not fit its storage")
    refuses(one(-1, {k(2)}, {k(1)}, 4), "the description of a tensor differs from PyTorch's")
    refuses(one(0, {k(-2)}, {k(1)}, 4), "the description of a tensor differs from PyTorch's")
    refuses(one(0, {k(2)}, {k(-1)}, 4), "the description of a tensor differs from PyTorch's")
    refuses(one(0, {k(2)}, {k(1), k(1)}, 4), "the description of a tensor differs from PyTorch's")
    local nine, ones = {}, {}
    for i = 1, 9 do nine[i], ones[i] = k(1), k(1) end
    refuses(one(0, nine, ones, 4), "over 8 dimensions")
    refuses(one(0, {k(1)}, {k(1)}, 4, 5), "has 4 elements, not 5")
    local store = storage("FloatStorage", "7", huge)
    local vast = old("}" .. text "x" .. tensor(store, k(0), {k(1)}, {k(1)}) .. "s", text "7",
      string.pack("<i8", math.maxinteger) .. "abcd")
    refuses(vast, "has 4 bytes for 9223372036854775807 of float32")
    refuses(old("}" .. text "x" .. storage("FloatStorage", "7", k(-1)) .. "s"),
      "the description of a storage differs")
    refuses(old("}" .. text "x" .. tuple(k(1)) .. "Qs"), "not described by five values")
    local two = "}(" .. text "x" .. storage("FloatStorage", "7", k(1)) .. text "y"
      .. storage("LongStorage", "7", k(1)) .. "u"
    refuses(old(two, text "7"), "storage '7' has two different descriptions")
    local lists = {"", text "8", text "7" .. text "7", k(7)}
    for _, keys in ipairs(lists) do
      local whole = old("}" .. text "x" .. storage("FloatStorage", "7", k(1)) .. "s", keys,
        string.pack("<i8", 1) .. "abcd")
      refuses(whole, "the list of storages does not match the pickle")
    end
    local bool = old("}" .. text "x" .. storage("BoolStorage", "7", k(1)) .. "s", text "7",
      string.pack("<i8", 1) .. "\2")
    refuses(bool, "is 2, expected a bool")
  end)

  it("refuses archives that lie", function()
    assert(load(zip {{"a/data.pkl", EMPTY}, {"a/byteorder", "little"}}))
    refuses(zip {{"a/data.pkl", EMPTY}, {"a/byteorder", "big"}}, "not little-endian")
    refuses(zip {{"a/data.bin", EMPTY}}, "not written by torch.save")
    refuses(zip {{"a/data.pkl", EMPTY}, {"b/data.pkl", EMPTY}}, "two pickle files")
    refuses(zip {{"a/data.pkl", EMPTY}, {"a/x", ""}, {"a/x", ""}}, "duplicate entry 'a/x'")
    local function changed(change) return zip {{"a/data.pkl", EMPTY, change = change}} end
    refuses(changed {method = 8}, "is compressed (method 8)")
    refuses(changed {flags = 1}, "is encrypted")
    refuses(changed {crc = 1}, "checksum of 'a/data.pkl' is wrong")
    refuses(changed {size = 3}, "is broken")
    refuses(changed {size = 100, packed = 100}, "is broken")
    refuses(changed {size = 0xffffffff, packed = 0xffffffff}, "is broken")
    refuses(changed {at = 1}, "is broken")
    refuses(changed {at = 0xffffffff}, "is broken")
    refuses(changed {name = "b/data.pkl"}, "is broken")
    refuses(zip({{"a/data.pkl", EMPTY}}, 2), "do not fit into the directory")
    refuses(zip({{"a/data.pkl", EMPTY}}, 0xffff), "locator of the 64-bit directory is missing")
    refuses(zip {{"a/data.pkl", EMPTY}, {"a/data.pkl", EMPTY, change = {at = 0}}}, "overlap")
    local inner = zip {{"a/inner", ("x"):rep(60)}}
    refuses(zip {{"a/outer", inner}, {"a/inner", "", change = {at = 37}}}, "overlap")
    local store = "\x80\2}" .. text "x" .. storage("FloatStorage", "7", int(1)) .. "s."
    refuses(zip {{"a/data.pkl", store}}, "storage '7' is not in the archive")
    refuses(zip {{"a/data.pkl", store}, {"a/data/7", "abc"}}, "has 3 bytes for 1 of float32")
    refuses(zip {{"a/data.pkl", store}, {"a/data/7", "abcd", change = {crc = 5}}}, "a/data/7")
  end)

  it("reads archives with places of 64 bits", function()
    assert(load(zip64("a/data.pkl", EMPTY)))
    refuses(zip64("a/data.pkl", EMPTY, 7), "no 64-bit directory at byte 7")
    refuses(zip64("a/data.pkl", EMPTY, -1), "no 64-bit directory")
    refuses(zip64("a/data.pkl", EMPTY, nil, 1), "is broken")
    refuses(zip64("a/data.pkl", EMPTY, nil, -30), "is broken")
  end)

  it("says what is no such file", function()
    local values, message = vs.load_pth(dir .. "/none.pth")
    assert.is_nil(values)
    assert.matches("none%.pth: No such file", message)
    refuses("", "truncated: 0 bytes")
    refuses(("x"):rep(100), "not a file of torch.save")
    refuses("PK\3\4" .. ("x"):rep(100), "no directory at its end")
    assert.error_matches(function() vs.load_pth(7) end, "path is a number")
    assert.error_matches(function() vs.load_pth("x", {keys = 1}) end, "keys")
    assert.error_matches(function() vs.load_pth("x", {key = 1}) end, "key is a number")
  end)

  it("survives every cut and a changed byte at every place", function()
    for _, name in ipairs {"module", "module_old"} do
      local whole, read = temp.read(fixture(name)), 0
      local path = dir .. "/damaged.pth"
      local function try(bytes)
        os.remove(path) -- file systems flush what is written over what was there
        temp.write(dir .. "/damaged.pth", bytes)
        local values, message = vs.load_pth(path)
        assert(values or message:find("damaged.pth: ", 1, true), message)
        for _, t in pairs(values or {}) do t:tolist() end
        return values ~= nil
      end
      for n = 0, #whole - 1 do
        assert(not try(whole:sub(1, n)), ("cut to %d bytes it was read"):format(n))
      end
      for at = 1, #whole do
        local byte = string.char(whole:byte(at) ~ (at % 2 == 0 and 0xff or 1))
        if try(whole:sub(1, at - 1) .. byte .. whole:sub(at + 1)) then read = read + 1 end
      end
      assert(read > 0 and read < #whole, read)
    end
  end)
end)
