-- Reductions at the limits of their vectors, columns and pieces, of every layout and dtype, against
-- the same numbers in another layout and against plain loops.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local LIMIT = 1e-5

local function near(a, b)
  numbers.same(vs, a, numbers.flat(b), numbers.shape(b), LIMIT)
end

local function plain(values)
  local sum, most, least, at_most, at_least = 0, -math.huge, math.huge, 1, 1
  for i, v in ipairs(values) do
    sum = sum + v
    if v > most then most, at_most = v, i end
    if v < least then least, at_least = v, i end
  end
  local mean, squares, sizes = sum / #values, 0, 0
  for _, v in ipairs(values) do squares, sizes = squares + (v - mean) ^ 2, sizes + math.abs(v) end
  return {sum = sum, most = most, least = least, at_most = at_most, at_least = at_least,
    var = #values > 1 and squares / (#values - 1) or nil, sizes = sizes}
end

describe("reductions", function()
  it("of rows of every length", function()
    vs.manual_seed(1)
    for _, n in ipairs {1, 2, 7, 8, 9, 16, 17, 31, 32, 33, 64, 65, 100, 1023, 1024, 1025, 1100} do
      local x = vs.randn(3, n)
      local back = vs.zeros(n, 3):copy_(x:t()):t() -- the same, columns side by side
      for i = 1, 3 do
        local want = plain(numbers.flat(x[i]))
        local function is(a, b) assert(math.abs(a - b) <= LIMIT * math.max(1, math.abs(b)), n) end
        for _, y in ipairs {x, back} do
          is(y:sum(2)[i]:item(), want.sum)
          is(y:mean(2)[i]:item(), want.sum / n)
          is(y:norm(1, 2)[i]:item(), want.sizes)
          local top, at = y:max(2)
          assert(top[i]:item() == want.most and at[i]:item() == want.at_most)
          top, at = y:min(2)
          assert(top[i]:item() == want.least and at[i]:item() == want.at_least)
          assert(y:amax(2)[i]:item() == want.most and y:amin(2)[i]:item() == want.least)
          assert(y:argmax(2)[i]:item() == want.at_most)
          if want.var then is(y:var(2)[i]:item(), want.var) end
        end
      end
    end
  end)

  it("over the first and a middle dimension", function()
    vs.manual_seed(2)
    for _, width in ipairs {1, 3, 7, 8, 9, 17, 511, 512, 513, 1030} do
      local x = vs.randn(5, 6, width)
      for _, name in ipairs {"sum", "mean", "var", "std", "amax", "amin", "prod"} do
        local function fn(y, dim) return y[name](y, {dim = dim}) end
        near(fn(x, {1}), fn(x:permute(2, 3, 1):contiguous(), {3}))
        near(fn(x, {2}), fn(x:transpose(2, 3):contiguous(), {3}))
        near(fn(x, {1, 2}), fn(x:permute(3, 1, 2):contiguous(), {2, 3}))
        near(fn(x, {1, 3}), fn(x:permute(2, 1, 3):contiguous(), {2, 3}))
      end
      for _, name in ipairs {"max", "min"} do
        local top, at = x[name](x, 2)
        local turned = x:transpose(2, 3):contiguous()
        local want, want_at = turned[name](turned, 3)
        assert(top:eq(want):all() and at:eq(want_at):all(), name)
      end
    end
  end)

  it("of one group cut into pieces", function()
    vs.manual_seed(3)
    for _, n in ipairs {65535, 65536, 65537, 200003} do
      local x, parts = vs.randn(n), 0
      local padded = vs.zeros(2, n):copy_(x)
      for _, p in ipairs {x:slice(1, 1, 777), x:slice(1, 778, n)} do
        parts = parts + p:sum():item()
      end
      assert(math.abs(x:sum():item() - parts) < 1e-2)
      near(padded:sum(2), vs.stack {x:sum(), x:sum()})
      near(padded:std(2), vs.stack {x:std(), x:std()})
      local place = n - 5
      x:slice(1, place, place):fill_(100)
      local top, at = x:max()
      assert(top:item() == 100 and at:item() == place and x:argmax():item() == place)
      assert(x:amax():item() == 100)
      x:slice(1, 9, 9):fill_(100) -- the first of equals
      assert(x:argmax():item() == 9)
      x:slice(1, place, place):fill_(0 / 0)
      assert(x:argmax():item() == place and x:argmin():item() == place)
      assert(x:amax():ne(x:amax()):item() and x:amin():ne(x:amin()):item())
      local columns = vs.randn(n // 16, 16)
      near(columns:sum(1), columns:t():contiguous():sum(2))
      near(columns:var(1), columns:t():contiguous():var(2))
    end
  end)

  it("give the same bits with any number of threads", function()
    vs.manual_seed(4)
    local before, x, first = vs.get_num_threads(), vs.randn(300, 700), nil
    for _, threads in ipairs {1, 2, 3} do
      vs.set_num_threads(threads)
      local got = vs.cat {x:sum():reshape(1), x:sum(1), x:sum(2), x:var():reshape(1), x:std(1),
        x:norm():reshape(1), x:amax(1), x:prod(2)}
      first = first or got
      assert(got:eq(first):all(), threads)
    end
    vs.set_num_threads(before)
  end)

  it("of integers are exact beyond 2^53, of bytes too", function()
    local big = 2 ^ 53 | 0
    for _, n in ipairs {1, 9, 33, 70000} do
      local x = vs.ones(n, 2, {dtype = "int64"})
      x:slice(1, n, n):fill_(big + 1)
      assert(x:sum():item() == 2 * (big + n))
      assert(x:sum(1)[2]:item() == big + n)
      assert(x:amax():item() == big + 1 and x:max(1)[1]:item() == big + 1)
      local _, at = x:max(1)
      assert(at[1]:item() == n)
      local mask = x:eq(1)
      assert(mask:sum():item() == 2 * (n - 1) and mask:sum(1)[1]:item() == n - 1)
      assert(mask:any() == (n > 1) and not mask:all())
      assert(mask:byte():sum():item() == 2 * (n - 1))
    end
  end)

  it("say any and all of every layout and dtype", function()
    for _, dtype in ipairs {"float32", "float64", "int64", "int32", "uint8", "bool", "bfloat16"} do
      for _, n in ipairs {1, 31, 32, 33, 1000} do
        local x = vs.zeros(20, n, {dtype = "float32"})
        x:slice(1, 17, 17):slice(2, n, n):fill_(1)
        x = x:to(dtype)
        assert(x:any() and (n * 20 == 1 or not x:all()))
        local rows, columns = x:any(2), x:any(1)
        assert(rows:sum():item() == 1 and rows[17]:item() == true)
        assert(columns:sum():item() == 1 and columns[n]:item() == true)
        assert(x:eq(0):all(2):sum():item() == 19 and x:eq(0):all(1):sum():item() == n - 1)
      end
    end
    assert(vs.tensor {0 / 0}:all() and not vs.zeros(0):any() and vs.zeros(0):all())
  end)

  it("of strided inputs, of nothing and of one", function()
    vs.manual_seed(5)
    local x = vs.randn(4, 6, 10)
    for _, y in ipairs {x:transpose(1, 3), x:slice(3, 2, 9), x:select(2, 3), x[1]:expand(3, 6, 10),
      x:permute(3, 1, 2)} do
      for dim = 1, y.ndim do
        near(y:sum(dim), y:contiguous():sum(dim))
        near(y:mean(dim), y:contiguous():mean(dim))
        near(y:var(dim), y:contiguous():var(dim))
      end
      near(y:sum(), y:contiguous():sum())
    end
    local none = vs.zeros(0, 3)
    numbers.same(vs, none:sum(1), {0, 0, 0}, {3})
    numbers.same(vs, none:prod(1), {1, 1, 1}, {3})
    numbers.same(vs, none:sum(2), {}, {0})
    assert(none:mean():ne(none:mean()):item())
  end)
end)
