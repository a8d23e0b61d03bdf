-- Texts of the reference: images and files.
return {
  {"image", "Images are uint8 [C,H,W]; x and y start at 1, sizes are {height, width}.",
    {"image.load", "path:string, {channels:int=3, background:list=white, "
        .. "apply_exif_orientation:bool=false}", "Tensor?",
      "A JPEG, PNG, BMP or GIF as [channels,H,W]: 1 grey, 3 RGB, 4 RGBA. Transparent pixels are "
        .. "blended with background; of 16 bits the high byte counts. apply_exif_orientation: "
        .. "the picture is turned and mirrored as its EXIF data says, as by PIL's exif_transpose; "
        .. "without it, as in PIL and torchvision, it is as stored. Returns nil and a message for "
        .. "what is damaged, of another format, or above the limit of set_max_pixels."},
    {"image.load_batch", "paths:list, size:list, {channels:int=3, background:list=white, "
        .. "apply_exif_orientation:bool=false, workers:int?}", "Tensor?",
      "Picture files, decoded by several threads and resized to {height, width} by the bilinear "
        .. "filter: uint8 [N,channels,height,width]. workers: the number of threads, default "
        .. "vs.get_num_threads()."},
    {"image.decode", "bytes:string, {channels:int=3, background:list=white, "
        .. "apply_exif_orientation:bool=false}", "Tensor?",
      "image.load for a file's bytes in memory."},
    {"image.info", "path:string, {apply_exif_orientation:bool=false}", "table?",
      "{width, height, channels} without decoding: channels are those stored, 2 and 4 with "
        .. "transparency."},
    {"image.set_max_pixels", "pixels:int", nil,
      "Sets how many pixels a picture may have that any function of this process decodes, "
        .. "workers of loaders too (PIL's MAX_IMAGE_PIXELS): 67108864 at first, at most 2^28. "
        .. "The size is checked before memory is requested."},
    {"image.get_max_pixels", "", "integer", "The limit of set_max_pixels."},
    {"image.save", "path:string, picture:any, {quality:int=90}", "true?",
      "Writes .png or .jpg, by the extension; quality 1..100 is for JPEG."},
    {"image.encode", "picture:any, format:png|jpg, {quality:int=90}", "string",
      "The bytes that image.save would write."},
    {"image.resize", "picture:any, size:list, filter:string=bilinear", "Tensor",
      "Resized to {height, width}; filter is nearest, box, bilinear, bicubic or lanczos, with "
        .. "antialiasing."},
    {"image.crop", "picture:any, x:int, y:int, size:list", "Tensor",
      "A copy of the part of this size whose top left corner is x, y."},
    {"image.flip", "picture:any", "Tensor", "A copy mirrored left to right."},
    {"image.canvas", "size:list, color:list=white", "Tensor",
      "A new image [3,H,W] of one colour {r, g, b}, 0..255."},
    {"image.draw_text", "picture:any, x:int, y:int, text:string, {scale:int=1, color:list=black}",
      "Tensor", "Draws text with its top left corner at x, y, in place; returns the image."},
    {"image.text_size", "text:string, scale:int=1", "integer, integer",
      "Width and height in pixels of a text that draw_text draws."},
    {"image.draw_box", "picture:any, x:int, y:int, size:list, {color:list=black, frame:int=0}",
      "Tensor", "Draws a filled box, or with frame > 0 a frame of this thickness, in place; "
        .. "returns the image."},
    {"image.paste", "picture:any, other:any, x:int, y:int", "Tensor",
      "Copies another image to x, y, in place; returns the image."},
    {"image.grid", "pictures:list, {columns:int?, padding:int=2, background:list=white}", "Tensor",
      "One image of many, row by row, in cells of the largest size; nearly square unless columns "
        .. "is given."},
  },
  {"io", "CSV, JSON, HDF5 and XML files.",
    {"io.csv", "path:string, {delimiter:string=,}", "CsvReader?",
      "for row in io.csv(path): row is {column = text}; the first line has the column names. An "
        .. "invalid row is an error."},
    {"io.csv_rows", "path:string, {delimiter:string=,}", "list?, list",
      "A list of all rows, and the column names."},
    {"CsvReader:columns", "", "list",
      "The column names. reader() returns the next row, nil at the end."},
    {"CsvReader:line", "", "integer", "The number of the last line read."},
    {"CsvReader:close", "", nil, "Closes the file."},
    {"io.json_decode", "text:string", "value?",
      "JSON as Lua values: objects and arrays are tables, null is io.null."},
    {"io.json_load", "path:string", "value?", "json_decode of a file."},
    {"io.json_items", "path:string, {key:string?}", "JsonItems?",
      "for element in io.json_items(path): the elements of a file that is one array, or of the "
        .. "array under key of an object. Keeps one element in memory (at most 64 MiB of text). An "
        .. "invalid file is an error that names element and byte. items() returns the next "
        .. "element, nil at the end."},
    {"JsonItems:read", "", "value?",
      "The next element, nil at the end; nil and a message if the file is invalid."},
    {"JsonItems:close", "", nil, "Closes the file."},
    {"io.h5", "path:string", "H5File?",
      "Opens any HDF5 file to read parts of its data sets; data.open reads vesper's own format."},
    {"H5File:info", "name:string", "table?",
      "{kind, shape, bytes} of a data set: kind is integers, booleans (numpy's bool), "
        .. "numbers, strings or other; bytes is the size of an element; partial is true where only "
        .. "a part of it was written. The shape of a scalar is {}."},
    {"H5File:read", "name:string, first:int=1, last:int?", "value?",
      "Rows first to last: a tensor (uint8; int64 of all other integers; bool; float32), or for "
        .. "strings of shape [N] or [N,1] a list of their bytes, without what fills up those of "
        .. "fixed length. Links inside the file are followed. An integer above 2^63-1 is refused. "
        .. "Rows that were never written are the data set's fill value. A scalar is one row and "
        .. "gives a tensor without dimensions."},
    {"H5File:close", "", nil, "Closes the file."},
    {"io.json_encode", "value:value, {indent:int=0}", "string",
      "JSON with sorted keys, on one line unless indented."},
    {"io.json_save", "path:string, value:value, {indent:int=0}", "true?",
      "Writes json_encode's result to a file."},
    {"io.array", "list:list", "list",
      "Marks a table as an array, so that it is written as [] even if it is empty; returns it."},
    {"io.xml_texts", "path:string", "list?",
      "The texts of an XML file: {name, text} for every element with text of its own, in the order "
        .. "of the end tags. name is the path of elements without namespace prefixes "
        .. "(\"svg/metadata/RDF/Work/title\"). Reads no other file; at most 1 MiB of text."},
    {"io.null", nil, "value", "JSON's null."},
  },
}
