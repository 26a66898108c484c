// Feature maps of the rows of tiles that come next, asked for while the products of the present ones keep the CPU busy.
//
// Maps come from main memory more often than not, and a row of tiles is too short a stretch for the CPU to see it coming.

typedef struct {
  const char *base;
  size_t element_size;
  size_t block_bytes;  // from one block of channels of an image to the next
  int blocks;          // of channels
  int first_row;       // of tiles
  int rows_per_image;
  int row_lines;       // cache lines of one row of tiles of one block
  int lines;           // of all rows and blocks
} RowsToCome;

INLINE RowsToCome rows_to_come(
    KernelConvolution shape, TileGroups groups, const void *maps, int channels, int first, KernelElement element) {
  int end = first + groups.rows_per_group < groups.rows ? first + groups.rows_per_group : groups.rows;
  size_t size = element == KERNEL_FLOAT32 ? 4 : 2;
  RowsToCome come;
  come.base = maps;
  come.element_size = size;
  come.block_bytes = (size_t)shape.height * shape.width * shape.block * size;
  come.blocks = channels / shape.block;
  come.first_row = first;
  come.rows_per_image = groups.rows_per_image;
  come.row_lines = (int)((size_t)TILE * shape.width * shape.block * size / 64);
  come.lines = end > first ? (end - first) * come.blocks * come.row_lines : 0;
  return come;
}

// Asks for the part of the lines that falls to one frequency.
INLINE void prefetch_share(RowsToCome come, int frequency, const int is_written) {
  int line = (int)((long)come.lines * frequency / FREQUENCIES);
  int end = (int)((long)come.lines * (frequency + 1) / FREQUENCIES);
  while (line < end) {
    int segment = line / come.row_lines;
    int row = come.first_row + segment / come.blocks;
    size_t block = (size_t)(row / come.rows_per_image) * come.blocks + segment % come.blocks;
    const char *start = come.base + block * come.block_bytes + (size_t)(row % come.rows_per_image) * come.row_lines * 64;
    int index = line % come.row_lines;
    int stop = index + (end - line) < come.row_lines ? index + (end - line) : come.row_lines;
    line += stop - index;
    for (; index < stop; index++) {
      if (is_written) {
        __builtin_prefetch(start + (size_t)index * 64, 1, 2);
      } else {
        __builtin_prefetch(start + (size_t)index * 64, 0, 2);
      }
    }
  }
}
