-- Right calls for spec/support/sweep.lua, where the kinds of the arguments do not give one: objects
-- of every class, and values that sweep_calls.lua and sweep_calls_training.lua make calls of.
--
-- Returns function(vs, root, scratch) -> {args = {name = function() -> arguments}, objects = {class
-- = function() -> an object}, inputs = {name = function() -> arguments of what name makes},
-- skipped = {name = reason}, values = {name = value}, ...}.  Methods are without the
-- object, which may be args.self.
return function(vs, root, scratch)
  local nn, data, models = vs.nn, vs.data, vs.models
  local args, objects, inputs = {}, {}, {}
  local calls = {args = args, objects = objects, inputs = inputs}

  -- Not called, and why.
  calls.skipped = {
    ["vs.help"] = "prints what it is given; spec/help/help_spec.lua calls it with everything",
    ["Module:forward"] = "raises: what a subclass defines",
    ["Module:init"] = "does nothing: what a subclass defines",
  }
  for _, name in ipairs {"ResNet18", "ResNet34", "ResNet50"} do
    local reason = "11 to 25 million weights for each call; the code is that of models.ResNet"
      .. " and EfficientNetLite0.from_pretrained"
    calls.skipped["models." .. name], calls.skipped[name .. ".from_pretrained"] = reason, reason
  end
  -- Where an options table stands that the reference describes in words.
  calls.options = {["models.Baseline"] = 1, ["models.VSE"] = 1, ["models.TextOnly"] = 1,
    ["models.CIM"] = 1,
    ["models.COOT"] = 1, ["models.AttentionPooling"] = 1, ["models.DenseProjection"] = 1,
    ["models.BERTFusion"] = 1, ["models.DPM"] = 1, ["models.BERT"] = 1, ["report.curves"] = 3,
    ["report.attention"] = 5, ["report.confusion"] = 4, ["Baseline:describe"] = 2,
    ["VSE:describe"] = 2, ["checkpoint.save"] = 2, ["checkpoint.load"] = 2}
  -- Whose table has names of the caller's own.
  calls.any_name = {["data.TensorDataset"] = true}
  -- Large by default.
  calls.large = {["models.BERT"] = true}
  -- Methods that need no object, or whose object may be anything.
  calls.no_self = {}
  -- How many arguments an object takes at most, where more than the right call gives.
  calls.takes = {}

  -- ---- values and files -------------------------------------------------------------------------

  local function ids(list) return vs.tensor(list, {dtype = "int64"}) end
  local function picture(h, w) return vs.full({3, h or 6, w or 6}, 90, {dtype = "uint8"}) end
  local function path(name) return scratch .. "/" .. name end
  local function write(name, text)
    local file = assert(io.open(path(name), "wb"))
    file:write(text)
    file:close()
    return path(name)
  end
  local serial = 0
  local function fresh(ending)
    serial = serial + 1
    return path("out" .. serial % 4 .. (ending or ""))
  end

  local WORDS = {"<pad>", "<unk>", "a", "blue", "cup", "hat", "red"}
  local TEXTS = {"a red hat", "a blue cup", "red cup"}
  local set_file
  local function dataset_file()
    if set_file then return set_file end
    local at = path "set.h5"
    local w = assert(data.Writer(at, {name = "toy", classes = {"cup", "hat"}, vocab = WORDS,
      vectors = vs.rand(#WORDS, 4), image_size = {8, 8}}))
    for i = 1, 8 do
      local split = i < 5 and "train" or i < 7 and "val" or "test"
      assert(w:add(split, {image = picture(8, 8), label = i % 2 + 1, id = "i" .. i,
        captions = {TEXTS[i % 3 + 1]}}))
    end
    assert(w:close())
    set_file = at
    return at
  end
  local opened = {}
  local function dataset(split)
    split = split or "train"
    opened[split] = opened[split] or assert(data.open(dataset_file(), split))
    return opened[split]
  end
  local function loader(split) return data.Loader(dataset(split), {batch_size = 4}) end
  local function batch() return dataset():batch{1, 2, 3, 4} end

  local function keep(make) -- one object for all calls
    local object
    return function()
      object = object or make()
      return object
    end
  end

  local OPTIONS = {classes = 2, width = 8, channels = {2, 4}, hidden = 8,
    text = {vocab_size = #WORDS, word_dim = 4}}
  local function options(more)
    local all = {}
    for k, v in pairs(OPTIONS) do all[k] = v end
    for k, v in pairs(more or {}) do all[k] = v end
    return all
  end
  local function tokenizer()
    return assert(vs.text.WordPiece(root .. "/spec/fixtures/bert/vocab.txt"))
  end
  local function bert()
    local t = tokenizer()
    local b = models.BERT{vocab_size = #t, hidden_size = 8, num_hidden_layers = 1,
      num_attention_heads = 2, intermediate_size = 8, max_position_embeddings = 16}
    b.tokenizer = t
    return b
  end

  -- ---- objects ----------------------------------------------------------------------------------

  objects.Tensor = function() return vs.rand(3, 4) + 0.5 end
  objects.Hook = function() return vs.rand(2):requires_grad_():register_hook(print) end
  objects.Module = keep(function() return nn.Sequential{nn.Linear(4, 4)} end)
  objects.Layer = function() return nn.Linear(4, 4) end
  objects.InfoNCE = function() return nn.InfoNCE() end
  objects.Optimizer = function()
    return vs.optim.SGD({vs.rand(2):requires_grad_()}, {lr = 0.1, momentum = 0.9})
  end
  objects.DataParallel = function() return vs.dist.DataParallel(nn.Linear(2, 2)) end
  objects.EMA = function() return vs.optim.EMA(nn.Linear(2, 2)) end
  objects.Scheduler = function() return vs.optim.lr_scheduler.StepLR(objects.Optimizer(), 2) end
  objects.Dataset, objects.Loader = dataset, loader
  objects.Writer = function()
    return assert(data.Writer(fresh ".h5", {classes = {"cup", "hat"}, vocab = WORDS}))
  end
  objects.Vocab = keep(function() return vs.text.Vocab.new(WORDS) end)
  objects.WordVectors = keep(function()
    return assert(vs.text.WordVectors(write("glove.txt", "hat 1 2\ncup 2 1\n")))
  end)
  objects.WordPiece = keep(tokenizer)
  objects.CsvReader = function() return assert(vs.io.csv(write("a.csv", "a,b\n1,2\n"))) end
  objects.JsonItems = function() return assert(vs.io.json_items(write("l.json", "[1, 2]"))) end
  objects.H5File = function() return assert(vs.io.h5(dataset_file())) end
  objects.SummaryWriter = function() return assert(vs.tensorboard.SummaryWriter(path "board")) end
  local function model(name, more)
    return keep(function() return models[name](options(more)) end)
  end
  objects.Baseline = keep(function()
    return models.Baseline{classes = 2, width = 8, channels = {2, 4}}
  end)
  local function described(make)
    return keep(function() return make():describe{set = dataset()} end)
  end
  objects.TextOnly = keep(function()
    return models.TextOnly{classes = 2, text = {vocab_size = #WORDS, word_dim = 4}}
  end)
  objects.Baseline = described(objects.Baseline)
  objects.VSE = described(model("VSE", {weights = {text = 1}}))
  objects.CIM, objects.COOT = model "CIM", model "COOT"
  objects.AttentionPooling = model "AttentionPooling"
  objects.DenseProjection = model "DenseProjection"
  objects.BERT = keep(bert)
  local function fusion(name)
    return keep(function() return models[name](options{bert = bert()}):eval() end)
  end
  objects.BERTFusion = fusion "BERTFusion"
  objects.DPM = keep(function()
    local net = models.DPM(options{bert = bert()}):eval()
    net:fit_prototypes(loader())
    return net
  end)
  objects.ResNet = keep(function()
    return models.ResNet{layers = {1, 1, 1, 1}, base = 4, num_classes = 3}:eval()
  end)
  objects.EfficientNetLite0 = keep(function()
    return models.EfficientNetLite0{num_classes = 3}:eval()
  end)
  objects.RegionEncoder = keep(function() return models.RegionEncoder(4, {region_width = 3}) end)
  objects.LandmarkEncoder = keep(function() return models.LandmarkEncoder(4, {points = 3}) end)
  objects.JoinedEncoder = keep(function()
    return models.JoinedEncoder{models.SmallCNN(4, {channels = {2, 2}}),
      models.SmallCNN(4, {channels = {2, 2}})}
  end)

  local function images() return vs.full({2, 3, 32, 32}, 90, {dtype = "uint8"}) end

  calls.values = {images = images, picture = picture, path = path, write = write, fresh = fresh,
    dataset_file = dataset_file, dataset = dataset, loader = loader, batch = batch, keep = keep,
    options = options, bert = bert, ids = ids, WORDS = WORDS, TEXTS = TEXTS, root = root, scratch =
    scratch}
  require "spec.support.sweep_calls"(vs, calls)
  require "spec.support.sweep_calls_training"(vs, calls)
  return calls
end
