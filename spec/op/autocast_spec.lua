-- Settings of vs.set_matmul_precision and vs.autocast: what they change, for how long, and what
-- they leave alone.  precision_spec compares the products themselves.
local vs = require "vesper"
local fails = require "spec.support.fails"
local numbers = require "spec.support.numbers"

local DOUBLE = vs.build.real == "double"

describe("matmul precision", function()
  after_each(function()
    vs.set_matmul_precision "highest"
    vs._force_products()
  end)

  it("is highest at first, and what was set", function()
    assert.equal("highest", vs.get_matmul_precision())
    for _, name in ipairs {"medium", "high", "highest"} do
      assert.equal(0, select("#", vs.set_matmul_precision(name)))
      assert.equal(name, vs.get_matmul_precision())
    end
  end)

  it("has three names", function()
    vs.set_matmul_precision "medium"
    for _, name in ipairs {"low", "", "Medium", "highest "} do
      fails("expected highest, high or medium", vs.set_matmul_precision, name)
    end
    fails("precision is a number, expected a string", vs.set_matmul_precision, 1)
    assert.equal("medium", vs.get_matmul_precision())
  end)

  it("is medium inside autocast, for its gradients too", function()
    local function work(cast)
      vs.manual_seed(3)
      local x, w = vs.randn(70, 80):requires_grad_(), vs.randn(80, 90):requires_grad_()
      local y = cast(function(a, b)
        assert(cast ~= vs.autocast or vs.get_matmul_precision() == "medium")
        return a:matmul(b)
      end, x, w)
      assert.equal("highest", vs.get_matmul_precision())
      y:square():sum():backward()
      return {y:detach(), x.grad, w.grad}
    end
    local plain, cast = work(function(fn, ...) return fn(...) end), work(vs.autocast)
    vs.set_matmul_precision "medium"
    local medium = work(function(fn, ...)
      local y = fn(...)
      vs.set_matmul_precision "highest"
      return y
    end)
    assert.equal(DOUBLE and "float64" or "bfloat16", cast[1].dtype)
    medium[1] = medium[1]:to(cast[1].dtype)
    for i, t in ipairs(cast) do
      if i > 1 then -- the gradient of the square comes from rounded values
        assert((t - medium[i]):abs():max():item() <= 2 ^ -7 * medium[i]:abs():max():item())
      else
        assert(t:eq(medium[i]):all(), "autocast is not medium")
      end
      assert(DOUBLE or not t:eq(plain[i]):all(), "autocast is highest in " .. i)
    end
  end)

  it("is medium in the backward of a function recorded inside autocast", function()
    local seen
    local twice = vs.autograd.Function {
      name = "twice", forward = function(_, x) return x * 2 end,
      backward = function(_, dy)
        seen = vs.get_matmul_precision()
        return dy:matmul(vs.eye(dy.shape[2]) * 2) -- of the compute type: no autocast there
      end}
    local x = vs.ones(2, 2):requires_grad_()
    local y = vs.autocast(twice, x)
    y:sum():backward()
    assert.equal("medium", seen)
    assert.equal("highest", vs.get_matmul_precision())
  end)

  it("is set and read inside autocast, which goes on", function()
    vs.autocast(function()
      vs.set_matmul_precision(vs.get_matmul_precision())
      assert.equal(DOUBLE and "float64" or "bfloat16", vs.ones(2, 2):matmul(vs.ones(2, 2)).dtype)
      assert.is_true(vs.is_autocast_enabled())
      vs.set_autocast_enabled(false)
      assert.equal("medium", vs.get_matmul_precision()) -- as was set
      assert.equal(vs.ones(1).dtype, vs.ones(2, 2):matmul(vs.ones(2, 2)).dtype)
    end)
    assert.equal("highest", vs.get_matmul_precision())
    assert.is_false(vs.is_autocast_enabled())
  end)

  it("leaves hooks, functions in Lua and seeds the compute type inside autocast", function()
    local x = numbers.uniform(vs, {3, 4}, -1, 1, 1):requires_grad_()
    local double = vs.autograd.Function {
      name = "double",
      forward = function(ctx, a)
        ctx.two = vs.full({3, 4}, 2):to "bfloat16"
        return a * 2
      end,
      backward = function(ctx) return ctx.two end}
    vs.autocast(function()
      local y = x:matmul(vs.eye(4))
      y:register_hook(function(g) return g:matmul(vs.eye(4)) end)
      double(y):backward(vs.ones(3, 4):to "bfloat16")
    end)
    assert(x.grad:eq(2):all())
  end)

  it("does not reach what metrics compare", function()
    local v, t = vs.randn(300, 64), vs.randn(300, 64)
    local want, got = vs.metrics.retrieval(v, t), vs.autocast(vs.metrics.retrieval, v, t)
    assert.equal(want.rsum, got.rsum)
    local places, scores = vs.metrics.topk(v, t, 7)
    local near, cosines = vs.autocast(vs.metrics.topk, v, t, 7)
    assert(places:eq(near):all() and scores:eq(cosines):all())
  end)

  it("is put back after autocast, whatever happens in it", function()
    fails("by hand", vs.autocast, function() error("by hand", 0) end)
    assert.equal("highest", vs.get_matmul_precision())
    do
      local guard <close> = vs.autocast() -- luacheck: ignore
      assert.equal("medium", vs.get_matmul_precision())
    end
    assert.equal("highest", vs.get_matmul_precision())
    assert.are.same({1, nil, 3}, {vs.autocast(function(...) return ... end, 1, nil, 3)})
    fails("body is a number, expected a function", vs.autocast, 3)
  end)
end)
