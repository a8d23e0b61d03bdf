-- vs.train: training and evaluation of models, histories, checkpoints, event files.
--
-- progress, checkpoint and tensorboard are vs.progress, vs.checkpoint and vs.tensorboard.
local evaluation = require "vesper.train.evaluate"

return {
  fit = require "vesper.train.fit",
  evaluate = evaluation.evaluate,
  score = evaluation.score,
  write_log = require "vesper.train.log".write,
}
