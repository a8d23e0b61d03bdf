-- Moving averages of weights: PyTorch's arithmetic (values of spec/golden/optim.py), swapping, and
-- the state.
local vs = require "vesper"
local golden = require "spec.support.golden"
local fails = require "spec.support.fails"

local nn, optim = vs.nn, vs.optim
local values = golden.load "optim"

local function set(layer, weight)
  vs.no_grad(function() layer.weight:copy_(weight) end)
end

describe("optim.EMA", function()
  it("averages as PyTorch does, with and without warm-up", function()
    local net = nn.Linear(3, 2)
    set(net, values["ema/p.0"])
    local plain = optim.EMA(net, {decay = 0.9})
    local warm = optim.EMA(net, {decay = 0.9, warmup = true})
    for step = 1, 5 do
      set(net, values["ema/p." .. step])
      plain:update()
      warm:update()
      local want = values["ema/average." .. step]
      golden.near("average " .. step, plain.average.weight, want)
      golden.near("warm " .. step, warm.average.weight, values["ema/warm." .. step])
    end
    golden.near("the module", net.weight, values["ema/p.5"])
  end)

  it("exchanges weights and averages, and brings them back", function()
    local net = nn.Sequential {nn.Linear(2, 3), nn.Linear(3, 1)}
    local weight = net[1].weight
    local before = weight:tolist()
    local ema = optim.EMA(net, {decay = 0.5})
    vs.no_grad(function() weight:fill_(8) end)
    ema:swap()
    assert.same(before, weight:tolist())
    assert.same({{8, 8}, {8, 8}, {8, 8}}, ema.average["0.weight"]:tolist())
    fails("update: the averages are in the module", ema.update, ema)
    fails("state_dict: the averages are in the module", ema.state_dict, ema)
    ema:swap()
    assert.same({{8, 8}, {8, 8}, {8, 8}}, weight:tolist())
    assert.same(before, ema.average["0.weight"]:tolist())
    assert.is_true(weight.requires_grad)
  end)

  it("applies a function with the averages, and swaps back after an error", function()
    local net = nn.Linear(1, 1)
    set(net, vs.zeros(1, 1))
    local ema = optim.EMA(net)
    set(net, vs.ones(1, 1))
    local inside, given, none = ema:apply(function(x) return net.weight:item(), x, nil end, "x")
    assert.same({0, "x"}, {inside, given, none})
    assert.equal(1, net.weight:item())
    fails("on purpose", ema.apply, ema, function() error "on purpose" end)
    assert.equal(1, net.weight:item())
    assert.is_false(ema.swapped)
    ema:update()
    assert(math.abs(ema.average.weight:item() - 0.001) < 1e-7)
  end)

  it("averages running statistics only when asked", function()
    local net = nn.BatchNorm1d(2)
    assert.is_nil(optim.EMA(net).average.running_mean)
    local ema = optim.EMA(net, {decay = 0, buffers = true})
    assert.is_nil(ema.average.num_batches_tracked)
    net(vs.randn(8, 2))
    ema:update()
    assert.same(net.running_mean:tolist(), ema.average.running_mean:tolist())
  end)

  it("leaves the optimizer's work alone", function()
    local p = nn.Linear(1, 1, {bias = false})
    local opt = optim.SGD(p:parameters(), {lr = 0.5})
    set(p, vs.ones(1, 1))
    local ema = optim.EMA(p, {decay = 0.5})
    p(vs.ones(1, 1)):sum():backward()
    opt:step()
    ema:update()
    assert.equal(0.5, p.weight:item())
    assert.equal(0.75, ema.average.weight:item())
  end)

  it("goes on from its state", function()
    local net, other = nn.Linear(2, 2), nn.Linear(2, 2)
    local a, b = optim.EMA(net, {decay = 0.9, warmup = true}), optim.EMA(other)
    a:update()
    other:load_state_dict(net:state_dict())
    b:load_state_dict(a:state_dict())
    for _ = 1, 3 do
      local weight = vs.randn(2, 2)
      set(net, weight)
      set(other, weight)
      a:update()
      b:update()
    end
    assert.same(a.average.weight:tolist(), b.average.weight:tolist())
    assert.equal(4, b.updates)
  end)

  it("refuses what does not fit", function()
    local net = nn.Linear(2, 2)
    fails("EMA: module is a number, expected a module", optim.EMA, 1)
    fails("EMA: decay is 2, expected a number in [0, 1]", optim.EMA, net, {decay = 2})
    fails("EMA: unknown option 'rate', expected one of buffers, decay, warmup", optim.EMA, net,
      {rate = 1})
    fails("EMA: decay is 'x'", optim.EMA, net, {decay = "x"})
    local a, b = optim.EMA(net), optim.EMA(nn.Linear(3, 2, {bias = false}))
    fails("missing: bias\n  mismatched: weight is [2,3], expected [2,2]", a.load_state_dict, a,
      b:state_dict())
    fails("unexpected: bias", b.load_state_dict, b, a:state_dict())
    fails("the state is incomplete", a.load_state_dict, a, {})
  end)

  it("prints", function()
    local net = nn.Linear(2, 2)
    local ema = optim.EMA(net)
    ema:update()
    assert.equal("EMA: decay 0.999, 1 updates", tostring(ema))
  end)
end)

describe("optimizers and state dictionaries", function()
  it("print what they hold", function()
    local net = nn.Linear(2, 3)
    assert.equal("bias    " .. net.bias.dtype .. " [3]\nweight  " .. net.bias.dtype
      .. " [3,2]\n2 tensors, 9 numbers", tostring(net:state_dict()))
    local opt = optim.Adam {{params = {net.weight}}, {params = {net.bias}, lr = 0.1}}
    local text = tostring(opt)
    assert.matches("^Adam\n  group 1: 1 tensors, 6 numbers, lr 0.001, betas 0.9/0.999, ", text)
    assert.matches("\n  group 2: 1 tensors, 3 numbers, lr 0.1, ", text)
    net(vs.ones(1, 2)):sum():backward()
    opt:step()
    assert.matches("^state of Adam, 2 groups:\n1.1.exp_avg +float%d+ %[3,2%]",
      tostring(opt:state_dict()))
  end)
end)
