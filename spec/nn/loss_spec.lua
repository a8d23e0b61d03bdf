-- Losses as layers beside their values, which golden_spec compares: what they were made with as
-- fields, and weights as buffers.
local vs = require "vesper"

local nn = vs.nn

describe("losses as layers", function()
  it("show what they were made with", function()
    local loss = nn.CrossEntropyLoss {label_smoothing = 0.1, reduction = "sum"}
    assert.equal("CrossEntropyLoss(reduction = sum, label_smoothing = 0.1)", tostring(loss))
    assert.equal("sum", loss.reduction)
    assert.is_nil(loss.weight)
    assert.is_nil(loss.ignore_index)
    assert.same({}, loss:parameters())
  end)

  it("keep a copy of their weights, as a buffer", function()
    local given = vs.ones(3)
    local loss = nn.BCEWithLogitsLoss {pos_weight = given}
    given:fill_(5)
    assert.same({1, 1, 1}, loss.pos_weight:tolist())
    assert.same({}, loss:parameters())
    assert.equal("pos_weight", (next(loss:state_dict())))
  end)

  it("name what is wrong", function()
    local ok, message = pcall(nn.MSELoss(), vs.ones(2), vs.ones(3))
    assert.is_false(ok)
    assert.matches("mse_loss: x is [2] but target is [3]", message, 1, true)
    assert.has_error(function() nn.MSELoss("most") end)
    assert.has_error(function() nn.CrossEntropyLoss(3) end)
  end)
end)
