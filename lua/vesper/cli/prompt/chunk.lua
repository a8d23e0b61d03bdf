-- Input as chunks whose `local`s stay known.
--
-- In Lua a local variable ends with its chunk, and at a prompt each input is a chunk. So the word
-- `local` is taken out where it stands in no block: the names become fields of the session's
-- environment. Functions of earlier inputs see later assignments. `local` in blocks and functions
-- stays. The text is only cut, so that the numbers of lines stay.
--
--   local x = 1             ;x = 1
--   local x, y              ;x, y = nil
--   local x, x = 1, 2       ;({})._, x = 1, 2   the last one gets its value, as in Lua
--   local x <const> = 1     ;x = 1       it may be assigned again in a later input
--   local x <close> = f()   ;x = f()     the session closes it: see session.lua
--   local function f() end  ;function f() end
local lexer = require "vesper.cli.prompt.lexer"

local chunk = {}

-- What opens a block that `end` or `until` closes. The `do` of a loop opens that of `for` and
-- `while`.
local DEPTH = {["do"] = 1, ["if"] = 1, ["function"] = 1, ["repeat"] = 1, ["end"] = -1,
  ["until"] = -1}

local function words_of(text)
  local list = {}
  for _, token in ipairs(lexer.tokens(text)) do
    if token.kind ~= "comment" then list[#list + 1] = token end
  end
  return list
end

-- A piece of text to be replaced by another one.
local function edit(edits, first, last, with)
  edits[#edits + 1] = {first = first, last = last, with = with}
end

local function apply(text, edits)
  local parts, at = {}, 1
  table.sort(edits, function(a, b)
    if a.first == b.first then return a.last < b.last end
    return a.first < b.first
  end)
  for _, e in ipairs(edits) do
    parts[#parts + 1] = text:sub(at, e.first - 1)
    parts[#parts + 1] = e.with
    at = e.last + 1
  end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts)
end

-- Takes the earlier ones of equal names out of a declaration, whose names are the tokens `names`:
-- the order of a multiple assignment is undefined.
local function drop_duplicates(names, edits)
  local last = {}
  for i, name in ipairs(names) do last[name.text] = i end
  for i, name in ipairs(names) do
    if last[name.text] ~= i then edit(edits, name.first, name.last, "({})._") end
  end
end

-- The names of `local a <const>, b = ...`, whose first one is words[i]. Returns the position behind
-- the names.
local function read_names(words, i, edits, closing)
  local names = {}
  while true do
    local name, last = words[i], words[i]
    names[#names + 1] = name
    if words[i + 1] and words[i + 1].text == "<" then
      last = words[i + 3]
      if words[i + 2].text == "close" then closing[#closing + 1] = name.text end
      edit(edits, words[i + 1].first, last.last, "")
      i = i + 3
    end
    i = i + 1
    if not words[i] or words[i].text ~= "," then
      if not words[i] or words[i].text ~= "=" then
        edit(edits, last.last + 1, last.last, " = nil;")
      end
      drop_duplicates(names, edits)
      return i
    end
    i = i + 1
  end
end

--- The text with the locals of its top level as names of the environment, and the list of those
--- with <close>. The text has to be correct Lua.
function chunk.opened(text)
  local words, edits, closing = words_of(text), {}, {}
  local depth, i = 0, 1
  while i <= #words do
    local word = words[i]
    if word.kind == "keyword" then depth = depth + (DEPTH[word.text] or 0) end
    if depth == 0 and word.kind == "keyword" and word.text == "local" then
      edit(edits, word.first, word.last, ";")
      i = i + 1
      if words[i].text ~= "function" then i = read_names(words, i, edits, closing) end
    else
      i = i + 1
    end
  end
  return apply(text, edits), closing
end

-- Whether more lines may finish the text, by the message of `load`. A string in quotes goes on in
-- the next line behind a backslash only.
local function unfinished(message, text)
  if message:find "unfinished string near <eof>$" then
    return text:find "\\$" or text:find "\\z%s*$"
  end
  return message:sub(-5) == "<eof>"
end

-- An expression as a function. Its value is passed on: with `return f()` the input would not be
-- among the running functions, and errors could not name it.
local function expression(text, name, environment)
  local fn = load("return " .. text, name, "t", environment)
  return fn and load("return (function(...) return ... end)(" .. text .. "\n)", name, "t",
    environment) or fn
end

--- An input as a function: fn, closing, whether it is an expression. nil and "more" for a text that
--- is not finished, nil and a message for one that is wrong.
function chunk.load(text, name, environment)
  local value = expression(text, name, environment)
  if value then return value, {}, true end
  local fn, why = load(text, name, "t", environment)
  if not fn then return nil, unfinished(why, text) and "more" or why end
  local opened, closing = chunk.opened(text)
  if opened ~= text then fn = assert(load(opened, name, "t", environment)) end
  return fn, closing, false
end

return chunk
