-- Losses of pairs with `same`: pairs that are not negatives, in all three; nn.SigmoidLoss by its
-- formula.
local vs = require "vesper"
local fails = require "spec.support.fails"

local nn = vs.nn

-- The mask of pairs of the same group.
local function same_of(groups)
  local g = vs.tensor(groups, {dtype = "int64"})
  return g:unsqueeze(1):eq(g:unsqueeze(2))
end

local function sigmoid_loss(scores, t, b, same)
  local sum, B = 0, #scores
  for i = 1, B do
    for j = 1, B do
      local z = i == j and 1 or -1
      if i == j or not (same and same[i][j]) then
        sum = sum + math.log(1 + math.exp(-z * (t * scores[i][j] + b)))
      end
    end
  end
  return sum / B
end

describe("nn.UniCL", function()
  it("shares the target among the positives, as the formula says", function()
    vs.manual_seed(1)
    local loss, label = nn.UniCL(0.5), {1, 2, 1, 1}
    local scores = vs.randn(4, 4)
    local positive = vs.tensor(label):unsqueeze(2):eq(vs.tensor(label):unsqueeze(1))
    local function one_way(at)
      local sum = 0
      for i = 1, 4 do
        local total, own, n = 0, 0, 0
        for j = 1, 4 do total = total + math.exp(at(i, j) / 0.5) end
        for j = 1, 4 do
          if label[i] == label[j] then own, n = own + at(i, j) / 0.5 - math.log(total), n + 1 end
        end
        sum = sum - own / n
      end
      return sum / 4
    end
    local want = (one_way(function(i, j) return scores[i][j]:item() end)
      + one_way(function(i, j) return scores[j][i]:item() end)) / 2
    assert.near(want, loss(scores, positive):item(), 1e-5)
    assert.near(nn.InfoNCE(0.5)(scores):item(), loss(scores):item(), 1e-5)
    loss(scores:clone():requires_grad_(), positive):backward()
    assert(loss.logit_scale.grad:abs():item() > 0)
  end)
end)

describe("nn.SigmoidLoss", function()
  it("starts with the values of SigLIP, and follows its formula", function()
    local loss = nn.SigmoidLoss()
    assert.near(math.log(10), loss.logit_scale:item(), 1e-6)
    assert.equal(-10, loss.logit_bias:item())
    vs.manual_seed(2)
    local scores = vs.rand(5, 5) * 2 - 1
    assert.near(sigmoid_loss(scores:tolist(), 10, -10), loss(scores):item(), 1e-4)
    local same = same_of {1, 2, 1, 3, 2}
    assert.near(sigmoid_loss(scores:tolist(), 10, -10, same:tolist()), loss(scores, same):item(),
      1e-4)
    local other = nn.SigmoidLoss {temperature = 0.5, bias = 1, learn = false}
    assert.same({}, other:parameters())
    assert.near(sigmoid_loss(scores:tolist(), 2, 1), other(scores):item(), 1e-5)
  end)

  it("has the gradients of its formula", function()
    local eps = vs.build.real == "double" and 1e-6 or 1e-2
    local within = vs.build.real == "double" and 1e-7 or 1e-2
    vs.manual_seed(3)
    local start = vs.rand(3, 3)
    local loss, same = nn.SigmoidLoss {temperature = 1, bias = -0.5}, same_of {1, 1, 2}
    local scores = start:clone():requires_grad_()
    loss(scores, same):backward()
    local function at(dx, dt, db)
      return sigmoid_loss((start + dx):tolist(), math.exp(dt), -0.5 + db, same:tolist())
    end
    for i = 1, 3 do
      for j = 1, 3 do
        local d = vs.zeros(3, 3)
        d[i][j]:fill_(eps)
        assert.near((at(d, 0, 0) - at(-d, 0, 0)) / (2 * eps), scores.grad[i][j]:item(), within)
      end
    end
    assert.near((at(0, eps, 0) - at(0, -eps, 0)) / (2 * eps), loss.logit_scale.grad:item(), within)
    assert.near((at(0, 0, eps) - at(0, 0, -eps)) / (2 * eps), loss.logit_bias.grad:item(), within)
  end)

  it("says what it cannot take", function()
    fails("SigmoidLoss: scores is", nn.SigmoidLoss(), vs.ones(2, 3))
    fails("expected bool [2,2]", nn.SigmoidLoss(), vs.ones(2, 2), vs.ones(2, 2))
    fails("SigmoidLoss: temperature is 0, expected a finite number > 0", nn.SigmoidLoss,
      {temperature = 0})
  end)
end)

describe("losses of pairs", function()
  -- Four samples of three images: the first and the third show one.
  local groups = {1, 2, 1, 3}
  local function perfect()
    local e = vs.eye(3):index_select(1, vs.tensor(groups, {dtype = "int64"}))
    return e:matmul(e:t()) * 2 - 1 -- cosines 1 and -1
  end

  it("are at their minimum for perfect embeddings, two captions of one image among them", function()
    local scores, same = perfect(), same_of(groups)
    for _, negatives in ipairs {"sum", "hardest"} do
      local hinge = nn.HingeRanking {negatives = negatives, warmup = 0}
      assert.equal(0, hinge(scores, 1, same):item())
      assert(hinge(scores, 1):item() > 0)
    end
    -- without `same` the loss is that of a confusion; with it, that of perfect pairs alone
    local apart = vs.eye(4) * 2 - 1
    local nce = nn.InfoNCE(0.01)
    assert(nce(scores, same):item() <= nce(apart):item())
    assert(nce(scores):item() > 0.3)
    local sigmoid = nn.SigmoidLoss {temperature = 0.01, bias = 0}
    assert(sigmoid(scores, same):item() <= sigmoid(apart):item())
    assert(sigmoid(scores):item() > 40)
  end)

  it("ignore the diagonal of `same`, and are the plain loss where nothing else is set", function()
    vs.manual_seed(1)
    local scores = vs.randn(4, 4)
    for _, loss in ipairs {nn.InfoNCE(), nn.SigmoidLoss()} do
      local want = loss(scores):item()
      assert.equal(want, loss(scores, vs.eye(4):bool()):item())
      assert.equal(want, loss(scores, vs.zeros(4, 4):bool()):item())
    end
  end)

  it("give no gradient to pairs that are the same", function()
    vs.manual_seed(1)
    for _, loss in ipairs {nn.InfoNCE(), nn.SigmoidLoss(),
        function(s, same) return nn.HingeRanking{negatives = "sum"}(s, 1, same) end} do
      local scores = vs.randn(4, 4):requires_grad_()
      loss(scores, same_of(groups)):backward()
      assert.equal(0, scores.grad[1][3]:item())
      assert.equal(0, scores.grad[3][1]:item())
      assert(scores.grad[1][1]:item() ~= 0)
    end
  end)

  it("say what `same` has to be", function()
    fails("InfoNCE: same is", nn.InfoNCE(), vs.ones(2, 2), vs.ones(2, 2))
    fails("expected bool [2,2]", nn.InfoNCE(), vs.ones(2, 2), vs.zeros(3, 3):bool())
  end)
end)
