-- Brackets with a list, x[{...}] and x[{...}] = value, against PyTorch's rules: numbers and ranges
-- first, then the index tensors, whose common shape stands at their place where they are neighbours
-- and in front where they are not.
local vs = require "vesper"
local fails = require "spec.support.fails"
local numbers = require "spec.support.numbers"

local function long(values) return vs.tensor(values, {dtype = "int64"}) end

describe("x[{...}]", function()
  -- x[i][j][k] = 100 i + 10 j + k
  local x
  before_each(function()
    x = vs.zeros(3, 4, 5)
    for i = 1, 3 do for j = 1, 4 do
      x[i][j] = vs.arange(1, 5) + (100 * i + 10 * j)
    end end
  end)

  it("takes a tensor of one number for a position, and no named keys", function()
    local y = vs.arange(1, 8):reshape{2, 1, 2, 2}
    local one = vs.tensor(1, {dtype = "int64"})
    assert.same({1, 2, 2}, y[{one, {}, vs.ones(2):bool()}].shape)
    assert.same(y[{1, {}, vs.ones(2):bool()}]:tolist(), y[{one, {}, vs.ones(2):bool()}]:tolist())
    y[{one, {}, vs.ones(2):bool()}] = 0
    assert.same({0, 26}, {y[1]:sum():item(), y[2]:sum():item()})
    assert.error_matches(function() y[{b = 1}] = 9 end, "the index has the key 'b'")
  end)

  it("takes a position for each dimension", function()
    assert.equal(234, x[{2, 3, 4}]:item())
    assert.same({}, numbers.shape(x[{2, 3, 4}]))
    assert.equal(345, x[{-1, -1, -1}]:item())
    assert.same(x[2]:tolist(), x[{2}]:tolist())
    assert.same(x[2][3]:tolist(), x[{2, 3}]:tolist())
    assert.same(x:tolist(), x[{}]:tolist())
  end)

  it("takes ranges, both ends included", function()
    assert.same({{232, 233}, {242, 243}}, x[{2, {3, 4}, {2, 3}}]:tolist())
    assert.same({111, 211, 311}, x[{{}, 1, 1}]:tolist())
    assert.same({111, 113, 115}, x[{1, 1, {1, -1, 2}}]:tolist())
    assert.same({0, 4, 5}, numbers.shape(x[{{1, 0}}]))
  end)

  it("is a view without index tensors, with a gradient", function()
    x[{2, {}, {2, 3}}]:fill_(0)
    assert.same({231, 0, 0, 234, 235}, x[{2, 3}]:tolist())
    local y = vs.ones(2, 3):requires_grad_()
    ;(y[{{}, {2, 3}}] * 2 + y[{1, 2}]):sum():backward()
    assert.same({{0, 6, 2}, {0, 2, 2}}, y.grad:tolist())
  end)

  it("takes index tensors", function()
    assert.same({124, 333}, x[{long {1, 3}, long {2, 3}, long {4, 3}}]:tolist())
    assert.same({{111, 113}, {121, 123}, {131, 133}, {141, 143}},
      x[{1, {}, long {1, 3}}]:tolist())
    -- neighbours behind a dimension: the common shape takes their place
    assert.same({{124, 133}, {224, 233}, {324, 333}}, x[{{}, long {2, 3}, long {4, 3}}]:tolist())
    -- apart: it goes in front
    local y = x[{long {1, 3}, {}, long {4, 3}}]
    assert.same({{114, 124, 134, 144}, {313, 323, 333, 343}}, y:tolist())
    assert.same({2, 2, 4, 5}, numbers.shape(x[{long {{1, 2}, {3, 1}}}]))
    assert.same({2, 2, 3}, numbers.shape(x[{{}, long {{1}, {3}}, long {2, 5}}]:permute(2, 3, 1)))
    assert.equal(314, x[{3, long(1), 4}]:item())
  end)

  it("takes masks of one dimension", function()
    local mask = vs.tensor {true, false, false, true}
    assert.same({{211, 212, 213, 214, 215}, {241, 242, 243, 244, 245}}, x[{2, mask}]:tolist())
  end)

  it("picks the score of each row's class, with a gradient", function()
    local scores = vs.tensor {{1, 2, 3}, {4, 5, 6}}:requires_grad_()
    local own = scores[{vs.arange(2), long {3, 1}}]
    assert.same({3, 4}, own:tolist())
    own:sum():backward()
    assert.same({{0, 0, 1}, {1, 0, 0}}, scores.grad:tolist())
  end)

  it("refuses what does not fit", function()
    fails("index has 4 entries, x is [3,4,5]", function() return x[{1, 1, 1, 1}] end)
    fails("index 5 is out of range 1..4 for dimension 1 of x [4,5]", function()
      return x[{1, 5}]
    end)
    fails("index 0 is out of range", function() return x[{0}] end)
    fails("entry 2 is a table, expected {first, last}", function() return x[{1, {1}}] end)
    fails("entry 2 is a table, expected {first, last}", function() return x[{1, {1, "a"}}] end)
    fails("entry 1 is a string", function() return x[{"a"}] end)
    fails("the index has no entry 2", function() return x[{1, nil, 3}] end)
    fails("a range has no entry 1", function() return x[{{nil, 3}}] end)
    fails("index tensor 1 is a float32 tensor [2], expected int64: call :long()", function()
      return vs.index(x:float(), {vs.ones(2):to "float32"})
    end)
    fails("index 4 (element 2 of tensor 1) is out of range 1..3", function()
      return x[{long {1, 4}, long {1, 1}}]
    end)
    fails("shapes [2] and [3] do not broadcast", function()
      return x[{long {1, 2}, long {1, 1, 1}}]
    end)
    fails("entry 1 is a mask [2], expected [3]", function() return x[{vs.tensor {true, false}}] end)
  end)
end)

describe("x[{...}] = value", function()
  local x
  before_each(function() x = vs.zeros(2, 3, 2) end)

  it("writes elements and parts", function()
    x[{1, 2, 1}] = 5
    x[{2, {}, 2}] = vs.tensor {1, 2, 3}
    x[{{}, {1, 1}, 1}] = 7
    assert.same({{{7, 0}, {5, 0}, {0, 0}}, {{7, 1}, {0, 2}, {0, 3}}}, x:tolist())
    local mask = vs.zeros(2, {dtype = "bool"})
    mask[{1}] = true
    assert.same({true, false}, mask:tolist())
  end)

  it("writes at index tensors", function()
    x[{long {1, 2}, long {3, 1}, 2}] = vs.tensor {8, 9}
    assert.same({{{0, 0}, {0, 0}, {0, 8}}, {{0, 9}, {0, 0}, {0, 0}}}, x:tolist())
    x[long {2}] = 1
    assert.same({{{0, 0}, {0, 0}, {0, 8}}, {{1, 1}, {1, 1}, {1, 1}}}, x:tolist())
  end)

  it("takes the value as reading would give it", function()
    for _, index in ipairs {
      {{}, long {3, 1}, long {1, 2}}, {long {2, 1}, {}, long {1, 2}}, {{}, {}, long {2, 1}},
      {{}, long {{3, 1}, {2, 2}}, long {1}}, {2, {2, 3}, long {2}}, {{}, long {{1}, {3}}},
    } do
      local y = numbers.signed(vs, {2, 3, 2}, 4)
      local part = y[index]:detach():clone()
      local z = vs.zeros(2, 3, 2)
      z[index] = part
      assert.same(part:tolist(), z[index]:tolist())
      z:fill_(0)
      z[index] = 3
      assert(z[index]:eq(3):all())
      assert.equal(3 * vs.unique(vs.arange(1, 12):reshape(2, 3, 2)[index]):numel(), z:sum():item())
    end
  end)

  it("is refused where it does not fit, or is recorded", function()
    fails("does not broadcast to [2]", function() x[{{}, 1, 1}] = vs.ones(3) end)
    fails("does not broadcast to [2]", function() x[{long {1, 2}, 1, 1}] = vs.ones(3) end)
    fails("convert it first by vs.tensor", function() x[{1}] = {1, 2} end)
    fails("in-place change, but x [2,3,2] requires a gradient", function()
      vs.ones(2, 3, 2):requires_grad_()[long {1}] = 0
    end)
    fails("expected a position, an int64 tensor, a mask or a list", function() x[true] = 1 end)
    fails("index_put_: index tensor 1 is a", function() x[vs.ones(2)] = 1 end)
  end)

  it("writes into what has other strides, and from its own memory", function()
    local t = vs.tensor {{1, 2, 3}, {4, 5, 6}}
    t:t()[{long {1, 3}, long {2, 1}}] = vs.tensor {-1, -2}
    assert.same({{1, 2, -2}, {-1, 5, 6}}, t:tolist())
    t[{long {1, 2}}] = t[{long {2, 1}}]
    assert.same({{-1, 5, 6}, {1, 2, -2}}, t:tolist())
    local v = vs.arange(1, 4)
    v[{long {4, 3, 2, 1}}] = v
    assert.same({4, 3, 2, 1}, v:tolist())
  end)
end)
