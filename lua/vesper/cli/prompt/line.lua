-- Lines from a terminal: with editing, history and completion where lua-readline is installed
-- (Debian: lua-readline; it is GPL, so vesper uses it where it is found and never requires it),
-- plain ones elsewhere.
--
--   reader:read(prompt)   the line; nil at the end of the input; false after Ctrl-C
--
-- Of lua-readline the callbacks are used: while they wait, Ctrl-C belongs to this program.
local core = require "vesper.core"

local line = {}

local KEPT = 2000 -- lines of the history

-- ---- plain --------------------------------------------------------------------------------------

local Plain = {}
Plain.__index = Plain

function Plain.read(_, prompt)
  io.write(prompt)
  io.flush()
  if not core._wait_input() then
    core._take_interrupt()
    io.write "\n"
    return false
  end
  return io.read "l"
end

function Plain.remember() end

-- ---- history ------------------------------------------------------------------------------------

local function quoted(path) return "'" .. path:gsub("'", "'\\''") .. "'" end

--- The file of the history, in the user's state folder; nil without a home.
function line.history_path()
  local state, home = os.getenv "XDG_STATE_HOME", os.getenv "HOME"
  if state and state:sub(1, 1) == "/" then return state .. "/vesper/history" end
  return home and home ~= "" and home .. "/.local/state/vesper/history" or nil
end

local function read_lines(path)
  local lines, file <close> = {}, io.open(path, "r")
  if file then
    for text in file:lines() do lines[#lines + 1] = text end
  end
  return lines
end

-- The file, opened for more lines; nil where there can be none.
local function open_history(path)
  local file = io.open(path, "a")
  if file then return file end
  os.execute(("umask 077; mkdir -p %s 2>/dev/null"):format(quoted(path:match "^(.*)/")))
  return io.open(path, "a")
end

-- The lines of earlier sessions and the file that gets those of this one. A file that became long
-- is cut to half of what may be kept.
local function load_history(path)
  local lines = read_lines(path)
  if #lines > KEPT then
    lines = table.move(lines, #lines - KEPT // 2 + 1, #lines, 1, {})
    require "vesper.util.file".write(path, table.concat(lines, "\n") .. "\n")
  end
  return lines, open_history(path)
end

-- ---- pasted text -------------------------------------------------------------------------------

-- Whether a line can only continue the one before it: no statement begins so.
local function continues(text)
  if text:match "^%s*::" then return false end
  return text:match "^%s*[]:.,=+*/%%^<>)}]" or text:match "^%s*and%f[^%w_]"
    or text:match "^%s*or%f[^%w_]"
end

--- The lines of a text that was pasted as a whole; a line that continues the one before it, such as
--- `:sum()`, is joined to it.
function line.split(text)
  local list = {}
  for part in (text .. "\n"):gmatch "(.-)\n" do
    if #list > 0 and continues(part) then
      list[#list] = list[#list] .. "\n" .. part
    else
      list[#list + 1] = part
    end
  end
  return list
end

-- ---- lua-readline -------------------------------------------------------------------------------

local Edited = {}
Edited.__index = Edited

-- handler_remove is only called by the handler: elsewhere lua-readline 3.2 uses a stream that it
-- has closed. After Ctrl-C the next handler replaces this one.
function Edited:read(prompt)
  local rl, done, text = self.rl, false, nil
  rl.handler_install(prompt, function(got)
    done, text = true, got
    rl.handler_remove()
  end)
  while not done do
    if core._wait_input() then
      rl.read_char()
    else
      core._take_interrupt()
      if rl.sigcleanup then rl.sigcleanup() end
      io.write "^C\n"
      return false
    end
  end
  return text
end

--- Adds a line to the history.
function Edited:remember(text)
  for part in text:gmatch "[^\n]+" do
    if part:find "%S" and part ~= self.last then
      self.last = part
      self.rl.add_history(part)
      if self.file then
        self.file:write(part, "\n")
        self.file:flush()
      end
    end
  end
end

-- lua-readline where it is and can do what is needed.
local function find_readline()
  local term = os.getenv "TERM"
  if term == nil or term == "dumb" then return nil end
  local ok, rl = pcall(require, "readline")
  if not ok or type(rl) ~= "table" then return nil end
  for _, name in ipairs {"handler_install", "handler_remove", "read_char", "add_history",
      "set_options", "set_complete_function", "set_completion_append_character"} do
    if type(rl[name]) ~= "function" then return nil end
  end
  return rl
end

-- complete(text, from, to): a list for what stands at text:sub(from, to). An error there must not
-- pass through the C code of readline.
local function set_completion(rl, complete)
  rl.set_complete_function(function(text, from, to)
    rl.set_completion_append_character ""
    local ok, list = pcall(complete, text, from, to)
    return ok and list or {}
  end)
end

--- A reader of lines, and whether it can edit them.
function line.reader(complete)
  local rl = find_readline()
  if not rl then return setmetatable({}, Plain), false end
  rl.set_options {histfile = "", auto_add = false, completion = true}
  if rl.set_readline_name then rl.set_readline_name "vesper" end
  set_completion(rl, complete)
  local path, lines, file = line.history_path(), {}, nil
  if path then lines, file = load_history(path) end
  for _, text in ipairs(lines) do rl.add_history(text) end
  return setmetatable({rl = rl, file = file, last = lines[#lines]}, Edited), true
end

return line
