-- The graph: leaves, sharing, retaining, grad mode, writes in place, depth, and what is refused.
local vs = require "vesper"
local fails = require "spec.support.fails"

local function leaf(values) return vs.tensor(values):requires_grad_() end

describe("backward", function()
  it("adds what arrives over every path, and adds again the next time", function()
    local x = leaf {1, 2, 3}
    local y = x * x
    ;(y + y * 2 + x):sum():backward()
    assert.same({7, 13, 19}, x.grad:tolist()) -- 3 * 2x + 1
    x:sum():backward()
    assert.same({8, 14, 20}, x.grad:tolist())
    x.grad = nil
    x:sum():backward()
    assert.same({1, 1, 1}, x.grad:tolist())
  end)

  it("starts from one element, or from a gradient of the same shape", function()
    local x = leaf {1, 2}
    fails("[2] has more than one element", x.backward, x * 2)
    ;(x * 2):backward(vs.tensor {1, 10})
    assert.same({2, 20}, x.grad:tolist())
    fails("the gradient is float32 [3], the tensor [2]", x.backward, x * 2, vs.ones(3))
    fails("the gradient is int64 [2]", x.backward, x * 2, vs.ones(2, {dtype = "int64"}))
    fails("does not depend on anything that requires a gradient", vs.ones(1).backward, vs.ones(1))
    fails("retain_graph", x.backward, x:sum(), {retain_graph = true})
  end)

  it("of a leaf is the seed itself, copied", function()
    local x, seed = leaf {1, 2}, vs.tensor {3, 4}
    x:backward(seed)
    seed:zero_()
    assert.same({3, 4}, x.grad:tolist())
    x:backward(vs.ones(1):expand(2))
    assert.same({4, 5}, x.grad:tolist())
    local one = leaf(5)
    one:backward()
    assert.equal(1, one.grad:item())
  end)

  it("does not write into gradients that somebody gave it", function()
    local x, seed = leaf {1, 2}, vs.tensor {1, 1}
    local y = x + 0
    ;(y + y):backward(seed)
    assert.same({1, 1}, seed:tolist())
    assert.same({2, 2}, x.grad:tolist())
  end)

  it("works once, and again when the graph was retained", function()
    local x = leaf {3}
    local y = (x * x):sum()
    y:backward({retain = true})
    y:backward()
    assert.same({12}, x.grad:tolist())
    fails("the graph was already used", y.backward, y)
    assert.same({12}, x.grad:tolist())
    local trunk = x * x
    local a, b = trunk * 2, trunk * 3
    a:backward()
    fails("already used", b.backward, b)
    assert.same({24}, x.grad:tolist())
  end)

  it("walks chains of 100,000 nodes, and lets go of them", function()
    local x = leaf {1}
    local y = x
    for _ = 1, 100000 do y = y + 1 end
    y:backward()
    assert.equal(1, x.grad:item())
    y = x
    for _ = 1, 100000 do y = y * 1 end
    y = nil -- luacheck: ignore
    collectgarbage()
  end)

  it("visits shared nodes once: 40 doublings", function()
    local x = leaf {1}
    local y = x
    for _ = 1, 40 do y = y + y end
    y:backward()
    assert.equal(2 ^ 40, x.grad:item())
  end)

  it("passes through views, expanded and turned tensors", function()
    local x = leaf {{1, 2, 3}, {4, 5, 6}}
    local y = x:t():slice(1, 2, 3) * vs.tensor({10, 100})
    y:sum():backward()
    assert.same({{0, 10, 10}, {0, 100, 100}}, x.grad:tolist())
    x.grad = nil
    x[2]:unsqueeze(1):expand(4, 3):sum():backward()
    assert.same({{0, 0, 0}, {4, 4, 4}}, x.grad:tolist())
    local row = leaf {1, 2}
    row:expand(3, 2):contiguous():reshape(6):slice(1, 1, 5):sum():backward()
    assert.same({3, 2}, row.grad:tolist())
  end)

  it("reaches only what asks for it, and only real numbers", function()
    local x, w = vs.tensor {1, 2}, leaf {3, 4}
    ;(x * w):sum():backward()
    assert.is_nil(x.grad)
    assert.is_false(w:to("int64").requires_grad)
    assert.is_false(w:gt(3).requires_grad)
    assert.is_false(w:detach().requires_grad)
    assert.is_false((w * 2).is_leaf)
    fails("only float32 tensors can require gradients", function()
      vs.ones(2, {dtype = "int64"}):requires_grad_()
    end)
    local y = w * 2
    fails("part of a graph", y.requires_grad_, y, false)
  end)

  it("of one of several outputs", function()
    local x = leaf {{1, 5, 2}, {7, 3, 4}}
    local values, places = x:max(2)
    assert.same({2, 1}, places:tolist())
    values:sum():backward()
    assert.same({{0, 1, 0}, {1, 0, 0}}, x.grad:tolist())
  end)

  it("keeps a gradient that is set outside any graph", function()
    local x = leaf {2}
    x.grad = x * 3
    assert.is_false(x.grad.requires_grad)
    x:sum():backward()
    assert.same({7}, x.grad:tolist())
    fails("does not fit", function() x.grad = vs.ones(2) end)
    fails("does not fit", function() x.grad = vs.ones(1, {dtype = "int64"}) end)
  end)
end)

describe("writes in place", function()
  it("of what requires a gradient need no_grad", function()
    local x = leaf {1, 2}
    fails("add_: in-place change, but x [2] requires a gradient", x.add_, x, 1)
    fails("requires a gradient", function() x[1] = 3 end)
    fails("requires a gradient", vs.zeros(2).copy_, vs.zeros(2), x)
    vs.no_grad(function() x:add_(1) end)
    assert.same({2, 3}, x:tolist())
    assert.is_true(x.requires_grad)
  end)

  it("of values that backward reads are noticed, through views too", function()
    local x, w = leaf {1, 2}, vs.tensor {3, 4}
    local y = (x * w):sum()
    w[1] = 5
    fails("mul: its y [2] was changed in place after it was used", y.backward, y)
    local z = x:exp()
    z:detach():zero_()
    local loss = z:sum()
    fails("exp: its result [2] was changed in place", loss.backward, loss)
    local sum = (x + w):sum() -- reads no values
    w:zero_()
    sum:backward()
  end)
end)

describe("grad mode", function()
  it("is off inside no_grad, on again inside enable_grad, and back after either", function()
    local x = leaf {1}
    local a, b = vs.no_grad(function(v)
      assert.is_false(vs.is_grad_enabled())
      assert.is_false((v * 2).requires_grad)
      vs.enable_grad(function() assert.is_true((v * 2).requires_grad) end)
      assert.is_false(vs.is_grad_enabled())
      return 1, nil
    end, x)
    assert.equal(1, a)
    assert.is_nil(b)
    assert.is_true(vs.is_grad_enabled())
  end)

  it("comes back after errors, nested ones too", function()
    fails("inner", vs.no_grad, function()
      local ok = pcall(vs.enable_grad, function() vs.no_grad(error, "innermost") end)
      assert.is_false(ok)
      assert.is_false(vs.is_grad_enabled())
      error "inner"
    end)
    assert.is_true(vs.is_grad_enabled())
  end)

  it("as a guard ends with its variable", function()
    do
      local guard <close> = vs.no_grad() -- luacheck: ignore
      assert.is_false(vs.is_grad_enabled())
    end
    assert.is_true(vs.is_grad_enabled())
    pcall(function()
      local guard <close> = vs.no_grad() -- luacheck: ignore
      error "away"
    end)
    assert.is_true(vs.is_grad_enabled())
    assert.is_true(vs.set_grad_enabled(false))
    assert.is_false(vs.set_grad_enabled(true))
  end)

  it("is not touched by what is no function", function()
    fails("expected a function", vs.no_grad, nil)
    fails("expected a function", vs.no_grad, 1)
    assert.is_true(vs.is_grad_enabled())
  end)
end)
