// TurboJPEG's interface, and of libpng's the simplified one alone (`png_image_*`): the older functions report errors by
// longjmp, which must not cross Swift.

#ifndef CIMAGECODECS_SHIM_H
#define CIMAGECODECS_SHIM_H

#include <png.h>
#include <turbojpeg.h>

#endif
