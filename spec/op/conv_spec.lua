-- Convolutions large enough to be cut into several units and among threads, against a sum of matrix
-- products over the taps, gradients included, by every way that they can be made; and the same bits
-- from run to run.
local vs = require "vesper"
local gradcheck = require "spec.support.gradcheck"
local memory = require "spec.support.memory"
local numbers = require "spec.support.numbers"

local LIMIT = vs.build.real == "double" and 1e-12 or 1e-5

-- y[:, :, i, j] = sum over taps of w[:, :, u, v] x[:, :, i*s + u - p, j*s + v - p]; depthwise: each
-- channel with a kernel of its own.
local function by_taps(x, w, stride, padding, depthwise)
  local b, c, h, wide = table.unpack(numbers.shape(x))
  local o, _, kh, kw = table.unpack(numbers.shape(w))
  local p = padding
  if p > 0 then
    x = vs.cat({vs.zeros(b, c, p, wide), x, vs.zeros(b, c, p, wide)}, 3)
    x = vs.cat({vs.zeros(b, c, h + 2 * p, p), x, vs.zeros(b, c, h + 2 * p, p)}, 4)
  end
  local oh, ow = (h + 2 * p - kh) // stride + 1, (wide + 2 * p - kw) // stride + 1
  local total
  for u = 1, kh do
    for v = 1, kw do
      local part = x:slice(3, u, u + (oh - 1) * stride, stride)
      part = part:slice(4, v, v + (ow - 1) * stride, stride)
      local tap = w:select(3, u):select(3, v)
      part = part:contiguous():reshape({b, c, oh * ow})
      local product = depthwise and part * tap or tap:matmul(part)
      total = total and total + product or product
    end
  end
  return total:reshape({b, o, oh, ow})
end

-- Output and gradients of fn(x, w).
local function run(fn, shapes)
  vs.manual_seed(4)
  local x, w = vs.randn(shapes.x), vs.randn(shapes.w)
  x:requires_grad_()
  w:requires_grad_()
  local y = fn(x, w)
  gradcheck.weigh(vs, {y}):backward()
  return {y = y:detach(), dx = x.grad, dw = w.grad}
end

local function near(got, want, limit_of_y)
  for name, t in pairs(want) do
    local off = (got[name] - t):abs():max():item()
    local most = t:abs():max():item()
    local limit = name == "y" and limit_of_y or LIMIT
    assert(off <= limit * most, ("%s is off by %g of %g"):format(name, off, most))
  end
end

local works = {
  ["several images a unit"] = {x = {70, 6, 8, 6}, w = {20, 6, 3, 3}, padding = 1},
  ["a rest of images"] = {x = {53, 4, 5, 5}, w = {7, 4, 3, 3}, padding = 0},
  ["bands of rows"] = {x = {2, 5, 61, 47}, w = {17, 5, 3, 3}, padding = 1},
  ["bands with stride"] = {x = {2, 3, 75, 66}, w = {8, 3, 7, 7}, padding = 3, stride = 2},
  ["wide rows"] = {x = {1, 2, 5, 900}, w = {3, 2, 3, 3}, padding = 1},
  ["deep"] = {x = {3, 130, 7, 9}, w = {33, 130, 3, 3}, padding = 1},
  ["depthwise"] = {x = {2, 5, 31, 27}, w = {5, 1, 3, 3}, padding = 1, depthwise = true},
  ["depthwise in bands"] = {x = {1, 2, 410, 310}, w = {2, 1, 5, 5}, padding = 2, depthwise = true},
  ["depthwise with stride"] =
    {x = {3, 4, 45, 52}, w = {4, 1, 5, 5}, padding = 2, stride = 2, depthwise = true},
  ["depthwise with more stride than kernel"] =
    {x = {2, 3, 38, 41}, w = {3, 1, 2, 2}, padding = 1, stride = 3, depthwise = true},
  ["a tile and a row"] = {x = {3, 17, 9, 6}, w = {9, 17, 3, 3}, padding = 0},
  ["padding of two"] = {x = {2, 16, 13, 4}, w = {35, 16, 3, 3}, padding = 2},
  ["one place"] = {x = {1, 70, 3, 3}, w = {66, 70, 3, 3}, padding = 0},
  ["a channel each"] = {x = {2, 1, 5, 6}, w = {1, 1, 3, 3}, padding = 1},
  ["tiles in several units"] = {x = {20, 130, 9, 16}, w = {140, 130, 3, 3}, padding = 1},
  ["tiles in bands"] = {x = {2, 40, 66, 70}, w = {50, 40, 3, 3}, padding = 1},
  ["few places with stride"] = {x = {3, 40, 9, 7}, w = {30, 40, 3, 3}, padding = 1, stride = 2},
  ["1 x 1 in place"] = {x = {9, 33, 12, 11}, w = {40, 33, 1, 1}, padding = 0},
}

describe("conv2d as a sum over taps", function()
  local before
  setup(function() before = vs.get_num_threads() end)
  teardown(function() vs.set_num_threads(before) end)
  after_each(function() vs._force_conv() end)

  for name, work in numbers.sorted(works) do
    it(name, function()
      local stride, padding = work.stride or 1, work.padding
      local groups = work.depthwise and work.w[1] or 1
      local function conv(x, w)
        return vs.conv2d(x, w, {stride = stride, padding = padding, groups = groups})
      end
      local function sums(x, w) return by_taps(x, w, stride, padding, work.depthwise) end
      local function brief(x, w) return vs.autocast(conv, x:to "bfloat16", w) end
      local want = run(sums, work)
      local want_brief = run(function(x, w) return sums(x:to "bfloat16":to(x.dtype), w) end, work)
      for _, way in ipairs(work.depthwise and {"best"} or {"best", "plain", "winograd", "few"}) do
        vs._force_conv(way)
        for threads = 1, 3 do
          vs.set_num_threads(threads)
          local got, again = run(conv, work), run(conv, work)
          near(got, want)
          for part, t in pairs(got) do assert(t:eq(again[part]):all(), part .. " differs") end
        end
        local got = run(brief, work)
        near(got, want_brief, got.y.dtype == "bfloat16" and 2 ^ -8)
      end
    end)
  end

  it("has no gradient in an empty plane", function()
    for _, way in ipairs {"best", "plain", "winograd", "few"} do
      vs._force_conv(way)
      local x, w = vs.zeros(8, 64, 0, 30):requires_grad_(), vs.randn(64, 64, 3, 3)
      local y = vs.conv2d(x, w, {padding = 2})
      assert.same({8, 64, 2, 32}, numbers.shape(y))
      assert.equal(0, y:abs():sum():item())
      y:sum():backward()
      assert.same({8, 64, 0, 30}, numbers.shape(x.grad))
    end
  end)

  it("adds the bias by every way", function()
    local x, w, b = vs.randn(2, 5, 7, 6), vs.randn(4, 5, 3, 3), vs.randn(4)
    local want = by_taps(x, w, 1, 1) + b:reshape({1, 4, 1, 1})
    for _, way in ipairs {"plain", "winograd", "few"} do
      vs._force_conv(way)
      near({y = vs.conv2d(x, w, b, {padding = 1})}, {y = want})
    end
  end)

  it("is the bias where the input has no channels", function()
    local x, w, b = vs.zeros(2, 0, 7, 7), vs.zeros(3, 0, 3, 3), vs.tensor {1, 2, 3}
    for _, way in ipairs {"best", "plain"} do
      vs._force_conv(way)
      local y = vs.conv2d(x, w, b, {stride = 2})
      assert.same({2, 3, 3, 3}, numbers.shape(y))
      assert.same({{18, 36, 54}}, vs.reshape(y:sum {1, 3, 4}, 1, 3):tolist())
    end
  end)

  it("survives a refused allocation by every way", function()
    local work = {x = {3, 20, 9, 9}, w = {24, 20, 3, 3}}
    local function conv(x, w) return vs.conv2d(x, w, {padding = 1}) end
    for _, way in ipairs {"plain", "winograd", "few"} do
      vs._force_conv(way)
      memory.refused(40, run(conv, work), run, conv, work)
    end
  end)
end)
