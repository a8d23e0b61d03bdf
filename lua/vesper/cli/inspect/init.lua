-- What a file or folder holds, and what is wrong with it: `vesper inspect`.
--
-- A report is {kind = text, facts = {{name, value}, ...}, rows = {line, ...}, notes = {text, ...},
-- faults = {text, ...}}.  A note is for the reader to judge, a fault makes the file or folder unfit
-- for use.  A value is a string, a number, or a table {name = number}.
local files = require "vesper.cli.inspect.files"
local folders = require "vesper.cli.inspect.folders"
local inputs = require "vesper.cli.inputs"
local file = require "vesper.util.file"

local inspect = {}

-- The first bytes of a file; or nil and a message.
local function head_of(path)
  local handle <close>, why = io.open(path, "rb")
  if not handle then return nil, why end
  return handle:read(512) or ""
end

-- What the first bytes say, where a name does not decide.
local STARTS = {
  {"\x89HDF\r\n\x1a\n", "h5"}, {"\x93NUMPY", "npy"}, {"\x89PNG", "picture"},
  {"\xff\xd8", "picture"}, {"GIF8", "picture"}, {"BM", "picture"}, {"PK\3\4", "pth"},
  {"\x80[\2\3\4\5]", "pth"},
}
local ENDINGS = {h5 = "h5", hdf5 = "h5", npy = "npy", safetensors = "safetensors", pth = "pth",
  pt = "pth", bin = "bin", txt = "vectors", vec = "vectors", json = "json", csv = "csv",
  tsv = "csv", jpg = "picture", jpeg = "picture", png = "picture", gif = "picture",
  bmp = "picture"}

local function kind_of(path, head)
  for _, start in ipairs(STARTS) do
    if head:find("^" .. start[1]) then return start[2] end
  end
  local by_name = ENDINGS[(path:match "%.(%w+)$" or ""):lower()]
  if by_name == "bin" then return "vectors" end -- what torch.save writes has its own first bytes
  if by_name then return by_name end
  return #head >= 9 and head:byte(9) == 123 and "safetensors" or nil -- {
end

--- The report on a path, or on a pattern of data-set files; o.all: reads every sample of a data
-- set; o.rows: how many first rows. Returns nil and a message for what cannot be opened at all.
function inspect.report(path, o)
  if inputs.is_folder(path) then return folders.report(path, o) end
  if path:find "[*?%[]" and not file.exists(path) then return files.h5(path, o) end
  local head, why = head_of(path)
  if not head then return nil, why end
  local kind = kind_of(path, head)
  if kind then return files[kind](path, o) end
  return nil, path .. ": is none of the files that vesper reads: .h5, .safetensors, .pth, .npy, "
    .. ".json, .csv, word vectors, pictures"
end

return inspect
