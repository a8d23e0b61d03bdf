/* How many processors the process may use.  See cpus.h.  Holds no state. */
#include "core/cpus.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base.h"

enum { MOST = 1024 }; /* as vs.set_num_threads */

/* The number from 1 on that `text` begins with, blanks aside, MOST at most; 0: none. */
static int number(const char *text) {
  char *end;
  if (text == NULL) return 0;
  long long n = strtoll(text, &end, 10);
  end += strspn(end, " \t");
  if (end == text || (*end != '\0' && *end != ',') || n < 1) return 0;
  return (int)VS_MIN(n, MOST);
}

int vs_cpus_wanted(int cpus, const char *threads, const char *limit) {
  int n = number(threads), most = number(limit);
  if (n == 0) n = VS_MAX(1, VS_MIN(cpus, MOST));
  return most > 0 ? VS_MIN(n, most) : n;
}

int vs_cpus_of_quota(const char *text) {
  char *end;
  long long quota = strtoll(text, &end, 10);
  if (end == text || *end != ' ' || quota < 1) return 0; /* "max 100000" */
  const char *rest = end;
  long long period = strtoll(rest, &end, 10);
  if (end == rest || period < 1) return 0;
  return (int)VS_MIN(quota / period + (quota % period > 0), MOST);
}

int vs_cpus_cgroup(const char *text, char *path, int size) {
  const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
  if (line == NULL) return 0;
  line = strchr(line, '0') + 3;
  int n = (int)VS_MIN(strcspn(line, "\n"), (size_t)size);
  while (n > 0 && line[n - 1] == '/') n--;
  if (n >= size) return 0;
  memcpy(path, line, (size_t)n);
  path[n] = '\0';
  return 1;
}

#ifdef __linux__

/* What fits of a file into text; false where it cannot be read. */
static bool read_file(const char *path, char *text, size_t size) {
  FILE *f = fopen(path, "re");
  if (f == NULL) return false;
  size_t n = fread(text, 1, size - 1, f);
  fclose(f);
  text[n] = '\0';
  return n > 0;
}

/* The least limit of the cgroup and of all around it; 0: none. */
static int cgroup_limit(void) {
  char text[2048], path[1024], file[1100];
  int least = 0;
  if (!read_file("/proc/self/cgroup", text, sizeof text)) return 0;
  if (!vs_cpus_cgroup(text, path, sizeof path)) return 0;
  for (;;) {
    snprintf(file, sizeof file, "/sys/fs/cgroup%s/cpu.max", path);
    int n = read_file(file, text, sizeof text) ? vs_cpus_of_quota(text) : 0;
    if (n > 0 && (least == 0 || n < least)) least = n;
    char *last = strrchr(path, '/');
    if (last == NULL) return least;
    *last = '\0';
  }
}

static int processors(void) {
  cpu_set_t *set = CPU_ALLOC(8192); /* more than any kernel is built for */
  size_t size = CPU_ALLOC_SIZE(8192);
  int n = 0;
  if (set != NULL && sched_getaffinity(0, size, set) == 0) n = CPU_COUNT_S(size, set);
  CPU_FREE(set);
  return n > 0 ? n : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

#else

static int cgroup_limit(void) { return 0; }
static int processors(void) { return (int)sysconf(_SC_NPROCESSORS_ONLN); }

#endif

int vs_cpus(void) {
  int n = VS_MAX(processors(), 1), limit = cgroup_limit();
  return limit > 0 ? VS_MIN(n, limit) : n;
}
