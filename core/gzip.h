// Packing with gzip (RFC 1952), the same bytes each time: no name and no time in the header.
// Threads: a pure function.
#pragma once

#include <string>
#include <string_view>

namespace drydock {

inline constexpr int kGzipUsual = -1;  // zlib's own compromise
inline constexpr int kGzipSmallest = 9;

std::string Gzip(std::string_view bytes, int level = kGzipUsual);

}  // namespace drydock
