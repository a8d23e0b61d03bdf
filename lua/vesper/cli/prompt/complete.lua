-- What Tab offers: names, fields and methods, options inside `{` of a documented function, file
-- names inside quotes, names of help behind `?`.
--
-- Looks at the words in front of the cursor. Values are found by names, fields and constant indices
-- only: nothing is called.
local lexer = require "vesper.cli.prompt.lexer"
local members = require "vesper.cli.prompt.members"

local function starts(name, with) return name:sub(1, #with) == with end

local function is_sign(token, ...)
  if not token or token.kind ~= "sign" then return false end
  for i = 1, select("#", ...) do
    if token.text == select(i, ...) then return true end
  end
  return false
end

-- ---- values in front of the cursor --------------------------------------------------------------

local CONSTANT = {["true"] = true, ["false"] = false}

-- The value of a constant index: x[1], x["name"].
local function constant(token)
  if token.kind == "number" then return tonumber(token.text) end
  if token.kind == "string" and not token.text:find "\\" then return token.text:match "^.(.*).$" end
  return CONSTANT[token.text]
end

local function index(value, key)
  local ok, found = pcall(function() return value[key] end)
  if ok then return found end
end

-- The value of the names and indices that end with tokens[i]; and the position of the first.
local function value_at(tokens, i, environment)
  local token = tokens[i]
  if not token then return nil end
  if token.kind == "name" then
    if is_sign(tokens[i - 1], ".", ":") then
      local owner, first = value_at(tokens, i - 2, environment)
      if owner == nil then return nil end
      return index(owner, token.text), first
    end
    return environment[token.text], i
  elseif is_sign(token, "]") and tokens[i - 1] and is_sign(tokens[i - 2], "[") then
    local key = constant(tokens[i - 1])
    local owner, first = value_at(tokens, i - 3, environment)
    if key == nil or owner == nil then return nil end
    return index(owner, key), first
  end
end

-- ---- options ------------------------------------------------------------------------------------

local OPENS, CLOSES = {["("] = true, ["{"] = true, ["["] = true},
  {[")"] = true, ["}"] = true, ["]"] = true}

-- The position of the innermost bracket that is open behind tokens[from].
local function open_bracket(tokens, from)
  local depth = 0
  for i = from, 1, -1 do
    local token = tokens[i]
    if token.kind == "sign" and CLOSES[token.text] then
      depth = depth + 1
    elseif token.kind == "sign" and OPENS[token.text] then
      if depth == 0 then return i end
      depth = depth - 1
    end
  end
end

-- What the table that opens at `brace` is an argument of: f{ or f(a, {.
local function called(tokens, brace, environment)
  local before = brace - 1
  if is_sign(tokens[before], "(", ",") then
    before = (open_bracket(tokens, before) or 0)
    if not is_sign(tokens[before], "(") then return nil end
    before = before - 1
  end
  return (value_at(tokens, before, environment))
end

-- The options of the documented function whose table of options ends with tokens[last].
local function options_at(tokens, last, environment)
  if not is_sign(tokens[last], "{", ",", ";") then return nil end
  local brace = open_bracket(tokens, last)
  if not is_sign(tokens[brace], "{") then return nil end
  local fn = called(tokens, brace, environment)
  local names = fn ~= nil and members.options(fn)
  if not names then return nil end
  local given = {}
  for i = brace + 1, last do
    local token = tokens[i]
    if token.kind == "name" and is_sign(tokens[i + 1], "=") then given[token.text] = true end
  end
  local list = {}
  for _, name in ipairs(names) do
    if not given[name] then list[#list + 1] = name .. " = " end
  end
  return list
end

-- ---- files --------------------------------------------------------------------------------------

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- The entries of a folder, folders with a slash behind them.
local function entries_of(folder)
  local list, pipe = {}, io.popen("ls -Ap " .. quoted(folder) .. " 2>/dev/null")
  if not pipe then return list end
  for name in pipe:lines() do list[#list + 1] = name end
  pipe:close()
  return list
end

-- Completions of a path. The contents of a folder that is the only one: the line editor closes the
-- quote behind a single candidate.
local function files(path)
  local folder, name = path:match "^(.*/)([^/]*)$"
  if not folder then folder, name = "", path end
  local list = {}
  for _, entry in ipairs(entries_of(starts(folder, "/") and folder or "./" .. folder)) do
    local hidden = starts(entry, ".") and not starts(name, ".")
    if starts(entry, name) and not hidden then list[#list + 1] = folder .. entry end
  end
  if #list ~= 1 or list[1]:sub(-1) ~= "/" then return list end
  local inside = files(list[1])
  return #inside > 0 and inside or list
end

-- ---- names --------------------------------------------------------------------------------------

local function names(environment)
  local list, seen = {}, {}
  local function add(name)
    if type(name) == "string" and not seen[name] and name:match "^[%a_][%w_]*$" then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  for name in pairs(environment) do add(name) end
  for name in pairs(require "vesper.cli.prompt.session".ON_DEMAND) do add(name) end
  for name in pairs(_G) do add(name) end
  for name in pairs(lexer.keywords) do add(name) end
  return list
end

-- The candidates that begin with `with`, each behind `before`; names with "_" only where asked for.
local function matching(list, with, before)
  local found = {}
  for _, name in ipairs(list) do
    if starts(name, with) and (with ~= "" or name:sub(1, 1) ~= "_") then
      found[#found + 1] = before .. name
    end
  end
  table.sort(found)
  return found
end

-- ---- the word at the cursor ---------------------------------------------------------------------

-- Candidates for the text up to the cursor, and where they begin in it.
local function candidates(text, environment)
  local marks, word = text:match "^%s*(%?+)%s*([%w_.:]*)$"
  if marks then return matching(members.documented(), word, ""), #text - #word + 1 end
  local tokens = lexer.tokens(text)
  local last = tokens[#tokens]
  if last and last.open then
    if last.kind ~= "string" or not last.text:match "^[\"']" then return {}, #text + 1 end
    return files(last.text:sub(2)), last.first + 1
  elseif last and last.kind == "comment" and last.last == #text then
    return {}, #text + 1
  end
  local at_word = last and last.last == #text and (last.kind == "name" or last.kind == "keyword")
  local partial, i, from = "", #tokens, #text + 1
  if at_word then partial, i, from = last.text, i - 1, last.first end
  local before = tokens[i]
  if is_sign(before, ".", ":") then
    local owner, first = value_at(tokens, i - 1, environment)
    if owner == nil then return {}, from end
    local start = tokens[first].first
    local list = members.of(owner, before.text == ":")
    return matching(list, partial, text:sub(start, from - 1)), start
  end
  local options = options_at(tokens, i, environment)
  if options then
    local found = matching(options, partial, "")
    if #found > 0 then return found, from end
  end
  if partial == "" then return {}, from end
  return matching(names(environment), partial, ""), from
end

--- What may stand for line:sub(from, to), where the word at the cursor begins at `from` for the
-- line editor. pending: the lines of the input that came before.
return function(line, from, to, pending, environment)
  local before = pending == "" and "" or pending .. "\n"
  local list, start = candidates(before .. line:sub(1, to), environment)
  start = start - #before
  local found = {}
  for i, candidate in ipairs(list) do
    if start <= from then
      found[i] = candidate:sub(from - start + 1) -- the editor's word begins later
    else
      found[i] = line:sub(from, start - 1) .. candidate
    end
  end
  return found
end
