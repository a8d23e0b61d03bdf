-- Hooks of modules, both those made in C and those written in Lua.
local vs = require "vesper"
local fails = require "spec.support.fails"

local nn = vs.nn

local function double()
  local Double = nn.Module:extend "Double"
  function Double:forward(x, y) return x * 2, y end
  return Double()
end

for _, kind in ipairs {"layer", "module"} do
  local function make() return kind == "layer" and nn.ReLU() or double() end

  describe("hooks of a " .. kind, function()
    it("see inputs and outputs, and may change both", function()
      local m, log = make(), {}
      m:register_forward_pre_hook(function(module, inputs)
        assert.equal(m, module)
        log[#log + 1] = inputs[1]:tolist()
        inputs[1] = inputs[1] + 1
      end)
      m:register_forward_hook(function(module, inputs, outputs)
        assert.equal(m, module)
        log[#log + 1] = inputs[1]:tolist()
        outputs[1] = outputs[1] * 10
      end)
      local plain = make()(vs.tensor {2, 3}):tolist()
      assert.same({plain[1] * 10, plain[2] * 10}, m(vs.tensor {1, 2}):tolist())
      assert.same({{1, 2}, {2, 3}}, log)
      assert.same({2, 3}, {#m(vs.tensor {1, 2}), #log - 1})
    end)

    it("go when they are removed, from within too", function()
      local m, calls = make(), 0
      local handle
      handle = m:register_forward_hook(function()
        calls = calls + 1
        handle:remove()
      end)
      local other = m:register_forward_hook(function() calls = calls + 10 end)
      m(vs.ones(1))
      m(vs.ones(1))
      assert.equal(21, calls)
      other:remove()
      m(vs.ones(1))
      assert.equal(21, calls)
    end)

    it("see gradients in backward, and may change what goes on", function()
      local m, log = make(), nil
      m:register_full_backward_hook(function(module, grad_inputs, grad_outputs)
        assert.equal(m, module)
        log = {grad_inputs[1]:tolist(), grad_outputs[1]:tolist()}
        grad_inputs[1] = grad_inputs[1] * 100
      end)
      local x = vs.tensor({1, 2}):requires_grad_()
      local y = m(x)
      local slope = kind == "layer" and 1 or 2
      ;(y * vs.tensor {1, 3}):sum():backward()
      assert.same({{slope, slope * 3}, {1, 3}}, log)
      assert.same({slope * 100, slope * 300}, x.grad:tolist())
    end)

    it("are not asked by forward itself", function()
      local m = make()
      m:register_forward_hook(function() error "asked" end)
      m:forward(vs.ones(1))
      fails("asked", m, vs.ones(1))
    end)

    it("have to be functions", function()
      local m = make()
      fails("Module:register_forward_hook: hook is 1, expected a function",
        m.register_forward_hook, m, 1)
      fails("Module:register_full_backward_hook: hook is missing", m.register_full_backward_hook, m)
    end)
  end)
end

describe("hooks", function()
  it("on a first layer see gradients of outputs though its input has none", function()
    local layer, seen = nn.Linear(3, 2), nil
    layer:register_full_backward_hook(function(_, grad_inputs, grad_outputs)
      seen = {grad_inputs.n, grad_outputs[1].shape}
    end)
    layer(vs.ones(4, 3)):sum():backward()
    assert.same({0, {4, 2}}, seen)
    assert.same({2, 3}, layer.weight.grad.shape)
    seen = nil
    vs.no_grad(function() layer(vs.ones(1, 3)) end)
    assert.is_nil(seen)
  end)

  it("leave the results of training as they are", function()
    local function weights(hooked)
      vs.manual_seed(1)
      local net = nn.Sequential {nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)}
      if hooked then
        for _, pair in ipairs(net:named_modules()) do
          pair[2]:register_forward_hook(function() end)
          pair[2]:register_full_backward_hook(function() end)
        end
      end
      local opt = vs.optim.SGD(net:parameters(), {lr = 0.1})
      for _ = 1, 5 do
        local loss = vs.cross_entropy(net(vs.randn(6, 3)), vs.randint(1, 2, 6))
        opt:zero_grad()
        loss:backward()
        opt:step()
      end
      return net[1].weight
    end
    assert(weights(false):eq(weights(true)):all())
  end)

  it("do not keep a module alive", function()
    local gone = setmetatable({}, {__mode = "k"})
    do
      local m = nn.Linear(2, 2)
      m:register_forward_hook(function() return m end)
      gone[m] = true
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(gone))
  end)
end)
