-- Fuzz target: vs.load_pth.  Bytes that begin with "P" are a pickle and its storages 0, 1, ...,
-- with "\nDATA\n" before each: a zip archive with right checksums is made of them.  Others are the
-- file itself.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local path = (...) .. "/x.pth"
local MOST = 200 -- tensors that are looked at

local crc_table = {}
for i = 0, 255 do
  local c = i
  for _ = 1, 8 do c = c >> 1 ~ ((c & 1) * 0xedb88320) end
  crc_table[i] = c
end

local function crc32(s)
  local crc = 0xffffffff
  for i = 1, #s do crc = crc >> 8 ~ crc_table[(crc ~ s:byte(i)) & 255] end
  return ~crc & 0xffffffff
end

local function archive_of(entries)
  local body, directory = "", ""
  for _, e in ipairs(entries) do
    local head = string.pack("<I4I4I4I2I2", crc32(e[2]), #e[2], #e[2], #e[1], 0)
    directory = directory .. string.pack("<I4I2I2I2I2I4", 0x02014b50, 20, 20, 0, 0, 0) .. head
      .. string.pack("<I2I2I2I4I4", 0, 0, 0, 0, #body) .. e[1]
    body = body .. string.pack("<I4I2I2I2I4", 0x04034b50, 20, 0, 0, 0) .. head .. e[1] .. e[2]
  end
  return body .. directory .. string.pack("<I4I2I2I2I2I4I4I2", 0x06054b50, 0, 0, #entries, #entries,
    #directory, #body, 0)
end

local function file_of(bytes)
  if bytes:sub(1, 1) ~= "P" then return bytes end
  local entries, name = {}, "x/data.pkl"
  for part in (bytes:sub(2) .. "\nDATA\n"):gmatch "(.-)\nDATA\n" do
    entries[#entries + 1] = {name, part}
    name = "x/data/" .. #entries - 1
  end
  return archive_of(entries)
end

local PLAIN = {number = true, boolean = true, string = true}

local function look(tensors, values)
  local n = 0
  for name, tensor in pairs(tensors) do
    n = n + 1
    if n > MOST then break end
    assert(#name <= 255 and values[name] == nil, "a name stands for two things")
    support.read(tensor)
  end
  for _, value in pairs(values) do assert(PLAIN[type(value)]) end
end

return function(bytes)
  support.write(path, file_of(bytes))
  local tensors, values = support.try(vs.load_pth, path)
  if tensors then look(tensors, values) end
  for _, key in ipairs {"state_dict", "model", "a"} do
    local below, others = support.try(vs.load_pth, path, {key = key})
    if below then
      look(below, others)
      local name = tensors and next(below)
      -- what the whole file says of it; a file may be refused for what stands beside the key
      if name then assert(tostring(tensors[key .. "." .. name]) == tostring(below[name])) end
    end
  end
  tensors, values = support.try(vs.load_pth, path, {key = "model", strip_prefix = "module."})
  if tensors then look(tensors, values) end
  os.remove(path)
end
