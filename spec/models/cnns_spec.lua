-- ResNets and EfficientNet-Lite0: values of PyTorch (spec/golden/cnns.py), names, and weights read
-- from files.
local vs = require "vesper"
local golden = require "spec.support.golden"
local temp = require "spec.support.temp"

local models = vs.models
local resnet = require "vesper.models.resnet"
local values = golden.load "cnns"

local small = {
  basic = function(o)
    o.block, o.layers, o.base = resnet.BasicBlock, {2, 1, 1, 1}, 4
    return models.ResNet(o)
  end,
  bottleneck = function(o)
    o.block, o.layers, o.base = resnet.Bottleneck, {1, 2, 1, 1}, 2
    return models.ResNet(o)
  end,
  lite = function(o)
    o.blocks, o.stem, o.head = {{1, 3, 1, 1, 4}, {2, 5, 2, 3, 6}, {2, 3, 2, 3, 8}}, 6, 12
    return models.EfficientNetLite0(o)
  end,
}

local function state_of(case)
  local state, prefix = {}, case .. "/state."
  for name, t in pairs(values) do
    if name:sub(1, #prefix) == prefix then state[name:sub(#prefix + 1)] = t end
  end
  return state
end

describe("CNNs", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  it("have PyTorch's values under PyTorch's names", function()
    for case, make in pairs(small) do
      local net = make{num_classes = 5}
      net:load_state_dict(state_of(case))
      net:eval()
      local x = values[case .. "/x"]
      local v, regions = net(x)
      golden.near(case .. ": v", v, values[case .. "/v"])
      golden.near(case .. ": U", regions, values[case .. "/U"])
      golden.near(case .. ": y", net:logits(x), values[case .. "/y"])
      golden.near(case .. ": float images", net:logits(x:float()), values[case .. "/y"])
    end
  end)

  it("are as large as they are published", function()
    local sizes = {ResNet18 = 11689512, ResNet34 = 21797672, ResNet50 = 25557032,
      EfficientNetLite0 = 4652008}
    for name, n in pairs(sizes) do assert.equal(n, models[name]():num_parameters(), name) end
    collectgarbage()
    local names = {}
    for _, pair in ipairs(models.ResNet18{num_classes = 0}:named_parameters()) do
      names[pair[1]] = table.concat(pair[2].shape, ",")
    end
    assert.equal("64,3,7,7", names["conv1.weight"])
    assert.equal("128,64,1,1", names["layer2.0.downsample.0.weight"])
    assert.equal("128", names["layer2.0.downsample.1.bias"])
    assert.equal("512,512,3,3", names["layer4.1.conv2.weight"])
    assert.is_nil(names["fc.weight"])
  end)

  it("train, and stand in a VSE as its image encoder", function()
    for case, make in pairs(small) do
      vs.manual_seed(1)
      local net = make{width = 6, num_classes = 0, size = 40}:train()
      local model = models.VSE{classes = 2, width = 6, image = net,
        text = {vocab_size = 9, word_dim = 4}}
      local batch = {image = values[case .. "/x"], label = vs.tensor({1, 2}, {dtype = "int64"}),
        tokens = vs.tensor({{3, 4}, {5, 1}}, {dtype = "int64"}),
        lengths = vs.tensor({2, 1}, {dtype = "int64"})}
      model:loss(batch, 1):backward()
      for _, pair in ipairs(net:named_parameters()) do
        assert(pair[2].grad, case .. ": no gradient of " .. pair[1])
      end
      assert.equal(6, model:encode_image(batch.image).shape[2])
      assert.error_matches(function() net:logits(batch.image) end,
        "num_classes is 0, so the network has no head")
    end
  end)

  it("drop samples by the share that was asked for, in training alone", function()
    local net = small.lite{num_classes = 5, drop_connect = 0.9, dropout = 0}
    net:load_state_dict(state_of "lite")
    local block = net._blocks[5]
    assert.is_true(block.residual)
    assert.near(0.9 * 4 / 5, block.drop, 1e-12)
    local x = vs.rand(400, 8, 2, 2)
    block:eval()
    assert.same(block(x):tolist(), block(x):tolist())
    block:train()
    local moved = (block(x) - x):abs():sum{2, 3, 4}:gt(0):float():mean():item()
    assert.near(0.28, moved, 0.1)
  end)

  it("read weights from files, and list what does not fit", function()
    local state = state_of "basic"
    local path = dir .. "/basic.safetensors"
    assert(vs.save(path, state))
    local Tiny = models.ResNet:extend "Tiny"
    function Tiny:init(o)
      local all = {block = resnet.BasicBlock, layers = {2, 1, 1, 1}, base = 4}
      for key, value in pairs(o) do all[key] = value end
      models.ResNet.init(self, all)
    end
    local pretrained = require "vesper.models.pretrained"
    local function load(options) return pretrained.load(Tiny, "fc", path, options) end
    local x = values["basic/x"]
    local same = assert(load()):eval()
    assert.equal(5, same.fc.out_features)
    golden.near("y", same:logits(x), values["basic/y"])
    local other = assert(load{num_classes = 3, width = 7}):eval()
    assert.same({2, 3}, other:logits(x).shape)
    golden.near("U", select(2, other(x)), values["basic/U"])
    local bare = assert(load{num_classes = 0}):eval()
    assert.is_nil(bare.fc)
    golden.near("v", (bare(x)), values["basic/v"])

    for name in pairs(state) do
      if name:find "num_batches_tracked" then state[name] = nil end -- as old files are
    end
    state["bn1.bias"], state["layer9.weight"] = nil, vs.zeros(2)
    state["conv1.weight"] = vs.zeros(1, 2)
    assert(vs.save(path, state))
    local none, why = load()
    assert.is_nil(none)
    assert.equal(path .. ": the state does not fit this module\n  missing: bn1.bias\n"
      .. "  unexpected: layer9.weight\n  mismatched: conv1.weight is [1,2], expected [4,3,7,7]",
      why)
    none, why = models.ResNet18.from_pretrained(dir .. "/none.safetensors")
    assert.is_nil(none)
    assert.matches("none%.safetensors: No such file", why)
    none, why = models.EfficientNetLite0.from_pretrained "spec/fixtures/pth/whole.pth"
    assert.is_nil(none)
    assert.matches("names torch%.nn%.modules", why)
    none, why = models.ResNet18.from_pretrained("spec/fixtures/pth/nested.pth",
      {key = "state_dict"})
    assert.is_nil(none)
    assert.matches("missing: bn1%.bias, .*unexpected: bfloat16, bool", why)
  end)
end)
