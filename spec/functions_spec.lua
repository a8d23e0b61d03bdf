-- lua/vesper/functions.lua where PyTorch's values (spec/op/golden_spec.lua) do not reach: whole
-- numbers, truth values, shapes, and what is refused.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local inf, nan = math.huge, 0 / 0
local function ints(values) return vs.tensor(values, {dtype = "int64"}) end

local function refused(text, fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  assert.matches(text, message, 1, true)
  assert.matches("functions_spec.lua", message, 1, true) -- the line of the caller
end

describe("functions made of ops", function()
  it("find what is no number", function()
    local x = vs.tensor {1, nan, inf, -inf}
    assert.same({false, true, false, false}, x:isnan():tolist())
    assert.same({false, false, true, true}, x:isinf():tolist())
    assert.same({true, false, false, false}, x:isfinite():tolist())
    assert.is_true(ints({1, 2}):isfinite():all())
    assert.same({1, 0, 3.4028234663852886e38, -3.4028234663852886e38}, x:nan_to_num():tolist())
  end)

  it("keep their digits far from zero", function()
    for _, x in ipairs {-80, -20, -3, 0, 3, 20, 100} do
      local want = 1 / (1 + math.exp(-x))
      assert.near(1, vs.tensor {x}:sigmoid():item() / want, 1e-5)
      want = 1 - 2 / (math.exp(2 * x) + 1)
      assert.near(want, vs.tensor {x}:tanh():item(), 1e-6)
    end
    assert.same({0, 1}, vs.tensor {-inf, inf}:sigmoid():tolist())
    assert.same({-1, 1}, vs.tensor {-inf, inf}:tanh():tolist())
    assert(vs.tensor {nan}:sigmoid():isnan():all() and vs.tensor {nan}:tanh():isnan():all())
  end)

  it("divide with a rest as Lua does", function()
    local x, y = {7, -7, 7.5, -7.5}, {2, 2, -2, -2}
    local a, b = vs.tensor(x), vs.tensor(y)
    for i, v in ipairs(a:remainder(b):tolist()) do assert.equal(x[i] % y[i], v) end
    for i, v in ipairs(a:fmod(b):tolist()) do assert.equal(math.fmod(x[i], y[i]), v) end
    for i, v in ipairs(a:floor_divide(b):tolist()) do assert.equal(x[i] // y[i], v) end
    assert.same({1, -1, 1.5, -1.5}, a:fmod(2):tolist())
    assert.same({0.5, 0.5}, vs.frac(vs.tensor {1.5, 2.5}):tolist())
    assert.same({2, 2.5}, vs.tensor({1, 2.5}):clamp_min(2):tolist())
    assert.same({1, 2}, vs.tensor({1, 2.5}):clamp_max(2):tolist())
  end)

  it("count, and find the middle and the k-th", function()
    local x = ints {{3, 0, 5}, {0, 0, 1}}
    assert.equal(3, x:count_nonzero():item())
    assert.same({2, 1}, x:count_nonzero(2):tolist())
    local value, place = x:median()
    assert.same({0, 5}, {value:item(), place:item()})
    assert.equal("int64", value.dtype)
    value, place = x:kthvalue(3, 2, true)
    assert.same({{5}, {1}}, value:tolist())
    assert.same({{3}, {3}}, place:tolist())
    assert.same({1, 2}, vs.tensor({{1, 9}, {2, 3}}):median(-1):tolist())
    assert.equal(4, vs.tensor(4):median():item())
    assert.equal(0, x:amin():item())
    assert.same({{1, 1}, {1, 3}, {2, 3}}, x:argwhere():tolist())
  end)

  it("give different values, where they are and how many", function()
    local values, inverse, counts = ints({{5, 2}, {2, 9}, {5, 5}}):unique()
    assert.same({2, 5, 9}, values:tolist())
    assert.same({{2, 1}, {1, 3}, {2, 2}}, inverse:tolist())
    assert.same({2, 3, 1}, counts:tolist())
    assert.same({0.5}, (vs.tensor {0.5, 0.5}):unique():tolist())
    assert.same({7}, (ints {7}):unique():tolist())
    values, inverse, counts = vs.zeros(0, 2):unique()
    assert.same({0, 0, 0}, {#values, #inverse, #counts})
    assert.same({0, 2}, inverse.shape)
    local random = vs.randint(1, 50, 400)
    values, inverse, counts = random:unique()
    assert.is_true(values:index_select(1, inverse):equal(random))
    assert.equal(400, counts:sum():item())
  end)

  it("compare whole tensors", function()
    local x = vs.tensor {1, nan, inf}
    assert.is_true(vs.ones(2, 3):equal(vs.ones(2, 3)))
    assert.is_false(vs.ones(2, 3):equal(vs.ones(3, 2)))
    assert.is_false(vs.ones(3):equal(vs.ones(1)))
    assert.is_false(x:equal(x))
    assert.is_false(x:allclose(x))
    assert.is_true(x:allclose(x, nil, nil, true))
    assert.is_true(vs.tensor({1, inf}):allclose(vs.tensor {1 + 1e-6, inf}))
    assert.is_false(vs.tensor({1}):allclose(vs.tensor {1 + 1e-4}))
    assert.is_true(vs.tensor({1}):allclose(vs.tensor {1.1}, 0, 0.2))
    assert.is_false(vs.tensor({inf}):allclose(vs.tensor {-inf}))
  end)

  it("change shapes", function()
    local x = vs.arange(6)
    assert.same({2, 3}, x:view(2, 3).shape)
    assert.same({3, 2}, x:view_as(vs.zeros(3, 2)).shape)
    assert.same({3, 2}, x:reshape_as(vs.zeros(3, 2)).shape)
    assert.same({4, 6}, x:expand_as(vs.zeros(4, 6)).shape)
    assert.same({5}, vs.meshgrid({vs.ones(5)}, "xy").shape)
    numbers.same(vs, vs.zeros(1, 2):cosine_similarity(vs.ones(1, 2)), {0}, {1})
    numbers.same(vs, vs.mm(vs.ones(2, 3), vs.ones(3, 1)), {3, 3}, {2, 1})
  end)

  it("refuse what does not fit, by name", function()
    refused("isnan: x is 3, expected a tensor", vs.isnan, 3)
    refused("kthvalue: k is 4, expected 1..3", vs.kthvalue, vs.zeros(2, 3), 4)
    refused("median: x is [0]", vs.median, vs.zeros(0))
    refused("bmm: x is float32 [2,3], expected 3 dimensions", vs.bmm, vs.zeros(2, 3),
      vs.zeros(1, 3, 2))
    refused("dot: x is [2] and y is [3], expected equal sizes", vs.dot, vs.ones(2), vs.ones(3))
    refused("outer: y is float32 [1,3], expected 1 dimension", vs.outer, vs.ones(2), vs.ones(1, 3))
    refused("cdist: x is [2,3] and y is [2,4]", vs.cdist, vs.zeros(2, 3), vs.zeros(2, 4))
    refused("meshgrid: indexing is 'ab'", vs.meshgrid, {vs.ones(2)}, "ab")
    refused("meshgrid: vector 2 is float32 [1,2]", vs.meshgrid, {vs.ones(2), vs.ones(1, 2)})
    refused("max_pool2d: x is [1,1,0,4]: its planes are empty", vs.max_pool2d,
      vs.zeros(1, 1, 0, 4), 2, {padding = 1})
    refused("align_corners is for mode", vs.interpolate, vs.ones(1, 1, 2, 2),
      {size = 3, align_corners = true})
    refused("antialias is for mode", vs.interpolate, vs.ones(1, 1, 2, 2),
      {size = 3, mode = "nearest-exact", antialias = true})
  end)
end)
