/* Files that are named by paths and by patterns such as "part-*.h5". */
#ifndef VS_PATTERN_H
#define VS_PATTERN_H

#include "io/strings.h"

enum { VS_MAX_FILES = 1 << 20 };

/* Whether the path is a pattern: it has '*', '?' or '[', and no file has that very name. */
bool vs_is_pattern(const char *path);

/* The files of all names, in the order of the names.  A path stands for itself, whether it is there
 * or not.  A pattern (of the shell, also in folders) stands for the names that match it, runs of
 * digits in the order of their numbers, other bytes in the order of their values: part-2 comes
 * before part-10.  Names that end in ".tmp" match no pattern: writers give them to files that are
 * not whole.  Fails where a pattern matches nothing, where a file occurs twice (a link is the file
 * that it leads to), and where there is no name at all. */
int vs_files_of(const char *const *name, int n, vs_strings *out);

/* The same for one string that is to be printed: a path or pattern, "a.h5 and 3 more" for a list.
 * malloc'ed. */
char *vs_files_title(const char *const *name, int n);

#endif
