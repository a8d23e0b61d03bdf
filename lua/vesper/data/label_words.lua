-- Takes the words of a label out of captions, so that the text does not state the label.
--
-- Words are compared without case, in the singular, and joined to the words beside them: the label
-- "T-Shirts" is found in "tshirt", "T-shirts" and "t shirt".  No dictionary is used: other forms
-- and synonyms stay ("navy" for "Blue", "running" for "Sports").
local core = require "vesper.core"

local label_words = {}

local LONGEST = 3 -- words that are joined

-- The singular of an English noun by its ending; other words may change too, but equal words change
-- equally.
local function singular(word)
  word = word:gsub("['\u{2019}]s?$", "")
  for _, ending in ipairs {{"ies$", "y"}, {"sses$", "ss"}, {"xes$", "x"}, {"ches$", "ch"},
      {"shes$", "sh"}} do
    local base, n = word:gsub(ending[1], ending[2])
    if n > 0 then return base end
  end
  if #word > 2 and word:find "s$" and not word:find "ss$" then return word:sub(1, -2) end
  return word
end

--- The words of texts, such as labels, as a set for remove: each word, and each text as one word.
function label_words.set(texts)
  local set = {}
  for _, text in ipairs(texts) do
    local words = core.text.tokenize(text)
    for _, word in ipairs(words) do set[singular(word)] = true end
    if #words > 1 then set[singular(table.concat(words))] = true end
  end
  return set
end

-- How many words from position i on form a word of the set; 0 for none.
local function found_at(words, i, set)
  for n = math.min(LONGEST, #words - i + 1), 1, -1 do
    if set[singular(table.concat(words, "", i, i + n - 1))] then return n end
  end
  return 0
end

--- The words of a caption without those of a set, joined by spaces, and the number of words
--- removed.
function label_words.remove(caption, set)
  local words, kept, i = core.text.tokenize(caption), {}, 1
  while i <= #words do
    local n = found_at(words, i, set)
    if n == 0 then kept[#kept + 1] = words[i] end
    i = i + math.max(n, 1)
  end
  return table.concat(kept, " "), #words - #kept
end

return label_words
