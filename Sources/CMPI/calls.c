#define _GNU_SOURCE
#include "cmpi.h"
#include "table.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

_Static_assert(sizeof(MPI_Comm) <= sizeof(intptr_t) && sizeof(MPI_Datatype) <= sizeof(intptr_t) &&
                   sizeof(MPI_Op) <= sizeof(intptr_t) && sizeof(MPI_Request) <= sizeof(intptr_t),
               "a handle of this MPI library does not fit into a word");
_Static_assert(MPI_MAX_LIBRARY_VERSION_STRING <= CMPI_TEXT_CAPACITY && MPI_MAX_ERROR_STRING <= CMPI_TEXT_CAPACITY,
               "CMPI_TEXT_CAPACITY is too small for this MPI library");

// What calls go to, from cmpi_init_funneled on.
static const struct cmpi_table *mpi;

#define COMM(comm) ((MPI_Comm)(comm).value)
#define TYPE(type) ((MPI_Datatype)(type).value)

// MARK: handles

cmpi_comm cmpi_world(void) { return (cmpi_comm){(intptr_t)mpi->world}; }

cmpi_datatype cmpi_uint8(void) { return (cmpi_datatype){(intptr_t)mpi->uint8}; }
cmpi_datatype cmpi_uint16(void) { return (cmpi_datatype){(intptr_t)mpi->uint16}; }
cmpi_datatype cmpi_int32(void) { return (cmpi_datatype){(intptr_t)mpi->int32}; }
cmpi_datatype cmpi_int64(void) { return (cmpi_datatype){(intptr_t)mpi->int64}; }
cmpi_datatype cmpi_float(void) { return (cmpi_datatype){(intptr_t)mpi->float32}; }
cmpi_datatype cmpi_double(void) { return (cmpi_datatype){(intptr_t)mpi->float64}; }

cmpi_op cmpi_sum(void) { return (cmpi_op){(intptr_t)mpi->sum}; }
cmpi_op cmpi_max(void) { return (cmpi_op){(intptr_t)mpi->max}; }

int cmpi_success(void) { return MPI_SUCCESS; }
int cmpi_other_error(void) { return MPI_ERR_OTHER; }

// MARK: the library

#if defined(OPEN_MPI)
int cmpi_is_open_mpi(void) { return 1; }
int cmpi_compiled_major(void) { return OMPI_MAJOR_VERSION; }
int cmpi_compiled_minor(void) { return OMPI_MINOR_VERSION; }
int cmpi_compiled_release(void) { return OMPI_RELEASE_VERSION; }
#else
int cmpi_is_open_mpi(void) { return 0; }
#if defined(MPICH_NUMVERSION)
int cmpi_compiled_major(void) { return MPICH_NUMVERSION / 10000000; }
int cmpi_compiled_minor(void) { return MPICH_NUMVERSION / 100000 % 100; }
int cmpi_compiled_release(void) { return MPICH_NUMVERSION / 1000 % 100; }
#else
int cmpi_compiled_major(void) { return MPI_VERSION; }
int cmpi_compiled_minor(void) { return MPI_SUBVERSION; }
int cmpi_compiled_release(void) { return 0; }
#endif
#endif

int cmpi_get_library_version(char *text, int *length) {
  const struct cmpi_table *library = cmpi_library();
  if (library)
    return library->Get_library_version(text, length);
  *length = 0;
  return MPI_SUCCESS;
}

int cmpi_error_string(int code, char *text, int *length) {
  if (mpi)
    return mpi->Error_string(code, text, length);
  strncpy(text, cmpi_load(), CMPI_TEXT_CAPACITY - 1);
  *length = (int)strlen(text);
  return MPI_SUCCESS;
}

// MARK: begin and end

int cmpi_init_funneled(int is_alone, int *is_granted) {
  int provided = MPI_THREAD_SINGLE;
  mpi = is_alone ? &cmpi_alone : cmpi_library();
  if (!mpi)
    return MPI_ERR_OTHER;
  int code = mpi->Init_thread(0, 0, MPI_THREAD_FUNNELED, &provided);
  *is_granted = provided >= MPI_THREAD_FUNNELED;
  return code;
}

int cmpi_return_errors(cmpi_comm comm) { return mpi->Comm_set_errhandler(COMM(comm), mpi->return_errors); }
int cmpi_comm_rank(cmpi_comm comm, int *rank) { return mpi->Comm_rank(COMM(comm), rank); }
int cmpi_comm_size(cmpi_comm comm, int *size) { return mpi->Comm_size(COMM(comm), size); }
int cmpi_abort(cmpi_comm comm, int code) { return mpi->Abort(COMM(comm), code); }
int cmpi_finalize(void) { return mpi->Finalize(); }

// MARK: parts of the ranks

int cmpi_comm_split(cmpi_comm comm, int color, int key, cmpi_comm *part) {
  MPI_Comm created = 0;
  int code = mpi->Comm_split(COMM(comm), color, key, &created);
  part->value = (intptr_t)created;
  return code;
}

int cmpi_comm_split_hosts(cmpi_comm comm, int key, cmpi_comm *host) {
  MPI_Comm created = 0;
  int code = mpi->Comm_split_type(COMM(comm), MPI_COMM_TYPE_SHARED, key, mpi->no_info, &created);
  host->value = (intptr_t)created;
  return code;
}

int cmpi_comm_free(cmpi_comm *comm) {
  MPI_Comm freed = COMM(*comm);
  int code = mpi->Comm_free(&freed);
  comm->value = (intptr_t)freed;
  return code;
}

// MARK: collectives

int cmpi_barrier(cmpi_comm comm) { return mpi->Barrier(COMM(comm)); }

int cmpi_bcast(void *buffer, int count, cmpi_datatype type, int root, cmpi_comm comm) {
  return mpi->Bcast(buffer, count, TYPE(type), root, COMM(comm));
}

int cmpi_allgather(const void *sent, int sent_count, void *received, int received_count, cmpi_datatype type,
                   cmpi_comm comm) {
  return mpi->Allgather(sent, sent_count, TYPE(type), received, received_count, TYPE(type), COMM(comm));
}

int cmpi_allgatherv_in_place(void *received, const int *counts, const int *displacements, cmpi_datatype type,
                             cmpi_comm comm) {
  return mpi->Allgatherv(MPI_IN_PLACE, 0, TYPE(type), received, counts, displacements, TYPE(type), COMM(comm));
}

int cmpi_iallgatherv_in_place(void *received, const int *counts, const int *displacements, cmpi_datatype type,
                              cmpi_comm comm, cmpi_request *request) {
  MPI_Request begun = 0;
  int code = mpi->Iallgatherv(MPI_IN_PLACE, 0, TYPE(type), received, counts, displacements, TYPE(type), COMM(comm),
                              &begun);
  request->value = (intptr_t)begun;
  return code;
}

int cmpi_alltoallv(const void *sent, const int *sent_counts, const int *sent_displacements, void *received,
                   const int *received_counts, const int *received_displacements, cmpi_datatype type, cmpi_comm comm) {
  return mpi->Alltoallv(sent, sent_counts, sent_displacements, TYPE(type), received, received_counts,
                        received_displacements, TYPE(type), COMM(comm));
}

int cmpi_ialltoallv(const void *sent, const int *sent_counts, const int *sent_displacements, void *received,
                    const int *received_counts, const int *received_displacements, cmpi_datatype type, cmpi_comm comm,
                    cmpi_request *request) {
  MPI_Request begun = 0;
  int code = mpi->Ialltoallv(sent, sent_counts, sent_displacements, TYPE(type), received, received_counts,
                             received_displacements, TYPE(type), COMM(comm), &begun);
  request->value = (intptr_t)begun;
  return code;
}

int cmpi_test(cmpi_request *request, int *is_done) {
  MPI_Request tested = (MPI_Request)request->value;
  int code = mpi->Test(&tested, is_done, MPI_STATUS_IGNORE);
  request->value = (intptr_t)tested;
  return code;
}

int cmpi_allreduce_in_place(void *elements, int count, cmpi_datatype type, cmpi_op operation, cmpi_comm comm) {
  return mpi->Allreduce(MPI_IN_PLACE, elements, count, TYPE(type), (MPI_Op)operation.value, COMM(comm));
}

// MARK: shared memory

int cmpi_read_is_refused(int64_t process, int64_t address) {
  int64_t value;
  struct iovec own = {&value, sizeof value}, other = {(void *)(intptr_t)address, sizeof value};
  return syscall(SYS_process_vm_readv, (long)process, &own, 1UL, &other, 1UL, 0UL) < 0 && errno == EPERM;
}

int cmpi_create_memory_file(void) { return memfd_create("supcon", MFD_CLOEXEC); }
