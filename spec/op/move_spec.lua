-- What only moves values: copies of every layout, casts, joins and lookups at sizes around tiles,
-- vectors and the pieces of threads, against one element at a time.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

-- The value at a place of x, by strides that specs of tensors check.
local function each(shape, fn)
  local at = {}
  local function go(d)
    if d > #shape then return fn(table.unpack(at)) end
    for i = 1, shape[d] do
      at[d] = i
      go(d + 1)
    end
  end
  go(1)
end

describe("moving values", function()
  it("turns matrices of every size and dtype", function()
    for _, dtype in ipairs {"float32", "int64", "uint8", "bfloat16"} do
      local sizes = {{1, 5}, {7, 16}, {8, 16}, {16, 15}, {16, 16}, {17, 65}, {64, 64}, {65, 130}}
      for _, size in ipairs(sizes) do
        local rows, columns = size[1], size[2]
        local x = (vs.arange(1, rows * columns) % 127):reshape(rows, columns):to(dtype)
        local y = x:t():contiguous()
        local a, b = numbers.flat(x:to "float64"), numbers.flat(y:to "float64")
        each({rows, columns}, function(i, j)
          assert(a[(i - 1) * columns + j] == b[(j - 1) * rows + i], dtype)
        end)
        assert(y:t():eq(x):all())
      end
    end
  end)

  it("permutes, with steps and in place of other strides", function()
    local x = vs.arange(1, 6 * 20 * 34):reshape(6, 20, 34):float()
    for _, order in ipairs {{1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}} do
      local y = x:permute(table.unpack(order))
      local got, want = numbers.flat(y:contiguous()), {}
      each(numbers.shape(y), function(...)
        local at, from = {...}, {}
        for d = 1, 3 do from[order[d]] = at[d] end
        want[#want + 1] = ((from[1] - 1) * 20 + from[2] - 1) * 34 + from[3]
      end)
      numbers.same(vs, vs.tensor(got), want, {#want}, 0)
      local target = vs.zeros(numbers.shape(y)):contiguous()
      target:copy_(y)
      assert(target:eq(y):all())
      local back = vs.zeros(6, 20, 34)
      back:permute(table.unpack(order)):copy_(target) -- what is written has the strides
      assert(back:eq(x):all())
      assert((y + y):eq(target * 2):all() and (y:long() * target:long()):eq(target:square()):all())
    end
    local part = x:slice(2, 1, 20, 3):transpose(2, 3)
    assert(part:contiguous():transpose(2, 3):eq(x:slice(2, 1, 20, 3)):all())
  end)

  it("casts between all dtypes, limited to what they hold", function()
    local wild = {0, -0.0, 1, -1, 0.5, -0.5, 1.99, 254.9, 255, 256, 1e10, -1e10, 1e30, -1e30,
      math.huge, -math.huge, 0 / 0}
    local limit = {int64 = {math.mininteger, math.maxinteger}, int32 = {-2 ^ 31, 2 ^ 31 - 1},
      uint8 = {0, 255}}
    for _, from in ipairs {"float32", "float64"} do
      local x = vs.tensor(wild, {dtype = from})
      for to, ends in pairs(limit) do
        local y = x:to(to)
        for i, v in ipairs(wild) do
          local want
          if v ~= v or v <= ends[1] then want = ends[1]
          elseif v >= ends[2] then want = ends[2]
          else want = v < 0 and math.ceil(v) or math.floor(v) end
          assert(y[i]:item() == math.tointeger(want), ("%s to %s: %g"):format(from, to, v))
        end
      end
      local flags = x:to "bool"
      for i, v in ipairs(wild) do assert(flags[i]:item() == (v ~= 0)) end
    end
    local whole = {0, 1, -1, 255, 256, 2 ^ 31 | 0, -2 ^ 31 | 0, 2 ^ 53 + 1 | 0,
      math.maxinteger, math.mininteger}
    local x = vs.tensor(whole, {dtype = "int64"})
    for i, v in ipairs(whole) do
      assert(x:to "int32"[i]:item() == math.max(-2 ^ 31, math.min(v, 2 ^ 31 - 1)))
      assert(x:to "uint8"[i]:item() == math.max(0, math.min(v, 255)))
      assert(x:to "bool"[i]:item() == (v ~= 0))
    end
    for _, n in ipairs {1, 7, 33, 70001} do -- around vectors and threads
      local y = vs.arange(1, n)
      for _, dtype in ipairs {"float32", "float64", "int32"} do
        assert(y:to(dtype):long():eq(y):all())
        assert(y:to(dtype):to "float32":eq(y):all())
      end
      assert((y % 200):byte():long():eq(y % 200):all() and (y % 2):to "bool":long():eq(y % 2):all())
      assert(y:reshape(n, 1):expand(n, 3):float():select(2, 2):eq(y):all())
    end
  end)

  it("joins and splits runs of every length", function()
    for _, dtype in ipairs {"float32", "int64", "bool"} do
      for _, outer in ipairs {1, 3, 300} do
        for _, widths in ipairs {{1, 1}, {1, 2, 0, 5}, {17, 40}, {400, 1, 33}} do
          local parts, at = {}, 0
          for i, w in ipairs(widths) do
            parts[i] = (vs.arange(1, outer * w) * i % 3):reshape(outer, w):to(dtype)
          end
          local all = vs.cat(parts, 2)
          for i, w in ipairs(widths) do
            if w > 0 then assert(all:slice(2, at + 1, at + w):eq(parts[i]):all()) end
            at = at + w
          end
          assert(all.shape[2] == at)
          local grads = {}
          for i, p in ipairs(parts) do grads[i] = p:float():requires_grad_() end
          local weight = vs.randn(outer, at)
          at = 0;
          (vs.cat(grads, 2) * weight):sum():backward()
          for i, w in ipairs(widths) do
            if w > 0 then assert(grads[i].grad:eq(weight:slice(2, at + 1, at + w)):all()) end
            at = at + w
          end
        end
      end
    end
    local a, b = vs.randn(70, 1000), vs.randn(70, 1000)
    for dim = 1, 3 do
      local s = vs.stack({a, b}, dim)
      assert(s:select(dim, 1):eq(a):all() and s:select(dim, 2):eq(b):all())
    end
  end)

  it("looks up and adds at an index of every layout", function()
    vs.manual_seed(1)
    for _, shape in ipairs {{3, 5, 1}, {1, 40, 3}, {300, 7, 2}, {2, 9, 700}} do
      local outer, along, inner = table.unpack(shape)
      local n, x = 11, vs.randn(shape)
      local index = vs.randint(1, along, {n})
      local wide = vs.randint(1, along, {outer, n, inner})
      local lines, elements = x:index_select(2, index), x:gather(2, wide)
      local g, sum_lines, sum_elements = vs.randn(outer, n, inner), x:clone(), x:clone()
      for i = 1, n do
        local at = index[i]:item()
        assert(lines:select(2, i):eq(x:select(2, at)):all())
        sum_lines:select(2, at):add_(g:select(2, i))
      end
      local flat, from, ids = numbers.flat(elements), numbers.flat(x), numbers.flat(wide)
      local gs, sums = numbers.flat(g), numbers.flat(sum_elements)
      for k = 0, #flat - 1 do
        local at = k // (n * inner) * along * inner + (ids[k + 1] - 1) * inner + k % inner + 1
        assert(flat[k + 1] == from[at])
        sums[at] = sums[at] + gs[k + 1]
      end
      assert((x:index_add(2, index, g) - sum_lines):abs():max():item() < 1e-5)
      numbers.same(vs, x:scatter_add(2, wide, g), sums, shape, 1e-5)
      local z = x:clone():requires_grad_();
      (z:gather(2, wide) * g):sum():backward()
      assert((z.grad + x - x:scatter_add(2, wide, g)):abs():max():item() < 1e-5)
      z = x:clone():requires_grad_();
      (z:index_select(2, index) * g):sum():backward()
      assert((z.grad + x - sum_lines):abs():max():item() < 1e-5)
      local whole = (x * 100):long()
      local twice = whole:scatter_add(2, wide, (g * 100):long())
      assert(twice:sum():item() == whole:sum():item() + (g * 100):long():sum():item())
    end
    local x = vs.randn(4, 70000)
    for _, bad in ipairs {0, -1, 5, math.mininteger, math.maxinteger} do
      local index = vs.ones(4, 70000, {dtype = "int64"})
      index:slice(1, 3, 3):slice(2, 60000, 60000):fill_(bad)
      local ok, why = pcall(x.gather, x, 1, index)
      assert(not ok and why:find("(element 200000)", 1, true), why)
    end
    assert.has_error(function() return x:index_select(1, vs.tensor({5}, {dtype = "int64"})) end)
  end)

  it("selects what a mask names", function()
    for _, dtype in ipairs {"float32", "int64", "uint8", "bfloat16"} do
      local x = (vs.arange(1, 1000) % 100):to(dtype)
      for _, every in ipairs {1, 2, 7, 1000, 2000} do
        local mask = (vs.arange(1, 1000) % every):eq(0)
        local want = {}
        for i = every, 1000, every do want[#want + 1] = i % 100 end
        numbers.same(vs, x:masked_select(mask):to "float64", want, {#want}, 0)
      end
    end
  end)
end)
