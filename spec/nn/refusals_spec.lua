-- What layers and their ops refuse: messages name the argument and the shapes.
local vs = require "vesper"

local nn = vs.nn

describe("refusals name the argument and the shapes", function()
  local function refused(text, fn, ...)
    local ok, message = pcall(fn, ...)
    assert.is_false(ok)
    assert.matches(text, message, 1, true)
  end

  local function matches(pattern, fn)
    local ok, message = pcall(fn)
    assert.is_false(ok)
    assert.matches(pattern, message)
  end

  it("of conv2d", function()
    local w = vs.zeros(4, 3, 3, 3)
    local function conv(pattern, shape, ...)
      local rest = table.pack(...)
      matches(pattern, function() vs.conv2d(vs.zeros(shape), w, table.unpack(rest, 1, rest.n)) end)
    end
    conv("x is %[1,2,5,5%] and w is %[4,3,3,3%]", {1, 2, 5, 5})
    conv("x is %[2,5,5%], expected 4", {2, 5, 5})
    conv("w %[4,3,3,3%].*larger than x %[1,3,2,5%]", {1, 3, 2, 5})
    conv("b is %[3%], expected %[4%]", {1, 3, 5, 5}, vs.zeros(3))
    conv("stride 0", {1, 3, 5, 5}, nil, 0)
    conv("groups", {1, 9, 5, 5}, {groups = 3})
  end)

  it("of the layers", function()
    matches("do not divide into 3 groups", function() nn.Conv2d(4, 6, 3, {groups = 3}) end)
    matches("x is %[2,4%], expected 3 channels", function() nn.BatchNorm1d(3)(vs.zeros(2, 4)) end)
    matches("x is %[2,3%], expected %[B,C,H,W%]", function() nn.BatchNorm2d(3)(vs.zeros(2, 3)) end)
    matches("more than one value", function() nn.BatchNorm1d(3)(vs.zeros(1, 3)) end)
    matches("x is %[2,4%].*shape %[3%]", function() nn.LayerNorm(3)(vs.zeros(2, 4)) end)
    matches("larger than x %[1,2,1,4%]", function() nn.MaxPool2d(2)(vs.zeros(1, 2, 1, 4)) end)
    matches("more than half", function() nn.MaxPool2d(2, {padding = 2})(vs.zeros(1, 2, 4, 4)) end)
  end)

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
