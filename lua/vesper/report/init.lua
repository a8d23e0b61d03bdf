-- vs.report: tables, figures and HTML pages of an experiment.
--
-- tables.lua and pictures.lua return their functions for vs.report.  plot.lua (vs.plot) draws line
-- charts and contact sheets, heat.lua attention maps and confusion matrices; both use svg.lua and
-- paint.lua.
local page = require "vesper.report.page"
local pictures = require "vesper.report.pictures"
local tables_of_rows = require "vesper.report.tables"
local file = require "vesper.util.file"
local tables = require "vesper.util.tables"

local report = tables.merge(tables_of_rows, pictures)

--- Writes text to folder/name.  Returns true, or nil and a message.
function report.write(folder, name, text) return file.write(folder .. "/" .. name, text) end

--- Writes folder/name, an HTML page that needs no network.  sections is a list of {title =, parts
-- ...}; a part is {text = "..."}, {table = {columns =, rows =}} or {picture = path relative to the
-- folder, words = caption}.  Returns true, or nil and a message.
function report.page(folder, name, title, sections)
  return report.write(folder, name, page.html(title, sections))
end

return report
