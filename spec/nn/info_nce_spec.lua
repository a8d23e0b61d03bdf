-- InfoNCE beside its values, which golden_spec compares: the temperature, and refusals.
local vs = require "vesper"

local nn = vs.nn

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
    assert.matches("[2,3], expected [B,B]", message, 1, true)
    assert.has_error(function() nn.InfoNCE(0) end)
  end)
end)
