-- vesper prepare KIND: the preparers of vs.data.prepare.  Places and options are those of their
-- descriptors (lua/vesper/help/words/data.lua).
local arguments = require "vesper.help.arguments"
local command = require "vesper.util.command"
local options = require "vesper.cli.options"
local tables = require "vesper.util.tables"

local NAMES = {"folder", "emoji", "openclipart", "visual_genome", "inshop", "fashiongen",
  "karpathy", "coco", "precomputed"}

-- What --help says of them; the options are described below.
local KINDS = {
  folder = "Writes a folder of images with a CSV table as a data set. Rows with the same image are "
    .. "one image with several captions. Without --split, images are split 80/10/10 by seed, and "
    .. "images with the same title, except for case, punctuation and spaces, or with the same "
    .. "bytes share a split. --without_label_words=yes takes the words of the row's label out of "
    .. "its captions, in singular and plural; --without_label_words=COLUMN,... those of the row's "
    .. "values in these columns; --without_label_words=all those of all labels.",
  emoji = "Writes the images, names and keywords of the Debian package ruby-gemojione, unpacked "
    .. "below FOLDER, as a data set.",
  openclipart = "Writes the drawings of the Debian packages openclipart-png and openclipart-svg, "
    .. "unpacked below FOLDER, as a data set. The class is the topmost folder, the caption is "
    .. "title and keywords; drawings with the same title share a split.",
  visual_genome = "Writes images of Visual Genome, chosen by seed, as a data set. Captions are "
    .. "region phrases, boxes their regions; the class is the image's most frequent object; tags "
    .. "are its objects and attributes.",
  inshop = "Writes DeepFashion In-shop, a folder with Anno, Eval and Img, as a data set with the "
    .. "splits train, val, query and gallery, items, boxes and eight landmarks.",
  fashiongen = "Writes Fashion-Gen's two HDF5 files as one data set: the first is split into "
    .. "train and val by product, the second is test; rows of the first with a product or a text "
    .. "of the second are left out.",
  karpathy = "Writes dataset_flickr8k.json, dataset_flickr30k.json or dataset_coco.json and the "
    .. "images in FOLDER as a data set with Karpathy's splits, without classes.",
  coco = "Writes COCO's own caption files, annotations/captions_train2017.json and "
    .. "captions_val2017.json or those of 2014, with the images in FOLDER as a data set, without "
    .. "classes. Arrays of --features are [N,D] or [N,R,D], rows in the order of the file's "
    .. "images; they are written beside the images or, with --images=no, in their place.",
  precomputed = "Writes the precomputed features of VSE++ and SCAN (train_ims.npy [N,D] or "
    .. "[N,R,D], train_caps.txt, ...) as a data set. Arrays are read row by row.",
}

-- ---- kinds of options ---------------------------------------------------------------------------

local NO = {no = false, ["false"] = false}

-- "64" or "96x72"
local function size(text)
  local height, width = text:match "^(%d+)x(%d+)$"
  if not height then
    height = text:match "^%d+$"
    width = height
  end
  height, width = math.tointeger(height), math.tointeger(width)
  if not height or height < 1 or width < 1 then return nil end
  return text:find "x" and {height, width} or height
end

-- "train=a.npy,val=b.npy"
local function pairs_of(text)
  local list = {}
  for word in text:gmatch "[^,]+" do
    local name, value = word:match "^([^=]+)=(.+)$"
    if not name then return nil end
    list[name] = value
  end
  return next(list) and list
end

-- yes, no, all, or names of columns
local function words(text)
  if text == "yes" or text == "true" then return true end
  if NO[text] ~= nil then return false end
  if text == "all" then return text end
  local list = {}
  for word in text:gmatch "[^,]+" do list[#list + 1] = word end
  return #list > 0 and list or nil
end

local function or_no(read)
  return function(text)
    if NO[text] ~= nil then return false end
    return read(text)
  end
end

local BY_NAME = {
  dev = {"an integer of at least 1, or no", or_no(function(text)
    local count = command.INTEGER[2](text)
    return count and count >= 1 and count or nil
  end)},
  size = {"a size, or HEIGHTxWIDTH", size},
  label = {"a column, or no", or_no(function(text) return text end)},
  without_label_words = {"yes, no, all, or columns separated by commas", words},
  splits = {"SPLIT=NAME, separated by commas", pairs_of},
  features = {"SPLIT=FILE, separated by commas", pairs_of},
}
-- The ranges of numbers; the library has the same.
local COUNT, SHARE = {min = 1}, {min = 0, max = 1}
local RANGES = {compress = {min = 0, max = 9}, captions = COUNT, images = COUNT, regions = COUNT,
  classes = COUNT, objects = {min = 0}, attributes = {min = 0}, keywords = {min = 0},
  max_title = COUNT, max_words = COUNT, min_class = {min = 0}, min_count = {min = 0},
  test = SHARE, val = SHARE}

local BY_KIND = {int = command.INTEGER, num = command.NUMBER, bool = command.BOOLEAN}

local ABOUT = {
  apply_exif_orientation = "turn photos as their EXIF data says",
  boxes = "write the boxes", compress = "level of compression, 0 to 9",
  captions = "maximal number of captions of an image", csv = "the table",
  dev = "how many captions of dev to take; no: all", half = "store features as float16",
  features = "arrays of features, as train=FILE.npy,val=FILE.npy", id = "column of the ids",
  image = "path of a row's image below the folder; {id} is the value of a column",
  images = "write the images",
  keywords = "maximal number of keywords in a caption", landmarks = "write the landmarks",
  label = "column of the classes; no: there are none",
  max_title = "maximal number of drawings with one title",
  max_words = "maximal length of a caption", min_class = "smaller classes are left out",
  min_count = "minimal count of a word in the vocabulary",
  name = "name of the data set", source = "where the data is from", seed = "of the splits",
  size = "of the images", skip_broken = "leave damaged images out instead of failing",
  split = "column of the splits", splits = "the files of the splits, as train=NAME,val=NAME",
  test = "share of the test images",
  text = "which texts are captions", title = "column of the captions",
  val = "share of the validation images", vectors = "file of word vectors to store",
  without_label_words = "leave words of the label out of the captions",
  repeated = "whether arrays repeat an image for each caption; default: the ids decide",
  restval = "the split of restval",
  regions = "captions of an image", classes = "number of classes",
  objects = "number of object tags", attributes = "number of attribute tags",
}

local function option_of(a)
  local option = tables.merge({a.name, nil, ABOUT[a.name] or a.name}, RANGES[a.name])
  if a.name == "images" and a.kind == "int" then option[3] = "number of images" end
  if a.default then
    local number = math.tointeger(tonumber(a.default)) or tonumber(a.default)
    if a.kind == "bool" or a.default == "false" then
      option[2] = a.default == "true"
    elseif a.kind == "string" then
      option[2] = a.default
    else
      option[2] = number or a.default
    end
  end
  if a.kind:find "|" and not a.kind:find "WordVectors" then
    option.choices = {}
    for word in a.kind:gmatch "[^|]+" do table.insert(option.choices, word) end
  else
    option.kind = BY_NAME[a.name] or BY_KIND[a.kind] or command.STRING
  end
  return option
end

-- ---- the commands -------------------------------------------------------------------------------

local function entry_of(kind)
  for _, section in ipairs(require "vesper.help.words.data") do
    for i = 3, #section do
      if section[i][1] == "data.prepare." .. kind then return arguments.described(section[i]) end
    end
  end
end

local PLACES = {folder = "the folder of the source", out = "the .h5 file to write",
  json = "the file of captions and splits", train = "the HDF5 file of the training split",
  validation = "the HDF5 file of the validation split"}

local function prepare(kind, places, o)
  local vs = require "vesper"
  local out = o[places[#places][1]]
  if not o.replace and require "vesper.util.file".exists(out) then
    return nil, out .. ": exists; --replace writes it again"
  end
  o.replace = nil
  local bar = require "vesper.util.bar"
  local draw = bar.new "images"
  local json, args = o.json, {}
  o.json = nil
  for i, place in ipairs(places) do
    args[i], o[place[1]] = o[place[1]], nil
  end
  o.progress = function(done, total) draw(done, total) end
  args[#args + 1] = o
  local summary, why = vs.data.prepare[kind](table.unpack(args))
  bar.clear()
  if not summary then return nil, why end
  if json then
    local plain = {}
    for key, value in pairs(summary) do plain[key] = value end
    return print(vs.io.json_encode(plain, {indent = 1}))
  end
  print(("%s: %s"):format(out, summary))
end

local commands = {}

local function command_of(kind)
  if commands[kind] then return commands[kind] end
  local e = entry_of(kind)
  local what = {name = kind, about = KINDS[kind], places = {}, options = {}}
  for _, a in ipairs(e.args) do
    if not a.option then -- --json is an option
      table.insert(what.places, {a.name == "json" and "file" or a.name, PLACES[a.name]})
    elseif a.name ~= "progress" then
      table.insert(what.options, option_of(a))
    end
  end
  table.insert(what.options, {"replace", false, "write OUT, though it exists"})
  table.insert(what.options, options.JSON)
  function what.run(o) return prepare(kind, what.places, o) end
  commands[kind] = what
  return what
end

return {
  name = "prepare",
  about = "Writes a data set from a published source or a folder of your own. "
    .. "`vesper prepare KIND --help` lists the options of a kind.",
  commands = {noun = "kind", names = NAMES, get = command_of},
  examples = {
    {"vesper prepare folder shop shop.h5 --csv=products.csv --label=category",
      "images and a table"},
    {"vesper prepare emoji ruby-gemojione emoji.h5", "Debian's package, unpacked"},
  },
}
