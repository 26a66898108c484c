// What differs for a program whose ranks SimGrid's SMPI simulates, all in one process and one thread: scripts/check-simulation.sh links
// it.
//
// The linker's --wrap leads the program's own calls here, and dlsym, by which it finds MPI's functions.
//   usleep, clock_gettime   take simulated time
//   MPI_Test                a nonblocking collective ends at once in real time; the caller's polls, every 200 us, cost simulated time as before
//   MPI_Init_thread         grants the single thread that calls MPI, which the simulator has anyway
//   malloc, mmap, …         large memory of all ranks is the same memory: only the time of messages counts, not what they carry

#define _GNU_SOURCE
#define SMPI_NO_OVERRIDE_MALLOC
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <mpi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#undef usleep
#undef clock_gettime

void *__real_malloc(size_t size);
void __real_free(void *block);
size_t __real_malloc_usable_size(void *block);

// MARK: time

void simulated_step_slept(int rank);
double simulated_step_next(int rank);
void simulated_step_paid(int rank, double seconds);

static void slept(void) {
  int rank;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  simulated_step_slept(rank);
}

// Polls of the rank's threads before the next of them has completed anything are left out.
int __wrap_usleep(unsigned microseconds) {
  int rank;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  double polls = ceil(1e6 * simulated_step_next(rank) / microseconds - 1e-3);
  smpi_usleep(polls > 1 ? (useconds_t)(polls * microseconds) : microseconds);
  slept();
  return 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time) {
  double now = PMPI_Wtime();
  time->tv_sec = (time_t)now;
  time->tv_nsec = (long)((now - floor(now)) * 1e9);
  return 0;
}

static int simulated_Init_thread(int *count, char ***arguments, int required, int *provided) {
  int code = PMPI_Init_thread(count, arguments, required, provided);
  *provided = required;
  return code;
}

// MARK: nonblocking collectives

// As in Open MPI and in the simulator itself, a nonblocking collective, and an all-to-all in any case, is a message to each other rank, sent in the order of the ranks
// once all receives are posted; each costs the sender SIMULATED_MESSAGE_MICROSECONDS first. Among more than `most` ranks the simulator's
// time would grow with their cube. Then the messages of a rank are joined to `joined` ones with as many bytes in all, to ranks all
// around, and it pays for all of them before the first.
enum { most = 64, joined = 32 };

// The counts of the calling rank's collective that has begun and is not complete; `sent` has one count, or one for each rank.
typedef struct {
  const int *sent, *received;
  int is_same;
  MPI_Datatype type;
} Exchange;

static Exchange *exchanges;

static void complete(void);

// What all messages carry.
static char message[64 << 20];

// Each message but the first delays the others; all of them take their time from the threads that compute.
static void pay(int rank, int messages, int is_first) {
  const char *text = getenv("SIMULATED_MESSAGE_MICROSECONDS");
  double each = text ? atof(text) : 0;
  if (each <= 0)
    return;
  simulated_step_paid(rank, 1e-6 * each * messages);
  if (messages > is_first)
    smpi_usleep((useconds_t)lround(each * (messages - is_first)));
}

// Before an exchange of slices a rank copies its vectors into the message, and adds as many bytes when it has come: SIMULATED_SUM_NANOSECONDS a byte. The
// kernel's part, SIMULATED_SOCKET_NANOSECONDS a byte, delays the threads alone.
static void pay_bytes(int rank, int size, const int *sent, MPI_Datatype type) {
  const char *sum = getenv("SIMULATED_SUM_NANOSECONDS"), *socket = getenv("SIMULATED_SOCKET_NANOSECONDS");
  int width;
  PMPI_Type_size(type, &width);
  double bytes = 0;
  for (int other = 0; other < size; other++)
    bytes += (double)sent[other] * width;
  double seconds = 1e-9 * (sum ? atof(sum) : 0) * bytes * size / (size > 1 ? size - 1 : 1);
  // The gather of the sums has as many bytes.
  simulated_step_paid(rank, seconds + 2e-9 * (socket ? atof(socket) : 0) * bytes);
  if (seconds >= 1e-6)
    smpi_usleep((useconds_t)lround(1e6 * seconds));
}

static int begin(const int *sent, int is_same, const int *received, MPI_Datatype type, MPI_Request *request) {
  int rank, size;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  PMPI_Comm_size(MPI_COMM_WORLD, &size);
  if (!exchanges)
    exchanges = calloc((size_t)size, sizeof *exchanges);
  exchanges[rank] = (Exchange){sent, received, is_same, type};
  *request = MPI_REQUEST_NULL;
  return MPI_SUCCESS;
}

static int simulated_Ialltoallv(const void *sent, const int *sent_counts, const int *sent_places, MPI_Datatype type, void *received,
                                const int *received_counts, const int *received_places, MPI_Datatype received_type, MPI_Comm comm,
                                MPI_Request *request) {
  (void)sent, (void)sent_places, (void)received, (void)received_places, (void)received_type;
  int rank, size;
  PMPI_Comm_rank(comm, &rank);
  PMPI_Comm_size(comm, &size);
  pay_bytes(rank, size, sent_counts, type);
  return begin(sent_counts, 0, received_counts, type, request);
}

static int simulated_Alltoallv(const void *sent, const int *sent_counts, const int *sent_places, MPI_Datatype type, void *received,
                               const int *received_counts, const int *received_places, MPI_Datatype received_type, MPI_Comm comm) {
  MPI_Request request;
  int code = simulated_Ialltoallv(sent, sent_counts, sent_places, type, received, received_counts, received_places, received_type, comm, &request);
  complete();
  return code;
}

static int simulated_Iallgatherv(const void *sent, int sent_count, MPI_Datatype sent_type, void *received, const int *counts, const int *places,
                                 MPI_Datatype type, MPI_Comm comm, MPI_Request *request) {
  (void)sent, (void)sent_count, (void)sent_type, (void)received, (void)places, (void)comm;
  return begin(counts, 1, counts, type, request);
}

static void complete(void) {
  int rank, size;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  PMPI_Comm_size(MPI_COMM_WORLD, &size);
  Exchange *own = exchanges + rank;
  MPI_Request requests[2 * most];
  int count = 0;
  if (size <= most) {
    for (int other = 0; other < size; other++)
      if (other != rank)
        PMPI_Irecv(message, own->received[other], own->type, other, 1, MPI_COMM_WORLD, &requests[count++]);
    for (int other = 0, sent = 0; other < size; other++)
      if (other != rank) {
        pay(rank, 1, sent++ == 0);
        PMPI_Isend(message, own->sent[own->is_same ? rank : other], own->type, other, 1, MPI_COMM_WORLD, &requests[count++]);
      }
  } else {
    pay(rank, size - 1, 1);
    double all = 0;
    for (int other = 0; other < size; other++)
      all += other == rank ? 0 : own->sent[own->is_same ? rank : other];
    // One step in each of equal spans of steps around the ring of ranks, not always the same one, so that routes by the number of the receiver differ.
    for (int index = 0; index < joined; index++) {
      int step = 1 + index * (size - 1) / joined + index % ((size - 1) / joined);
      PMPI_Irecv(message, INT_MAX / 8, own->type, (rank + size - step) % size, 1, MPI_COMM_WORLD, &requests[count++]);
    }
    for (int index = 0; index < joined; index++) {
      int step = 1 + index * (size - 1) / joined + index % ((size - 1) / joined);
      PMPI_Isend(message, (int)(all / joined), own->type, (rank + step) % size, 1, MPI_COMM_WORLD, &requests[count++]);
    }
  }
  for (int index = 0; index < count; index++)
    PMPI_Wait(&requests[index], MPI_STATUS_IGNORE);
}

// The program polls by MPI_Test and sleeps 200 us in between. Waiting, and then sleeping until the poll that would have found the end,
// takes the same simulated time without tests of thousands of messages.
static int simulated_Test(MPI_Request *request, int *is_done, MPI_Status *status) {
  (void)request, (void)status;
  const double pause = 200e-6;
  double start = PMPI_Wtime();
  complete();
  double waited = PMPI_Wtime() - start;
  double rest = ceil(waited / pause - 1e-6) * pause - waited;
  if (rest > 0)
    smpi_usleep((useconds_t)lround(1e6 * rest));
  slept();
  *is_done = 1;
  return MPI_SUCCESS;
}

// Finds the functions above in place of the simulator's.
void *__real_dlsym(void *scope, const char *name);

void *__wrap_dlsym(void *scope, const char *name) {
  static const struct {
    const char *name;
    void *function;
  } functions[] = {
      {"MPI_Init_thread", simulated_Init_thread},     {"MPI_Alltoallv", simulated_Alltoallv}, {"MPI_Ialltoallv", simulated_Ialltoallv},
      {"MPI_Iallgatherv", simulated_Iallgatherv}, {"MPI_Test", simulated_Test},
  };
  for (size_t index = 0; index < sizeof functions / sizeof *functions; index++)
    if (!strcmp(name, functions[index].name))
      return functions[index].function;
  return __real_dlsym(scope, name);
}

// MARK: memory

// Large blocks lie in a range of addresses of their own. Each begins with a page of its own, where Swift keeps the length of an array;
// its other pages are those of one file, the same for all blocks.
enum { PAGE = 4096, LARGE = 1 << 20 };
static const size_t range_size = (size_t)1 << 42, file_size = (size_t)1 << 30;
static char *range, *range_end, *range_next;
static int file = -1;

static int is_large(const void *block) { return (const char *)block >= range && (const char *)block < range_end; }

static size_t whole_pages(size_t size) { return (size + PAGE - 1) / PAGE * PAGE; }

void *__real_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset);

// Blocks that were freed, to be used again for the same length.
static struct {
  size_t length;
  char *first;
} freed[1 << 16];
static int freed_count;

static void *large_block(size_t size) {
  if (!range) {
    file = memfd_create("simulation", 0);
    range = __real_mmap(0, range_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (file < 0 || range == MAP_FAILED || ftruncate(file, (off_t)file_size) != 0)
      abort();
    range_next = range;
    range_end = range + range_size;
  }
  size_t length = whole_pages(size + 2 * PAGE);
  for (int index = freed_count - 1; index >= 0; index--)
    if (freed[index].length == length) {
      char *first = freed[index].first;
      freed[index] = freed[--freed_count];
      return first + PAGE;
    }
  char *first = range_next;
  range_next += length;
  if (length > file_size || range_next > range_end)
    abort();
  __real_mmap(first, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  __real_mmap(first + 2 * PAGE, length - 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
  *(size_t *)first = length;
  return first + PAGE;
}

static size_t *length_of(void *block) { return (size_t *)((char *)block - PAGE); }

void *__wrap_malloc(size_t size) { return size < LARGE ? __real_malloc(size) : large_block(size); }

void __wrap_free(void *block) {
  if (!is_large(block))
    return __real_free(block);
  if (freed_count == 1 << 16)
    abort();
  freed[freed_count].length = *length_of(block);
  freed[freed_count++].first = (char *)block - PAGE;
}

size_t __wrap_malloc_usable_size(void *block) {
  return is_large(block) ? *length_of(block) - PAGE : __real_malloc_usable_size(block);
}

static int is_skipped(const void *target, size_t size) { return size >= PAGE && is_large(target); }

void *__real_memcpy(void *target, const void *source, size_t size);
void *__real_memmove(void *target, const void *source, size_t size);
void *__real_memset(void *target, int value, size_t size);

void *__wrap_memcpy(void *target, const void *source, size_t size) {
  return is_skipped(target, size) ? target : __real_memcpy(target, source, size);
}

void *__wrap_memmove(void *target, const void *source, size_t size) {
  return is_skipped(target, size) ? target : __real_memmove(target, source, size);
}

void *__wrap_memset(void *target, int value, size_t size) {
  return is_skipped(target, size) ? target : __real_memset(target, value, size);
}

// Vectors of sums: one for all ranks, never released.
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
  static struct {
    size_t size;
    void *block;
  } blocks[16];
  (void)address, (void)protection, (void)flags, (void)descriptor, (void)offset;
  for (int index = 0; index < 16; index++) {
    if (!blocks[index].size) {
      blocks[index].size = size;
      blocks[index].block = large_block(size);
    }
    if (blocks[index].size == size)
      return blocks[index].block;
  }
  abort();
}

int __wrap_munmap(void *address, size_t size) {
  (void)address, (void)size;
  return 0;
}

int __wrap_madvise(void *address, size_t size, int advice) {
  (void)address, (void)size, (void)advice;
  return 0;
}
