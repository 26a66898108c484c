// Finds the functions and handles of the MPI library, and loads it if the process has none.

#define _GNU_SOURCE
#include "cmpi.h"
#include "table.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// The name that the linker would have recorded in the program (SONAME); scripts/find-mpi.sh finds it.
#ifndef CMPI_LIBRARY
#error "CMPI_LIBRARY is not defined: Package.swift sets it from scripts/find-mpi.sh"
#endif

static struct cmpi_table library;
static char problem[4096];
static int is_in_process;
static pthread_once_t looked = PTHREAD_ONCE_INIT, loaded = PTHREAD_ONCE_INIT;

// A name or a path in the environment takes the place of the build's: libraries with the same interface have other
// names.
static const char *library_name(void) {
  const char *name = getenv("SUPCON_MPI_LIBRARY");
  return name && *name ? name : CMPI_LIBRARY;
}

static void look(void) { is_in_process = dlsym(RTLD_DEFAULT, "PMPI_Init_thread") != 0; }

int cmpi_is_in_process(void) {
  pthread_once(&looked, look);
  return is_in_process;
}

// What was in the process first is found first, so that a preloaded profiler and a simulator (SimGrid's SMPI) get the
// calls.
static void *find(const char *name) {
  void *found = dlsym(RTLD_DEFAULT, name);
  if (!found && !problem[0])
    snprintf(problem, sizeof problem, "%s has no %s", library_name(), name);
  return found;
}

#define FIND_FUNCTION(name) library.name = (__typeof__(MPI_##name) *)find("MPI_" #name);

// Open MPI's predefined handles are the addresses of its data, those of MPICH are numbers.
#if defined(OPEN_MPI)
#define FIND_HANDLE(field, type, constant, symbol) library.field = (type)find(symbol);
#else
#define FIND_HANDLE(field, type, constant, symbol) library.field = (constant);
#endif

static void load(void) {
  // Open MPI loads plugins that look for its functions among those of the whole process: RTLD_GLOBAL.
  if (!cmpi_is_in_process() && !dlopen(library_name(), RTLD_NOW | RTLD_GLOBAL)) {
    const char *reason = dlerror();
    snprintf(problem, sizeof problem, "%s", reason ? reason : library_name());
    return;
  }
  const int is_open_mpi = dlsym(RTLD_DEFAULT, "ompi_mpi_comm_world") != 0;
  if (is_open_mpi != cmpi_is_open_mpi()) {
    const char *name = cmpi_is_in_process() ? "what was preloaded" : library_name();
    snprintf(problem, sizeof problem, "%s is %s", name, is_open_mpi ? "Open MPI, not MPICH" : "not Open MPI");
    return;
  }
  CMPI_FUNCTIONS(FIND_FUNCTION)
  CMPI_HANDLES(FIND_HANDLE)
}

const char *cmpi_load(void) {
  pthread_once(&loaded, load);
  return problem;
}

const struct cmpi_table *cmpi_library(void) { return cmpi_load()[0] ? 0 : &library; }
