-- Words of the reference: pictures and plain files.
return {
  {"image", "Pictures are uint8 [C,H,W]; x and y count from 1, sizes are {height, width}.",
    {"image.load", "path:string, {channels:int=3, background:list=white}", "Tensor?",
      "JPEG, PNG, BMP or GIF as [channels,H,W]: 1 grey, 3 RGB, 4 RGBA. Transparent pixels are "
        .. "laid over background."},
    {"image.decode", "bytes:string, {channels:int=3, background:list=white}", "Tensor?",
      "The same of bytes in memory."},
    {"image.info", "path:string", "table?", "{width, height, channels} without decoding."},
    {"image.save", "path:string, picture:any, {quality:int=90}", "true?",
      ".png or .jpg by the ending; quality 1..100 of JPEG."},
    {"image.encode", "picture:any, format:png|jpg, {quality:int=90}", "string",
      "The bytes of such a file."},
    {"image.resize", "picture:any, size:list, filter:string=bilinear", "Tensor",
      "To {height, width}; filter nearest, box, bilinear, bicubic or lanczos, with antialiasing."},
    {"image.crop", "picture:any, x:int, y:int, size:list", "Tensor",
      "A copy of the part with its top left at x, y."},
    {"image.flip", "picture:any", "Tensor", "A copy with left and right exchanged."},
    {"image.canvas", "size:list, color:list=white", "Tensor",
      "A new picture [3,H,W] of one colour {r, g, b}, 0..255."},
    {"image.draw_text", "picture:any, x:int, y:int, text:string, {scale:int=1, color:list=black}",
      "Tensor", "Paints text with its top left at x, y; returns the picture."},
    {"image.text_size", "text:string, scale:int=1", "integer, integer",
      "Width and height of such a text in pixels."},
    {"image.draw_box", "picture:any, x:int, y:int, size:list, {color:list=black, frame:int=0}",
      "Tensor", "Paints a box, or only a frame of that thickness; returns the picture."},
    {"image.paste", "picture:any, other:any, x:int, y:int", "Tensor",
      "Paints another picture at x, y; returns the picture."},
    {"image.grid", "pictures:list, {columns:int?, padding:int=2, background:list=white}", "Tensor",
      "One picture of many, row by row, in cells as large as the largest; as square as it gets "
        .. "by default."},
  },
  {"io", "Plain files.",
    {"io.csv", "path:string, {delimiter:string=,}", "CsvReader?",
      "for row in io.csv(path): row is {column = text}, the first line names the columns. A "
        .. "broken row is an error."},
    {"io.csv_rows", "path:string, {delimiter:string=,}", "list?, list",
      "All rows at once, and the names of the columns."},
    {"CsvReader:columns", "", "list",
      "The names of the columns. reader() is the next row, nil at the end."},
    {"CsvReader:line", "", "integer", "The line of the file that was read last."},
    {"CsvReader:close", "", nil, "Closes the file."},
    {"io.json_decode", "text:string", "value?",
      "JSON as Lua values: objects and arrays are tables, null is io.null."},
    {"io.json_load", "path:string", "value?", "The same of a file."},
    {"io.json_items", "path:string, {key:string?}", "JsonItems?",
      "for element in io.json_items(path): the elements of a file that is one array, or an object "
        .. "with an array under the key, read one after the other, so that memory holds one of "
        .. "them (at most 64 MiB of text). A broken file is "
        .. "an error that names element and byte. items() is the next element, nil at the end."},
    {"JsonItems:read", "", "value?",
      "The next element, nil at the end; nil and a message where the file is broken."},
    {"JsonItems:close", "", nil, "Closes the file."},
    {"io.h5", "path:string", "H5File?",
      "Any HDF5 file, to read data sets of it in pieces; vesper's own are data.open's."},
    {"H5File:info", "name:string", "table?",
      "{kind, shape, bytes} of a data set: kind is integers, numbers, strings or other, bytes "
        .. "those "
        .. "of an element."},
    {"H5File:read", "name:string, first:int=1, last:int?", "value?",
      "Rows first to last: a tensor (uint8, int64 or float32), or a list of strings, as their "
        .. "bytes "
        .. "are, for shapes [N] and [N,1]."},
    {"H5File:close", "", nil, "Closes the file."},
    {"io.json_encode", "value:value, {indent:int=0}", "string",
      "JSON with sorted keys, on one line unless indented."},
    {"io.json_save", "path:string, value:value, {indent:int=0}", "true?", "The same into a file."},
    {"io.array", "list:list", "list",
      "Marks a table, so that it is written as [] even when it is empty."},
    {"io.xml_texts", "path:string", "list?",
      "The texts of an XML file: {name, text} of every element that has some of its own, name "
        .. "being the elements down to it without prefixes (\"svg/metadata/RDF/Work/title\"), "
        .. "in the order in which they end. Reads nothing outside the file; at most 1 MiB of "
        .. "text."},
    {"io.null", nil, "value", "What stands for JSON's null."},
  },
}
