// The part of MPI that supcon calls, with the same types under every MPI library.
//
// Open MPI's handles are pointers, MPICH's (and so Intel MPI's and Cray MPICH's) are integers, and the constants are
// macros in both, which Swift cannot import. Here a handle is a struct that holds either, and each function calls the
// MPI function of its name.
//
// The program is not linked with the MPI library, whose own libraries take up to 0.2 s to load: the first call that
// needs it loads it (library.c). A process without a launcher is one rank, and needs none (alone.c).

#ifndef CMPI_H
#define CMPI_H

#include <stdint.h>

// MARK: handles

typedef struct { intptr_t value; } cmpi_comm;
typedef struct { intptr_t value; } cmpi_datatype;
typedef struct { intptr_t value; } cmpi_op;
typedef struct { intptr_t value; } cmpi_request;

// Defined from cmpi_init_funneled on.
cmpi_comm cmpi_world(void);

cmpi_datatype cmpi_uint8(void);
cmpi_datatype cmpi_uint16(void);
cmpi_datatype cmpi_int32(void);
cmpi_datatype cmpi_int64(void);
cmpi_datatype cmpi_float(void);
cmpi_datatype cmpi_double(void);

cmpi_op cmpi_sum(void);
cmpi_op cmpi_max(void);

int cmpi_success(void);
int cmpi_other_error(void);

// MARK: the library

// The MPI library's family decides the launcher's options and environment; the version is that of the mpi.h that was
// compiled against.
int cmpi_is_open_mpi(void);
int cmpi_compiled_major(void);
int cmpi_compiled_minor(void);
int cmpi_compiled_release(void);

// Returns 1 if this process had an MPI library before it loaded one itself: a profiler that was preloaded, or a
// simulator.
int cmpi_is_in_process(void);

// Loads the library if it is not loaded. Returns the reason why it cannot be used, or "" if it can.
const char *cmpi_load(void);

// Size of the buffers for the library's texts: the lengths in its header may be smaller than those of the library
// loaded at run time.
#define CMPI_TEXT_CAPACITY 16384

// Writes the library's version text, which is empty if the library cannot be loaded.
int cmpi_get_library_version(char *text, int *length);

// Writes the text of an error code; where MPI was not initialized because the library cannot be loaded, the reason for
// that.
int cmpi_error_string(int code, char *text, int *length);

// MARK: begin and end

// Initializes MPI, or with `is_alone` makes this process the only rank without the library. `is_granted` becomes 1 if
// MPI_THREAD_FUNNELED is granted (only the initializing thread calls MPI).
int cmpi_init_funneled(int is_alone, int *is_granted);

int cmpi_return_errors(cmpi_comm comm);
int cmpi_comm_rank(cmpi_comm comm, int *rank);
int cmpi_comm_size(cmpi_comm comm, int *size);
int cmpi_abort(cmpi_comm comm, int code);
int cmpi_finalize(void);

// MARK: parts of the ranks

// Divides the ranks by `color`, in the order of `key`.
int cmpi_comm_split(cmpi_comm comm, int color, int key, cmpi_comm *part);

// Divides the ranks into those of each host, which share its memory, in the order of `key`.
int cmpi_comm_split_hosts(cmpi_comm comm, int key, cmpi_comm *host);

int cmpi_comm_free(cmpi_comm *comm);

// MARK: collectives

int cmpi_barrier(cmpi_comm comm);
int cmpi_bcast(void *buffer, int count, cmpi_datatype type, int root, cmpi_comm comm);
int cmpi_allgather(const void *sent, int sent_count, void *received, int received_count, cmpi_datatype type,
                   cmpi_comm comm);
int cmpi_allgatherv_in_place(void *received, const int *counts, const int *displacements, cmpi_datatype type,
                             cmpi_comm comm);
int cmpi_iallgatherv_in_place(void *received, const int *counts, const int *displacements, cmpi_datatype type,
                              cmpi_comm comm, cmpi_request *request);
int cmpi_alltoallv(const void *sent, const int *sent_counts, const int *sent_displacements, void *received,
                   const int *received_counts, const int *received_displacements, cmpi_datatype type, cmpi_comm comm);
int cmpi_ialltoallv(const void *sent, const int *sent_counts, const int *sent_displacements, void *received,
                    const int *received_counts, const int *received_displacements, cmpi_datatype type, cmpi_comm comm,
                    cmpi_request *request);
int cmpi_test(cmpi_request *request, int *is_done);
int cmpi_allreduce_in_place(void *elements, int count, cmpi_datatype type, cmpi_op operation, cmpi_comm comm);

// MARK: shared memory

// Returns 1 if this process may not read eight bytes of another process, as the "cma" transport over shared memory
// does.
int cmpi_read_is_refused(int64_t process, int64_t address);

// Creates an empty file that exists in memory only, without a name in any folder, and lasts as long as a process has it
// open or mapped. Returns its descriptor, or -1 with the reason in errno.
int cmpi_create_memory_file(void);

#endif
