# To be sourced: settings with which mpirun starts wherever these scripts run, the launcher, and the number of CPUs. Names of Open MPI 4 (ORTE)
# and of 5 (PRRTE) stand beside each other: each version ignores the other's, and MPICH both.

# Containers run as root, which Open MPI refuses unless told twice.
if [ "$(id -u)" = 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# Open MPI's programs crash (4) or end (5) for a user who has neither HOME nor a name.
[ -n "${HOME:-}" ] || export HOME=/
# More ranks than cores are allowed (they share cores), and no rank is tied to one core.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none
# One host needs no search for fast networks, which takes each rank 0.2 s.
export OMPI_MCA_pml=ob1
# The CPUs that may be used. nproc takes OMP_NUM_THREADS, a number of threads, for that of CPUs.
processors=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
# The launcher of the MPI that supcon is built for.
mpirun=${SUPCON_MPIRUN:-mpirun}
[ "${SUPCON_MPI:-ompi}" != mpich ] || mpirun=${SUPCON_MPIRUN:-mpiexec.mpich}
case $("$mpirun" --version 2>/dev/null | head -n 1) in
  *'Open MPI'*' 5.0'*)
    # Where interfaces have addresses of both families, 5.0 reports unreachable pairs of them once a rank.
    export OMPI_MCA_btl_tcp_disable_family=6
    ;;
esac
