-- vs.tensorboard: event files for TensorBoard, with the names of PyTorch's SummaryWriter.
--
--   local writer = assert(vs.tensorboard.SummaryWriter("runs/a"))
--   writer:add_scalar("train/loss", loss:item(), step)
--   writer:close()
--
-- A file is a sequence of records {u64 length, u32 checksum of length, data, u32 checksum of data},
-- little-endian; data is one Event encoded by protobuf; checksums are masked CRC-32C.  If the
-- process dies, at most the last record is truncated; readers skip it.  Only scalars and images.
local core = require "vesper.core"
local check = require "vesper.util.check"
local file_util = require "vesper.util.file"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local SummaryWriter = {}
SummaryWriter.__index = SummaryWriter
SummaryWriter.__name = "SummaryWriter"

-- ---- records ------------------------------------------------------------------------------------

-- The record format masks the CRC, because data may contain its own CRC.
local function masked(crc) return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF end

local function record(data)
  local length = string.pack("<I8", #data)
  return length .. string.pack("<I4", masked(core._crc32c(length))) .. data
    .. string.pack("<I4", masked(core._crc32c(data)))
end

-- ---- protobuf -----------------------------------------------------------------------------------
-- A field is one varint of its number and wire type (0 varint, 1 eight bytes, 2 length-delimited,
-- 5 four bytes), then the value.

local function varint(n)
  local bytes = {}
  repeat
    local rest = n >> 7
    bytes[#bytes + 1] = string.char(rest ~= 0 and n & 0x7F | 0x80 or n & 0x7F)
    n = rest
  until n == 0
  return table.concat(bytes)
end

-- protobuf omits fields whose value is 0.
local function whole(field, n) return n == 0 and "" or varint(field << 3) .. varint(n) end
local function double(field, x) return varint(field << 3 | 1) .. string.pack("<d", x) end
local function single(field, x) return varint(field << 3 | 5) .. string.pack("<f", x) end
local function counted(field, s) return varint(field << 3 | 2) .. varint(#s) .. s end

local began = os.time() - core.now() -- wall time at 0 of the clock core.now()

-- Event: 1 wall_time, 2 step, then one of 3 file_version, 5 summary, 7 session_log.
local function event(step, what)
  return record(double(1, began + core.now()) .. whole(2, step) .. what)
end

-- Summary: 1 value {1 tag, and 2 simple_value or 4 image}.
local function summary(tag, value) return counted(5, counted(1, counted(1, tag) .. value)) end

-- ---- the writer ---------------------------------------------------------------------------------

local function fail(...) check.fail("SummaryWriter", ...) end

-- Opens a new file whose name sorts after those of earlier seconds: TensorBoard reads the files of
-- a folder in the order of their names.
local function new_file(folder)
  local second = os.time()
  for n = 0, 9999 do
    local path = ("%s/events.out.tfevents.%010d.vesper.%04d"):format(folder, second, n)
    if not file_util.exists(path) then return io.open(path, "wb") end
  end
  return nil, folder .. ": too many event files in one second"
end

local function new(folder, given)
  if type(folder) ~= "string" or folder == "" then
    fail("folder is %s, expected the name of a folder", text.value(folder))
  end
  local o = options.read("SummaryWriter", given, {flush_secs = 120},
    {flush_secs = "number", purge_step = "integer"})
  local self = setmetatable({folder = folder, flush_secs = o.flush_secs,
    purge_step = o.purge_step, flushed = core.now()}, SummaryWriter)
  local made, why = core._folder_make(folder)
  if not made then return nil, why end
  local file, message = new_file(folder)
  if not file then return nil, message end
  self.file = file
  local step = self.purge_step or 0
  local ok, failed = self:_write(event(step, counted(3, "brain.Event:2")))
  if ok and self.purge_step then -- SessionLog: 1 status, START = 1
    ok, failed = self:_write(event(step, counted(7, whole(1, 1))))
  end
  if ok then ok, failed = self:flush() end
  if not ok then return nil, failed end
  return self
end

function SummaryWriter:__tostring() return "SummaryWriter " .. (self.folder or self.path or "") end

function SummaryWriter:_write(bytes)
  if not self.file then fail "the writer is closed" end
  local ok, why = self.file:write(bytes)
  if not ok then return nil, why end
  if core.now() - self.flushed >= self.flush_secs then return self:flush() end
  return true
end

local function check_point(tag, step)
  if type(tag) ~= "string" then fail("tag is %s, expected a string", text.value(tag)) end
  if math.type(step) ~= "integer" then
    fail("step of '%s' is %s, expected an integer", tag, text.value(step))
  end
end

--- Adds a number, or a tensor of one element, to the curve `tag`.  Tags like "train/loss" are shown
-- in groups.  Returns true, or nil and a message.
function SummaryWriter:add_scalar(tag, value, step)
  check_point(tag, step)
  if core.is_tensor(value) then value = value:item() end
  if type(value) ~= "number" then
    fail("value of '%s' is %s, expected a number", tag, text.value(value))
  end
  return self:_write(event(step, summary(tag, single(2, value))))
end

--- Adds an image uint8 [C,H,W] (C = 1 grey, 3 RGB, 4 RGBA) or [H,W].  Returns true, or nil and a
-- message.
function SummaryWriter:add_image(tag, picture, step)
  check_point(tag, step)
  local png = core.image.encode(picture, "png")
  local height, width = picture:size(-2), picture:size(-1)
  local channels = picture.ndim == 3 and #picture or 1
  local image = whole(1, height) .. whole(2, width) .. whole(3, channels) .. counted(4, png)
  return self:_write(event(step, summary(tag, counted(4, image))))
end

--- Writes the added data to the file, so that TensorBoard sees it; also done every flush_secs
-- seconds and by close.  Returns true, or nil and a message.
function SummaryWriter:flush()
  if not self.file then fail "the writer is closed" end
  self.flushed = core.now()
  local ok, why = self.file:flush()
  if not ok then return nil, why end
  return true
end

--- Closes the file; a second call does nothing.  Returns true, or nil and a message.
function SummaryWriter:close()
  local file = self.file
  self.file = nil
  if not file then return true end
  local ok, why = file:close()
  if not ok then return nil, why end
  return true
end

SummaryWriter.__close = SummaryWriter.close

--- SummaryWriter(folder, options): writes a new event file in `folder`, which is created if
-- necessary; or returns nil and a message.  Options: flush_secs = 120; purge_step = n: TensorBoard
-- discards the data of earlier files of the folder from step n on, for a run that resumes.
setmetatable(SummaryWriter, {__call = function(_, ...) return new(...) end})

return {SummaryWriter = SummaryWriter, _crc32c = core._crc32c}
