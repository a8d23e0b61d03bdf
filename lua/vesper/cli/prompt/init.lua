-- The prompt of vesper. At a terminal inputs are read with editing, history and completion; input
-- that is no terminal is run line by line, as `lua -i` does, without prompts.
--
-- chunk.lua makes inputs of lines, session.lua runs them, show.lua prints results, complete.lua
-- answers Tab, help.lua answers `?`, line.lua reads lines, draw.lua has show().
local core = require "vesper.core"
local Session = require "vesper.cli.prompt.session"
local failure = require "vesper.util.failure"
local line = require "vesper.cli.prompt.line"

local FAILED = 1
local READLINE = "editing and Tab need lua-readline: sudo apt-get install lua-readline"

local function write(text)
  io.stdout:write(text)
  io.stdout:flush()
end

local function complain(text)
  io.stdout:flush()
  io.stderr:write(text)
end

-- Words that end a session where they are no variables.
local function is_farewell(text, session)
  local word = text:match "^%s*(%a+)%s*%(?%s*%)?%s*$"
  return (word == "exit" or word == "quit") and session.environment[word] == nil
end

-- Reads lines until they are an input, and runs it. Returns false at the end.
local function step(session, read)
  local text = read("> ", "")
  if text == nil then return false end
  if text == false or not text:find "%S" then return true end
  if text:match "^%s*%?" then
    session:protected(require "vesper.cli.prompt.help".answer, text, session.environment)
    return true
  end
  if is_farewell(text, session) then return false end
  while session:run(text) == "more" do
    local more = read("... ", text)
    if more == nil then session:refuse(text) end
    if not more then return more ~= nil end
    text = text .. "\n" .. more
  end
  return true
end

-- Runs inputs until there are no more. A Ctrl-C between two inputs must not end the session either;
-- any other error here means that there is nothing to read from.
local function all(session, read)
  local ok, more
  repeat
    ok, more = pcall(step, session, read)
    if not ok and not failure.is_pressed(more) then
      complain(("vesper: %s\n"):format(failure.text(more)))
      session.failed, more = true, false
    end
  until not more
  core._catch_interrupt "off"
  session:finish()
end

local function at_terminal(session)
  local pending, lines = "", {}
  session.echo = "\n"
  local reader, edits = line.reader(function(text, from, to)
    return require "vesper.cli.prompt.complete"(text, from, to, pending, session.environment)
  end)
  write(("vesper %s, %s, %s, %d threads. ? is help, Ctrl-D ends.\n"):format(core.build.version,
    _VERSION, core.build.isa, core.get_num_threads()))
  if not edits then write(READLINE .. "\n") end
  all(session, function(prompt, before)
    core._catch_interrupt "waiting"
    pending = before
    if session.stopped then lines, session.stopped = {}, false end
    if #lines == 0 then
      local text = reader:read(prompt)
      core._catch_interrupt "session"
      if not text then return text end
      reader:remember(text)
      lines = line.split(text)
    end
    core._catch_interrupt "session"
    return table.remove(lines, 1)
  end)
  return 0
end

-- Ctrl-C ends the program while it waits for input, and stops what is running otherwise.
local function from_pipe(session)
  all(session, function()
    core._catch_interrupt "off"
    local text = io.read "l"
    core._catch_interrupt "session"
    return text
  end)
  return session.failed and FAILED or 0
end

--- Runs a session; returns the exit status.
return function()
  local session = Session.new(write, complain)
  if core.is_terminal(0) then return at_terminal(session) end
  return from_pipe(session)
end
