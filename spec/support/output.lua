-- The busted output handler of `make test`: prints each failure with its traceback, nothing else.
-- What happens is written, line by line, to the file named by VESPER_JOURNAL, so that
-- spec/support/run.lua can count even when the process dies:
--   test <name> | pass, fail or pending <seconds> <name> | end
local busted = require "busted"

local function one_line(text) return (tostring(text):gsub("%s+", " ")) end

-- The lines of a traceback that belong to the specs or to vesper.
local function own_lines(traceback)
  local kept = {}
  for line in tostring(traceback or ""):gmatch "[^\n]+" do
    local foreign = line:find "busted" or line:find "luassert" or line:find "%[C%]"
    if line:find "^%s" and not foreign then kept[#kept + 1] = "    " .. line:gsub("^%s+", "") end
  end
  return table.concat(kept, "\n")
end

local function message_of(failure)
  if type(failure.message) == "string" then return failure.message end
  return failure.message == nil and "nil error" or require "pl.pretty".write(failure.message)
end

local function describe(failure)
  local at = failure.element.trace or failure.trace or {}
  local place = at.short_src and ("%s:%s  "):format(at.short_src, at.currentline) or ""
  print("\nFAILED  " .. place .. failure.name)
  print("    " .. message_of(failure):gsub("\n", "\n    "))
  local trace = own_lines(failure.trace and failure.trace.traceback)
  if trace ~= "" then print(trace) end
end

return function()
  local handler = require "busted.outputHandlers.base"()
  local path = os.getenv "VESPER_JOURNAL"
  local journal = path and assert(io.open(path, "a"))
  local begun = 0

  local function note(...)
    if not journal then return end
    journal:write(table.concat({...}, " "), "\n")
    journal:flush()
  end

  function handler.testStart(element)
    note("test", one_line(handler.getFullName(element)))
    begun = require "system".monotime()
    return nil, true
  end

  function handler.testEnd(element, _, status)
    local seconds = require "system".monotime() - begun
    local word = status == "success" and "pass" or status == "pending" and "pending" or "fail"
    note(word, ("%.3f"):format(seconds), one_line(handler.getFullName(element)))
    return nil, true
  end

  -- What went wrong in a test, or outside one: a spec that does not load, a failing setup.
  function handler.wrong(element, parent, message, debug)
    if element.descriptor ~= "it" then
      note("fail", "0", one_line((element.name or element.descriptor) .. ": " .. tostring(message)))
    end
    describe(handler.format(element, parent, message, debug))
    io.flush()
    return nil, true
  end

  function handler.suiteEnd()
    note "end"
    return nil, true
  end

  busted.subscribe({"test", "start"}, handler.testStart)
  busted.subscribe({"test", "end"}, handler.testEnd)
  busted.subscribe({"error"}, handler.wrong)
  busted.subscribe({"failure"}, handler.wrong)
  busted.subscribe({"suite", "end"}, handler.suiteEnd)
  return handler
end
