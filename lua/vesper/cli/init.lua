-- The program vesper: which of its ways of use a command line asks for. See bin/vesper.
--
--   vesper                    the prompt; input that is no terminal is run line by line
--   vesper -e CODE            runs Lua code, with `vs` set
--   vesper COMMAND ...        a file of cli/commands
--   vesper SCRIPT ...         runs a Lua file; `arg` is as `lua` sets it
--
-- The exit status is 0, 1 (failed: a message on standard error), 2 (misused) or 130 (Ctrl-C).
local core = require "vesper.core"
local names = require "vesper.cli.commands"
local program = require "vesper.cli.program"
local command = require "vesper.util.command"
local failure = require "vesper.util.failure"
local text = require "vesper.util.text"
local warnings = require "vesper.util.warn"

local cli = {}

local FAILED, MISUSED, INTERRUPTED = 1, 2, 130

local function complain(...)
  io.stderr:write("vesper: ", ...)
  io.stderr:write "\n"
end

-- ---- messages -----------------------------------------------------------------------------------

-- The exit status after an error, which is said.
local function failed(value)
  if failure.is_pressed(value) then
    complain "interrupted"
    return INTERRUPTED
  end
  complain(failure.text(value))
  return FAILED
end

local own_folder = debug.getinfo(1, "S").source:match "^@(.*)cli/init%.lua$"

-- Whether a running function is a Lua function that is neither the library's nor this program's.
local function is_users(info)
  local source = info.source
  return info.currentline > 0 and source:sub(2, 1 + #own_folder) ~= own_folder
    and not source:match "bin/vesper$"
end

-- An error of a script with the lines of the user's files that led to it, the innermost first. The
-- message has the first of them.
local function with_places(value)
  if type(value) ~= "string" or failure.is_pressed(value) then return value end
  local lines, first = {value}, nil
  for level = 2, 200 do
    local info = debug.getinfo(level, "Sl")
    if not info then break end
    if is_users(info) then
      local place = ("%s:%d"):format(info.short_src, info.currentline)
      first = first or place
      if place ~= first and #lines < 12 then lines[#lines + 1] = "  from " .. place end
    end
  end
  return table.concat(lines, "\n")
end

-- ---- scripts ------------------------------------------------------------------------------------

-- Runs a chunk of the user's as `lua` does.
local function run_chunk(fn, why, ...)
  if not fn then
    complain(why)
    return FAILED
  end
  core._catch_interrupt "script"
  local ok, why_not = xpcall(fn, with_places, ...)
  core._catch_interrupt "off"
  core._take_interrupt()
  return ok and 0 or failed(why_not)
end

-- `arg` as `lua` sets it: the script at 0, its arguments from 1, what stands before it below 0.
local function set_arguments(words, script)
  local shifted = {}
  for i, word in pairs(words) do
    if math.type(i) == "integer" then shifted[i - script] = word end
  end
  _G.arg = shifted
  return table.unpack(shifted, 1, #words - script)
end

local function run_script(words, at)
  local path = words[at]
  local fn, why = loadfile(path ~= "-" and path or nil)
  return run_chunk(fn, why, set_arguments(words, at))
end

local function run_code(words)
  local code = words[2]
  if not code then
    complain "-e needs Lua code"
    return MISUSED
  end
  local session = require "vesper.cli.prompt.session".new()
  local fn, why = load(code, "=(command line)", "t", session.environment)
  return run_chunk(fn, why, set_arguments(words, 2))
end

-- ---- commands -----------------------------------------------------------------------------------

local function is_command(word)
  for _, name in ipairs(names) do
    if name == word then return true end
  end
  return false
end

local function run_command(words)
  warnings.placed = false
  core._catch_interrupt "script"
  local status = command.run(words, program)
  core._catch_interrupt "off"
  core._take_interrupt()
  return status
end

-- ---- help ---------------------------------------------------------------------------------------

local USAGE = [[
usage: vesper                     the prompt
       vesper SCRIPT [ARGUMENT ...]
       vesper -e CODE
       vesper COMMAND [ARGUMENT ...]
       vesper --help, --version

Commands (vesper COMMAND --help documents one):
]]

local function print_help()
  io.write(USAGE)
  local width = 0
  for _, name in ipairs(names) do width = math.max(width, #name) end
  local indent = (" "):rep(width + 4)
  for _, name in ipairs(names) do
    local about = require("vesper.cli.commands." .. name).about:match "^.-%.%f[%s\0]" or ""
    local lines = text.wrap(about, text.columns(96), indent):sub(#indent + 1)
    io.write(("  %-" .. width .. "s  %s\n"):format(name, lines))
  end
  return 0
end

local function is_file(path)
  local file <close> = io.open(path, "rb")
  return file ~= nil
end

local function unknown(word)
  local known = {}
  for _, name in ipairs(names) do known[name] = name end
  local near = require "vesper.help.near".among(word, known)
  local hint = near[1] and ("did you mean %s? "):format(near[1]) or ""
  complain(("'%s' is not a command and not a file; %svesper --help lists the commands"):format(word,
    hint))
  return MISUSED
end

-- Does what the words of a command line say; returns the exit status.
local function run(words)
  local first = words[1]
  if first == nil then return require "vesper.cli.prompt"() end
  if first == "--help" or first == "-h" then return print_help() end
  if first == "--version" or first == "-v" then return run_command {"version"} end
  if first == "-e" then return run_code(words) end
  if is_command(first) then return run_command(words) end
  if first == "-" or is_file(first) then return run_script(words, 1) end
  return unknown(first)
end

--- Does what the words of a command line say; returns the exit status.
function cli.main(words)
  local status = run(words)
  local is_open = io.type(io.stdout) == "file" -- a script may have closed it
  if not is_open or core._flush_output() then return status end
  complain "standard output could not be written"
  return status == 0 and FAILED or status
end

return cli
