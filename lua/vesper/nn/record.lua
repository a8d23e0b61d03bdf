-- What a module was made with: the arguments of its constructor in a plain form, from which
-- models/folder.lua makes it again.
--
-- Numbers, strings, booleans and tables of them are kept as they are, with the defaults of the
-- options that the constructor read; modules too; a tensor by its shape; of anything else only the
-- kind.  Records have a metatable, so that the traversal of modules ignores them.
local core = require "vesper.core"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local record = {}

local DEPTH = 20 -- of tables in tables

local Arguments = {__name = "Arguments"}
local Shape = {__name = "Shape"}
local Other = {__name = "Other"}

local function other(kind) return setmetatable({kind = kind}, Other) end

local function plain(value, is_module, depth)
  local kind = type(value)
  if kind == "number" or kind == "string" or kind == "boolean" or kind == "nil" then
    return value
  elseif core.is_tensor(value) then
    return setmetatable({shape = value.shape}, Shape)
  elseif kind == "userdata" and core.is_layer(value) then
    return other("the layer " .. value.name)
  elseif is_module(value) then
    return value
  elseif kind ~= "table" or getmetatable(value) ~= nil then
    return other(text.kind(value))
  elseif depth > DEPTH then
    return other "a table that is nested too deeply"
  end
  local copy = {}
  for key, inner in pairs(options.completed(value)) do
    copy[key] = plain(inner, is_module, depth + 1)
  end
  return copy
end

--- The record of a constructor's arguments; called after the constructor, which read its options.
function record.of(is_module, ...)
  local list = {n = select("#", ...)}
  for i = 1, list.n do list[i] = plain((select(i, ...)), is_module, 1) end
  return setmetatable(list, Arguments)
end

--- The shape of a tensor in a record, or nil.
function record.shape(value) return getmetatable(value) == Shape and value.shape or nil end

--- The kind of a value that cannot be recorded, "a function", or nil.
function record.other(value) return getmetatable(value) == Other and value.kind or nil end

return record
