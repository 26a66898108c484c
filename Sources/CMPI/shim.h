// The part of MPI that supcon calls, with the same types under every MPI library.
//
// Open MPI's handles are pointers, MPICH's (and so Intel MPI's and Cray MPICH's) are integers, and the constants are macros in both, which
// Swift cannot import. Here a handle is a struct that holds either, and each function calls
// the MPI function of its name. Package.swift chooses the library (SUPCON_MPI); its pkg-config file names the folder of mpi.h.

#ifndef CMPI_SHIM_H
#define CMPI_SHIM_H

#include <errno.h>
#include <mpi.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#if MPI_VERSION < 3
#error "supcon needs an MPI library of version 3 of the standard or later (Open MPI 4, MPICH 3.2): install libopenmpi-dev or libmpich-dev"
#endif

// MARK: handles

typedef struct { intptr_t value; } cmpi_comm;
typedef struct { intptr_t value; } cmpi_datatype;
typedef struct { intptr_t value; } cmpi_op;
typedef struct { intptr_t value; } cmpi_request;

_Static_assert(sizeof(MPI_Comm) <= sizeof(intptr_t) && sizeof(MPI_Datatype) <= sizeof(intptr_t) && sizeof(MPI_Op) <= sizeof(intptr_t) &&
                   sizeof(MPI_Request) <= sizeof(intptr_t),
               "a handle of this MPI library does not fit into a word");

static inline cmpi_comm cmpi_world(void) { return (cmpi_comm){(intptr_t)MPI_COMM_WORLD}; }

static inline cmpi_datatype cmpi_uint8(void) { return (cmpi_datatype){(intptr_t)MPI_UINT8_T}; }
static inline cmpi_datatype cmpi_uint16(void) { return (cmpi_datatype){(intptr_t)MPI_UINT16_T}; }
static inline cmpi_datatype cmpi_int32(void) { return (cmpi_datatype){(intptr_t)MPI_INT32_T}; }
static inline cmpi_datatype cmpi_int64(void) { return (cmpi_datatype){(intptr_t)MPI_INT64_T}; }
static inline cmpi_datatype cmpi_float(void) { return (cmpi_datatype){(intptr_t)MPI_FLOAT}; }
static inline cmpi_datatype cmpi_double(void) { return (cmpi_datatype){(intptr_t)MPI_DOUBLE}; }

static inline cmpi_op cmpi_sum(void) { return (cmpi_op){(intptr_t)MPI_SUM}; }
static inline cmpi_op cmpi_max(void) { return (cmpi_op){(intptr_t)MPI_MAX}; }

static inline int cmpi_success(void) { return MPI_SUCCESS; }
static inline int cmpi_other_error(void) { return MPI_ERR_OTHER; }

// MARK: the library

// The MPI library's family decides the launcher's options and environment; the version is that of the mpi.h that was compiled against.
#if defined(OPEN_MPI)
static inline int cmpi_is_open_mpi(void) { return 1; }
static inline int cmpi_compiled_major(void) { return OMPI_MAJOR_VERSION; }
static inline int cmpi_compiled_minor(void) { return OMPI_MINOR_VERSION; }
static inline int cmpi_compiled_release(void) { return OMPI_RELEASE_VERSION; }
#else
static inline int cmpi_is_open_mpi(void) { return 0; }
#if defined(MPICH_NUMVERSION)
static inline int cmpi_compiled_major(void) { return MPICH_NUMVERSION / 10000000; }
static inline int cmpi_compiled_minor(void) { return MPICH_NUMVERSION / 100000 % 100; }
static inline int cmpi_compiled_release(void) { return MPICH_NUMVERSION / 1000 % 100; }
#else
static inline int cmpi_compiled_major(void) { return MPI_VERSION; }
static inline int cmpi_compiled_minor(void) { return MPI_SUBVERSION; }
static inline int cmpi_compiled_release(void) { return 0; }
#endif
#endif

// Size of the buffers for the library's texts: the lengths in its header may be smaller than those of the library loaded at run time.
#define CMPI_TEXT_CAPACITY 16384
_Static_assert(MPI_MAX_LIBRARY_VERSION_STRING <= CMPI_TEXT_CAPACITY && MPI_MAX_ERROR_STRING <= CMPI_TEXT_CAPACITY,
               "CMPI_TEXT_CAPACITY is too small for this MPI library");

static inline int cmpi_get_library_version(char *text, int *length) { return MPI_Get_library_version(text, length); }
static inline int cmpi_error_string(int code, char *text, int *length) { return MPI_Error_string(code, text, length); }

// MARK: begin and end

// Initializes MPI; `is_granted` becomes 1 if the library grants MPI_THREAD_FUNNELED (only the initializing thread calls MPI).
static inline int cmpi_init_funneled(int *is_granted) {
  int provided = MPI_THREAD_SINGLE;
  int code = MPI_Init_thread(0, 0, MPI_THREAD_FUNNELED, &provided);
  *is_granted = provided >= MPI_THREAD_FUNNELED;
  return code;
}

static inline int cmpi_return_errors(cmpi_comm comm) { return MPI_Comm_set_errhandler((MPI_Comm)comm.value, MPI_ERRORS_RETURN); }
static inline int cmpi_comm_rank(cmpi_comm comm, int *rank) { return MPI_Comm_rank((MPI_Comm)comm.value, rank); }
static inline int cmpi_comm_size(cmpi_comm comm, int *size) { return MPI_Comm_size((MPI_Comm)comm.value, size); }
static inline int cmpi_abort(cmpi_comm comm, int code) { return MPI_Abort((MPI_Comm)comm.value, code); }
static inline int cmpi_finalize(void) { return MPI_Finalize(); }

// MARK: parts of the ranks

// Divides the ranks by `color`, in the order of `key`.
static inline int cmpi_comm_split(cmpi_comm comm, int color, int key, cmpi_comm *part) {
  MPI_Comm created = MPI_COMM_NULL;
  int code = MPI_Comm_split((MPI_Comm)comm.value, color, key, &created);
  part->value = (intptr_t)created;
  return code;
}

// Divides the ranks into those of each host, which share its memory, in the order of `key`.
static inline int cmpi_comm_split_hosts(cmpi_comm comm, int key, cmpi_comm *host) {
  MPI_Comm created = MPI_COMM_NULL;
  int code = MPI_Comm_split_type((MPI_Comm)comm.value, MPI_COMM_TYPE_SHARED, key, MPI_INFO_NULL, &created);
  host->value = (intptr_t)created;
  return code;
}

static inline int cmpi_comm_free(cmpi_comm *comm) {
  MPI_Comm freed = (MPI_Comm)comm->value;
  int code = MPI_Comm_free(&freed);
  comm->value = (intptr_t)freed;
  return code;
}

// MARK: collectives

static inline int cmpi_barrier(cmpi_comm comm) { return MPI_Barrier((MPI_Comm)comm.value); }

static inline int cmpi_bcast(void *buffer, int count, cmpi_datatype type, int root, cmpi_comm comm) {
  return MPI_Bcast(buffer, count, (MPI_Datatype)type.value, root, (MPI_Comm)comm.value);
}

static inline int cmpi_allgather(const void *sent, int sent_count, void *received, int received_count, cmpi_datatype type, cmpi_comm comm) {
  return MPI_Allgather(sent, sent_count, (MPI_Datatype)type.value, received, received_count, (MPI_Datatype)type.value, (MPI_Comm)comm.value);
}

static inline int cmpi_allgatherv_in_place(void *received, const int *counts, const int *displacements, cmpi_datatype type, cmpi_comm comm) {
  return MPI_Allgatherv(MPI_IN_PLACE, 0, (MPI_Datatype)type.value, received, counts, displacements, (MPI_Datatype)type.value,
                        (MPI_Comm)comm.value);
}

static inline int cmpi_iallgatherv_in_place(void *received, const int *counts, const int *displacements, cmpi_datatype type, cmpi_comm comm,
                                            cmpi_request *request) {
  MPI_Request begun = MPI_REQUEST_NULL;
  int code = MPI_Iallgatherv(MPI_IN_PLACE, 0, (MPI_Datatype)type.value, received, counts, displacements, (MPI_Datatype)type.value,
                             (MPI_Comm)comm.value, &begun);
  request->value = (intptr_t)begun;
  return code;
}

static inline int cmpi_alltoallv(const void *sent, const int *sent_counts, const int *sent_displacements, void *received,
                                 const int *received_counts, const int *received_displacements, cmpi_datatype type, cmpi_comm comm) {
  return MPI_Alltoallv(sent, sent_counts, sent_displacements, (MPI_Datatype)type.value, received, received_counts, received_displacements,
                       (MPI_Datatype)type.value, (MPI_Comm)comm.value);
}

static inline int cmpi_ialltoallv(const void *sent, const int *sent_counts, const int *sent_displacements, void *received,
                                  const int *received_counts, const int *received_displacements, cmpi_datatype type, cmpi_comm comm,
                                  cmpi_request *request) {
  MPI_Request begun = MPI_REQUEST_NULL;
  int code = MPI_Ialltoallv(sent, sent_counts, sent_displacements, (MPI_Datatype)type.value, received, received_counts,
                            received_displacements, (MPI_Datatype)type.value, (MPI_Comm)comm.value, &begun);
  request->value = (intptr_t)begun;
  return code;
}

static inline int cmpi_test(cmpi_request *request, int *is_done) {
  MPI_Request tested = (MPI_Request)request->value;
  int code = MPI_Test(&tested, is_done, MPI_STATUS_IGNORE);
  request->value = (intptr_t)tested;
  return code;
}

static inline int cmpi_allreduce_in_place(void *elements, int count, cmpi_datatype type, cmpi_op operation, cmpi_comm comm) {
  return MPI_Allreduce(MPI_IN_PLACE, elements, count, (MPI_Datatype)type.value, (MPI_Op)operation.value, (MPI_Comm)comm.value);
}

// MARK: shared memory

// Returns 1 if this process may not read eight bytes of another process, as the "cma" transport over shared memory does.
static inline int cmpi_read_is_refused(int64_t process, int64_t address) {
  int64_t value;
  struct iovec own = {&value, sizeof value}, other = {(void *)(intptr_t)address, sizeof value};
  return syscall(SYS_process_vm_readv, (long)process, &own, 1UL, &other, 1UL, 0UL) < 0 && errno == EPERM;
}

#endif
