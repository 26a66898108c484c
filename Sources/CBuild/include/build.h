// Facts about this build of supcon that only the C preprocessor knows.

#ifndef CBUILD_BUILD_H
#define CBUILD_BUILD_H

// The Git commit that was built (environment variable SUPCON_COMMIT at build time), or "" if that was not set.
const char *cbuild_commit(void);

// The name and version of the C compiler, as the compiler gives them.
const char *cbuild_c_compiler(void);

#endif
