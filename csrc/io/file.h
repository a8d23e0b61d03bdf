/* Whole files: read into memory, and written so that a reader never sees half of one.
 *
 * Invariant of writing: bytes go to a temporary file in the same folder; only commit renames it
 * over the path, after everything reached the disk.  Abandoned files are removed.  Knows no
 * format. */
#ifndef VS_FILE_H
#define VS_FILE_H

#include <stdio.h>

#include "core/base.h"

/* The whole file in a malloc'd block with a 0 byte after its n bytes, or NULL with an error that
 * names the path.  Refuses files of more than `limit` bytes and anything that is not a file. */
char *vs_file_read(const char *path, size_t limit, size_t *n);

/* The bytes of a byte order mark of UTF-8 at the start of a text: 3 or 0.  Every reader of text
 * steps over them, those of Lua in util/file.lua. */
size_t vs_text_mark(const void *text, size_t n);

typedef struct vs_outfile {
  FILE *f;
  char *path, *temp;
} vs_outfile;

int vs_outfile_open(vs_outfile *o, const char *path);
int vs_outfile_write(vs_outfile *o, const void *data, size_t n);
/* Flushes to the disk and renames.  On failure the file is abandoned. */
int vs_outfile_commit(vs_outfile *o);
/* Closes and removes the temporary file; harmless on a zeroed, committed or abandoned one. */
void vs_outfile_abandon(vs_outfile *o);
/* open, write, commit. */
int vs_file_write(const char *path, const void *data, size_t n);

/* Bytes that grow.  A refused allocation sets `failed` and drops what comes after, so that writers
 * need one check at the end.  Zero-initialise; free(b.data) when done. */
typedef struct vs_buffer {
  char *data;
  size_t n, room;
  bool failed;
} vs_buffer;

void vs_buffer_put(vs_buffer *b, const void *data, size_t n);
void vs_buffer_puts(vs_buffer *b, const char *text);

#endif
