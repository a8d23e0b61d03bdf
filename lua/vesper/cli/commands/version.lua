-- vesper version: what runs here.  It loads the C module alone.
local options = require "vesper.cli.options"

local what = {
  name = "version",
  about = "Prints vesper's version, the instruction set in use, the number of threads, the "
    .. "libraries, and where vesper lies.",
  options = {options.JSON},
}

local LIBRARIES = {"openblas", "hdf5", "jansson", "utf8proc", "expat", "jpeg", "z"}

-- The names of the mapped libraries that compute or read files, with the versions in their names.
local function libraries()
  local found, names = {}, {}
  local maps <close> = io.open "/proc/self/maps"
  if not maps then return names end
  for line in maps:lines() do
    local path = line:match "%s(/.*)$" or ""
    local base = path:match "([^/]*)$"
    for _, name in ipairs(LIBRARIES) do
      if base:match("^lib" .. name .. "[%w_]*[-.][%d.]*") and base:find(".so", 1, true) then
        found[name] = path
      end
    end
  end
  for name in pairs(found) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = {name = name, path = found[name]} end
  return names
end

function what.run(o)
  local core = require "vesper.core"
  local build, list = core.build, libraries()
  local folder = package.searchpath("vesper.core", package.cpath)
  local facts = {version = build.version, real = build.real, isa = build.isa, jpeg = build.jpeg,
    threads = core.get_num_threads(), lua = _VERSION, core = folder,
    libraries = core.io.array(list)}
  if o.json then return print(core.io.json_encode(facts, {indent = 1})) end
  print("vesper " .. facts.version)
  local lines = {{"processor", facts.isa .. (build.real == "float" and "" or ", double precision")},
    {"threads", facts.threads}, {"lua", facts.lua}, {"jpeg", facts.jpeg}, {"module", folder}}
  for _, library in ipairs(list) do lines[#lines + 1] = {library.name, library.path} end
  for _, line in ipairs(lines) do print(("  %-10s %s"):format(line[1], line[2])) end
end

return what
