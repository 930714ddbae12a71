/* Runs a fuzzer's entry point on every file that is named, and on every file in a folder that is:
 * seeds and findings as tests, without libFuzzer. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <dirent.h>

#define PATH_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The file's bytes are copied to memory of just their size, where a sanitizer sees a read too far.
 */
static bool replay_file(const char *path, size_t len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(len ? len : 1);
    bool good = file && bytes && fread(bytes, 1, len, file) == len;

    if (good)
        LLVMFuzzerTestOneInput(bytes, len);
    else
        fprintf(stderr, "cannot read %s\n", path);
    free(bytes);
    if (file)
        fclose(file);
    return good;
}

static bool replay(const char *path, unsigned *files);

static bool replay_folder(const char *path, unsigned *files)
{
    DIR *folder = opendir(path);
    bool good = folder != NULL;
    struct dirent *entry;

    while (good && (entry = readdir(folder))) {
        char inner[PATH_BYTES];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        good = replay(inner, files);
    }
    if (folder)
        closedir(folder);
    return good;
}

static bool replay(const char *path, unsigned *files)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        fprintf(stderr, "there is no %s\n", path);
        return false;
    }
    if (S_ISDIR(status.st_mode))
        return replay_folder(path, files);
    (*files)++;
    return replay_file(path, (size_t)status.st_size);
}

int main(int argc, char **argv)
{
    unsigned files = 0;

    for (int i = 1; i < argc; i++)
        if (!replay(argv[i], &files))
            return EXIT_FAILURE;
    printf("%u inputs\n", files);
    return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
