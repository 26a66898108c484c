// The C interfaces of TurboJPEG and of libpng. Of libpng only the simplified one (`png_image_*`) is used: the older functions report
// errors by longjmp, which must not cross Swift frames.

#ifndef CIMAGECODECS_SHIM_H
#define CIMAGECODECS_SHIM_H

#include <png.h>
#include <turbojpeg.h>

#endif
