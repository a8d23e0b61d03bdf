-- vs.load and vs.load_pth of an index and its shards.
local vs = require "vesper"
local temp = require "spec.support.temp"

describe("vs.load of an index", function()
  local dir, path
  before_each(function()
    dir = temp.folder()
    path = dir .. "/model.safetensors.index.json"
    assert(vs.save(dir .. "/model-00001-of-00002.safetensors", {a = vs.ones(2), b = vs.zeros(3)},
      {format = "pt"}))
    assert(vs.save(dir .. "/model-00002-of-00002.safetensors", {c = vs.full({1}, 7)}))
  end)
  teardown(temp.remove)

  local ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
  local function index(map, metadata)
    assert(vs.io.json_save(path, {weight_map = map, metadata = metadata}))
  end
  local function refused(want, map)
    if map then index(map) end
    local none, why = vs.load(path)
    assert.is_nil(none)
    assert.matches(want, why, 1, true)
  end

  it("gives the tensors of all files", function()
    index({a = ONE, b = ONE, c = TWO}, {total_size = 24, note = "x"})
    for _, options in ipairs {{}, {mmap = false}} do
      local tensors, meta = assert(vs.load(path, options))
      assert.same({{1, 1}, {0, 0, 0}, {7}},
        {tensors.a:tolist(), tensors.b:tolist(), tensors.c:tolist()})
      assert.same({format = "pt", note = "x"}, meta)
    end
    assert.error_matches(function() vs.load(path, {map = false}) end, "load: unknown option 'map'")
  end)

  it("names what does not fit", function()
    refused(TWO .. ".x: No such file", {a = ONE, b = ONE, c = TWO .. ".x"})
    refused("tensor 'd' is not in " .. TWO, {a = ONE, b = ONE, c = TWO, d = TWO})
    refused("tensor 'b' of " .. ONE .. " is not in weight_map as one of this file",
      {a = ONE, c = TWO})
    assert(vs.save(dir .. "/" .. TWO, {c = vs.full({1}, 7), a = vs.ones(2)}))
    refused("tensor 'a' is in " .. ONE .. " and in " .. TWO, {a = ONE, b = ONE, c = TWO})
    for _, place in ipairs {"../x.safetensors", "/etc/passwd", "y/../../x", "", "a\\b", 3,
      "a\0b"} do
      refused("'a' is in '", {a = place})
      assert.matches("expected the name of a file in this folder", select(2, vs.load(path)))
    end
    refused("has no weight_map", {})
    temp.write(path, "[]")
    refused "has no weight_map"
    temp.write(path, '{"weight_map": ["a"]}')
    refused "has no weight_map"
    temp.write(path, "{")
    refused "model.safetensors.index.json: line 1"
    os.remove(path)
    refused "model.safetensors.index.json: No such file"
  end)

  it("reads shards in a folder below", function()
    temp.subfolder(dir .. "/parts")
    assert(vs.save(dir .. "/parts/x.safetensors", {a = vs.ones(2)}))
    index {a = "parts/x.safetensors"}
    assert.same({1, 1}, assert(vs.load(path)).a:tolist())
  end)

  it("of PyTorch's files is vs.load_pth", function()
    local bytes = temp.read "spec/fixtures/pth/module.pth"
    temp.write(dir .. "/pytorch_model-1.bin", bytes)
    local plain = assert(vs.load_pth "spec/fixtures/pth/module.pth")
    local map = {}
    for name in pairs(plain) do map[name] = "pytorch_model-1.bin" end
    local old = dir .. "/pytorch_model.bin.index.json"
    assert(vs.io.json_save(old, {weight_map = map}))
    for name, tensor in pairs(assert(vs.load_pth(old))) do
      assert.same(plain[name]:tolist(), tensor:tolist())
    end
  end)
end)
