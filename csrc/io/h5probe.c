/* The part of reading HDF5 files that runs in a child process, because it may crash.  See h5.h.
 *
 * libhdf5 trusts what it reads: a changed number makes it read beyond its blocks, loop forever or
 * ask for GiBs, and files in the old format have no checksums.  So a child process first does with
 * the file what a data set will: it opens every object, reads every attribute and some rows of
 * every data set.  Its time and memory are bounded.  A file that breaks the child is refused.
 *
 * Strings of varying length are the worst: the library checks their lengths nowhere and also writes
 * beyond its blocks.  Only a child reads them and sends them through a pipe; the answer is checked.
 * When no child can be started, or it is killed from outside, the file is read without one.
 *
 * The child calls nothing but libhdf5, malloc and the functions of io/h5: it has only the thread
 * that forked. */
#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
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

#ifdef __SANITIZE_ADDRESS__
enum {
  SANITIZED = 4
}; /* the sanitizer's shadow memory, and freed blocks that it keeps for a while */
#else
enum { SANITIZED = 1 };
#endif

enum {
  MEMORY = 256 * SANITIZED, /* MiB more than the process has, plus four times the file */
  PER_SECOND = 4,  /* MiB of the file for each second of processor time, after the first two */
  WALL = 60,       /* seconds after which the child is killed: a very slow disk */
  DEPTH = 3,       /* "train/caption/text" */
  OBJECTS = 10000, /* looked at */
  ROWS = 16,       /* read of a data set, evenly spread */
  FINE = 0,
  NO_MEMORY = 90
};

/* What a child does with the file (NULL where it cannot be opened): 0, or -1 with a message.  The
 * strings are its answer. */
typedef int workfn(vs_h5 *h, const char *name, vs_strings *out);

/* --- the child's memory --- */

static herr_t is_memory(unsigned n, const H5E_error2_t *e, void *arg) {
  (void)n, (void)arg;
  if (e->min_num == H5E_NOSPACE || e->min_num == H5E_CANTALLOC) _exit(NO_MEMORY);
  return 0;
}

static herr_t on_failure(hid_t stack, void *arg) {
  return H5Ewalk2(stack, H5E_WALK_UPWARD, is_memory, arg);
}

/* --- what the child does --- */

static void read_row(vs_h5data *d, int64_t at, double *room, vs_strings *text) {
  const vs_h5info *f = vs_h5_info(d);
  if (f->kind != VS_H5_STRINGS)
    vs_h5_read(d, f->kind == VS_H5_INTS ? VS_INT64 : VS_FLOAT64, at, 1, room);
  else if (f->ndim == 1)
    vs_h5_read_string(d, at, text);
}

static void read_some(vs_h5data *d) {
  const vs_h5info *f = vs_h5_info(d);
  int64_t n = VS_MIN(f->dims[0], ROWS);
  if (n == 0 || f->varying || f->kind == VS_H5_OTHER || vs_h5_rows_fit(d, 1)) return;
  double *room = vs_new((size_t)f->row * sizeof *room);
  vs_strings text = {0};
  for (int64_t i = 0; room && i < n; i++)
    read_row(d, n == 1 ? 0 : (int64_t)((double)i / (double)(n - 1) * (double)(f->dims[0] - 1)),
             room, &text);
  vs_strings_free(&text);
  free(room);
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
  vs_h5_lock();
  H5Literate_by_name(h->id, group, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, &names, H5P_DEFAULT);
  vs_h5_unlock();
  for (int64_t i = 0; i < names.n && --*left > 0; i++) {
    char full[VS_H5_MAX_NAME];
    const char *above = strcmp(group, "/") == 0 ? "" : group;
    const char *slash = *above ? "/" : "";
    int length = snprintf(full, sizeof full, "%s%s%s", above, slash, vs_strings_get(&names, i));
    if (length >= (int)sizeof full) continue;
    vs_h5data *d = vs_h5_data_partial(h, full);
    if (d)
      read_some(d);
    else if (depth > 1 && vs_h5_has(h, full) > 0)
      read_group(h, full, depth - 1, left);
    vs_h5_data_close(d);
  }
  vs_strings_free(&names);
}

/* Errors are not reported here, but by the call that needs the data. */
static int read_all(vs_h5 *h, const char *name, vs_strings *out) {
  int left = OBJECTS;
  (void)name, (void)out;
  if (h) read_group(h, "/", DEPTH, &left);
  return 0;
}

/* The files of vs_h5_probe_all, for the child of this thread. */
typedef struct batch {
  const vs_strings *paths;
  const int64_t *bytes;
  int64_t first, last;
} batch;
static _Thread_local batch together;

static int read_files(vs_h5 *h, const char *name, vs_strings *out) {
  read_all(h, name, out);
  for (int64_t i = together.first + 1; i < together.last; i++) {
    vs_h5 *next = vs_h5_open_file(vs_strings_get(together.paths, i), together.bytes[i], true);
    if (next) next->in_child = true;
    read_all(next, name, out);
    vs_h5_close(next);
  }
  return 0;
}

static int read_strings(vs_h5 *h, const char *name, vs_strings *out) {
  vs_h5data *d = h ? vs_h5_data_partial(h, name) : NULL;
  int rc = d ? vs_h5_read_strings(d, out) : -1;
  vs_h5_data_close(d);
  return rc;
}

/* Two strings each: the struct and its text. */
static int read_attrs(vs_h5 *h, const char *group, vs_strings *out) {
  vs_h5attr *attr;
  int n, rc = 0;
  if (!h || vs_h5_attrs(h, group, &attr, &n)) return -1;
  for (int i = 0; rc == 0 && i < n; i++) {
    const char *text = attr[i].text ? attr[i].text : "";
    rc = vs_strings_add(out, (const char *)&attr[i], sizeof *attr);
    if (rc == 0) rc = vs_strings_add(out, text, attr[i].text ? (size_t)attr[i].i : 0);
  }
  vs_h5_attrs_free(attr, n);
  return rc;
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

static void prepare(int64_t bytes, int pipe_end) {
  static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGALRM};
  sigset_t none;
  for (int i = 0; i < VS_COUNT(deadly); i++) signal(deadly[i], SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; null >= 0 && fd < 3; fd++) {
    if (fd != pipe_end) dup2(null, fd); /* as happens when the script has closed its own */
  }
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(NULL);
#ifdef M_PERTURB
  mallopt(M_PERTURB, 0xA5); /* so that reads beyond a block find nothing here too */
#endif
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, 2 + (rlim_t)bytes / (PER_SECOND << 20));
  limit_memory(bytes);
  alarm(WALL);
}

/* The pipe: two numbers, then s.at[0..n] and the bytes; n is -1 and the bytes are a message where
 * the work failed. */
static void put(int fd, const void *data, size_t n) {
  for (const char *p = data; n > 0;) {
    ssize_t done = write(fd, p, n);
    if (done < 0 && errno != EINTR) _exit(FINE);
    if (done > 0) p += done, n -= (size_t)done;
  }
}

static _Noreturn void child(const char *path, int64_t bytes, workfn *work, const char *name,
                            int fd) {
  vs_strings out = {0};
  vs_mem_forked();
  prepare(bytes, fd);
  vs_h5_watch(on_failure);
  vs_h5 *h = vs_h5_open_file(path, bytes, true);
  if (h) h->in_child = true;
  bool done = work(h, name, &out) == 0;
  int64_t n = done ? out.n : -1, zero = 0;
  int64_t size = !done ? (int64_t)strlen(vs_error()) : n > 0 ? out.at[n] : 0;
  put(fd, (int64_t[]){n, size}, 2 * sizeof(int64_t));
  if (done) put(fd, n > 0 ? out.at : &zero, (size_t)(n + 1) * sizeof(int64_t));
  put(fd, done ? out.bytes : vs_error(), (size_t)size);
  vs_h5_close(h);
  H5close(); /* gives every block back, which shows a damaged heap */
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  _exit(FINE);
}

/* --- the answer --- */

static bool get(int fd, void *data, int64_t n) {
  for (char *p = data; n > 0;) {
    ssize_t done = read(fd, p, (size_t)n);
    if (done == 0 || (done < 0 && errno != EINTR)) return false;
    if (done > 0) p += done, n -= done;
  }
  return true;
}

enum { ANSWERED = 0, NO_ANSWER = 1, NO_ROOM = 2 };

/* Nothing in it is trusted: the child's memory may be damaged. */
static int get_answer(int fd, int64_t bytes, vs_strings *out, char *message, size_t room) {
  int64_t head[2], most = ((int64_t)MEMORY << 20) + 4 * bytes;
  if (!get(fd, head, sizeof head) || head[0] < -1 || head[1] < 0 || head[0] >= most / 8 ||
      head[1] > most - 8 * head[0])
    return NO_ANSWER;
  if (head[0] < 0) {
    if (head[1] >= (int64_t)room || !get(fd, message, head[1])) return NO_ANSWER;
    message[head[1]] = 0;
    return ANSWERED;
  }
  int64_t n = head[0], *at = vs_new((size_t)(n + 1) * sizeof *at);
  char *text = vs_new((size_t)head[1] + 1);
  bool room_for = at && text;
  bool good = room_for && get(fd, at, (n + 1) * (int64_t)sizeof *at) && get(fd, text, head[1]);
  good = good && at[0] == 0 && at[n] == head[1];
  for (int64_t i = 0; good && i < n; i++)
    good = at[i + 1] > at[i] && at[i + 1] <= head[1] && text[at[i + 1] - 1] == 0;
  if (good) {
    *out = (vs_strings){
        .n = n, .at = at, .bytes = text, .slots = (size_t)n + 1, .room = (size_t)head[1]};
    return ANSWERED;
  }
  free(at);
  free(text);
  return room_for ? NO_ANSWER : NO_ROOM;
}

static int judge(const char *path, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == FINE) return 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MEMORY)
    return vs_fail_file(path,
                        "damaged (libhdf5 asks for more memory than a file of this size needs)");
  if (WIFEXITED(status)) return vs_fail_file(path, "damaged (libhdf5 fails on it)");
  switch (WTERMSIG(status)) {
    case SIGPIPE: return vs_fail_file(path, "damaged (libhdf5 fails on it)"); /* not believed */
    case SIGXCPU: return vs_fail_file(path, "damaged (libhdf5 does not finish)");
    case SIGSEGV:
    case SIGBUS:
    case SIGABRT:
    case SIGFPE:
    case SIGILL: return vs_fail_file(path, "damaged (libhdf5 crashes on it)");
    default: return 1; /* ended from outside */
  }
}

/* out is empty.  Fails with the same message when work fails. */
static int in_child(const char *path, int64_t bytes, workfn *work, const char *name,
                    vs_strings *out) {
  char message[1024] = "";
  int status = 0, fd[2];
  vs_h5_lock(); /* the library is set up here, not in every child */
  vs_h5_unlock();
  if (pipe2(fd, O_CLOEXEC)) return 1;
  pid_t pid = fork();
  if (pid == 0) child(path, bytes, work, name, fd[1]);
  close(fd[1]);
  int answer = pid > 0 ? get_answer(fd[0], bytes, out, message, sizeof message) : NO_ANSWER;
  close(fd[0]);
  if (pid < 0) return 1;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno == EINTR) continue;
    status = 0; /* the script handles SIGCHLD itself: only the answer is known */
    break;
  }
  if (answer == NO_ROOM) return -1;
  int rc = judge(path, status);
  if (rc == 0 && answer == NO_ANSWER) rc = vs_fail_file(path, "damaged (libhdf5 fails on it)");
  if (rc == 0 && *message) {
    size_t n = strlen(path);
    bool named = strncmp(message, path, n) == 0 && strncmp(message + n, ": ", 2) == 0;
    rc = vs_fail_file(path, "%s", named ? message + n + 2 : message);
  }
  if (rc) vs_strings_free(out);
  return rc;
}

int vs_h5_probe(const char *path, int64_t bytes) {
  vs_strings none = {0};
  int rc = in_child(path, bytes, read_all, "", &none);
  vs_strings_free(&none);
  return rc;
}

int vs_h5_probe_all(const vs_strings *paths, const int64_t *bytes, int64_t first, int64_t last) {
  vs_strings none = {0};
  int64_t sum = 0;
  for (int64_t i = first; i < last; i++) sum += bytes[i];
  together = (batch){paths, bytes, first, last};
  int rc =
      last - first > 1 ? in_child(vs_strings_get(paths, first), sum, read_files, "", &none) : 1;
  vs_strings_free(&none);
  if (rc == 0) return 0;
  rc = 0; /* which of them it is */
  for (int64_t i = first; rc >= 0 && i < last; i++)
    rc = vs_h5_probe(vs_strings_get(paths, i), bytes[i]);
  return rc;
}

int vs_h5_strings_apart(const vs_h5 *h, const char *name, vs_strings *out) {
  return in_child(h->path, h->bytes, read_strings, name, out);
}

int vs_h5_attrs_apart(const vs_h5 *h, const char *group, vs_h5attr **out, int *n) {
  vs_strings s = {0};
  int rc = in_child(h->path, h->bytes, read_attrs, group, &s);
  if (rc) return rc;
  *n = (int)VS_MIN(s.n / 2, VS_H5_MAX_ATTRS);
  *out = vs_new0(VS_H5_MAX_ATTRS * sizeof **out);
  if (!*out) rc = -1;
  for (int i = 0; rc == 0 && i < *n; i++) {
    vs_h5attr *a = &(*out)[i];
    if (vs_strings_len(&s, 2 * i) != sizeof *a) {
      rc = vs_fail_file(h->path, "damaged (libhdf5 fails on it)");
      break;
    }
    memcpy(a, vs_strings_get(&s, 2 * i), sizeof *a);
    a->name[sizeof a->name - 1] = 0;
    a->text = NULL;
    if (a->kind != VS_H5_TEXT) continue;
    a->i = (int64_t)vs_strings_len(&s, 2 * i + 1);
    a->text = vs_new((size_t)a->i + 1);
    if (!a->text)
      rc = -1;
    else
      memcpy(a->text, vs_strings_get(&s, 2 * i + 1), (size_t)a->i + 1);
  }
  vs_strings_free(&s);
  if (rc) vs_h5_attrs_free(*out, *out ? *n : 0);
  return rc;
}
