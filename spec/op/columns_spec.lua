-- Softmax and its like over a dimension that is not the last, which have loops of their own: the
-- same as over the last one of a transposed copy, forward and back, at the limits of their blocks.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local LIMIT = 1e-5
local F = vs.nn.functional
local inf = math.huge

local function near(a, b)
  numbers.same(vs, a, numbers.flat(b), numbers.shape(b), LIMIT)
end

local works = {
  softmax = function(x, dim) return x:softmax(dim) end,
  log_softmax = function(x, dim) return vs.log_softmax(x, dim) end,
  logsumexp = function(x, dim) return vs.logsumexp(x, dim, true) end,
  normalize = function(x, dim) return vs.normalize(x, {dim = dim}) end,
}

local function both(x, work, g)
  local a = x:clone():requires_grad_()
  local b = x:transpose(2, 3):contiguous():requires_grad_()
  local y, z = work(a, 2), work(b, 3);
  (y * g:slice(2, 1, y.shape[2])):sum():backward();
  (z * g:slice(2, 1, y.shape[2]):transpose(2, 3)):sum():backward()
  near(y, z:transpose(2, 3))
  near(a.grad, b.grad:transpose(2, 3))
end

describe("over a middle dimension", function()
  for name, work in numbers.sorted(works) do
    it(name .. " is what it is over the last", function()
      vs.manual_seed(1)
      for _, inner in ipairs {2, 3, 15, 16, 17, 63, 64, 65, 130} do
        for _, n in ipairs {1, 2, 31, 32, 33, 70, 300} do
          local x = vs.randn(2, n, inner) * 3
          both(x, work, vs.randn(2, n, inner))
        end
      end
    end)
  end

  it("rows of infinities and NaN stay what they are over the last", function()
    local rows = {{-inf, -inf, -inf}, {1, -inf, 2}, {inf, 1, 2}, {0 / 0, 1, 2}, {1e30, -1e30, 0}}
    local x = vs.tensor(rows):reshape(1, 5, 3):transpose(2, 3):contiguous()
    for name, work in pairs(works) do
      if name ~= "normalize" then
        local want = work(x:transpose(2, 3):contiguous(), 3)
        numbers.same(vs, work(x, 2):transpose(2, 3), numbers.flat(want))
      end
    end
  end)

  it("cross_entropy is that of rows", function()
    vs.manual_seed(2)
    local sizes = {{2, 21, 5, 7}, {1, 3, 64, 1}, {3, 40, 13, 5}, {2, 1, 3, 3}, {1, 300, 9, 8}}
    for _, size in ipairs(sizes) do
      local B, C, H, W = table.unpack(size)
      local x, y = vs.randn(B, C, H, W) * 2, vs.randint(1, C, {B, H, W})
      local weight = vs.rand(C) + 0.1
      for _, options in ipairs {{}, {ignore_index = 1}, {weight = weight}, {label_smoothing = 0.1},
        {reduction = "none"}, {weight = weight, ignore_index = C, reduction = "sum"}} do
        local a = x:clone():requires_grad_()
        local b = x:permute(1, 3, 4, 2):reshape(B * H * W, C):contiguous():requires_grad_()
        local loss, want = F.cross_entropy(a, y, options), F.cross_entropy(b, y:flatten(), options)
        numbers.same(vs, loss:flatten(), numbers.flat(want:flatten()), nil, LIMIT)
        loss:sum():backward()
        want:sum():backward()
        near(a.grad, b.grad:reshape(B, H, W, C):permute(1, 4, 2, 3))
      end
    end
  end)
end)
