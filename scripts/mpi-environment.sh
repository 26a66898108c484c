# To be sourced: settings with which mpirun starts wherever these scripts run.

# Containers run as root, which Open MPI refuses unless told twice.
if [ "$(id -u)" = 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# More ranks than cores are allowed (they share cores), and no rank is tied to one core.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
# What one host chooses anyway, after a search for fast networks that takes each rank 0.2 s.
export OMPI_MCA_pml=ob1
