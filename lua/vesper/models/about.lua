-- What a trained model knows about its data: vocabulary, class names, picture size, licence and
-- source.  It is kept in model.about, which has a metatable, so that the traversal of modules
-- ignores it.
local core = require "vesper.core"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local about = {}

local Names = {__name = "Names", __tostring = function(list) return table.concat(list, ", ") end}

local About = {__name = "About", __tostring = function(known)
  local lines = {}
  for _, name in ipairs(about.names) do
    local value = known[name]
    if name == "vocab" and value then value = #value .. " words" end
    if value ~= nil then lines[#lines + 1] = ("%s: %s"):format(name, value) end
  end
  return table.concat(lines, "\n")
end}

local LARGEST = 4096 -- pixels of a side of a picture

local function strings(name, list)
  check.kind("describe", name, list, "list")
  local copy = setmetatable({}, Names)
  for i, word in ipairs(list) do
    if type(word) ~= "string" then
      check.fail("describe", "%s[%d] is %s, expected a string", name, i, text.kind(word))
    elseif not utf8.len(word) then
      check.fail("describe", "%s[%d] is not UTF-8", name, i)
    end
    copy[i] = word
  end
  return copy
end

local read = {}

-- Words in the order of their ids, or a text.Vocab.  The vocabulary itself is kept, too.
function read.vocab(model, value, known)
  local vocab = value
  if text.kind(value) ~= "a Vocab" then
    vocab = core.text.Vocab.new(strings("vocab", value))
  end
  local words = model.text and model.text.words
  local most = type(words) == "userdata" and words.num_embeddings
  if most and #vocab > most then
    check.fail("describe", "vocab has %d words, expected at most %d, the rows of the embeddings",
      #vocab, most)
  end
  known.vocabulary = vocab
  return setmetatable(vocab:words(), Names)
end

function read.classes(model, value)
  model.class_names = strings("classes", value)
  return model.class_names
end

function read.image_size(_, value)
  if math.type(value) == "integer" then value = {value, value} end
  check.kind("describe", "image_size", value, "table")
  check.whole("describe", "image_size[1]", value[1], 1, LARGEST)
  check.whole("describe", "image_size[2]", value[2], 1, LARGEST)
  return setmetatable({value[1], value[2]}, Names)
end

function read.max_words(_, value)
  check.kind("describe", "max_words", value, "count")
  return value
end

local function a_text(name)
  return function(_, value)
    check.kind("describe", name, value, "string")
    return value
  end
end

read.licence, read.source = a_text "licence", a_text "source"

-- The names of what a model knows, in the order in which they are written.
about.names = {"vocab", "classes", "image_size", "max_words", "licence", "source"}

-- What a data set says about itself.  Empty lists and texts are left out.
local function of_set(set)
  local function ask(name)
    local method = set[name]
    local value = method and method(set)
    return type(value) == "table" and next(value) ~= nil and value or nil
  end
  local attrs = ask "attrs" or {}
  local function word(name)
    local value = attrs[name]
    return type(value) == "string" and value ~= "" and value or nil
  end
  local image = #set > 0 and set[1].image
  return {
    vocab = ask "vocab", classes = ask "classes", licence = word "licence" or word "license",
    source = word "source", max_words = math.tointeger(attrs.max_words),
    image_size = image and {image.shape[2], image.shape[3]} or nil,
  }
end

--- Tells a model what it was trained on; later calls replace what they name.  Returns the model.
--   set = data set         everything below that the set says about itself
--   vocab = words          in the order of their ids, or a text.Vocab
--   classes = names
--   image_size = n, or {height, width}
--   max_words = n          of a text; the words after them are left out
--   licence, source        texts about the data
function about.describe(model, given)
  local o = options.read("describe", given, nil, {set = true, vocab = true, classes = true,
    image_size = true, max_words = true, licence = true, source = true})
  local from, known = o.set and of_set(o.set) or {}, model.about or setmetatable({}, About)
  for _, name in ipairs(about.names) do
    local value = o[name]
    if value == nil then value = from[name] end
    if value ~= nil then known[name] = read[name](model, value, known) end
  end
  model.about = known
  return model
end

return about
