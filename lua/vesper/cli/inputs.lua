-- What commands read: models, pictures below folders, texts, encoded files.
local vs = require "vesper"
local file = require "vesper.util.file"
local job = require "vesper.dist.job"

local inputs = {}

local PICTURES = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".JPG", ".JPEG", ".PNG", ".GIF", ".BMP"}

local UNKNOWN = 2 -- the id of an unknown word; 1 is padding

--- Whether a path is a folder.
function inputs.is_folder(path)
  local handle <close> = io.open(path, "rb")
  return handle ~= nil and select(3, handle:read(0)) == 21 -- EISDIR
end

--- Why a folder cannot be written at this path, or nil: a file has the name.
function inputs.no_folder(path)
  if file.exists(path) and not inputs.is_folder(path) then
    return path .. " is a file, expected the name of a folder"
  end
end

--- Why a file cannot be written at this path, or nil: it is a folder, or its folder does not exist.
function inputs.no_file(path)
  if inputs.is_folder(path) then return path .. " is a folder, expected the name of a file" end
  local folder = path:match "^(.*/)[^/]*$"
  if folder and not inputs.is_folder(folder) then
    return ("%s: %s is no folder"):format(path, folder)
  end
end

--- Why a command that trains cannot run here, or nil: MPI's launcher has started several of it,
-- which would write the same files.
function inputs.not_alone()
  local n = job.processes() or 1
  if n < 2 then return nil end
  return ("this is one of %d processes of an MPI job, and the program trains in one; a script with "
    .. "train.fit{dist = true} trains in several (docs/scale.md)"):format(n)
end

--- Whether a name ends as those of picture files do.
function inputs.is_picture(path)
  for _, ending in ipairs(PICTURES) do
    if path:sub(-#ending) == ending then return true end
  end
  return false
end

--- The pictures among paths, and all below those that are folders; or nil and a message.
function inputs.pictures(paths)
  local list = {}
  for _, path in ipairs(paths) do
    if inputs.is_folder(path) then
      local found, why = vs.data.find(path, PICTURES)
      if not found then return nil, why end
      if #found == 0 then return nil, path .. ": has no pictures" end
      table.move(found, 1, #found, #list + 1, list)
    elseif not file.exists(path) then
      return nil, path .. ": No such file or directory"
    else
      list[#list + 1] = path
    end
  end
  return list
end

--- The lines of a text file, or of standard input ("-"), empty ones too; or nil and a message.
function inputs.lines(path)
  local handle, why = io.stdin, nil
  local name = path == "-" and "standard input" or path
  if path ~= "-" then handle, why = file.open_text(path) end
  if not handle then return nil, why end
  local lines, line = {}
  repeat
    line, why = handle:read "l"
    if line and not utf8.len(line) then
      return nil, ("%s:%d: is not UTF-8"):format(name, #lines + 1)
    end
    lines[#lines + 1] = line and line:gsub("\r$", "")
  until not line
  if path ~= "-" then handle:close() end
  if why then return nil, ("%s: %s"):format(name, why) end
  if #lines == 0 then return nil, name .. ": has no lines" end
  return lines
end

--- The texts of a file, a line each; or nil and a message. An empty line is refused: it has no
-- embedding of its own, and without it the rows would not be those of the lines.
function inputs.texts(path)
  local lines, why = inputs.lines(path)
  for i, line in ipairs(lines or {}) do
    if not line:find "%S" then
      return nil, ("%s:%d: is empty"):format(path == "-" and "standard input" or path, i)
    end
  end
  return lines, why
end

-- ---- encoded files ------------------------------------------------------------------------------

--- Whether a name ends as those of encoded files do.
function inputs.is_encoded(path)
  return path:find "%.npy$" ~= nil or path:find "%.safetensors$" ~= nil
end

-- The file of the names beside a .npy file.
local function names_path(path) return path .. ".names.txt" end

-- That file, or emb.txt of emb.npy, where vesper 0.2 wrote the names.
local function existing_names_path(path)
  local own = names_path(path)
  return file.exists(own) and own or file.first {(path:gsub("%.npy$", ".txt"))} or own
end

--- Why the names cannot be written with a file of embeddings, or nil.
function inputs.misnamed(path, names)
  for _, name in ipairs(names) do
    if not utf8.len(name) then return ("the name %q is not UTF-8"):format(name) end
    if path:find "%.npy$" and name:find "[\r\n]" then
      local shown = ("%q"):format(name):gsub("\\\n", "\\n")
      return ("the name %s has a line break, expected a name a line beside a .npy file; "
        .. "a .safetensors file can have it"):format(shown)
    end
  end
end

--- Writes embeddings [N,D] with their names: a .safetensors file has them in its metadata, beside
-- emb.npy there is emb.npy.names.txt with a name a line. Where one of the two cannot be written,
-- there is neither. Returns true, or nil and a message.
function inputs.write(path, embeddings, names, kind)
  if path:find "%.safetensors$" then
    return vs.save(path, {embeddings = embeddings}, {format = "vesper embeddings", kind = kind,
      names = vs.io.json_encode(vs.io.array {table.unpack(names)})})
  end
  local ok, why = vs.npy.save(path, embeddings)
  if not ok then return nil, why end
  ok, why = file.write(names_path(path), table.concat(names, "\n") .. "\n")
  if not ok then os.remove(path) end
  return ok, why
end

--- Embeddings float32 [N,D] and their names; or nil and a message.
function inputs.read(path)
  local embeddings, names, why
  if path:find "%.safetensors$" then
    local tensors, meta = vs.load(path)
    if not tensors then return nil, meta end
    embeddings = tensors.embeddings
    if not embeddings or not meta.names then
      return nil, path .. ": has no embeddings with names, as `vesper encode` writes them"
    end
    names, why = vs.io.json_decode(meta.names)
    if type(names) ~= "table" then return nil, ("%s: names: %s"):format(path, why or "no list") end
  else
    embeddings, why = vs.npy.load(path)
    if not embeddings then return nil, why end
    names, why = inputs.lines(existing_names_path(path))
    if not names then return nil, why end
  end
  if embeddings.ndim ~= 2 or embeddings.shape[1] ~= #names then
    return nil, ("%s: has %d dimensions of %s rows, expected [N,D] for %d names"):format(path,
      embeddings.ndim, embeddings.shape[1] or 0, #names)
  end
  return embeddings:float(), names
end

-- ---- models and sets ----------------------------------------------------------------------------

--- A model that has this method; or nil and a message.
function inputs.model(path, method)
  local model, why = vs.models.load(path)
  if not model then return nil, why end
  if not model[method] then
    return nil, ("%s: a %s has no %s"):format(path, getmetatable(model).__name, method)
  end
  return model
end

--- Why a model cannot tell this text from others, or nil.
function inputs.unread(model, query)
  local words = model.about and model.about.vocabulary
  if not words then return nil end -- encode_texts refuses such a model
  local ids = words:encode_batch({query}, {max_len = model.about.max_words})
  if ids:gt(UNKNOWN):any() then return nil end
  return ("'%s' has no word of the model's vocabulary"):format(query)
end

-- The first name in which two lists differ, as text, or nil.
local function difference(own, given)
  for i = 1, math.max(#own, #given) do
    if own[i] ~= given[i] then
      return ("%d is '%s', expected '%s'"):format(i, given[i] or "none", own[i] or "none")
    end
  end
end

--- What makes a data set unfit for a model: other words or classes; or nil.
function inputs.misfit(model, set)
  local about = model.about or {}
  local words, classes = set:vocab(), set:classes()
  if about.vocab and #words > 0 then
    local differs = difference(about.vocab, words)
    if differs then return "its vocabulary is not the model's: word " .. differs end
  end
  if model.class_names and #classes > 0 and model.classes then
    local differs = difference(model.class_names, classes)
    if differs then return "its classes are not the model's: class " .. differs end
  end
end

return inputs
