local vs = require "vesper"
local nn = vs.nn

-- The first run's results against the second's: y and the gradients of x, weight and bias.
local function both(bn, x, g, run, other)
  local results = {}
  for i, fn in ipairs{run, other} do
    for _, p in ipairs{x, bn.weight, bn.bias} do p.grad = nil end
    local y = fn(x);
    (y * g):sum():backward()
    results[i] = {y, x.grad, bn.weight.grad, bn.bias.grad}
  end
  for k, a in ipairs(results[1]) do
    local b = results[2][k]
    assert((a - b):abs():max():item() <= 2e-6 * math.max(1, b:abs():max():item()), "result " .. k)
  end
  return results[1][1]
end

describe("an activation behind a batch norm", function()
  for _, activation in ipairs{"relu", "relu6"} do
    for _, shape in ipairs{{3, 4, 7, 9}, {5, 4, 1, 2}, {2, 4, 40, 33}} do
      for _, training in ipairs{true, false} do
        it(("%s gives what two ops give, %s, %s"):format(activation, table.concat(shape, "x"),
          training and "training" or "evaluation"), function()
          vs.manual_seed(7)
          local bn = nn.BatchNorm2d(4)
          vs.no_grad(function()
            bn.weight:copy_(vs.tensor{1, -0.5, 6, 0.1})
            bn.bias:copy_(vs.tensor{0, 1, 3, 0.3})
          end)
          bn:train(training)
          local x, g = vs.randn(table.unpack(shape)), vs.randn(table.unpack(shape))
          x.requires_grad = true
          local y = both(bn, x, g, function() return bn(x, activation) end,
            function() return bn(x)[activation](bn(x)) end)
          assert(y:min():item() == 0)
          if activation == "relu6" and #y:flatten() > 50 then assert.equal(6, y:max():item()) end
        end)
      end
    end
  end

  it("lets NaN through", function()
    local bn = nn.BatchNorm2d(1):eval()
    local y = bn(vs.tensor{{{{0 / 0, -1, 2}}}}, "relu"):flatten():tolist()
    assert(y[1] ~= y[1] and y[2] == 0 and y[3] > 1.9)
  end)

  it("is refused when it is none of the known ones", function()
    assert.error_matches(function() nn.BatchNorm2d(1)(vs.ones(2, 1, 1, 1), "gelu") end,
      "activation is 'gelu', expected none|relu|relu6")
  end)
end)

describe("nn.Sequential", function()
  local function net() return nn.Sequential{nn.BatchNorm2d(3), nn.ReLU6(), nn.BatchNorm2d(3)} end

  it("takes a norm and the activation behind it as one", function()
    vs.manual_seed(1)
    local seq, x = net(), vs.randn(4, 3, 5, 5) * 3
    x.requires_grad = true
    local bn, last = seq[1], seq[3]
    both(bn, x, vs.randn(4, 3, 5, 5), function() return seq(x) end,
      function() return last(bn(x):relu6()) end)
  end)

  it("shows hooks what lies between them", function()
    local x = vs.randn(4, 3, 5, 5)
    local want = net()[1](x)
    for _, hooked in ipairs{1, 2} do
      local seq, seen = net()
      seq[hooked]:register_forward_hook(function(_, inputs, outputs)
        seen = hooked == 1 and outputs[1] or inputs[1]
      end)
      seq(x)
      assert((seen - want):abs():max():item() < 1e-6)
      assert(seen:min():item() < 0)
    end
  end)
end)
