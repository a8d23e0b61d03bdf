-- nn.HingeRanking: the hinge ranking loss with a warm-up, watching for its collapse.
--
-- After Faghri et al. (VSE++, BMVC 2018) each pair is compared with its hardest negative.  That has
-- a trap at the beginning: with all embeddings in one point the loss is 2 * margin, and from there
-- no direction is better.  Counting every negative at first avoids it (Chen et al., VSE-infinity,
-- CVPR 2021).
local core = require "vesper.core"

local STEPS = 100   -- so many losses in a row at the plateau are a collapse ...
local NEAR = 0.002  -- ... when they are no further from it than this part of it

local known = {margin = "number", negatives = "string", warmup = "number"}

local function read_options(self, options)
  for key, value in pairs(options or {}) do
    if not known[key] then
      core._raise(("HingeRanking: no option '%s'; there are margin, negatives, warmup"):format(
        tostring(key)))
    elseif type(value) ~= known[key] then
      core._raise(("HingeRanking: %s is a %s, expected a %s"):format(key, type(value), known[key]))
    end
    self[key] = value
  end
  if self.negatives ~= "hardest" and self.negatives ~= "sum" then
    core._raise(("HingeRanking: negatives is '%s', expected hardest or sum"):format(self.negatives))
  end
end

--- The class, made over nn.Module (which is not required here: nn requires this file).
return function(Module)
  local HingeRanking = Module:extend("HingeRanking")

  --- Options: margin = 0.2; negatives = "hardest" or "sum"; warmup = 1: up to this epoch the sum is
  -- taken in place of the hardest.
  function HingeRanking:init(options)
    self.margin, self.negatives, self.warmup = 0.2, "hardest", 1
    self.stuck = 0 -- losses in a row at the plateau; -1: it was told
    read_options(self, options)
  end

  -- The mean over pairs is 2 * margin where all scores are equal: margin by row and by column.
  local function watch(self, loss)
    local plateau = 2 * self.margin
    if self.stuck < 0 or plateau <= 0 then return end
    self.stuck = math.abs(loss - plateau) < NEAR * plateau and self.stuck + 1 or 0
    if self.stuck == STEPS then
      self.stuck = -1
      io.stderr:write(("HingeRanking: the loss has been %.3f = 2 * margin for %d steps: the "
        .. "embeddings have collapsed into one point. Start anew with a longer warmup (now %g), "
        .. "which counts every negative, or a lower learning rate.\n"):format(
        plateau, STEPS, self.warmup))
    end
  end

  --- scores [B,B] with the pairs on the diagonal, and the epoch, from 1 (or the step, when warmup
  -- counts steps) -> the mean over pairs.  same: a bool mask [B,B] of pairs that are no negatives.
  function HingeRanking:forward(scores, epoch, same)
    local negatives = self.negatives
    if negatives == "hardest" and self.warmup > 0 then
      if type(epoch) ~= "number" then
        core._raise(("HingeRanking: warmup = %g needs the epoch: loss(scores, epoch); without a "
          .. "warm-up set warmup = 0"):format(self.warmup))
      end
      if epoch <= self.warmup then negatives = "sum" end
    end
    local loss = core.hinge_ranking(scores,
      {margin = self.margin, negatives = negatives, same = same})
    if negatives == "hardest" and self.training then watch(self, loss:item()) end
    return loss
  end

  return HingeRanking
end
