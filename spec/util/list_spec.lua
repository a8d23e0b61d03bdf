-- Every argument that is a list refuses one with a hole.  The arguments come from the reference; a
-- new one fails until it has a call here.
local vs = require "vesper"
local reference = require "vesper.help.reference"
local nn, T = vs.nn, vs.tensor

-- Arguments with a fixed number of entries: another number is refused anyway.
local FIXED = {size = true, image_size = true, background = true, color = true}
-- A list whose hole is found when it is written.
local LATER = {["io.array.list"] = true}

-- The entries that an argument's list has in its call; default: two integers.
local picture = vs.zeros(3, 4, 4):byte()
local function param() return vs.zeros(2):requires_grad_() end
local entries = {
  index = function() return vs.ones(2):long() end,
  tensors = function() return vs.zeros(2) end, vectors = function() return vs.zeros(2) end,
  operands = function() return vs.zeros(2) end, parameters = param,
  modules = function() return nn.ReLU() end, encoders = function() return nn.ReLU() end,
  pictures = function() return picture end, images = function() return picture end,
  series = function() return {name = "a", y = {1, 2}} end,
  columns = function() return {"a", "b"} end,
  histories = function() return {name = "a", history = {}, value = tostring} end,
  sections = function() return {} end, results = function() return {row = "a"} end,
  history = function() return {epoch = 1} end,
  rows = function() return {name = "a", make = tostring} end,
  sheets = function() return {} end,
  schedulers = function() return {} end,
}
for name in ("fields classes tags splits texts words pairs paths names templates protocol captions")
  :gmatch "%a+" do
  entries[name] = function() return "{}" end
end

local function sgd() return vs.optim.SGD({param()}, {lr = 1}) end
local function set()
  return vs.data.LuaDataset{size = 1, get = function() return {label = 1} end}
end
local function model()
  local vocab = vs.text.Vocab.build {"a b"}
  local m = vs.models.VSE{width = 4, image = vs.models.SmallCNN(4, {channels = {2}}),
    text = {vocab_size = #vocab, word_dim = 2}}
  return m:describe{vocab = vocab, image_size = 8}
end
local function scheduler(name)
  return function(l, a)
    local args = {milestones = {1}, schedulers = name == "SequentialLR" and {} or nil}
    args[a] = l
    return vs.optim.lr_scheduler[name](sgd(), args)
  end
end
local function op(name)
  return function(l, a)
    local args = name == "roll" and {shifts = {1, 2, 3}, dims = {1, 2, 3}} or {}
    args[a] = l
    return vs[name](vs.zeros(2, 2, 2), args)
  end
end
local function resnet(name)
  return function(l, a) return vs.models[name]{[a] = l} end
end
local function optimizer(name) return function(l) return vs.optim[name](l, {lr = 1}) end end
local function wordpiece()
  return vs.text.WordPiece {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "a"}
end
local function writer(l, a)
  return vs.data.Writer("/nonexistent/x.h5", {[a] = l})
end
local function at_path(name, ...)
  local section, fn = name:match "^(%a+)%.([%a_]+)$"
  local rest = table.pack(...)
  return function(l) return vs[section][fn]("/nonexistent/x.svg", l, table.unpack(rest)) end
end
local function experiment(l, a)
  return vs.experiment.run{folder = "/nonexistent", rows = a == "rows" and l or {entries.rows()},
    seeds = a == "seeds" and l or {1}, tune = a == "tune" and l or nil, epochs = 1,
    loaders = print, optimizer = print}
end
local function report(l, a)
  return vs.experiment.report{folder = "/nonexistent", results = {}, rows = {}, loaders = print,
    sets = {}, [a] = l}
end

-- Name of the function -> its call with the list as argument a.
local calls = {
  ["vs.full"] = function(l) return vs.full(l, 1) end,
  ["vs.einsum"] = function(l) return vs.einsum("a,b,c->abc", l) end,
  ["Tensor:aminmax"] = function(l) return vs.zeros(2, 2, 2):aminmax(l) end,
  ["vs.index"] = function(l) return vs.index(vs.zeros(2, 2, 2), l) end,
  ["vs.index_put"] = function(l) return vs.index_put(vs.zeros(2, 2, 2), l, 1) end,
  ["vs.index_put_"] = function(l) return vs.index_put_(vs.zeros(2, 2, 2), l, 1) end,
  ["Tensor:count_nonzero"] = function(l) return vs.zeros(2, 2, 2):count_nonzero(l) end,
  ["Tensor:std_mean"] = function(l) return vs.zeros(2, 2, 2):std_mean(l) end,
  ["Tensor:var_mean"] = function(l) return vs.zeros(2, 2, 2):var_mean(l) end,
  ["Tensor:view"] = function(l) return vs.zeros(2, 2, 2):view(l) end,
  ["vs.layer_norm"] = function(l) return vs.layer_norm(vs.zeros(2, 2, 2), l) end,
  ["vs.norm"] = function(l) return vs.norm(vs.zeros(2, 2, 2), {dim = l}) end,
  ["nn.LayerNorm"] = function(l) return nn.LayerNorm(l) end,
  ["optim.clip_grad_norm_"] = function(l) return vs.optim.clip_grad_norm_(l, 1) end,
  ["optim.clip_grad_value_"] = function(l) return vs.optim.clip_grad_value_(l, 1) end,
  ["optim.lr_scheduler.MultiStepLR"] = scheduler "MultiStepLR",
  ["optim.lr_scheduler.SequentialLR"] = scheduler "SequentialLR",
  ["data.Loader"] = function(l) return vs.data.Loader(set(), {fields = l}) end,
  ["data.LuaDataset"] = function(l, a)
    return vs.data.LuaDataset{size = 1, get = print, [a] = l}
  end,
  ["data.Writer"] = writer,
  ["data.normalize"] = function(l, a)
    return vs.data.normalize(picture:unsqueeze(1), a == "mean" and l or nil, l)
  end,
  ["data.extract"] = function(l) return vs.data.extract(nn.ReLU(), "a", "b", {splits = l}) end,
  ["Dataset:batch"] = function(l) return set():batch({1}, {fields = l}) end,
  ["Vocab:encode_batch"] = function(l) return vs.text.Vocab.build{"a"}:encode_batch(l) end,
  ["WordPiece:encode_batch"] = function(l, a)
    if a == "texts" then return wordpiece():encode_batch(l) end
    return wordpiece():encode_batch({"a", "a", "a"}, {pairs = l})
  end,
  ["image.load_batch"] = function(l) return vs.image.load_batch(l, {4, 4}) end,
  ["plot.lines"] = at_path "plot.lines",
  ["plot.contact_sheet"] = at_path "plot.contact_sheet",
  ["plot.attention"] = at_path "plot.attention",
  ["plot.confusion"] = function(l) return vs.plot.confusion("x.svg", T{{1}}:long(), l) end,
  ["report.table"] = function(l, a)
    return vs.report.table(a == "columns" and l or {{"a", "b"}}, a == "rows" and l or {})
  end,
  ["report.curves"] = at_path "report.curves",
  ["report.retrieved"] = function(l)
    return vs.report.retrieved("x.png", set(), vs.zeros(1, 2), vs.zeros(1, 2), l, 1)
  end,
  ["report.found"] = function(l) return vs.report.found("x.png", {picture}, l, {{1}, {1}, {1}}) end,
  ["report.attention"] = function(l) return vs.report.attention("x.png", set(), nn.ReLU(), l) end,
  ["report.confusion"] = function(l) return vs.report.confusion("x.svg", {}, l) end,
  ["report.page"] = function(l) return vs.report.page("/nonexistent", "a.html", "a", l) end,
  ["dist.agree"] = function(l) return vs.dist.agree("settings", l) end,
  ["dist.DataParallel"] = function(l) return vs.dist.DataParallel(nn.ReLU(), {order = l}) end,
  ["experiment.run"] = experiment, ["experiment.report"] = report,
  ["experiment.write"] = function(l) return vs.experiment.write("/nonexistent", l, {}) end,
  ["experiment.paired_t_test"] = function(l, a)
    return vs.experiment.paired_t_test(a == "a" and l or {1}, a == "b" and l or {1})
  end,
  ["experiment.sign_flip_test"] = function(l, a)
    return vs.experiment.sign_flip_test(a == "a" and l or {1}, a == "b" and l or {1})
  end,
  ["experiment.protocol"] = function(l) return vs.experiment.protocol(l, {}) end,
  ["experiment.text"] = function(l, a)
    return vs.experiment.text(a == "rows" and l or {}, a == "protocol" and l or {})
  end,
  ["BERT:embed"] = function(l)
    local bert = vs.models.BERT{vocab_size = 5, hidden_size = 4, num_hidden_layers = 1,
      num_attention_heads = 1, intermediate_size = 4, max_position_embeddings = 8}
    bert.tokenizer = wordpiece()
    return bert:embed(l)
  end,
  ["models.SmallCNN"] = function(l) return vs.models.SmallCNN(4, {channels = l}) end,
  ["models.JoinedEncoder"] = function(l) return vs.models.JoinedEncoder(l) end,
  ["models.save"] = function(l) return vs.models.save(model(), "/nonexistent", {classes = l}) end,
  ["models.load"] = function(l) return vs.models.load("/nonexistent", {classes = l}) end,
  ["models.describe"] = function(l) return vs.models.describe(model(), {classes = l}) end,
  ["Baseline:encode_images"] = function(l) return model():encode_images(l) end,
  ["VSE:fit_readout"] = function(l)
    return model():fit_readout(function() return nil end, {kinds = l})
  end,
  ["DPM:choose_shift"] = function(l)
    return require("spec.support.dpm").new():choose_shift(function() return nil end, {shifts = l})
  end,
  ["models.InterAttention"] = function(l) return vs.models.InterAttention(4, {memory = l}) end,
  ["VSE:encode_images"] = function(l) return model():encode_images(l) end,
  ["VSE:encode_texts"] = function(l) return model():encode_texts(l) end,
  ["VSE:set_classes"] = function(l, a)
    if a == "names" then return model():set_classes(l) end
    return model():set_classes({"a"}, {templates = l})
  end,
  ["train.write_log"] = function(l) return vs.train.write_log("x.csv", l) end,
}
for name in ("amax amin expand flip logsumexp mean pad permute prod reshape rms_norm roll std sum "
  .. "tile var"):gmatch "[%a_]+" do
  calls["vs." .. name] = op(name)
end
for name in ("Adagrad Adam AdamW RMSprop SGD"):gmatch "%a+" do
  calls["optim." .. name] = optimizer(name)
end
for name in ("ResNet18 ResNet34 ResNet50 ResNet EfficientNetLite0"):gmatch "%w+" do
  calls["models." .. name] = resnet(name)
  -- from_pretrained reads its file first and then calls the constructor.
  LATER[name .. ".from_pretrained.mean"], LATER[name .. ".from_pretrained.std"] = true, true
end

-- {a, nil, b} of a constructor, whose length is 3, and one built entry by entry, whose length is 1.
local function with_hole(make, built)
  if not built then return {make(), nil, make()} end
  local list = {}
  list[1] = make()
  list[3] = make()
  return list
end

local LISTS = {list = true, tensors = true, strings = true, ints = true, dims = true}

describe("a list with a hole is refused by", function()
  for _, entry in ipairs(reference.entries()) do
    for _, arg in ipairs(entry.args or {}) do
      local name, key = arg.name, entry.name .. "." .. arg.name
      if LISTS[arg.kind] and not FIXED[name] and not LATER[key] then
        it(key, function()
          local live = reference.live(entry.name)
          local fn = calls[entry.name] or function(list) return live(list) end
          local make = entries[name] or function() return 1 end
          for _, built in ipairs {false, true} do
            local ok, message = pcall(fn, with_hole(make, built), name)
            assert.is_false(ok, key)
            assert.matches("has no entry 2, but an entry 3", message, 1, true)
          end
        end)
      end
    end
  end

  it("tables of numbers, groups, samples, sizes and arguments", function()
    local list = with_hole(function() return 1 end, true)
    for _, fn in ipairs {
      function() T(list) end, function() T{list, list} end,
      function() vs.zeros(list) end, function() set():batch(list) end,
      function() vs.zeros(3, 2):split(list) end,
      function() vs.optim.SGD({{params = {param()}}, nil, {params = {param()}}}, {lr = 1}) end,
      function() vs.optim.SGD({{params = with_hole(param)}}, {lr = 1}) end,
      function() vs.plot.lines("x.svg", {{y = list}}) end,
    } do
      assert.error_matches(fn, "has no entry 2, but an entry 3")
    end
    assert.error_matches(function() nn.Sequential(nn.ReLU(), nil, nn.ReLU()) end,
      "Sequential: entry 2 is nil, expected a module or a function")
    assert.error_matches(function() vs.io.json_encode(vs.io.array(list)) end, "keys other")
  end)
end)

describe("a list without a hole", function()
  it("is read whole, however it was made", function()
    local list = {}
    for i = 40, 1, -1 do list[i] = i end
    assert.equal(820, T(list):sum():item())
    list = {n = 3, 1, 2, 3}
    assert.equal(6, T(list):sum():item())
  end)
end)
