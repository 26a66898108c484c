// The build of this program: constants that only the C preprocessor knows.

#ifndef CBUILD_BUILD_H
#define CBUILD_BUILD_H

// The commit that was built (SUPCON_COMMIT in the environment of the build), or "" if the build was not told.
const char *cbuild_commit(void);

// The C compiler's own description.
const char *cbuild_c_compiler(void);

#endif
