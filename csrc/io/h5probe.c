/* Damaged HDF5 files: read once by a process that may crash.  See h5.h.
 *
 * libhdf5 trusts what it reads: a changed number makes it read beyond its blocks, loop for ever or
 * ask for GiBs, and files in the old format have no checksums.  So a child process first does with
 * the file what a data set will: it opens every object, reads every attribute, all strings of
 * varying length and some rows of the rest.  Its time and memory are bounded.  A file that breaks
 * the child is refused.  Where there can be no child, or it is ended from outside, the file is
 * opened without.
 *
 * The child calls nothing but libhdf5, malloc and the functions of io/h5: no thread but the one
 * that forked lives in it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/h5priv.h"

enum {
  MEMORY = 256,    /* MiB more than the process has, plus four times the file */
  PER_SECOND = 4,  /* MiB of the file for each second of processor time, after the first two */
  WALL = 60,       /* seconds, after which the child is given up: a very slow disk */
  DEPTH = 3,       /* "train/caption/text" */
  OBJECTS = 10000, /* looked at */
  ROWS = 16,       /* read of a data set, evenly spread */
  FINE = 0,
  NO_MEMORY = 90
};

/* --- what the child does --- */

static herr_t is_memory(unsigned n, const H5E_error2_t *e, void *arg) {
  (void)n, (void)arg;
  if (e->min_num == H5E_NOSPACE || e->min_num == H5E_CANTALLOC) _exit(NO_MEMORY);
  return 0;
}

static herr_t on_failure(hid_t stack, void *arg) {
  return H5Ewalk2(stack, H5E_WALK_UPWARD, is_memory, arg);
}

static void read_some(vs_h5data *d) {
  const vs_h5info *f = vs_h5_info(d);
  int64_t most = VS_MIN(f->dims[0], ROWS);
  double *row = most > 0 ? vs_new((size_t)f->row * sizeof *row) : NULL;
  if (!row) return;
  vs_dtype dtype = f->kind == VS_H5_INTS ? VS_INT64 : VS_FLOAT64;
  for (int64_t i = 0; i < most; i++) {
    int64_t at =
        most > 1 ? (int64_t)((double)i / (double)(most - 1) * (double)(f->dims[0] - 1)) : 0;
    vs_h5_read(d, dtype, at, 1, row);
  }
  free(row);
}

static void read_data(vs_h5data *d) {
  vs_strings all = {0};
  vs_h5kind kind = vs_h5_info(d)->kind;
  if (kind == VS_H5_STRINGS)
    vs_h5_read_strings(d, &all);
  else if (kind != VS_H5_OTHER)
    read_some(d);
  vs_strings_free(&all);
  vs_h5_data_close(d);
}

static herr_t add_name(hid_t group, const char *name, const H5L_info_t *info, void *out) {
  (void)group, (void)info;
  return vs_strings_add(out, name, strlen(name)) || ((vs_strings *)out)->n >= OBJECTS;
}

static void read_group(vs_h5 *h, const char *group, int depth, int *left) {
  vs_h5attr *attr;
  int n;
  vs_strings names = {0};
  if (vs_h5_attrs(h, group, &attr, &n) == 0) vs_h5_attrs_free(attr, n);
  h5_lock();
  H5Literate_by_name(h->id, group, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, &names, H5P_DEFAULT);
  h5_unlock();
  for (int64_t i = 0; i < names.n && --*left > 0; i++) {
    char full[VS_H5_MAX_NAME];
    const char *above = strcmp(group, "/") == 0 ? "" : group;
    const char *slash = *above ? "/" : "";
    int length = snprintf(full, sizeof full, "%s%s%s", above, slash, vs_strings_get(&names, i));
    if (length >= (int)sizeof full) continue;
    vs_h5data *d = vs_h5_data(h, full);
    if (d)
      read_data(d);
    else if (depth > 1 && vs_h5_has(h, full))
      read_group(h, full, depth - 1, left);
  }
  vs_strings_free(&names);
}

/* --- the child --- */

static void limit(int what, rlim_t most) {
  struct rlimit l;
  if (getrlimit(what, &l)) return;
  l.rlim_cur = VS_MIN(most, l.rlim_max);
  setrlimit(what, &l);
}

static void limit_memory(int64_t bytes) {
  unsigned long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r"); /* elsewhere than on Linux memory is not bounded */
  if (f && fscanf(f, "%lu", &pages) == 1)
    limit(RLIMIT_AS, (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)MEMORY << 20) +
                         4 * (rlim_t)bytes);
  if (f) fclose(f);
}

/* A sanitizer must not take the child's end for the program's. */
void __sanitizer_set_death_callback(void (*f)(void)) __attribute__((weak));

static void prepare(int64_t bytes) {
  static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGALRM};
  sigset_t none;
  for (int i = 0; i < VS_COUNT(deadly); i++) signal(deadly[i], SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; null >= 0 && fd < 3; fd++) dup2(null, fd);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(NULL);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, 2 + (rlim_t)bytes / (PER_SECOND << 20));
  limit_memory(bytes);
  alarm(WALL);
}

static _Noreturn void child(const char *path, int64_t bytes) {
  prepare(bytes);
  h5_watch(on_failure);
  vs_h5 *h = h5_open_file(path, bytes, true);
  int left = OBJECTS;
  if (h) read_group(h, "/", DEPTH, &left);
  vs_h5_close(h);
  _exit(FINE);
}

/* --- the verdict --- */

static int judge(const char *path, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == FINE) return 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MEMORY)
    return vs_fail_file(path, "damaged (libhdf5 asks for more memory than the file explains)");
  if (WIFEXITED(status)) return vs_fail_file(path, "damaged (libhdf5 fails on it)");
  switch (WTERMSIG(status)) {
    case SIGXCPU: return vs_fail_file(path, "damaged (libhdf5 does not come to an end)");
    case SIGSEGV:
    case SIGBUS:
    case SIGABRT:
    case SIGFPE:
    case SIGILL: return vs_fail_file(path, "damaged (libhdf5 crashes on it)");
    default: return 0; /* ended from outside */
  }
}

int h5_probe(const char *path, int64_t bytes) {
  int status = 0;
  h5_lock(); /* the library is set up here, not in every child */
  h5_unlock();
  pid_t pid = fork();
  if (pid == 0) child(path, bytes);
  if (pid < 0) return 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return 0;
  }
  return judge(path, status);
}
