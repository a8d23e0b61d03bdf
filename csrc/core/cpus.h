/* How many processors the process may use. */
#ifndef VS_CPUS_H
#define VS_CPUS_H

/* The least of: the processors of its affinity mask, and the limits of its cgroup and of those
 * around it (cpu.max of version 2), rounded up.  Elsewhere than on Linux the processors that are
 * online.  At least 1. */
int vs_cpus(void);

/* The number of threads that the environment variables OMP_NUM_THREADS and OMP_THREAD_LIMIT leave
 * of `cpus`: the first replaces it (of a list the first entry counts), the second is a maximum.
 * Either may be NULL; what is no number from 1 on is ignored. */
int vs_cpus_wanted(int cpus, const char *threads, const char *limit);

/* The processors that the text of a cpu.max allows, rounded up ("150000 100000" -> 2); 0: no limit,
 * or not a text of that form. */
int vs_cpus_of_quota(const char *text);
/* The path of the cgroup (version 2) in the text of /proc/self/cgroup, into path, without '/' at
 * its end; false where there is none or it does not fit. */
int vs_cpus_cgroup(const char *text, char *path, int size);

#endif
