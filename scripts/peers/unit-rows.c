// Embeddings to measure the loss with: random directions, every row of unit length, and labels of ten classes in turn.
//
//     unit-rows ROWS WIDTH EMBEDDINGS.npy LABELS.npy

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 10 };

// Version 1.0 of the format: a description padded so that the numbers start at a multiple of 64 bytes.
static FILE *create(const char *path, const char *type, const char *shape) {
  FILE *file = fopen(path, "wb");
  if (!file) {
    perror(path);
    exit(74);
  }
  char header[128];
  memset(header, ' ', sizeof header);
  memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
  int length = snprintf(
      header + 10, sizeof header - 10, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
  header[10 + length] = ' ';
  header[sizeof header - 1] = '\n';
  fwrite(header, 1, sizeof header, file);
  return file;
}

// Uniform on [0, 1), by a 64-bit linear congruential generator (Knuth's MMIX).
static double uniform(void) {
  static uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 11) * 0x1p-53;
}

int main(int count, char **arguments) {
  if (count != 5) {
    fprintf(stderr, "usage: unit-rows ROWS WIDTH EMBEDDINGS.npy LABELS.npy\n");
    return 64;
  }
  long rows = atol(arguments[1]), width = atol(arguments[2]);
  float *elements = malloc((size_t)width * sizeof(float));
  if (!elements) {
    return 70;
  }
  char shape[64];
  snprintf(shape, sizeof shape, "%ld, %ld", rows, width);
  FILE *embeddings = create(arguments[3], "<f4", shape);
  snprintf(shape, sizeof shape, "%ld,", rows);
  FILE *labels = create(arguments[4], "|u1", shape);
  for (long row = 0; row < rows; row++) {
    double squares = 0;
    for (long index = 0; index < width; index++) {
      elements[index] = (float)(uniform() + uniform() + uniform() - 1.5);
      squares += (double)elements[index] * elements[index];
    }
    for (long index = 0; index < width; index++) {
      elements[index] = (float)(elements[index] / sqrt(squares));
    }
    fwrite(elements, sizeof(float), (size_t)width, embeddings);
    fputc((int)(row % CLASSES), labels);
  }
  return fclose(embeddings) != 0 || fclose(labels) != 0;
}
