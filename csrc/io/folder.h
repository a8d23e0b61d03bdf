/* Looking for files in folders.  Follows no symbolic links, VS_FOLDER_DEPTH deep at most. */
#ifndef VS_FOLDER_H
#define VS_FOLDER_H

#include "io/strings.h"

enum { VS_FOLDER_DEPTH = 24 };

/* Adds every file below the folder whose path ends in `ending` ("config/index.json"), in
 * alphabetical order. */
int vs_folder_find(const char *folder, const char *ending, vs_strings *out);

#endif
