// MPI for a process that is the only rank: what each function does where nobody else takes part. No library is needed.
//
// The handle of a data type is the size of its elements.

#include "table.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SIZE(type) ((size_t)(intptr_t)(type))

static int write_text(const char *source, char *text, int *length) {
  *length = snprintf(text, MPI_MAX_ERROR_STRING, "%s", source);
  return MPI_SUCCESS;
}

static int alone_Get_library_version(char *text, int *length) { return write_text("", text, length); }

static int alone_Error_string(int code, char *text, int *length) {
  (void)code;
  return write_text("no call fails in a process that is the only rank", text, length);
}

static int alone_Init_thread(int *count, char ***arguments, int required, int *provided) {
  (void)count, (void)arguments;
  *provided = required;
  return MPI_SUCCESS;
}

static int alone_Finalize(void) { return MPI_SUCCESS; }

// Other threads still compute, so nothing is released.
static int alone_Abort(MPI_Comm comm, int code) {
  (void)comm;
  fflush(0);
  _exit(code);
}

static int alone_Comm_set_errhandler(MPI_Comm comm, MPI_Errhandler handler) {
  (void)comm, (void)handler;
  return MPI_SUCCESS;
}

static int alone_Comm_rank(MPI_Comm comm, int *rank) {
  (void)comm;
  *rank = 0;
  return MPI_SUCCESS;
}

static int alone_Comm_size(MPI_Comm comm, int *size) {
  (void)comm;
  *size = 1;
  return MPI_SUCCESS;
}

static int alone_Comm_split(MPI_Comm comm, int color, int key, MPI_Comm *part) {
  (void)color, (void)key;
  *part = comm;
  return MPI_SUCCESS;
}

static int alone_Comm_split_type(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *part) {
  (void)type, (void)key, (void)info;
  *part = comm;
  return MPI_SUCCESS;
}

static int alone_Comm_free(MPI_Comm *comm) {
  (void)comm;
  return MPI_SUCCESS;
}

// MARK: collectives

static int alone_Barrier(MPI_Comm comm) {
  (void)comm;
  return MPI_SUCCESS;
}

static int alone_Bcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm) {
  (void)buffer, (void)count, (void)type, (void)root, (void)comm;
  return MPI_SUCCESS;
}

static int copy(const void *sent, void *received, size_t size) {
  if (sent != MPI_IN_PLACE && size > 0)
    memmove(received, sent, size);
  return MPI_SUCCESS;
}

static int alone_Allgather(const void *sent, int sent_count, MPI_Datatype type, void *received, int received_count,
                           MPI_Datatype received_type, MPI_Comm comm) {
  (void)received_count, (void)received_type, (void)comm;
  return copy(sent, received, (size_t)sent_count * SIZE(type));
}

static int alone_Allgatherv(const void *sent, int sent_count, MPI_Datatype type, void *received, const int *counts,
                            const int *displacements, MPI_Datatype received_type, MPI_Comm comm) {
  (void)counts, (void)comm;
  return copy(sent, (char *)received + (size_t)displacements[0] * SIZE(received_type), (size_t)sent_count * SIZE(type));
}

static int alone_Iallgatherv(const void *sent, int sent_count, MPI_Datatype type, void *received, const int *counts,
                             const int *displacements, MPI_Datatype received_type, MPI_Comm comm,
                             MPI_Request *request) {
  (void)request;
  return alone_Allgatherv(sent, sent_count, type, received, counts, displacements, received_type, comm);
}

static int alone_Alltoallv(const void *sent, const int *sent_counts, const int *sent_displacements, MPI_Datatype type,
                           void *received, const int *received_counts, const int *received_displacements,
                           MPI_Datatype received_type, MPI_Comm comm) {
  (void)received_counts, (void)comm;
  return copy((const char *)sent + (size_t)sent_displacements[0] * SIZE(type),
              (char *)received + (size_t)received_displacements[0] * SIZE(received_type),
              (size_t)sent_counts[0] * SIZE(type));
}

static int alone_Ialltoallv(const void *sent, const int *sent_counts, const int *sent_displacements, MPI_Datatype type,
                            void *received, const int *received_counts, const int *received_displacements,
                            MPI_Datatype received_type, MPI_Comm comm, MPI_Request *request) {
  (void)request;
  return alone_Alltoallv(sent, sent_counts, sent_displacements, type, received, received_counts,
                         received_displacements, received_type, comm);
}

static int alone_Allreduce(const void *sent, void *received, int count, MPI_Datatype type, MPI_Op operation,
                           MPI_Comm comm) {
  (void)operation, (void)comm;
  return copy(sent, received, (size_t)count * SIZE(type));
}

static int alone_Test(MPI_Request *request, int *is_done, MPI_Status *status) {
  (void)request, (void)status;
  *is_done = 1;
  return MPI_SUCCESS;
}

#define ALONE_FUNCTION(name) .name = alone_##name,

const struct cmpi_table cmpi_alone = {
    CMPI_FUNCTIONS(ALONE_FUNCTION).uint8 = (MPI_Datatype)1,
    .uint16 = (MPI_Datatype)2,
    .int32 = (MPI_Datatype)4,
    .int64 = (MPI_Datatype)8,
    .float32 = (MPI_Datatype)4,
    .float64 = (MPI_Datatype)8,
};
