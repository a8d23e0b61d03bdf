-- vesper prepare KIND: the preparers of vs.data.prepare.  Places and options are those of their
-- descriptors (lua/vesper/help/words/data.lua).
local arguments = require "vesper.help.arguments"
local command = require "vesper.util.command"
local options = require "vesper.cli.options"

local KINDS = {"folder", "emoji", "openclipart", "visual_genome", "inshop", "fashiongen",
  "karpathy", "coco", "precomputed"}

-- ---- kinds of options ---------------------------------------------------------------------------

local NO = {no = false, ["false"] = false}

-- "64" or "96x72"
local function size(text)
  local height, width = text:match "^(%d+)x(%d+)$"
  return height and {math.tointeger(height), math.tointeger(width)} or math.tointeger(text)
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
  size = {"a size, or HEIGHTxWIDTH", size},
  label = {"a column, or no", or_no(function(text) return text end)},
  dev = {"an integer, or no", or_no(command.INTEGER[2])},
  without_label_words = {"yes, no, all, or columns separated by commas", words},
  splits = {"SPLIT=NAME, separated by commas", pairs_of},
  features = {"SPLIT=FILE, separated by commas", pairs_of},
}
local BY_KIND = {int = command.INTEGER, num = command.NUMBER, bool = command.BOOLEAN}

local ABOUT = {
  apply_exif_orientation = "turn photos as their EXIF data says",
  boxes = "write the boxes", compress = "level of compression, 0 to 9",
  captions = "maximal number of captions of an image", csv = "the table",
  dev = "how many captions of dev to take; no: all", half = "store features as float16",
  features = "arrays of features by split", id = "column of the ids",
  image = "path of a row's image below the folder; {id} is the value of a column",
  images = "write the images",
  keywords = "maximal number of keywords in a caption", landmarks = "write the landmarks",
  label = "column of the classes; no: there are none",
  max_title = "maximal number of drawings with one title",
  max_words = "maximal length of a caption", min_class = "smaller classes are left out",
  min_count = "minimal count of a word in the vocabulary",
  name = "name of the data set", source = "where the data is from", seed = "of the splits",
  size = "of the images", skip_broken = "leave damaged images out instead of failing",
  split = "column of the splits", splits = "names of the files by split",
  test = "share of the test images",
  text = "which texts are captions", title = "column of the captions",
  val = "share of the validation images", vectors = "file of word vectors to store",
  without_label_words = "leave words of the label out of the captions",
  repeated = "whether arrays repeat an image for each caption", restval = "the split of restval",
  regions = "captions of an image", classes = "number of classes",
  objects = "number of object tags", attributes = "number of attribute tags",
}

local function option_of(a)
  local option = {a.name, nil, ABOUT[a.name] or a.name}
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
  local what = {name = kind, about = e.doc, places = {}, options = {}}
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
  commands = {noun = "kind", names = KINDS, get = command_of},
  examples = {
    {"vesper prepare folder shop shop.h5 --csv=products.csv --label=category",
      "images and a table"},
    {"vesper prepare emoji ruby-gemojione emoji.h5", "Debian's package, unpacked"},
  },
}
