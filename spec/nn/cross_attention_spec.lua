-- The scores of examples/scan.lua against loops over numbers, and their gradients.  This lies in
-- spec/nn because gradients are compared with central differences in the double build.
local vs = require "vesper"
local features = require "spec.support.features"
local gradcheck = require "spec.support.gradcheck"
local temp = require "spec.support.temp"

-- The example's function scores(v, counts, t, lengths): the script runs without training.
local function scores_of(folder, ...)
  local words = {folder, folder .. "/set.h5", "--epochs=0", "--width=6", "--words=4", ...}
  local environment = setmetatable({arg = words, print = function() end}, {__index = _G})
  return assert(loadfile("examples/scan.lua", "t", environment))()
end

-- The definition, for one image and one caption; v and t are lists of vectors of length 1.
local function by_definition(v, t, pool)
  local function dot(x, y)
    local sum = 0
    for i = 1, #x do sum = sum + x[i] * y[i] end
    return sum
  end
  local cosines = {}
  local attention = {} -- [region][word]
  for r, region in ipairs(v) do
    local squares = 0
    attention[r] = {}
    for k, word in ipairs(t) do
      local s = dot(region, word)
      attention[r][k] = s > 0 and s or 0.1 * s
      squares = squares + attention[r][k] ^ 2
    end
    for k in ipairs(t) do attention[r][k] = attention[r][k] / math.sqrt(squares) end
  end
  for k, word in ipairs(t) do
    local sum, attended = 0, {}
    for r in ipairs(v) do sum = sum + math.exp(9 * attention[r][k]) end
    for i = 1, #word do
      attended[i] = 0
      for r, region in ipairs(v) do
        attended[i] = attended[i] + math.exp(9 * attention[r][k]) / sum * region[i]
      end
    end
    cosines[k] = dot(word, attended) / math.sqrt(dot(word, word) * dot(attended, attended))
  end
  return pool(cosines)
end

local function mean(list)
  local sum = 0
  for _, x in ipairs(list) do sum = sum + x end
  return sum / #list
end

local function logsumexp(list)
  local sum = 0
  for _, x in ipairs(list) do sum = sum + math.exp(6 * x) end
  return math.log(sum) / 6
end

describe("the scores of examples/scan.lua", function()
  local functions = {}
  setup(function()
    local folder = features({train = 8, dev = 4, test = 4}, 3, 5)
    functions[mean] = scores_of(folder)
    functions[logsumexp] = scores_of(folder, "--lse=6")
  end)
  teardown(temp.remove)

  -- Regions, counts, words, lengths: rows of length 1, words after the end are zeros.
  local function inputs()
    vs.manual_seed(4)
    local v, t = vs.randn(3, 4, 6):normalize(), vs.randn(2, 5, 6):normalize()
    local counts = vs.tensor({4, 2, 3}, {dtype = "int64"})
    local lengths = vs.tensor({5, 3}, {dtype = "int64"})
    t[2]:slice(1, 4, 5):fill_(0)
    return v, counts, t, lengths
  end

  for name, pool in pairs {mean = mean, logsumexp = logsumexp} do
    it("are those of the definition, " .. name, function()
      local v, counts, t, lengths = inputs()
      local got = functions[pool](v, counts, t, lengths)
      assert.same({3, 2}, got.shape)
      for b = 1, 3 do
        for c = 1, 2 do
          local regions = v[b]:slice(1, 1, counts[b]:item()):tolist()
          local words = t[c]:slice(1, 1, lengths[c]:item()):tolist()
          assert.near(by_definition(regions, words, pool), got[b][c]:item(), 1e-5)
        end
      end
    end)

    it("have the gradients of central differences, " .. name, function()
      if vs.build.real ~= "double" then return pending "needs the double build" end
      local v, counts, t, lengths = inputs()
      local ended = t:eq(0):all(3):unsqueeze(3) -- these words stay zeros
      gradcheck(vs, function(regions, words)
        return functions[pool](regions, counts, words:masked_fill(ended, 0), lengths)
      end, {v, t})
    end)
  end

  it("are finite for an image without regions", function()
    local v, _, t, lengths = inputs()
    local none = vs.tensor({0, 4, 4}, {dtype = "int64"})
    v:requires_grad_()
    local got = functions[mean](v, none, t, lengths)
    assert.same({0, 0}, got[1]:tolist())
    got:sum():backward()
    assert(v.grad:isfinite():all())
  end)
end)
