-- A report as one HTML page that needs no network: text, tables and image files in its folder.
local sheet = require "vesper.report.sheet"
local report = require "vesper.report.tables"
local check = require "vesper.util.check"
local html = require("vesper.util.text").html

local page = {}

-- Charts are drawn on white; in the dark they are inverted, with their hues kept.
local STYLE = [[
:root { color-scheme: light dark; --ink: #1f2937; --soft: #6b7280; --rule: #e5e7eb;
  --paper: #ffffff; --own: #15803d; --head: #cbd5e1 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e5e7eb; --soft: #9ca3af; --rule: #374151; --paper: #111827; --own: #4ade80;
    --head: #4b5563 }
  figure img[src$=".svg"] { filter: invert(.91) hue-rotate(180deg) }
}
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 75rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 Helvetica, Arial, "DejaVu Sans", sans-serif }
h1 { font-size: 1.7rem; margin: 0 0 1rem }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .7rem; padding-top: .8rem;
  border-top: 1px solid var(--rule) }
p { max-width: 52rem; margin: .4rem 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; max-width: 60rem;
  margin: .8rem 0 }
dt { font-weight: 600 }
dd { margin: 0 }
.tables { display: flex; flex-wrap: wrap; gap: 0 2.5rem }
.scroll { overflow-x: auto; margin: .8rem 0; max-width: 100% }
table { border-collapse: separate; border-spacing: 0; font-size: .9rem;
  font-variant-numeric: tabular-nums }
th, td { padding: .3rem .7rem; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left; padding-left: 0; position: sticky; left: 0;
  background: var(--paper) }
th { color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--head) }
td { border-bottom: 1px solid var(--rule) }
figure { display: inline-block; vertical-align: top; max-width: 100%; margin: 1rem 1.5rem 1rem 0 }
figure img { max-width: 100%; height: auto; border: 1px solid #e5e7eb; border-radius: 3px }
figcaption { color: var(--soft); font-size: .9rem }
@media (max-width: 40rem) {
  body { padding: 1.2rem 1rem 3rem; font-size: 15px }
  dl { grid-template-columns: 1fr; gap: 0 }
  dd { margin: 0 0 .6rem }
}
]]

local function escape(value) return html(tostring(value)) end

-- A path as a URL: bytes other than letters, digits and /._~- become %xx.
local function link(path)
  return (path:gsub("[^%w/._~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local parts = {}

function parts.text(value) return "<p>" .. escape(value) .. "</p>" end

-- A list of {term, description}.
function parts.terms(value)
  local lines = {"<dl>"}
  for _, pair in ipairs(value) do
    lines[#lines + 1] = ("<dt>%s</dt><dd>%s</dd>"):format(escape(pair[1]), escape(pair[2]))
  end
  lines[#lines + 1] = "</dl>"
  return table.concat(lines, "\n")
end

function parts.table(value)
  return '<div class="scroll">\n' .. report.table(value.columns, value.rows, "html") .. "</div>"
end

function parts.tables(value)
  local list = {}
  for i, one in ipairs(value) do list[i] = parts.table(one) end
  return '<div class="tables">\n' .. table.concat(list, "\n") .. "</div>"
end

function parts.picture(value, part)
  return ('<figure><img src="%s" alt="%s"><figcaption>%s</figcaption></figure>'):format(
    link(value), escape(part.words or value), escape(part.words or ""))
end

function parts.sheet(value, part)
  local words = part.words and "<p>" .. escape(part.words) .. "</p>\n" or ""
  return words .. sheet.html(value, part.size)
end

local function add_part(lines, section, i, part)
  for kind, make in pairs(parts) do
    if part[kind] ~= nil then
      lines[#lines + 1] = make(part[kind], part)
      return
    end
  end
  check.fail("page", "part %d of section '%s' has no text, terms, table, tables, picture or "
    .. "sheet, expected one", i, section.title or "")
end

--- The page as HTML.  sections is a list of {title =, parts...}; a part is {text = "..."}, {table =
-- {columns =, rows =}} as in report.table, {tables = list of such}, {terms =
-- {{term, description}, ...}}, {picture = "curves.svg", words = caption} with a path
-- relative to the page, or {sheet = rows, words = caption} with the rows of report/sheet.lua.
function page.html(title, sections)
  local lines = {
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    ("<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>"):format(escape(title),
      STYLE .. sheet.STYLE),
    ("<h1>%s</h1>"):format(escape(title)),
  }
  check.list("report.page", "sections", sections)
  for s, section in ipairs(sections) do
    check.list("report.page", "section " .. s, section)
    if section.title then lines[#lines + 1] = ("<h2>%s</h2>"):format(escape(section.title)) end
    for i, part in ipairs(section) do add_part(lines, section, i, part) end
  end
  lines[#lines + 1] = "</body>\n</html>\n"
  return table.concat(lines, "\n")
end

return page
