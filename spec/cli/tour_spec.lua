-- docs/prompt.md: the sessions that it shows (```console) answer as it says. A page is one session.
local process = require "spec.support.process"
local temp = require "spec.support.temp"

-- What is typed on the page, and what it shows below: the lines without prompts.
local function transcript(page)
  local typed, shown, inside = {}, {}, false
  for line in io.lines(page) do
    local fence = line:match "^```(.*)$"
    if fence then
      inside = not inside and fence == "console"
    elseif inside then
      local input = line:match "^> (.*)$" or line:match "^%.%.%. (.*)$"
      table.insert(input and typed or shown, input or line)
    end
  end
  return table.concat(typed, "\n") .. "\n", table.concat(shown, "\n") .. "\n"
end

describe("the tour of the prompt", function()
  teardown(temp.remove)

  it("shows what a session shows", function()
    local typed, shown = transcript "docs/prompt.md"
    local path = temp.write(temp.folder() .. "/typed", typed)
    local _, said = process.run("lua5.4 bin/vesper < " .. path .. " 2>&1")
    assert.equal(shown, said)
  end)
end)
