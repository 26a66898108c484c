// The MPI functions and handles that are called, found at run time.

#ifndef CMPI_TABLE_H
#define CMPI_TABLE_H

#if !__has_include(<mpi.h>)
#error "there is no mpi.h: install libopenmpi-dev, or libmpich-dev with SUPCON_MPI=mpich"
#endif

#include <mpi.h>
#include <stdint.h>

#if MPI_VERSION < 3
#error "supcon needs an MPI library of version 3 of the standard or later (Open MPI 4, MPICH 3.2): \
install libopenmpi-dev or libmpich-dev"
#endif

// clang-format off
#define CMPI_FUNCTIONS(F)                                                                           \
  F(Get_library_version) F(Error_string) F(Init_thread) F(Finalize) F(Abort) F(Comm_set_errhandler) \
  F(Comm_rank) F(Comm_size) F(Comm_split) F(Comm_split_type) F(Comm_free) F(Barrier) F(Bcast)       \
  F(Allgather) F(Allgatherv) F(Iallgatherv) F(Alltoallv) F(Ialltoallv) F(Allreduce) F(Test)

// H(field, type, constant of mpi.h, symbol of Open MPI)
#define CMPI_HANDLES(H)                                                                             \
  H(world, MPI_Comm, MPI_COMM_WORLD, "ompi_mpi_comm_world")                                         \
  H(return_errors, MPI_Errhandler, MPI_ERRORS_RETURN, "ompi_mpi_errors_return")                     \
  H(no_info, MPI_Info, MPI_INFO_NULL, "ompi_mpi_info_null")                                         \
  H(uint8, MPI_Datatype, MPI_UINT8_T, "ompi_mpi_uint8_t")                                           \
  H(uint16, MPI_Datatype, MPI_UINT16_T, "ompi_mpi_uint16_t")                                        \
  H(int32, MPI_Datatype, MPI_INT32_T, "ompi_mpi_int32_t")                                           \
  H(int64, MPI_Datatype, MPI_INT64_T, "ompi_mpi_int64_t")                                           \
  H(float32, MPI_Datatype, MPI_FLOAT, "ompi_mpi_float")                                             \
  H(float64, MPI_Datatype, MPI_DOUBLE, "ompi_mpi_double")                                           \
  H(sum, MPI_Op, MPI_SUM, "ompi_mpi_op_sum")                                                        \
  H(max, MPI_Op, MPI_MAX, "ompi_mpi_op_max")
// clang-format on

#define CMPI_FUNCTION_FIELD(name) __typeof__(MPI_##name) *name;
#define CMPI_HANDLE_FIELD(field, type, constant, symbol) type field;

struct cmpi_table {
  CMPI_FUNCTIONS(CMPI_FUNCTION_FIELD)
  CMPI_HANDLES(CMPI_HANDLE_FIELD)
};

// The loaded library's; loads it if it is not loaded. NULL if that is not possible.
const struct cmpi_table *cmpi_library(void);

// Those of a process that is the only rank.
extern const struct cmpi_table cmpi_alone;

#endif
