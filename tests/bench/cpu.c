#include "cpu.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define TIMES_OF_MACHINE 7 /* user nice system idle iowait irq softirq */
#define USER_OF_PROCESS  10
#define TIMES_OF_PROCESS 12 /* numbers after name and state, up to user and system time */

static bool read_line(const char *path, char *line, int bytes)
{
    FILE *file = fopen(path, "re");
    bool read = file && fgets(line, bytes, file);

    if (file)
        fclose(file);
    return read;
}

static bool parse_numbers(const char *text, double *numbers, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char *end;

        numbers[i] = strtod(text, &end);
        if (end == text)
            return false;
        text = end;
    }
    return true;
}

static double ticks_s(double ticks)
{
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

double cpu_of_process_s(long pid)
{
    char path[64], line[1024];
    const char *name_end;
    double numbers[TIMES_OF_PROCESS];

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (!read_line(path, line, sizeof line))
        return 0;
    name_end = strrchr(line, ')'); /* a name may hold spaces and brackets */
    if (!name_end || strlen(name_end) < 4 ||
        !parse_numbers(name_end + 4, numbers, TIMES_OF_PROCESS))
        return 0;
    return ticks_s(numbers[USER_OF_PROCESS] + numbers[USER_OF_PROCESS + 1]);
}

double cpu_of_self_s(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double cpu_of_machine_s(void)
{
    char line[1024];
    double numbers[TIMES_OF_MACHINE];

    if (!read_line("/proc/stat", line, sizeof line) || strncmp(line, "cpu ", 4) != 0 ||
        !parse_numbers(line + 4, numbers, TIMES_OF_MACHINE))
        return 0;
    return ticks_s(numbers[0] + numbers[1] + numbers[2] + numbers[5] + numbers[6]);
}
