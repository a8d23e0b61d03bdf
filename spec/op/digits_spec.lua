-- Results that a formula of large numbers would leave without digits: what does not depend on an
-- offset of its inputs is as exact with the offset, and small results have all their digits.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local T = vs.tensor
local LIMIT = vs.build.real == "double" and 1e-11 or 1e-6
local BASE = 10000

-- Values and gradients of fn(x) at x and at x + BASE.
local function both(fn, rows)
  local results = {}
  for k, offset in ipairs {0, BASE} do
    local x = (T(rows) + offset):detach():requires_grad_()
    local y = fn(x)
    local weights = numbers.uniform(vs, numbers.shape(y), 0.5, 1, 3)
    ;(y * weights):sum():backward()
    results[k] = {y:detach(), x.grad}
  end
  return results[1], results[2]
end

local rows = {{0, 1, 2, 3}, {2, 0.5, -1, 0}}
local target = T({4, 2}, {dtype = "int64"})

describe("an offset of 10000 costs no digits in", function()
  local function same(name, fn, only_gradient)
    it(name, function()
      local plain, far = both(fn, rows)
      if not only_gradient then
        numbers.same(vs, far[1], numbers.flat(plain[1]), numbers.shape(plain[1]), LIMIT)
      end
      numbers.same(vs, far[2], numbers.flat(plain[2]), numbers.shape(plain[2]), LIMIT)
    end)
  end
  same("softmax", function(x) return x:softmax() end)
  same("log_softmax", function(x) return x:log_softmax() end)
  same("log_softmax of columns", function(x) return x:log_softmax(1) end)
  same("the gradient of logsumexp", function(x) return x:logsumexp() end, true)
  for _, reduction in ipairs {"mean", "sum", "none"} do
    same("cross_entropy, " .. reduction, function(x)
      return vs.cross_entropy(x, target, {reduction = reduction})
    end)
  end
  same("cross_entropy, smoothed", function(x)
    return vs.cross_entropy(x, target, {label_smoothing = 0.3})
  end)
  same("cross_entropy, weights", function(x)
    return vs.cross_entropy(x, target, {label_smoothing = 0.3, weight = T {1, 2, 3, 4}})
  end)
  same("kl_div of log_softmax", function(x)
    return vs.kl_div(x:log_softmax(), T(rows):log_softmax(), {log_target = true})
  end)
  same("InfoNCE", function(x)
    return vs.nn.InfoNCE(1)(vs.cat({x, x:flip {1}}, 1))
  end)
  same("attention with a bias", function(x)
    local q = vs.zeros(1, 2, 3)
    local v = numbers.signed(vs, {1, 4, 3}, 7)
    return vs.scaled_dot_product_attention(q, vs.zeros(1, 4, 3), v,
      {bias = x:reshape {1, 2, 4}})
  end)

  it("log_softmax, by the definition", function()
    local sum = 0
    for i = 0, 3 do sum = sum + math.exp(i - 3) end
    local want = {}
    for i = 0, 3 do want[i + 1] = i - 3 - math.log(sum) end
    numbers.same(vs, T {10000, 10001, 10002, 10003}:log_softmax(), want, {4}, LIMIT)
  end)
end)

describe("a small result has all its digits in", function()
  -- Relative, unlike numbers.same.
  local function near(got, want)
    local limit = LIMIT * math.abs(want)
    assert(math.abs(got - want) <= limit, ("%.9g, expected %.9g"):format(got, want))
  end
  -- log(1 + e)
  local function log1p(e) return e < 1e-5 and e - e * e / 2 + e ^ 3 / 3 or math.log(1 + e) end

  it("softplus and SigmoidLoss", function()
    for _, x in ipairs {-80, -30, -20, -16, -10, -3, -0.5, 0, 0.5, 10} do
      near(T {x}:softplus():item(), x > 0 and x + log1p(math.exp(-x)) or log1p(math.exp(x)))
    end
    local loss = vs.nn.SigmoidLoss {temperature = 1, bias = 0, learn = false}
    near(loss(T {{20, -20}, {-20, 20}}):item(), 2 * log1p(math.exp(-20)))
  end)

  it("elu and selu", function()
    for _, x in ipairs {-1e-6, -1e-3, -0.1, -0.34, -0.35, -0.7, -3, -20} do
      local want = x > -1e-2 and x + x ^ 2 / 2 + x ^ 3 / 6 + x ^ 4 / 24 + x ^ 5 / 120
        or math.exp(x) - 1
      near(T {x}:elu():item(), want)
      near(T {x}:elu(0.5):item(), want / 2)
      near(T {x}:selu():item(), want * 1.0507009873554805 * 1.6732632423543772)
    end
  end)

  it("gelu by tanh", function()
    for _, x in ipairs {-7, -5, -3, -1, -0.1, 0.1, 3} do
      local inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x ^ 3)
      -- the exponent is up to 40 and its rounding error is relative to it
      local want = x / (1 + math.exp(-2 * inner))
      local got = T {x}:gelu("tanh"):item()
      assert(math.abs(got - want) <= 40 * LIMIT * math.abs(want), x)
    end
  end)

  it("mish", function() near(T {-20}:mish():item(), -20 * log1p(math.exp(-20))) end)

  it("binary_cross_entropy_with_logits, and its gradient", function()
    for _, x in ipairs {-30, -20, -10, -2, 0.5, 3, 10, 20, 30} do
      for y = 0, 1 do
        local t = T {x}:requires_grad_()
        local loss = vs.binary_cross_entropy_with_logits(t, T {y}, {pos_weight = T {3}})
        loss:backward()
        local sign, weight = y == 1 and -1 or 1, y == 1 and 3 or 1 -- weight * softplus(sign x)
        local z = sign * x
        near(loss:item(), weight * (z > 0 and z + log1p(math.exp(-z)) or log1p(math.exp(z))))
        near(t.grad[1]:item(), weight * sign / (1 + math.exp(-z)))
      end
    end
  end)
end)
