-- Tables over a set with several captions an image and no labels; arguments of experiment.run.
local vs = require "vesper"
local fails = require "spec.support.fails"
local temp = require "spec.support.temp"
local tiny_bert = require "spec.support.tiny_bert"

local WORDS = {"<pad>", "<unk>", "a", "red", "green", "square"}

local function write(path)
  local w = assert(vs.data.Writer(path, {vocab = WORDS}))
  for _, split in ipairs {"train", "val", "test"} do
    for i = 1, 6 do
      local colour = i % 2 == 0 and "red" or "green"
      assert(w:add(split, {image = vs.full({3, 8, 8}, 30 * i, {dtype = "uint8"}),
        captions = {"a " .. colour .. " square", colour}}))
    end
  end
  assert(w:close())
end

describe("experiment without labels", function()
  local folder, path
  setup(function()
    folder = temp.folder()
    path = folder .. "/set.h5"
    write(path)
  end)
  teardown(temp.remove)

  local function arguments(more)
    local o = {
      folder = folder .. "/table", epochs = 2, seeds = {1, 2}, folds = 2, quiet = true,
      rows = {{name = "VSE", make = function()
        return vs.models.VSE {width = 8, channels = {4}, text = {vocab_size = #WORDS, word_dim = 4}}
      end}},
      loaders = function(seed)
        local list = {}
        for _, split in ipairs {"train", "val", "test"} do
          list[split] = vs.data.Loader(assert(vs.data.open(path, split)),
            {batch_size = 4, shuffle = split == "train", seed = seed})
        end
        return list
      end,
      optimizer = function(model) return vs.optim.Adam(model:parameters()) end,
    }
    for key, value in pairs(more or {}) do o[key] = value end
    return o
  end

  it("trains, and reports retrieval alone, over all images and over parts", function()
    local results = vs.experiment.run(arguments())
    for _, r in ipairs(results) do
      assert.is_nil(r.test.accuracy)
      assert.same({12, 6}, {r.test.n, r.test.images})
      assert(r.test.retrieval.rsum > 0 and r.test.folds.rsum > 0)
    end
    local rows, protocol = vs.experiment.write(folder, results, {train = 12, val = 12, test = 12})
    local text = vs.experiment.text(rows, protocol)
    assert.matches("rsum +rsum of parts", text)
    assert.is_nil(text:match "model[^\n]*val acc")
    assert.matches("best epoch on validation, by rsum%.", text)
    assert.matches("rsum of parts: mean over 2 parts; the first: 3 images, 6 captions", text)
    assert.matches("Validation rsum", temp.read(folder .. "/curves.svg"))
    assert.matches("folds,folds_deviation", temp.read(folder .. "/table.csv"))
  end)

  it("reports models with and without classes over several captions", function()
    local function text() return {vocab_size = #WORDS, word_dim = 4} end
    local o = arguments {folder = folder .. "/report", epochs = 1, seeds = {1}, folds = 1}
    o.rows = {}
    for i, name in ipairs {"VSE", "CIM", "AttentionPooling", "DPM"} do
      o.rows[i] = {name = name, make = function()
        return vs.models[name] {width = 8, channels = {4}, text = text(),
          bert = name == "DPM" and tiny_bert() or nil}
      end}
    end
    local sets = {}
    for _, split in ipairs {"train", "val", "test"} do sets[split] = vs.data.open(path, split) end
    vs.experiment.report {folder = o.folder, results = vs.experiment.run(o), rows = o.rows,
      loaders = o.loaders, sets = sets, samples = 2}
    local page = temp.read(o.folder .. "/index.html")
    assert.matches("Validation rsum by epoch", page)
    assert.is_nil(page:find "Quoted")
    assert.is_nil(page:find "<h2>Confusion")
    local _, captions = page:gsub("<h3>", "")
    local _, pictures = page:gsub("<li", "")
    local _, own = page:gsub('<li class="own">', "")
    assert.same({2, 12, 2}, {captions, pictures, own}) -- a sheet of all six images
  end)

  it("marks the caption's image in each of its samples", function()
    local v, t = vs.eye(6), vs.eye(6)
    local image_of = vs.tensor({1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}, {dtype = "int64"})
    local set = assert(vs.data.open(path, "test"))
    assert(vs.report.retrieved(folder .. "/own.html", set, v, t:index_select(1, image_of),
      {2, 5, 12}, 1, {image_of = image_of, title = "Own"}))
    local page = temp.read(folder .. "/own.html")
    local _, own = page:gsub('<li class="own">', "")
    assert.equal(3, own)
  end)

  it("checks the arguments of report", function()
    local function refused(message, more)
      local o = {folder = folder, results = {{}}, rows = {}, loaders = print,
        sets = {train = {}, val = {}, test = {}}}
      for key, value in pairs(more) do o[key] = value or nil end
      fails("experiment.report: " .. message, vs.experiment.report, o)
    end
    refused("rows is missing", {rows = false})
    refused("results is empty, expected at least 1", {results = {}})
    refused("sets has no val, expected {train =, val =, test =}", {sets = {train = {}, test = {}}})
    refused("samples is 0, expected", {samples = 0})
    refused("unknown option 'titel'", {titel = "x"})
  end)

  it("checks its arguments before the first run", function()
    local function refused(message, more)
      fails(message, vs.experiment.run, arguments(more))
    end
    refused("rows is empty, expected at least 1", {rows = {}})
    refused("seeds is empty, expected at least 1", {seeds = {}})
    refused("seed 2 is 'x', expected an integer", {seeds = {1, "x"}})
    refused("row 1 has no name", {rows = {{make = print}}})
    refused("epochs is 0, expected", {epochs = 0})
    refused("loaders is a table, expected a function", {loaders = {}})
    refused("loaders(7) returned no test, expected {train =, val =, test = loader}",
      {seeds = {7}, loaders = function() return {train = 1, val = 1} end})
    refused("loaders(7) returned nil, expected", {seeds = {7}, loaders = function() end})
    refused("unknown option 'fold', expected one of clip", {fold = 2})
  end)
end)
