/* Writes files of the sizes that a list names, and nothing else: the least that any generator can take.

   write FOLDER < list, each line of which is a size and a path below FOLDER, whose folders are there. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **arguments) {
  static char body[1 << 20], path[4096];
  size_t size;
  if (count != 2 || chdir(arguments[1])) return 1;
  memset(body, 'x', sizeof body);
  while (scanf("%zu %4095s", &size, path) == 2) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0 || size > sizeof body || write(file, body, size) != (ssize_t)size || close(file)) return 1;
  }
  return 0;
}
