/* Looking for files in folders, making and replacing folders.  See folder.h. */
#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/mem.h"

static int visible(const struct dirent *e) {
  return strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
}

/* Whether the path ends in one of the endings; the first name of an ending with a '/' is whole. */
static bool ends_in(const char *path, vs_filenames endings) {
  size_t n = strlen(path);
  for (int i = 0; i < endings.n; i++) {
    const char *ending = endings.name[i];
    size_t m = strlen(ending);
    if (n >= m && !strcmp(path + n - m, ending) &&
        (n == m || path[n - m - 1] == '/' || !strchr(ending, '/')))
      return true;
  }
  return false;
}

static int look(const char *path, vs_filenames endings, int depth, vs_strings *out);

static int look_in(const char *folder, vs_filenames endings, int depth, vs_strings *out) {
  struct dirent **entry;
  int n = scandir(folder, &entry, visible, alphasort), rc = 0;
  if (n < 0)
    return depth ? 0 : vs_fail_file(folder, "%s", strerror(errno)); /* unreadable: skipped */
  for (int i = 0; i < n; i++) {
    size_t room = strlen(folder) + strlen(entry[i]->d_name) + 2;
    char *path = rc ? NULL : vs_new(room);
    if (path) snprintf(path, room, "%s/%s", folder, entry[i]->d_name);
    if (rc == 0) rc = path ? look(path, endings, depth + 1, out) : -1;
    free(path);
    free(entry[i]);
  }
  free(entry);
  return rc;
}

static int look(const char *path, vs_filenames endings, int depth, vs_strings *out) {
  struct stat st;
  if (lstat(path, &st)) return 0;
  if (S_ISDIR(st.st_mode)) return depth < VS_FOLDER_DEPTH ? look_in(path, endings, depth, out) : 0;
  return S_ISREG(st.st_mode) && ends_in(path, endings) ? vs_strings_add(out, path, strlen(path))
                                                       : 0;
}

int vs_folder_find(const char *folder, vs_filenames endings, vs_strings *out) {
  return look_in(folder, endings, 0, out);
}

/* --- making --- */

static int make_one(const char *path) {
  struct stat st;
  if (mkdir(path, 0777) == 0) return 0;
  int why = errno;
  if (stat(path, &st) == 0) {
    if (S_ISDIR(st.st_mode)) return 0;
    return vs_fail_file(path, "is not a folder");
  }
  return vs_fail_file(path, "cannot make: %s", strerror(why));
}

int vs_folder_make(const char *folder) {
  size_t n = strlen(folder) + 1;
  char *path = vs_new(n);
  int rc = 0;
  if (!path) return -1;
  memcpy(path, folder, n);
  for (char *p = path + 1; rc == 0 && n > 1 && (p = strchr(p, '/')); p++) {
    *p = 0;
    rc = make_one(path);
    *p = '/';
  }
  if (rc == 0) rc = make_one(path);
  free(path);
  return rc;
}

/* --- replacing --- */

static char *with_ending(const char *folder, const char *ending) {
  size_t n = strlen(folder), m = strlen(ending);
  char *path = vs_new(n + m + 1);
  if (!path) return NULL;
  memcpy(path, folder, n);
  memcpy(path + n, ending, m + 1);
  return path;
}

static bool is_folder(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool exists(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

/* The entry a file names, or a temporary file that a stopped writer left of it. */
static bool belongs(const char *name, vs_filenames files) {
  for (int i = 0; i < files.n; i++) {
    size_t n = strlen(files.name[i]);
    if (strncmp(name, files.name[i], n)) continue;
    if (name[n] == 0 || !strncmp(name + n, ".tmp-", 5)) return true;
  }
  return false;
}

/* Calls unlink on each entry where `removing`; refuses other files, and subfolders. */
static int visit(const char *path, vs_filenames files, bool removing) {
  DIR *d = opendir(path);
  int rc = 0;
  if (!d) return vs_fail_file(path, "%s", strerror(errno));
  for (struct dirent *e; rc == 0 && (e = readdir(d));) {
    if (!visible(e)) continue;
    if (!belongs(e->d_name, files))
      rc = vs_fail_file(path, "contains '%s', which vesper did not write: not replaced", e->d_name);
    else if (removing && unlinkat(dirfd(d), e->d_name, 0))
      rc = vs_fail_file(path, "cannot remove '%s': %s", e->d_name, strerror(errno));
  }
  closedir(d);
  return rc;
}

static int check_replaceable(const char *path, vs_filenames files) {
  if (!exists(path)) return 0;
  if (!is_folder(path)) return vs_fail_file(path, "is not a folder");
  return visit(path, files, false);
}

/* Removes nothing unless everything may be removed. */
static int remove_folder(const char *path, vs_filenames files) {
  if (!exists(path)) return 0;
  if (check_replaceable(path, files) || visit(path, files, true)) return -1;
  return rmdir(path) ? vs_fail_file(path, "cannot remove: %s", strerror(errno)) : 0;
}

/* File systems that cannot sync folders return EINVAL. */
static int sync_folder(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
  if (fd < 0) return vs_fail_file(path, "%s", strerror(errno));
  if (fsync(fd) && errno != EINVAL && errno != ENOTSUP)
    rc = vs_fail_file(path, "writing failed: %s", strerror(errno));
  close(fd);
  return rc;
}

/* Makes renames beside the path durable. */
static int sync_parent(const char *path) {
  const char *slash = strrchr(path, '/');
  char *parent = slash == path ? with_ending("/", "") : with_ending(slash ? path : ".", "");
  if (!parent) return -1;
  if (slash && slash != path) parent[slash - path] = 0;
  int rc = sync_folder(parent);
  free(parent);
  return rc;
}

/* 0 done, 1 this system or file system cannot, -1 failed. */
static int exchange_names(const char *a, const char *b) {
#ifdef RENAME_EXCHANGE
  if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
    return vs_fail_file(b, "cannot replace: %s", strerror(errno));
#else
  (void)a, (void)b;
#endif
  return 1;
}

static int rename_to(const char *from, const char *to) {
  return rename(from, to) ? vs_fail_file(to, "cannot replace: %s", strerror(errno)) : 0;
}

/* Renames the old one aside and the new one into its place; undone when that fails. */
static int rename_twice(const char *fresh, const char *folder, const char *old) {
  if (rename_to(folder, old)) return -1;
  if (rename_to(fresh, folder) == 0) return 0;
  (void)rename(old, folder);
  return -1;
}

static int stage(const char *folder, const char *fresh, const char *old, vs_filenames files) {
  if (!exists(folder) && is_folder(old) && (rename_to(old, folder) || sync_parent(folder)))
    return -1;
  if (check_replaceable(folder, files)) return -1;
  if (remove_folder(old, files) || remove_folder(fresh, files)) return -1;
  return mkdir(fresh, 0777) ? vs_fail_file(fresh, "cannot make: %s", strerror(errno)) : 0;
}

static int commit(const char *folder, const char *fresh, const char *old, vs_filenames files,
                  bool exchange) {
  int rc = 1;
  if (sync_folder(fresh) || check_replaceable(folder, files)) return -1;
  if (!exists(folder)) {
    rc = rename_to(fresh, folder);
  } else {
    if (exchange) rc = exchange_names(fresh, folder);
    if (rc > 0) rc = rename_twice(fresh, folder, old);
  }
  return rc || sync_parent(folder) ? -1 : 0;
}

/* fresh and old, the two names beside a folder; both NULL when memory is short. */
static int make_names(const char *folder, char **fresh, char **old) {
  *fresh = with_ending(folder, VS_FOLDER_NEW);
  *old = with_ending(folder, VS_FOLDER_OLD);
  if (*fresh && *old) return 0;
  free(*fresh);
  free(*old);
  *fresh = *old = NULL;
  return -1;
}

int vs_folder_stage(const char *folder, vs_filenames files) {
  char *fresh, *old;
  if (make_names(folder, &fresh, &old)) return -1;
  int rc = stage(folder, fresh, old, files);
  free(fresh);
  free(old);
  return rc;
}

int vs_folder_commit(const char *folder, vs_filenames files, bool exchange) {
  char *fresh, *old;
  int rc = make_names(folder, &fresh, &old);
  if (rc == 0) rc = commit(folder, fresh, old, files, exchange);
  if (rc == 0) { /* if this fails, the next stage reports why */
    (void)remove_folder(fresh, files);
    (void)remove_folder(old, files);
  } else {
    vs_folder_abandon(folder, files);
  }
  free(fresh);
  free(old);
  return rc;
}

void vs_folder_abandon(const char *folder, vs_filenames files) {
  char *fresh = with_ending(folder, VS_FOLDER_NEW);
  if (fresh && is_folder(fresh) && visit(fresh, files, false) == 0) {
    (void)visit(fresh, files, true);
    (void)rmdir(fresh);
  }
  free(fresh);
}

int vs_folder_current(const char *folder) {
  struct stat st;
  if (stat(folder, &st) == 0 && S_ISDIR(st.st_mode)) return 1; /* through a link, too */
  char *old = with_ending(folder, VS_FOLDER_OLD);
  int found = old && is_folder(old) ? 2 : 0;
  free(old);
  return found;
}
