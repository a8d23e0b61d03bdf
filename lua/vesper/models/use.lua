-- Use of a trained model: embeddings of typed sentences and of picture files, classes by name.
-- The functions are methods of the models with an image encoder, and of those with a text encoder.
local core = require "vesper.core"
local readout = require "vesper.models.readout"
local about = require "vesper.models.about"
local encoders = require "vesper.models.encoders"
local in_evaluation = require "vesper.nn.evaluation"
local progress = require "vesper.train.progress"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"
local warnings = require "vesper.util.warn"

local use = {}

local SHOWN = 10 -- batches; fewer are done without a progress bar
local UNKNOWN = 2 -- the id of an unknown word; 1 is padding

-- What the model knows about its data; raises if it was never described.
local function known(model, what, field, name, how)
  local value = model.about and model.about[field]
  if value == nil then
    check.fail(what, "the %s of the model is unknown, expected model:describe{%s}", name, how)
  end
  return value
end

-- A loop over the list in parts of at most `size`, with a progress bar if it is long.
local function parts_of(list, size, label)
  local parts, i = {}, 0
  for first = 1, #list, size do
    local part = {table.unpack(list, first, math.min(first + size - 1, #list))}
    part.index = core.tensor(part, {dtype = "int64"}) -- for the bar's rate
    parts[#parts + 1] = part
  end
  local function next_part()
    i = i + 1
    return parts[i]
  end
  local loader = setmetatable({batches = function() return next_part end},
    {__len = function() return #parts end})
  return progress(loader, label, {quiet = #parts < SHOWN or not core.is_terminal(2)})
end

-- ---- texts --------------------------------------------------------------------------------------

local function check_texts(texts)
  check.kind("encode_texts", "texts", texts, "list")
  for i, entry in ipairs(texts) do
    if type(entry) ~= "string" then
      check.fail("encode_texts", "entry %d is %s, expected a string", i, text.kind(entry))
    elseif not utf8.len(entry) then
      check.fail("encode_texts", "entry %d is not UTF-8", i)
    end
  end
end

-- The positions of the texts, the shortest first.
local function by_length(texts)
  local order = {}
  for i = 1, #texts do order[i] = i end
  table.sort(order, function(a, b)
    if #texts[a] ~= #texts[b] then return #texts[a] < #texts[b] end
    return a < b
  end)
  return order
end

-- The texts at these positions as a batch of a data set.
local function text_batch(vocab, texts, positions, max_words)
  local batch = {text = {}}
  for i, position in ipairs(positions) do batch.text[i] = texts[position] end
  batch.tokens, batch.lengths = vocab:encode_batch(batch.text, {max_len = max_words})
  return batch
end

-- How many texts of a batch have no word of the vocabulary, and the first of them.
local function count_unknown(batch)
  local known_words = batch.tokens:gt(UNKNOWN):long():sum(2):tolist()
  local count, first = 0, nil
  for i, n in ipairs(known_words) do
    if n == 0 then count, first = count + 1, first or batch.text[i] end
  end
  return count, first
end

--- Embeddings of length 1 of a list of texts, [#texts,D]: tokenized with the model's vocabulary as
-- in a data set, in evaluation mode without gradients.  Texts without a word of the vocabulary all
-- get the same embedding; a warning says how many there are.  Options: batch_size = 64.
function use.encode_texts(model, texts, given)
  local o = options.read("encode_texts", given, {batch_size = 64}, {batch_size = "count"})
  check_texts(texts)
  local vocab = known(model, "encode_texts", "vocabulary", "vocabulary", "vocab = words")
  if #texts == 0 then return core.zeros(0, model.width) end
  local order, rows, unknown, example = by_length(texts), {}, 0, nil
  local v = in_evaluation(model, function()
    for part in parts_of(order, o.batch_size, "texts") do
      local batch = text_batch(vocab, texts, part, model.about.max_words)
      rows[#rows + 1] = model:embed_text(batch):normalize()
      local count, first = count_unknown(batch)
      unknown, example = unknown + count, example or first
    end
    local places = core.tensor(order, {dtype = "int64"}):argsort()
    return core.cat(rows, 1):index_select(1, places)
  end)
  if unknown > 0 then
    warnings.warn(("encode_texts: %d of %d texts have no word of the vocabulary, "
      .. "the first is '%s'"):format(unknown, #texts, example:sub(1, 40)))
  end
  return v
end

-- ---- pictures -----------------------------------------------------------------------------------

local function check_pictures(list)
  check.kind("encode_images", "images", list, "list")
  for i, entry in ipairs(list) do
    local is_picture = check.has_shape(entry, 3, false, false) and entry.dtype == "uint8"
      and entry:numel() > 0
    if type(entry) ~= "string" and not is_picture then
      check.fail("encode_images", "entry %d is %s, expected a path or uint8 [3,H,W]", i,
        text.kind(entry))
    end
  end
end

-- A picture of the set's size.
local function resized(picture, size)
  if check.has_shape(picture, 3, size[1], size[2]) then return picture end
  return core.image.resize(picture, size, "bilinear")
end

-- The pictures at these positions as uint8 [B,3,H,W]; nil and a message for a file that is missing
-- or damaged.
local function load_pictures(list, positions, size, o)
  local paths, places, pictures = {}, {}, {}
  for i, position in ipairs(positions) do
    local entry = list[position]
    if type(entry) == "string" then
      paths[#paths + 1], places[#places + 1] = entry, i
    else
      pictures[i] = resized(entry, size)
    end
  end
  local loaded, why = core.image.load_batch(paths, size,
    {workers = o.workers, apply_exif_orientation = o.apply_exif_orientation})
  if not loaded then return nil, why end
  if #paths == #positions then return loaded end
  for k, i in ipairs(places) do pictures[i] = loaded[k] end
  return core.stack(pictures, 1)
end

-- The embeddings for retrieval [B,D] of images.
local function embed_images(model, images)
  if model.encode_image then return (model:encode_image(images)) end
  return (encoders.encode(model.image, images))
end

--- Embeddings of length 1 of a list of pictures, [#images,D]: paths, or tensors uint8 [3,H,W].
-- They are resized to the size of the pictures that the model was trained on, as preparers do it.
-- Returns nil and a message if a file is missing or damaged.  Options: batch_size = 64, workers
-- (threads that decode), apply_exif_orientation = false (true: files are turned as their EXIF data
-- says; see image.load).
function use.encode_images(model, images, given)
  local o = options.read("encode_images", given, {batch_size = 64, apply_exif_orientation = false},
    {batch_size = "count", workers = "count", apply_exif_orientation = "boolean"})
  check_pictures(images)
  local size = known(model, "encode_images", "image_size", "picture size",
    "image_size = {height, width}")
  if #images == 0 then return core.zeros(0, model.width) end
  local order, rows = {}, {}
  for i = 1, #images do order[i] = i end
  return in_evaluation(model, function()
    for part in parts_of(order, o.batch_size, "images") do
      local batch, why = load_pictures(images, part, {size[1], size[2]}, o)
      if not batch then return nil, why end
      rows[#rows + 1] = embed_images(model, batch):normalize()
    end
    return core.cat(rows, 1)
  end)
end

-- ---- classes ------------------------------------------------------------------------------------

local function check_templates(templates)
  for i, template in ipairs(templates) do
    if type(template) ~= "string" or not template:find("{}", 1, true) then
      check.fail("set_classes", "template %d is %s, expected a text with {} for the name", i,
        text.value(template))
    end
  end
  if #templates == 0 then check.fail("set_classes", "templates is empty") end
end

--- Makes the names the classes of classify_image: the prototype of a class is the normalised mean
-- of the embeddings of the templates filled with its name.  Options: templates = {"{}"}.  Returns
-- the model.
function use.set_classes(model, names, given)
  local o = options.read("set_classes", given, {templates = {"{}"}}, {templates = "list"})
  check.kind("set_classes", "names", names, "list")
  if #names == 0 then check.fail("set_classes", "names is empty") end
  check_templates(o.templates)
  local filled = {}
  for i, name in ipairs(names) do
    if type(name) ~= "string" then
      check.fail("set_classes", "name %d is %s, expected a string", i, text.kind(name))
    end
    for _, template in ipairs(o.templates) do
      filled[#filled + 1] = template:gsub("{}", function() return name end)
    end
  end
  local e = model:encode_texts(filled):reshape(#names, #o.templates, -1)
  model:register_buffer("prototypes", e:mean(2):normalize())
  readout.set(model, nil)
  return model:describe{classes = names}
end

--- What models.save writes beside the weights: the number of prototypes, which set_classes changes.
function use.get_extra_state(model)
  return {prototypes = model.prototypes and model.prototypes.shape[1],
    readout = model.readout_weight and model.readout_weight.shape[1]}
end

function use.set_extra_state(model, extra)
  check.kind("set_extra_state", "extra", extra, "table")
  if extra.readout ~= nil then
    check.kind("set_extra_state", "readout", extra.readout, "count")
    readout.set(model, core.zeros(extra.readout, model.width), core.zeros(extra.readout))
  end
  if extra.prototypes == nil then return end
  check.kind("set_extra_state", "prototypes", extra.prototypes, "count")
  if model.prototypes and model.prototypes.shape[1] == extra.prototypes then return end
  model:register_buffer("prototypes", core.zeros(extra.prototypes, model.width))
end

-- ---- classes of models --------------------------------------------------------------------------

-- Cross-entropy with batch.label, a table of the loss terms as numbers, and the outputs.
local function label_loss(model, batch)
  local out = model(batch)
  local loss = core.cross_entropy(out.logits, batch.label)
  return loss, {classify = loss:item()}, out
end

--- Adds the methods of a model that is trained on labels alone to its class.
function use.of_labels(class) class.loss, class.param_groups = label_loss, encoders.param_groups end

--- Adds the methods of a model with an image encoder to its class.
function use.of_images(class)
  class.describe, class.encode_images = about.describe, use.encode_images
end

--- Adds the methods of a model with an image encoder and a text encoder to its class.
function use.of_pairs(class)
  use.of_images(class)
  class.encode_texts, class.set_classes = use.encode_texts, use.set_classes
  class.get_extra_state, class.set_extra_state = use.get_extra_state, use.set_extra_state
end

return use
