/* A streaming CSV reader.  See csv.h. */
#include "io/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/file.h"

/* The fields of one row: text holds them one after the other, each followed by a 0 byte; field i is
 * text[start[i] .. start[i+1] - 1). */
typedef struct row {
  vs_buffer text;
  size_t start[VS_CSV_MAX_COLUMNS + 1];
  int n;
} row;

struct vs_csv {
  FILE *f;
  char *path;
  int delimiter;
  int64_t line, row_line; /* of the next character; of the current row's first */
  row header, row;
  size_t at, have; /* in chunk */
  unsigned char chunk[1 << 16];
};

static int fail_at(const vs_csv *c, int64_t line, const char *what) {
  char place[512];
  snprintf(place, sizeof place, "%.370s:%lld", c->path, (long long)line);
  return vs_fail_file(place, "%s", what);
}

/* --- characters --- */

static int fill(vs_csv *c) {
  c->have = fread(c->chunk, 1, sizeof c->chunk, c->f);
  c->at = 0;
  return c->have > 0 ? c->chunk[0] : EOF;
}

static inline int peek(vs_csv *c) { return c->at < c->have ? c->chunk[c->at] : fill(c); }

/* Steps over the end of a line: CR, LF or CRLF. */
static void skip_line_end(vs_csv *c) {
  int ch = peek(c);
  if (ch == EOF) return;
  c->at++;
  if (ch == '\r' && peek(c) == '\n') c->at++;
  c->line++;
}

/* --- fields --- */

/* Adds bytes to the field being read. */
static int put(vs_csv *c, const void *bytes, size_t n) {
  row *r = &c->row;
  if (r->text.n - r->start[r->n] + n > VS_CSV_MAX_FIELD) {
    return fail_at(c, c->row_line, "a field of more than 1 MiB (an unclosed quote?)");
  }
  if (r->text.n + n > VS_CSV_MAX_ROW) return fail_at(c, c->row_line, "a row of more than 16 MiB");
  vs_buffer_put(&r->text, bytes, n);
  return r->text.failed ? -1 : 0;
}

/* Adds the run of bytes at c->at that holds no byte of the stop set. */
static int take(vs_csv *c, const bool stop[256]) {
  size_t first = c->at;
  while (c->at < c->have && !stop[c->chunk[c->at]]) c->at++;
  return put(c, c->chunk + first, c->at - first);
}

static int read_plain(vs_csv *c) {
  bool stop[256] = {['\n'] = true, ['\r'] = true};
  stop[c->delimiter] = true;
  int ch;
  while ((ch = peek(c)) != EOF && !stop[ch]) {
    if (take(c, stop) != 0) return -1;
  }
  return 0;
}

static int read_quoted(vs_csv *c) {
  static const bool stop[256] = {['"'] = true, ['\n'] = true, ['\r'] = true};
  int64_t opened = c->line;
  c->at++; /* the opening quote */
  for (;;) {
    int ch = peek(c);
    if (ch == EOF) return fail_at(c, opened, "the quote that opens here is never closed");
    if (!stop[ch]) {
      if (take(c, stop) != 0) return -1;
      continue;
    }
    c->at++;
    if (ch == '"') {
      if (peek(c) != '"') break; /* the closing quote */
      c->at++;
    } else if (ch == '\n' || peek(c) != '\n') {
      c->line++; /* of CRLF, the LF counts the line */
    }
    char byte = (char)ch;
    if (put(c, &byte, 1) != 0) return -1;
  }
  int ch = peek(c);
  if (ch == EOF || ch == '\n' || ch == '\r' || ch == c->delimiter) return 0;
  return fail_at(c, c->line, "text after a closing quote");
}

/* 1: a row, however many fields; 0: the end. */
static int read_row(vs_csv *c) {
  row *r = &c->row;
  r->n = 0;
  r->text.n = 0;
  c->row_line = c->line;
  if (peek(c) == EOF) {
    return ferror(c->f) ? fail_at(c, c->line, strerror(errno)) : 0;
  }
  for (;;) {
    if (r->n == VS_CSV_MAX_COLUMNS) return fail_at(c, c->row_line, "more than 4096 fields");
    r->start[r->n] = r->text.n;
    if ((peek(c) == '"' ? read_quoted(c) : read_plain(c)) != 0) return -1;
    vs_buffer_put(&r->text, "", 1);
    if (r->text.failed) return -1;
    r->start[++r->n] = r->text.n;
    if (peek(c) != c->delimiter) break;
    c->at++;
  }
  if (ferror(c->f)) return fail_at(c, c->line, strerror(errno));
  skip_line_end(c);
  return 1;
}

static const char *field(const row *r, int i, size_t *n) {
  if (n) *n = r->start[i + 1] - r->start[i] - 1;
  return r->text.data + r->start[i];
}

/* --- the reader --- */

static int check_header(const vs_csv *c) {
  for (int i = 0; i < c->header.n; i++) {
    for (int j = 0; j < i; j++) {
      if (strcmp(field(&c->header, i, NULL), field(&c->header, j, NULL)) == 0) {
        char what[256];
        snprintf(what, sizeof what, "two columns are named '%.100s'", field(&c->header, i, NULL));
        return fail_at(c, c->row_line, what);
      }
    }
  }
  return 0;
}

static int read_header(vs_csv *c) {
  if (peek(c) != EOF) c->at = vs_text_mark(c->chunk, c->have);
  int got = read_row(c);
  if (got < 0) return -1;
  if (got == 0) return vs_fail_file(c->path, "empty, the first line must name the columns");
  c->header = c->row;
  memset(&c->row.text, 0, sizeof c->row.text);
  return check_header(c);
}

vs_csv *vs_csv_open(const char *path, char delimiter) {
  struct stat st;
  if (delimiter == '"' || delimiter == '\n' || delimiter == '\r') {
    return vs_fail_null("csv: a quote or line end cannot be the delimiter");
  }
  vs_csv *c = vs_new0(sizeof *c);
  if (!c) return NULL;
  c->line = 1;
  c->delimiter = (unsigned char)delimiter;
  c->path = vs_new(strlen(path) + 1);
  if (!c->path) goto fail;
  strcpy(c->path, path);
  c->f = fopen(path, "rb");
  if (!c->f) {
    vs_fail_file(path, "%s", strerror(errno));
    goto fail;
  }
  if (fstat(fileno(c->f), &st) == 0 && S_ISDIR(st.st_mode)) {
    vs_fail_file(path, "not a file");
    goto fail;
  }
  setvbuf(c->f, NULL, _IONBF, 0); /* chunk is the buffer */
  if (read_header(c) != 0) goto fail;
  return c;
fail:
  vs_csv_close(c);
  return NULL;
}

void vs_csv_close(vs_csv *c) {
  if (!c) return;
  if (c->f) fclose(c->f);
  free(c->header.text.data);
  free(c->row.text.data);
  free(c->path);
  free(c);
}

int vs_csv_next(vs_csv *c) {
  while (c->header.n > 1 && (peek(c) == '\n' || peek(c) == '\r')) skip_line_end(c);
  int got = read_row(c);
  if (got <= 0) return got;
  if (c->row.n != c->header.n) {
    char what[96];
    snprintf(what, sizeof what, "%d field%s, the header has %d", c->row.n, c->row.n == 1 ? "" : "s",
             c->header.n);
    return fail_at(c, c->row_line, what);
  }
  return 1;
}

int vs_csv_columns(const vs_csv *c) { return c->header.n; }

const char *vs_csv_column_name(const vs_csv *c, int column, size_t *n) {
  return field(&c->header, column, n);
}

const char *vs_csv_field(const vs_csv *c, int column, size_t *n) {
  return field(&c->row, column, n);
}

int64_t vs_csv_line(const vs_csv *c) { return c->row_line; }

int vs_csv_find(const vs_csv *c, const char *name) {
  char names[512] = "";
  size_t at = 0;
  for (int i = 0; i < c->header.n; i++) {
    const char *s = field(&c->header, i, NULL);
    if (strcmp(s, name) == 0) return i;
    int k = snprintf(names + at, sizeof names - at, "%s%s", i ? ", " : "", s);
    at = VS_MIN(at + (size_t)k, sizeof names - 1);
  }
  return vs_fail_file(c->path, "no column '%s' among: %s", name, names);
}
