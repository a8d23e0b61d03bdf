/* CSV as in RFC 4180, a row at a time from a buffered file.
 *
 * The first row names the columns.  Fields may be quoted ("" inside quotes is one quote), quoted
 * fields may hold line ends; lines end in LF, CRLF or CR; a UTF-8 byte order mark is skipped; lines
 * with nothing on them are skipped when there is more than one column.  A row whose number of
 * fields differs from the header's is an error that names file and line.  Fields are bytes: no
 * conversion.  Memory is one row, whatever the file's size.  */
#ifndef VS_CSV_H
#define VS_CSV_H

#include "core/base.h"

enum {
  VS_CSV_MAX_ROW = 16 << 20,  /* bytes of one row's fields together */
  VS_CSV_MAX_FIELD = 1 << 20, /* bytes of one field */
  VS_CSV_MAX_COLUMNS = 4096
};

typedef struct vs_csv vs_csv;

vs_csv *vs_csv_open(const char *path, char delimiter);
void vs_csv_close(vs_csv *c); /* NULL is fine */
int vs_csv_columns(const vs_csv *c);
const char *vs_csv_column_name(const vs_csv *c, int column, size_t *n);
/* The column of that name, or -1 with an error that lists the columns. */
int vs_csv_find(const vs_csv *c, const char *name);
/* 1: a row is there; 0: the end; -1: a broken row. */
int vs_csv_next(vs_csv *c);
/* A field of the current row, followed by a 0 byte; lives until the next vs_csv_next. */
const char *vs_csv_field(const vs_csv *c, int column, size_t *n);
/* The line on which the current row starts, from 1. */
int64_t vs_csv_line(const vs_csv *c);

#endif
