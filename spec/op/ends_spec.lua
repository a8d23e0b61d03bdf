-- What goes from one number to another gives exactly these at its ends, however far apart they are.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local T = vs.tensor
local EXACT = 0

describe("both ends are exact in", function()
  it("lerp", function()
    local x, y = T {1e8, 1, -3}, T {1, 1e8, 7}
    for _, weight in ipairs {0, 1} do
      local want = numbers.flat(weight == 0 and x or y)
      numbers.same(vs, x:lerp(y, weight), want, {3}, EXACT)
      numbers.same(vs, x:lerp(y, T(weight)), want, {3}, EXACT)
    end
    numbers.same(vs, x:lerp(y, T {0, 1, 0.5}), {1e8, 1e8, 2}, {3}, EXACT)
    assert.has_error(function() return x:lerp(y) end)
  end)

  it("the gradient of lerp", function()
    for _, weight in ipairs {0, 0.25, 0.5, 0.75, 1} do
      local x, y, w = T {2, 3}:requires_grad_(), T {5, -1}:requires_grad_(),
        T {weight, weight}:requires_grad_()
      x:lerp(y, w):sum():backward()
      numbers.same(vs, x.grad, {1 - weight, 1 - weight})
      numbers.same(vs, y.grad, {weight, weight})
      numbers.same(vs, w.grad, {3, -4})
    end
  end)

  it("linspace and logspace", function()
    for n = 2, 60 do
      local f = vs.linspace(1e20, 1, n, {dtype = "float64"})
      assert(f[1]:item() == 1e20 and f[n]:item() == 1)
      local whole = vs.linspace(0, 10 * (n - 1), n, {dtype = "int64"})
      numbers.same(vs, whole, numbers.flat(vs.arange(0, 10 * (n - 1), 10)), {n}, EXACT)
      local last = vs.logspace(0, 1, n, 3, {dtype = "float64"})[n]:item()
      assert(last == 3, last)
    end
    numbers.same(vs, vs.linspace(3, 8, 1), {3}, {1}, EXACT)
    numbers.same(vs, vs.linspace(3, 8, 0), {}, {0}, EXACT)
    -- exponents are no whole numbers where the values are
    numbers.same(vs, vs.logspace(0, 3, 7, 4, {dtype = "int64"}), {1, 2, 4, 8, 16, 32, 64}, {7})
  end)

  it("interpolate", function()
    local x = T {1e8, 1, 3, 1e8}:reshape {1, 1, 1, 4}
    for n = 2, 40 do
      local y = numbers.flat(vs.interpolate(x, {size = {1, n}, mode = "bilinear",
        align_corners = true}))
      assert(y[1] == 1e8 and y[n] == 1e8)
      if (n - 1) % 3 == 0 then assert(y[1 + (n - 1) // 3] == 1, n) end
    end
  end)

  it("EMA", function()
    local net = vs.nn.Linear(1, 1)
    vs.no_grad(function() net.weight:fill_(1e8) end)
    local ema = vs.optim.EMA(net, {decay = 0})
    vs.no_grad(function() net.weight:fill_(1) end)
    ema:update()
    assert.equal(1, ema.average.weight:item())
  end)

  it("interpolate by nearest repeats each value where the size doubles, as PyTorch does", function()
    local x = vs.tensor {{{{1, 2, 3}}}}
    for _, factor in ipairs {2, 2.3} do
      assert.same({1, 1, 2, 2, 3, 3}, vs.interpolate(x, {scale_factor = {1, factor}}):flatten()
        :tolist())
    end
    assert.same({1, 1, 1, 2, 2, 3, 3}, vs.interpolate(x, {size = {1, 7}}):flatten():tolist())
  end)
end)
