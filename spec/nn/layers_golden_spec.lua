-- The wider set of layers and losses against PyTorch (values of spec/golden/layers.py): outputs,
-- gradients of inputs and of parameters; and what cannot be compared with values.
local vs = require "vesper"
local golden = require "spec.support.golden"

local nn = vs.nn
local values = golden.load "layers"

local layers = {
  conv1d = function() return nn.Conv1d(3, 5, 4, {stride = 2, padding = 3, dilation = 2}) end,
  ["conv1d.groups"] = function()
    return nn.Conv1d(6, 9, 3, {padding = 1, groups = 3, bias = false})
  end,
  ["conv1d.depthwise"] = function() return nn.Conv1d(5, 5, 5, {stride = 3, groups = 5}) end,
  convtranspose2d = function() return nn.ConvTranspose2d(3, 5, 3) end,
  ["convtranspose2d.stride"] = function()
    return nn.ConvTranspose2d(4, 18, 4, {stride = 2, padding = 1, bias = false})
  end,
  ["convtranspose2d.pairs"] = function()
    return nn.ConvTranspose2d(4, 6, {3, 2}, {stride = {2, 3}, padding = {2, 1},
      output_padding = {1, 2}, dilation = {2, 1}})
  end,
  ["convtranspose2d.groups"] = function()
    return nn.ConvTranspose2d(6, 9, 3, {stride = 2, padding = 1, output_padding = 1, groups = 3})
  end,
  ["convtranspose2d.depthwise"] = function()
    return nn.ConvTranspose2d(5, 5, 3, {stride = 2, padding = 1, groups = 5})
  end,
  ["convtranspose2d.wide"] = function()
    return nn.ConvTranspose2d(2, 3, 2, {stride = 3, output_padding = 2})
  end,
  convtranspose1d = function()
    return nn.ConvTranspose1d(3, 5, 4, {stride = 2, padding = 1})
  end,
  ["convtranspose1d.groups"] = function()
    return nn.ConvTranspose1d(4, 6, 3, {stride = 3, output_padding = 2, groups = 2, dilation = 2,
      bias = false})
  end,
  ["conv1d.reflect"] = function()
    return nn.Conv1d(3, 4, 5, {padding = 2, padding_mode = "reflect"})
  end,
  ["conv2d.replicate"] = function()
    return nn.Conv2d(3, 4, 3, {stride = 2, padding = {2, 1}, padding_mode = "replicate"})
  end,
  maxpool1d = function() return nn.MaxPool1d(2) end,
  ["maxpool1d.ceil"] = function()
    return nn.MaxPool1d(3, {stride = 2, padding = 1, ceil_mode = true})
  end,
  avgpool1d = function() return nn.AvgPool1d(3, 2, 1) end,
  ["avgpool1d.ceil"] = function() return nn.AvgPool1d(3, 2, 1, true, false) end,
  adaptiveavgpool1d = function() return nn.AdaptiveAvgPool1d(3) end,
  adaptivemaxpool1d = function() return nn.AdaptiveMaxPool1d(4) end,
  ["maxpool2d.ceil"] = function() return nn.MaxPool2d(2, {ceil_mode = true}) end,
  ["maxpool2d.ceil.padded"] = function()
    return nn.MaxPool2d(3, {stride = 2, padding = 1, ceil_mode = true})
  end,
  ["avgpool2d.ceil"] = function()
    return nn.AvgPool2d(3, {stride = 2, padding = 1, ceil_mode = true})
  end,
  ["avgpool2d.inside"] = function()
    return nn.AvgPool2d({3, 2}, {stride = {2, 1}, padding = 1, ceil_mode = true,
      count_include_pad = false})
  end,
  ["avgpool2d.dropped"] = function()
    return nn.AvgPool2d(2, {stride = 3, padding = 1, ceil_mode = true})
  end,
  groupnorm = function() return nn.GroupNorm(3, 6) end,
  ["groupnorm.one"] = function() return nn.GroupNorm(1, 5, {eps = 1e-3}) end,
  ["groupnorm.bare"] = function() return nn.GroupNorm(4, 4, {affine = false}) end,
  upsample = function() return nn.Upsample {scale_factor = 2} end,
  ["upsample.nearest"] = function() return nn.Upsample {size = {7, 3}} end,
  ["upsample.bilinear"] = function() return nn.Upsample {scale_factor = 2, mode = "bilinear"} end,
  ["upsample.size"] = function() return nn.Upsample {size = {7, 3}, mode = "bilinear"} end,
  ["upsample.factors"] = function()
    return nn.Upsample {scale_factor = {1.7, 0.6}, mode = "bilinear"}
  end,
  adaptivemaxpool2d = function() return nn.AdaptiveMaxPool2d() end,
  ["adaptivemaxpool2d.pair"] = function() return nn.AdaptiveMaxPool2d({3, 4}) end,
  hardsigmoid = function() return nn.Hardsigmoid() end,
  hardswish = function() return nn.Hardswish() end,
  mish = function() return nn.Mish() end,
  softsign = function() return nn.Softsign() end,
  selu = function() return nn.SELU() end,
  prelu = function() return nn.PReLU() end,
  ["prelu.channels"] = function() return nn.PReLU(5, 0.1) end,
  info_nce = function() return nn.InfoNCE() end,
}

local functions = {
  huber = function(x, y) return vs.huber_loss(x, y, {delta = 0.7}) end,
  ["huber.none"] = function(x, y) return vs.huber_loss(x, y, {reduction = "none"}) end,
  kl_div = function(x, y) return vs.kl_div(x, y, {reduction = "batchmean"}) end,
  ["kl_div.mean"] = vs.kl_div,
  ["kl_div.log"] = function(x, y)
    return vs.kl_div(x, y, {reduction = "sum", log_target = true})
  end,
  triplet = vs.triplet_margin_loss,
  ["triplet.swap"] = function(x, y, z)
    return vs.triplet_margin_loss(x, y, z, {margin = 1.5, swap = true, reduction = "none"})
  end,
}

local function params_of(case)
  local params, prefix = {}, case .. "/param."
  for name, t in pairs(values) do
    if name:sub(1, #prefix) == prefix then params[name:sub(#prefix + 1)] = t end
  end
  return params
end

describe("layers as PyTorch's", function()
  for case, make in pairs(layers) do
    it(case, function()
      local layer = make()
      layer:load_state_dict(params_of(case)) -- names and shapes have to be the same
      local inputs = golden.inputs(values, case)
      golden.check(values, case, {layer(table.unpack(inputs))}, inputs)
      for _, pair in ipairs(layer:named_parameters()) do
        golden.near("gradient of " .. pair[1], pair[2].grad, values[case .. "/dparam." .. pair[1]])
      end
    end)
  end
end)

describe("losses as PyTorch's", function()
  for case, fn in pairs(functions) do
    it(case, function()
      local inputs = golden.inputs(values, case)
      golden.check(values, case, {fn(table.unpack(inputs))}, inputs)
    end)
  end
end)

it("every golden case is used", function()
  for name in pairs(values) do
    local case = name:match "^(.*)/out1$"
    assert(not case or layers[case] or functions[case], "nothing compares " .. tostring(case))
  end
end)

describe("nn.Dropout2d", function()
  it("drops whole channels, and scales the rest", function()
    vs.manual_seed(3)
    local layer, x = nn.Dropout2d(0.25), vs.ones(64, 32, 3, 2):requires_grad_()
    local y = layer(x)
    local sums = y:sum({3, 4})
    local dropped, kept = sums:eq(0), ((sums - 8):abs() * 1000):floor():eq(0)
    assert(dropped:logical_or(kept):all())
    local share = dropped:to("float32"):mean():item()
    assert(share > 0.2 and share < 0.3, "dropped " .. share)
    y:sum():backward()
    assert(((x.grad - y):abs():max()):item() == 0)
  end)

  it("does nothing in evaluation, and wants channels", function()
    local x = vs.randn(2, 3, 4, 4)
    assert(nn.Dropout2d(0.9):eval()(x):eq(x):all())
    assert.has_error(function() nn.Dropout2d()(vs.ones(3, 4)) end)
    assert.has_error(function() nn.Dropout2d(1.5) end)
  end)
end)

describe("nn.InfoNCE", function()
  it("starts at CLIP's temperature and stays at or below a factor of 100", function()
    local loss = nn.InfoNCE()
    assert.near(math.log(1 / 0.07), loss.logit_scale:item(), 1e-6)
    assert.near(0.07, loss:temperature(), 1e-6)
    vs.no_grad(function() loss.logit_scale:fill_(9) end)
    loss(vs.eye(3)):backward()
    assert.near(math.log(100), loss.logit_scale:item(), 1e-5)
    assert.near(math.log(1 / 0.5), nn.InfoNCE(0.5).logit_scale:item(), 1e-6)
  end)

  it("may keep its temperature as it is", function()
    local loss = nn.InfoNCE(0.1, {learn = false})
    assert.same({}, loss:parameters())
    assert(loss:state_dict().logit_scale)
  end)

  it("wants a square of scores", function()
    local ok, message = pcall(nn.InfoNCE(), vs.ones(2, 3))
    assert.is_false(ok)
    assert.matches("scores is float32 [2,3], expected [B,B]", message, 1, true)
    assert.has_error(function() nn.InfoNCE(0) end)
  end)
end)

describe("refusals name the argument and the shapes", function()
  local function refused(text, fn, ...)
    local ok, message = pcall(fn, ...)
    assert.is_false(ok)
    assert.matches(text, message, 1, true)
  end

  it("of convolutions", function()
    local x, w = vs.zeros(1, 3, 4, 4), vs.zeros(3, 2, 3, 3)
    refused("x is [1,3,4,4], expected 3 dimensions", vs.conv1d, x, vs.zeros(2, 3, 3))
    refused("larger than x [1,3,2]", vs.conv1d, vs.zeros(1, 3, 2), vs.zeros(2, 3, 3))
    refused("output_padding is 2", vs.conv_transpose2d, x, w, {stride = 2, output_padding = 2})
    refused("x is [1,3,4,4] and w is [4,2,3,3]", vs.conv_transpose2d, x, vs.zeros(4, 2, 3, 3))
    refused("padding 9 leaves nothing", vs.conv_transpose2d, x, w, {padding = 9})
    refused("b is [3], expected [2]", vs.conv_transpose2d, x, w, vs.zeros(3))
    refused("into 2 groups", vs.conv_transpose2d, x, w, {groups = 2})
    refused("do not divide into 2 groups", nn.ConvTranspose2d, 3, 4, 3, {groups = 2})
  end)

  it("of the rest", function()
    refused("its 5 channels do not divide into 2 groups", vs.group_norm, vs.zeros(2, 5), 2)
    refused("num_channels 5 does not divide", nn.GroupNorm, 2, 5)
    refused("one of size and scale_factor", nn.Upsample)
    refused("one of size and scale_factor", vs.interpolate, vs.zeros(1, 1, 2, 2))
    refused("its new size 0", vs.interpolate, vs.zeros(1, 1, 2, 2), {size = {1, 0}})
    refused("weight is [3]", vs.prelu, vs.zeros(2, 4), vs.zeros(3))
    refused("num_parameters is 0", nn.PReLU, 0)
    refused("delta is 0", vs.huber_loss, vs.zeros(2), vs.zeros(2), {delta = 0})
    refused("anchor is [2,3] but negative is [2,4]", vs.triplet_margin_loss, vs.zeros(2, 3),
      vs.zeros(2, 3), vs.zeros(2, 4))
  end)
end)
