-- experiment: tables over rows and seeds that resume, their sums, and what they leave.
local vs = require "vesper"
local heard = require "spec.support.heard"
local process = require "spec.support.process"
local small = require "spec.support.table"
local temp = require "spec.support.temp"

local experiment, report = vs.experiment, vs.report

local function without_times(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, inner in pairs(value) do
    if key ~= "seconds" then copy[key] = without_times(inner) end
  end
  return copy
end

-- Runs the small table in this process, without what it prints.
local function run(folder, more)
  local print_, made = print, {}
  _G.print = function(...) made[#made + 1] = table.concat({...}, " ") end
  local options, sizes = small.options(folder, more)
  local ok, results = pcall(experiment.run, options)
  _G.print = print_
  return ok and results or nil, ok and made or results, sizes
end

describe("experiment", function()
  local whole, results, made_first, sizes
  setup(function()
    vs.set_num_threads(1)
    whole = temp.folder()
    results, made_first, sizes = run(whole)
  end)
  teardown(temp.remove)

  it("trains every row with every seed, and keeps what came out", function()
    assert.equal(4, #results)
    assert.equal(4, #made_first)
    local names = {}
    for i, r in ipairs(results) do names[i] = r.row .. r.seed end
    assert.same({"one1", "two1", "one2", "two2"}, names)
    for _, r in ipairs(results) do
      assert.equal(3, #r.history)
      assert.equal(r.history[r.best_epoch].val.accuracy, r.val.accuracy)
      assert.equal(16, r.test.n)
      assert(r.val.retrieval.rsum > 0 and r.test.retrieval.protocol)
      assert.equal(r.row == "one" and 8 * 5 + 3 * 9 or 16 * 5 + 3 * 17, r.parameters)
      assert.equal(r.row == "one" and 8 or 16, r.run.options.hidden)
      assert.equal(vs.build.version, r.version)
      assert.equal(1, r.threads)
      assert.equal("highest", r.matmul_precision)
    end
    assert.are_not.same(without_times(results[1].history), without_times(results[3].history))
    assert.same({"best.safetensors", "result.json", "run.json"},
      temp.list(experiment.folder(whole, "one", 2)))
  end)

  it("makes nothing twice, and takes more rows and seeds in", function()
    local again, made = run(whole)
    assert.same({}, made)
    assert.same(results, again)
    local more, made_more = run(whole, {seeds = {1, 2, 3}})
    assert.same({"begins one 3", "begins two 3"}, made_more)
    assert.equal(6, #more)
    for _, r in ipairs(more) do
      if r.seed == 3 then os.execute("rm -r " .. experiment.folder(whole, r.row, 3)) end
    end
  end)

  it("gives the numbers of an undisturbed table wherever it is killed", function()
    for _, stop in ipairs {1, 2, 3, 5, 12} do
      local folder = temp.folder()
      local command = "lua5.4 spec/support/table.lua " .. folder
      local ok, said = process.run(command .. " " .. stop)
      assert(not ok and not said:find "ends", said)
      local began = select(2, said:gsub("begins", ""))
      assert.equal((stop + 2) // 3, began)
      local again
      ok, again = process.run(command)
      assert(ok and again:find "ends", again)
      assert.equal(4 - began + 1, select(2, again:gsub("begins", ""))) -- the killed one goes on
      local resumed = run(folder)
      assert.same(without_times(results), without_times(resumed))
    end
  end)

  it("refuses to mix runs that were made otherwise", function()
    local function refused(words, more)
      local ok, message = run(whole, more)
      assert.is_nil(ok)
      assert.matches(words, message, 1, true)
    end
    refused("one-1 was started with different settings: epochs is 5, expected 3", {epochs = 5})
    refused('settings is {"rate": 0.1}, expected {"rate": 0.05}', {settings = {rate = 0.1}})
    local file = temp.write(temp.folder() .. "/data.h5", "some data")
    refused('data is {"bytes": 9, "checksum"', {data = file})
    assert.error_matches(function() experiment.run{folder = whole} end, "rows is missing")
    local rows = small.options(whole).rows
    rows[2] = rows[1]
    refused("rows: duplicate name 'one'", {rows = rows})
  end)

  it("warns of a row that is left out", function()
    local said, found, printed = heard(run, temp.folder(), {seeds = {1}, epochs = 1,
      rows = {{name = "DPM", missing = "there is no BERT"}}})
    assert.same({}, found)
    assert.same({}, printed)
    assert.matches("^vesper warning: .*: DPM is skipped: there is no BERT\n$", said)
  end)

  it("knows a file by its bytes", function()
    local folder = temp.folder()
    local function sum(bytes)
      return experiment.fingerprint(temp.write(folder .. "/f", bytes)).checksum
    end
    local f = experiment.fingerprint(temp.write(folder .. "/f", ""))
    assert.same({name = "f", bytes = 0, checksum = "cbf29ce484222325"}, f)
    -- one word: (offset basis ~ 1) * prime
    assert.equal(("%016x"):format((0xcbf29ce484222325 ~ 1) * 0x100000001b3), sum "\1")
    local long = ("vesper"):rep(5000)
    assert.equal(sum(long), sum(long))
    for _, other in ipairs {"x" .. long, long .. "x", long:sub(2), "W" .. long:sub(2)} do
      assert.are_not.equal(sum(long), sum(other))
    end
    for i, bytes in ipairs {"abc", "d"} do temp.write(("%s/p-%d"):format(folder, i), bytes) end
    local shards = experiment.fingerprint(folder .. "/p-*")
    assert.same({"p-*", 4, 2}, {shards.name, shards.bytes, shards.files})
    assert.equal(shards.checksum,
      experiment.fingerprint {folder .. "/p-1", folder .. "/p-2"}.checksum)
    assert.not_equal(shards.checksum,
      experiment.fingerprint {folder .. "/p-2", folder .. "/p-1"}.checksum)
    temp.write(folder .. "/p-2", "e")
    assert.not_equal(shards.checksum, experiment.fingerprint(folder .. "/p-*").checksum)
    local none, why = experiment.fingerprint(folder .. "/none")
    assert.is_nil(none)
    assert.matches("none", why)
  end)

  it("sums up as mean and deviation", function()
    local mean, deviation = experiment.mean {1, 2, 3, 6}
    assert.equal(3, mean)
    assert(math.abs(deviation - math.sqrt(14 / 3)) < 1e-12)
    assert.same({5}, {experiment.mean {5}})
    local rows = experiment.summary(results)
    assert.same({"one", "two"}, {rows[1].model, rows[2].model})
    local a, b = results[2].test.accuracy, results[4].test.accuracy
    assert(math.abs(rows[2].mean.test - (a + b) / 2) < 1e-9)
    assert.equal(("%.1f ± %.1f"):format((a + b) / 2, math.abs(a - b) / math.sqrt(2)), rows[2].test)
    assert.equal(131, rows[2].parameters)
    assert.same({131, 4}, {rows[2].learning, rows[2].tensors})
    assert.equal((results[2].best_epoch + results[4].best_epoch) / 2, rows[2].best_epoch)
    assert.equal(3, rows[2].epochs)
    assert.equal(results[1].val.accuracy, experiment.summary({results[1]})[1].val)
  end)

  it("tells the protocol", function()
    local text = table.concat(experiment.protocol(results, sizes), "\n")
    for _, part in ipairs {"40 train, 24 validation, 16 test", "seeds 1, 2; 3 epochs; rate 0.05",
      "best epoch on validation", "for no choice", "16 image-text pairs", "vesper " .. vs.version,
      "n - 1"} do
      assert(text:find(part, 1, true), part)
    end
    assert(not text:find "precision")
    local other = {}
    for key, value in pairs(results[1]) do other[key] = value end
    other.matmul_precision = "medium"
    text = table.concat(experiment.protocol({other}, sizes), "\n")
    assert(text:find("products at medium precision", 1, true))
  end)

  it("leaves tables, a line a run, and curves", function()
    local out = temp.folder()
    local rows = experiment.write(out, results, sizes)
    assert.same({"curves.svg", "runs.csv", "table.csv", "table.md", "table.tex", "table.txt"},
      temp.list(out))
    local csv = vs.io.csv_rows(out .. "/table.csv")
    assert.equal("two", csv[2].model)
    assert(math.abs(tonumber(csv[2].test_deviation) - rows[2].deviation.test) < 1e-3)
    local runs = vs.io.csv_rows(out .. "/runs.csv")
    assert.equal(4, #runs)
    assert.equal("2", runs[4].seed)
    assert.equal(tostring(results[4].best_epoch), runs[4].best_epoch)
    local text, tex = temp.read(out .. "/table.txt"), temp.read(out .. "/table.tex")
    assert(text:find("91.2", 1, true) and text:find("never published", 1, true))
    assert(tex:find("$\\pm$", 1, true) and not tex:find "±")
    assert.equal(2, select(2, temp.read(out .. "/curves.svg"):gsub("<polyline", "")))
    assert.has_error(function() experiment.write(out, {}, sizes) end)
  end)
end)

describe("experiment.report", function()
  local folder, results, options
  setup(function()
    vs.set_num_threads(1)
    folder = temp.folder()
    local file = folder .. "/toy.h5"
    local w = assert(vs.data.Writer(file, {classes = {"hat", "<cup>"}, vocab = vs.text.Vocab.build(
      {"a red hat", "a blue cup & more"})}))
    vs.manual_seed(1)
    for i = 1, 24 do
      local label = i % 2 + 1
      local picture = vs.full({3, 16, 16}, 40 + 150 * (label - 1)) + vs.rand(3, 16, 16) * 50
      w:add(i <= 12 and "train" or i <= 18 and "val" or "test", {image = picture:byte(),
        label = label, captions = {label == 1 and "a red hat" or "a blue cup & more"},
        id = "x" .. i})
    end
    assert(w:close())
    local Finder = vs.models.VSE:extend("Finder") -- finds the first images, whatever is asked
    function Finder:index(loader) return {n = #loader.set} end
    function Finder:retrieve(query, index, o)
      assert(#query.text == 2 and query.tokens.shape[1] == 2 and self.image)
      return vs.stack({vs.arange(1, o.k), vs.arange(index.n, index.n - o.k + 1, -1)}, 1)
    end
    local sets = {}
    for _, split in ipairs {"train", "val", "test"} do
      sets[split] = assert(vs.data.open(file, split))
    end
    local function row(name)
      return {name = name, about = name == "CIM" and "attends & reads" or nil, make = function()
        return (vs.models[name] or Finder){classes = 2, width = 8, channels = {4, 8},
          text = name ~= "Baseline" and {vocab_size = #sets.train:vocab(), word_dim = 4} or nil}
      end}
    end
    options = {folder = folder, rows = {row "Baseline", row "CIM", row "AttentionPooling",
      row "Finder"}, seeds = {1}, epochs = 1, quiet = true, data = file,
      optimizer = function(model) return vs.optim.Adam(model:parameters(), {lr = 0.01}) end,
      loaders = function(seed)
        return {train = vs.data.Loader(sets.train, {batch_size = 6, shuffle = true, seed = seed}),
          val = vs.data.Loader(sets.val, {batch_size = 6}),
          test = vs.data.Loader(sets.test, {batch_size = 6})}
      end}
    results = experiment.run(options)
    options.sets = sets
  end)
  teardown(temp.remove)

  it("shows everything on one page that needs no network", function()
    experiment.report{folder = folder, results = results, rows = options.rows, sets = options.sets,
      loaders = options.loaders, title = "Hats & <cups>", samples = 2, sheets = {{name = "more.png",
        title = "More", words = "found by hand", captions = {1, 2}, found = {{1, 2}, {3}}}}}
    local html = temp.read(folder .. "/index.html")
    assert(html:find("<h1>Hats &amp; &lt;cups&gt;</h1>", 1, true))
    assert.is_nil(html:find("://", 1, true))
    assert(html:find("6 validation, 6 test", 1, true))
    local pictures, inside = {}, 0
    for bytes in html:gmatch 'src="data:image/png;base64,[%w+/=]+"' do
      inside = inside + (#bytes > 100 and 1 or 0)
    end
    inside = inside - 3 - 4 -- three found by hand; two images for each of two models' attention
    assert(inside >= 24 and inside % 12 == 0) -- two captions a sheet
    local attention = assert(html:match "<h2>Attention</h2>(.-)<h2>")
    for _, name in ipairs {"CIM", "AttentionPooling"} do
      assert(attention:find("<p>" .. name .. ", test images: one picture per word", 1, true), name)
    end
    local maps = 0
    for word in attention:gmatch 'src="data:image/jpeg;base64,[^"]+" loading="lazy"><span>(%w+)' do
      maps = maps + 1
      assert(attention:find("<h3>[^<]*" .. word), word)
    end
    assert(maps >= 4)
    assert(html:find("<dt>CIM</dt><dd>attends &amp; reads</dd>", 1, true))
    local found = assert(html:match "<h2>Retrieval</h2>(.-)<h2>")
    assert(found:find("<td>CIM</td>", 1, true) and not found:find("Baseline", 1, true))
    assert(html:match "<h2>Classification</h2>.-<td>Baseline</td>.-largest class has.-<h2>")
    assert(html:match "<h2>Training</h2>.-<td>Baseline</td>")
    for _, words in ipairs {"captions of the test set and", "the same captions,"} do
      assert(html:find("<p>Finder: " .. words, 1, true), words)
    end
    assert(html:find('<p>More: found by hand</p>\n<div class="query"><h3>', 1, true))
    for name in html:gmatch '<img src="([^"]+)"' do
      pictures[name] = true
      local bytes = temp.read(folder .. "/" .. name)
      if name:match "%.png$" then
        local picture = assert(vs.image.decode(bytes))
        assert(picture:float():std():item() > 5, name .. " is empty")
      else
        assert(bytes:match "^<svg" and bytes:match "</svg>%s*$", name)
      end
    end
    for _, name in ipairs {"curves.svg", "confusion-Baseline.svg"} do
      assert(pictures[name], name)
    end
    assert(vs.image.load(folder .. "/more.png"))
    local open = {}
    for close, name in html:gsub("<!.->", ""):gmatch "<(/?)(%w+)[^<>]*>" do
      if close == "/" then assert.equal(name, table.remove(open))
      elseif name ~= "meta" and name ~= "img" then open[#open + 1] = name end
    end
    assert.same({}, open)
    assert.is_nil(html:gsub("<style>.-</style>", ""):gsub("&%a+;", ""):find("&", 1, true))
  end)

  it("leaves pictures out when told so", function()
    local out = temp.folder()
    experiment.report{folder = out, results = results, rows = options.rows, sets = options.sets,
      loaders = options.loaders, pictures = false}
    assert.is_nil(table.concat(temp.list(out), " "):find("png", 1, true))
  end)
end)

describe("report", function()
  local columns = {{"name", "a_b %"}, {"value", "x"}}
  local rows = {{name = "1 ± 2", value = 3.25}, {name = 'q", #{}~^\\|<&>$'}}

  it("writes tables in every format", function()
    assert.equal('a_b %              x\n---------------  ---\n1 ± 2            3.2\n'
      .. 'q", #{}~^\\|<&>$    -\n', (report.table(columns, rows)))
    assert.equal('a_b %,x\n1 ± 2,3.2\n"q"", #{}~^\\|<&>$",-\n', report.table(columns, rows, "csv"))
    local markdown = report.table(columns, rows, "markdown")
    assert(markdown:find("~^\\\\\\|<&>$ |   - |\n", 1, true), markdown)
    local html = report.table(columns, rows, "html")
    assert(html:find('<td>q&quot;, #{}~^\\|&lt;&amp;&gt;$</td><td>-</td>', 1, true), html)
  end)

  it("escapes what LaTeX would take for its own", function()
    local tex = report.table(columns, rows, "latex")
    assert(tex:find("\\begin{tabular}{lr} \\hline\n", 1, true), tex)
    assert(tex:find("a\\_b \\%", 1, true) and tex:find("1 $\\pm$ 2", 1, true), tex)
    assert(tex:find('q", \\#\\{\\}\\textasciitilde{}\\textasciicircum{}\\textbackslash{}'
      .. '\\textbar{}\\textless{}\\&\\textgreater{}\\$', 1, true), tex)
    assert(tex:match "\\\\ \\hline\n\\end{tabular}\n$")
    assert.error_matches(function() report.table(columns, rows, "pdf") end, "format is 'pdf'")
  end)
end)

describe("plot", function()
  local folder
  setup(function() folder = temp.folder() end)
  teardown(temp.remove)

  it("colours a picture where a word looks", function()
    local path = folder .. "/map.png"
    local picture = vs.full({3, 40, 40}, 128, {dtype = "uint8"})
    local weights = vs.zeros(2, 4)
    weights[1][2] = 1 -- the upper right
    assert(vs.plot.attention(path, {{image = picture, words = {"up", "none"}, weights = weights,
      grid = {2, 2}}}, {size = 40, columns = 3}))
    local sheet = assert(vs.image.load(path)):float()
    -- margin 20, then panels of 40 with gaps of 10; the rule and 14 pixels above
    local function pixel(panel, x, y)
      local c = sheet:slice(3, 20 + 50 * panel + x, 20 + 50 * panel + x)
        :slice(2, 34 + y, 34 + y):reshape(3):tolist()
      return c[1], c[2], c[3]
    end
    local r, g, b = pixel(1, 36, 5)
    assert(r > 2 * g and r > 2 * b, ("%g %g %g"):format(r, g, b))
    local r2, g2, b2 = pixel(1, 5, 36)
    assert(r2 == g2 and g2 == b2 and r2 > 120, ("%g %g %g"):format(r2, g2, b2))
    r2, g2, b2 = pixel(2, 36, 5)
    assert(r2 == g2 and g2 == b2)
  end)

  it("refuses maps that do not fit", function()
    local picture = vs.zeros(3, 8, 8):byte()
    local function refused(words, row)
      row.image = picture
      assert.error_matches(function() vs.plot.attention(folder .. "/no.png", {row}) end, words)
    end
    refused("grid is {2, 2}, expected {height, width} of 6 regions",
      {words = {"a"}, weights = vs.ones(1, 6),
      grid = {2, 2}})
    refused("has 2 words, expected at most 1", {words = {"a", "b"}, weights = vs.ones(1, 4),
      grid = {2, 2}})
    refused("weights is nil, expected %[T,R%]", {words = {"a"}, grid = {2, 2}})
    assert.error_matches(function() vs.plot.attention(folder .. "/no.png", {}) end, "rows is empty")
    local none, why = vs.plot.attention(folder .. "/none/x.png", {{image = picture, words = {"a"},
      weights = vs.ones(1, 4), grid = {2, 2}}})
    assert.is_nil(none)
    assert.matches("none/x.png", why, 1, true)
  end)

  it("draws which class was taken for which", function()
    local path = folder .. "/c.svg"
    local counts = vs.metrics.confusion(vs.tensor({1, 2, 2, 1}, {dtype = "int64"}),
      vs.tensor({1, 2, 1, 1}, {dtype = "int64"}), 2)
    assert(vs.plot.confusion(path, counts, {"hat", "<cup>"}, {title = "T & U"}))
    local text = temp.read(path)
    assert.equal(4, select(2, text:gsub("<rect x=", "")))
    assert.equal(2, select(2, text:gsub(">&lt;cup&gt;<", "")))
    assert(text:find(">T &amp; U<", 1, true) and text:find(">2<", 1, true))
    assert.error_matches(function() vs.plot.confusion(path, counts, {"a", "b", "c"}) end,
      "expected %[3,3%], the number of classes")
  end)
end)
