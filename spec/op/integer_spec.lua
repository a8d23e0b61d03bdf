-- Divisions of integers and what is left of them: exact, with the signs of Python (`//`, `%`) and
-- of C (fmod).
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local T = vs.tensor
local function long(values) return T(values, {dtype = "int64"}) end

describe("division of integers", function()
  local big = (1 << 53) + 1
  local x = {7, -7, 7, -7, 6, -6, 0, big, -big, 16777217, math.mininteger, math.maxinteger}
  local y = {2, 2, -2, -2, 3, 3, 5, 2, 2, 2, -1, -1}

  it("is exact and has Python's signs", function()
    local a, b = long(x), long(y)
    for name, got in pairs {remainder = {a:remainder(b), a % b, vs.remainder(a, b)},
      floor_divide = {a:floor_divide(b), a // b, vs.floor_divide(a, b)}} do
      for _, t in ipairs(got) do
        assert.equal("int64", t.dtype)
        for i = 1, #x do
          local want = name == "remainder" and x[i] % y[i] or x[i] // y[i]
          assert(t[i]:item() == want, ("%s: %d"):format(name, i))
        end
      end
    end
  end)

  it("has C's signs in fmod", function()
    local got = long(x):fmod(long(y))
    assert.equal("int64", got.dtype)
    for i = 1, #x do assert(got[i]:item() == math.fmod(x[i], y[i]), i) end
  end)

  it("takes numbers, other integers and views", function()
    assert.same({1}, long({16777217}):remainder(2):tolist())
    assert.same({3, -4}, (long {7, -7} // 2):tolist())
    assert.same({2, 1}, (100 % long {7, 9}):tolist())
    assert.same({{1, 0}, {2, 5}}, (long {{7, 8}, {9, 5}}:transpose(1, 2) % long {3, 9}):tolist())
    assert.equal("int64", (T({7}, {dtype = "uint8"}) % T({4}, {dtype = "int32"})).dtype)
  end)

  it("refuses 0", function()
    for _, name in ipairs {"remainder", "fmod", "floor_divide"} do
      local ok, said = pcall(vs[name], long {4, 5}, long {2, 0})
      assert.is_false(ok)
      assert.matches(name .. ": element 2 of y is 0: integers cannot be divided", said, 1, true)
    end
  end)
end)

describe("integers keep every digit in", function()
  it("neg, abs and sign", function()
    local big = (1 << 53) + 1
    local x = long {-big, big, 0, math.mininteger}
    assert.same({big, -big, 0, math.mininteger}, (-x):tolist())
    assert.same({big, big, 0, math.mininteger}, x:abs():tolist())
    assert.same({-1, 1, 0, -1}, x:sign():tolist())
    assert.same({-3}, (-T({3}, {dtype = "uint8"})):tolist())
    assert.equal("int64", (-T({3}, {dtype = "uint8"})).dtype)
  end)
end)

describe("division of floating-point numbers", function()
  local inf = math.huge

  it("leaves what C leaves", function()
    assert.equal(1, T {1e8}:fmod(3):item())
    assert.equal(5, T {5}:fmod(inf):item())
    assert.equal(-5, T {-5}:fmod(inf):item())
    assert.equal(1, (T {1e8} % 3):item())
    assert.equal(5, (T {5} % inf):item())
    assert.equal(-inf, (T {5} % -inf):item())
    local none = T {1}:fmod(0):item()
    assert(none ~= none)
  end)

  it("rounds down exactly", function()
    numbers.same(vs, T {7, -7, 1, 5, -5} // T {2, 2, 0, inf, inf}, {3, -4, inf, 0, -1}, {5}, 0)
    numbers.same(vs, T({1e8}, {dtype = "float64"}) // 3, {33333333}, {1}, 0)
  end)
end)
