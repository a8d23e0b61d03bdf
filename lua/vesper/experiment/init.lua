-- vs.experiment: tables of models over seeds: the runs, their summary and their reports.
local tables = require "vesper.util.tables"

return tables.merge(require "vesper.experiment.runs", require "vesper.experiment.summary",
  require "vesper.experiment.statistics", require "vesper.experiment.tables",
  {compare = require "vesper.experiment.comparison".compare,
    report = require "vesper.experiment.report"})
