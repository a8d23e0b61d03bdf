-- vs.load and vs.load_pth of an index, NAME.index.json: {"weight_map": {tensor = file}} beside the
-- files that its tensors are divided into.  Every other path goes to C unchanged.
local core = require "vesper.core"
local tables = require "vesper.util.tables"

local sorted_keys = tables.sorted_keys

-- The functions of C.  Under a key that is no name, so that their messages name the public ones;
-- still there when this file is loaded a second time.
core[1] = core[1] or {load = core.load, load_pth = core.load_pth}
local own = core[1]

local function is_index(path)
  return type(path) == "string" and path:find "%.index%.json$" ~= nil
end

-- A message if a shard is anything else than a file in the folder of the index or below it.
local function wrong_place(shard)
  if type(shard) ~= "string" or shard == "" or shard:find "[\0\\]" or shard:find "^/" then
    return true
  end
  for part in shard:gmatch "[^/]+" do
    if part == ".." then return true end
  end
  return false
end

-- shard -> {tensor = true}, or nil and a message.
local function read_map(path)
  local index, why = core.io.json_load(path)
  if index == nil then return nil, why end
  local map = type(index) == "table" and index.weight_map
  if type(map) ~= "table" or getmetatable(map) ~= nil or next(map) == nil then
    return nil, path .. ": has no weight_map, {name of a tensor = file}"
  end
  local shards = {}
  for _, name in ipairs(sorted_keys(map)) do
    local shard = map[name]
    if wrong_place(shard) then
      return nil, ("%s: '%s' is in '%s', expected the name of a file in this folder"):format(path,
        name, tostring(shard))
    end
    shards[shard] = shards[shard] or {}
    shards[shard][name] = true
  end
  return shards, type(index.metadata) == "table" and index.metadata or {}
end

-- Moves the tensors of a shard to `all`; from: tensor -> shard.  A message, or nil.
local function add_shard(path, shard, expected, tensors, all, from)
  for _, name in ipairs(sorted_keys(tensors)) do
    if from[name] then
      return ("%s: tensor '%s' is in %s and in %s"):format(path, name, from[name], shard)
    elseif not expected[name] then
      return ("%s: tensor '%s' of %s is not in weight_map as one of this file"):format(path, name,
        shard)
    end
    all[name], from[name] = tensors[name], shard
  end
  for _, name in ipairs(sorted_keys(expected)) do
    if tensors[name] == nil then
      return ("%s: tensor '%s' is not in %s"):format(path, name, shard)
    end
  end
end

-- All tensors and the text entries of metadata; or nil and a message.
local function load_shards(load, path, options)
  local shards, metadata = read_map(path)
  if not shards then return nil, metadata end
  local folder, all, from, meta = path:match "^(.*/)[^/]*$" or "", {}, {}, {}
  for _, shard in ipairs(sorted_keys(shards)) do
    local tensors, more = load(folder .. shard, options)
    if not tensors then return nil, ("%s (%s)"):format(more, path) end
    local wrong = add_shard(path, shard, shards[shard], tensors, all, from)
    if wrong then return nil, wrong end
    for key, value in pairs(more) do meta[key] = value end
  end
  for key, value in pairs(metadata) do
    if type(value) == "string" then meta[key] = value end
  end
  return all, meta
end

--- As C's load, and of an index: the tensors of all its files.
function core.load(path, ...)
  local load = own.load -- the name that messages give, as long as this is no tail call
  if is_index(path) then return load_shards(load, path, ...) end
  local tensors, meta = load(path, ...)
  return tensors, meta
end

if own.load_pth then
  --- As C's load_pth, and of an index.
  function core.load_pth(path, ...)
    local load_pth = own.load_pth
    if is_index(path) then return load_shards(load_pth, path, ...) end
    local tensors, values = load_pth(path, ...)
    return tensors, values
  end
end

return core
