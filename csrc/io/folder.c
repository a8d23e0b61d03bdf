/* Looking for files in folders.  See folder.h. */
#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/mem.h"

static int visible(const struct dirent *e) {
  return strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
}

static bool ends_in(const char *path, const char *ending) {
  size_t n = strlen(path), m = strlen(ending);
  return n >= m && !strcmp(path + n - m, ending) &&
         (n == m || path[n - m - 1] == '/' || *ending == '.');
}

static int look(const char *path, const char *ending, int depth, vs_strings *out);

static int look_in(const char *folder, const char *ending, int depth, vs_strings *out) {
  struct dirent **entry;
  int n = scandir(folder, &entry, visible, alphasort), rc = 0;
  if (n < 0)
    return depth ? 0 : vs_fail_file(folder, "%s", strerror(errno)); /* unreadable: passed over */
  for (int i = 0; i < n; i++) {
    size_t room = strlen(folder) + strlen(entry[i]->d_name) + 2;
    char *path = rc ? NULL : vs_new(room);
    if (path) snprintf(path, room, "%s/%s", folder, entry[i]->d_name);
    if (rc == 0) rc = path ? look(path, ending, depth + 1, out) : -1;
    free(path);
    free(entry[i]);
  }
  free(entry);
  return rc;
}

static int look(const char *path, const char *ending, int depth, vs_strings *out) {
  struct stat st;
  if (lstat(path, &st)) return 0;
  if (S_ISDIR(st.st_mode)) return depth < VS_FOLDER_DEPTH ? look_in(path, ending, depth, out) : 0;
  return S_ISREG(st.st_mode) && ends_in(path, ending) ? vs_strings_add(out, path, strlen(path)) : 0;
}

int vs_folder_find(const char *folder, const char *ending, vs_strings *out) {
  return look_in(folder, ending, 0, out);
}
