-- vesper evaluate: accuracy and retrieval of a saved model on a split of a data set.
local options = require "vesper.cli.options"

local what = {
  name = "evaluate",
  about = "Measures a saved model on a data set: accuracy where the set has labels and the model "
    .. "classes, retrieval where the model reads texts.",
  places = {{"model", "a folder of a model"}, {"data", "a data set, .h5, or 'part-*.h5'"}},
  options = {{"split", "test", "the split"}, {"batch", 200, "samples per step", min = 1},
    {"mirror", false, "average each image with its mirror image"},
    {"folds", 1, "retrieval also as the mean over this number of parts", min = 1},
    options.JSON},
  examples = {{"vesper evaluate shop.model shop.h5", "on the test split"},
    {"vesper evaluate shop.model shop.h5 --split=val --json", "for a program"}},
}

function what.run(o)
  local vs = require "vesper"
  local inputs = require "vesper.cli.inputs"
  local model, why = vs.models.load(o.model)
  if not model then return nil, why end
  local set, unread = vs.data.open(o.data, o.split)
  if not set then return nil, unread end
  local misfit = inputs.misfit(model, set)
  if misfit then return nil, ("%s: %s"):format(o.data, misfit) end
  local result = vs.train.evaluate(model, vs.data.Loader(set, {batch_size = o.batch, workers = 1}),
    {mirror = o.mirror, folds = o.folds})
  if not o.json then return print(result) end
  local function figures(r) return r and {i2t = r.i2t, t2i = r.t2i, rsum = r.rsum} end
  print(vs.io.json_encode({split = o.split, images = result.images, samples = result.n,
    accuracy = result.accuracy, image_accuracy = result.image_accuracy,
    retrieval = figures(result.retrieval), folds = figures(result.folds)}, {indent = 1}))
end

return what
