/* Checksums of bytes: CRC-32 (zip, PNG) and CRC-32C (TensorBoard's records). */
#ifndef VS_CRC_H
#define VS_CRC_H

#include "core/base.h"

uint32_t vs_crc32(const void *bytes, size_t n);
uint32_t vs_crc32c(const void *bytes, size_t n);

#endif
