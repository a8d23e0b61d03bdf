/* A whole file, mapped for reading. */
#ifndef VS_MAPFILE_H
#define VS_MAPFILE_H

#include "core/base.h"

typedef struct vs_mapfile {
  const char *data; /* NULL when the file is empty */
  size_t size;
} vs_mapfile;

/* 0, or -1 with the file's name and the system's reason. */
int vs_mapfile_open(vs_mapfile *m, const char *path);
void vs_mapfile_close(vs_mapfile *m);

#endif
