-- vesper encode: embeddings of pictures or texts, with their names, in one file.
local options = require "vesper.cli.options"

local what = {
  name = "encode",
  about = "Writes the embeddings of pictures, or of the lines of a text file, by a saved model. "
    .. "The rows have length 1, so that products are cosines. A .safetensors file has the names "
    .. "in its metadata, beside a .npy file OUT there is OUT.names.txt with a name a line. An "
    .. "empty line in a file of texts is refused, so that the rows are those of the lines.",
  places = {{"model", "a folder of a model"},
    {"files", "pictures and folders of them, or one .txt file, or - for lines of standard input",
      many = true},
    {"out", "the .npy or .safetensors file to write"}},
  options = {{"batch", 64, "pictures or texts per step", min = 1},
    {"exif", false, "turn photos as their EXIF data says"}, options.JSON},
  examples = {{"vesper encode shop.model photos shop.safetensors", "the pictures of a folder"},
    {"vesper encode shop.model queries.txt queries.npy", "texts, a line each"}},
}

-- The embeddings, their names, and what they are of; or nil and a message.
local function encoded(inputs, o)
  local first = o.files[1]
  local of_text = first == "-" or first:find "%.txt$" ~= nil
  if of_text and #o.files > 1 then
    return nil, "unexpected argument '" .. o.files[2] .. "' beside a file of texts", "misused"
  end
  local names, why = (of_text and inputs.texts or inputs.pictures)(of_text and first or o.files)
  if not names then return nil, why end
  why = inputs.misnamed(o.out, names)
  if why then return nil, why end
  local model
  model, why = inputs.model(o.model, of_text and "encode_texts" or "encode_images")
  if not model then return nil, why end
  local v
  if of_text then
    v = model:encode_texts(names, {batch_size = o.batch})
  else
    v, why = model:encode_images(names, {batch_size = o.batch, apply_exif_orientation = o.exif})
    if not v then return nil, why end
  end
  return v, names, of_text and "text" or "image"
end

function what.run(o)
  local vs = require "vesper"
  local inputs = require "vesper.cli.inputs"
  if not inputs.is_encoded(o.out) then
    return nil, ("OUT is '%s', expected a name that ends in .npy or .safetensors"):format(o.out),
      "misused"
  end
  local v, names, kind = encoded(inputs, o)
  if not v then return nil, names, kind end
  local ok, why = inputs.write(o.out, v, names, kind)
  if not ok then return nil, why end
  if o.json then
    return print(vs.io.json_encode {out = o.out, rows = #names, width = v.shape[2], kind = kind})
  end
  print(("%s: %d %s%s, %d numbers each"):format(o.out, #names, kind, #names == 1 and "" or "s",
    v.shape[2]))
end

return what
