-- vs.report: what is left of an experiment: tables, pictures, a page that shows both.
--
-- tables.lua and pictures.lua return what they add to vs.report.  plot.lua (vs.plot) draws line
-- charts and contact sheets, heat.lua attention and confusion, with svg.lua and paint.lua below
-- them.
local page = require "vesper.report.page"
local pictures = require "vesper.report.pictures"
local tables_of_rows = require "vesper.report.tables"
local file = require "vesper.util.file"
local tables = require "vesper.util.tables"

local report = tables.merge(tables_of_rows, pictures)

--- Writes text to folder/name, or returns nil and a message.
function report.write(folder, name, text) return file.write(folder .. "/" .. name, text) end

--- Writes folder/name, an HTML page that needs no network.  sections is a list of {title =, parts
-- ...}; a part is {text = "..."}, {table = {columns =, rows =}} or {picture = path from the folder,
-- words = "..."}.
function report.page(folder, name, title, sections)
  return report.write(folder, name, page.html(title, sections))
end

return report
