-- Losses of scores [B,B] of images (rows) and texts (columns) with the pairs on the diagonal:
-- nn.InfoNCE, nn.SigmoidLoss, nn.UniCL and nn.HingeRanking.  Losses without state are layers in C
-- (csrc/nn/loss.c).
--
-- Each but UniCL takes `same`, bool [B,B]: pairs that show the same image or item, or have the same
-- text.  They are not negatives of each other.  The diagonal of `same` is ignored.  Scores may also
-- be those over several ranks (vs.dist.scores, vs.dist.same): the loss is then of this rank's rows.
local core = require "vesper.core"
local module = require "vesper.nn.module"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"
local warnings = require "vesper.util.warn"

-- ---- InfoNCE and the sigmoid loss ---------------------------------------------------------------

-- Scores [B,B] and same, nil or bool [B,B], checked: {rows = scores, B =, own = int64 [B], the
-- column of each row's match, off = bool [B,B], true where a pair off the matches is the same}.
-- Scores of several ranks (vesper.dist.pairs) are rows and columns [B,N], and same is [B,N].
local function read_scores(what, scores, same)
  local ranks = type(scores) == "table" and scores.rows and scores
  local rows = ranks and ranks.rows or scores
  local shape = core.is_tensor(rows) and rows.shape
  if not shape or #shape ~= 2 or not ranks and shape[1] ~= shape[2] then
    check.fail(what, "scores is %s, expected [B,B]", text.kind(scores))
  end
  local B, N = shape[1], shape[2]
  local s = {rows = rows, columns = ranks and ranks.columns, B = B, own = core.arange(B)}
  if ranks then s.own = s.own + ranks.first end
  if same == nil then return s end
  if not check.has_shape(same, B, N) or same.dtype ~= "bool" then
    check.fail(what, "same is %s, expected bool [%d,%d]", text.kind(same), B, N)
  end
  s.off = same:logical_and(core.arange(N):unsqueeze(1):ne(s.own:unsqueeze(2)))
  return s
end

-- float [B,N]: 1 at the match of each row.
local function matches(s)
  return core.arange(s.rows.shape[2]):unsqueeze(1):eq(s.own:unsqueeze(2)):float()
end

-- fn(scores) of images with texts, and of texts with images.
local function both_ways(s, fn)
  local by_image = fn(s.rows)
  return by_image, s.columns and fn(s.columns) or by_image:transpose(1, 2)
end

-- A number of the module: a parameter, or a buffer where it is not learned.
local function set_number(self, name, value, learn)
  if learn then
    self[name] = module.Parameter(core.tensor(value))
  else
    self:register_buffer(name, core.tensor(value))
  end
end

local InfoNCE = module.Module:extend "InfoNCE"

local MOST = math.log(100)

--- The symmetric cross-entropy of CLIP (Radford et al., 2021) of scores [B,B].  `logit_scale` is
-- log(1 / temperature); it is learned and clamped to at most log(100).  {learn = false} fixes it.
function InfoNCE:init(temperature, given)
  local name = getmetatable(self).__name
  temperature = temperature or 0.07
  check.kind(name, "temperature", temperature, "positive")
  local o = options.read(name, given, {learn = true}, {learn = "boolean"})
  set_number(self, "logit_scale", -math.log(temperature), o.learn)
end

function InfoNCE:temperature() return math.exp(-self.logit_scale:item()) end

-- The scores divided by the temperature.
local function logits_of(self, scores)
  if self.logit_scale:item() > MOST then
    core.no_grad(function() self.logit_scale:fill_(MOST) end)
  end
  return scores * self.logit_scale:exp()
end

--- scores [B,B], same bool [B,B] or nil -> the mean of both cross-entropies.
function InfoNCE:forward(scores, same)
  local s = read_scores("InfoNCE", scores, same)
  local by_image, by_text = both_ways(s, function(x)
    local logits = logits_of(self, x)
    return s.off and logits:masked_fill(s.off, -math.huge) or logits
  end)
  return (core.cross_entropy(by_image, s.own) + core.cross_entropy(by_text, s.own)) / 2
end

local SigmoidLoss = module.Module:extend "SigmoidLoss"

--- The sigmoid loss of SigLIP (Zhai et al., ICCV 2023): every pair is a binary decision, with
-- logits exp(logit_scale) * scores + logit_bias.  Both are learned; {learn = false} fixes them.
-- Options: temperature = 0.1, bias = -10, the values that the paper starts from.
function SigmoidLoss:init(given)
  local o = options.read("SigmoidLoss", given, {temperature = 0.1, bias = -10, learn = true},
    {temperature = "positive", bias = "number", learn = "boolean"})
  set_number(self, "logit_scale", -math.log(o.temperature), o.learn)
  set_number(self, "logit_bias", o.bias, o.learn)
end

--- scores [B,B], same bool [B,B] or nil -> the sum of -log sigmoid(z * logit) over all pairs,
-- divided by B; z is 1 on the diagonal and -1 elsewhere.
function SigmoidLoss:forward(scores, same)
  local s = read_scores("SigmoidLoss", scores, same)
  local logits = s.rows * self.logit_scale:exp() + self.logit_bias
  local losses = (logits * (1 - 2 * matches(s))):softplus() -- -log sigmoid(x) = softplus(-x)
  if s.off then losses = losses:masked_fill(s.off, 0) end
  return losses:sum() / s.B
end

-- ---- supervised contrast -----------------------------------------------------------------------

local UniCL = InfoNCE:extend "UniCL"

--- The supervised contrastive loss of images and texts (Yang et al., Unified Contrastive Learning
-- in Image-Text-Label Space, CVPR 2022): as InfoNCE, with its temperature, but the target of an
-- image is shared equally by all texts that are positive for it, and that of a text by all images.
-- scores [B,B], positive bool [B,B], such as equal labels; the diagonal is positive -> the mean of
-- both cross-entropies.
function UniCL:forward(scores, positive)
  local s = read_scores("UniCL", scores, positive)
  local by_image, by_text = both_ways(s, function(x) return logits_of(self, x) end)
  local shares = matches(s)
  if s.off then shares = shares + s.off:float() end
  local back = s.columns and shares or shares:transpose(1, 2)
  local function one_way(x, t) return core.cross_entropy(x, t / t:sum(2, true)) end
  return (one_way(by_image, shares) + one_way(by_text, back)) / 2
end

-- ---- hinge --------------------------------------------------------------------------------------
--
-- Each pair is compared with its hardest negative (Faghri et al., VSE++, BMVC 2018).  Early in
-- training the embeddings can then collapse into one point, where the loss is 2 * margin and its
-- gradient gives no useful direction.  Using all negatives in the first epochs avoids this (Chen et
-- al., VSE-infinity, CVPR 2021).  The module warns if the loss stays at this plateau.

local STEPS = 100   -- the number of consecutive losses at the plateau that counts as a collapse
local NEAR = 0.002  -- the relative distance to the plateau that counts as "at the plateau"

local HingeRanking = module.Module:extend "HingeRanking"

--- Options: margin = 0.2; negatives = "hardest" or "sum"; warmup = 1: up to this epoch the sum over
-- all negatives is used instead of the hardest one.
function HingeRanking:init(given)
  local o = options.read("HingeRanking", given,
    {margin = 0.2, negatives = "hardest", warmup = 1},
    {margin = "number", negatives = {"hardest", "sum"}, warmup = "number"})
  self.margin, self.negatives, self.warmup = o.margin, o.negatives, o.warmup
  self.stuck = 0 -- number of consecutive losses at the plateau; -1: the warning was printed
end

-- If all scores are equal, the mean over pairs is 2 * margin: margin by row plus margin by column.
local function watch(self, loss)
  local plateau = 2 * self.margin
  if self.stuck < 0 or plateau <= 0 then return end
  self.stuck = math.abs(loss - plateau) < NEAR * plateau and self.stuck + 1 or 0
  if self.stuck == STEPS then
    self.stuck = -1
    warnings.warn(text.format("HingeRanking: the loss has been %.3f = 2 * margin for %d steps: "
      .. "the embeddings have collapsed into one point. Start again with a longer warmup (now %g), "
      .. "which uses all negatives, or a lower learning rate.", plateau, STEPS, self.warmup))
  end
end

-- core.hinge_ranking of scores of several ranks.
local function hinge_over_ranks(self, scores, negatives, same)
  local s = read_scores("HingeRanking", scores, same)
  local left_out = matches(s):gt(0)
  if s.off then left_out = left_out:logical_or(s.off) end
  local function one_way(x)
    local cost = (x - x:gather(2, s.own:unsqueeze(2)) + self.margin):relu():masked_fill(left_out, 0)
    return negatives == "hardest" and cost:amax(2) or cost:sum(2)
  end
  return (one_way(s.rows) + one_way(s.columns)):mean()
end

--- scores [B,B] with the pairs on the diagonal, and the epoch, from 1 (or the step, if warmup
-- counts steps) -> the mean over pairs.  same: bool [B,B], true for pairs that are not negatives.
function HingeRanking:forward(scores, epoch, same)
  local negatives = self.negatives
  if negatives == "hardest" and self.warmup > 0 then
    if type(epoch) ~= "number" then
      check.fail("HingeRanking", "epoch is %s, expected a number, since warmup is %g; for a loss "
        .. "without warm-up set warmup = 0", text.value(epoch), self.warmup)
    end
    if epoch <= self.warmup then negatives = "sum" end
  end
  local loss
  if core.is_tensor(scores) then
    loss = core.hinge_ranking(scores, {margin = self.margin, negatives = negatives, same = same})
  else
    loss = hinge_over_ranks(self, scores, negatives, same)
  end
  if negatives == "hardest" and self.training then watch(self, loss:item()) end
  return loss
end

return {InfoNCE = InfoNCE, SigmoidLoss = SigmoidLoss, UniCL = UniCL, HingeRanking = HingeRanking}
