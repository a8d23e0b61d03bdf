-- What the fuzzers' targets share: files for the input, and what counts as a finding.
--
-- vesper may refuse an input in two ways: nil and a message, or an error that it raises on purpose.
-- Everything else that Lua can raise (an index into nil, arithmetic on a table, ...) means that a
-- broken file got further than it should have.
local temp = require "spec.support.temp"

local support = {}

-- What Lua itself says, behind the place where it says so; and a place inside vesper's own files.
local SLIPS = {"^[^:\n]*:%d+: attempt to ", "^[^:\n]*:%d+: bad argument #", "^bad argument #",
  "^[^:\n]*:%d+: stack overflow", "^stack overflow", "^error in error handling",
  "^not enough memory", "lua/vesper/[%w_/]+%.lua:%d+: "}

--- Raises unless text is a message of vesper's own making.
function support.check_message(text)
  if type(text) ~= "string" or text == "" then error("no message but " .. tostring(text), 0) end
  for _, slip in ipairs(SLIPS) do
    if text:find(slip) then error("not a message of vesper: " .. text, 0) end
  end
end

--- f's results; nil and the message when it refused.  `nil` without a message is a result.
function support.try(f, ...)
  local result = table.pack(pcall(f, ...))
  if not result[1] then
    support.check_message(result[2])
    return nil, result[2]
  end
  if result[2] == nil and result[3] ~= nil then
    support.check_message(result[3])
    return nil, result[3]
  end
  return table.unpack(result, 2, result.n)
end

support.write, support.read_file = temp.write, temp.read

--- A tensor looked at as a whole: every element is read.
function support.read(x)
  local y = x:float()
  return y:numel() > 0 and y:sum():item() or 0
end

--- A safetensors file: bytes that begin with a brace are its header, up to a line feed, and its
-- data; the length in front is made for them.  Others are the file itself.
function support.safetensors(bytes)
  if bytes:sub(1, 1) ~= "{" then return bytes end
  local header, data = bytes:match "^([^\n]*)\n(.*)$"
  return string.pack("<s8", header or bytes) .. (data or "")
end

--- A JSON or safetensors file in which the id of its folder is "fuzz": the same in every run.
function support.with_fixed_id(bytes, id)
  local pattern = id:gsub("%-", "%%-")
  if bytes:sub(1, 1) == "{" then return (bytes:gsub(pattern, "fuzz", 1)) end
  local length = string.unpack("<I8", bytes)
  local header = bytes:sub(9, 8 + length):gsub(pattern, "fuzz", 1)
  return support.safetensors(header .. "\n" .. bytes:sub(9 + length))
end

return support
