/* CPU time, as the kernel counts it, in seconds since the start. */
#ifndef TESTS_BENCH_CPU_H
#define TESTS_BENCH_CPU_H

/* User and system time of every thread of a process; 0 when there is none of that id. */
double cpu_of_process_s(long pid);
double cpu_of_self_s(void);
/* Everything that ran on this machine. */
double cpu_of_machine_s(void);

#endif
