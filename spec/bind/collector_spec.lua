-- Boxes and Lua's collector: who keeps what alive, closing, several states, opening twice.
local vs = require "vesper"
local fails = require "spec.support.fails"
local memory = require "spec.support.memory"
local process = require "spec.support.process"

describe("the collector", function()
  it("frees tensors, graphs, layers and optimizers that nobody holds", function()
    local before = memory.live()
    do
      local layer = vs.nn.LSTM(4, 5)
      local opt = vs.optim.Adam(layer:parameters(), {lr = 0.1})
      local y = layer(vs.ones(2, 3, 4))
      y:sum():backward()
      opt:step()
      y = layer(vs.ones(2, 3, 4)) -- a graph that is never walked
      assert(vs.memory().blocks > before)
      assert(y)
    end
    assert.equal(before, memory.live())
  end)

  it("frees after errors in the middle, too", function()
    local before = memory.live()
    for _ = 1, 10 do
      pcall(function()
        local x = vs.ones(3):requires_grad_()
        return (x * 2):matmul(vs.ones(4))
      end)
      pcall(vs.tensor, {{1, 2}, {3}})
      pcall(vs.cat, {vs.ones(2), 3})
      pcall(vs.optim.SGD, {vs.ones(2)}, {lr = 1})
    end
    assert.equal(before, memory.live())
  end)

  it("keeps what a view, a graph, a group or a layer still needs", function()
    local row
    do row = vs.ones(1000, 10)[3] end
    local x = vs.ones(2):requires_grad_()
    local loss
    do loss = (x * vs.tensor {3, 4}):sum() end
    local group
    do group = vs.optim.SGD({vs.ones(2):requires_grad_()}, {lr = 0.5}).param_groups[1] end
    local weight
    do weight = vs.nn.Linear(2, 3).weight end
    collectgarbage()
    collectgarbage()
    for _ = 1, 100 do vs.zeros(1000) end
    assert.equal(10, row:sum():item())
    loss:backward()
    assert.same({3, 4}, x.grad:tolist())
    assert.equal(0.5, group.lr)
    assert.same({2}, group.params[1].shape)
    assert.same({3, 2}, weight.shape)
  end)

  it("runs before tensors pile up behind small boxes", function()
    vs.empty_cache()
    for _ = 1, 3000 do vs.empty(1 << 18) end -- 3 GB
    assert(vs.memory().live < 600e6)
    local x = vs.ones(1 << 18):requires_grad_()
    for _ = 1, 1000 do
      local y = (x * 2):sum()
      assert(y)
    end
    assert(vs.memory().live < 600e6)
    vs.empty_cache()
  end)

  it("runs before a result is made, which takes over the memory of the last one", function()
    -- x and one result; under a sanitizer a collection takes long, and waits for half a GB
    local most = memory.sanitized and 11 or 2.5
    assert.equal("true\n", process.lua(([[
      local vs = require "vesper"
      local x = vs.ones(1 << 24)
      local bytes = vs.memory().live
      local function double() vs.mul(x, 2) end
      double()
      local p = vs.profile(function() for _ = 1, 20 do double() end end)
      print(p.memory.peak < %g * bytes)
    ]]):format(most)))
  end)

  it("closes once, whoever does it", function()
    local x = vs.ones(4)
    local view = x[1]
    local meta = debug.getmetatable(x)
    meta.__close(x)
    meta.__gc(x)
    meta.__close(x)
    fails("closed", function() return #x end)
    assert.equal(1, view:item())
    assert.equal("protected", getmetatable(view))
  end)

  it("survives finalizers that use tensors", function()
    local seen = 0
    for _ = 1, 50 do
      setmetatable({x = vs.ones(3)}, {__gc = function(t)
        seen = seen + t.x:sum():item()
      end})
    end
    collectgarbage()
    collectgarbage()
    assert.equal(150, seen)
  end)
end)

describe("the module", function()
  it("can be opened twice in one state", function()
    local open = assert(package.searchpath("vesper.core", package.cpath))
    local again = assert(package.loadlib(open, "luaopen_vesper_core"))()
    local x = again.ones(2) + vs.ones(2)
    assert.same({2, 2}, x:tolist())
    assert.same({2, 2}, again.matmul(vs.ones(2, 2), vs.ones(2)):tolist())
    assert.is_true(again.is_tensor(vs.ones(1)) and vs.is_tensor(x))
    assert.equal(6, vs.nn.Linear(2, 2):num_parameters())
  end)

  it("works in coroutines", function()
    local co = coroutine.wrap(function(x)
      x = coroutine.yield(x * 2)
      return vs.no_grad(function() return x + 1 end)
    end)
    assert.equal(4, co(vs.tensor(2)):item())
    assert.equal(4, co(vs.tensor(3)):item())
    fails("yield", vs.no_grad, coroutine.yield)
    assert.is_true(vs.is_grad_enabled())
  end)

  it("leaves in peace: a script that trains, with a state that closes", function()
    assert.equal("done\n", process.lua [[
      local vs = require "vesper"
      local net = vs.nn.Sequential {vs.nn.Linear(4, 8), vs.nn.ReLU(), vs.nn.Linear(8, 2)}
      local opt = vs.optim.Adam(net:parameters())
      for _ = 1, 3 do
        local loss = net(vs.randn(5, 4)):square():mean()
        opt:zero_grad() loss:backward() opt:step()
      end
      print "done"
    ]])
    assert.equal("done\n", process.lua [[
      local vs = require "vesper"
      local x = vs.ones(3):requires_grad_()
      local y = x * 2
      print "done"
      os.exit(true, true)
    ]])
  end)
end)
