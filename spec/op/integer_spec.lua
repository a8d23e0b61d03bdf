-- Divisions of integers and what is left of them: exact, with the signs of Python (`//`, `%`) and
-- of C (fmod).
local vs = require "vesper"
local golden = require "spec.support.golden"
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
    for _, name in ipairs {"remainder", "fmod", "floor_divide", "div"} do
      local args = {long {4, 5}, long {2, 0}, name == "div" and "trunc" or nil}
      local ok, said = pcall(vs[name], table.unpack(args))
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

describe("random int64 are PyTorch's in", function()
  local g = golden.load "integers"
  local x, y, small, divisor, mask, places = g.x, g.y, g.small, g.divisor, g.mask, g.places
  local big = (1 << 53) + 1
  local ops = {
    ["div floor"] = function() return x:div(divisor, "floor") end,
    ["div trunc"] = function() return x:div(divisor, {rounding_mode = "trunc"}) end,
    clamp = function() return x:clamp(-big, big) end,
    ["clamp min"] = function() return x:clamp {min = big} end,
    topk = function() return x:topk(3, 2) end,
    ["topk smallest"] = function() return x:topk(2, 1, false) end,
    sort = function() return x:sort(2) end,
    ["sort descending"] = function() return small:sort(1, true) end,
    argsort = function() return x:argsort(2) end,
    cumsum = function() return x:cumsum(2) end,
    cumprod = function() return x:cumprod(2) end,
    ["cumprod small"] = function() return small:cumprod(1) end,
    sum = function() return x:sum(), x:sum(2) end,
    prod = function() return x:prod(), small:prod(1) end,
    where = function() return vs.where(mask, x, y) end,
    masked_fill = function() return x:masked_fill(mask, big) end,
    masked_select = function() return x[mask] end,
    gather = function() return x:gather(1, places) end,
    index_select = function() return x:index_select(1, places[1]) end,
    index = function() return x[{places[1], places[2]}] end,
    scatter = function() return x:scatter(1, long {{4, 2, 1, 3, 3, 2}}, y:slice(1, 1, 1)) end,
    scatter_add = function() return x:scatter_add(1, places, small) end,
    index_put = function() return x:index_put({places[1]}, small[1], true) end,
    cat = function() return vs.cat {x, y} end,
    pad = function() return x:pad({1, 0}, {value = 7}) end,
    flip = function() return x:flip {2} end,
    tril = function() return x:tril() end,
  }
  for _, name in ipairs {"add", "sub", "mul", "maximum", "minimum", "eq", "ne", "lt", "le", "gt",
    "ge"} do
    ops[name] = function() return x[name](x, y) end
  end
  for _, name in ipairs {"neg", "abs", "sign"} do ops[name] = function() return x[name](x) end end
  for _, name in ipairs {"remainder", "fmod", "floor_divide"} do
    ops[name] = function() return x[name](x, divisor) end
  end
  for _, name in ipairs {"max", "min"} do
    ops[name] = function() return x[name](x, 2) end
    ops["a" .. name] = function() return x["a" .. name](x, {1, 2}) end
    ops["arg" .. name] = function() return x["arg" .. name](x, 1) end
  end

  for name, fn in pairs(ops) do
    it(name, function()
      for i, got in ipairs {fn()} do
        local want = assert(g[("%s/out%d"):format(name, i)], name)
        assert.equal(want.dtype, got.dtype)
        assert.same(want:tolist(), got:tolist())
      end
    end)
  end

  it("every case", function()
    for key in pairs(g) do
      local name = key:match "^([^/]+)/out1$"
      assert(not name or ops[name], name)
    end
  end)
end)

describe("integers beyond 2^53 are kept by", function()
  local big = (1 << 53) + 1

  it("arange", function()
    assert.same({big, big + 1, big + 2}, vs.arange(big, big + 2):tolist())
    assert.same({big, big - 3}, vs.arange(big, big - 5, -3):tolist())
    assert.same({math.maxinteger - 1, math.maxinteger},
      vs.arange(math.maxinteger - 1, math.maxinteger):tolist())
    assert.same({math.mininteger, -1, math.maxinteger - 1},
      vs.arange(math.mininteger, math.maxinteger, math.maxinteger):tolist())
    assert.same({}, vs.arange(3, 2):tolist())
    assert.same({}, vs.arange(0):tolist())
    assert.same({1.0, 2.0}, vs.arange(1, 2, 1, {dtype = "float32"}):tolist())
    assert.same({1, 2, 3}, vs.arange(3, {dtype = "uint8"}):tolist())
    assert.has_error(function() return vs.arange(0, 1 << 62) end)
  end)

  it("full, full_like, fill_ and numbers that are written", function()
    local wide = {dtype = "int64"}
    assert.equal(big, vs.full({2}, big, wide)[1]:item())
    local x = vs.zeros(2, wide)
    assert.equal(big, vs.full_like(x, big)[2]:item())
    assert.same({big, 0, 0}, x:pad({1, 0}, {value = big}):tolist())
    assert.equal(math.mininteger, x:fill_(math.mininteger)[1]:item())
    x[1] = big
    x[{2}] = big + 1
    assert.same({big, big + 1}, x:tolist())
    assert.same({255, 255}, vs.full({2}, 300, {dtype = "uint8"}):tolist())
  end)

  it("clamp between numbers, whole or not", function()
    assert.same({2, 3, 4}, long {1, 3, 9}:clamp(2, 4.0):tolist())
    local x = long {1, 3, 9}:clamp(1.5, 4)
    assert.same({1.5, 3, 4}, x:tolist())
    assert.equal("int64", T({1, 9}, {dtype = "uint8"}):clamp {max = 4}.dtype)
    assert.has_error(function() return long {1}:clamp(big + 1, big) end)
    assert.has_error(function() return long {1}:clamp() end)
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

  it("rounds towards 0 exactly", function()
    local x, y = T {7, -7, 1, -1, inf, 5}, T {2, 2, 0, 0, 2, inf}
    numbers.same(vs, x:div(y, "trunc"), {3, -3, inf, -inf, inf, 0}, {6}, 0)
    numbers.same(vs, T({1e8}, {dtype = "float64"}):div(3, "trunc"), {33333333}, {1}, 0)
    local t = T {7, 5}:requires_grad_()
    t:div(2, "floor"):sum():backward()
    assert.same({0, 0}, t.grad:tolist())
  end)

  it("rounds down exactly", function()
    numbers.same(vs, T {7, -7, 1, 5, -5} // T {2, 2, 0, inf, inf}, {3, -4, inf, 0, -1}, {5}, 0)
    numbers.same(vs, T({1e8}, {dtype = "float64"}) // 3, {33333333}, {1}, 0)
  end)
end)
