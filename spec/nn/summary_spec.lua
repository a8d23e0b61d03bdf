-- nn.summary: what each module gave, in the order of the calls.
local vs = require "vesper"
local nn = vs.nn

describe("nn.summary", function()
  local function net()
    local Tower = nn.Module:extend "Tower"
    function Tower:init()
      self.conv = nn.Sequential {nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()}
      self.rnn = nn.GRU(4, 5)
    end
    function Tower:forward(x)
      local y = self.conv(x)
      return self.rnn(y:flatten(3):transpose(2, 3))
    end
    return Tower()
  end

  it("lists calls with shapes and parameter counts", function()
    local tower = net()
    tower.conv[1]:freeze()
    local summary, got = nn.summary(tower, vs.ones(2, 3, 6, 5)), {}
    for i, row in ipairs(summary) do
      got[i] = ("%s %s %s %d"):format(row.name, row.kind, row.output, row.parameters)
    end
    assert.same({" Tower [2,12,5] [2,5] [1,2,5] 285", "conv Sequential [2,4,4,3] 120",
      "conv.0 Conv2d [2,4,4,3] 112", "conv.1 BatchNorm2d [2,4,4,3] 8",
      "conv.2 ReLU [2,4,4,3] 0", "rnn GRU [2,12,5] [2,5] [1,2,5] 165"}, got)
    assert.equal(285, summary.parameters)
    assert.equal(173, summary.trained)
    local text = tostring(summary)
    assert.matches("    conv%.1 +BatchNorm2d +%[2,4,4,3%] +8\n", text)
    assert.matches("285 parameters, 173 of them trained$", text)
  end)

  it("leaves the module as it was", function()
    local tower = net()
    tower.conv[2]:eval()
    nn.summary(tower, vs.randn(2, 3, 6, 5))
    assert.is_true(tower.training and tower.conv[1].training and not tower.conv[2].training)
    assert(tower.conv[2].running_mean:eq(0):all())
    local call = debug.getmetatable(tower.rnn).__call
    assert.is_false((pcall(nn.summary, tower, vs.ones(2, 4, 6, 5))))
    assert.equal(call, debug.getmetatable(tower.rnn).__call)
    assert.is_true(tower.training)
    assert.same({2, 4, 4, 3}, tower.conv(vs.ones(2, 3, 6, 5)).shape)
  end)

  it("takes a layer too, and nothing else", function()
    assert.equal(1, #nn.summary(nn.Linear(2, 3), vs.ones(1, 2)))
    assert.has_error(function() nn.summary({}) end)
  end)
end)
