// zlib's raw inflation, of which `inflateInit2` is a macro.

#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H

#include <zlib.h>

/// Begins the inflation of data without zlib's header (RFC 1951).
static inline int czlib_begin_raw_inflation(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }

#endif
