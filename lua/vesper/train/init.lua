-- vs.train: training and evaluation of models over loaders, and what a run leaves: histories,
-- checkpoints, event files.
--
-- Scripts reach progress, checkpoint and tensorboard as vs.progress, vs.checkpoint and
-- vs.tensorboard.
local evaluation = require "vesper.train.evaluate"

return {
  fit = require "vesper.train.fit",
  evaluate = evaluation.evaluate,
  score = evaluation.score,
  write_log = require "vesper.train.log".write,
}
