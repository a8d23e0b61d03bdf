/* Paths and patterns.  See pattern.h. */
#include "io/pattern.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/mem.h"

#define UNFINISHED ".tmp"

bool vs_is_pattern(const char *path) {
  struct stat st;
  return strpbrk(path, "*?[") && lstat(path, &st) != 0;
}

/* --- order --- */

/* Compares the numbers at *a and *b, whose first bytes are digits, and steps over them. */
static int compare_numbers(const char **a, const char **b) {
  while (**a == '0') ++*a;
  while (**b == '0') ++*b;
  size_t n = strspn(*a, "0123456789"), m = strspn(*b, "0123456789");
  int order = n != m ? (n < m ? -1 : 1) : strncmp(*a, *b, n);
  *a += n;
  *b += m;
  return order;
}

static int by_number(const void *left, const void *right) {
  const char *a = *(char *const *)left, *b = *(char *const *)right;
  while (*a && *b) {
    int order = 0;
    if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
      order = compare_numbers(&a, &b);
    } else {
      order = (unsigned char)*a - (unsigned char)*b;
      a++;
      b++;
    }
    if (order) return order;
  }
  if (*a || *b) return *a ? 1 : -1;
  return strcmp(*(char *const *)left, *(char *const *)right); /* "a1" and "a01" */
}

/* --- patterns --- */

static bool is_unfinished(const char *path) {
  size_t n = strlen(path), m = strlen(UNFINISHED);
  return n > m && !strcmp(path + n - m, UNFINISHED);
}

/* The folder in which the pattern looks, as a whole path where it is there. */
static int nothing_matches(const char *pattern) {
  size_t n = strcspn(pattern, "*?[");
  while (n > 0 && pattern[n - 1] != '/') n--;
  char *folder = n > 0 ? strndup(pattern, n) : strdup(".");
  char *whole = folder ? realpath(folder, NULL) : NULL;
  if (!folder)
    vs_fail_memory(n);
  else if (!whole)
    vs_fail_file(pattern, "no file matches; there is no folder %s", folder);
  else
    vs_fail_file(pattern, "no file matches in the folder %s", whole);
  free(folder);
  free(whole);
  return -1;
}

static int add_matches(const char *pattern, vs_strings *out) {
  glob_t found;
  int64_t before = out->n;
  int rc = glob(pattern, GLOB_NOSORT, NULL, &found);
  if (rc == GLOB_NOMATCH) return nothing_matches(pattern);
  if (rc) return rc == GLOB_NOSPACE ? vs_fail_memory(1 << 20) : nothing_matches(pattern);
  if (found.gl_pathc > VS_MAX_FILES)
    rc = vs_fail_file(pattern, "matches %zu files, expected at most %d", found.gl_pathc,
                      VS_MAX_FILES);
  else
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, by_number);
  for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++) {
    const char *path = found.gl_pathv[i];
    if (!is_unfinished(path)) rc = vs_strings_add(out, path, strlen(path));
  }
  globfree(&found);
  return rc == 0 && out->n == before ? nothing_matches(pattern) : rc;
}

/* --- files --- */

typedef struct place {
  dev_t device;
  ino_t inode;
  int64_t at;
} place;

static int by_place(const void *a, const void *b) {
  const place *x = a, *y = b;
  if (x->device != y->device) return x->device < y->device ? -1 : 1;
  if (x->inode != y->inode) return x->inode < y->inode ? -1 : 1;
  return x->at < y->at ? -1 : x->at > y->at;
}

/* What is not there is left to whoever opens it. */
static int check_once(const vs_strings *files) {
  place *p = vs_new((size_t)files->n * sizeof *p);
  int64_t n = 0;
  int rc = 0;
  if (!p) return -1;
  for (int64_t i = 0; i < files->n; i++) {
    struct stat st;
    if (stat(vs_strings_get(files, i), &st) == 0) p[n++] = (place){st.st_dev, st.st_ino, i};
  }
  qsort(p, (size_t)n, sizeof *p, by_place);
  for (int64_t i = 1; rc == 0 && i < n; i++) {
    if (p[i].device != p[i - 1].device || p[i].inode != p[i - 1].inode) continue;
    const char *a = vs_strings_get(files, p[i - 1].at), *b = vs_strings_get(files, p[i].at);
    rc = strcmp(a, b) ? vs_fail_file(b, "is the same file as %s", a)
                      : vs_fail_file(b, "is given twice");
  }
  free(p);
  return rc;
}

int vs_files_of(const char *const *name, int n, vs_strings *out) {
  if (n == 0) return vs_fail("path is an empty list, expected at least 1 file");
  if (n > VS_MAX_FILES)
    return vs_fail("path is a list of %d files, expected at most %d", n, VS_MAX_FILES);
  for (int i = 0; i < n; i++) {
    int rc = vs_is_pattern(name[i]) ? add_matches(name[i], out)
                                    : vs_strings_add(out, name[i], strlen(name[i]));
    if (rc) return -1;
  }
  return out->n > 1 ? check_once(out) : 0;
}

char *vs_files_title(const char *const *name, int n) {
  size_t room = strlen(name[0]) + 32;
  char *title = vs_new(room);
  if (!title) return NULL;
  if (n == 1)
    snprintf(title, room, "%s", name[0]);
  else
    snprintf(title, room, "%s and %d more", name[0], n - 1);
  return title;
}
