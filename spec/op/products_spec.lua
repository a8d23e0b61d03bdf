-- Products of sizes around those of panels, blocks and chunks, of sides stored either way, by the
-- library's own kernels.
local vs = require "vesper"

-- A few elements of a b, summed in double precision.
local function check(a, b, c, what)
  local m, k, n = a.shape[1], a.shape[2], b.shape[2]
  for _, at in ipairs {{1, 1}, {m, n}, {m // 2 + 1, n // 3 + 1}, {m // 3 + 1, n // 2 + 1}} do
    local row, column = a[at[1]]:contiguous():tolist(), b:t()[at[2]]:contiguous():tolist()
    local sum = 0
    for i = 1, k do sum = sum + row[i] * column[i] end
    local got = c[at[1]][at[2]]:item()
    assert(math.abs(got - sum) <= 2e-6 * k ^ 0.5 + 1e-6 * math.abs(sum) + 1e-5 * k ^ 0.5,
      ("%s: [%d,%d] is %g, not %g"):format(what, at[1], at[2], got, sum))
  end
end

describe("products", function()
  local threads = vs.get_num_threads()
  after_each(function()
    vs._force_products()
    vs.set_num_threads(threads)
  end)

  local sizes = {
    {1, 1, 1}, {3, 31, 5}, {13, 32, 64}, {14, 33, 65}, {15, 17, 383}, {29, 63, 385}, {57, 96, 130},
    {113, 129, 40}, {127, 512, 16}, {200, 321, 70}, {130, 1024, 200}, {513, 100, 385},
    {40, 48, 3100}, {600, 40, 3500}, {30, 2080, 900},
  }
  for _, ways in ipairs {"nn", "nt", "tn", "tt"} do
    it("of sides stored as " .. ways, function()
      vs.manual_seed(1)
      for _, size in ipairs(sizes) do
        local m, n, k = table.unpack(size)
        local a = ways:sub(1, 1) == "n" and vs.randn {m, k} or vs.randn {k, m}:t()
        local b = ways:sub(2, 2) == "n" and vs.randn {k, n} or vs.randn {n, k}:t()
        vs._force_products(false, true)
        vs.set_num_threads(1)
        local one = a:matmul(b)
        check(a, b, one, ("%dx%dx%d"):format(m, n, k))
        vs.set_num_threads(2)
        assert(a:matmul(b):eq(one):all(), "two threads give other bits")
        vs.set_num_threads(7)
        assert(a:matmul(b):eq(one):all(), "seven threads give other bits")
      end
    end)
  end

  -- x [B,rows,cols], or its turned twin, amid NaN.
  local function amid(batch, rows, cols, turned)
    local r, c = turned and cols or rows, turned and rows or cols
    local x = vs.full({batch, r + 2, c + 3}, 0 / 0):slice(2, 2, r + 1):slice(3, 2, c + 1)
    x:copy_(vs.randn {batch, r, c})
    return turned and x:transpose(2, 3) or x
  end

  for _, ways in ipairs {"nn", "nt", "tn", "tt"} do
    it("of batches of small sides stored as " .. ways, function()
      vs.manual_seed(2)
      for _, m in ipairs {5, 6, 14, 15, 29, 64} do
        for _, n in ipairs {23, 24, 31, 32, 33, 64, 100} do
          for _, k in ipairs {1, 16, 17, 64, 81, 256} do
            local what = ("%dx%dx%d"):format(m, n, k)
            local a, b = amid(3, m, k, ways:sub(1, 1) == "t"), amid(3, k, n, ways:sub(2, 2) == "t")
            vs.set_num_threads(1)
            local c = a:matmul(b)
            check(a[3], b[3], c[3], what)
            vs.set_num_threads(2)
            assert(a:matmul(b):eq(c):all(), "two threads give other bits: " .. what)
          end
        end
      end
    end)
  end

  it("of few rows add a bias", function()
    vs.manual_seed(3)
    for _, size in ipairs {{5, 24, 16}, {6, 24, 16}, {30, 40, 100}, {64, 33, 64}, {100, 700, 90}} do
      local m, n, k = table.unpack(size)
      local x, w, b = vs.randn(m, k), vs.randn(n, k), vs.randn(n)
      local y, plain = vs.nn.functional.linear(x, w, b), vs.nn.functional.linear(x, w)
      check(x, w:t(), plain, ("%dx%dx%d"):format(m, n, k))
      assert((y - plain - b):abs():max():item() <= 1e-5)
    end
  end)

  it("read rows that are far apart", function()
    for _, step in ipairs {512, 520, 2048} do
      local wide = vs.randn {150, step}
      local a, b = wide:slice(2, 1, 150), wide:slice(2, 3, 102)
      vs._force_products(false, true)
      check(a, b, a:matmul(b), "step " .. step)
      check(b:t(), a, b:t():matmul(a), "turned, step " .. step)
    end
  end)

  it("keep NaN and infinity where they are", function()
    vs._force_products(false, true)
    for _, size in ipairs {{20, 40, 50}, {150, 520, 400}} do
      local m, n, k = table.unpack(size)
      local a, b = vs.ones {m, k}, vs.ones {k, n}
      a[{5, 7}] = 0 / 0
      b[{3, n}] = 1 / 0
      local c = a:matmul(b)
      assert.equal(n, c[5]:isnan():sum():item())
      assert.equal(n, c:isnan():sum():item())
      assert.equal(m - 1, c:isinf():sum():item())
      assert.equal(k, c[1][1]:item())
    end
  end)
end)
