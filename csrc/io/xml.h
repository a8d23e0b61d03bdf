/* The texts of an XML file.  xml.c is the only user of the XML library, expat.
 *
 * expat is linked like the other libraries, although one preparer of data alone needs it: it is in
 * every distribution, adds 0.05 ms to the 6 ms in which core.so and its libraries are loaded, and
 * 92 kB of memory.  Loading it only where it is used would cost code and a run-time error more.
 *
 * Nothing outside the file is ever read (external entities are passed over), and the output is
 * limited whatever entities the file defines. */
#ifndef VS_XML_H
#define VS_XML_H

#include "io/strings.h"

enum {
  VS_XML_MAX_TEXT = 1 << 20, /* bytes of text and of names that may come out, together */
  VS_XML_MAX_DEPTH = 1000
};
#define VS_XML_MAX_FILE ((size_t)1 << 26)

/* Of every element that has text of its own, in the order in which elements end: the names down to
 * it, without prefixes ("svg/metadata/RDF/Work/title"), and the text, white space folded into
 * single spaces.  Errors read "path: line 3, column 7: ...". */
int vs_xml_texts(const char *path, vs_strings *name, vs_strings *text);

#endif
