-- Folders of a BERT like spec/fixtures/bert, with other files.
local vs = require "vesper"
local temp = require "spec.support.temp"

local folders = {}

local FOLDER = "spec/fixtures/bert"
local FILES = {"config.json", "vocab.txt", "model.safetensors"}
folders.FOLDER, folders.FILES = FOLDER, FILES

--- The bytes of a file of the fixture.
function folders.read(name) return temp.read(FOLDER .. "/" .. name) end

--- A folder like the fixture, with other bytes for some files (false: without it).
function folders.with(changes)
  local folder = temp.folder()
  for _, name in ipairs(FILES) do
    if changes[name] == nil then temp.write(folder .. "/" .. name, folders.read(name)) end
  end
  for name, bytes in pairs(changes) do
    if bytes then temp.write(folder .. "/" .. name, bytes) end
  end
  return folder
end

--- The BERT of such a folder, or nil and a message.
function folders.load(changes, options)
  return vs.models.BERT.from_pretrained(folders.with(changes), options)
end

--- The change of config.json to other values; vs.io.null takes a key away.
function folders.config_with(changes)
  local c = assert(vs.io.json_load(FOLDER .. "/config.json"))
  for key, value in pairs(changes) do c[key] = value end
  return {["config.json"] = vs.io.json_encode(c)}
end

return folders
