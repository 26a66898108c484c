/* A fault in one rank, for scripts/faults/hangs.sh: preloaded into supcon, of which it knows nothing.
 *
 * From the call number FAULT_CALL of dnnl_primitive_execute on, which runs between two collectives, rank FAULT_RANK does what
 * FAULT_KIND says: exit0, finalise (MPI_Finalize, then exit 0), loop, segv, kill, stop, slow (it works, but FAULT_CALLS calls, or 100, take 0.1 s each
 * more), or inside (an endless loop inside a collective).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int calls;

static int is_chosen(void) {
  const char *rank = getenv("OMPI_COMM_WORLD_RANK"), *chosen = getenv("FAULT_RANK");
  if (!rank) rank = getenv("PMI_RANK");
  return getenv("FAULT_KIND") && chosen && atoi(rank ? rank : "0") == atoi(chosen);
}

static void fault(int now) {
  const char *kind = getenv("FAULT_KIND"), *calls_text = getenv("FAULT_CALLS");
  if (!strcmp(kind, "slow") && now < (calls_text ? atoi(calls_text) : 100)) usleep(100000);
  if (now != 0) return;
  fprintf(stderr, "fault: rank %s, process %d: %s\n", getenv("FAULT_RANK"), (int)getpid(), kind);
  if (!strcmp(kind, "exit0")) exit(0);
  if (!strcmp(kind, "finalise")) {
    MPI_Finalize();
    exit(0);
  }
  if (!strcmp(kind, "loop"))
    for (volatile int forever = 1; forever;) {}
  if (!strcmp(kind, "segv")) *(volatile int *)0 = 0;
  if (!strcmp(kind, "kill")) raise(SIGKILL);
  if (!strcmp(kind, "stop")) raise(SIGSTOP);
}

int dnnl_primitive_execute(const void *primitive, void *stream, int count, const void *arguments) {
  static int (*next)(const void *, void *, int, const void *);
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, "dnnl_primitive_execute");
  if (is_chosen()) {
    const char *first = getenv("FAULT_CALL");
    int now = __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED) - (first ? atoi(first) : 0);
    if (now >= 0) fault(now);
  }
  return next(primitive, stream, count, arguments);
}

int MPI_Allgatherv(const void *sent, int count, MPI_Datatype type, void *received, const int counts[], const int places[],
                   MPI_Datatype received_type, MPI_Comm world) {
  if (is_chosen() && !strcmp(getenv("FAULT_KIND"), "inside") && calls++ == 5)
    for (volatile int forever = 1; forever;) {}
  return PMPI_Allgatherv(sent, count, type, received, counts, places, received_type, world);
}
