-- nn.Sequential and what it frees between its modules (lua/vesper/nn/through.lua).
local vs = require "vesper"

describe("what lies between two layers", function()
  local nn = vs.nn
  local x = vs.randn(4, 3, 8, 8)

  it("is freed at once, without a garbage collection", function()
    local net = nn.Sequential{nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 7, 3), nn.MaxPool2d(2)}
    vs.no_grad(function()
      collectgarbage()
      collectgarbage "stop"
      local before = vs.memory().live
      local first = net(x)
      local one = vs.memory().live - before
      local second = net(x)
      local two = vs.memory().live - before
      collectgarbage "restart"
      assert.equal(2 * one, two)
      assert.is_true(one < first:numel() * 8 + 600, one) -- 8 bytes in the double build
      assert.same(first:tolist(), second:tolist())
    end)
  end)

  it("stays where a hook, a function or a module of one's own may keep it", function()
    local kept = {}
    local Keep = nn.Module:extend "Keep"
    function Keep:forward(y) -- luacheck: ignore
      kept.module = y
      return y
    end
    local hooked = nn.ReLU()
    local net = nn.Sequential{nn.Conv2d(3, 5, 3), hooked, nn.Conv2d(5, 7, 3), Keep(),
      nn.MaxPool2d(2), function(y)
        kept.fn = y
        return y
      end, nn.ReLU()}
    hooked:register_forward_hook(function(_, inputs, outputs)
      kept.input, kept.output = inputs[1], outputs[1]
    end)
    local leaf = vs.randn(4, 3, 8, 8):requires_grad_()
    local y = net(leaf)
    assert.same({4, 5, 6, 6}, kept.input.shape)
    assert.same({4, 5, 6, 6}, kept.output.shape)
    assert.same({4, 7, 4, 4}, kept.module.shape)
    assert.same({4, 7, 2, 2}, kept.fn.shape)
    y:sum():backward()
    assert.same(leaf.shape, leaf.grad.shape)
  end)
end)
