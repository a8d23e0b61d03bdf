/* Looking for files in folders, making folders, and replacing the content of one as a whole.
 *
 * Looking follows no symbolic links, VS_FOLDER_DEPTH deep at most.
 *
 * Replacing: stage makes FOLDER.new, the caller writes its files there, commit puts it in place of
 * FOLDER. Invariant: whenever the process or the machine stops, FOLDER is the old or the new one,
 * complete; where the system cannot exchange two names at once, the old one may be left as
 * FOLDER.old, which vs_folder_current finds.  Nothing but the files that the caller names is ever
 * removed: a folder that contains anything else is refused.  One writer at a time. */
#ifndef VS_FOLDER_H
#define VS_FOLDER_H

#include "io/strings.h"

enum { VS_FOLDER_DEPTH = 24 };

/* Names or endings of plain files. */
typedef struct vs_filenames {
  int n;
  const char *const *name;
} vs_filenames;

/* Adds every file below the folder whose path ends in one of the endings (".jpg",
 * "config/index.json"), in alphabetical order. */
int vs_folder_find(const char *folder, vs_filenames endings, vs_strings *out);

/* Makes a folder and those above it that are missing; one that is there is left as it is. */
int vs_folder_make(const char *folder);

#define VS_FOLDER_NEW ".new"
#define VS_FOLDER_OLD ".old"

/* Removes the files that an interrupted writer left, and makes an empty FOLDER.new.  files: the
 * plain files that FOLDER may hold, besides their temporary ones (file.h). */
int vs_folder_stage(const char *folder, vs_filenames files);
/* Syncs FOLDER.new and puts it in place of FOLDER; the old one is removed afterwards.  Without
 * `exchange` by two renames even where the system could do it at once.  On failure FOLDER.new is
 * removed, and FOLDER is the old one (the new one where only the last sync failed). */
int vs_folder_commit(const char *folder, vs_filenames files, bool exchange);
/* Removes FOLDER.new, if there is one. */
void vs_folder_abandon(const char *folder, vs_filenames files);
/* Where the complete one lies: 1 FOLDER, 2 FOLDER.old, 0 nowhere. */
int vs_folder_current(const char *folder);

#endif
