-- The words of Lua: names, strings, comments. For chunk.lua, which looks for `local`, and for
-- complete.lua, which gets lines that are not finished. Does not check the syntax.
local lexer = {}

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat
    return then true until while]]):gmatch "%a+" do
  KEYWORDS[word] = true
end

--- The words that cannot be names, {word = true}.
lexer.keywords = KEYWORDS

-- Behind the long bracket that opens at `at` ("[[", "[==["); nil if none opens there, and #text + 1
-- and true if it does not end.
local function long_bracket(text, at)
  local level = text:match("^%[(=*)%[", at)
  if not level then return nil end
  local _, last = text:find("]" .. level .. "]", at + #level + 2, true)
  if not last then return #text + 1, true end
  return last + 1
end

-- Behind the string in quotes that begins at `at`; an unfinished one ends with its line.
local function quoted(text, at)
  local quote, i = text:sub(at, at), at + 1
  while i <= #text do
    local c = text:sub(i, i)
    if c == "\\" then
      local _, blank = text:find("^z%s*", i + 1)
      i = blank and blank + 1 or i + 2
    elseif c == quote then
      return i + 1
    elseif c == "\n" then
      return i, true
    else
      i = i + 1
    end
  end
  return #text + 1, true
end

local function comment(text, at)
  local after, open = long_bracket(text, at + 2)
  if after then return after, open end
  return text:find("\n", at, true) or #text + 1, false
end

local function number(text, at)
  local exponent = text:match("^0[xX]", at) and "pP" or "eE"
  local i = at
  while true do
    if text:match("^[" .. exponent .. "][+-]", i) then
      i = i + 2
    elseif text:match("^[%w_.]", i) then
      i = i + 1
    else
      return i
    end
  end
end

-- Signs of more than one letter, the longest first.
local SIGNS = {"...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"}

local function sign(text, at)
  for _, s in ipairs(SIGNS) do
    if text:sub(at, at + #s - 1) == s then return at + #s end
  end
  return at + 1
end

-- kind, position behind it, whether it is unfinished, of the token at `at`.
local function token_at(text, at)
  local c = text:sub(at, at)
  if c:match "[%a_]" then
    local after = text:match("^[%w_]+()", at)
    return KEYWORDS[text:sub(at, after - 1)] and "keyword" or "name", after
  elseif text:match("^%.?%d", at) then
    return "number", number(text, at)
  elseif c == '"' or c == "'" then
    return "string", quoted(text, at)
  elseif text:match("^%-%-", at) then
    return "comment", comment(text, at)
  end
  local after, open = long_bracket(text, at)
  if after then return "string", after, open end
  return "sign", sign(text, at)
end

--- The tokens of a text, comments among them: {kind =, text =, first =, last =, open =} with kind
--- "name", "keyword", "string", "number", "sign" or "comment"; open: it does not end in the text.
function lexer.tokens(text)
  local list, at = {}, 1
  while true do
    at = text:match("^%s*()", at)
    if at > #text then return list end
    local kind, after, open = token_at(text, at)
    list[#list + 1] = {kind = kind, text = text:sub(at, after - 1), first = at, last = after - 1,
      open = open or false}
    at = after
  end
end

return lexer
