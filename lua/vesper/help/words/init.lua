-- The texts of the reference: sections in reading order, each {name, about, entry, ...}.
--
-- An entry is {name, arguments, results, description}; help/entries.lua defines the syntax.
-- Every other file of this folder returns a list of sections.
local files = require "vesper.help.words.files"

local sections = {}
for _, file in ipairs(files) do
  local more = require("vesper.help.words." .. file)
  table.move(more, 1, #more, #sections + 1, sections)
end

return sections
