-- vesper search: the pictures nearest to a text.
local options = require "vesper.cli.options"

-- The value of --page, or nil where report.found could not write it.
local function page(text)
  local ending = (text:match "%.(%a+)$" or ""):lower()
  local is_picture = ending == "png" or ending == "jpg" or ending == "jpeg"
  return (text == "" or is_picture or text:find "%.html?$") and text or nil
end

local what = {
  name = "search",
  about = "Finds the pictures that are nearest to a text, by a saved model, and prints the best "
    .. "with their cosines. A query that is the name of a picture file searches by this picture.",
  places = {{"model", "a folder of a model"},
    {"files", "pictures and folders of them, or one file that `vesper encode` wrote", many = true},
    {"query", "a text in quotes, or a picture"}},
  options = {{"top", 8, "how many to print", min = 1},
    {"page", "", "also writes a page with the pictures: a name that ends in .html, .png or .jpg",
      kind = {"a name that ends in .html, .png or .jpg", page}},
    {"show", false, "draws the pictures in the terminal"},
    {"exif", false, "turn photos as their EXIF data says"}, options.JSON},
  examples = {{"vesper search shop.model photos 'a red hat'", "the best of a folder"},
    {"vesper search shop.model shop.safetensors 'a red hat' --page=hats.html",
      "in a file of `vesper encode`, with a page"}},
}

-- The embeddings to search and their names, or nil and a message.
local function gallery(inputs, model, o)
  local first = o.files[1]
  if #o.files == 1 and inputs.is_encoded(first) then
    local v, names = inputs.read(first)
    if v and v.shape[2] ~= model.width then
      return nil, ("%s: has %d numbers a row, the model %d"):format(first, v.shape[2], model.width)
    end
    return v, names
  end
  local names, why = inputs.pictures(o.files)
  if not names then return nil, why end
  local v, failed = model:encode_images(names, {apply_exif_orientation = o.exif})
  if not v then return nil, failed end
  return v, names
end

local SHOWN = 96 -- pixels of a side of a drawn picture

-- Draws the best pictures in the terminal, as the prompt's show does.
local function draw(vs, names)
  local pictures, why = vs.image.load_batch(names, {SHOWN, SHOWN})
  if not pictures then return nil, why end
  require "vesper.cli.prompt.draw"(pictures)
  return true
end

function what.run(o)
  local vs = require "vesper"
  local inputs = require "vesper.cli.inputs"
  if not o.query:find "%S" then return nil, "QUERY is empty", "misused" end
  if not utf8.len(o.query) then return nil, "QUERY is not UTF-8", "misused" end
  local unfit = o.page ~= "" and inputs.no_file(o.page)
  if unfit then return nil, unfit, "misused" end
  if o.show and not vs.is_terminal(1) then
    return nil, "--show: standard output is no terminal"
  end
  local by_picture = inputs.is_picture(o.query)
  local model, why = inputs.model(o.model, by_picture and "encode_images" or "encode_texts")
  if not model then return nil, why end
  why = not by_picture and inputs.unread(model, o.query)
  if why then return nil, why end
  local v, names = gallery(inputs, model, o)
  if not v then return nil, names end
  local asked, unread
  if by_picture then
    asked, unread = model:encode_images({o.query}, {apply_exif_orientation = o.exif})
    if not asked then return nil, unread end
  else
    asked = model:encode_texts {o.query}
  end
  local found, cosines = vs.metrics.topk(asked, v, math.min(o.top, #names))
  found, cosines = found[1]:tolist(), cosines[1]:tolist()
  local best, list = {}, {}
  for rank, position in ipairs(found) do
    best[rank], list[rank] = names[position], {name = names[position], cosine = cosines[rank]}
  end
  if o.json then
    print(vs.io.json_encode({query = o.query, found = vs.io.array(list)}, {indent = 1}))
  else
    for _, one in ipairs(list) do print(("%6.3f  %s"):format(one.cosine, one.name)) end
  end
  if o.page ~= "" then
    local places = {}
    for i = 1, #best do places[i] = i end
    local ok, unwritten = vs.report.found(o.page, best, {o.query}, {places}, {title = o.query})
    if not ok then return nil, unwritten end
  end
  if o.show then
    local ok, failed = draw(vs, best)
    if not ok then return nil, failed end
  end
end

return what
