-- Functions with a backward written in Lua, and hooks of tensors.
local vs = require "vesper"
local fails = require "spec.support.fails"
local memory = require "spec.support.memory"

local function leaf(values) return vs.tensor(values):requires_grad_() end

local function clip()
  return vs.autograd.Function {
    name = "clip",
    forward = function(ctx, x, limit)
      ctx.inside = x:abs():le(limit)
      return x:clamp(-limit, limit)
    end,
    backward = function(ctx, dy) return dy * ctx.inside:float() end,
  }
end

describe("autograd.Function", function()
  it("takes part in a graph as an op does", function()
    local x = leaf {-3, -1, 0.5, 4}
    local y = clip()(x * 2, 3)
    assert.same({-3, -2, 1, 3}, y:tolist())
    assert.is_true(y.requires_grad)
    ;(y * 5):sum():backward()
    assert.same({0, 10, 10, 0}, x.grad:tolist())
  end)

  it("gives the gradient that clamp gives", function()
    local a = vs.randn(4, 5)
    local b = a:clone():requires_grad_()
    a:requires_grad_()
    clip()(a, 0.5):pow(2):sum():backward()
    b:clamp(-0.5, 0.5):pow(2):sum():backward()
    assert(a.grad:eq(b.grad):all())
  end)

  it("has several arguments and results, numbers among them", function()
    local seen
    local both = vs.autograd.Function {
      forward = function(ctx, k, a, b)
        ctx.k = k
        seen = ctx.needs_input_grad
        return a * k, k, b + 1
      end,
      backward = function(ctx, da, nothing, db)
        assert(nothing == nil)
        return nil, da * ctx.k, db
      end,
    }
    local a, b = leaf {1, 2}, leaf {3}
    local x, k, y = both(10, a, b)
    assert.same({{10, 20}, 10, {4}}, {x:tolist(), k, y:tolist()})
    assert.same({false, true, true}, seen)
    x:sum():backward() -- nothing flows into y: its gradient is zeros
    assert.same({{10, 10}, {0}}, {a.grad:tolist(), b.grad:tolist()})
  end)

  it("records nothing where nobody asks", function()
    local f = clip()
    assert.is_false(f(vs.ones(2), 1).requires_grad)
    assert.is_false(vs.no_grad(function() return f(leaf {1}, 1).requires_grad end))
    local inner
    vs.autograd.Function {
      forward = function(_, x)
        inner = (x * 2).requires_grad
        return x
      end,
      backward = function(_, dy) return dy end,
    }(leaf {1})
    assert.is_false(inner)
    assert.is_true(vs.is_grad_enabled())
  end)

  it("names itself, both shapes and the script's line when it goes wrong", function()
    local function made(backward)
      local f = vs.autograd.Function {name = "bad", forward = function(_, x) return x * 2 end,
        backward = backward}
      return f(leaf {1, 2}):sum()
    end
    local function run(backward) made(backward):backward() end
    fails("bad: gradient 1 is float32 [3], argument 1 is [2]", run,
      function() return vs.ones(3):float() end)
    fails("bad: gradient 1 is a number", run, function() return 1 end)
    fails("boom", run, function() error "boom" end)
    fails("bad: an error object", run, function() error {} end)
    local message = fails("function_spec.lua", run, function() return (nil).y end)
    assert.matches("bad: .*attempt to index", message)
    assert.is_true(vs.is_grad_enabled())
    fails("forward is missing", vs.autograd.Function, {backward = print})
    fails("unknown option 'back'", vs.autograd.Function, {back = print})
    fails("boom", vs.autograd.Function {forward = function() error "boom" end, backward = print},
      leaf {1})
    assert.is_true(vs.is_grad_enabled())
  end)

  it("notices what was changed in place after forward", function()
    local square = vs.autograd.Function {
      name = "square",
      forward = function(ctx, x) ctx.x = x return x * x end,
      backward = function(ctx, dy) return dy * ctx.x * 2 end,
    }
    local x = leaf {1, 2}
    local y = x * 1
    local z = square(y):sum()
    vs.no_grad(function() y:add_(1) end)
    fails("square: a tensor [2] in ctx was changed in place after forward", z.backward, z)
  end)

  it("may run a backward of its own, not one of the same graph", function()
    local x = leaf {2}
    local cube = vs.autograd.Function {
      forward = function(ctx, v) ctx.v = v return v ^ 3 end,
      backward = function(ctx, dy)
        local v = ctx.v:clone():requires_grad_()
        vs.enable_grad(function() (v ^ 3):sum():backward() end)
        return dy * v.grad
      end,
    }
    cube(x):sum():backward()
    assert.same({12}, x.grad:tolist())
    local loss
    loss = vs.autograd.Function {
      forward = function(_, v) return v end,
      backward = function(_, dy) loss:backward() return dy end,
    }(x * 2):sum()
    fails("inside a backward of the same graph", loss.backward, loss)
    x:sum():backward() -- and the graph is not stuck
  end)

  it("works in a coroutine, and from the main one on what a coroutine made", function()
    local x, f = leaf {1, 5}, clip()
    coroutine.wrap(function() f(x, 3):sum():backward() end)()
    local y = coroutine.wrap(function() return f(x, 3):sum() end)()
    y:backward()
    assert.same({2, 0}, x.grad:tolist())
  end)

  it("keeps nothing alive, also when its results lie in ctx", function()
    local f = vs.autograd.Function {
      forward = function(ctx, x)
        ctx.x, ctx.y = x, x * 2
        return ctx.y
      end,
      backward = function(ctx, dy) return dy * ctx.x * 0 + dy * 2 end,
    }
    local x = leaf {1}
    local function once(backward)
      local y = f(f(x)):sum()
      if backward then y:backward() end
    end
    once(true)
    local before = memory.live()
    for i = 1, 50 do once(i % 2 == 0) end
    assert.equal(before, memory.live())
  end)

  it("survives a refused allocation at every place", function()
    local x = leaf {1, 5}
    local f = clip()
    local function step()
      x.grad = nil
      local y = f(x * 2, 3)
      y:register_hook(function(g) return g * 2 end)
      y:sum():backward()
      return x.grad:tolist()
    end
    local want, refused = step(), 0
    local before = memory.live()
    for nth = 1, 60 do
      vs._fail_allocation(nth)
      local ok, got = pcall(step)
      vs._fail_allocation(0)
      if ok then assert.same(want, got) else refused = refused + 1 end
    end
    step()
    assert.equal(before, memory.live())
    assert(refused > 0 and vs.is_grad_enabled())
  end)
end)

describe("register_post_accumulate_grad_hook", function()
  it("is called with the leaf once its gradient is added, while backward goes on", function()
    local a, b = vs.ones(2):requires_grad_(), vs.ones(2):requires_grad_()
    local seen = {}
    local handle = b:register_post_accumulate_grad_hook(function(x)
      seen[#seen + 1] = {x:id() == b:id(), x.grad:tolist(), a.grad == nil}
    end)
    local function go() ((a * 2):exp() * b + b):sum():backward() end
    local e = math.exp(2)
    go()
    assert.same({true, true}, {seen[1][1], seen[1][3]})
    assert.near(e + 1, seen[1][2][1], 1e-5)
    assert.is_not_nil(a.grad)
    go()
    assert.near(2 * e + 2, seen[2][2][1], 1e-5)
    handle:remove()
    go()
    assert.equal(2, #seen)
  end)

  it("comes after the hooks that change the gradient, and is of leaves alone", function()
    local x, order = vs.ones(1):requires_grad_(), {}
    x:register_post_accumulate_grad_hook(function(p)
      order[#order + 1] = p.grad:item()
      return "ignored"
    end)
    x:register_hook(function(g)
      order[#order + 1] = "before"
      return g * 3
    end)
    x:sum():backward()
    assert.same({"before", 3}, order)
    fails("is computed from others, expected a leaf",
      x.register_post_accumulate_grad_hook, x * 2, print)
    fails("does not require a gradient", x.register_post_accumulate_grad_hook, vs.ones(1), print)
    fails("oops", function()
      x:register_post_accumulate_grad_hook(function() error "oops" end)
      x:sum():backward()
    end)
  end)
end)

describe("register_hook", function()
  it("sees a gradient on its way, once, when all of it is there", function()
    local x, seen = leaf {1, 2}, {}
    local y = x * 3
    local z = y + y * 2
    y:register_hook(function(g) seen[#seen + 1] = g:tolist() end)
    z:sum():backward()
    assert.same({{3, 3}}, seen)
    assert.same({9, 9}, x.grad:tolist())
  end)

  it("of a leaf runs before its grad is added to", function()
    local x, seen = leaf {1, 2}, {}
    local handle = x:register_hook(function(g)
      seen[#seen + 1] = g:tolist()
      return g * 10
    end)
    ;(x * 2 + x):sum():backward()
    ;(x * 2):sum():backward()
    x:backward(vs.ones(2))
    assert.same({{3, 3}, {2, 2}, {1, 1}}, seen)
    assert.same({60, 60}, x.grad:tolist())
    handle:remove()
    handle:remove()
    x:sum():backward()
    assert.equal(3, #seen)
    assert.same({61, 61}, x.grad:tolist())
  end)

  it("changes the gradient that goes on, several in order", function()
    local x = leaf {1, 1}
    local y = x * 1
    y:register_hook(function(g) return g + 1 end)
    y:register_hook(function(g) return g * 10 end)
    y:sum():backward()
    assert.same({20, 20}, x.grad:tolist())
  end)

  it("knows which result of an op it belongs to", function()
    local x, seen = leaf {3, 1, 2}, nil
    local values, order = x:sort()
    values:register_hook(function(g) seen = g:tolist() end)
    ;(values * vs.tensor {1, 2, 3}):sum():backward()
    assert.same({1, 2, 3}, seen)
    assert.same({3, 1, 2}, x.grad:tolist())
    fails("does not require a gradient", order.register_hook, order, print)
  end)

  it("refuses what it cannot take", function()
    local x = leaf {1}
    fails("hook is a number", x.register_hook, x, 1)
    fails("does not require a gradient", vs.ones(2).register_hook, vs.ones(2), print)
    local y = (x * 2):sum()
    y:backward()
    fails("was already used", y.register_hook, y, print)
    x:register_hook(function() return vs.ones(3) end)
    local loss = (x * 2):sum()
    fails("hook: it returned float", loss.backward, loss)
    assert.is_true(vs.is_grad_enabled())
  end)

  it("lets go of a closure over its own tensor once the graph was used", function()
    local x = leaf {1}
    local function once()
      local y = x * 2
      y:register_hook(function(g) assert(#y == #g) end)
      y:sum():backward()
    end
    once()
    local before = memory.live()
    for _ = 1, 20 do once() end
    assert.equal(before, memory.live())
  end)

  it("does not keep a tensor that its hook refers to", function()
    local function leave()
      local x = leaf {1}
      x:register_hook(function(g) return g * x end)
      local y = x * 2
      y:register_hook(function(g) return g * y end)
    end
    leave()
    local before = memory.live()
    for _ = 1, 20 do leave() end
    assert.equal(before, memory.live())
  end)

  it("does not keep a layer or an optimizer that its hook refers to", function()
    for _, name in ipairs {"layer", "optimizer", "module"} do
      local function leave()
        local it = {layer = vs.nn.Linear(4, 4)}
        it.optimizer = vs.optim.SGD(it.layer:parameters(), {lr = 0.1})
        it.module = vs.nn.Sequential{it.layer}
        local held = it[name]
        it.layer.weight:register_hook(function(g) return held and g end)
        it.layer(vs.ones(2, 4)):sum():backward()
      end
      leave()
      for _ = 1, 4 do collectgarbage() end
      local before = memory.live()
      for _ = 1, 20 do leave() end
      for _ = 1, 4 do collectgarbage() end
      assert.equal(before, memory.live(), name)
    end
  end)

  it("of a long chain lets go of all of it after backward", function()
    local x = leaf {1}
    local function pass()
      local z = x
      for _ = 1, 50 do
        z = z * 1
        z:register_hook(function(g) return g end)
        collectgarbage "step"
      end
      z:sum():backward()
    end
    pass()
    for _ = 1, 4 do collectgarbage() end
    local before = memory.live()
    for _ = 1, 5 do pass() end
    for _ = 1, 4 do collectgarbage() end
    assert.equal(before, memory.live())
  end)

  it("is called when only the graph holds the tensor, and let go of after it", function()
    local called = {}
    local function build()
      local x = leaf {2}
      x:register_hook(function(g)
        called[#called + 1] = "x"
        return g * x
      end)
      local y = x * 3
      y:register_hook(function(g)
        called[#called + 1] = "y"
        return g + y
      end)
      return (y * 5):sum(), x:id()
    end
    local function pass()
      local loss = build()
      for _ = 1, 3 do collectgarbage() end
      loss:backward()
    end
    pass()
    assert.same({"y", "x"}, called)
    for _ = 1, 3 do collectgarbage() end
    local before = memory.live()
    for _ = 1, 20 do pass() end
    for _ = 1, 3 do collectgarbage() end
    assert.equal(before, memory.live())
    do
      local graphs = {}
      for i = 1, 20 do graphs[i] = build() end
      for _ = 1, 3 do collectgarbage() end
      assert.is_true(memory.live() > before and #graphs == 20)
    end
    for _ = 1, 3 do collectgarbage() end
    assert.equal(before, memory.live())
  end)

  it("forgets the function when it is removed", function()
    local x, big = leaf {1}, setmetatable({}, {__mode = "v"})
    big[1] = {}
    local function holding(held) return function() return held and nil end end
    local handle = x:register_hook(holding(big[1]))
    collectgarbage()
    assert.is_table(big[1])
    handle:remove()
    collectgarbage()
    assert.is_nil(big[1])
    x:sum():backward()
  end)
end)
