/* The start of MPI.  MPI_Init waits for all processes, for ever, also for one that has ended and
 * never called it: an alarm ends that wait. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dist/dist.h"

static char too_late[512];

static void end_start(int number) {
  (void)number;
  _exit(write(STDERR_FILENO, too_late, strlen(too_late)) < 0 ? 2 : 1);
}

int vd_start(const char *rank, double limit, int *provided) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  snprintf(too_late, sizeof too_late,
           "vesper: rank %s on %s: dist.init: the other ranks did not come within %.0f s; do all "
           "of them use vs.dist?\n",
           rank, host, limit);
  void (*old)(int) = signal(SIGALRM, end_start);
  alarm(limit < 1e6 ? (unsigned)limit + 1 : 1000000);
  int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, provided);
  alarm(0);
  signal(SIGALRM, old);
  return error;
}
