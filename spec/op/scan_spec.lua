-- cumsum and cumprod at the limits of their blocks and pieces, forward and back.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local function plain(x, product, reverse)
  local out, total = {}, product and 1 or 0
  for i = 1, #x do
    local k = reverse and #x + 1 - i or i
    total = product and total * x[k] or total + x[k]
    out[k] = total
  end
  return out
end

local function near(got, want)
  numbers.same(vs, got, want, nil, 1e-5)
end

describe("scans", function()
  it("run along lines of every number and length", function()
    vs.manual_seed(1)
    for _, lines in ipairs {1, 2, 7, 8, 9, 17} do
      for _, n in ipairs {1, 2, 100, 4097, 32767, 32768, 40001} do
        if lines * n <= 80000 then
          local x = vs.rand(lines, n):sub(0.5)
          local sums = x:cumsum(2)
          local z = x:clone():requires_grad_()
          local g = vs.rand(lines, n):sub(0.5);
          (z:cumsum(2) * g):sum():backward()
          for i = 1, lines, 3 do
            near(sums[i], plain(numbers.flat(x[i])))
            near(z.grad[i], plain(numbers.flat(g[i]), false, true))
          end
          local factors = 1 + x / n
          near(factors:cumprod(2)[lines], plain(numbers.flat(factors[lines]), true))
          local whole = (x * 1000):long()
          assert(whole:cumsum(2):float():eq((whole:float()):cumsum(2)):all())
        end
      end
    end
  end)

  it("run along other dimensions as along the last", function()
    vs.manual_seed(2)
    for _, inner in ipairs {1, 3, 8, 63, 64, 65, 130} do
      local x = 1 + vs.randn(3, 40, inner) / 10
      local turned = x:transpose(2, 3):contiguous()
      near(x:cumsum(2), numbers.flat(turned:cumsum(3):transpose(2, 3)))
      assert(x:cumprod(2):eq(turned:cumprod(3):transpose(2, 3)):all())
      local whole = (x * 100):long()
      assert(whole:cumsum(2):eq(whole:transpose(2, 3):contiguous():cumsum(3):transpose(2, 3)):all())
    end
  end)

  it("give the same bits with any number of threads, and exact integers", function()
    local before = vs.get_num_threads()
    local x, first = vs.randn(100003), nil
    for _, threads in ipairs {1, 2, 3} do
      vs.set_num_threads(threads)
      first = first or x:cumsum(1)
      assert(x:cumsum(1):eq(first):all())
    end
    vs.set_num_threads(before)
    local n = 70000
    local big = vs.ones(n, {dtype = "int64"})
    big:slice(1, 1, 1):fill_(2 ^ 53 | 0)
    assert(big:cumsum(1)[n]:item() == (2 ^ 53 | 0) + n - 1)
    assert(vs.ones(n):cumsum(1):eq(vs.arange(1, n)):all())
    x:slice(1, 50000, 50000):fill_(0 / 0)
    local sums = x:cumsum(1)
    assert(sums:ne(sums):sum():item() == 100003 - 49999)
  end)
end)
