-- Searches the texts of help for words: `??early stopping` at the prompt, vs.help "early stopping".
--
-- Words are compared without their endings (stopping, stops: stop). A word that few entries have
-- counts more; in a name it counts twice and more, most where the name has no other words.
local reference = require "vesper.help.entries"
local text = require "vesper.util.text"

local search = {}

local MOST = 12
local WIDTH = 96 -- columns, where the terminal has them
local ENDINGS = {"ings", "ing", "ers", "er", "ed", "es", "s", "e"}

local function stem(word)
  word = word:lower()
  for _, ending in ipairs(ENDINGS) do
    if #word - #ending >= 3 and word:sub(-#ending) == ending then
      word = word:sub(1, -#ending - 1)
      break
    end
  end
  return (word:gsub("([bdfgklmnprt])%1$", "%1"):gsub("our$", "or"))
end

local SMALL = {a = true, an = true, ["and"] = true, by = true, ["for"] = true, from = true,
  how = true, i = true, ["in"] = true, is = true, it = true, of = true, on = true, ["or"] = true,
  the = true, to = true, what = true, with = true}

-- Adds the stems of a text to a set. Names count as a whole and in parts: "BatchNorm2d" has batch
-- and norm.
local function add_stems(set, words, weight)
  for word in words:gmatch "[%w]+" do
    local key = stem(word)
    set[key] = math.max(set[key] or 0, weight)
    for part in word:gmatch "%u%l+" do
      key = stem(part)
      set[key] = math.max(set[key] or 0, weight)
    end
  end
end

local index -- {{entry =, stems = {stem = weight}}, ...}, and how many entries have a stem

local function build()
  local list, count = {}, {}
  for _, e in ipairs(reference.entries()) do
    local stems = {}
    local _, words = e.name:gsub("%w+", "")
    add_stems(stems, e.name, 2 + 2 / words)
    add_stems(stems, e.doc, 1)
    for _, a in ipairs(e.args or {}) do add_stems(stems, a.name, 1) end
    for key in pairs(stems) do count[key] = (count[key] or 0) + 1 end
    list[#list + 1] = {entry = e, stems = stems}
  end
  return {list = list, count = count}
end

--- The entries that have the words, the best first: those with all of them or, where there are
--- none, those with the most. Returns the list and the words that nothing has.
function search.entries(words)
  index = index or build()
  local wanted, missing, found, most = {}, {}, {}, 0
  for word in words:gmatch "[%w]+" do
    local key = stem(word)
    if index.count[key] and not SMALL[word:lower()] then
      wanted[key] = math.log(1 + #index.list / index.count[key])
    elseif not SMALL[word:lower()] then
      missing[#missing + 1] = word
    end
  end
  for i, one in ipairs(index.list) do
    local score, n = 0, 0
    for key, weight in pairs(wanted) do
      if one.stems[key] then score, n = score + weight * one.stems[key], n + 1 end
    end
    if n > 0 then found[#found + 1] = {entry = one.entry, score = score, n = n, at = i} end
    most = math.max(most, n)
  end
  table.sort(found, function(a, b)
    if a.n ~= b.n then return a.n > b.n end
    if a.score ~= b.score then return a.score > b.score end
    return a.at < b.at
  end)
  local list = {}
  for _, one in ipairs(found) do
    if one.n == most then list[#list + 1] = one.entry end
  end
  return list, missing
end

-- The sentence of an entry's text that has the most of the words.
local function sentence_of(doc, words)
  local wanted, best, most = {}, nil, -1
  add_stems(wanted, words, 1)
  for sentence in (doc .. " "):gmatch "(.-[.;])%s" do
    local stems, n = {}, 0
    add_stems(stems, sentence, 1)
    for key in pairs(wanted) do n = n + (stems[key] or 0) end
    if n > most then best, most = sentence, n end
  end
  return best or doc
end

--- What `??words` prints.
function search.text(words)
  local list, missing = search.entries(words)
  if #list == 0 then
    return ("no text of help has '%s'; vs.help() lists all names"):format(words)
  end
  local lines = {}
  for i = 1, math.min(#list, MOST) do
    local e = list[i]
    lines[#lines + 1] = e.name
    lines[#lines + 1] = text.wrap(sentence_of(e.doc, words), text.columns(WIDTH),
      "    ")
  end
  if #list > MOST then lines[#lines + 1] = ("... and %d more"):format(#list - MOST) end
  if #missing > 0 then
    lines[#lines + 1] = ("no text has: %s"):format(table.concat(missing, ", "))
  end
  return table.concat(lines, "\n")
end

return search
