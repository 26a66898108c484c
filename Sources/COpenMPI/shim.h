// Open MPI's C interface, and functions for those of its macros that Swift cannot import.

#ifndef COPENMPI_SHIM_H
#define COPENMPI_SHIM_H

#include <errno.h>
#include <mpi.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static inline MPI_Comm copenmpi_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Errhandler copenmpi_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline void *copenmpi_in_place(void) { return MPI_IN_PLACE; }
static inline MPI_Status *copenmpi_no_status(void) { return MPI_STATUS_IGNORE; }

static inline MPI_Datatype copenmpi_uint8(void) { return MPI_UINT8_T; }
static inline MPI_Datatype copenmpi_int32(void) { return MPI_INT32_T; }
static inline MPI_Datatype copenmpi_int64(void) { return MPI_INT64_T; }
static inline MPI_Datatype copenmpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype copenmpi_double(void) { return MPI_DOUBLE; }

static inline MPI_Op copenmpi_sum(void) { return MPI_SUM; }
static inline MPI_Op copenmpi_max(void) { return MPI_MAX; }

// Whether this process may not read eight bytes of another one, as the "cma" transport of shared memory does.
static inline int copenmpi_read_is_refused(int64_t process, int64_t address) {
  int64_t value;
  struct iovec own = {&value, sizeof value}, other = {(void *)(intptr_t)address, sizeof value};
  return syscall(SYS_process_vm_readv, (long)process, &own, 1UL, &other, 1UL, 0UL) < 0 && errno == EPERM;
}

#endif
