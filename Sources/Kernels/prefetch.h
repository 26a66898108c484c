// Prefetching of the feature maps of the next rows of tiles while the products of the current ones keep the CPU busy.
//
// Feature maps usually come from main memory, and a row of tiles is too short for the hardware prefetcher to recognize.
// Cache lines of 64 bytes are requested into the level 2 cache (locality 2 of `__builtin_prefetch`): they are used
// once, and level 1 is full of factors.

// The cache lines of a group's rows still to be requested: one block of channels of one row after the other.
typedef struct {
  const char *image;    // the address of the current image
  size_t block_bytes;   // the distance in bytes between blocks of channels of one image
  int blocks;           // the number of blocks of channels
  int rows_per_image;
  int lines_per_row;    // the number of cache lines of one row of tiles of one block
  int row;              // the current row within the image
  int block;
  int line;             // the current line within the row
  int remaining;        // the number of lines of all rows and blocks not yet requested
  int lines_per_share;  // the number of lines requested at each frequency
} RowsToCome;

// Returns the cache lines of the group that begins with row of tiles `first`, counted over all images; none after the
// last row.
INLINE RowsToCome rows_to_come(
    KernelConvolution shape, TileGroups groups, const void *maps, int channels, int first, KernelElement element) {
  int end = first + groups.rows_per_group < groups.rows ? first + groups.rows_per_group : groups.rows;
  size_t size = element == KERNEL_FLOAT32 ? 4 : 2;
  RowsToCome come = {0};
  come.block_bytes = (size_t)shape.height * shape.width * shape.block * size;
  come.blocks = channels / shape.block;
  come.rows_per_image = groups.rows_per_image;
  come.image = (const char *)maps + first / groups.rows_per_image * come.blocks * come.block_bytes;
  come.row = first % groups.rows_per_image;
  come.lines_per_row = (int)(TILE * shape.width * shape.block * size / 64);
  come.remaining = end > first ? (end - first) * come.blocks * come.lines_per_row : 0;
  come.lines_per_share = (come.remaining + FREQUENCIES - 1) / FREQUENCIES;
  return come;
}

// Requests the next share of the lines.
INLINE void prefetch_share(RowsToCome *come, const int is_written) {
  int count = come->lines_per_share < come->remaining ? come->lines_per_share : come->remaining;
  come->remaining -= count;
  while (count > 0) {
    int rest = come->lines_per_row - come->line;
    int lines = count < rest ? count : rest;
    const char *start =
        come->image + come->block * come->block_bytes + ((size_t)come->row * come->lines_per_row + come->line) * 64;
    for (int line = 0; line < lines; line++) {
      if (is_written) {
        __builtin_prefetch(start + (size_t)line * 64, 1, 2);
      } else {
        __builtin_prefetch(start + (size_t)line * 64, 0, 2);
      }
    }
    count -= lines;
    come->line += lines;
    if (come->line == come->lines_per_row) {
      come->line = 0;
      if (++come->block == come->blocks) {
        come->block = 0;
        if (++come->row == come->rows_per_image) {
          come->row = 0;
          come->image += come->blocks * come->block_bytes;
        }
      }
    }
  }
}
