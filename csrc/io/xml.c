/* The texts of an XML file.  See xml.h. */
#include "io/xml.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/file.h"

/* An open element: where its name and its text begin.  Its own text is text[start..), until a child
 * element starts; the child's text follows and is removed at its end. */
typedef struct level {
  size_t name, text;
} level;

typedef struct reader {
  const char *path;
  XML_Parser parser;
  vs_strings *out_name, *out_text;
  int depth;
  level level[VS_XML_MAX_DEPTH];
  vs_buffer name, text; /* of the open elements, one after the other */
  size_t taken;         /* bytes given out */
  bool failed;          /* and the message is set */
} reader;

/* Stops the parser; the first reason stays. */
static void stop(reader *r, const char *why) {
  if (!r->failed && why)
    vs_fail_file(r->path, "line %lu, column %lu: %s",
                 (unsigned long)XML_GetCurrentLineNumber(r->parser),
                 (unsigned long)XML_GetCurrentColumnNumber(r->parser) + 1, why);
  r->failed = true;
  XML_StopParser(r->parser, XML_FALSE);
}

static void check(reader *r) {
  if (r->name.failed || r->text.failed)
    stop(r, NULL); /* no memory: the message is set already */
  else if (r->name.n + r->text.n + r->taken > VS_XML_MAX_TEXT)
    stop(r, "more than 1 MiB of text");
}

static void begin(void *arg, const XML_Char *name, const XML_Char **attribute) {
  (void)attribute;
  reader *r = arg;
  if (r->failed) return;
  if (r->depth == VS_XML_MAX_DEPTH) {
    stop(r, "nested more than 1000 deep");
    return;
  }
  r->level[r->depth++] = (level){r->name.n, r->text.n};
  const char *colon = strrchr(name, ':');
  if (r->depth > 1) vs_buffer_puts(&r->name, "/");
  vs_buffer_puts(&r->name, colon ? colon + 1 : name);
  check(r);
}

static void add_text(void *arg, const XML_Char *s, int n) {
  reader *r = arg;
  if (r->failed) return;
  vs_buffer_put(&r->text, s, (size_t)n);
  check(r);
}

/* Folds white space in place; returns the new length. */
static size_t fold(char *s, size_t n) {
  size_t m = 0;
  for (size_t i = 0; i < n; i++) {
    bool space = s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r';
    if (!space)
      s[m++] = s[i];
    else if (m > 0 && s[m - 1] != ' ')
      s[m++] = ' ';
  }
  return m > 0 && s[m - 1] == ' ' ? m - 1 : m;
}

static void end(void *arg, const XML_Char *name) {
  (void)name;
  reader *r = arg;
  if (r->failed) return;
  level l = r->level[--r->depth];
  size_t n = r->text.n > l.text ? fold(r->text.data + l.text, r->text.n - l.text) : 0;
  if (n > 0) {
    r->taken += n + r->name.n;
    if (vs_strings_add(r->out_name, r->name.data, r->name.n) ||
        vs_strings_add(r->out_text, r->text.data + l.text, n))
      stop(r, NULL);
  }
  r->name.n = l.name;
  r->text.n = l.text;
  if (!r->failed) check(r);
}

static void parse(reader *r, const char *bytes, size_t n) {
  XML_SetUserData(r->parser, r);
  XML_SetElementHandler(r->parser, begin, end);
  XML_SetCharacterDataHandler(r->parser, add_text);
  if (XML_Parse(r->parser, bytes, (int)n, 1) != XML_STATUS_OK)
    stop(r, XML_ErrorString(XML_GetErrorCode(r->parser)));
}

int vs_xml_texts(const char *path, vs_strings *name, vs_strings *text) {
  size_t n;
  char *bytes = vs_file_read(path, VS_XML_MAX_FILE, &n);
  reader *r = bytes ? vs_new0(sizeof *r) : NULL;
  int rc = -1;
  if (!r) goto done;
  *r = (reader){.path = path, .out_name = name, .out_text = text};
  if (!(r->parser = XML_ParserCreate(NULL))) {
    vs_fail_memory(sizeof *r);
    goto done;
  }
  parse(r, bytes, n);
  rc = r->failed ? -1 : 0;
  XML_ParserFree(r->parser);
done:
  if (r) free(r->name.data);
  if (r) free(r->text.data);
  free(r);
  free(bytes);
  return rc;
}
