-- vesper train: trains a model on a data set and writes it as a folder.
--
-- While it trains, OUT.checkpoint/ has the state after each epoch and OUT.settings.json what was
-- typed; the same command resumes.  Both are removed when OUT is written.
local options = require "vesper.cli.options"

local what = {
  name = "train",
  about = "Trains an image-text model on a data set and writes it as a folder. After each epoch "
    .. "a checkpoint is written; the same command resumes an interrupted training. The model has "
    .. "the weights of the epoch with the best result on validation.",
  places = {{"data", "a data set, .h5, or 'part-*.h5'"}, {"out", "the folder of the model"}},
  options = options.join({
    {"model", "VSE", "the model", choices = options.NAMES},
    {"epochs", 12, "passes over the training set", min = 1},
    {"batch", 64, "samples per step", min = 1},
    {"rate", 1e-3, "learning rate; SGD needs a larger one, such as 0.05", above = 0},
    {"seed", 1, "of all random numbers"},
    {"patience", 0, "ends after this number of epochs without a better validation; 0: never",
      min = 0},
    {"train", "train", "the split to train on"}, {"val", "val", "the split to validate on"},
    {"captions", "all", "what a training sample is: each caption of an image, or one of them",
      choices = {"all", "random", "first"}},
    {"start", "", "folder of a VSE with the same options, from which a DPM goes on"},
    {"replace", false, "train again, though OUT or a checkpoint of it exists"},
    {"log", "", "file for a line per epoch, .csv or .jsonl", kind = {
      "a name that ends in .csv or .jsonl",
      function(text)
        return (text == "" or text:find "%.csv$" or text:find "%.jsonl$") and text or nil
      end}},
    {"tensorboard", "", "folder for TensorBoard's curves"},
  }, options.MODEL, options.TRAINING, {options.JSON}),
  examples = {{"vesper train shop.h5 shop.model --model=CIM --epochs=20",
      "a model whose text chooses among the regions of the image"},
    {"vesper train shop.h5 shop.model --train=train --val=train --captions=random",
      "for a set without validation images"}},
}

-- What was typed, for the comparison with an interrupted training.
local function settings_of(o)
  local settings = {}
  for _, option in ipairs(what.options) do
    local name = option[1]
    if name ~= "json" and name ~= "replace" and name ~= "log" and name ~= "tensorboard" then
      settings[name] = require "vesper.util.command".shown(o[name])
    end
  end
  settings.data = o.data
  return settings
end

local function remove(vs, o)
  for _, path in ipairs(vs.data.find(o.checkpoint, {".safetensors", ".json"}) or {}) do
    os.remove(path)
  end
  os.remove(o.checkpoint)
  os.remove(o.settings)
end

-- Notes what was typed; nil and a message where OUT or another training of it is there.
local function begin(vs, o)
  local file = require "vesper.util.file"
  local settings = settings_of(o)
  if o.replace then
    remove(vs, o)
  elseif vs.checkpoint.exists(o.checkpoint) and file.exists(o.settings) then
    local was, why = vs.io.json_load(o.settings)
    if not was then return nil, why end
    for _, name in ipairs(require "vesper.util.tables".sorted_keys(settings)) do
      if was[name] ~= settings[name] then
        return nil, ("%s: was started with %s '%s', expected '%s'; type the same line to resume, "
          .. "or --replace to start again"):format(o.checkpoint, name, tostring(was[name]),
          settings[name])
      end
    end
    return true
  elseif vs._folder_current(o.out) then
    return nil, o.out .. ": exists; --replace trains it again"
  end
  return vs.io.json_save(o.settings, settings, {indent = 1})
end

-- The state of the VSE that --start names, or nil and a message.
local function start_of(vs, o)
  if o.start == "" then return nil end
  local vse, why = vs.models.load(o.start)
  return vse and vse:state_dict(), why
end

local function report(vs, o, model, history, best)
  local val = history[best].val
  if o.json then
    local list = {}
    for i, e in ipairs(history) do
      list[i] = {epoch = e.epoch, loss = e.loss, lr = e.lr, seconds = e.seconds, score = e.score,
        accuracy = e.val.accuracy, rsum = e.val.retrieval and e.val.retrieval.rsum}
    end
    return print(vs.io.json_encode({out = o.out, model = o.model, best_epoch = best,
      accuracy = val.accuracy, image_accuracy = val.image_accuracy,
      rsum = val.retrieval and val.retrieval.rsum, parameters = model:num_parameters(),
      history = vs.io.array(list)}, {indent = 1}))
  end
  local parts = {("%s: %s with %d parameters, epoch %d"):format(o.out, o.model,
    model:num_parameters(), best)}
  if val.accuracy then parts[2] = ("accuracy %.1f"):format(val.accuracy) end
  if val.retrieval then parts[#parts + 1] = ("rsum %.1f"):format(val.retrieval.rsum) end
  print(table.concat(parts, ", "))
end

function what.run(o)
  local vs = require "vesper"
  local inputs = require "vesper.cli.inputs"
  local recipe = require "vesper.cli.recipe"
  local file = require "vesper.util.file"
  if options.needs_bert(o.model) and o.bert == "" then
    return nil, o.model .. " needs --bert=FOLDER, a Hugging Face folder of a BERT", "misused"
  end
  o.out = file.folder("OUT", o.out)
  local unfit = inputs.not_alone() or inputs.no_folder(o.out) or inputs.no_folder(o.tensorboard)
    or o.log ~= "" and inputs.no_file(o.log)
  if unfit then return nil, unfit, "misused" end
  o.checkpoint, o.settings = o.out .. ".checkpoint", o.out .. ".settings.json"
  local train, why = vs.data.open(o.data, o.train)
  if not train then return nil, why end
  local val, unread = vs.data.open(o.data, o.val)
  if not val then return nil, unread end
  vs.manual_seed(o.seed)
  local made = recipe.new(o, train)
  local vse, unloaded = start_of(vs, o)
  if unloaded then return nil, unloaded end
  local model = made:model(o.model, o.seed, vse)
  local ok, failed = begin(vs, o)
  if not ok then return nil, failed end
  local _ <close> = setmetatable({}, {__close = function() -- what was typed, without a checkpoint
    if not vs.checkpoint.exists(o.checkpoint) then os.remove(o.settings) end
  end})
  local loader = made:train_loader(train, o.seed, {captions = o.captions})
  local optimizer = made:optimizer(model, o.rate)
  local history, best = vs.train.fit(model, {
    train = loader, val = made.loader(val, o.seed), epochs = o.epochs, optimizer = optimizer,
    schedule = made:schedule(optimizer, #loader), schedule_per = made:schedule_per(),
    patience = o.patience > 0 and o.patience or nil, checkpoint = o.checkpoint, resume = true,
    log = o.log ~= "" and o.log or nil, quiet = o.json, label = o.model .. ",",
    tensorboard = o.tensorboard ~= "" and o.tensorboard or nil,
  })
  local saved, unsaved = vs.models.save(model, o.out)
  if not saved then return nil, unsaved end
  remove(vs, o)
  report(vs, o, model, history, best)
end

return what
