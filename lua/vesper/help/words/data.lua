-- Words of the reference: arrays on disk and data sets.
return {
  {"npy", "Arrays in numpy's .npy files: float32, float64, float16, int64, int32, uint8, bool.",
    {"npy.load", "path:string, {mmap:bool=true}", "Tensor?",
      "The array of a file. mmap: over the file itself, so that what is never read costs nothing; "
        .. "writes stay in this process, and an array in Fortran order is a view with strides. "
        .. "Without mmap a dense copy. Big-endian files, strings and records are refused."},
    {"npy.save", "path:string, x:any", "true?",
      "Writes x in C order, as numpy would. The file is complete or absent."},
  },
  {"data", "Data sets, loaders, and files of one's own.",
    {"data.Loader", "set:Dataset, {batch_size:int=32, shuffle:bool=false, seed:int?, "
        .. "workers:int=0, drop_last:bool=false, crop:int=0, flip:num=0, jitter:num=0, "
        .. "erase:num=0, chunks:int=0}",
      "Loader", "for batch in loader is one epoch, shuffled anew each time; the order depends on "
        .. "(seed, epoch) alone. workers are threads that make batches ahead, 0 to 64. Images are "
        .. "changed at random, by (seed, epoch, sample): shifted by up to crop pixels (the border "
        .. "is repeated), mirrored with probability flip, brightness, contrast and saturation "
        .. "multiplied by 1 - jitter to 1 + jitter, a rectangle of 2 to 33 % set to 0 with "
        .. "probability erase. chunks: for files whose chunks hold several samples, compressed "
        .. "above all: the chunks are shuffled, and the samples of so many of them at a time, so "
        .. "that each chunk is read once an epoch; twice as many are kept in memory (at most 1 "
        .. "GiB). 0 shuffles all samples over the whole file."},
    {"data.Writer", "path:string, {name:string?, source:string?, split_seed:int=0, "
        .. "classes:list?, tags:list?, vocab:value?, vectors:tensor?, image_size:list?, "
        .. "regions:int?, max_words:int?, compress:int=0, chunk:int=1, half:bool=false}",
      "Writer?", "Begins a vesper HDF5 file, which takes its place at close. vocab is a Vocab or "
        .. "a list of words; image_size is {height, width}, without it pictures stay the bytes "
        .. "they were; compress 0..9; chunk: pictures that are stored and compressed together, "
        .. "which is smaller, and slower to read in any order but that of Loader's chunks; half: "
        .. "features and regions are stored as float16."},
    {"data.permutation", "n:int, seed:int", "list",
      "1..n in an order that depends on the seed alone."},
    {"data.find", "folder:string, ending:string", "list?",
      "The files below a folder whose paths end so, sorted."},
    {"data.readers", "", "list", "Every reader: {name, args, doc}."},
    {"data.IMAGENET", nil, "table", "{mean, std} of ImageNet's pictures by channel, values 0..1."},
    {"data.normalize", "images:any, mean:list?, std:list?", "Tensor",
      "Images uint8 or float 0..255 [B,3,H,W] as (x / 255 - mean) / std by channel, float32; mean "
        .. "and std are ImageNet's."},
    {"data.extract", "model:value, source:string, out:string, {splits:list?, batch_size:int=32, "
        .. "half:bool=true, regions:bool=true, images:bool=false, flip:bool=false, compress:int=0, "
        .. "progress:function?}", "table?",
      "Runs model(images) -> v [B,D], U [B,R,C] over every image of a vesper HDF5 file and writes "
        .. "another one with feature and regions in place of the images, the rest as it was. half: "
        .. "stored as float16; flip: train's images once more, mirrored, under id..'#flip'. "
        .. "Returns counts by split, or nil and a message."},
    {"data.prepare.folder", "folder:string, out:string, {csv:string=products.csv, "
        .. "image:string=images/{id}.jpg, title:string=title, label:string=label, id:string=id, "
        .. "split:string?, size:value=64, min_count:int=2, max_words:int=16, seed:int=1, "
        .. "vectors:WordVectors?, skip_broken:bool=false, compress:int=0, name:string?, "
        .. "source:string?, progress:function?}",
      "table?", "Writes a folder of pictures with a CSV table as a vesper HDF5 file. csv to "
        .. "split name its columns; without split it is 80/10/10 by seed and no title crosses. "
        .. "Returns counts by name."},
    {"data.prepare.emoji", "folder:string, out:string, {size:value=64, keywords:int=4, "
        .. "min_count:int=2, max_words:int=16, min_class:int=10, seed:int=1, "
        .. "vectors:WordVectors?, skip_broken:bool=false, compress:int=0, name:string=emoji, "
        .. "source:string?, progress:function?}",
      "table?", "Writes the pictures, names and keywords of the Debian package ruby-gemojione, "
        .. "unpacked below folder, as a vesper HDF5 file. Returns counts by name."},
    {"data.prepare.openclipart", "folder:string, out:string, {size:value=64, keywords:int=4, "
        .. "min_count:int=2, max_words:int=16, min_class:int=10, max_title:int?, seed:int=1, "
        .. "vectors:WordVectors?, skip_broken:bool=false, compress:int=0, "
        .. "name:string=openclipart, source:string?, progress:function?}",
      "table?", "Writes the drawings of the Debian packages openclipart-png and openclipart-svg, "
        .. "unpacked below folder, as a vesper HDF5 file: the class is the topmost folder, the "
        .. "caption title and keywords, and no title crosses a split. max_title: at most so many "
        .. "drawings of one title. Returns counts by name."},
    {"data.prepare.visual_genome", "folder:string, out:string, {images:int=7034, regions:int=5, "
        .. "classes:int=20, objects:int=100, attributes:int=50, test:num=0.1, val:num=0.2, "
        .. "size:value=64, min_count:int=2, max_words:int=16, seed:int=1, vectors:WordVectors?, "
        .. "skip_broken:bool=false, compress:int=0, name:string=visual_genome, source:string?, "
        .. "progress:function?}",
      "table?", "Writes Visual Genome's own files (its JSON streamed, a subset of images by seed) "
        .. "as a vesper HDF5 file: captions are region phrases, boxes theirs, the class the "
        .. "image's "
        .. "most frequent object, tags its objects and attributes. Returns counts by name."},
    {"data.prepare.inshop", "folder:string, out:string, {val:num=0.2, boxes:bool=true, "
        .. "landmarks:bool=true, size:value=64, min_count:int=2, max_words:int=32, seed:int=1, "
        .. "vectors:WordVectors?, skip_broken:bool=false, compress:int=0, name:string=inshop, "
        .. "source:string?, progress:function?}",
      "table?", "Writes DeepFashion In-shop, a folder with Anno, Eval and Img, as a vesper HDF5 "
        .. "file with splits train, val, query and gallery, items, boxes and eight landmarks. "
        .. "Returns counts by name."},
    {"data.prepare.fashiongen", "train:string, validation:string, out:string, {text:string=both, "
        .. "val:num=0.2, size:value=64, min_count:int=2, max_words:int=32, seed:int=1, "
        .. "vectors:WordVectors?, skip_broken:bool=false, compress:int=0, "
        .. "name:string=fashiongen, source:string?, progress:function?}",
      "table?", "Writes Fashion-Gen's two HDF5 files as a vesper one: train and val of the first, "
        .. "by product, test the second. text: name, description or both. Returns counts by name."},
    {"data.prepare.karpathy", "json:string, folder:string, out:string, {captions:int=5, "
        .. "restval:train|val|test|restval=train, size:value=64, min_count:int=2, "
        .. "max_words:int=32, seed:int=1, vectors:WordVectors?, skip_broken:bool=false, "
        .. "compress:int=0, name:string?, source:string?, progress:function?}",
      "table?", "Writes dataset_flickr8k.json, dataset_flickr30k.json or dataset_coco.json and the "
        .. "pictures in folder as a vesper HDF5 file, in Karpathy's splits, without classes. "
        .. "Returns counts by name."},
    {"data.prepare.precomputed", "folder:string, out:string, {splits:any?, captions:int=5, "
        .. "repeated:bool?, dev:value=5000, boxes:bool=true, half:bool=false, min_count:int=4, "
        .. "max_words:int=32, seed:int=1, vectors:WordVectors?, compress:int=0, name:string?, "
        .. "source:string?, progress:function?}",
      "table?", "Writes the precomputed features of VSE++ and SCAN (train_ims.npy [N,D] or "
        .. "[N,R,D], train_caps.txt, ...) as a vesper HDF5 file, mapped, a row at a time. splits = "
        .. "{train = 'train', val = 'dev', test = 'test'} says what the files are called; "
        .. "repeated: whether each image stands there once for each caption, else the ids or the "
        .. "rows tell; dev: captions of dev, false for all. Returns counts by name."},
    {"Dataset:batch", "samples:value, epoch:int=0", "table",
      "Those samples as a batch; a list or an int64 tensor [B], from 1 or negative from the end. "
        .. "set[i] is one sample, #set how many there are."},
    {"Dataset:classes", "", "list", "Names of the classes; label l is the l-th."},
    {"Dataset:tags", "", "list", "Names of the tags; column g of a batch's tags is the g-th."},
    {"Dataset:vocab", "", "list", "Words in the order of their ids: text.Vocab.new(set:vocab())."},
    {"Dataset:vectors", "", "Tensor|nil", "Word vectors float32 [V,D] where the file has them."},
    {"Dataset:attrs", "", "table", "The file's attributes."},
    {"Dataset:captions", "i:int", "list", "Every text of that sample's image."},
    {"Dataset:text", "i:int", "string|nil", "The sample's own text."},
    {"Dataset:id", "i:int", "string|nil", "What the sample's image is called in its source."},
    {"Dataset.name", nil, "string|nil", "Name of the data."},
    {"Dataset.split", nil, "string|nil", "\"train\", \"val\" or \"test\"."},
    {"Dataset.path", nil, "string|nil", "The file it reads."},
    {"Dataset.images", nil, "integer", "How many images the samples come from."},
    {"Loader:batches", "", "function",
      "for batch in loader:batches(): an epoch of its own, for loops inside loops."},
    {"Loader:state", "", "table",
      "{seed, epoch, batch}: epochs begun, batches given of the running one; beside them the "
        .. "settings that decide what batches hold: samples, batch_size, shuffle, drop_last, "
        .. "chunks, crop, flip, jitter, erase."},
    {"Loader:load_state", "state:table", nil,
      "The next loop goes on where the state was taken. Settings that stand in the state have to "
        .. "be the loader's own."},
    {"Loader:close", "", nil, "Stops the workers; a loop that follows starts anew."},
    {"Loader.epoch", nil, "integer",
      "Epochs begun; may be set. #loader is the number of batches in one."},
    {"Loader.batch_size", nil, "integer", "Samples a batch."},
    {"Loader.seed", nil, "integer", "The seed of the order."},
    {"Loader.workers", nil, "integer", "Threads that make batches ahead."},
    {"Loader.shuffle", nil, "boolean", "Whether the order is shuffled."},
    {"Loader.drop_last", nil, "boolean", "Whether a smaller last batch is left out."},
    {"Loader.chunks", nil, "integer", "Chunks that are shuffled together, 0 for all samples."},
    {"Loader.samples", nil, "integer", "Samples of the data set."},
    {"Loader.crop", nil, "integer", "Pixels by which images are shifted at most."},
    {"Loader.flip", nil, "number", "Probability of mirroring."},
    {"Loader.jitter", nil, "number", "How far brightness, contrast and saturation change."},
    {"Loader.erase", nil, "number", "Probability of a rectangle set to 0."},
    {"Loader.set", nil, "Dataset", "What it loads."},
    {"Writer:add", "split:string, item:table", "true?",
      "item: image uint8 [3,H,W] or image_bytes (a JPEG or PNG as it was), label from 1, item "
        .. "(what is shown, a number from 1 that means the same in all splits), tags (a list of "
        .. "positions in the Writer's), id, captions (texts, or {text, tokens}), landmark [K,3], "
        .. "regions [R,D], boxes [R,4], alone or beside regions, feature [D]. An image may be left "
        .. "out where there are regions or a feature."},
    {"Writer:count", "split:string", "integer", "Images added to a split so far."},
    {"Writer:close", "", "true?",
      "Finishes the file and puts it in its place; without it nothing is left."},
  },
}
