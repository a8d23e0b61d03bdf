-- Convolution, pooling and normalisation layers against PyTorch (values of spec/golden/cnn.py):
-- outputs, gradients, and buffers before and after.
local vs = require "vesper"
local golden = require "spec.support.golden"

local nn = vs.nn
local values = golden.load "cnn"

-- name -> tensor of what the case keeps under that heading.
local function under(case, heading)
  local found, prefix = {}, case .. "/" .. heading .. "."
  for name, t in pairs(values) do
    if name:sub(1, #prefix) == prefix then found[name:sub(#prefix + 1)] = t end
  end
  return found
end

local layers = {
  ["conv.plain"] = function() return nn.Conv2d(3, 5, 3) end,
  ["conv.padded"] = function() return nn.Conv2d(4, 18, 3, {padding = 1, bias = false}) end,
  ["conv.stride"] = function() return nn.Conv2d(3, 8, 3, {stride = 2, padding = 1}) end,
  ["conv.stem"] = function() return nn.Conv2d(3, 6, 7, {stride = 2, padding = 3, bias = false}) end,
  ["conv.pairs"] = function()
    return nn.Conv2d(4, 6, {3, 2}, {stride = {1, 3}, padding = {2, 1}, dilation = {2, 1}})
  end,
  ["conv.dilated"] = function()
    return nn.Conv2d(2, 3, 3, {stride = 2, padding = 2, dilation = 2})
  end,
  ["conv.one"] = function() return nn.Conv2d(7, 33, 1) end,
  ["conv.one.stride"] = function() return nn.Conv2d(7, 4, 1, 2) end,
  ["conv.groups"] = function() return nn.Conv2d(6, 9, 3, {padding = 1, groups = 3}) end,
  ["conv.depthwise"] = function()
    return nn.Conv2d(5, 5, 3, {stride = 2, padding = 1, groups = 5})
  end,
  ["conv.deep"] = function() return nn.Conv2d(70, 20, 3, {padding = 1}) end,
  max_pool = function() return nn.MaxPool2d(2) end,
  ["max_pool.odd"] = function() return nn.MaxPool2d(2) end,
  ["max_pool.resnet"] = function() return nn.MaxPool2d(3, {stride = 2, padding = 1}) end,
  ["max_pool.pairs"] = function() return nn.MaxPool2d({3, 2}, {stride = {1, 2}}) end,
  avg_pool = function() return nn.AvgPool2d(2) end,
  ["avg_pool.padded"] = function() return nn.AvgPool2d(3, {stride = 2, padding = 1}) end,
  adaptive = function() return nn.AdaptiveAvgPool2d() end,
  ["adaptive.pair"] = function() return nn.AdaptiveAvgPool2d({3, 4}) end,
  batch2d = function() return nn.BatchNorm2d(5) end,
  ["batch2d.bare"] = function() return nn.BatchNorm2d(4, {affine = false, momentum = 0.3}) end,
  ["batch2d.untracked"] = function()
    return nn.BatchNorm2d(4, {eps = 1e-3, track_running_stats = false}):eval()
  end,
  ["batch2d.eval"] = function() return nn.BatchNorm2d(3):eval() end,
  batch1d = function() return nn.BatchNorm1d(6) end,
  ["batch1d.time"] = function() return nn.BatchNorm1d(4) end,
  ["batch1d.eval"] = function() return nn.BatchNorm1d(6):eval() end,
  layer = function() return nn.LayerNorm(37) end,
  ["layer.two"] = function() return nn.LayerNorm({3, 5}, {eps = 1e-3}) end,
  ["layer.bare"] = function() return nn.LayerNorm(9, {elementwise_affine = false}) end,
}

-- The names of a list of {name = tensor} against those that the layer gives.
local function same_names(what, got, want)
  for name in pairs(want) do assert(got[name], ("%s %s is missing"):format(what, name)) end
  for name in pairs(got) do assert(want[name], ("%s %s is not PyTorch's"):format(what, name)) end
end

describe("layers as PyTorch's", function()
  for case, make in pairs(layers) do
    it(case, function()
      local layer, params, before = make(), under(case, "param"), under(case, "buffer")
      local named, state = {}, {}
      for _, pair in ipairs(layer:named_parameters()) do named[pair[1]] = pair[2] end
      same_names("parameter", named, params)
      for name, t in pairs(params) do state[name] = t end
      for name, t in pairs(before) do state[name] = t end
      layer:load_state_dict(state)
      local inputs = golden.inputs(values, case)
      golden.check(values, case, {layer(table.unpack(inputs))}, inputs)
      for name, p in pairs(named) do
        golden.near("gradient of " .. name, p.grad, values[case .. "/dparam." .. name])
      end
      local after, now = under(case, "after"), layer:state_dict()
      for name, t in pairs(after) do golden.near("buffer " .. name, now[name], t) end
    end)
  end

  it("starts from PyTorch's first values", function()
    vs.manual_seed(1)
    local conv = nn.Conv2d(8, 40, {3, 5})
    for _, p in ipairs {conv.weight, conv.bias} do
      local bound = 1 / math.sqrt(8 * 3 * 5)
      assert(p:max():item() <= bound and p:max():item() > 0.8 * bound)
      assert(p:min():item() >= -bound and p:min():item() < -0.8 * bound)
    end
    local batch = nn.BatchNorm2d(3)
    assert(batch.weight:eq(vs.ones(3)):all() and batch.bias:eq(vs.zeros(3)):all())
    assert(batch.running_mean:eq(vs.zeros(3)):all() and batch.running_var:eq(vs.ones(3)):all())
    assert.are.equal(0, batch.num_batches_tracked:item())
  end)
end)

it("every golden case is used", function()
  for name in pairs(values) do
    local case = name:match "^(.*)/out1$"
    assert(not case or layers[case], "nothing compares " .. tostring(case))
  end
end)

describe("refusals name the argument and the shapes", function()
  local function refused(pattern, fn)
    local ok, message = pcall(fn)
    assert.is_false(ok)
    assert.matches(pattern, message)
  end

  it("of conv2d", function()
    local w = vs.zeros(4, 3, 3, 3)
    local function conv(pattern, shape, ...)
      local rest = table.pack(...)
      refused(pattern, function() vs.conv2d(vs.zeros(shape), w, table.unpack(rest, 1, rest.n)) end)
    end
    conv("x is %[1,2,5,5%] and w is %[4,3,3,3%]", {1, 2, 5, 5})
    conv("x is %[2,5,5%], expected 4", {2, 5, 5})
    conv("w %[4,3,3,3%].*larger than x %[1,3,2,5%]", {1, 3, 2, 5})
    conv("b is %[3%], expected %[4%]", {1, 3, 5, 5}, vs.zeros(3))
    conv("stride 0", {1, 3, 5, 5}, nil, 0)
    conv("groups", {1, 9, 5, 5}, {groups = 3})
  end)

  it("of the layers", function()
    refused("do not divide into 3 groups", function() nn.Conv2d(4, 6, 3, {groups = 3}) end)
    refused("x is %[2,4%], made for 3 channels", function() nn.BatchNorm1d(3)(vs.zeros(2, 4)) end)
    refused("x is %[2,3%], expected %[B,C,H,W%]", function() nn.BatchNorm2d(3)(vs.zeros(2, 3)) end)
    refused("more than one value", function() nn.BatchNorm1d(3)(vs.zeros(1, 3)) end)
    refused("x is %[2,4%].*shape %[3%]", function() nn.LayerNorm(3)(vs.zeros(2, 4)) end)
    refused("larger than x %[1,2,1,4%]", function() nn.MaxPool2d(2)(vs.zeros(1, 2, 1, 4)) end)
    refused("more than half", function() nn.MaxPool2d(2, {padding = 2})(vs.zeros(1, 2, 4, 4)) end)
  end)
end)
