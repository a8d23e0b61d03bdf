-- The program vesper as it lies in the tree, run as another process.
local run = require "spec.support.process".run

local shell = {}

local function quoted(word) return "'" .. tostring(word):gsub("'", "'\\''") .. "'" end

--- The exit status, what was written to stdout, and what to stderr.  before: shell code in front.
function shell.vesper(words, before)
  for i, word in ipairs(words) do words[i] = quoted(word) end
  local err = os.tmpname()
  local _, out, status = run(("%s lua5.4 bin/vesper %s 2>%s"):format(before or "",
    table.concat(words, " "), quoted(err)))
  local handle = assert(io.open(err, "rb"))
  local said = handle:read "a"
  handle:close()
  os.remove(err)
  return status, out, said
end

--- stdout of a command that must succeed.
function shell.ok(...)
  local status, out, err = shell.vesper {...}
  assert(status == 0, ("status %s\n%s%s"):format(status, out, err))
  return out, err
end

--- A command that must end with this status, nothing on stdout and a message with `want`.
function shell.refuses(status, want, ...)
  local got, out, err = shell.vesper {...}
  assert(got == status, ("status %s, expected %d\n%s%s"):format(got, status, out, err))
  assert(err:find(want, 1, true), ("'%s' is not in\n%s"):format(want, err))
  assert(not err:find("traceback", 1, true), err)
  return err
end

return shell
