local vs = require "vesper"
local nn = vs.nn

describe("nn.RMSNorm", function()
  it("gives rows of mean square 1, times weight", function()
    local layer, x = nn.RMSNorm(8), vs.randn(5, 8) * 3
    assert(((layer(x) ^ 2):mean(2) - 1):abs():max():item() < 1e-5)
    vs.no_grad(function() layer.weight:fill_(2) end)
    assert(((layer(x) ^ 2):mean(2) - 4):abs():max():item() < 1e-4)
  end)

  it("has one parameter, called weight, or none", function()
    assert.equal("weight", nn.RMSNorm(8):named_parameters()[1][1])
    assert.same({}, nn.RMSNorm(8, {elementwise_affine = false}):parameters())
  end)

  it("learns", function()
    local layer = nn.RMSNorm(4)
    layer(vs.randn(3, 4)):sum():backward()
    assert.same({4}, layer.weight.grad.shape)
  end)

  it("takes several dimensions", function()
    local layer, x = nn.RMSNorm({3, 4}), vs.randn(5, 3, 4) * 3
    assert.same({3, 4}, layer.weight.shape)
    assert(((layer(x) ^ 2):mean({2, 3}) - 1):abs():max():item() < 1e-5)
  end)

  it("refuses other sizes", function()
    assert.has_error(function() nn.RMSNorm(0) end)
    local ok, message = pcall(nn.RMSNorm(4), vs.ones(2, 3))
    assert.is_false(ok)
    assert.matches("rms_norm: weight is [4], expected [3] for x [2,3]", message, 1, true)
    ok, message = pcall(nn.RMSNorm(4, {elementwise_affine = false}), vs.ones(2, 3))
    assert.is_false(ok)
    assert.matches("x is [2,3], expected last dimensions of shape [4]", message, 1, true)
  end)
end)
