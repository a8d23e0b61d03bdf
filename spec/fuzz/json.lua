-- Fuzz target: vs.io.json_load, json_items and json_encode, which have to agree about every file
-- that is read at all.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local io = vs.io
local path = (...) .. "/x.json"

-- The text of a value; of null too.
local function text_of(value) return support.try(io.json_encode, value) end

-- The texts of all elements; nil and a message.
local function read_items(options)
  local items <close>, why = support.try(io.json_items, path, options)
  if not items then return nil, why end
  local list = {}
  while true do
    local item, broken = support.try(items.read, items)
    if broken then
      local again, still = items:read()
      assert(again == nil and still, "goes on behind an error")
      return nil, broken
    end
    if item == nil then return list end
    list[#list + 1] = text_of(item)
  end
end

-- Array `whole`, which the file holds, has to have those elements.
local function compare(whole, options)
  local list = assert(read_items(options))
  assert(#list == #whole, "elements are lost")
  for i, text in ipairs(list) do
    assert(text == text_of(whole[i]), "an element reads otherwise than in the whole file")
  end
end

local function is_array(value) return type(value) == "table" and getmetatable(value) ~= nil end

return function(bytes)
  support.write(path, bytes)
  local value, why = support.try(io.json_load, path)
  assert(value ~= nil or why, "neither a value nor a message")
  local decoded = support.try(io.json_decode, bytes)
  assert((decoded == nil) == (value == nil), "text and file are judged differently")
  if value == nil then
    read_items()
    read_items {key = "images"}
  else
    local text = assert(text_of(value))
    assert(text == text_of(decoded) and text == text_of((io.json_decode(text))))
    local images = type(value) == "table" and not is_array(value) and value.images
    if is_array(value) then compare(value)
    else assert(not read_items(), "a file that is no array has elements") end
    if is_array(images) then compare(images, {key = "images"})
    else assert(not read_items {key = "images"}, "what is no array has elements") end
  end
  os.remove(path)
end
