-- Words of the reference: what is measured and shown of an experiment.
return {
  {"metrics", "Percent, ranks, neighbours.  Ties count against the right item.",
    {"metrics.accuracy", "predictions:any, labels:index", "number",
      "Percent right; logits [B,C] or classes int64 [B]."},
    {"metrics.confusion", "predictions:any, labels:index, count:int", "Tensor",
      "int64 [count,count]: how often class row was taken for class column."},
    {"metrics.retrieval", "v:tensor, t:tensor, {image_of:index?, bank:table?, beta:num=10}",
      "table",
      "Recall by cosine of images v [N,D] and texts t [M,D]: r.i2t and r.t2i with r1, r5, r10 in "
        .. "percent, medr, meanr; r.rsum; r.protocol in words. image_of int64 [M] says whose "
        .. "caption each text is. bank = {v, t}, images and texts that are not measured: a score "
        .. "is then cosine - log(sum over the bank of exp(beta cosine)) / beta, so that items near "
        .. "everything no longer come first (inverted softmax, Smith et al., ICLR 2017, over a "
        .. "query bank, Bogolin et al., CVPR 2022)."},
    {"metrics.format", "r:table", "string", "One line of what metrics.retrieval returned."},
    {"metrics.item_retrieval", "v_query:tensor, item_query:index, v_gallery:tensor, "
        .. "item_gallery:index", "table",
      "Recall by cosine of gallery images [N,D] that show the item of a query image [Q,D]: r.r1, "
        .. "r5, r10, r20, r50 in percent; r.n queries, r.missing of them without their item in the "
        .. "gallery, which count as wrong; r.protocol in words."},
    {"metrics.topk", "queries:tensor, gallery:tensor, k:int", "Tensor, Tensor",
      "Rows of gallery [N,D] with the largest cosine to each query [Q,D]: int64 [Q,k], and the "
        .. "cosines."},
  },
  {"plot", "Pictures for reports.",
    {"plot.lines", "path:string, series:list, {title:string?, x_label:string?, y_label:string?, "
        .. "width:int=720, height:int=430, y_min:num?, y_max:num?}",
      "true?", "A line chart as SVG; a series is {name, y = list, x = list?}."},
    {"plot.contact_sheet", "path:string, rows:list, {title:string?, note:string?, size:int=104}",
      "true?", "A sheet of pictures, one row a query: {caption, images = {{image, correct?, "
        .. "label?}, ...}}. A green frame is right, a red one wrong."},
    {"plot.attention", "path:string, rows:list, {title:string?, note:string?, size:int=112, "
        .. "columns:int=8}", "true?",
      "Which word looks where: a row is {image, words, weights [T,R], grid = {height, width}}; the "
        .. "picture, then a panel a word, coloured where its weights are large."},
    {"plot.confusion", "path:string, counts:index, classes:list, {title:string?}", "true?",
      "Counts int64 [C,C] of metrics.confusion as SVG; a cell is as dark as its share."},
  },
  {"report", "What is left of an experiment.",
    {"report.table", "columns:list, rows:list, format:text|markdown|csv|latex|html=text",
      "string",
      "Rows as lines of text; for LaTeX a tabular that needs no package. A column is {key, title}; "
        .. "absent values are \"-\"."},
    {"report.escape", "text:string, format:text|markdown|csv|latex|html=text", "string",
      "A text as the format takes it: \"50 %\" is \"50 \\%\" in LaTeX."},
    {"report.columns", nil, "list",
      "The columns of a comparison of models, as report.row fills them."},
    {"report.row", "name:string, val:table, test:table, extra:table?", "table",
      "One row from what train.evaluate returned on validation and test; extra fields are added."},
    {"report.curves", "path:string, histories:list, options:table?", "true?",
      "Curves by epoch as SVG (plot.lines): histories are {name, history of train.fit, value = "
        .. "function(entry)}."},
    {"report.retrieved", "path:string, set:Dataset, v:tensor, t:tensor, captions:list, k:int, "
        .. "options:table?",
      "true?", "A contact sheet: for each caption (its position in the set) the k images nearest "
        .. "to its embedding; v, t [N,D] in the order of the set."},
    {"report.found", "path:string, set:Dataset, captions:list, found:list, options:table?",
      "true?", "The same sheet of given images: found has a list of positions for each caption, "
        .. "best first."},
    {"report.attention", "path:string, set:Dataset, model:Module, samples:list, options:table?",
      "true?", "Which word of a caption looks at which part of its picture (plot.attention), for "
        .. "samples of a set and a model with attention_map."},
    {"report.confusion", "path:string, result:table, classes:list, options:table?", "true?",
      "plot.confusion of what train.evaluate returned."},
    {"report.page", "folder:string, name:string, title:string, sections:list", "true?",
      "An HTML page that needs no network. A section is {title =, parts ...}, a part {text =}, "
        .. "{table = {columns =, rows =}} or {picture = path from the folder, words =}."},
    {"report.write", "folder:string, name:string, text:string", "true?", "Writes folder/name."},
  },
  {"experiment", "Tables of experiments over rows and seeds, resumed where they were stopped.",
    {"experiment.run", "{folder:string, rows:list, seeds:list, epochs:int, loaders:function, "
        .. "optimizer:function, schedule:function?, schedule_per:epoch|batch=epoch, "
        .. "score:function?, clip:num=2, data:string?, settings:table?, evaluate:function?, "
        .. "quiet:bool=false}", "list",
      "Trains each row with each seed by train.fit, in a folder of its own below folder/runs, "
        .. "unless it is done there; what was killed goes on from its checkpoint with the same "
        .. "numbers. A row is {name, make = function(seed) -> model, options = what tells it from "
        .. "others}, or {name, missing = why}. loaders(seed) gives {train, val, test}, "
        .. "optimizer(model) and schedule(optimizer) what fit takes, evaluate(model, loaders) what "
        .. "train.evaluate gives for the test set. Test data is looked at once "
        .. "a run, with the weights that are best on validation. A folder whose run was begun with "
        .. "other epochs, settings, options or data is refused. Returns the results, seed by seed: "
        .. "{row, seed, val, test, history, best_epoch, parameters, seconds, run, ...}."},
    {"experiment.report", "{folder:string, results:list, rows:list, loaders:function, sets:table, "
        .. "title:string?, samples:int=6, pictures:bool=true, sheets:list?}", "list, list",
      "What experiment.write leaves, pictures of models of the first seed (confusion, retrieval, "
        .. "attention), and index.html with all of it. Returns the rows and the protocol."},
    {"experiment.write", "folder:string, results:list, sizes:table", "list, list",
      "table.txt, .md, .csv and .tex with the protocol, runs.csv with a line a run, curves.svg. "
        .. "sizes = {train, val, test}. Returns the rows and the protocol."},
    {"experiment.summary", "results:list", "list",
      "Rows for report.table: mean and deviation over the seeds as text; .mean and .deviation have "
        .. "the numbers."},
    {"experiment.curves", "results:list", "list",
      "Mean validation accuracy by epoch, a line a row, as report.curves takes it."},
    {"experiment.protocol", "results:list, sizes:table", "list",
      "Data, seeds, epochs, how an epoch was chosen, what the columns mean, in sentences."},
    {"experiment.text", "rows:list, protocol:list, format:text|markdown|latex|html=text", "string",
      "Table, protocol and the published figures below it."},
    {"experiment.figures", "result:table", "table",
      "The figures of one result by the names of report.columns."},
    {"experiment.mean", "list:list", "number, number|nil",
      "Mean and deviation (over n - 1) of numbers; of one number there is no deviation."},
    {"experiment.folder", "folder:string, name:string, seed:int", "string",
      "Where a run lies; its best.safetensors are the weights."},
    {"experiment.fingerprint", "path:string", "table?",
      "{name, bytes, checksum} of a file: FNV-1a over words of eight bytes."},
    {"experiment.published", nil, "list",
      "Published figures {model, val, test} that stand beside a table; .note says what they are."},
  },
}
