/* Writes files of the sizes that a list names, with their folders, and nothing else: the least that any generator can take.

   write FOLDER LIST THREADS, where each line of LIST is a size and a path below FOLDER. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char body[1 << 20];

struct part {
  char *at, *end;
};

static void make_folder_of(char *path) {
  for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    mkdir(path, 0777);
    *slash = '/';
  }
}

static void *write_part(void *of) {
  struct part *part = of;
  while (part->at < part->end) {
    char *path, *line_end = memchr(part->at, '\n', part->end - part->at);
    size_t size = strtoul(part->at, &path, 10);
    *line_end = 0;
    int file = open(++path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0) {
      make_folder_of(path);
      file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    }
    if (file < 0 || size > sizeof body || write(file, body, size) != (ssize_t)size || close(file)) exit(1);
    part->at = line_end + 1;
  }
  return 0;
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  int list = open(arguments[2], O_RDONLY), threads = atoi(arguments[3]);
  struct stat of_list;
  if (list < 0 || fstat(list, &of_list) || chdir(arguments[1]) || threads < 1 || threads > 2) return 2;
  char *text = malloc(of_list.st_size + 1), *end = text + of_list.st_size;
  if (!text || read(list, text, of_list.st_size) != of_list.st_size) return 2;
  memset(body, 'x', sizeof body);
  char *middle = threads == 1 ? end : memchr(text + of_list.st_size / 2, '\n', of_list.st_size / 2 + 1) + 1;
  struct part first = {text, middle}, second = {middle, end};
  pthread_t other;
  if (pthread_create(&other, 0, write_part, &second)) return 2;
  write_part(&first);
  return pthread_join(other, 0) != 0;
}
