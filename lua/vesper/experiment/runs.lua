-- The runs of a table: rows x seeds.  Interrupted runs are resumed.
--
-- Every pair of a row and a seed is a run of train.fit in its own folder:
--
--   FOLDER/runs/ROW-SEED/run.json           the settings, written before the run starts
--                        checkpoint/        during the run
--                        best.safetensors   the weights of the best epoch on validation
--                        result.json        after the run; complete or absent
--   FOLDER/runs/ROW.tuned.json              with `tune`: the scores of the settings, the one chosen
--   FOLDER/runs/ROW-SEED.K/                 the run with setting K; the chosen one becomes ROW-SEED
--
-- All random numbers of a run come from its seed, so the numbers of a table depend neither on the
-- order of the runs nor on interruptions.
local core = require "vesper.core"
local samples = require "vesper.experiment.samples"
local train = require "vesper.train"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local options = require "vesper.util.options"
local text_of = require "vesper.util.text"
local warnings = require "vesper.util.warn"

local experiment = {}

local function fail(...) check.fail("experiment", ...) end

-- ---- data files ---------------------------------------------------------------------------------

local WORDS = 512 -- words of eight bytes per read

local FIRST, PRIME = 0xcbf29ce484222325, 0x100000001b3

-- FNV-1a over words of eight bytes, the last one padded with zeros; and the number of bytes.
local function checksum(handle)
  local format, hash = ("<i8"):rep(WORDS), FIRST
  local size = 0
  for block in function() return handle:read(8 * WORDS) end do
    size = size + #block
    local words = {string.unpack(format, block .. ("\0"):rep(8 * WORDS - #block))}
    for i = 1, (#block + 7) // 8 do hash = (hash ~ words[i]) * PRIME end
  end
  return hash, size
end

--- {name, bytes, checksum} of a file, or of the files that a pattern or list names, with their
--- number as `files`: to detect different data; or nil and a message.  The checksum of several
--- files is one of theirs, in their order.
function experiment.fingerprint(path)
  local files, missing = core.data.files(path)
  if not files then return nil, missing end
  local sum, bytes = FIRST, 0
  for _, one in ipairs(files) do
    local handle <close>, why = io.open(one, "rb")
    if not handle then return nil, why end
    local hash, size = checksum(handle)
    sum, bytes = #files == 1 and hash or (sum ~ hash) * PRIME, bytes + size
  end
  return {name = file.name(type(path) == "table" and path[1] or path), bytes = bytes,
    checksum = ("%016x"):format(sum), files = #files > 1 and #files or nil}
end

-- ---- runs ---------------------------------------------------------------------------------------

-- "Dense projection", 2 -> "Dense_projection-2"
local function folder_of(o, row, seed)
  return ("%s/runs/%s-%d"):format(o.folder, row.name:gsub("[^%w_.-]", "_"), seed)
end

--- The folder of a run; its best.safetensors has the weights.
function experiment.folder(folder, name, seed)
  return folder_of({folder = folder}, {name = name}, seed)
end

-- Raises if the run of a folder was started with different settings.
local function same_run(folder, started, now)
  local differ = {}
  local function text(value) return value == nil and "nothing" or core.io.json_encode(value) end
  for _, key in ipairs {"row", "seed", "epochs", "patience", "options", "settings", "data",
      "tune", "setting"} do
    local was, is = text(started[key]), text(now[key])
    if was ~= is then differ[#differ + 1] = ("%s is %s, expected %s"):format(key, is, was) end
  end
  if #differ == 0 then return end
  fail("%s was started with different settings: %s; use another folder or remove it", folder,
    table.concat(differ, "; "))
end

local function plain_history(history)
  local list = {}
  for i, entry in ipairs(history) do
    list[i] = {epoch = entry.epoch, loss = entry.loss, lr = entry.lr, seconds = entry.seconds,
      score = entry.score, val = entry.val}
  end
  return list
end

local function plain(result)
  local function figures(r)
    return r and {i2t = r.i2t, t2i = r.t2i, rsum = r.rsum, protocol = r.protocol}
  end
  return {n = result.n, images = result.images, accuracy = result.accuracy,
    image_accuracy = result.image_accuracy, retrieval = figures(result.retrieval),
    folds = figures(result.folds), majority = samples.majority(result),
    shuffled = result.shuffled, categories = result.categories}
end

-- The accuracy with the image and with the text of another sample, {image =, text =}; nil where the
-- set has no labels or no second image, or where a model lacks one of the two.
local function shuffled(model, loader, test)
  local found, ok, set = {}, pcall(function() return loader.set end)
  if not test.accuracy or not ok or type(set) ~= "userdata" or set.images < 2 then return nil end
  local has = {}
  for _, field in ipairs(set:fields()) do has[field] = true end
  if not has.tokens then return nil end
  for _, kind in ipairs {"image", "text"} do
    found[kind] = train.evaluate(model, loader, {shuffle = kind}).accuracy
  end
  return found
end

local function seconds_of(history)
  local sum = 0
  for _, entry in ipairs(history) do sum = sum + entry.seconds end
  return sum
end

-- A finished run needs no checkpoint.
local function remove_checkpoint(folder)
  for _, ending in ipairs {".safetensors", ".json"} do
    for _, path in ipairs(core.data.find(folder, ending) or {}) do os.remove(path) end
  end
  os.remove(folder)
end

-- Trains one row with one seed; resumes from its checkpoint, if there is one.  Returns the model,
-- its loaders, history and best epoch.
local function fit_run(o, row, seed, folder, setting)
  core.manual_seed(seed)
  local model, loaders = row.make(seed, setting), o.loaders(seed)
  for _, name in ipairs {"train", "val", "test"} do
    if type(loaders) ~= "table" or loaders[name] == nil then
      fail("loaders(%d) returned %s, expected {train =, val =, test = loader}", seed,
        type(loaders) == "table" and "no " .. name or text_of.kind(loaders))
    end
  end
  local optimizer = o.optimizer(model, setting)
  local history, best = train.fit(model, {
    train = loaders.train, val = loaders.val, epochs = o.epochs, optimizer = optimizer,
    schedule = o.schedule and o.schedule(optimizer, setting), schedule_per = o.schedule_per,
    score = o.score, clip = o.clip, quiet = o.quiet, folds = o.folds, patience = o.patience,
    label = ("%s, seed %d%s,"):format(row.name, seed, setting and ", " .. text_of.settings(setting)
      or ""),
    checkpoint = folder .. "/checkpoint", resume = true, weights = folder .. "/best.safetensors",
  })
  return model, loaders, history, best
end

local function train_run(o, row, seed, folder, setting)
  local model, loaders, history, best = fit_run(o, row, seed, folder, setting)
  local test = o.evaluate(model, loaders)
  test.shuffled = test.shuffled or shuffled(model, loaders.test, test)
  return {
    row = row.name, seed = seed, epochs = #history, best_epoch = best,
    val = plain(history[best].val), test = plain(test), samples = samples.of(test),
    parameters = model:num_parameters(), learning = model:num_parameters(true),
    tensors = #model:parameters(true), seconds = seconds_of(history),
    history = plain_history(history), version = core.build.version, isa = core.build.isa,
    threads = core.get_num_threads(), matmul_precision = core.get_matmul_precision(),
  }
end

-- Makes a run's folder, or checks that the run was started with the same settings.
local function start(o, row, seed, folder, data, setting)
  local what = {row = row.name, seed = seed, epochs = o.epochs, patience = o.patience,
    options = row.options or {}, settings = o.settings, data = data, tune = o.tune,
    setting = setting}
  check.done(core._folder_make(folder))
  if file.exists(folder .. "/run.json") then
    same_run(folder, check.done(core.io.json_load(folder .. "/run.json")), what)
  else
    check.done(core.io.json_save(folder .. "/run.json", what, {indent = 2}))
  end
  return what
end

-- The setting of `tune` that gives a row the best score on validation with the first seed; nil
-- without tune.  The test set is not touched.  The chosen run becomes the row's run of that seed.
local function tuned(o, row, data)
  if not o.tune then return nil end
  local seed = o.seeds[1]
  local folder = folder_of(o, row, seed)
  local path = folder:gsub("%-[^-]*$", "") .. ".tuned.json"
  if not file.exists(path) then
    local found = {seed = seed, tune = o.tune, scores = {}}
    for k, setting in ipairs(o.tune) do
      local place = ("%s.%d"):format(folder, k)
      start(o, row, seed, place, data, setting)
      local _, _, history, best = fit_run(o, row, seed, place, setting)
      found.scores[k] = history[best].score
      if not found.chosen or found.scores[k] > found.scores[found.chosen] then found.chosen = k end
    end
    check.done(core._folder_make(o.folder .. "/runs"))
    check.done(core.io.json_save(path, found, {indent = 2}))
  end
  local found = check.done(core.io.json_load(path))
  local was, is = core.io.json_encode(found.tune), core.io.json_encode(o.tune)
  if was ~= is then fail("%s: tune is %s, expected %s", path, is, was) end
  local place = ("%s.%d"):format(folder_of(o, row, found.seed), found.chosen)
  local target = folder_of(o, row, found.seed)
  if file.exists(place .. "/run.json") and not file.exists(target .. "/run.json") then
    local ok, why = os.rename(place, target)
    if not ok then fail("%s cannot become %s: %s", place, target, why) end
  end
  for k = 1, #found.tune do
    remove_checkpoint(("%s.%d/checkpoint"):format(folder_of(o, row, found.seed), k))
  end
  return found.tune[found.chosen]
end

local function run_one(o, row, seed, data)
  local setting = tuned(o, row, data)
  local folder = folder_of(o, row, seed)
  local what = start(o, row, seed, folder, data, setting)
  local path = folder .. "/result.json"
  if not file.exists(path) then
    local result = train_run(o, row, seed, folder, setting)
    result.run = what
    check.done(core.io.json_save(path, result))
  end
  remove_checkpoint(folder .. "/checkpoint")
  return check.done(core.io.json_load(path))
end

local PARTS = 5 -- the smallest number of parts

--- The number of parts of `size` images in the set of a loader, for the folds of train.evaluate; 1
-- where there are fewer than five, or where size is 0.
function experiment.parts(loader, size)
  check.kind("experiment.parts", "size", size, "whole")
  local ok, images = pcall(function() return loader.set.images end)
  if size == 0 or not ok or not images or images // size < PARTS then return 1 end
  return images // size
end

local function check_options(o)
  for _, key in ipairs {"folder", "rows", "seeds", "epochs", "loaders", "optimizer"} do
    if o[key] == nil then fail("option %s is missing", key) end
  end
  if #o.rows == 0 or #o.seeds == 0 then
    fail("%s is empty, expected at least 1", #o.rows == 0 and "rows" or "seeds")
  end
  if o.tune then check.list("experiment", "tune", o.tune) end
  for i, setting in ipairs(o.tune or {}) do
    check.kind("experiment", ("tune[%d]"):format(i), setting, "table")
  end
  if o.tune and #o.tune == 0 then fail "tune is empty, expected at least 1 setting" end
  local seen, folders = {}, {}
  for i, seed in ipairs(o.seeds) do
    check.kind("experiment", "seed " .. i, seed, "integer")
    if seen[seed] then fail("seeds: %d occurs twice", seed) end
    seen[seed] = true
  end
  for i, row in ipairs(o.rows) do
    if type(row) ~= "table" or type(row.name) ~= "string" then
      fail("row %d has no name, expected {name =, make = function}", i)
    end
    if seen[row.name] then fail("rows: duplicate name '%s'", row.name) end
    if not (row.make or row.missing) then
      fail("rows: row '%s' has neither make nor missing, expected one of them", row.name)
    end
    local folder = folder_of(o, row, 0)
    if folders[folder] then
      fail("rows: '%s' and '%s' would share a folder, %s", folders[folder], row.name,
        folder:match "([^/]*)%-0$")
    end
    seen[row.name], folders[folder] = true, row.name
  end
end

--- Trains every row with every seed, except the runs already finished in the folder.  Options:
--   folder, epochs
--   rows = {{name =, make = function(seed, setting) -> model, options = table}, ...}   options:
--            plain values that identify the row's settings; missing = text instead of make: the row
--            is skipped and the text is a warning
--   seeds = {1, 2, 3}
--   loaders = function(seed) -> {train =, val =, test = loader}
--   optimizer = function(model, setting) -> optimizer
--   schedule = function(optimizer, setting) -> a schedule for train.fit
--   tune = {setting, ...}          tables of plain values, such as {rate = 1e-3}: a row is trained
--                                  with each and the first seed; the one that is best on validation
--                                  is the row's setting for all seeds
--   schedule_per, score, clip, quiet, patience   as in train.fit; patience is the same for all rows
--   folds = n                      retrieval is also measured as the mean over n parts of the
--                                  images of validation and test; default: of the test set, in
--                                  parts of fold_size images (experiment.parts)
--   fold_size = 1000
--   evaluate = function(model, loaders) -> a result as from train.evaluate for the test set;
--            default: train.evaluate(model, loaders.test).  The test set has to be the same for
--            every seed and row if intervals are to be computed (experiment.compare).  A result
--            whose retrieval is not of plain cosines may have `ranks`, as metrics.retrieval_ranks
--            returns them, and any result image_right, bool [images], shuffled = {image =, text
--            =}, the accuracies with shuffled images and texts, which are measured otherwise, and
--            categories, a result of DPM:measure
--   settings = {}                  plain values that are the same for every row
--   data = path                    the data file, or the pattern or list of several; sizes and
--                                  checksums identify the data
-- Seeds are the outer loop, so that a table stopped early has every row for some seeds.  Each run
-- is tested once, with the best weights on validation.  Raises if the folder has a run of this name
-- that was started with different settings.  Returns the results of all runs, seed by seed.
function experiment.run(given)
  local o = options.read("experiment", given, {settings = {}, quiet = false, fold_size = 1000},
    {folder = "string", rows = "list", seeds = "list", epochs = "count", loaders = "function",
    optimizer = "function", evaluate = "function", schedule = "function", score = "function",
    schedule_per = true, clip = true, data = "string or list", folds = "count", quiet = "boolean",
    fold_size = "whole", patience = "count", tune = "list"})
  check_options(o)
  o.evaluate = o.evaluate or function(model, loaders)
    return train.evaluate(model, loaders.test,
      {folds = o.folds or experiment.parts(loaders.test, o.fold_size)})
  end
  local data = o.data and check.done(experiment.fingerprint(o.data)) or nil
  for _, row in ipairs(o.rows) do
    if row.missing then warnings.warn(("%s is skipped: %s"):format(row.name, row.missing)) end
  end
  local results = {}
  for _, seed in ipairs(o.seeds) do
    for _, row in ipairs(o.rows) do
      if row.make then results[#results + 1] = run_one(o, row, seed, data) end
    end
  end
  return results
end

return experiment
