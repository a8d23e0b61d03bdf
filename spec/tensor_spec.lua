-- lua/vesper/tensor.lua: parts as several tensors, dimensions moved, einsum; and constructors after
-- the likeness of a tensor.  What einsum computes is compared with PyTorch in spec/op/golden_spec.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local function refused(words, fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  assert.matches(words, message, 1, true)
end

describe("parts of a tensor", function()
  local x
  before_each(function() x = vs.arange(1, 10):reshape({2, 5}) end)

  local function lists(...)
    local all = {}
    for i, t in ipairs {...} do all[i] = t:tolist() end
    return all
  end

  it("are split by size, the last smaller", function()
    assert.same({{{1, 2}, {6, 7}}, {{3, 4}, {8, 9}}, {{5}, {10}}}, lists(x:split(2, 2)))
    assert.same({{{1, 2, 3, 4, 5}}, {{6, 7, 8, 9, 10}}}, lists(vs.split(x, 1)))
    assert.equal(1, select("#", x:split(9, -1)))
  end)

  it("are split by a list of sizes", function()
    assert.same({{{1}, {6}}, {{2, 3, 4, 5}, {7, 8, 9, 10}}}, lists(x:split({1, 4}, 2)))
    assert.same({0, 5}, {#(x:split({0, 5}, 2)):t(), #select(2, x:split({0, 5}, 2)):t()})
  end)

  it("are chunks", function()
    local sizes = {}
    for i, t in ipairs {vs.arange(1, 7):chunk(3)} do sizes[i] = #t end
    assert.same({3, 3, 1}, sizes)
    assert.equal(2, select("#", x:chunk(5)))
  end)

  it("are unbound", function()
    assert.same({{1, 6}, {2, 7}, {3, 8}, {4, 9}, {5, 10}}, lists(x:unbind(2)))
    assert.equal(0, select("#", vs.zeros(0, 3):unbind()))
  end)

  it("are views, and gradients flow back through them", function()
    local a, b = x:split({2, 3}, 2)
    b:fill_(0)
    assert.same({{1, 2, 0, 0, 0}, {6, 7, 0, 0, 0}}, x:tolist())
    assert.same({{1, 2}, {6, 7}}, a:tolist())
    local y = vs.ones(4, {requires_grad = true})
    local first, second = y:chunk(2)
    local total = first * 2 + second * 3
    total:sum():backward()
    assert.same({2, 2, 3, 3}, y.grad:tolist())
  end)

  it("refuse what does not fit", function()
    refused("split: the sum of the sizes is 3, expected 2", x.split, x, {1, 2})
    refused("split: size is 0", x.split, x, 0)
    refused("split: size 2 is -1", x.split, x, {3, -1})
    refused("chunk: dim 3 is out of range", x.chunk, x, 2, 3)
    refused("chunk: n is 1.5", x.chunk, x, 1.5)
    refused("unbind: x is 3", vs.unbind, 3)
    refused("unbind: dim 1 is out of range", vs.unbind, vs.tensor(1))
    refused("movedim: dim 0 is out of range", vs.movedim, x, 0, 1)
  end)
end)

describe("dimensions", function()
  local x = vs.zeros(2, 3, 4, 5)

  it("are moved", function()
    assert.same({3, 4, 2, 5}, numbers.shape(x:movedim(1, 3)))
    assert.same({5, 2, 3, 4}, numbers.shape(x:movedim(-1, 1)))
    assert.same({2, 3, 4, 5}, numbers.shape(x:movedim(2, 2)))
  end)

  it("are swapped", function()
    assert.same({5, 3, 4, 2}, numbers.shape(x:swapaxes(1, -1)))
  end)
end)

describe("einsum", function()
  it("takes operands of any strides", function()
    local x, y = numbers.signed(vs, {3, 4, 2}, 1), numbers.signed(vs, {5, 4}, 2)
    local got = vs.einsum("a b c, d b -> d c a", {x:transpose(1, 3):transpose(1, 3), y})
    local swapped = vs.einsum("cba,bd->dca", {x:permute(3, 2, 1), y:t()})
    assert.same({5, 2, 3}, numbers.shape(got))
    numbers.same(vs, swapped, numbers.flat(got), {5, 2, 3})
  end)

  it("sums over nothing to 0", function()
    local sum = vs.einsum("ij,jk->ik", {vs.zeros(2, 0), vs.zeros(0, 3)})
    assert.same({{0, 0, 0}, {0, 0, 0}}, sum:tolist())
  end)

  it("refuses what it cannot read", function()
    local x, y = vs.zeros(2, 3), vs.zeros(4, 3)
    for _, wrong in ipairs {"ij,j1", "ij->j->i", "..ij->ij", "......->", "ij->j,i", "i.j"} do
      refused("expected the form 'ij,jk->ik'", vs.einsum, wrong, {x, y})
    end
    refused("equation is missing", vs.einsum, nil, {x, y})
    refused("operands is float32 [2,3], expected a list", vs.einsum, "ij->ji", x)
    refused("operands are 1 tensors, expected 2", vs.einsum, "ij,jk->ik", {x})
    refused("operand 2 is a string", vs.einsum, "ij,jk->ik", {x, "y"})
    refused("operand 1 is [2,3], expected 3 dimensions for 'ijk'", vs.einsum, "ijk->i", {x})
    refused("size of j is 4 in operand 2, but 3 in an earlier operand", vs.einsum, "ij,jk->ik",
      {x, y})
    refused("size of i is 2 and 3 in operand 1", vs.einsum, "ii->i", {x})
    refused("operand 1 is [2,3], expected at least 3 dimensions for 'ij...k'", vs.einsum,
      "ij...k", {x})
    refused("'...' has size 4 in operand 2, but 2 in an earlier operand", vs.einsum,
      "...j,...j->...", {x, y})
    refused("result 'ii' contains i twice", vs.einsum, "ij->ii", {x})
    refused("result 'ik' contains k, which no operand has", vs.einsum, "ij->ik", {x})
  end)
end)

describe("constructors", function()
  it("after the likeness of a tensor", function()
    local x = vs.zeros(2, 3, {dtype = "int64"})
    assert.same({{7, 7, 7}, {7, 7, 7}}, vs.full_like(x, 7):tolist())
    assert.equal("int64", vs.full_like(x, 7).dtype)
    vs.manual_seed(2)
    local uniform, normal = vs.rand_like(x), vs.randn_like(x:t())
    vs.manual_seed(2)
    assert.same(vs.rand(2, 3):tolist(), uniform:tolist())
    assert.same(vs.randn(3, 2):tolist(), normal:tolist())
    refused("value", vs.full_like, x)
  end)

  it("logspace", function()
    numbers.same(vs, vs.logspace(-1, 2, 4), {0.1, 1, 10, 100}, {4})
    numbers.same(vs, vs.logspace(0, 3, 4, 2), {1, 2, 4, 8}, {4})
    assert.equal("float64", vs.logspace(0, 3, 4, 2, {dtype = "float64"}).dtype)
    assert.equal("float64", vs.logspace(0, 3, 4, {dtype = "float64"}).dtype)
  end)
end)

describe("a mask as index", function()
  local x = vs.tensor {{1, 2, 3}, {4, 5, 6}}

  it("gives the elements where it is set", function()
    assert.same({4, 5, 6}, x[x:gt(3)]:tolist())
    assert.same({3, 6}, x[vs.tensor {false, false, true}]:tolist())
  end)

  it("writes there, a number or a value for each", function()
    local y = x:clone()
    y[y:gt(4)] = 0
    assert.same({{1, 2, 3}, {4, 0, 0}}, y:tolist())
    y[y:eq(0)] = vs.tensor {7, 8}
    assert.same({{1, 2, 3}, {4, 7, 8}}, y:tolist())
    y:t()[vs.tensor {true, false}] = -1
    assert.same({{-1, -1, -1}, {4, 7, 8}}, y:tolist())
    y[1][y[1]:lt(0)] = y[2]
    assert.same({{4, 7, 8}, {4, 7, 8}}, y:tolist())
  end)

  it("refuses what does not fit", function()
    refused("src is [3], expected [2], one for each place", function()
      x[x:gt(4)] = vs.ones(3)
    end)
    refused("masked_scatter_", function() x[vs.ones(4, {dtype = "bool"})] = 1 end)
    refused("expected int64: call :long()", function() x[vs.ones(2)] = 1 end)
    refused("convert it first by vs.tensor", function() x[x:gt(1)] = {1, 2} end)
  end)
end)

describe("ops refuse", function()
  local x = vs.zeros(2, 3)
  local function index(values) return vs.tensor(values, {dtype = "int64"}) end

  it("what does not fit, with names and shapes", function()
    refused("pad: pad has 3 numbers", x.pad, x, {1, 2, 3})
    refused("pad: 3 before and 0 after are out of range for dimension 2 of x [2,3]",
      x.pad, x, {3, 0}, "reflect")
    refused("pad: -2 before and -2 after are out of range", x.pad, x, {-2, -2})
    refused("roll: 2 shifts for 1 dimensions", x.roll, x, {1, 2}, {1})
    refused("tile: cannot repeat dimension 2 -1 times", x.tile, x, {-1})
    refused("tril: x is [3], expected at least 2 dimensions", vs.tril, vs.zeros(3))
    refused("scatter: index 4 (element 1) is out of range 1..3 for dimension 2 of x [2,3]",
      x.scatter, x, 2, index {{4}, {1}}, 1)
    refused("scatter: index is [1,1], expected the shape of x [2,3] except for dimension 2",
      x.scatter, x, 2, index {{1}}, 1)
    refused("scatter_add: src is [2,2], expected the shape of index [2,1]", x.scatter_add, x, 2,
      index {{1}, {1}}, vs.zeros(2, 2))
    refused("scatter_add: x is float", x.scatter_add, x, 2, index {{1}, {1}}, index {{1}, {1}})
    refused("index_add: src is [2,2], expected the shape of x [2,3] with 2 in dimension 1",
      x.index_add, x, 1, index {1, 2}, vs.zeros(2, 2))
    refused("one_hot: x has 0 (element 2), expected a class of 1..3", vs.one_hot, index {3, 0})
    refused("one_hot: x has 3 (element 1), expected a class of 1..2", vs.one_hot, index {3}, 2)
    refused("masked_select", x.masked_select, x, vs.zeros(3, 3, {dtype = "bool"}))
    refused("bernoulli: x has 2 (element 1)", vs.bernoulli, vs.tensor {2})
    refused("multinomial: row 1 of x [3] has 1 weights above 0, expected at least 2",
      vs.multinomial, vs.tensor {0, 1, 0}, 2)
    refused("multinomial: x has -1 (row 1, element 2)", vs.multinomial, vs.tensor {0, -1, 0}, 2)
    refused("norm: p is NaN", x.norm, x, 0 / 0)
  end)
end)
