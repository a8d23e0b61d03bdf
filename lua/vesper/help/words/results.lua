-- Texts of the reference: metrics, plots, reports, tables of experiments.
return {
  {"metrics", "Accuracy, recall, nearest neighbours.  Items with the score of the correct one rank "
      .. "above it.",
    {"metrics.accuracy", "predictions:any, labels:index", "number",
      "Percent of correct predictions; predictions are logits [B,C] or classes int64 [B]."},
    {"metrics.confusion", "predictions:any, labels:index, count:int", "Tensor",
      "int64 [count,count]: rows are labels, columns predictions."},
    {"metrics.retrieval", "v:tensor, t:tensor, {image_of:index?, folds:int=1, bank:table?, "
        .. "beta:num=10}", "table",
      "Recall by cosine similarity of images v [N,D] and texts t [M,D]: r.i2t and r.t2i with r1, "
        .. "r5, r10 in percent, medr, meanr; r.rsum; r.protocol describes the protocol. image_of "
        .. "int64 [M]: the image of each text. folds = 5: the mean over five parts of the images, "
        .. "each with its own texts (COCO's 1K protocol); r.folds has the parts, r.whole the "
        .. "result over all images. bank = {v, t}: other images and texts; a score is then cosine "
        .. "- log(sum over the bank of exp(beta cosine)) / beta, which lowers items that are near "
        .. "every query (inverted softmax, Smith et al., ICLR 2017, over a query bank, Bogolin et "
        .. "al., CVPR 2022)."},
    {"metrics.retrieval_of_scores", "scores:value, {image_of:index?, folds:int=1}", "table",
      "The same for scores [N,M] of N images and M texts that are not products of embeddings, such "
        .. "as those of cross-attention or of a re-ranker. scores is a tensor, or a "
        .. "function(first, last) that returns the rows of images first..last."},
    {"metrics.retrieval_ranks",
      "v:tensor, t:tensor, {image_of:index?, bank:table?, beta:num=10}",
      "table",
      "The ranks that metrics.retrieval counts, from 1: {i2t = int64 [N], the rank of each image's "
        .. "own (best) text; t2i = int64 [M], the rank of each text's image}."},
    {"metrics.format", "r:table", "string", "The result of metrics.retrieval on one line."},
    {"metrics.item_retrieval", "v_query:tensor, item_query:index, v_gallery:tensor, "
        .. "item_gallery:index", "table",
      "Recall by cosine similarity of gallery images [N,D] that show the item of a query image "
        .. "[Q,D]: r.r1, r5, r10, r20, r50 in percent; r.n, the number of queries; r.missing, the "
        .. "number of queries whose item is not in the gallery (they count as wrong); r.protocol "
        .. "describes the protocol."},
    {"metrics.topk", "queries:tensor, gallery:tensor, k:int", "Tensor, Tensor",
      "The rows of gallery [N,D] with the largest cosine to each query [Q,D]: indices int64 [Q,k] "
        .. "and cosines [Q,k]."},
  },
  {"plot", "Figures for reports.",
    {"plot.lines", "path:string, series:list, {title:string?, x_label:string?, y_label:string?, "
        .. "width:int=720, height:int=430, y_min:num?, y_max:num?}",
      "true?", "Writes a line chart as SVG; a series is {name, y = list, x = list?}."},
    {"plot.contact_sheet", "path:string, rows:list, {title:string?, note:string?, size:int=104}",
      "true?", "Writes a grid of images with one row per query: {caption, images = {{image, "
        .. "correct?, label?}, ...}}. Correct images have a green frame, others a red one."},
    {"plot.attention", "path:string, rows:list, {title:string?, note:string?, size:int=112, "
        .. "columns:int=8}", "true?",
      "Writes attention maps. A row is {image, words, weights [T,R], grid = {height, width}}: the "
        .. "image, then one panel per word, coloured where its weights are large."},
    {"plot.confusion", "path:string, counts:index, classes:list, {title:string?}", "true?",
      "Writes counts int64 [C,C] of metrics.confusion as SVG; a cell's shade is its fraction."},
  },
  {"report", "Tables, figures and pages of an experiment.",
    {"report.table", "columns:list, rows:list, format:text|markdown|csv|latex|html=text",
      "string",
      "A table as text; for LaTeX a tabular without packages. A column is {key, title}; absent "
        .. "values become \"-\"."},
    {"report.escape", "text:string, format:text|markdown|csv|latex|html=text", "string",
      "A text escaped for the format: \"50 %\" is \"50 \\%\" in LaTeX."},
    {"report.columns", nil, "list",
      "The columns of a comparison of models, retrieval first; report.row fills them."},
    {"report.row", "name:string, val:table, test:table, extra:table?", "table",
      "One row from the results of train.evaluate on validation and test; fields of extra are "
        .. "added."},
    {"report.curves", "path:string, histories:list, options:table?", "true?",
      "Writes curves by epoch as SVG with plot.lines; each of histories is {name, history = the "
        .. "result of train.fit, value = function(entry)}."},
    {"report.retrieved", "path:string, set:Dataset, v:tensor, t:tensor, captions:list, k:int, "
        .. "{image_of:tensor?, title:string?, note:string?, size:int?}",
      "true?", "report.found with the k images nearest to the embedding of each caption, given by "
        .. "its position in the set. v [N,D], t [M,D] and image_of [M] are as train.evaluate "
        .. "returns them."},
    {"report.found", "path:string, pictures:value, captions:list, found:value, {title:string?, "
        .. "note:string?, size:int?}",
      "true?", "Writes a sheet of retrieved images. pictures: a data set, or a list of paths or of "
        .. "tensors uint8 [3,H,W]; captions: strings, or positions in the set, whose own image "
        .. "gets a green frame; found: for each caption the positions of pictures, best first, "
        .. "such as the result of metrics.topk. A path that ends in .html becomes a page without "
        .. "further files, .png or .jpg a picture as of plot.contact_sheet."},
    {"report.attention", "path:string, set:Dataset, model:Module, samples:list, options:table?",
      "true?", "Writes the attention of words over image regions with plot.attention, for samples "
        .. "of a set and a model with attention_map. A path that ends in .html becomes a page."},
    {"report.confusion", "path:string, result:table, classes:list, options:table?", "true?",
      "Writes plot.confusion of a result of train.evaluate."},
    {"report.page", "folder:string, name:string, title:string, sections:list", "true?",
      "Writes an HTML page that needs no network. A section is {title =, parts ...}, a part {text "
        .. "=}, {table = {columns =, rows =}}, {tables = list of such}, {terms = {{term, "
        .. "description}, ...}}, {picture = path in the folder, words =} or {sheet = rows of "
        .. "plot.contact_sheet, words =}."},
    {"report.write", "folder:string, name:string, text:string", "true?",
      "Writes text to folder/name."},
  },
  {"experiment", "Tables of models and seeds, which resume after an interruption.",
    {"experiment.run", "{folder:string, rows:list, seeds:list, epochs:int, loaders:function, "
        .. "optimizer:function, schedule:function?, schedule_per:epoch|batch=epoch, "
        .. "score:function?, clip:value=2, patience:int?, tune:list?, folds:int?, "
        .. "fold_size:int=1000, "
        .. "data:paths?, settings:table?, evaluate:function?, quiet:bool=false}", "list",
      "Trains each row with each seed by train.fit, one folder per run below folder/runs. Skips "
        .. "finished runs and resumes interrupted ones from their checkpoints, with the same "
        .. "numbers. A row is {name, make = function(seed, setting) -> model, options = what "
        .. "identifies the row}, or {name, missing = reason}. tune is a list of settings, tables "
        .. "of plain values such as {rate = 1e-3}: each row is trained with each of them and the "
        .. "first seed, and the one with the best score on validation is the row's setting for "
        .. "all seeds; make, optimizer and schedule are given it as their last argument. "
        .. "loaders(seed) returns {train, val, test}; "
        .. "optimizer(model) and schedule(optimizer) return train.fit's options; evaluate(model, "
        .. "loaders) returns what train.evaluate does, for the test set. Each run is tested once, "
        .. "with its best weights on validation. An error if a run in the folder was started with "
        .. "different epochs, patience, settings, options or data. Without folds, retrieval on a "
        .. "test set of at least 5 * fold_size images is also the mean over parts of fold_size "
        .. "images. Returns the results, seed by seed: {row, seed, val, test, history, best_epoch, "
        .. "epochs, parameters, learning (parameters that are not frozen), tensors (their number), "
        .. "seconds, run, ...}."},
    {"experiment.parts", "loader:value, size:int", "integer",
      "The number of parts of size images in the loader's set, for the folds of train.evaluate; 1 "
        .. "where there are fewer than five, or where size is 0."},
    {"experiment.report", "{folder:string, results:list, rows:list, loaders:function, sets:table, "
        .. "title:string?, reference:string?, samples:int=6, pictures:bool=true, sheets:list?}",
      "list, list",
      "Writes the files of experiment.write, figures for the models of the first seed (confusion, "
        .. "retrieval, attention), and index.html with all of them; a row may say what it is, "
        .. "about = text. Returns the rows and the protocol."},
    {"experiment.write", "folder:string, results:list, sizes:table, options:table?", "list, list",
      "Writes table.txt, .md, .csv and .tex with the protocol, runs.csv with one line per run, and "
        .. "curves.svg. sizes = {train, val, test}; options: those of experiment.compare. Returns "
        .. "the rows, whose field compared is the result of experiment.compare, and the protocol."},
    {"experiment.compare", "results:list, {reference:string?, resamples:int=2000, seed:int=1, "
        .. "level:num=0.95}", "list",
      "Bootstrap intervals of the rows' figures over the test images, and their differences from a "
        .. "reference row (default: VSE) with paired tests over the seeds: one entry per row, "
        .. "{model, f_low, f_high, f_difference, f_difference_deviation, f_difference_low, "
        .. "f_difference_high, f_pairs, f_t, f_p, f_p_sign} for figures f of report.columns "
        .. "(differences: rsum, test, image). The rows' resamples are the same."},
    {"experiment.compared", "rows:list", "table?, list|nil",
      "The comparison below a table: {columns, rows} for report.table, and sentences; nil where "
        .. "there is nothing to show."},
    {"experiment.paired_t_test", "a:list, b:list", "table",
      "The paired t-test of two lists of figures: {n, mean, deviation, t, p} of their differences, "
        .. "p two-sided with n - 1 degrees of freedom; of one pair {n, mean}."},
    {"experiment.sign_flip_test", "a:list, b:list", "number, number",
      "The exact permutation test of the signs of the differences of at most 20 pairs: its "
        .. "two-sided p, and the smallest that n pairs can have, 2 / 2^n."},
    {"experiment.critical_t", "df:int, level:num", "number",
      "The t above which a two-sided test with df degrees of freedom has p < level."},
    {"experiment.bootstrap", "x:tensor, {resamples:int=2000, seed:int=1}", "Tensor",
      "Sums of the rows of x [N,K] over samples of N rows drawn with replacement: [resamples,K]. "
        .. "The draws depend only on seed and N."},
    {"experiment.interval", "list:list, level:num=0.95", "number, number",
      "The percentile interval of a list of numbers."},
    {"experiment.summary", "results:list", "list",
      "Rows for report.table: mean and standard deviation over the seeds as text; .mean and "
        .. ".deviation have the numbers."},
    {"experiment.columns", "rows:list", "list",
      "The columns of report.table in which some row has a value, and rsum of parts."},
    {"experiment.curves", "results:list", "list, string",
      "Mean validation accuracy (rsum, where there are no labels) by epoch, one curve per row, for "
        .. "report.curves; and which of the two."},
    {"experiment.protocol", "results:list, sizes:table", "list",
      "Sentences on data, seeds, epochs, the choice of the epoch and the meaning of the columns."},
    {"experiment.text", "rows:list, protocol:list, format:text|markdown|latex|html=text", "string",
      "The table, the protocol, the comparison of rows from experiment.write and the published "
        .. "figures."},
    {"experiment.figures", "result:table", "table",
      "The figures of one result by the keys of report.columns."},
    {"experiment.mean", "list:list", "number, number|nil",
      "Mean and standard deviation (over n - 1) of numbers; the deviation of one number is nil."},
    {"experiment.folder", "folder:string, name:string, seed:int", "string",
      "The folder of a run; its best.safetensors has the weights."},
    {"experiment.fingerprint", "path:paths", "table?",
      "{name, bytes, checksum} of a file: FNV-1a over words of eight bytes. Of the files that a "
        .. "pattern or list names: the sum of their bytes, a checksum of theirs, and their number "
        .. "as files."},
    {"experiment.quoted", "rows:list", "list?",
      "The published figures to show below these rows; nil where no row has an accuracy."},
    {"experiment.published", nil, "list",
      "Published figures {model, val, test} shown below a table; .note gives their source."},
  },
}
