-- Names that look like a name that does not exist: for vs.help, and for the error of x:cuda().
local reference = require "vesper.help.entries"

local near = {}

local MOST = 5

-- Names of PyTorch and numpy that have another form here, or none.
local ELSEWHERE = {
  cuda = "vesper computes on the CPU", cpu = "vesper computes on the CPU",
  device = "vesper computes on the CPU", is_cuda = "vesper computes on the CPU",
  numpy = "x:tolist() gives a table, vs.npy.save writes a file for numpy",
  from_numpy = "vs.npy.load reads a file of numpy, vs.tensor takes a table",
  dim = "x.ndim is the number of dimensions", nelement = "x:numel() is the number of elements",
  T = "x:t() is the transposed matrix", type = "x.dtype is the dtype, x:to(dtype) converts",
  int = "x:to('int32') converts", double = "x:to('float64') converts",
  half = "x:to('bfloat16') converts", data = "x:detach() is the tensor outside the graph",
  DataLoader = "it is data.Loader", ModuleList = "a module's field may be a list of modules",
  ModuleDict = "a module's field may be a table of modules", no_grad_ = "it is vs.no_grad",
}

--- The last part of "data.prepare.folder" or "Tensor:item".
function near.short(name) return name:match "[%w_]+$" end

-- Edit distance (Levenshtein, 1966).
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal
    diagonal, row[0] = row[0], i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#b]
end

-- Changes that a long name may have, fewer for a short one.
local function allowed(wanted) return math.max(1, #wanted // 2) end

local function closest_first(a, b)
  if a[1] ~= b[1] then return a[1] < b[1] end
  return a[2] < b[2]
end

--- Similar names, the most similar first: all that contain `name`, of others as many as there is
--- place for in a list of five.  names: those to choose from, {name in the list = its last part}.
function near.among(name, names)
  local wanted, list = (near.short(name) or name):lower(), {}
  for full, short in pairs(names) do
    short = short:lower()
    local inside = #wanted > 2 and short:find(wanted, 1, true)
    local off = distance(short, wanted)
    if inside then off = math.min(off, 1) end
    if off <= allowed(wanted) then list[#list + 1] = {off, full, inside} end
  end
  table.sort(list, closest_first)
  local found = {}
  for i, entry in ipairs(list) do
    if i <= MOST or entry[3] then found[#found + 1] = entry[2] end
  end
  return found
end

--- The same among the names of all entries.
function near.names(name)
  local names = {}
  for _, e in ipairs(reference.entries()) do names[e.name] = near.short(e.name) end
  return near.among(name, names)
end

--- What to write instead of a name of another library, or nil.
function near.elsewhere(name) return ELSEWHERE[near.short(name) or name] end

--- For the error about a missing method of a tensor: "; did you mean add or add_?", or "".
function near.method(name)
  local methods = {}
  for _, e in ipairs(reference.entries()) do
    local short = e.method or e.name:match "^Tensor[.:](.*)$"
    if short then methods[short] = short end
  end
  local words = ELSEWHERE[name]
  if words then return "; " .. words end
  local found = near.among(name, methods)
  if #found == 0 then return "" end
  return "; did you mean " .. table.concat(found, ", ", 1, math.min(#found, MOST)) .. "?"
end

return near
