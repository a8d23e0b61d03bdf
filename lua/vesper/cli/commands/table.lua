-- vesper table: compares image-text models on one data set, with several seeds and the same budget.
-- examples/table1.lua is the same.
local options = require "vesper.cli.options"

local what = {
  name = "table",
  about = "Compares image-text models on one data set, with several seeds and the same budget; "
    .. "writes a table and a page. The same command resumes an interrupted table; you can add "
    .. "seeds or rows later.",
  places = {{"data", "a data set, .h5, or 'part-*.h5'"}, {"out", "the folder of runs and report"}},
  options = options.join({
    {"rows", {"Baseline", "TextOnly", "VSE", "CIM", "COOT", "DPM", "AttentionPooling",
      "DenseProjection"}, "models, separated by commas", choices = options.NAMES},
    {"seeds", {1, 2, 3}, "one run per row and seed"},
    {"epochs", 12, "epochs of each run", min = 1},
    {"patience", 0, "a run ends after this number of epochs without a better validation; 0: never",
      min = 0},
    {"batch", 64, "samples per step", min = 1}, {"title", "Image-text models", "title of the page"},
    {"reference", "", "the row that the others are compared with; default VSE"},
    {"pictures", true, "figures with images on the page"},
    {"rate", {1e-3}, "learning rate; of several, each row has the one that is best on validation "
      .. "with the first seed; SGD needs a larger one, such as 0.05", above = 0},
  }, options.MODEL, options.TRAINING, {
    {"mirror", false, "average each image with its mirror image"},
    {"shift", 0, "average over images shifted by this number of pixels", min = 0},
    {"bank", 0.0, "beta of a query bank from the training set; 0: none", min = 0},
    {"fold", 1000, "retrieval also in parts of this number of images, if there are five; 0: no",
      min = 0},
    options.JSON,
  }),
  examples = {{"vesper table shop.h5 report --seeds=1,2,3 --rows=VSE,CIM --rate=5e-4,1e-3",
    "two models, three runs of each, at the better of two learning rates"}},
}

-- What experiment.run calls a row of the table.  vse_of(seed): the state of the trained VSE.
local function row_of(made, name, listed, vse_of)
  local o, row = made.o, {name = options.TITLES[name] or name, about = options.ABOUT[name]}
  local bert = options.needs_bert(name)
  if bert and o.bert == "" then
    row.missing = "needs --bert=FOLDER, a Hugging Face folder of a BERT"
  elseif name == "DPM" and not listed.VSE then
    row.missing = "needs the row VSE before it, from which it goes on"
  else
    row.options = bert and {bert = o.bert:match "[^/]+/*$", visual = o.visual,
      freeze = name == "DPM" and o.freeze or nil} or name == "COOT" and {memory =
      table.concat(o.memory, "+")} or nil
    row.make = function(seed)
      return made:model(name, seed, name == "DPM" and vse_of(seed) or nil)
    end
  end
  return row
end

-- The results on the test set.  With --bank an item's score is lowered by its similarity to
-- training texts and images.
local function evaluate(vs, o, made, model, its, train)
  local bank
  if o.bank > 0 and model.encode_text then
    bank = vs.train.evaluate(model, made.loader(train), {mirror = o.mirror, retrieval = false})
  end
  if model.choose_shift then model:choose_shift(its.val) end
  local result = vs.train.evaluate(model, its.test, {mirror = o.mirror, shift = o.shift,
    folds = vs.experiment.parts(its.test, o.fold), bank = bank, beta = bank and o.bank})
  result.ranks = bank and vs.metrics.retrieval_ranks(result.v, result.t,
    {image_of = result.image_of, bank = bank, beta = o.bank})
  result.categories = model.measure and model:measure(its.test)
  return result
end

-- What is wrong with the row of --reference, or nil.
local function no_reference(reference, rows)
  local names = {}
  for _, row in ipairs(rows) do
    if row.name == reference then
      return row.missing and ("is '%s', which %s"):format(row.name, row.missing) or nil
    end
    if not row.missing then names[#names + 1] = row.name end
  end
  return reference and ("is '%s', expected one of %s"):format(reference,
    table.concat(names, ", ")) or nil
end

function what.run(o)
  local vs = require "vesper"
  local recipe = require "vesper.cli.recipe"
  local inputs = require "vesper.cli.inputs"
  local unfit = inputs.not_alone() or inputs.no_folder(o.out)
  if unfit then return nil, unfit, "misused" end
  local experiment, sets = vs.experiment, {}
  for _, split in ipairs {"train", "val", "test"} do
    local set, why = vs.data.open(o.data, split)
    if not set then return nil, why end
    sets[split] = set
  end
  local made = recipe.new(o, sets.train)
  if not made.one.image then o.pictures = false end
  local function vse_of(seed)
    return assert(vs.load(experiment.folder(o.out, "VSE", seed) .. "/best.safetensors"))
  end
  local all, rows, listed, skipped = {}, {}, {}, {}
  for i, name in ipairs(o.rows) do
    listed[name] = true
    all[i] = row_of(made, name, listed, vse_of)
  end
  local reference = o.reference ~= "" and (options.TITLES[o.reference] or o.reference) or nil
  local unknown = no_reference(reference, all)
  if unknown then return nil, "--reference " .. unknown, "misused" end
  for _, row in ipairs(all) do
    if row.missing and o.json then -- experiment.run would print it
      skipped[row.name] = row.missing
    else
      rows[#rows + 1] = row
    end
  end
  local function loaders(seed)
    return {val = made.loader(sets.val, seed), test = made.loader(sets.test, seed),
      train = made:train_loader(sets.train, seed)}
  end
  -- A folder with runs of other settings is an error.
  local settings = made:settings {"mirror", "shift", "bank"}
  settings.rate = #o.rate == 1 and o.rate[1] or nil
  local tune = #o.rate > 1 and {} or nil
  for i, rate in ipairs(tune and o.rate or {}) do tune[i] = {rate = rate} end
  local results = experiment.run{
    folder = o.out, rows = rows, seeds = o.seeds, epochs = o.epochs, loaders = loaders,
    data = o.data, settings = settings, patience = o.patience > 0 and o.patience or nil,
    tune = tune, quiet = o.json,
    optimizer = function(model, setting)
      return made:optimizer(model, setting and setting.rate or o.rate[1])
    end,
    evaluate = function(model, its) return evaluate(vs, o, made, model, its, sets.train) end,
    schedule_per = made:schedule_per(),
    schedule = function(optimizer) return made:schedule(optimizer, #sets.train // o.batch) end,
  }
  local table_rows, protocol = experiment.report{folder = o.out, results = results, rows = rows,
    loaders = loaders, sets = sets, title = o.title, pictures = o.pictures,
    reference = reference}
  if o.json then
    print(vs.io.json_encode({rows = vs.io.array {table.unpack(table_rows)}, skipped = skipped,
      report = o.out .. "/index.html"}, {indent = 1}))
    return
  end
  print("\n" .. experiment.text(table_rows, protocol))
  print("report: " .. o.out .. "/index.html")
end

return what
