-- The shards of data.extract: which images each has, which of them a rank writes, and which are
-- there already.
--
-- The images of all splits, in their order, are cut into as many ranges of the same size as there
-- are shards.  Rank r of n writes shards r + 1, r + 1 + n, ...  A shard is written under a
-- temporary name and renamed when it is whole.  Its attribute `note` says what it was made of; a
-- later call passes over it if that is what it would make, and refuses it otherwise.
local core = require "vesper.core"
local check = require "vesper.util.check"
local file = require "vesper.util.file"
local sorted_keys = require("vesper.util.tables").sorted_keys

local shards = {}

local TOLERANCE = 1e-5 -- of the sum of a model's weights: machines round differently

-- "out-00002.h5" of "out.h5", as data.Writer names its shards.
local function shard_path(out, k)
  local stem, ending = out:match "^(.*[^/])(%.[^./]*)$"
  return ("%s-%05d%s"):format(stem or out, k, ending or "")
end

--- rank and size: the options, or those of a process that runs alone.
function shards.place(o)
  local rank, size = o.rank, o.size
  if (rank == nil) ~= (size == nil) then
    check.fail("data.extract", "%s is missing, expected rank and size", rank and "size" or "rank")
  end
  rank, size = rank or 0, size or 1
  check.whole("data.extract", "rank", rank, 0, size - 1)
  return rank, size
end

--- The shards {number =, path =, first =, last =} of this rank for so many images, and their number
-- over all ranks; or nil where there is one process and no `shards`: the file `out` has everything.
function shards.plan(out, o, images)
  local rank, size = shards.place(o)
  local count = o.shards or size
  if count == 1 and not o.shards then return nil end
  check.whole("data.extract", "shards", count, size)
  if count > images then
    check.fail("data.extract", "shards is %d, expected at most the number of images, %d", count,
      images)
  end
  local list = {}
  for k = rank + 1, count, size do
    list[#list + 1] = {number = k, path = shard_path(out, k), first = (k - 1) * images // count + 1,
      last = k * images // count}
  end
  return list, count
end

-- ---- what a shard was made of -------------------------------------------------------------------

-- What tells a model from others, without reading much: its class, its size, a sum of its state.
local function describe_model(model)
  if type(model) == "function" then return {model = "a function"} end
  local state, sum = model:state_dict(), 0
  for _, name in ipairs(sorted_keys(state)) do
    sum = sum + state[name]:float():abs():sum():item()
  end
  return {model = ("%s with %d parameters"):format(getmetatable(model).__name or "Module",
    model:num_parameters()), weights = sum}
end

--- What the shards of a call are made of, a table of plain values; splits: {{name =, set =}, ...}.
function shards.describe(model, splits, o, count)
  local note, bytes = describe_model(model), 0
  for _, split in ipairs(splits) do note["images of " .. split.name] = split.set.images end
  for _, path in ipairs(splits[1].set:files()) do bytes = bytes + (file.size(path) or 0) end
  note.shards, note["bytes of the source"] = count, bytes
  for _, name in ipairs {"half", "regions", "images", "flip", "compress"} do
    note[name] = o[name]
  end
  return note
end

local function is_near(a, b)
  return math.type(a) == "float" and math.type(b) == "float"
    and math.abs(a - b) <= TOLERANCE * math.max(math.abs(a), math.abs(b))
end

-- What differs, "half is true, expected false"; or nil.
local function difference(was, now)
  local keys = {}
  for key in pairs(was) do keys[key] = true end
  for key in pairs(now) do keys[key] = true end
  for _, key in ipairs(sorted_keys(keys)) do
    if was[key] ~= now[key] and not (key == "weights" and is_near(was[key], now[key])) then
      if key == "weights" then return "its model has other weights" end
      return ("%s is %s, expected %s"):format(key, tostring(was[key]), tostring(now[key]))
    end
  end
end

-- Whether a shard is whole: true, false where there is none or it cannot be read, or nil and a
-- message for one that was made of something else.
local function is_whole(shard, split, note)
  if not file.exists(shard.path) then return false end
  local set <close> = core.data.open(shard.path, split)
  if not set then return false end
  local text = set:attrs().note
  local was = type(text) == "string" and core.io.json_decode(text)
  if type(was) ~= "table" then
    return nil, shard.path .. ": exists and is no shard of data.extract; remove it, or write to "
      .. "another name"
  end
  local differs = difference(was, note)
  if not differs then return true end
  return nil, ("%s: was made otherwise: %s; remove it, or write to another name"):format(shard.path,
    differs)
end

--- The shards of the list that are not whole yet; or nil and a message.  split_of(image): the name
-- of the split of an image of the whole.
function shards.missing(out, list, split_of, note)
  local beyond = shard_path(out, note.shards + 1)
  if file.exists(beyond) then
    return nil, ("%s: exists, but shards is %d; remove it, or write to another name"):format(beyond,
      note.shards)
  end
  local missing = {}
  for _, shard in ipairs(list) do
    local whole, why = is_whole(shard, split_of(shard.first), note)
    if whole == nil then return nil, why end
    if not whole then missing[#missing + 1] = shard end
  end
  return missing
end

return shards
