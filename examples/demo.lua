-- From pictures of emoji to a trained image-text model and a report, in a few minutes.
--
--   lua5.4 examples/demo.lua FOLDER REPORT [epochs = 20] [seed = 1]
--
-- FOLDER: where Debian's ruby-gemojione is unpacked (`make demo` does it).  REPORT: folder for the
-- data set, the table, the learning curves, the contact sheet and the checkpoint.
local vs = require "vesper"
local data, optim, models, train, report = vs.data, vs.optim, vs.models, vs.train, vs.report

local folder, out, epochs, seed = arg[1], arg[2], tonumber(arg[3] or 20), tonumber(arg[4] or 1)
if not out then
  io.stderr:write("usage: lua5.4 examples/demo.lua FOLDER REPORT [epochs] [seed]\n")
  os.exit(2)
end
local start, file = vs.now(), out .. "/emoji.h5"

if not data.open(file, "train") then
  local made = assert(data.prepare.emoji(folder, file, {seed = seed}))
  print(("wrote %s: %d emoji in %d classes, %d words"):format(
    file, made.train + made.val + made.test, made.classes, made.vocab))
end
local sets, loaders = {}, {}
for _, split in ipairs{"train", "val", "test"} do
  sets[split] = assert(data.open(file, split))
  local training = split == "train"
  loaders[split] = data.Loader(sets[split], {batch_size = training and 64 or 200, workers = 1,
    shuffle = training, drop_last = training, seed = seed})
end

local classes, channels = #sets.train:classes(), {24, 48, 96, 192}
local rows, histories = {}, {}

local function run(name, model, weights)
  local began = vs.now()
  local history, best = train.fit(model, {
    train = loaders.train, val = loaders.val, epochs = epochs, label = name,
    weights = weights, optimizer = optim.Adam(model:parameters(), {lr = 1e-3}),
    schedule = function(epoch) return epoch <= epochs * 2 // 3 and 1e-3 or 1e-4 end,
  })
  local test = train.evaluate(model, loaders.test)
  rows[#rows + 1] = report.row(name, history[best].val, test,
    {parameters = model:num_parameters(), seconds = math.floor(vs.now() - began)})
  local function accuracy(entry) return entry.val.accuracy end
  histories[#histories + 1] = {name = name, history = history, value = accuracy}
  return test
end

vs.manual_seed(seed)
run("Baseline", models.Baseline{classes = classes, width = 128, channels = channels})
vs.manual_seed(seed)
local vse = models.VSE{classes = classes, width = 128, channels = channels,
  text = {vocab_size = #sets.train:vocab(), word_dim = 100}, warmup = 5}
local vse_test = run("VSE", vse, out .. "/vse.safetensors")

local protocol = ("Emoji of ruby-gemojione, label: category. %d train, %d validation, %d test; " ..
  "variants of one emoji stay in one split.\nSeed %d, %d epochs, the epoch that is best on " ..
  "validation. val/test acc: percent, from image and text (Baseline: image);\n" ..
  "image alone: VSE by cosine to class prototypes.\n%s\n"):format(
  #sets.train, #sets.val, #sets.test, seed, epochs, vse_test.retrieval.protocol)
local text = report.table(report.columns, rows)
print("\n" .. text .. "\n" .. protocol)

local samples = {}
for i = 1, 8 do samples[i] = (i - 1) * (#sets.test // 8) + 1 end
assert(report.write(out, "table.txt", text .. "\n" .. protocol))
assert(report.write(out, "table.md", report.table(report.columns, rows, "markdown")))
assert(report.write(out, "table.csv", report.table(report.columns, rows, "csv")))
assert(report.curves(out .. "/curves.svg", histories,
  {title = "Validation accuracy", x_label = "epoch", y_label = "percent"}))
assert(report.retrieved(out .. "/retrieved.png", sets.test, vse_test.v, vse_test.t, samples, 8,
  {title = "Captions and what they find",
   note = "Nearest test images by cosine; green frame: the caption's own"}))
print(("report in %s: table.txt, curves.svg, retrieved.png, vse.safetensors " ..
  "(%.0f s in all)"):format(out, vs.now() - start))
