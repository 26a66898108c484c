// What the loss is measured against: its three matrix products' arithmetic, 6·N²·D operations, as large products by oneDNN.
//
//     sgemm ROWS WIDTH PROCESSES
//
// Each process computes its share on one thread; nothing is exchanged. Prints the operations a second of all of them.

#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Of each matrix's rows and columns: from here on larger ones are no faster.
enum { EXTENT = 2048 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Multiplies [EXTENT, EXTENT] by [EXTENT, EXTENT] until so many rows of results are computed.
static int multiply(long rows) {
  const size_t count = (size_t)EXTENT * EXTENT;
  float *a = malloc(count * sizeof(float)), *b = malloc(count * sizeof(float)), *c = malloc(count * sizeof(float));
  if (!a || !b || !c) {
    return 1;
  }
  for (size_t index = 0; index < count; index++) {
    a[index] = (float)(index % 7) - 3;
    b[index] = (float)(index % 5) - 2;
  }
  for (; rows > 0; rows -= EXTENT) {
    long some = rows < EXTENT ? rows : EXTENT;
    if (dnnl_sgemm('N', 'N', some, EXTENT, EXTENT, 1, a, EXTENT, b, EXTENT, 0, c, EXTENT) != dnnl_success) {
      return 1;
    }
  }
  return 0;
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: sgemm ROWS WIDTH PROCESSES\n");
    return 64;
  }
  double rows = atof(arguments[1]), width = atof(arguments[2]);
  int processes = atoi(arguments[3]);
  double operations = 6 * rows * rows * width;
  setenv("OMP_NUM_THREADS", "1", 1);
  double start = seconds();
  for (int process = 0; process < processes; process++) {
    if (fork() == 0) {
      // A row of a product costs 2·EXTENT² operations.
      return multiply((long)(operations / processes / (2.0 * EXTENT * EXTENT)));
    }
  }
  int failures = 0;
  for (int process = 0; process < processes; process++) {
    int status = 0;
    failures += wait(&status) < 0 || status != 0;
  }
  printf("%.1f GFLOP/s\n", 1e-9 * operations / (seconds() - start));
  return failures > 0;
}
