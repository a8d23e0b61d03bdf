-- Right calls of data sets, reports, training and models.  See sweep_objects.lua.
return function(vs, calls)
  local models = vs.models
  local args, inputs, objects, made = calls.args, calls.inputs, calls.objects, calls.values
  local images, picture, path, write = made.images, made.picture, made.path, made.write
  local fresh, dataset_file = made.fresh, made.dataset_file
  local dataset, loader = made.dataset, made.loader
  local batch, keep, options, bert = made.batch, made.keep, made.options, made.bert
  local ids, root, scratch = made.ids, made.root, made.scratch

  -- ---- data -------------------------------------------------------------------------------------

  args["data.open"] = function() return {dataset_file(), "train"} end
  args["data.TensorDataset"] = function() return {{x = vs.rand(3, 2), label = ids{1, 2, 1}}} end
  args["data.LuaDataset"] = function()
    return {{size = 3, get = function(i) return {x = vs.tensor{i}} end}}
  end
  args["data.Writer"] = function() return {fresh ".h5", {classes = {"a"}}} end
  args["data.files"] = function() return {scratch .. "/*.h5"} end
  args["data.find"] = function() return {scratch, ".h5"} end
  args["data.permutation"] = function() return {5, 1} end
  args["data.normalize"] = function()
    return {images(), {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}
  end
  local function out() return fresh ".h5" end
  args["data.extract"] = function()
    local net = models.SmallCNN(4, {channels = {2, 2}})
    return {net, dataset_file(), out(), {progress = function() end}}
  end
  args["data.prepare.folder"] = function()
    write("products.csv", "id,title,label\np,a red hat,hat\nq,a blue cup,cup\nr,cup,cup\n")
    for _, id in ipairs {"p", "q", "r"} do assert(vs.image.save(path(id .. ".png"), picture())) end
    return {scratch, out(), {image = "{id}.png", size = 4, min_count = 1}}
  end
  local function emoji()
    local base = scratch .. "/emoji/usr/share/gems/gemojione-1.0"
    os.execute(("mkdir -p '%s/config' '%s/assets/png'"):format(base, base))
    local index = {}
    for i = 1, 4 do
      index["hand" .. i] = {unicode = "1F00" .. i, name = "hand " .. i, category = "people",
        keywords = {"hand", "wave"}}
      assert(vs.image.save(("%s/assets/png/1F00%d.png"):format(base, i), picture()))
    end
    assert(vs.io.json_save(base .. "/config/index.json", index))
    return scratch .. "/emoji"
  end
  local emoji_folder = keep(emoji)
  args["data.prepare.emoji"] = function()
    return {emoji_folder(), out(), {size = 4, min_count = 1, min_class = 1}}
  end
  local clipart = keep(function()
    local base = scratch .. "/clip/usr/share/openclipart"
    for i = 1, 4 do
      os.execute(("mkdir -p '%s/png/animals' '%s/svg/animals'"):format(base, base))
      assert(vs.image.save(("%s/png/animals/d%d.png"):format(base, i), picture()))
      write(("clip/usr/share/openclipart/svg/animals/d%d.svg"):format(i),
        "<svg><metadata><RDF><Work><title>dog " .. i .. "</title></Work></RDF></metadata></svg>")
    end
    return scratch .. "/clip"
  end)
  args["data.prepare.openclipart"] = function()
    return {clipart(), out(), {size = 4, min_count = 1, min_class = 1}}
  end
  local sets = root .. "/spec/fixtures/sets/"
  args["data.prepare.visual_genome"] = function()
    return {sets .. "visual_genome", out(), {size = 4, min_count = 1}}
  end
  args["data.prepare.inshop"] = function()
    return {sets .. "inshop", out(), {size = 4, min_count = 1}}
  end
  args["data.prepare.fashiongen"] = function()
    return {sets .. "fashiongen_train.h5", sets .. "fashiongen_validation.h5", out(),
      {size = 4, min_count = 1}}
  end
  args["data.prepare.karpathy"] = function()
    return {sets .. "karpathy/dataset_coco.json", sets .. "karpathy", out(),
      {size = 4, min_count = 1}}
  end
  args["data.prepare.coco"] = function()
    assert(vs.image.save(path "p.png", picture()))
    write("captions.json", [[{"images": [{"id": 1, "file_name": "p.png"}],
      "annotations": [{"id": 1, "image_id": 1, "caption": "a hat"}]}]])
    return {scratch, out(), {splits = {train = "captions.json"}, size = 4, min_count = 1}}
  end
  args["data.prepare.precomputed"] = function()
    return {sets .. "precomputed", out(), {min_count = 1}}
  end
  args["Dataset:batch"] = function() return {{1, 2}} end
  args["Dataset:captions"] = function() return {1} end
  args["Dataset:text"], args["Dataset:id"] = args["Dataset:captions"], args["Dataset:captions"]
  args["Loader:load_state"] = function()
    local l = loader()
    return {l:state(), self = l}
  end
  args["Writer:count"] = function() return {"train"} end
  args["Writer:add"] = function()
    return {"train", {image = picture(4, 4), label = 1, captions = {"a hat"}}}
  end

  -- ---- metrics, plot, report --------------------------------------------------------------------

  args["metrics.accuracy"] = function() return {vs.rand(2, 3), ids{1, 2}} end
  args["metrics.confusion"] = function() return {ids{1, 2}, ids{1, 2}, 2} end
  args["metrics.retrieval"] = function() return {vs.rand(3, 4), vs.rand(3, 4)} end
  args["metrics.retrieval_of_scores"] = function() return {vs.rand(3, 3)} end
  args["metrics.format"] = function()
    return {vs.metrics.retrieval(vs.rand(3, 4), vs.rand(3, 4))}
  end
  args["metrics.item_retrieval"] = function()
    return {vs.rand(2, 4), ids{1, 2}, vs.rand(3, 4), ids{1, 2, 2}}
  end
  args["metrics.topk"] = function() return {vs.rand(2, 4), vs.rand(3, 4), 2} end
  args["plot.lines"] = function() return {fresh ".svg", {{name = "a", y = {1, 2}, x = {1, 2}}}} end
  local function sheet()
    return {{caption = "a", images = {{image = picture(), correct = true}}}}
  end
  args["plot.contact_sheet"] = function() return {fresh ".png", sheet()} end
  args["plot.attention"] = function()
    return {fresh ".png", {{image = picture(), words = {"a", "b"}, weights = vs.rand(2, 4),
      grid = {2, 2}}}}
  end
  args["plot.confusion"] = function() return {fresh ".svg", ids{{1, 2}, {3, 4}}, {"a", "b"}} end
  args["report.table"] = function() return {{{"a", "A"}}, {{a = 1}}, "text"} end
  args["report.escape"] = function() return {"50 %", "latex"} end
  local function evaluated()
    return vs.train.evaluate(objects.VSE(), loader "val")
  end
  evaluated = keep(evaluated)
  args["report.row"] = function() return {"a", evaluated(), evaluated()} end
  args["report.curves"] = function()
    return {fresh ".svg", {{name = "a", history = {{epoch = 1, loss = 1}, {epoch = 2, loss = 0}},
      value = function(e) return e.loss end}}, {title = "t"}}
  end
  args["report.retrieved"] = function()
    return {fresh ".png", dataset(), vs.rand(4, 3), vs.rand(4, 3), {1, 2}, 2}
  end
  args["report.found"] = function()
    return {fresh ".png", {picture(), picture()}, {"a", "b"}, ids{{1, 2}, {2, 1}}}
  end
  args["report.attention"] = function()
    return {fresh ".png", dataset(), objects.CIM(), {1, 2}, {title = "t"}}
  end
  args["report.confusion"] = function()
    return {fresh ".svg", {predicted = ids{1, 2}, label = ids{1, 1}}, {"a", "b"}, {title = "t"}}
  end
  args["report.page"] = function()
    return {scratch, "page.html", "t", {{title = "s", {text = "x"},
      {table = {columns = {{"a", "A"}}, rows = {{a = 1}}}}}}}
  end
  args["report.write"] = function() return {scratch, "a.txt", "x"} end

  -- ---- training ---------------------------------------------------------------------------------

  args["train.fit"] = function()
    local net = objects.Baseline()
    return {net, {train = loader(), val = loader "val", epochs = 1, quiet = true,
      optimizer = vs.optim.SGD(net:parameters(), {lr = 0.01})}}
  end
  args["train.evaluate"] = function() return {objects.VSE(), loader "val"} end
  args["train.score"] = function() return {evaluated()} end
  args["train.write_log"] = function() return {fresh ".csv", {{epoch = 1, loss = 0.5}}} end
  args["tensorboard.SummaryWriter"] = function() return {path "board"} end
  args["SummaryWriter:add_scalar"] = function() return {"a", 1, 1} end
  args["SummaryWriter:add_image"] = function() return {"a", picture(), 1} end
  args["checkpoint.save"] = function()
    return {path "ckpt", {model = objects.Module(), epoch = 1}}
  end
  args["checkpoint.load"] = function()
    assert(vs.checkpoint.save(path "ckpt", {model = objects.Module(), epoch = 1}))
    return {path "ckpt", {model = objects.Module()}}
  end
  args["checkpoint.exists"] = function() return {path "ckpt"} end

  -- ---- experiment -------------------------------------------------------------------------------

  local rows = {{name = "base", make = function()
    return models.Baseline{classes = 2, width = 8, channels = {2, 4}}
  end}}
  local function loaders() return {train = loader(), val = loader "val", test = loader "test"} end
  local function experiment()
    return {folder = path "exp", rows = rows, seeds = {1}, epochs = 1, quiet = true,
      loaders = loaders,
      optimizer = function(m) return vs.optim.SGD(m:parameters(), {lr = 0.01}) end}
  end
  local results = keep(function() return vs.experiment.run(experiment()) end)
  local sizes = {train = 4, val = 2, test = 2}
  args["experiment.run"] = function() return {experiment()} end
  args["experiment.report"] = function()
    return {{folder = path "exp", results = results(), rows = rows, loaders = loaders,
      sets = {train = dataset(), val = dataset "val", test = dataset "test"}, pictures = false}}
  end
  args["experiment.write"] = function() return {path "exp", results(), sizes} end
  for _, name in ipairs {"summary", "curves"} do
    args["experiment." .. name] = function() return {results()} end
  end
  local function summary() return vs.experiment.summary(results()) end
  args["experiment.parts"] = function() return {{set = {images = 9}}, 1} end
  args["experiment.compare"] = function() return {results(), {resamples = 3}} end
  args["experiment.compared"] = function() return {summary()} end
  for _, name in ipairs {"paired_t_test", "sign_flip_test"} do
    args["experiment." .. name] = function() return {{1, 2}, {2, 4}} end
  end
  args["experiment.interval"] = function() return {{1, 2}, 0.9} end
  args["experiment.columns"] = function() return {summary()} end
  args["experiment.protocol"] = function() return {results(), sizes} end
  args["experiment.text"] = function()
    return {summary(), vs.experiment.protocol(results(), sizes), "text"}
  end
  args["experiment.figures"] = function() return {results()[1]} end
  args["experiment.mean"] = function() return {{1, 2}} end
  args["experiment.folder"] = function() return {path "exp", "base", 1} end
  args["experiment.fingerprint"] = function() return {dataset_file()} end
  args["experiment.quoted"] = function() return {summary()} end

  -- ---- models -----------------------------------------------------------------------------------

  args["models.Baseline"] = function() return {{classes = 2, width = 8, channels = {2, 4}}} end
  for _, name in ipairs {"VSE", "CIM", "COOT", "AttentionPooling", "DenseProjection"} do
    args["models." .. name] = function() return {options()} end
    inputs["models." .. name] = function() return {batch()} end
  end
  inputs["models.Baseline"] = function() return {batch()} end
  for _, name in ipairs {"BERTFusion", "DPM"} do
    args["models." .. name] = function() return {options{bert = bert()}} end
    inputs["models." .. name] = function() return {batch()} end
  end
  args["models.TextOnly"] = function()
    return {{classes = 2, text = {vocab_size = 7, word_dim = 4}}}
  end
  inputs["models.TextOnly"] = function() return {batch()} end
  for _, name in ipairs {"Baseline:loss", "TextOnly:loss", "VSE:loss", "VSE:embed_text",
    "CIM:attention_map",
    "AttentionPooling:attention_map", "BERTFusion:embed_text", "DPM:ask"} do
    args[name] = function() return {batch()} end
  end
  for _, class in ipairs {"Baseline", "VSE", "BERTFusion"} do
    args[class .. ":param_groups"] = function() return {0.1, {image = 0.5}} end
  end
  args["Baseline:param_groups"] = function() return {0.1} end
  args["TextOnly:param_groups"] = args["Baseline:param_groups"]
  for _, name in ipairs {"Baseline:classify_image", "VSE:encode_image",
    "CIM:encode_image", "ResNet:features", "ResNet:logits", "EfficientNetLite0:features",
    "EfficientNetLite0:logits"} do
    args[name] = function() return {images()} end
  end
  args["VSE:classify_image"] = function()
    local net = objects.VSE()
    if not net:readout_kind() then net:fit_readout(loader()) end
    return {images(), self = net}
  end
  args["VSE:terms"] = function()
    local b = batch()
    return {b, objects.VSE()(b), 1}
  end
  args["BERTFusion:terms"] = function()
    local b = batch()
    return {b, objects.BERTFusion()(b), 1}
  end
  args["VSE:setup"] = function()
    return {options(), {}, self = setmetatable({training = true}, models.VSE)}
  end
  args["VSE:mlp"] = function() return {4, 4, 2, 0.1} end
  args["VSE.cosine_objective"] = function()
    return {vs.rand(2, 3), vs.rand(2, 3), ids{1, 2}, 0.2}
  end
  local function words() return {ids{{3, 4}, {5, 1}}, ids{2, 1}} end
  args["VSE:encode_text"], args["VSE:classify_text"] = words, words
  args["TextOnly:classify_text"] = words
  args["VSE:normed"] = function() return {vs.rand(2, 8), vs.rand(2, 8)} end
  args["VSE:text_logits"] = function() return {vs.rand(2, 8)} end
  args["VSE:fit_readout"] = function() return {loader(), {val = loader "val"}} end
  args["VSE:load_state_dict"] = function() return {objects.VSE():state_dict()} end
  args["VSE:fit_prototypes"] = function() return {loader()} end
  args["VSE:class_cosines"] = function() return {vs.rand(2, 8)} end
  args["AttentionPooling:summarise"] = function()
    local net = objects.AttentionPooling()
    local _, U, where = net:encode_image(images())
    local _, W = net:encode_text(table.unpack(words()))
    return {U, where, W, ids{2, 1}, self = net}
  end
  args["BERTFusion:start_from"] = function() return {models.VSE(options())} end
  args["DPM:index"] = function() return {loader()} end
  args["DPM:choose_shift"] = function() return {loader(), {k = 2}} end
  args["DPM:measure"] = function() return {loader(), {k = 2}} end
  args["DPM:retrieve"] = function()
    return {batch(), objects.DPM():index(loader()), {k = 2, categories = 1}}
  end
  args["models.IntraAttention"] = function()
    return {4, {region_width = 4, word_width = 4, heads = 2}}
  end
  args["models.InterAttention"] = function() return {4, {low = 2}} end
  args["models.BERT"] = function()
    return {{vocab_size = 31, hidden_size = 8, num_hidden_layers = 1, num_attention_heads = 2,
      intermediate_size = 8, max_position_embeddings = 16}}
  end
  inputs["models.BERT"] = function() return {ids{{3, 4}, {5, 1}}, ids{2, 1}} end
  args["BERT.from_pretrained"] = function() return {root .. "/spec/fixtures/bert"} end
  args["BERT:embed"] = function() return {{"a cat", "on"}} end
  args["BERT.mean_pool"] = function() return {vs.rand(2, 3, 4), vs.ones(2, 3):bool()} end
  args["BERT:freeze_layers"] = function() return {1} end
  args["models.SmallCNN"] = function() return {4, {channels = {2, 2}}} end
  inputs["models.SmallCNN"] = function() return {images()} end
  args["models.ResNet"] = function() return {{layers = {1, 1, 1, 1}, base = 4, num_classes = 3}} end
  inputs["models.ResNet"] = function() return {images()} end
  local lite0 = keep(function()
    local at = path "lite0.safetensors"
    assert(vs.save(at, objects.EfficientNetLite0():state_dict()))
    return at
  end)
  args["EfficientNetLite0.from_pretrained"] = function() return {lite0()} end
  args["models.EfficientNetLite0"] = function() return {{num_classes = 3}} end
  args["models.RegionEncoder"] = function() return {4, {region_width = 3}} end
  inputs["models.RegionEncoder"] = function() return {vs.rand(2, 3, 3), ids{3, 2}} end
  args["RegionEncoder:encode_batch"] = function()
    return {{regions = vs.rand(2, 3, 3), region_count = ids{3, 2}}}
  end
  args["models.LandmarkEncoder"] = function() return {4, {points = 3}} end
  inputs["models.LandmarkEncoder"] = function() return {vs.rand(2, 3, 3)} end
  args["LandmarkEncoder:encode_batch"] = function() return {{landmark = vs.rand(2, 3, 3)}} end
  args["models.JoinedEncoder"] = function() return {{models.SmallCNN(4, {channels = {2, 2}})}} end
  args["JoinedEncoder:encode_batch"] = function() return {{image = images()}} end
  args["models.TextEncoder"] = function() return {4, {vocab_size = 7, word_dim = 4}} end
  inputs["models.TextEncoder"] = words
  args["models.save"] = function()
    return {objects.VSE(), path "model", {max_words = 5}}
  end
  args["models.load"] = function()
    assert(models.save(objects.VSE(), path "model"))
    return {path "model"}
  end
  args["models.describe"] = function() return {objects.VSE(), {set = dataset()}} end
  for _, class in ipairs {"Baseline", "VSE"} do
    args[class .. ":describe"] = function() return {{set = dataset()}} end
    args[class .. ":encode_images"] = function() return {{picture(), picture()}} end
  end
  args["VSE:encode_texts"] = function() return {{"a hat", "cup"}} end
  args["VSE:set_classes"] = function() return {{"hat", "cup"}, {templates = {"a {}"}}} end
  for _, class in ipairs {"VSE", "DPM", "BERT"} do
    args[class .. ":set_extra_state"] = function() return {objects[class]():get_extra_state()} end
  end
end
