// zlib's decompression of raw deflate data; `inflateInit2` is a macro, which Swift cannot import.

#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H

#include <zlib.h>

/// Begins to decompress deflate data that has no zlib header (RFC 1951).
static inline int czlib_begin_raw_inflation(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }

#endif
