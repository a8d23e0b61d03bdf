-- vs.nn.init: bounds and deviations against the formulas of the papers; what layers start from.
local vs = require "vesper"
local init = vs.nn.init

-- A uniform filling reaches its bounds and stays inside; a normal one has its deviation.
local function uniform_within(t, bound)
  local top = t:abs():max():item()
  assert(top <= bound and top > 0.98 * bound, ("largest %g, bound %g"):format(top, bound))
  assert.near(0, t:mean():item(), 0.05 * bound)
end

local function normal_of(t, std)
  assert.near(std, math.sqrt((t ^ 2):mean():item()), 0.05 * std)
  assert.near(0, t:mean():item(), 0.05 * std)
  assert(t:abs():max():item() > 2.5 * std)
end

describe("nn.init", function()
  before_each(function() vs.manual_seed(5) end)

  it("fills with constants", function()
    assert(init.zeros_(vs.ones(3)):eq(0):all())
    assert(init.ones_(vs.zeros(3)):eq(1):all())
    assert(init.constant_(vs.zeros(2, 2), 2.5):eq(2.5):all())
  end)

  it("draws from plain distributions", function()
    local t = init.uniform_(vs.empty(100, 100), 2, 4)
    assert(t:min():item() >= 2 and t:max():item() <= 4)
    assert.near(3, t:mean():item(), 0.02)
    assert.near(7, init.normal_(vs.empty(100, 100), 7, 0.1):mean():item(), 0.01)
  end)

  it("knows Xavier's and Kaiming's", function()
    local w = vs.empty(40, 20, 3, 3) -- fan-in 180, fan-out 360
    uniform_within(init.xavier_uniform_(w), math.sqrt(6 / 540))
    uniform_within(init.xavier_uniform_(w, 2), 2 * math.sqrt(6 / 540))
    normal_of(init.xavier_normal_(w), math.sqrt(2 / 540))
    uniform_within(init.kaiming_uniform_(w), math.sqrt(6 / 180))
    uniform_within(init.kaiming_uniform_(w, {a = math.sqrt(5)}), 1 / math.sqrt(180))
    normal_of(init.kaiming_normal_(w, {mode = "fan_out", nonlinearity = "relu"}),
      math.sqrt(2 / 360))
    normal_of(init.kaiming_normal_(vs.empty(60, 80), {nonlinearity = "tanh"}),
      5 / 3 / math.sqrt(80))
  end)

  it("makes orthonormal rows or columns", function()
    for _, shape in ipairs {{6, 30}, {30, 6}, {8, 8}, {5, 2, 3, 3}} do
      local q = init.orthogonal_(vs.empty(shape), 2):reshape({shape[1], -1})
      if q.shape[1] > q.shape[2] then q = q:transpose(1, 2) end
      local off = (q:matmul(q:transpose(1, 2)) - vs.eye(q.shape[1]) * 4):abs():max():item()
      assert(off < 1e-5, "off by " .. off)
    end
  end)

  it("fills parameters outside the graph, and gives them back", function()
    local layer = vs.nn.Linear(3, 4)
    assert.equal(layer.weight:id(), init.ones_(layer.weight):id())
    assert(layer.weight:eq(1):all())
    assert.is_true(layer.weight.requires_grad and layer.weight.is_leaf)
  end)

  it("refuses what it cannot fill", function()
    local function refused(text, fn, ...)
      local ok, message = pcall(fn, ...)
      assert.is_false(ok)
      assert.matches(text, message, 1, true)
    end
    refused("[3], expected at least 2 dimensions", init.xavier_normal_,
      vs.ones(3))
    refused("nn.init.zeros_: x is a table, expected a tensor", init.zeros_, {})
    refused("nonlinearity is 'rulu'", init.kaiming_normal_, vs.ones(2, 2), {nonlinearity = "rulu"})
    refused("mode is 'in'", init.kaiming_normal_, vs.ones(2, 2), {mode = "in"})
  end)
end)

describe("a layer", function()
  it("starts from PyTorch's first values", function()
    vs.manual_seed(1)
    local conv = vs.nn.Conv2d(8, 40, {3, 5})
    for _, p in ipairs {conv.weight, conv.bias} do
      local bound = 1 / math.sqrt(8 * 3 * 5)
      assert(p:max():item() <= bound and p:max():item() > 0.8 * bound)
      assert(p:min():item() >= -bound and p:min():item() < -0.8 * bound)
    end
    local batch = vs.nn.BatchNorm2d(3)
    assert(batch.weight:eq(vs.ones(3)):all() and batch.bias:eq(vs.zeros(3)):all())
    assert(batch.running_mean:eq(vs.zeros(3)):all() and batch.running_var:eq(vs.ones(3)):all())
    assert.are.equal(0, batch.num_batches_tracked:item())
  end)
end)
