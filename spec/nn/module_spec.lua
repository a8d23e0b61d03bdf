-- Modules: names as PyTorch's, walking, state dictionaries, training mode, classes, printing.
local vs = require "vesper"
local fails = require "spec.support.fails"

local nn = vs.nn

local function names(list)
  local out = {}
  for i, pair in ipairs(list) do out[i] = pair[1] end
  return out
end

local Tower = nn.Module:extend "Tower"
function Tower:init(d)
  self.towers = {nn.Linear(2, d), nn.Linear(d, 1, false)}
  self.scale = nn.Parameter(vs.ones(1))
  self.plain = vs.ones(3)
  self.note = "hat"
  self:register_buffer("mean", vs.zeros(2))
  self.body = nn.Sequential {nn.BatchNorm1d(d), nn.ReLU()}
end
function Tower:forward(x) return self.towers[2](self.body(self.towers[1](x))) * self.scale end

describe("modules", function()
  it("name their parameters and buffers as PyTorch does, in a fixed order", function()
    local tower = Tower(4)
    assert.same({"body.0.weight", "body.0.bias", "scale", "towers.0.weight", "towers.0.bias",
      "towers.1.weight"}, names(tower:named_parameters()))
    assert.same({"body.0.running_mean", "body.0.running_var", "body.0.num_batches_tracked",
      "mean"}, names(tower:named_buffers()))
    assert.same({"", "body", "body.0", "body.1", "towers.0", "towers.1"},
      names(tower:named_modules()))
    assert.equal(6, #tower:parameters())
    assert.equal(4, #tower:buffers())
    assert.equal(4 + 4 + 1 + 8 + 4 + 4, tower:num_parameters())
  end)

  it("count more than nine children in numerical order", function()
    local list = {}
    for i = 1, 12 do list[i] = nn.Linear(1, 1, false) end
    local found = names(nn.Sequential(list):named_parameters())
    assert.equal("1.weight", found[2])
    assert.equal("11.weight", found[12])
  end)

  it("train by what parameters() returns", function()
    vs.manual_seed(2)
    local tower = Tower(16)
    local x, first, last = vs.randn(16, 2), nil, nil
    local opt = vs.optim.Adam(tower:parameters(), {lr = 0.05})
    for _ = 1, 100 do
      local loss = (tower(x):squeeze(2) - x:select(2, 1)):square():mean()
      opt:zero_grad()
      loss:backward()
      opt:step()
      first, last = first or loss:item(), loss:item()
    end
    assert(last < first / 3, last)
    tower:zero_grad()
    assert.is_nil(tower.scale.grad)
  end)

  it("share parameters once, and modules once", function()
    local a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    b.weight = a.weight
    local both = nn.Sequential {a, b, a}
    assert.same({"0.weight", "0.bias", "1.bias"}, names(both:named_parameters()))
    local loop = nn.Module:extend "Loop"()
    loop.child = nn.Module:extend "Child"()
    loop.child.parent = loop
    loop.child.w = nn.Parameter(vs.ones(2))
    assert.same({"child.w"}, names(loop:named_parameters()))
  end)

  it("switch training mode everywhere", function()
    local tower = Tower(2)
    assert.is_true(tower.training and tower.body[1].training)
    assert.equal(tower, tower:eval())
    assert.is_false(tower.training or tower.body.training or tower.body[1].training)
    tower:train()
    assert.is_true(tower.body[2].training)
    local drop = nn.Dropout(0.5):eval()
    assert.same({1, 1, 1}, drop(vs.ones(3)):tolist())
  end)

  it("freeze and unfreeze", function()
    local tower = Tower(2):freeze()
    assert.equal(0, tower:num_parameters(true))
    assert.is_false(tower(vs.ones(3, 2)).requires_grad)
    tower:unfreeze()
    assert.equal(tower:num_parameters(), tower:num_parameters(true))
  end)

  it("take a state dictionary whole or not at all", function()
    vs.manual_seed(1)
    local one, two = Tower(4), Tower(4)
    local lists = two:load_state_dict(one:state_dict())
    assert.same({missing = {}, unexpected = {}}, lists)
    one:eval()
    two:eval()
    local x = vs.randn(3, 2)
    assert.same(one(x):tolist(), two(x):tolist())
    local state = one:state_dict()
    assert.is_false(state["scale"].requires_grad)
    state.scale = nil
    state.hat = vs.ones(1)
    local before = two.towers[1].weight:tolist()
    state["towers.0.weight"] = vs.zeros(4, 2)
    local message = fails("missing: scale", two.load_state_dict, two, state)
    assert(message:find("unexpected: hat", 1, true), message)
    assert.same(before, two.towers[1].weight:tolist())
    assert.same({missing = {"scale"}, unexpected = {"hat"}},
      two:load_state_dict(state, {strict = false}))
    assert.equal(0, two.towers[1].weight:abs():sum():item())
    state["towers.0.weight"] = vs.zeros(2, 4)
    fails("towers.0.weight is [2,4], expected [4,2]", two.load_state_dict, two, state,
      {strict = false})
  end)

  it("let classes inherit and metamethods follow", function()
    local Base = nn.Module:extend "Base"
    function Base:init(v) self.v = v end
    function Base:forward(x) return x + self.v end
    Base.__len = function() return 7 end
    local Derived = Base:extend "Derived"
    function Derived:forward(x) return Base.forward(self, x) * 2 end
    local d = Derived(3)
    assert.equal(8, d(vs.tensor(1)):item())
    assert.equal(7, #d)
    assert(tostring(d):find "^Derived")
    fails("no forward", nn.Module:extend "None"(), 1)
  end)

  it("print as a tree with sizes", function()
    local text = tostring(Tower(4))
    for _, part in ipairs {"Tower(", "(body): Sequential(", "(0): BatchNorm1d(4)",
      "(scale): Parameter [1]", "(towers)", "Linear(2, 4)", "Linear(4, 1, bias = false)",
      "25 parameters"} do
      assert(text:find(part, 1, true), part .. "\n" .. text)
    end
  end)

  it("make parameters of tensors that are in a graph, and refuse what is none", function()
    local x = vs.ones(2):requires_grad_()
    local p = nn.Parameter(x * 2)
    assert.is_true(p.is_leaf and p.requires_grad)
    fails("nn.Parameter: x is 3, expected a tensor", nn.Parameter, 3)
    fails("can require gradients, not int64", nn.Parameter, vs.ones(1, {dtype = "int64"}))
    fails("has no parameter 'hat' to set", function() nn.Linear(1, 1).hat = 1 end)
    local real = vs.ones(1).dtype
    fails(("weight is %s [1,1]"):format(real), function() nn.Linear(1, 1).weight = vs.ones(2) end)
  end)

  it("stay in evaluation mode where they are frozen, with their running statistics", function()
    local net = nn.Sequential {nn.Sequential {nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)},
      nn.Dropout(0.5), nn.BatchNorm2d(4)}
    net[1]:freeze()
    local norm = net[1][2]
    local mean = norm.running_mean:clone()
    for _ = 1, 3 do net:train()(vs.randn(2, 3, 8, 8) + 3) end
    assert(norm.running_mean:eq(mean):all())
    assert.equal(0, norm.num_batches_tracked:item())
    assert.equal(3, net[3].num_batches_tracked:item())
    assert.same({false, false, true, true}, {net[1].training, norm.training, net[2].training,
      net[3].training})
    net[1]:unfreeze()
    assert.is_false(norm.training)
    net:train()(vs.randn(2, 3, 8, 8))
    assert.equal(1, norm.num_batches_tracked:item())
  end)

  it("keep optimizer state across save and load", function()
    local function run(opt, p, n)
      for _ = 1, n do
        p.grad = p:detach() * 0.1 + 1
        opt:step()
      end
    end
    local a = vs.ones(3):requires_grad_()
    local first = vs.optim.Adam({a}, {lr = 0.1})
    run(first, a, 3)
    local b = a:detach():clone():requires_grad_()
    local second = vs.optim.Adam({b}, {lr = 0.5})
    second:load_state_dict(first:state_dict())
    assert.equal(0.1, second.lr)
    run(first, a, 3)
    run(second, b, 3)
    assert.same(a:tolist(), b:tolist())
    fails("the state is of Adam, expected SGD", function()
      vs.optim.SGD({b}, {lr = 1}):load_state_dict(first:state_dict())
    end)
  end)
end)
