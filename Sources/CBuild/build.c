#include "build.h"

#ifndef SUPCON_COMMIT
#define SUPCON_COMMIT ""
#endif

const char *cbuild_commit(void) { return SUPCON_COMMIT; }

#ifdef __clang_version__
const char *cbuild_c_compiler(void) { return "clang " __clang_version__; }
#else
const char *cbuild_c_compiler(void) { return __VERSION__; }
#endif
